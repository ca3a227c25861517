"""Walls that take each other's place: which one is seen, and how far a cross-fade has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.scene import Wall

SWAP_S = 0.7
"""Seconds that pictures take to replace values, and back: calm, and longer than a mere update."""

Key = tuple[str, int]


@dataclass(slots=True)
class _Swap:
    """One place where a wall comes: its value key, that of the wall before, how far it is."""

    coming: Key
    going: Key
    share: float


class Swaps:
    """Which of the walls at one place is drawn. Mutable, owned by the main thread.

    Walls are numbered: first those that are seen, then the hidden ones.

    Attributes:
        whole: numbers of the walls drawn whole: those that are seen, or are just being covered.
    """

    def __init__(self) -> None:
        """Have no walls."""
        self._seen: dict[Key, Key] = {}
        self._swaps: dict[Key, _Swap] = {}
        self._numbers: dict[Key, int] = {}
        self._count = 0
        self.whole: NDArray[np.intp] = np.zeros(0, np.intp)

    @property
    def is_any(self) -> bool:
        """Whether a wall is just taking another one's place."""
        return bool(self._swaps)

    @property
    def coming(self) -> list[tuple[int, float]]:
        """Walls that are coming, and how far they have come, 0..1, eased in and out."""
        return [
            (self._numbers[swap.coming], swap.share**2 * (3 - 2 * swap.share))
            for swap in self._swaps.values()
        ]

    def set_walls(self, walls: Sequence[Wall], hidden: Sequence[Wall]) -> None:
        """Take other walls; where one was seen that is hidden now, a cross-fade begins."""
        self._numbers = {wall.value_key: place for place, wall in enumerate((*walls, *hidden))}
        self._count = len(walls)
        before, old = self._seen, self._swaps
        self._seen = {(wall.network, wall.node): wall.value_key for wall in walls}
        self._swaps = {}
        for place, now in self._seen.items():
            was, swap = before.get(place, now), old.get(place)
            if was != now:
                turns_back = swap is not None and swap.going == now
                share = 1.0 - swap.share if swap is not None and turns_back else 0.0
                swap = _Swap(now, was, share)
            if swap is not None and self._numbers.get(swap.going, 0) >= self._count:
                self._swaps[place] = swap
        self._choose()

    def advance(self, dt: float) -> None:
        """Let `dt` seconds pass; 0 ends every cross-fade."""
        for place, swap in list(self._swaps.items()):
            swap.share = 1.0 if dt <= 0 else min(1.0, swap.share + dt / SWAP_S)
            if swap.share >= 1.0:
                del self._swaps[place]
                self._choose()

    def _choose(self) -> None:
        is_whole = np.ones(self._count, bool)
        for swap in self._swaps.values():
            is_whole[self._numbers[swap.coming]] = False
        going = [self._numbers[swap.going] for swap in self._swaps.values()]
        self.whole = np.concatenate([np.flatnonzero(is_whole), np.array(going, np.intp)])
