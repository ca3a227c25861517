"""Where tiles come from and wishes go: an HTTP server, or a network made up in memory.

The main thread asks (`want`, `fetch`, `submit`: they return at once) and reads `arrivals`; all
waiting happens behind this interface. The world changes only on what arrives here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.source.asking import Fetch, Tiles, Wish


class Source(Protocol):
    """The seam between the client and whatever serves it."""

    @property
    def client(self) -> str:
        """The id by which this client's own snapshots are known."""

    @property
    def address(self) -> str:
        """Where it comes from, for people."""

    def open(self) -> None:
        """Begin; the first arrivals are `Connected` and the overview's `TilesArrived`."""

    def want(self, batches: Sequence[Tiles]) -> None:
        """Say which tiles are wanted now, the most urgent first.

        Replaces what was wanted before and has not begun; tiles on their way are not asked for
        again.
        """

    def fetch(self, fetch: Fetch) -> None:
        """Ask for something; an older fetch of the same slot that has not begun is dropped."""

    def submit(self, wish: Wish) -> None:
        """Ask for an act; its effect comes as events."""

    def arrivals(self) -> list[Arrival]:
        """Return what has arrived since the last call, in order; never waits."""

    def close(self) -> None:
        """Stop; afterwards no thread and no socket is left. May be called twice."""
