"""A diary for tools: one JSON line for each thing that happens, and one each second.

Lines have `event` and `time_s` (seconds since the start); `state` lines carry the camera, what is
shown and what is held, so a script that drives the window can wait for states instead of sleeping.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from layerwalk_shared.errors import LayerwalkError

STATE_EVERY_S = 1.0
RECENT = 40
"""Lines that are remembered for reports of crashes."""


class Trace:
    """Mutable, owned by the main thread. Without a path nothing is written, but the last lines are
    remembered.

    Raises:
        LayerwalkError: the file cannot be opened.
    """

    def __init__(self, path: Path | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start_s = clock()
        self._last_state_s = -STATE_EVERY_S
        self._file: TextIO | None = None
        self._recent: deque[str] = deque(maxlen=RECENT)
        if path is not None:
            try:
                self._file = path.open("a", encoding="utf-8", buffering=1)
            except OSError as error:
                raise LayerwalkError(f"{path} cannot be written: {error.strerror}") from error

    def __enter__(self) -> Trace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def is_on(self) -> bool:
        """Whether lines are written."""
        return self._file is not None

    def note(self, event: str, **facts: Any) -> None:
        """Write one line."""
        time_s = round(self._clock() - self._start_s, 4)
        line = json.dumps({"event": event, "time_s": time_s, **facts}) + "\n"
        self._recent.append(line)
        if self._file is not None:
            self._file.write(line)

    def recent(self) -> str:
        """Return the last lines, those of states left away where nothing is written."""
        return "the last lines of the trace:\n" + "".join(self._recent)

    def note_state(self, describe: Callable[[], dict[str, Any]], *, is_due: bool = False) -> None:
        """Write a `state` line when a second has passed since the last one, or when `is_due`."""
        if self._file is None:
            return
        now_s = self._clock()
        if is_due or now_s - self._last_state_s >= STATE_EVERY_S:
            self._last_state_s = now_s
            self.note("state", **describe())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
