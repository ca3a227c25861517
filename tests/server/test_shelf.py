"""The shelf of snapshots: pinned ones stay, the oldest others go, ids never come back."""

from __future__ import annotations

import numpy as np
import pytest

from layerwalk.shelf import SnapshotShelf
from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import GoneError, NotFoundError
from server.frozen import make_snapshot

ONE = 4 * 100


def put(
    shelf: SnapshotShelf, *, client: str | None = "me", network: str = "n1"
) -> tuple[Snapshot, tuple[str, ...]]:
    snapshot_id, generation = shelf.reserve()
    made = make_snapshot(np.zeros(100, np.float32))
    manifest = made.manifest.model_copy(
        update={"id": snapshot_id, "generation": generation, "client": client, "network": network}
    )
    snapshot = Snapshot(manifest, made.graph, made.values, made.input)
    return snapshot, tuple(gone.id for gone in shelf.add(snapshot))


def test_the_oldest_go_when_memory_is_full() -> None:
    shelf = SnapshotShelf(budget_bytes=3 * ONE, stamp="ab")
    ids = [put(shelf)[0].id for _ in range(3)]
    _, gone = put(shelf)
    assert gone == (ids[0],)
    assert shelf.nbytes == 3 * ONE


def test_the_newest_of_each_network_and_the_newest_of_nobody_stay() -> None:
    shelf = SnapshotShelf(budget_bytes=1, stamp="ab")
    shared, _ = put(shelf, client=None)
    mine, gone = put(shelf)
    assert gone == ()
    other, gone = put(shelf, network="n2")
    assert gone == ()
    newer, gone = put(shelf)
    assert gone == (mine.id,)
    assert shelf.of("n1") == (shared, newer)
    assert shelf.shared("n1") is shared
    assert shelf.shared("n2") is None
    assert shelf.of("n2") == (other,)


def test_values_that_nodes_share_are_counted_once() -> None:
    values = np.zeros((2, 5, 5), np.float32)
    assert make_snapshot(values, values, None).nbytes == values.nbytes


def test_snapshots_are_read_only_and_leave_the_callers_array_alone() -> None:
    values = np.zeros((2, 5, 5), np.float32)
    snapshot = make_snapshot(values)
    with pytest.raises(ValueError, match="read-only"):
        snapshot.node_values(0)[0, 0, 0] = 1
    assert values.flags.writeable


def test_gone_is_not_the_same_as_never() -> None:
    shelf = SnapshotShelf(budget_bytes=1, stamp="ab")
    first, _ = put(shelf)
    put(shelf)
    with pytest.raises(GoneError, match="dropped"):
        shelf.get(first.id)
    for never in ("s3-ab", "s1-cd", "s0-ab", "s01-ab", "s-1-ab", "", "s1", "s" + "9" * 99 + "-ab"):
        with pytest.raises(NotFoundError):
            shelf.get(never)
