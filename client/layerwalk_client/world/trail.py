"""Where the eye has been: places to go back to, and forth again. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from layerwalk_client.world.view import Camera

REMEMBERED = 50
STOP_S = 2.0
"""Seconds at rest that make a place of where one has flown to."""
ELSEWHERE = 3.0
"""Metres from the last place at which one is somewhere else."""
SAME = 0.05
"""Metres, and radians, up to which two cameras are the same place."""


@dataclass(frozen=True, slots=True)
class Trail:
    """Attributes:
    past: places before, the last is the nearest in time.
    future: places that were come back from, the last is the next to go forth to.
    here: the place that the eye came to last; it may have flown on since.
    """

    past: tuple[Camera, ...] = ()
    future: tuple[Camera, ...] = ()
    here: Camera | None = None

    def rested(self, camera: Camera, seconds: float) -> Trail:
        """Return the trail after the eye was at rest for so long: a long stop is a place."""
        if seconds < STOP_S or (self.here is not None and not _is_far(self.here, camera)):
            return self
        past = self.past if self.here is None else (*self.past, self.here)
        return Trail(past[-REMEMBERED:], (), camera)

    def left(self, camera: Camera, towards: Camera) -> Trail:
        """Return the trail after a jump from `camera`."""
        past = self.past
        if self.here is not None and _is_far(self.here, camera):
            past = (*past, self.here)
        if not past or not is_same(past[-1], camera):
            past = (*past, camera)
        return Trail(past[-REMEMBERED:], (), towards)

    def back(self, camera: Camera) -> tuple[Trail, Camera | None]:
        """Return the trail after going back from `camera`, and where to: None where it began."""
        future = (*self.future, camera)[-REMEMBERED:]
        if self.here is not None and _is_far(self.here, camera):
            return replace(self, future=future), self.here
        past = self.past
        while past and is_same(past[-1], camera):
            past = past[:-1]
        if not past:
            return replace(self, past=()), None
        return Trail(past[:-1], future, past[-1]), past[-1]

    def forth(self, camera: Camera) -> tuple[Trail, Camera | None]:
        """Return the trail after going forth again, and where to: None where nothing was undone."""
        future = self.future
        while future and is_same(future[-1], camera):
            future = future[:-1]
        if not future:
            return replace(self, future=()), None
        past = (*self.past, camera)[-REMEMBERED:]
        return Trail(past, future[:-1], future[-1]), future[-1]


def is_same(one: Camera, two: Camera) -> bool:
    """Whether two cameras stand and look the same."""
    turn = abs(math.remainder(one.yaw - two.yaw, math.tau)) + abs(one.pitch - two.pitch)
    return math.dist(one.position, two.position) <= SAME and turn <= SAME


def _is_far(one: Camera, two: Camera) -> bool:
    return math.dist(one.position, two.position) > ELSEWHERE
