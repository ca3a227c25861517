"""A register: things by ids that are counted up and never come back."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from layerwalk_shared.errors import NotFoundError

T = TypeVar("T")


class Register(Generic[T]):
    """Mutable, shared by all threads.

    Args:
        what: one of it, for people.
        letter: that ids begin with.
        lock: guards it; the session's own, so that several things make one consistent cut.
    """

    def __init__(self, what: str, *, letter: str, lock: threading.RLock) -> None:
        self._what = what
        self._letter = letter
        self._lock = lock
        self._count = 0
        self._found: dict[str, T] = {}

    def reserve(self) -> str:
        """Return the id of what comes next."""
        with self._lock:
            self._count += 1
            return f"{self._letter}{self._count}"

    def put(self, key: str, value: T) -> None:
        """Keep a thing under an id that was reserved, in the place of what was there."""
        with self._lock:
            self._found[key] = value

    def get(self, key: str) -> T:
        """Return the thing of an id.

        Raises:
            NotFoundError: there is none; names those that are there.
        """
        with self._lock:
            found = self._found.get(key)
            if found is None:
                known = ", ".join(self._found) or "none"
                raise NotFoundError(f"{self._what} {key!r} does not exist (there are: {known})")
            return found

    def items(self) -> tuple[tuple[str, T], ...]:
        """Return all ids and things, in the order they came."""
        with self._lock:
            return tuple(self._found.items())
