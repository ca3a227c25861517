"""What changes as a run proceeds: rate, image size, crop; and how far the run has come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from .recipe import Recipe

LONGEST_STEP_S: Final = 10.0
"""A step that took longer was a paused process (a step here takes about 1 s); the rest of the
pause is not counted, so that a run stopped near its end still has its end."""


def find_rate(recipe: Recipe, progress: float) -> float:
    """Find the learning rate: linear warm-up, then half a cosine down to zero at progress 1."""
    if progress < recipe.warm_up:
        return recipe.rate * max(progress / recipe.warm_up, 0.01)
    share = (min(progress, 1.0) - recipe.warm_up) / (1.0 - recipe.warm_up)
    return recipe.rate * 0.5 * (1.0 + math.cos(math.pi * share))


def find_size(recipe: Recipe, progress: float) -> int:
    """Find the side in pixels of the training images."""
    return next(side for start, side in reversed(recipe.sizes) if progress >= start)


def find_crop_area(recipe: Recipe, progress: float) -> float:
    """Find the smallest share of the area that a crop keeps, linear in progress."""
    first, last = recipe.crop_area
    return first + (last - first) * min(progress, 1.0)


class Stopwatch:
    """Seconds that a run has worked, pauses left out; mutable, owned by the training loop."""

    def __init__(
        self, spent_s: float = 0.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start at `spent_s`, which a resumed run takes from its checkpoint."""
        self.spent_s = spent_s
        self._clock = clock
        self._last_s = clock()

    def tick(self) -> None:
        """Count the time since the last tick, `LONGEST_STEP_S` at most."""
        now_s = self._clock()
        self.spent_s += min(now_s - self._last_s, LONGEST_STEP_S)
        self._last_s = now_s
