"""Ranges follow the mode; what is not known yet is zero, not garbage."""

from __future__ import annotations

import numpy as np
import pytest

from client.gl.showroom import make_chain
from layerwalk_client.gl.ranges import NodeValues, channel_ranges, multipliers, shared_maximum
from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.tiles import TileType


def known(values: np.ndarray, dtype: TileType = TileType.FLOAT16) -> NodeValues:  # type: ignore[type-arg]
    """Return what is known of a node after its finest tile has come."""
    node = NodeValues(np.full(len(values), np.nan, np.float32))
    node.note(make_chain(values, node=0, dtype=dtype)[0])
    return node


def test_a_channel_that_has_not_come_has_no_range() -> None:
    node = NodeValues(np.array([2.0, np.nan], np.float32))
    ranges = channel_ranges(node, Appearance(mode="channel"), shared_maximum=0)
    np.testing.assert_array_equal(ranges, [2, 0])
    np.testing.assert_array_equal(multipliers(ranges), [0.5, 0])


def test_the_manifest_knows_the_maximum_before_the_tiles() -> None:
    told = NodeStatistics(
        shape=(2, 1, 1),
        pictures=(2, 1, 1),
        minimum=-8.0,
        maximum=2.0,
        quantiles=(1,) * 5 + (4,) * 3,
    )
    node = NodeValues(np.array([2.0, np.nan], np.float32), statistics=told)
    assert channel_ranges(node, Appearance(mode="percentile"), shared_maximum=0).tolist() == [4, 4]
    assert channel_ranges(node, Appearance(mode="node"), shared_maximum=0).tolist() == [8, 8]
    assert shared_maximum([node, NodeValues(np.array([9.0], np.float32))]) == 9


def test_tiny_and_broken_ranges_multiply_to_zero() -> None:
    ranges = np.array([0, 1e-38, np.inf, np.nan, 4], np.float32)
    np.testing.assert_array_equal(multipliers(ranges), [0, 0, 0, 0, 0.25])


@pytest.mark.parametrize("dtype", [TileType.FLOAT16, TileType.INT8])
def test_the_percentile_is_near_the_true_one(dtype: TileType) -> None:
    values = np.random.default_rng(0).standard_exponential((64, 40, 40)).astype(np.float32)
    node = known(values, dtype)
    for percentile in (50, 90, 99):
        share = (values <= node.percentile(percentile)).mean() * 100
        assert abs(share - percentile) < 2.5


def test_a_finer_tile_replaces_the_sample_and_a_coarser_one_does_not() -> None:
    values = np.random.default_rng(0).normal(size=(4, 32, 32)).astype(np.float32)
    chain = make_chain(values, node=0)
    node = NodeValues(np.full(4, np.nan, np.float32))
    node.note(chain[3])
    rough = node.percentile(99)
    node.note(chain[0])
    fine = node.percentile(99)
    node.note(chain[3])
    assert rough < fine == node.percentile(99)


def test_new_scales_are_a_change_and_the_same_ones_are_not() -> None:
    values = np.ones((2, 4, 4), np.float32)
    node = NodeValues(np.full(2, np.nan, np.float32))
    tile = make_chain(values, node=0)[0]
    assert node.note(tile)
    assert not node.note(tile)
    assert node.note(make_chain(values * 2, node=0)[0])


def test_more_channels_than_expected_are_taken() -> None:
    node = NodeValues(np.zeros(0, np.float32))
    node.note(make_chain(np.ones((3, 2, 2), np.float32), node=0, block=1)[0])
    assert len(node.scales) == 259
    assert np.isnan(node.scales[:256]).all()
