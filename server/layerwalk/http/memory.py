"""Bytes that are sent from where they are: a file over views, and pieces of a streamed answer."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

PIECES = "layerwalk.takes_pieces"
"""Key of the WSGI environment: this server takes `Piece`s where WSGI says bytes."""


class MemoryFile:
    """A read-only file over several buffers. Mutable, owned by whoever sends it.

    Args:
        parts: bytes-like, in order; kept until `close`.
        on_close: called when they are no longer needed.
    """

    def __init__(
        self, parts: Sequence[bytes | memoryview], *, on_close: Callable[[], None] = lambda: None
    ) -> None:
        self._parts = [memoryview(part) for part in parts if len(part)]
        self._starts = [0, *accumulate(len(part) for part in self._parts)]
        self._size = self._starts.pop()
        self._place = 0
        self._on_close = on_close
        self._is_closed = False

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
        if self._is_closed:
            return
        self._is_closed = True
        self._parts, self._starts, self._size, self._place = [], [], 0, 0
        self._on_close()


class Piece:
    """A part of an answer that is sent without a copy: as much of bytes as the server looks at.

    Args:
        view: the bytes.
        on_sent: called once they are no longer needed.
    """

    __slots__ = ("_on_sent", "_view")

    def __init__(self, view: memoryview, on_sent: Callable[[], None]) -> None:
        self._view = view
        self._on_sent = on_sent

    def __len__(self) -> int:
        return len(self._view)

    def __getitem__(self, part: slice) -> Piece | bytes:
        """Return itself for a slice that holds all of it, else a copy of the part."""
        start, stop, step = part.indices(len(self))
        if (start, stop, step) == (0, len(self), 1):
            return self
        return bytes(self._view[part])

    def file(self) -> MemoryFile:
        """Return the piece as a file, which says when it is done with."""
        return MemoryFile([self._view], on_close=self._on_sent)
