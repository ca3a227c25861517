"""Forward passes of batches of inputs, where a network's items do not disturb each other."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk.network import Network
from layerwalk.tracking.reach import Reach, Reached
from layerwalk_shared.errors import ModelError

CLOSE = 1e-3
"""Values of an item alone and in a batch differ by rounding alone; relative to the largest."""

Readout = Callable[[Reached, int], tuple[Tensor, ...] | None]
"""Reads tensors `[count, ...]` off a pass of `count` items; None where they cannot be told apart."""


class Passes:
    """Runs a network for a survey. Mutable, owned by the model thread.

    Of a network that trains meanwhile it runs a copy, so that all items meet the same weights. One
    that cannot be copied is run as it is.

    Args:
        network: what is run.
        nodes: whose values are read; none: forward runs to its end.
        readout: what is read.
        refusal: what is said where nothing can be read.

    Raises:
        NotFoundError, InvalidRequestError: see `Reach`.
        ModelError: the network cannot be copied.
    """

    def __init__(
        self, network: Network, nodes: Sequence[str], *, readout: Readout, refusal: str
    ) -> None:
        self._network, self._readout, self._refusal = network, readout, refusal
        with network.care.reading() as is_live:
            model = network.twin
            if is_live and not network.care.is_shared:
                model = _copy(model)
        with network.care.running():
            self._reach = Reach(model, network.trace, nodes, stops=bool(nodes))
        self.is_batched: bool | None = None

    def run(self, inputs: Sequence[NDArray[np.generic]]) -> tuple[Tensor, ...]:
        """Return what is read off inputs `[...]` each: tensors `[N, ...]` on the CPU.

        The first two inputs are run together and alone, to see that they do not disturb each other;
        where they do, each input is run alone from then on.

        Raises:
            ModelError: forward raised, or nothing can be read off it.
        """
        if len(inputs) > 1 and self.is_batched is None:
            self.is_batched = self._is_undisturbed(inputs[:2])
        if len(inputs) > 1 and not self.is_batched:
            each = [self.run([one]) for one in inputs]
            return tuple(torch.cat(parts) for parts in zip(*each, strict=True))
        found = self._run(inputs)
        if found is None:
            raise ModelError(self._refusal)
        return found

    def _is_undisturbed(self, inputs: Sequence[NDArray[np.generic]]) -> bool:
        alone = self._run(inputs[:1])
        if alone is None:
            raise ModelError(self._refusal)
        try:
            together = self._run(inputs)
        except ModelError:
            return False
        return together is not None and all(
            one.shape[1:] == many.shape[1:] and _are_close(one[0], many[0])
            for one, many in zip(alone, together, strict=True)
        )

    def _run(self, inputs: Sequence[NDArray[np.generic]]) -> tuple[Tensor, ...] | None:
        example = self._network.example
        shown = example.shown
        batch = torch.tensor(np.stack(inputs), dtype=shown.dtype, device=shown.device)
        with self._network.care.running():
            args, kwargs = example.with_batch(batch)
            reached = self._reach(args, kwargs, has_gradients=False)
            found = self._readout(reached, len(inputs))
            return None if found is None else tuple(one.detach().cpu() for one in found)


def _copy(model: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(model)
    except (RuntimeError, TypeError, ValueError, AttributeError, AssertionError) as error:
        raise ModelError(
            f"{type(model).__name__} cannot be copied: {type(error).__name__}: {error}"
        ) from error


def _are_close(one: Tensor, other: Tensor) -> bool:
    if one.numel() == 0:
        return True
    largest = float(torch.nan_to_num(one.double()).abs().max())
    return torch.allclose(
        one.double(), other.double(), rtol=CLOSE, atol=CLOSE * largest, equal_nan=True
    )
