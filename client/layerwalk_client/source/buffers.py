"""Memory for the bodies of answers, used again once nobody looks at it: a fresh page costs as much
as filling it.

An answer's buffer is read into by one thread and looked at by others through views; it comes back
by itself when the last of those views is gone.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

POOLED_FROM = 2**20
"""Smaller buffers are made anew: the C library's allocator keeps their memory warm already."""
IDLE_BYTES = 96 * 2**20
"""Memory that is kept though nobody uses it."""


class BufferPool:
    """Lends memory. Mutable, shared by the threads of one source."""

    def __init__(self, *, idle_bytes: int = IDLE_BYTES) -> None:
        self._limit = idle_bytes
        self._idle: list[NDArray[np.uint8]] = []
        self._returned: deque[NDArray[np.uint8]] = deque()
        self._lock = threading.Lock()

    @property
    def idle_bytes(self) -> int:
        """Bytes that wait to be used again."""
        with self._lock:
            self._tidy()
            return sum(one.nbytes for one in self._idle)

    def take(self, size: int) -> NDArray[np.uint8]:
        """Return `[size]` bytes to write to, whatever is in them.

        The memory is lent out again when the array and all views of it are gone.
        """
        if size < POOLED_FROM:
            return np.empty(size, np.uint8)
        with self._lock:
            self._tidy()
            fitting = [
                place for place, one in enumerate(self._idle) if size <= one.nbytes <= 2 * size
            ]
            best = min(fitting, key=lambda place: self._idle[place].nbytes, default=None)
            whole = None if best is None else self._idle.pop(best)
        if whole is None:
            whole = np.empty(-(-size // POOLED_FROM) * POOLED_FROM, np.uint8)
        lent = whole[:size].view(_Lent)
        lent.pool, lent.whole = self, whole
        return lent

    def give_back(self, whole: NDArray[np.uint8]) -> None:
        """Take memory back. Called when a view is collected, at any point of any thread, maybe of
        one that holds the lock: so it never waits for it."""
        self._returned.append(whole)
        if self._lock.acquire(blocking=False):
            try:
                self._tidy()
            finally:
                self._lock.release()

    def _tidy(self) -> None:
        """Put by what came back, and let the oldest go beyond the limit; under the lock."""
        while self._returned:
            self._idle.append(self._returned.popleft())
        held = sum(one.nbytes for one in self._idle)
        while held > self._limit:
            held -= self._idle.pop(0).nbytes


class _Lent(np.ndarray[Any, np.dtype[np.uint8]]):
    """An array that gives its memory back when the last view of it is gone."""

    pool: BufferPool | None = None
    whole: NDArray[np.uint8] | None = None

    def __del__(self) -> None:
        if self.pool is not None and self.whole is not None:
            self.pool.give_back(self.whole)
