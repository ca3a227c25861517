"""The tile store: what is asked for comes in order, is made once, and stays within the budget."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from layerwalk.tilestore import CHUNK_BYTES, TileStore, overview_keys
from layerwalk_shared.errors import ClosedError, NotFoundError, TooLargeError
from layerwalk_shared.graph import make_graph
from layerwalk_shared.tiles import TileKey, TileType, decode
from server.frozen import make_snapshot, random_maps


@pytest.fixture
def store(no_thread_left: None) -> Iterator[TileStore]:
    made = TileStore(budget_bytes=2**20)
    yield made
    made.close()


def test_tiles_come_in_the_order_asked_for_with_their_own_keys(store: TileStore) -> None:
    snapshot = make_snapshot(random_maps(300, 6, 6), random_maps(4, 8, 8), generation=77)
    keys = [TileKey(1, 0, 1), TileKey(0, 1, 0), TileKey(0, 0, 2), TileKey(1, 0, 1)]
    tiles = decode(store.body(snapshot, keys, dtype="float16"))
    assert [tile.key for tile in tiles] == keys
    assert [tile.first_channel for tile in tiles] == [0, 256, 0, 0]
    assert [tile.count for tile in tiles] == [4, 44, 256, 4]
    assert {tile.generation for tile in tiles} == {77}
    assert (tiles[1].values == snapshot.values[0][256:].astype(np.float16)).all()
    means = snapshot.values[1].reshape(4, 4, 2, 4, 2).mean((2, 4))
    np.testing.assert_allclose(tiles[0].values, means, atol=2e-3)


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_a_kept_tile_is_the_tile_that_was_made(store: TileStore, dtype: str) -> None:
    snapshot = make_snapshot(random_maps(300, 9, 7))
    keys = [TileKey(0, block, level) for block in (0, 1) for level in range(4)]
    fresh = store.body(snapshot, keys, dtype=dtype)
    assert store.kept_bytes == 0
    store.add(snapshot)
    first = store.body(snapshot, keys, dtype=dtype)
    assert store.kept_bytes > 0
    assert store.body(snapshot, keys, dtype=dtype) == first == fresh


def test_blocks_asked_for_alone_are_those_asked_for_together(store: TileStore) -> None:
    snapshot = make_snapshot(random_maps(600, 5, 3))
    keys = [TileKey(0, block, level) for level in range(3) for block in range(3)]
    together = store.body(snapshot, keys, dtype="int8")
    assert b"".join(store.body(snapshot, [key], dtype="int8") for key in keys) == together


def test_nodes_with_the_same_values_share_their_tiles(store: TileStore) -> None:
    values = random_maps(3, 4, 4)
    snapshot = make_snapshot(values, values, same_as={1: 0})
    store.add(snapshot)
    first = decode(store.body(snapshot, [TileKey(0, 0, 1)], dtype="int8"))[0]
    kept = store.kept_bytes
    second = decode(store.body(snapshot, [TileKey(1, 0, 1)], dtype="int8"))[0]
    assert store.kept_bytes == kept
    assert second.key == TileKey(1, 0, 1)
    assert (first.values == second.values).all()
    assert [key.node for key in overview_keys(snapshot, 8)] == [0]


def test_the_budget_holds_and_the_least_recently_used_goes(no_thread_left: None) -> None:
    snapshot = make_snapshot(*(random_maps(16, 16, 16) for _ in range(6)))
    one = 16 * 8 * 8 + 16 * 4
    store = TileStore(budget_bytes=3 * one)
    store.add(snapshot)
    for node in range(6):
        store.body(snapshot, [TileKey(node, 0, 1)], dtype="int8")
        assert store.kept_bytes <= 3 * one
    assert store.kept_bytes == 3 * one
    store.close()
    assert store.kept_bytes == 0


def test_dropped_snapshots_leave_nothing_and_are_not_kept_again(store: TileStore) -> None:
    snapshot = make_snapshot(random_maps(4, 8, 8))
    store.add(snapshot)
    store.overview(snapshot, 4, dtype="int8")
    store.body(snapshot, [TileKey(0, 0, 1)], dtype="int8")
    assert store.kept_bytes > 0
    store.drop([snapshot.generation])
    assert store.kept_bytes == 0
    store.body(snapshot, [TileKey(0, 0, 1)], dtype="int8")
    assert store.kept_bytes == 0


def test_the_overview_holds_every_node_at_its_finest_level_within_the_side(
    store: TileStore,
) -> None:
    snapshot = make_snapshot(random_maps(3, 64, 32), None, random_maps(5), random_maps(300, 4, 4))
    body = store.overview(snapshot, 8, dtype="float16")
    data = b"".join(bytes(chunk.view) for chunk in body.chunks)
    tiles = decode(data)
    assert len(data) == body.size
    assert [(tile.key.node, tile.key.block, tile.key.level) for tile in tiles] == [
        (0, 0, 3), (2, 0, 0), (3, 0, 0), (3, 1, 0),
    ]  # fmt: skip
    assert tiles[0].shape_hw == (8, 4)
    assert all(max(tile.shape_hw) <= 8 for tile in tiles)


def test_many_who_ask_for_one_overview_get_the_same(store: TileStore) -> None:
    snapshot = make_snapshot(*(random_maps(64, 16, 16) for _ in range(8)))
    store.add(snapshot)
    found: list[bytes] = []
    together = threading.Barrier(6)

    def ask() -> None:
        together.wait()
        body = store.overview(snapshot, 4, dtype="int8")
        found.append(b"".join(bytes(chunk.view) for chunk in body.chunks))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1
    assert found[0] == store.body(snapshot, overview_keys(snapshot, 4), dtype="int8")


def test_a_large_body_comes_in_chunks_whose_memory_is_used_again(store: TileStore) -> None:
    snapshot = make_snapshot(*(random_maps(256, 56, 56) for _ in range(4)))
    keys = [TileKey(node, 0, 0) for node in range(4)] * 2
    whole = store.body(snapshot, keys, dtype="float16")
    body = store.stream(snapshot, keys, dtype="float16")
    assert body.size == len(whole) > 2 * CHUNK_BYTES
    buffers: set[int] = set()
    data = bytearray()
    for chunk in body.chunks:
        assert len(chunk.view) <= CHUNK_BYTES
        data += chunk.view
        buffers.add(id(chunk.buffer))
        store.give_back(chunk)
    assert bytes(data) == whole
    assert len(buffers) < len(keys)
    for tile, key in zip(decode(whole), keys, strict=True):
        assert (tile.values == snapshot.values[key.node].astype(np.float16)).all()


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (TileKey(9, 0, 0), "node index 9"),
        (TileKey(0, 2, 0), "block 2 of 2"),
        (TileKey(0, 0, 4), "no level 4; 9 x 7 has levels 0 to 3"),
        (TileKey(1, 0, 0), "'node1' has no values"),
    ],
)
def test_keys_that_name_nothing_are_refused_before_anything_is_made(
    store: TileStore, key: TileKey, sentence: str
) -> None:
    snapshot = make_snapshot(random_maps(300, 9, 7), None)
    with pytest.raises(NotFoundError, match=sentence):
        store.stream(snapshot, [TileKey(0, 0, 0), key], dtype="float16")


def test_a_side_that_no_tile_holds_is_refused_with_a_way_out(store: TileStore) -> None:
    snapshot = make_snapshot(np.zeros((2, 20_000), np.float32))
    with pytest.raises(TooLargeError, match="higher level"):
        store.stream(snapshot, [TileKey(0, 0, 0)], dtype="int8")
    assert decode(store.body(snapshot, [TileKey(0, 0, 1)], dtype="int8"))[0].shape_hw == (1, 10_000)


def test_an_image_node_is_rgb_whatever_is_asked_for(store: TileStore) -> None:
    values = np.full((3, 6, 6), 0.5, np.float32)
    plain = make_snapshot(values)
    node = plain.graph.nodes[0].model_copy(update={"view": "image", "channels": 1})
    shown = plain.manifest.nodes[0].model_copy(update={"pictures": (1, 6, 6)})
    snapshot = replace(
        plain,
        manifest=plain.manifest.model_copy(update={"nodes": (shown,)}),
        graph=make_graph((node,)),
    )
    tile = decode(store.body(snapshot, [TileKey(0, 0, 1)], dtype="int8"))[0]
    assert tile.dtype is TileType.RGB8
    assert tile.values.shape == (1, 3, 3, 3)
    assert (tile.values == 128).all()


def test_a_closed_store_says_so(no_thread_left: None) -> None:
    store = TileStore()
    store.close()
    with pytest.raises(ClosedError):
        store.body(make_snapshot(random_maps(1, 2, 2)), [TileKey(0, 0, 0)], dtype="int8")
