"""What every handler is given: the session, the settings, and places for those who wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from layerwalk.limits import Limits
from layerwalk.session import Session


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The settings of one app, and its session.

    Attributes:
        session: what is served.
        limits: of requests.
        token: the Bearer token that every request needs, or None.
        origins: web origins that may read answers (CORS).
        is_loopback: the server listens on a loopback address only.
    """

    session: Session
    limits: Limits
    token: str | None = None
    origins: tuple[str, ...] = ()
    is_loopback: bool = True
    _places: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        places = threading.BoundedSemaphore(self.limits.event_waiters)
        object.__setattr__(self, "_places", places)

    @contextmanager
    def waiting(self) -> Iterator[bool]:
        """Take one of the places for requests that wait; yield whether there was one."""
        has_place = self._places.acquire(blocking=False)
        try:
            yield has_place
        finally:
            if has_place:
                self._places.release()
