"""Fetches that wait for a thread: the urgent first, the newest of a slot only, tiles last.

Tiles that are wanted are a list of their own, replaced whole whenever the view changes; a tile on
its way is not taken a second time until the main thread has seen it land.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Hashable, Iterable, Sequence

from layerwalk_client.source.asking import Fetch, Tiles
from layerwalk_shared.tiles import TileKey


class FetchQueue:
    """Mutable, shared by the main thread and the fetch threads; every method locks."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._order = itertools.count()
        self._waiting: dict[Hashable, tuple[int, int, Fetch]] = {}
        self._wanted: deque[Tiles] = deque()
        self._flying: set[tuple[str, TileKey]] = set()
        self._is_open = True
        self._is_paused = True

    def put(self, fetch: Fetch) -> None:
        """Add a fetch; one of the same slot that still waits is replaced."""
        with self._condition:
            self._waiting.pop(fetch.slot, None)
            self._waiting[fetch.slot] = (fetch.priority, next(self._order), fetch)
            self._condition.notify()

    def want(self, batches: Sequence[Tiles]) -> None:
        """Replace the tiles that are wanted, the most urgent first."""
        with self._condition:
            self._wanted = deque(batches)
            self._condition.notify_all()

    def take(self) -> Fetch | None:
        """Wait for the next fetch; None when the queue was closed."""
        with self._condition:
            while self._is_open:
                fetch = None if self._is_paused else self._next()
                if fetch is not None:
                    return fetch
                self._condition.wait()
            return None

    def land(self, snapshot: str, keys: Iterable[TileKey]) -> None:
        """Note that tiles have arrived, or failed: they may be asked for again."""
        with self._condition:
            self._flying.difference_update((snapshot, key) for key in keys)

    def pause(self) -> None:
        """Hand nothing out until `resume`."""
        with self._condition:
            self._is_paused = True

    def resume(self) -> None:
        """Hand fetches out again."""
        with self._condition:
            self._is_paused = False
            self._condition.notify_all()

    def clear(self) -> None:
        """Forget all that waits (its ids may be of another server)."""
        with self._condition:
            self._waiting.clear()
            self._wanted.clear()
            self._flying.clear()

    def close(self) -> None:
        """Let every `take` return None."""
        with self._condition:
            self._is_open = False
            self._condition.notify_all()

    def _next(self) -> Fetch | None:
        if self._waiting:
            slot = min(self._waiting, key=lambda slot: self._waiting[slot][:2])
            return self._waiting.pop(slot)[2]
        while self._wanted:
            batch = self._wanted.popleft()
            keys = tuple(key for key in batch.keys if (batch.snapshot, key) not in self._flying)
            if keys:
                self._flying.update((batch.snapshot, key) for key in keys)
                return Tiles(batch.snapshot, keys)
        return None
