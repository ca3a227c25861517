"""Exact numbers under the pointer: asked for after a short rest, kept while the snapshot is shown."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.source.arrivals import ValuesArrived
from layerwalk_client.source.asking import Values

DWELL_S = 0.15
"""The pointer rests this long on a channel before its values are fetched."""
KEPT_BYTES = 32 * 2**20


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

    def value(self, at: Values, row: int, column: int, *, width: int) -> float | None:
        """Return the exact value at a pixel of the picture, or None while it is not known.

        Args:
            at: snapshot, node and channel.
            row, column: of the picture at level 0.
            width: pixels of a row of the picture.
        """
        values = self._values.get(at)
        if values is None:
            return None
        place = row * width + column
        flat = values.reshape(-1)
        return float(flat[place]) if 0 <= place < flat.size else None
