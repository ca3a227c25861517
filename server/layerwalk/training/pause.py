"""Pauses of a training: the only moments in which some models may be run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from layerwalk_shared.errors import ClosedError


class Pause:
    """Lets the model thread run only while the training thread waits.

    Mutable, shared by both: the training thread enters `given`, the model thread `taken`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_open = False
        self._is_closed = False
        self._users = 0

    @contextmanager
    def given(self) -> Iterator[None]:
        """Let the other thread run within; wait at the end until it is out."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._is_open = False
                self._changed.wait_for(lambda: self._users == 0)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a pause, and hold it.

        Raises:
            ClosedError: there will be none any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._is_closed)
            if self._is_closed:
                raise ClosedError("the training has ended; its model is not run any more")
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Let go who waits for a pause."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
