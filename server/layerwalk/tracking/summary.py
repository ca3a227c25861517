"""The numbers of one node: range, mean, spread, zeros, percentiles; one sweep over the values.

Values are taken in blocks that stay in a core's cache while each of the five questions is asked
of them; blocks add up in double precision. NumPy answers, not torch: torch's sums wait for a
helper thread, which costs up to 16 ms each where a training has the other cores (measured: 1.9 ms
a block in the mean instead of 0.01). A sum is a dot product with ones, the quickest of all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk_shared.messages import QUANTILES, NodeStatistics

BLOCK_ELEMENTS = 1 << 16
SAMPLES = 2048
"""Values that percentiles are taken of; the error at 99 % is 0.22 points (one sigma)."""
_CANCELLATION = 1e-3
"""Below this share of the mean's square, the variance by sums of squares has lost its digits."""
_SQUARES = (1e-15, 1e15)
"""Largest absolute values whose squares float32 can add up."""


@dataclass(slots=True)
class _Sums:
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    squares: float = 0.0
    zeros: int = 0


def summarise(tensor: Tensor, pictures: tuple[int, int, int]) -> NodeStatistics:
    """Return the statistics of a contiguous CPU tensor of one item, over its finite values."""
    shape = tuple(tensor.shape)
    values = tensor.reshape(-1)
    if not values.is_floating_point():
        values = values.to(torch.float64 if values.element_size() > 2 else torch.float32)
    sums = _sweep(values)
    not_finite = 0
    if not (math.isfinite(sums.low) and math.isfinite(sums.high)):
        finite = values[torch.isfinite(values)]
        not_finite = values.numel() - finite.numel()
        if finite.numel() == 0:
            return NodeStatistics(shape=shape, pictures=pictures, not_finite=not_finite)
        values = finite
        sums = _sweep(values)
    mean, std = _moments(values, sums)
    return NodeStatistics(
        shape=shape,
        pictures=pictures,
        minimum=sums.low,
        maximum=sums.high,
        mean=min(max(mean, sums.low), sums.high),
        std=std,
        zeros=sums.zeros / values.numel(),
        not_finite=not_finite,
        quantiles=_quantiles(values, max(abs(sums.low), abs(sums.high))),
    )


def _quantiles(values: Tensor, largest: float) -> tuple[float, ...]:
    """Return the absolute values at `QUANTILES`, of `SAMPLES` values spread evenly."""
    places, below, share = _sample_of(values.numel())
    sample = np.abs(values.numpy()[places])
    sample.sort()
    low, high = sample[below], sample[np.minimum(below + 1, len(sample) - 1)]
    found = low + share * (high.astype(np.float64) - low)
    return tuple(np.minimum(found, largest).tolist())


@lru_cache(maxsize=256)
def _sample_of(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the places of the sample of `count` values, and between which of them, sorted, each
    percentile lies: the lower one, and the share of the way to the next."""
    size = min(SAMPLES, count)
    places = np.linspace(0, count - 1, size).astype(np.int64)
    ranks = np.array(QUANTILES) / 100 * (size - 1)
    below = ranks.astype(np.int64)
    return places, below, ranks - below


def _sweep(values: Tensor) -> _Sums:
    sums = _Sums()
    array: NDArray[np.floating] = values.numpy()
    size = min(BLOCK_ELEMENTS, array.size)
    are_zero = np.empty(size, dtype=np.bool_)
    ones = np.ones(size, array.dtype)
    with np.errstate(all="ignore"):
        for start in range(0, array.size, BLOCK_ELEMENTS):
            block = array[start : start + BLOCK_ELEMENTS]
            low, high = float(block.min()), float(block.max())
            if math.isnan(low):  # the sums would be of no use
                return _Sums(math.nan, math.nan)
            sums.low, sums.high = min(sums.low, low), max(sums.high, high)
            if low == high == 0:
                sums.zeros += block.size
                continue
            sums.total += float(np.dot(block, ones[: block.size]))
            sums.squares += float(np.dot(block, block))
            if low <= 0 <= high:
                found = np.equal(block, 0, out=are_zero[: block.size])
                sums.zeros += int(np.count_nonzero(found))
    return sums


def _moments(values: Tensor, sums: _Sums) -> tuple[float, float]:
    """Return mean and population standard deviation."""
    largest = max(abs(sums.low), abs(sums.high))
    if largest == 0:
        return 0.0, 0.0
    count = values.numel()
    mean = sums.total / count
    variance = sums.squares / count - mean * mean
    if _SQUARES[0] < largest < _SQUARES[1] and variance > _CANCELLATION * mean * mean:
        return mean, math.sqrt(variance)
    blocks = [block.double() / largest for block in values.split(BLOCK_ELEMENTS)]
    mean = sum(float(block.sum()) for block in blocks) / count
    variance = sum(float((block - mean).square_().sum()) for block in blocks) / count
    return mean * largest, math.sqrt(variance) * largest
