"""The two lines that work waits in: urgent by time of arrival, long by priority."""

from __future__ import annotations

import heapq
from bisect import insort
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

U = TypeVar("U")


class UrgentLine(Generic[U]):
    """Work that somebody waits for, in order of arrival, and work that is due at a time.

    Mutable, owned by the job queue, which calls it under its lock. Times are seconds of one clock.
    """

    def __init__(self) -> None:
        self._arrived: deque[tuple[float, U]] = deque()
        self._posted: list[tuple[float, int, U]] = []
        self._count = 0

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for something here; for what was posted nobody does."""
        return bool(self._arrived)

    def __iter__(self) -> Iterator[U]:
        """Go over what somebody waits for."""
        return iter([item for _, item in self._arrived])

    def add(self, item: U, *, now_s: float) -> None:
        self._arrived.append((now_s, item))

    def post(self, item: U, *, due_s: float) -> None:
        """Add something that is not to run before `due_s`."""
        self._count += 1
        heapq.heappush(self._posted, (due_s, self._count, item))

    def due_in_s(self, now_s: float) -> float | None:
        """Return the seconds until something may run, at most 0 for now; None: nothing is here."""
        if self._arrived:
            return 0.0
        return self._posted[0][0] - now_s if self._posted else None

    def take(self, *, until_s: float) -> U | None:
        """Take out what comes first, of the posted only what was due at `until_s`."""
        is_due = bool(self._posted) and self._posted[0][0] <= until_s
        if is_due and not (self._arrived and self._arrived[0][0] < self._posted[0][0]):
            return heapq.heappop(self._posted)[2]
        return self._arrived.popleft()[1] if self._arrived else None

    def remove(self, item: U) -> None:
        """Take out something that waits; it is here."""
        self._arrived = deque(pair for pair in self._arrived if pair[1] != item)

    def clear(self) -> None:
        self._arrived.clear()
        self._posted.clear()


class LongLine:
    """Ids of long jobs, higher priority first, among equals in order of arrival.

    Mutable, owned by the job queue, which calls it under its lock.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, str]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, job_id: str, *, priority: int) -> None:
        self._count += 1
        insort(self._waiting, (-priority, self._count, job_id))

    def take(self) -> str | None:
        """Take out the next one."""
        return self._waiting.pop(0)[2] if self._waiting else None

    def remove(self, job_id: str) -> None:
        """Take out one that waits; it is here."""
        self._waiting = [one for one in self._waiting if one[2] != job_id]

    def clear(self) -> None:
        self._waiting.clear()

    def places(self) -> dict[str, int]:
        """Return job id -> place, 0 is the next."""
        return {job_id: place for place, (_, _, job_id) in enumerate(self._waiting)}
