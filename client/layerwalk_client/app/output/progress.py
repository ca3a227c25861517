"""Long work on the command line: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

WIDE = 32
LINES = 10
"""Lines that a whole work writes where there is no terminal."""


class Progress:
    """Mutable, owned by the main thread.

    Args:
        stream: where to, usually standard error.
        total: steps of the whole work.
        unit: what a step is, in the plural.
        clock: seconds, only forward.
    """

    def __init__(
        self, stream: TextIO, *, total: int, unit: str, clock: Callable[[], float]
    ) -> None:
        self._stream = stream
        self._total = max(1, total)
        self._unit = unit
        self._clock = clock
        self._start_s = clock()
        self._is_terminal = stream.isatty()
        self._told = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def note(self, done: int) -> None:
        """Tell that `done` steps are done."""
        share = min(1.0, done / self._total)
        passed_s = self._clock() - self._start_s
        left_s = passed_s / share * (1 - share) if share > 0 else 0.0
        told = f"{done} of {self._total} {self._unit}"
        if self._is_terminal:
            full = round(WIDE * share)
            line = f"\r\x1b[K{'█' * full}{'░' * (WIDE - full)}  {told}, {clock_text(left_s)} to go"
            self._stream.write(line)
            self._stream.flush()
        elif (tenth := math.floor(LINES * share)) > self._told:
            self._told = tenth
            self._stream.write(f"{told}, {clock_text(left_s)} to go\n")
            self._stream.flush()


def clock_text(seconds: float) -> str:
    """Return a time as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
