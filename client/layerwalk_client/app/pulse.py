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
ASK_EVERY_S = 0.016
"""At rest the window is asked this often whether something has happened: once a frame."""
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
        found = _rest(_rest_ms(walker, now_s) / 1000)
        # What was slept through is not part of the next step.
        self._last_s = max(self._last_s, self.clock() - frame_s)
        return found


def _rest(longest_s: float) -> list[pygame.event.Event]:
    """Return what happens next; nothing, where nothing does for so long.

    pygame's own waiting asks every millisecond, for nearly 2 % of a core (measured, with the whole
    client; every 8 ms it were 1.2 %).
    """
    until_s = time.monotonic() + longest_s
    while True:
        found = pygame.event.get()
        left_s = until_s - time.monotonic()
        if found or left_s <= 0:
            return found
        time.sleep(min(ASK_EVERY_S, left_s))


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
