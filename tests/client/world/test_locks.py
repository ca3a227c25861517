"""Locks hold ranges of nodes, of groups or of everything, and let go of just what is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.world.networks import described, manifest, resnet
from layerwalk_client.app.range_locks import RangeLocks
from layerwalk_client.world.layout import layout
from layerwalk_client.world.locks import Locks

KEYS = st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 6))
VALUES = st.floats(1e-6, 1e6)


@given(st.lists(KEYS, min_size=1), st.lists(KEYS, min_size=1), VALUES, VALUES)
def test_a_later_lock_wins_and_others_stay(first, second, one, other):
    locks = Locks().locked(first, one).locked(second, other)
    for key in (*first, *second):
        assert locks.of(key) == (other if key in second else one)
    left = locks.unlocked(second)
    for key in first:
        assert left.of(key) == (None if key in second else one)
    assert locks.of(("elsewhere", 1)) is None


@given(st.lists(KEYS), VALUES, VALUES)
def test_one_for_everything_is_one_for_everything(keys, one, other):
    locks = Locks().locked(keys, one).locked_everywhere(other)
    assert all(locks.of(key) == other for key in [*keys, ("c", 99)])
    assert locks.locked([("a", 1)], one).of(("a", 1)) == one, "a node may still differ"
    assert not Locks().is_any
    assert locks.is_any


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_a_range_is_above_zero(value):
    with pytest.raises(ValueError, match="above 0"):
        Locks().locked([("a", 1)], value)
    with pytest.raises(ValueError, match="above 0"):
        Locks().locked_everywhere(value)


def test_walls_of_a_scene_get_their_ranges_over_others_and_nothing_changes_at_rest():
    graph = resnet()
    network = described(graph)
    scene = layout(network, manifest(graph))
    locks = RangeLocks()
    below = {(network.id, 4): 9.0}
    assert locks.over(below, scene) is below
    locks.held = Locks().locked([(network.id, 4), (network.id, 5)], 2.5)
    found = locks.over(below, scene)
    assert found[network.id, 4] == found[network.id, 5] == 2.5
    assert locks.over(below, scene) is found
    locks.held = locks.held.locked_everywhere(1.5)
    values = {wall.value_key for wall in scene.walls if not wall.is_image}
    assert dict.fromkeys(values, 1.5) == locks.over(below, scene)
    locks.held = Locks().locked([(network.id, 4), ("other", 4)], 2.0)
    locks.forget(network.id)
    assert locks.held == Locks({("other", 4): 2.0})
