"""What is kept to be looked at: snapshots in memory and on disk, and the histories of trainings.

Every change is told of as an event, under one lock, so that what is asked for after an event number
holds all that was told up to it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from layerwalk.archive import SnapshotArchive
from layerwalk.events import EventLog
from layerwalk.history import History
from layerwalk.limits import Limits
from layerwalk.shelf import SnapshotShelf
from layerwalk.snapshots import Snapshot
from layerwalk.tilestore import TileStore
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    MetricsPublished,
    SnapshotsDropped,
    SnapshotTaken,
    TrainingEnded,
    TrainingStepped,
)
from layerwalk_shared.training import (
    GradientHistogram,
    GradientHistograms,
    MetricPoint,
    TrainingHistory,
    TrainingStep,
)

OVERVIEW_SIDE = 8
"""Tiles of sides up to this are made ready with every snapshot: what a client asks for first."""

POINTS_TOLD = 512
"""Points of metrics in one event."""


class Gallery:
    """Mutable, shared by all threads.

    Args:
        limits: how much of anything.
        stamp: part of every snapshot's id.
        events: told of every change.
        tiles: kept for the snapshots that are here.
        lock: guards all of it; the session's own, so that both make one consistent cut.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        stamp: str,
        events: EventLog,
        tiles: TileStore,
        lock: threading.RLock,
    ) -> None:
        self._limits = limits
        self._events = events
        self._tiles = tiles
        self._lock = lock
        self._shelf = SnapshotShelf(budget_bytes=limits.snapshot_bytes, stamp=stamp)
        self._archive: SnapshotArchive | None = None
        self._histories: dict[str, History] = {}

    def keep_on_disk(self, folder: Path) -> None:
        """Write the snapshots of training steps to a folder from now on; they are not lost then.

        Raises:
            OSError: the folder cannot be made.
        """
        archive = SnapshotArchive(folder)
        with self._lock:
            self._archive = archive

    @property
    def is_on_disk(self) -> bool:
        """Whether snapshots of training steps are written to a folder."""
        with self._lock:
            return self._archive is not None and not self._archive.is_closed

    def reserve(self) -> tuple[str, int]:
        """Return the id and generation of the next snapshot; neither comes back."""
        with self._lock:
            return self._shelf.reserve()

    def put(self, snapshot: Snapshot) -> None:
        """Keep a snapshot and tell of it; under the lock of a caller who tells of more, or not."""
        with self._lock:
            gone = self._shelf.add(snapshot)
            self._tiles.add(snapshot)
            self._events.publish(SnapshotTaken, manifest=snapshot.manifest)
            self._let_go(gone)

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot that only those who asked for it know of."""
        with self._lock:
            gone = self._shelf.add(snapshot, is_told=False)
            self._tiles.add(snapshot)
            self._let_go(gone)

    def pin(self, snapshots: Iterable[str]) -> None:
        """Let snapshots stay whatever the budget, until they are unpinned as often."""
        with self._lock:
            self._shelf.pin(snapshots)

    def unpin(self, snapshots: Iterable[str]) -> None:
        """Take back a `pin`."""
        with self._lock:
            self._shelf.unpin(snapshots)

    def drop(self, snapshots: Iterable[str]) -> None:
        """Drop snapshots that are of no more use, and tell of it."""
        with self._lock:
            self._let_go(self._shelf.drop(snapshots))

    def warm(self, snapshot: Snapshot) -> None:
        """Make the overview ready, after the snapshot was told of, so that nobody waits for it."""
        self._tiles.overview(snapshot, OVERVIEW_SIDE, dtype="float16")

    def write(self, snapshot: Snapshot) -> None:
        """Put a snapshot on disk too, where that is wished.

        Raises:
            OSError: the disk is full, or the folder is gone. Nothing more is written then.
        """
        with self._lock:
            archive = self._archive
        if archive is None or archive.is_closed:
            return
        try:
            archive.put(snapshot)
        except OSError:
            archive.close()
            raise

    def get(self, snapshot_id: str) -> Snapshot:
        """Return a snapshot; one that is only on disk is brought back.

        Raises:
            GoneError: it was dropped to keep within memory.
            NotFoundError: there is no such snapshot.
        """
        with self._lock:
            archive = self._archive
            if archive is None or snapshot_id not in archive or self._shelf.holds(snapshot_id):
                return self._shelf.get(snapshot_id)
        snapshot = archive.get(snapshot_id)
        with self._lock:
            if not self._shelf.holds(snapshot_id):
                self._tiles.add(snapshot)
                self._let_go(self._shelf.add(snapshot, keeps=snapshot_id))
        return snapshot

    def of(self, network: str) -> tuple[Snapshot, ...]:
        """Return the snapshots of a network that are in memory, oldest first."""
        with self._lock:
            return self._shelf.of(network)

    def shared(self, network: str) -> Snapshot | None:
        """Return the newest snapshot of a network that belongs to no client."""
        with self._lock:
            return self._shelf.shared(network)

    def clear(self, network: str, before: Graph, after: Graph) -> None:
        """Drop all snapshots of a network, whose graph is another now, and tell of it.

        What is remembered of its training stays; nodes are told by their places in the new graph.
        """
        places = {
            index: after.index[node.id]
            for index, node in enumerate(before.nodes)
            if node.id in after.index
        }
        with self._lock:
            self._history(network).move_nodes(places)
            gone = self._shelf.clear(network)
            if self._archive is not None:
                self._archive.forget(network)
            self._let_go(gone)

    def begin_training(self, network: str) -> None:
        """Say that a network trains from now on."""
        with self._lock:
            self._history(network).begin()

    def add_points(self, network: str, points: Sequence[MetricPoint]) -> None:
        """Add to the curves of a training and tell of it."""
        with self._lock:
            self._history(network).add_points(points)
            for start in range(0, len(points), POINTS_TOLD):
                told = tuple(points[start : start + POINTS_TOLD])
                self._events.publish(MetricsPublished, network=network, points=told)

    def add_step(
        self, network: str, step: TrainingStep, histograms: tuple[GradientHistogram, ...]
    ) -> None:
        """Add a step that was served, and tell of it."""
        with self._lock:
            self._history(network).add_step(step, histograms)
            self._events.publish(TrainingStepped, network=network, step=step)

    def end_training(self, network: str) -> None:
        """Tell that a training has ended, once."""
        with self._lock:
            history = self._history(network)
            if history.is_running:
                history.end()
                self._events.publish(TrainingEnded, network=network)

    def training(self, network: str) -> TrainingHistory:
        """Return the training of a network so far; an empty one where none was."""
        with self._lock:
            return self._history(network).describe(network)

    def gradients(self, network: str, step: int) -> GradientHistograms:
        """Return the histograms of the gradients at a step that was served.

        Raises:
            NotFoundError: the step was never served.
            GoneError: it was thinned out.
        """
        with self._lock:
            if network not in self._histories:
                raise NotFoundError(f"network {network!r} does not train")
            return self._histories[network].gradients(step)

    def _history(self, network: str) -> History:
        found = self._histories.get(network)
        if found is None:
            found = self._histories[network] = History(
                points=self._limits.metric_points, steps=self._limits.training_steps
            )
        return found

    def _let_go(self, gone: Iterable[Snapshot]) -> None:
        gone = tuple(gone)
        self._tiles.drop(one.generation for one in gone)
        archive = self._archive
        lost = tuple(one.id for one in gone if archive is None or one.id not in archive)
        if lost:
            for history in self._histories.values():
                history.forget(lost)
            self._events.publish(SnapshotsDropped, snapshots=lost)
