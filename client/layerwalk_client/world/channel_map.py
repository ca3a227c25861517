"""One channel of a node as a picture: which values it has, their numbers, where one stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.graph import Node
from layerwalk_shared.recipes import unit_axis, unit_count
from layerwalk_shared.views import grid_shape

BINS = 48
LONGEST_ROW = 64
"""A list of more values than this is folded into rows."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ChannelMap:
    """The values of one channel.

    Attributes:
        values: `[h, w]`, NaN where a folded list has no value; read-only.
        sizes: of the node's axes without the channels'.
    """

    values: Floats
    sizes: tuple[int, ...]

    @property
    def finite(self) -> Floats:
        """The values that are numbers, in a row."""
        found: Floats = self.values[np.isfinite(self.values)]
        return found

    @property
    def limit(self) -> float:
        """Largest magnitude."""
        found = self.finite
        return float(np.abs(found).max()) if found.size else 0.0

    def numbers(self) -> tuple[float, float, float] | None:
        """Return (minimum, maximum, mean); None where there is no number."""
        found = self.finite
        if not found.size:
            return None
        return float(found.min()), float(found.max()), float(found.mean(dtype=np.float64))

    def histogram(self) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Return counts and edges, over the channel's own range."""
        found = self.finite
        if not found.size:
            return (), ()
        counts, edges = np.histogram(found, bins=BINS)
        return tuple(counts.tolist()), tuple(edges.tolist())

    def position(self, row: int, column: int) -> tuple[int, ...] | None:
        """Return where a cell is along the node's axes without the channels'; None: an empty one."""
        flat = row * self.values.shape[1] + column
        count = int(np.prod(self.sizes, dtype=np.int64))
        if flat >= count:
            return None
        return tuple(int(at) for at in np.unravel_index(flat, self.sizes)) if self.sizes else ()


def row_of(node: Node, channel: int) -> int | None:
    """Return the row of the node's first axis that holds a channel; None: all rows are needed."""
    return channel if unit_axis(node.view, node.shape) == 0 else None


def channel_map(values: Floats, node: Node, channel: int) -> ChannelMap:
    """Return one channel of a node.

    Args:
        values: the node's tensor, or `[1, ...]`: the row that `row_of` names.
        node: whose values these are.
        channel: which of its units.
    """
    axis = unit_axis(node.view, node.shape)
    if axis is None:
        part = values.reshape(-1)[channel : channel + 1].reshape(())
    elif axis == 0:
        part = values[0 if len(values) == 1 else channel]
    else:
        part = np.take(values, channel, axis=axis)
    made = np.array(_laid_out(np.asarray(part, np.float32)))
    made.flags.writeable = False
    return ChannelMap(made, tuple(map(int, part.shape)))


def channel_count(node: Node) -> int:
    """Return how many channels a node has."""
    return int(unit_count(node.view, node.shape))


def _laid_out(part: Floats) -> Floats:
    """Return an array of any rank as rows and columns."""
    if part.ndim == 2:
        return part
    if part.ndim > 2:
        return part.reshape(-1, part.shape[-1])
    flat = part.reshape(-1)
    if len(flat) <= LONGEST_ROW:
        return flat[None]
    rows, columns = grid_shape(len(flat))
    folded = np.full(rows * columns, np.nan, np.float32)
    folded[: len(flat)] = flat
    return folded.reshape(rows, columns)
