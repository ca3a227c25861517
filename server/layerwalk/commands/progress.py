"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

LINE_S = 10.0
"""Plain lines come so often at most."""
BAR_S = 0.1
WIDTH = 24


class ProgressLine:
    """Tells how far work is. Mutable, owned by the thread that works.

    Args:
        stream: where.
        clock: seconds.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._is_terminal = stream.isatty()
        self._title, self._began_s, self._told_s = "", clock(), clock()
        self._length = 0

    def begin(self, title: str) -> None:
        """Begin a piece of work."""
        self._title = title
        self._began_s = self._told_s = self._clock()

    def advance(self, done: int, whole: int) -> None:
        """Tell how many steps are done of all."""
        now = self._clock()
        if now - self._told_s < (BAR_S if self._is_terminal else LINE_S):
            return
        self._told_s = now
        share = min(1.0, done / whole) if whole else 0.0
        left = (now - self._began_s) * (1 - share) / share if share else None
        text = f"step {done} of {whole}" + ("" if left is None else f", {_spoken(left)} to go")
        if not self._is_terminal:
            self._write(f"{self._title}: {text}\n")
            return
        bar = "#" * round(share * WIDTH)
        self._draw(f"{self._title} [{bar:-<{WIDTH}}] {text}")

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        self._write(f"{text}\n")

    def clear(self) -> None:
        """Take the bar away."""
        if self._length:
            self._draw("")
            self._write("\r")
            self._length = 0

    def _draw(self, text: str) -> None:
        self._write("\r" + text.ljust(self._length))
        self._length = len(text)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
