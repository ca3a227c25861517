"""When frames happen: one after the other while something moves, none at rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pygame

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

LONGEST_STEP_S = 0.1
"""A frame that took longer moves the eye by this much only."""
AFTERGLOW_S = 0.05
SETTLING_S = 0.25
"""After something happened, frames are drawn for this long, until hovers and fades have settled."""


class Pulse:
    """The times of a walk's frames. Mutable, owned by the main thread.

    Args:
        clock: seconds, only forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._last_s = clock()
        self._awake_until_s = self._last_s + SETTLING_S

    def begin(self, now_s: float) -> float:
        """Begin a frame; return the seconds since the one before, so long as they count."""
        dt = min(LONGEST_STEP_S, max(0.0, now_s - self._last_s))
        self._last_s = now_s
        return dt

    def wake(self, now_s: float) -> None:
        """Draw frames until what happened now has settled."""
        self._awake_until_s = now_s + SETTLING_S

    def glow(self, now_s: float) -> None:
        """Draw another frame after one that was drawn."""
        self._awake_until_s = max(self._awake_until_s, now_s + AFTERGLOW_S)

    def next_events(self, walker: Walker) -> list[pygame.event.Event]:
        """Wait for the next frame's time, or at rest for something to happen."""
        now_s, frame_s = self.clock(), 1 / walker.settings.frames_per_second
        if now_s < self._awake_until_s or walker.is_active:
            left_s = self._last_s + frame_s - now_s
            if left_s > 0:
                time.sleep(left_s)
            return pygame.event.get()
        event = pygame.event.wait(_rest_ms(walker, now_s))
        found = [] if event.type == pygame.NOEVENT else [event]
        found += pygame.event.get()
        # What was slept through is not part of the next step.
        self._last_s = max(self._last_s, self.clock() - frame_s)
        return found


def _rest_ms(walker: Walker, now_s: float) -> int:
    """Return how long nothing can happen by itself."""
    rest_s = 60.0
    if walker.notice.text:
        rest_s = min(rest_s, walker.notice.until_s - now_s)
    if walker.busy_since_s is not None:
        rest_s = min(rest_s, 0.1)
    for turning in (walker.stage.gallery.rest_s, walker.stage.comparing.rest_s):
        if turning is not None:
            rest_s = min(rest_s, turning)
    if walker.trace.is_on or walker.outbox.recorder.is_on:
        rest_s = min(rest_s, 1.0)
    return max(1, int(1000 * rest_s))
