"""The shelf of snapshots: keeps as many as memory allows, and knows which ones are gone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from layerwalk.snapshots import Snapshot
from layerwalk.thinning import least_needed
from layerwalk_shared.errors import GoneError, NotFoundError

TIMELINE_SHARE = 0.75
"""Of the budget, before a timeline is thinned rather than what people put on the input dropped."""


class SnapshotShelf:
    """Snapshots by id, oldest first, within a budget of bytes.

    Of each network two are pinned: the newest run, and the newest that belongs to no client, which
    is what someone who connects sees first; and so are those that somebody compares. Of the others
    the oldest go, but those of training steps
    are thinned so that what stays is even over the whole training, its first among them.

    Mutable, owned by the session, which calls it under its lock.

    Args:
        budget_bytes: of the values of all snapshots; the pinned ones may exceed it.
        stamp: part of every id, so that ids of another session are not taken for this one's.
    """

    def __init__(self, *, budget_bytes: int, stamp: str) -> None:
        self._budget = budget_bytes
        self._stamp = stamp
        self._form = re.compile(rf"s([1-9][0-9]{{0,17}})-{re.escape(stamp)}")
        self._snapshots: dict[str, Snapshot] = {}
        self._pins: Counter[str] = Counter()
        self._untold: set[str] = set()
        self._generation = 0

    @property
    def nbytes(self) -> int:
        return sum(snapshot.nbytes for snapshot in self._snapshots.values())

    def reserve(self) -> tuple[str, int]:
        """Return the id and generation of the next snapshot; neither comes back."""
        self._generation += 1
        return f"s{self._generation}-{self._stamp}", self._generation

    def add(
        self, snapshot: Snapshot, *, keeps: str | None = None, is_told: bool = True
    ) -> tuple[Snapshot, ...]:
        """Keep a snapshot, in order of generations; return those that had to go for it.

        Args:
            snapshot: to keep.
            keeps: id of one that stays this time.
            is_told: it is one of its network's; else only `get` finds it.
        """
        if not is_told:
            self._untold.add(snapshot.id)
        is_newest = all(one.generation < snapshot.generation for one in self._snapshots.values())
        self._snapshots[snapshot.id] = snapshot
        if not is_newest:
            ordered = sorted(self._snapshots.values(), key=lambda one: one.generation)
            self._snapshots = {one.id: one for one in ordered}
        pinned = self._pinned() | ({keeps} if keeps else set())
        gone: list[Snapshot] = []
        held = self.nbytes
        while held > self._budget and (candidate := self._next_to_go(pinned)) is not None:
            gone.append(self._pop(candidate.id))
            held -= candidate.nbytes
        return tuple(gone)

    def pin(self, snapshots: Iterable[str]) -> None:
        """Let snapshots stay whatever the budget, until they are unpinned as often."""
        self._pins.update(snapshots)

    def unpin(self, snapshots: Iterable[str]) -> None:
        """Take back a `pin`."""
        self._pins.subtract(snapshots)
        self._pins = +self._pins

    def drop(self, snapshots: Iterable[str]) -> tuple[Snapshot, ...]:
        """Drop snapshots; return those that were here."""
        return tuple(self._pop(one) for one in snapshots if one in self._snapshots)

    def clear(self, network: str) -> tuple[Snapshot, ...]:
        """Drop all snapshots of a network; return them."""
        gone = [one for one in self._snapshots.values() if one.manifest.network == network]
        return tuple(self._pop(one.id) for one in gone)

    def holds(self, snapshot_id: str) -> bool:
        """Return whether a snapshot is here."""
        return snapshot_id in self._snapshots

    def get(self, snapshot_id: str) -> Snapshot:
        """Return a snapshot.

        Raises:
            GoneError: it was here and went.
            NotFoundError: it never was.
        """
        found = self._snapshots.get(snapshot_id)
        if found is not None:
            return found
        match = self._form.fullmatch(snapshot_id)
        if match and int(match[1]) <= self._generation:
            raise GoneError(
                f"snapshot {snapshot_id!r} was dropped to keep within {self._budget} bytes"
            )
        raise NotFoundError(f"snapshot {snapshot_id!r} does not exist in this session")

    def of(self, network: str) -> tuple[Snapshot, ...]:
        """Return the snapshots of a network, oldest first."""
        return tuple(one for one in self._told() if one.manifest.network == network)

    def shared(self, network: str) -> Snapshot | None:
        """Return the newest run of a network that belongs to no client."""
        mine = [one for one in self.of(network) if one.manifest.client is None and _is_run(one)]
        return mine[-1] if mine else None

    def _told(self) -> Iterator[Snapshot]:
        return (one for one in self._snapshots.values() if one.id not in self._untold)

    def _pop(self, snapshot_id: str) -> Snapshot:
        self._untold.discard(snapshot_id)
        return self._snapshots.pop(snapshot_id)

    def _next_to_go(self, pinned: set[str]) -> Snapshot | None:
        others: list[Snapshot] = []
        lines: dict[str, list[Snapshot]] = {}
        for one in self._snapshots.values():
            if one.manifest.step is not None:
                lines.setdefault(one.manifest.network, []).append(one)
            elif one.id not in pinned:
                others.append(one)
        line = max(lines.values(), key=_size, default=[])
        if others and (len(line) < 3 or _size(line) <= TIMELINE_SHARE * self._budget):
            return others[0]
        line = sorted(line, key=_step)
        place = least_needed([_step(one) for one in line])
        if place is None or line[place].id in pinned:
            left = [one for one in line if one.id not in pinned]
            return others[0] if others else next(iter(left), None)
        return line[place]

    def _pinned(self) -> set[str]:
        newest: dict[tuple[str, bool], str] = {}
        for one in filter(_is_run, self._told()):
            newest[one.manifest.network, False] = one.id
            if one.manifest.client is None:
                newest[one.manifest.network, True] = one.id
        return {*newest.values(), *self._pins}


def _is_run(snapshot: Snapshot) -> bool:
    """Whether a snapshot shows a run of the network, not what a maximisation or an attribution made."""
    return snapshot.manifest.is_run


def _step(snapshot: Snapshot) -> int:
    return snapshot.manifest.step or 0


def _size(snapshots: list[Snapshot]) -> int:
    return sum(one.nbytes for one in snapshots)
