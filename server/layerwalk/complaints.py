"""What goes wrong beside a training: one warning of each kind, at the user's own line."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from layerwalk_shared.errors import LayerwalkError


class LayerwalkWarning(UserWarning):
    """Something that Layerwalk cannot do for a training, which goes on without it."""


class Complaints:
    """Says each kind of trouble once.

    Mutable, shared by all threads. `say` and `repeat` are for the user's own thread: they warn at
    the line outside of this package that called it. Other threads leave what they have to say with
    `note`, for `repeat` to say it.

    Args:
        is_strict: raise instead.
        stops_at: packages beside our own whose frames are not the user's.
    """

    def __init__(self, *, is_strict: bool = False, stops_at: tuple[str, ...] = ()) -> None:
        self._is_strict = is_strict
        self._packages = ("layerwalk", *stops_at)
        self._said: set[str] = set()
        self._noted: list[tuple[str, str, Exception | None]] = []
        self._lock = threading.Lock()

    def say(self, kind: str, text: str, error: Exception | None = None) -> None:
        """Warn now, if that kind was not said before.

        Raises:
            LayerwalkError: where strict; `error`, if there is one.
        """
        self.note(kind, text, error)
        self.repeat()

    def note(self, kind: str, text: str, error: Exception | None = None) -> None:
        """Leave something to be said at the user's next call."""
        with self._lock:
            if kind not in self._said:
                self._said.add(kind)
                self._noted.append((kind, text, error))

    def repeat(self) -> None:
        """Say what was noted.

        Raises:
            LayerwalkError: where strict; the error that was noted, if there is one.
        """
        with self._lock:
            noted, self._noted = self._noted, []
        for _, text, error in noted:
            if self._is_strict:
                raise error or LayerwalkError(text)
            warnings.warn(f"layerwalk: {text}", LayerwalkWarning, stacklevel=self._level())

    @contextmanager
    def minded(self, what: str) -> Iterator[None]:
        """Turn whatever goes wrong within into one warning; interrupts pass.

        Raises:
            Exception: where strict.
        """
        try:
            yield
        except Exception as error:
            if self._is_strict or isinstance(error, LayerwalkWarning):
                raise
            self.say(what, f"{what}: {_sentence(error)}; the training goes on without it", error)

    def _level(self) -> int:
        """Return the user's line as a stack level, counted from whoever calls this."""
        frame: FrameType | None = sys._getframe(1)
        level = 1
        while frame is not None:
            name = str(frame.f_globals.get("__name__", ""))
            if name.partition(".")[0] not in self._packages and name != "contextlib":
                return level
            frame, level = frame.f_back, level + 1
        return level


def _sentence(error: BaseException) -> str:
    text = (str(error).splitlines() or [""])[0]
    if isinstance(error, LayerwalkError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
