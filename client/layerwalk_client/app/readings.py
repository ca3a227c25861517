"""Exact numbers under the pointer: asked for after a short rest, kept while the snapshot is shown."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.source.arrivals import ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_client.world.terms import Index, element
from layerwalk_shared.graph import Node

DWELL_S = 0.15
"""The pointer rests this long on a channel before its values are fetched."""
KEPT_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Spot:
    """A pixel of a wall: what to fetch for its value, and which element of the tensor it is."""

    fetch: Values
    node: Node
    index: Index


class Readings:
    """Mutable, owned by the main thread: values of channels that were looked at."""

    def __init__(self) -> None:
        self._values: OrderedDict[Values, NDArray[np.float32]] = OrderedDict()
        self._bytes = 0
        self._looked_at: Values | None = None
        self._rested_s = 0.0
        self._asked: Values | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether time must pass before something is fetched."""
        return (
            self._looked_at is not None
            and self._looked_at not in self._values
            and self._asked != self._looked_at
        )

    def look(self, at: Values | None, dt: float) -> Values | None:
        """Note what the pointer is on for `dt` seconds more; return what to fetch now, if any."""
        if at != self._looked_at:
            self._looked_at = at
            self._rested_s = 0.0
            return None
        if at is None or at in self._values or self._asked == at:
            return None
        self._rested_s += dt
        if self._rested_s < DWELL_S:
            return None
        self._asked = at
        return at

    def arrive(self, arrival: ValuesArrived) -> None:
        """Keep the values of a channel."""
        if arrival.fetch in self._values:
            return
        self._values[arrival.fetch] = arrival.values
        self._bytes += arrival.values.nbytes
        while self._bytes > KEPT_BYTES and len(self._values) > 1:
            _, dropped = self._values.popitem(last=False)
            self._bytes -= dropped.nbytes

    def fail(self, fetch: Values) -> None:
        """Note that values did not come; they may be asked for again after a move away."""
        if self._looked_at != fetch:
            self._asked = None

    def clear(self) -> None:
        """Forget everything: another snapshot is shown."""
        self._values.clear()
        self._bytes = 0
        self._asked = None
        self._looked_at = None

    def value(self, at: Spot) -> tuple[float, ...] | None:
        """Return the exact value at a spot (three of an image), or None while it is not known."""
        values = self._values.get(at.fetch)
        return None if values is None else values_at(values, at)


def spot_of(snapshot: str, node: Node, *, channel: int, texel: tuple[int, int]) -> Spot | None:
    """Return where a pixel of a wall lies in its node's tensor, None for a cell of nothing.

    Tensors of several axes are read by one row of their first; vectors and images whole.

    Args:
        snapshot: id.
        node: with the shape and the pictures it has in that snapshot.
        channel: picture on the wall.
        texel: (row, column) in it.
    """
    index = element(node, channel=channel, texel=texel)
    if index is None:
        return None
    is_by_row = node.view not in ("image", "vector") and len(node.shape) >= 2
    return Spot(Values(snapshot, node.id, index[0] if is_by_row else None), node, index)


def values_at(values: NDArray[np.float32], at: Spot) -> tuple[float, ...] | None:
    """Return the value of a spot in the array that its fetch brings; None where it has none."""
    if at.node.view == "image":
        row, column = at.index
        return tuple(values[:, row, column].tolist()) if values.ndim == 3 else None
    index = at.index if at.fetch.row is None else (0, *at.index[1:])
    if len(index) != values.ndim or any(
        place >= size for place, size in zip(index, values.shape, strict=True)
    ):
        return None
    return (float(values[index]),)
