"""Exact numbers under the pointer: asked for after a short rest, kept while the snapshot is shown."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.source.arrivals import ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_shared.graph import Node

DWELL_S = 0.15
"""The pointer rests this long on a channel before its values are fetched."""
KEPT_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Spot:
    """A pixel of a wall: what to fetch for its value, and where it is in that."""

    fetch: Values
    node: Node
    channel: int
    texel: tuple[int, int]


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


def spot_of(snapshot: str, node: Node, *, channel: int, texel: tuple[int, int]) -> Spot:
    """Return where a pixel of a wall lies in its node's tensor.

    Maps are read by the row of their channel; a vector, an image and whatever mixes axes whole.
    """
    is_by_row = len(node.shape) >= 3 and (
        node.view == "maps" or (node.view in ("tokens", "sequence") and len(node.shape) == 3)
    )
    fetch = Values(snapshot, node.id, channel if is_by_row else None)
    return Spot(fetch, node, channel, texel)


def values_at(values: NDArray[np.float32], at: Spot) -> tuple[float, ...] | None:
    """Return the value of a spot in the array that its fetch brings; None where it has none."""
    node, (row, column) = at.node, at.texel
    if node.view == "image" and values.ndim == 3:
        return tuple(values[:, row, column].tolist())
    if node.view == "grid" and values.ndim == 2:
        token = row * node.width + column + values.shape[0] - node.height * node.width
        return (float(values[token, at.channel]),)
    place = row * node.width + column
    if at.fetch.row is None and node.view != "vector":
        place += at.channel * node.height * node.width
    flat = values.reshape(-1)
    return (float(flat[place]),) if 0 <= place < flat.size else None
