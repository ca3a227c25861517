"""The comparisons that clients look at: each pins two snapshots and holds their difference."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from layerwalk.difference import Side, difference_of, partners_of, placed_as
from layerwalk.gallery import Gallery
from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.messages import ComparisonDescription


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    told: ComparisonDescription
    client: str | None
    pinned: tuple[str, ...]
    own: tuple[str, ...]


class Comparisons:
    """Mutable, shared by all threads.

    A client looks at one comparison: its next one lets go of the one before. Of all together so
    many are held as `most`; the oldest go.

    Args:
        gallery: keeps the snapshots.
        called: gives a network's name, and the names of its outputs, by its id.
        lock: guards the table; the session's own.
        most: comparisons at once.
    """

    def __init__(
        self,
        gallery: Gallery,
        *,
        called: Callable[[str], tuple[str, tuple[str, ...]]],
        lock: threading.RLock,
        most: int,
    ) -> None:
        self._gallery = gallery
        self._called = called
        self._lock = lock
        self._most = most
        self._numbers = itertools.count(1)
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def begin(self, first_id: str, second_id: str, *, client: str | None) -> ComparisonDescription:
        """Compare two snapshots; they stay until the comparison ends.

        Args:
            first_id, second_id: ids of snapshots.
            client: who looks; its comparison before ends.

        Raises:
            NotFoundError: there is no such snapshot.
            GoneError: one was dropped.
            InvalidRequestError: one is no run of a network.
        """
        with self._lock:
            first, second = self._gallery.get(first_id), self._gallery.get(second_id)
            self._gallery.pin((first_id, second_id))
        try:
            partners = partners_of(first, second)
            placed = placed_as(second, first, partners, name=self._gallery.reserve())
            snapshot_id, generation = self._gallery.reserve()
            difference = difference_of(
                self._side(first), self._side(second), partners,
                snapshot_id=snapshot_id, generation=generation,
            )  # fmt: skip
        except BaseException:
            self._gallery.unpin((first_id, second_id))
            raise
        own = [difference] if placed is second else [placed, difference]
        told = ComparisonDescription(
            id=f"c{next(self._numbers)}",
            first=first.manifest,
            second=placed.manifest,
            difference=difference.manifest,
            matched=sum(partner.node is not None for partner in partners),
        )
        with self._lock:
            before = [key for key, one in self._held.items() if client and one.client == client]
            names = tuple(one.id for one in own)
            self._held[told.id] = _Held(told, client, (first_id, second_id, *names), names)
            self._gallery.pin(names)
            for one in own:
                self._gallery.keep(one)
            for key in before:
                self._end(key)
            while len(self._held) > self._most:
                self._end(next(iter(self._held)))
        self._gallery.warm(difference)
        return told

    def get(self, comparison_id: str) -> ComparisonDescription:
        """Return a comparison.

        Raises:
            NotFoundError: there is none of that id (any more).
        """
        with self._lock:
            return self._find(comparison_id).told

    def all(self) -> tuple[ComparisonDescription, ...]:
        """Return all comparisons, oldest first."""
        with self._lock:
            return tuple(one.told for one in self._held.values())

    def end(self, comparison_id: str) -> ComparisonDescription:
        """Let go of a comparison: its snapshots may be dropped, its difference is. Return it.

        Raises:
            NotFoundError: there is none of that id (any more).
        """
        with self._lock:
            told = self._find(comparison_id).told
            self._end(comparison_id)
            return told

    def _find(self, comparison_id: str) -> _Held:
        found = self._held.get(comparison_id)
        if found is None:
            raise NotFoundError(f"comparison {comparison_id!r} does not exist (any more)")
        return found

    def _end(self, comparison_id: str) -> None:
        gone = self._held.pop(comparison_id)
        self._gallery.unpin(gone.pinned)
        self._gallery.drop(gone.own)

    def _side(self, snapshot: Snapshot) -> Side:
        name, classes = self._called(snapshot.manifest.network)
        return Side(snapshot, name, classes)
