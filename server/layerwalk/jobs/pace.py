"""How fast a job goes: its time to go, and how often its progress is worth an event."""

from __future__ import annotations

from collections import deque
from statistics import median

RECENT_STEPS = 15
"""Times that the time to go is judged by; odd, so that the median is one of them."""
TELL_EVERY_S = 0.1
"""Progress of one job is told so often at most."""


class Pace:
    """Times of the steps of one job. Mutable, owned by the job queue, called under its lock.

    The median of the recent steps tells the time to go: a warm-up, a forward pass let in between,
    a machine that was busy for a moment do not move it.

    Args:
        began_s: when the job began, seconds of any clock.
    """

    def __init__(self, began_s: float) -> None:
        self._step = 0
        self._at_s = began_s
        self._times_s: deque[float] = deque(maxlen=RECENT_STEPS)
        self._told_s: float | None = None

    def seconds_left(self, *, step: int, steps: int, now_s: float) -> float | None:
        """Take note that `step` of `steps` are done now; return the time to go, None: not known."""
        done = step - self._step
        if done > 0:
            self._times_s.append((now_s - self._at_s) / done)
        elif done < 0:  # it began anew, at another pace perhaps
            self._times_s.clear()
        if done != 0:
            self._step, self._at_s = step, now_s
        left = max(0, steps - step)
        if left == 0:
            return 0.0
        return median(self._times_s) * left if self._times_s else None

    def is_worth_telling(self, now_s: float) -> bool:
        """Return whether progress may be told now; if so, the next may only a while later."""
        if self._told_s is not None and now_s - self._told_s < TELL_EVERY_S:
            return False
        self._told_s = now_s
        return True
