"""Laws of the tile cache: its budget holds, the overview stays, chains have no gap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwalk_client.cache import TileCache
from layerwalk_shared.tiles import Tile, TileKey, TileType, level_count, level_shape

SHAPE = (16, 12)


def tile(node: int, level: int) -> Tile:
    height, width = level_shape(SHAPE, level)
    return Tile(
        TileKey(node, 0, level),
        TileType.FLOAT16,
        0,
        np.zeros((4, height, width), np.float16),
        np.ones(4, np.float32),
        1,
    )


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, level_count(SHAPE) - 1)), max_size=60),
    st.integers(0, 8000),
)
def test_the_budget_holds_whatever_arrives(places, budget):
    cache = TileCache(budget)
    largest = tile(0, 0).payload_bytes
    for node, level in places:
        cache.put("s", tile(node, level))
        assert cache.used_bytes <= max(budget, largest)
    held = {place for place in places if ("s", TileKey(place[0], 0, place[1])) in cache}
    assert cache.used_bytes == sum(tile(*place).payload_bytes for place in held)


def test_the_overview_stays_when_everything_else_goes():
    cache = TileCache(budget_bytes=2000)
    coarse = [tile(0, level) for level in range(1, level_count(SHAPE))]
    for one in coarse:
        cache.put("s", one, is_pinned=True)
    for node in range(1, 20):
        cache.put("s", tile(node, 0))
    assert cache.chain("s", 0, 0) == tuple(coarse)


def test_a_chain_ends_where_a_level_is_missing():
    cache = TileCache(budget_bytes=10**6)
    for level in (0, 2, 3, 4):
        cache.put("s", tile(0, level))
    assert [one.key.level for one in cache.chain("s", 0, 0)] == [2, 3, 4]
    cache.put("s", tile(0, 1))
    assert [one.key.level for one in cache.chain("s", 0, 0)] == [0, 1, 2, 3, 4]


def test_no_chain_without_its_coarsest_level():
    cache = TileCache(budget_bytes=10**6)
    cache.put("s", tile(0, 0))
    assert cache.chain("s", 0, 0) == ()
    assert cache.chain("other", 0, 0) == ()


def test_the_least_recently_used_goes_first():
    one = tile(0, 0).payload_bytes
    cache = TileCache(budget_bytes=3 * one)
    for node in range(3):
        cache.put("s", tile(node, 0))
    cache.put("s", tile(0, 0))  # used again
    cache.put("s", tile(3, 0))
    assert [("s", TileKey(node, 0, 0)) in cache for node in range(4)] == [True, False, True, True]


def test_a_dropped_snapshot_leaves_nothing():
    cache = TileCache(budget_bytes=10**6)
    cache.put("a", tile(0, 4), is_pinned=True)
    cache.put("a", tile(0, 3))
    cache.put("b", tile(0, 4), is_pinned=True)
    cache.drop("a")
    assert cache.used_bytes == 0
    assert cache.snapshots() == {"b"}


def test_a_tile_that_becomes_pinned_leaves_the_budget():
    cache = TileCache(budget_bytes=10**6)
    cache.put("s", tile(0, 4))
    cache.put("s", tile(0, 4), is_pinned=True)
    assert cache.used_bytes == 0
    assert cache.pinned_bytes == tile(0, 4).payload_bytes


def test_a_negative_budget_is_refused():
    with pytest.raises(ValueError, match="-1 bytes"):
        TileCache(-1)
