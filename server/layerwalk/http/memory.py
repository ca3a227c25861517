"""A file in memory that hands out views: what a server sends without copying it."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


class MemoryFile:
    """A read-only file over several buffers. Mutable, owned by whoever sends it.

    Args:
        parts: bytes-like, in order; kept until `close`.
    """

    def __init__(self, parts: Sequence[bytes | memoryview]) -> None:
        self._parts = [memoryview(part) for part in parts if len(part)]
        self._starts = [0, *accumulate(len(part) for part in self._parts)]
        self._size = self._starts.pop()
        self._place = 0

    def read(self, size: int = -1) -> memoryview | bytes:
        """Return a view of at most `size` bytes from here on, less at the end of a part."""
        if self._place >= self._size:
            return b""
        index = bisect_right(self._starts, self._place) - 1
        start = self._place - self._starts[index]
        part = self._parts[index]
        view = part[start:] if size < 0 else part[start : start + size]
        self._place += len(view)
        return view

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, min(self._size, base + offset))
        return self._place

    def tell(self) -> int:
        return self._place

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """Let go of the buffers."""
        self._parts, self._starts, self._size, self._place = [], [], 0, 0
