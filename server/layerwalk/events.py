"""The event log: what has changed, numbered from 1, for clients that ask what came after n."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any, TypeVar

from layerwalk_shared.messages import (
    Event,
    EventBatch,
    JobChanged,
    MetricsPublished,
    NetworkAdded,
    NetworkChanged,
    SnapshotsDropped,
    SnapshotTaken,
    TrainingEnded,
    TrainingStepped,
    WeightsChanged,
)

E = TypeVar(
    "E",
    SnapshotTaken,
    SnapshotsDropped,
    JobChanged,
    NetworkAdded,
    NetworkChanged,
    MetricsPublished,
    TrainingStepped,
    TrainingEnded,
    WeightsChanged,
)


class EventLog:
    """The newest events, in order, each with a number that never comes back.

    Mutable, shared by all threads: every method may be called from any of them.
    """

    def __init__(self, *, kept: int = 1024) -> None:
        self._events: deque[Event] = deque(maxlen=kept)
        self._last = 0
        self._is_closed = False
        self._changed = threading.Condition()

    @property
    def last(self) -> int:
        """Number of the newest event; 0 before the first."""
        with self._changed:
            return self._last

    def publish(self, kind: type[E], **fields: Any) -> E:
        """Append an event of `kind` with the next number, and wake who waits.

        Args:
            kind: class of the event.
            fields: all of the event but its number.
        """
        with self._changed:
            event = kind(number=self._last + 1, **fields)
            self._last += 1
            self._events.append(event)
            self._changed.notify_all()
        return event

    def after(self, number: int, *, wait_s: float = 0.0) -> EventBatch:
        """Return the events after `number`, waiting up to `wait_s` seconds for the first.

        A number that is ahead of this log, or behind what it keeps, is answered at once with
        `reset` and no events. So is everything once the log is closed: at once.
        """
        deadline = time.monotonic() + wait_s
        with self._changed:
            while number == self._last and not self._is_closed:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            oldest = self._last - len(self._events)
            if not oldest <= number <= self._last:
                return EventBatch(events=(), last=self._last, reset=True)
            found = tuple(event for event in self._events if event.number > number)
            return EventBatch(events=found, last=self._last)

    @property
    def is_closed(self) -> bool:
        with self._changed:
            return self._is_closed

    def close(self) -> None:
        """Let go everyone who waits; later waits end at once."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
