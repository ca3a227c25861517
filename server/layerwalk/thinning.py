"""Keeping some of many places in a row, evenly: the first, the last, and a spread between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


def least_needed(places: Sequence[int]) -> int | None:
    """Return the index of the place whose loss leaves the most even row.

    It is the one whose neighbours lie closest together, of several the first; never the first or
    the last of the row. Dropping by this rule as places arrive leaves gaps within a factor of two
    or so of each other, over the whole row.

    Args:
        places: positions that do not decrease, such as training steps.

    Returns:
        None where there are fewer than three.
    """
    if len(places) < 3:
        return None
    gaps = range(1, len(places) - 1)
    return min(gaps, key=lambda index: places[index + 1] - places[index - 1])


class EvenRow(Generic[T]):
    """Items in the order they came, of which every n-th is kept, and always the last.

    When `limit` are kept, every second of them goes and n doubles, so an item costs constant time
    however many there were. Mutable; its owner guards it.

    Args:
        limit: items that are kept, at least 4.
    """

    def __init__(self, limit: int) -> None:
        assert limit >= 4
        self._limit = limit
        self._stride = 1
        self._count = 0
        self._kept: list[T] = []
        self._last: T | None = None

    @property
    def count(self) -> int:
        """Items that came, kept or not."""
        return self._count

    def add(self, item: T) -> None:
        if self._count % self._stride == 0:
            if len(self._kept) == self._limit - 1:
                del self._kept[1::2]
                self._stride *= 2
            if self._count % self._stride == 0:
                self._kept.append(item)
        self._last = item
        self._count += 1

    def items(self) -> tuple[T, ...]:
        """Return what is kept, in order; at most `limit`."""
        if self._last is None or (self._kept and self._kept[-1] is self._last):
            return tuple(self._kept)
        return (*self._kept, self._last)
