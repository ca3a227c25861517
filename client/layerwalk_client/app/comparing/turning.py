"""The clock by which walls turn from one of two to the other, and back."""

from __future__ import annotations

TURN_S = 0.6
"""Seconds that each of the two is seen: long enough to look, short enough that the eye still
compares."""


class Turning:
    """Mutable, owned by the main thread.

    Attributes:
        shows_second: the second one is seen now.
        is_held: it stays so until it is let go on.
    """

    def __init__(self) -> None:
        self._clock_s = 0.0
        self._last_s: float | None = None
        self.shows_second = False
        self.is_held = False

    @property
    def rest_s(self) -> float:
        """Seconds until it turns by itself."""
        return max(0.0, TURN_S - self._clock_s)

    def begin(self) -> None:
        """Begin with the first of the two."""
        self._clock_s = 0.0
        self.shows_second = self.is_held = False

    def by_hand(self) -> None:
        """Turn now, and stay so."""
        self.is_held = True
        self.shows_second = not self.shows_second

    def advance(self, now_s: float, *, is_going: bool) -> bool:
        """Let time pass; return whether it turned.

        Args:
            now_s: the caller's clock.
            is_going: there is something that turns.
        """
        last, self._last_s = self._last_s, now_s
        if last is None or not is_going or self.is_held:
            return False
        self._clock_s += min(max(0.0, now_s - last), TURN_S)
        if self._clock_s < TURN_S:
            return False
        self._clock_s = 0.0
        self.shows_second = not self.shows_second
        return True
