"""Dead and saturated units of a step, from the values of every node."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk.snapshots import Snapshot, Values
from layerwalk.tracking import Recording
from layerwalk_shared.graph import Graph, Node

NEAR = 0.01
"""A value this near to a bound, as a share of the range, counts as saturated."""
BOUNDS: Mapping[str, tuple[float | None, float]] = {
    "Sigmoid": (0, 1), "sigmoid": (0, 1), "Tanh": (-1, 1), "tanh": (-1, 1),
    "Hardsigmoid": (0, 1), "hardsigmoid": (0, 1), "Hardtanh": (-1, 1), "hardtanh": (-1, 1),
    "Softsign": (-1, 1), "softsign": (-1, 1), "ReLU6": (None, 6), "relu6": (None, 6),
}  # fmt: skip
"""Operation -> its bounds. Zero is no bound of ReLU6: units that stay there are dead, not full."""


def saturated(node: Node, values: Values, module: nn.Module | None = None) -> float | None:
    """Return the share of values at the bounds of a bounded activation, None where it is none."""
    if node.operation not in BOUNDS or values.dtype.kind != "f" or values.size == 0:
        return None
    numbers = np.asarray(values, np.float64)
    low, high = BOUNDS[node.operation]
    if type(module) is nn.Hardtanh:
        low, high = module.min_val, module.max_val
    margin = NEAR * (high - (low or 0))
    full = numbers >= high - margin
    if low is not None:
        full |= numbers <= low + margin
    return float(full.mean())


def unit_axis(axes: int) -> int:
    """Return which axis of a tensor of so many axes, without batch, counts its units.

    `[N]` elements; `[T, D]` features; `[C, H, W]` and more: channels.
    """
    return 1 if axes == 2 else 0


def silent(values: Values) -> NDArray[np.bool_]:
    """Return for each unit of one item whether it is zero everywhere."""
    axis = unit_axis(values.ndim)
    others = tuple(place for place in range(values.ndim) if place != axis)
    found: NDArray[np.bool_] = ~np.any(values, axis=others)
    return np.atleast_1d(found)


class SilentUnits:
    """The units that have been zero for every item so far. Owned by the model thread.

    Args:
        snapshot: of the first item; nodes without any zero in it have no silent units.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._found: dict[int, NDArray[np.bool_]] = {}
        self._graph: Graph = snapshot.graph
        for index, node in enumerate(snapshot.manifest.nodes):
            values = snapshot.values[index]
            if snapshot.graph.nodes[index].kind == "input" or values is None:
                continue
            if values.dtype.kind != "f" or node.same_as is not None:
                continue
            none = np.zeros(0, np.bool_)
            self._found[index] = silent(values) if node.zeros > 0 else none

    @property
    def is_settled(self) -> bool:
        """No further item can change anything."""
        return not any(found.any() for found in self._found.values())

    def see(self, recording: Recording) -> None:
        """Take more items into account; nodes whose shape is another there are left alone."""
        for index, found in self._found.items():
            if not found.any():
                continue
            tensor = recording.values.get(self._graph.nodes[index].id)
            loud = None if tensor is None else _loud(tensor, self._graph.nodes[index], recording)
            if loud is not None and len(loud) == len(found):
                self._found[index] = found & ~loud

    def share(self, index: int) -> float | None:
        """Return the share of a node's units that are silent, None where nobody looked."""
        found = self._found.get(index)
        if found is None:
            return None
        return float(found.mean()) if found.size else 0.0


def _loud(tensor: Tensor, node: Node, recording: Recording) -> NDArray[np.bool_] | None:
    """Return for each unit whether it is not zero somewhere in a batch."""
    axis = recording.batch_axes.get(node.id)
    axes = tensor.ndim - (axis is not None)
    if axes != len(node.shape):
        return None
    unit = unit_axis(axes)
    if axis is not None and axis <= unit:
        unit += 1
    with torch.no_grad():
        others = [place for place in range(tensor.ndim) if place != unit]
        loud = (tensor != 0).any(dim=others) if others else tensor != 0
        return np.atleast_1d(loud.cpu().numpy())
