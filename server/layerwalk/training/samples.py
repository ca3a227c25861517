"""Even samples of tensors, and histograms of them: what can be afforded between two steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk_shared.training import GRADIENT_BINS

RUNS, RUN = 64, 64
"""A sample is 64 runs of 64 values: few enough to be free, whole cache lines, spread evenly. The
norm that it estimates has a standard error of about 1 %."""


def flat(tensor: Tensor) -> Tensor:
    """Return the elements in the order of memory, without a copy where they lie densely."""
    if tensor.is_contiguous():
        return tensor.view(-1)
    order = sorted(range(tensor.ndim), key=tensor.stride, reverse=True)
    return tensor.permute(order).reshape(-1)


def sample(tensor: Tensor) -> Tensor:
    """Return a copy of an even sample of the values `[N]`, or of all where they are few."""
    values = flat(tensor)
    count = values.numel()
    if count <= RUNS * RUN:
        return values.clone()
    step = (count - RUN) // (RUNS - 1)
    return values.as_strided((RUNS, RUN), (step, 1), values.storage_offset()).reshape(-1)


def join(parts: Sequence[Tensor]) -> NDArray[np.float64]:
    """Return samples as one array on the CPU."""
    if not parts:
        return np.zeros(0)
    joined = torch.cat([part.detach().reshape(-1).to(torch.float64) for part in parts])
    return np.asarray(joined.cpu().numpy(), np.float64)


def histogram(gradients: NDArray[np.float64]) -> tuple[tuple[int, ...], int]:
    """Return (counts of log10 |g| in `GRADIENT_BINS`, exact zeros); what is not finite is left out.

    A value on the edge of two bins is counted in the upper one.
    """
    low, high, bins = GRADIENT_BINS
    sizes = np.abs(gradients[np.isfinite(gradients)])
    zeros = int((sizes == 0).sum())
    places = np.floor((np.log10(sizes[sizes > 0]) - low) / (high - low) * bins)
    counts = np.bincount(np.clip(places, 0, bins - 1).astype(np.int64), minlength=bins)
    return tuple(counts.tolist()), zeros
