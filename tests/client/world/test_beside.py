"""Two halls stand apart, and what corresponds is as far from its wall here as there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.world.networks import described, transformer
from layerwalk_client.world.beside import AISLE, beside, correspondence, moved, named
from layerwalk_client.world.layout import layout
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera

WHITE = (1.0, 1.0, 1.0, 1.0)


def hall(name, blocks):
    return layout(described(transformer(blocks), network=name))


@pytest.fixture
def halls():
    return hall("a", 1), hall("b", 2)


def test_a_scene_moved_there_and_back_is_where_it_was(halls):
    scene = halls[0]
    back = moved(moved(scene, (3.0, 0.0, -2.0)), (-3.0, 0.0, 2.0))
    for one, other in zip(scene.walls, back.walls, strict=True):
        assert one.centre == pytest.approx(other.centre)
    for one, other in zip(scene.ribbons, back.ribbons, strict=True):
        np.testing.assert_allclose(one.path, other.path, atol=1e-5)
    for one, other in zip(scene.labels, back.labels, strict=True):
        assert one.position == pytest.approx(other.position)


def test_the_second_hall_stands_apart_with_its_input_in_line(halls):
    scene = beside(*halls)
    first = [wall for wall in scene.walls if wall.network == "a"]
    second = [wall for wall in scene.walls if wall.network == "b"]
    right = max(wall.centre[0] + wall.size_wh[0] / 2 for wall in first)
    left = min(wall.centre[0] - wall.size_wh[0] / 2 for wall in second)
    assert left - right == pytest.approx(AISLE, abs=0.5)
    assert first[0].centre[2] == pytest.approx(second[0].centre[2])
    assert scene.walls[: len(first)] == halls[0].walls


def test_one_hall_alone_stays_the_very_scene(halls):
    assert beside(halls[0], Scene()) is halls[0]


def test_a_hall_has_its_name_over_its_input(halls):
    sign = named(halls[0], "A", "resnet", WHITE).labels[-1]
    wall = halls[0].walls[0]
    assert sign.text == "A   resnet"
    assert sign.position[1] > wall.centre[1] + wall.size_wh[1] / 2


def partners(count):
    return {node: node for node in range(count)}


def test_before_a_wall_one_stands_the_same_before_its_partner(halls):
    scene = beside(*halls)
    found = correspondence(scene, "a", "b", partners(6))
    for node in range(6):
        walls = {w.network: w for w in scene.walls if w.node == node}
        here, there = walls["a"].centre, walls["b"].centre
        eye = Camera(position=(here[0] + 0.7, 1.6, here[2]), yaw=0.3)
        across = found.across(eye)
        assert across.position == pytest.approx((there[0] + 0.7, 1.6, there[2]))
        assert (across.yaw, across.pitch) == (eye.yaw, eye.pitch)


@given(st.floats(-40, 40), st.floats(-60, 20))
def test_there_and_back_is_where_one_was(x, z):
    scene = beside(hall("a", 1), hall("b", 2))
    found = correspondence(scene, "a", "b", partners(6))
    eye = Camera(position=(x, 1.6, z))
    back = found.back().across(found.across(eye))
    assert back.position == pytest.approx(eye.position, abs=1e-6)


def test_without_partners_the_ends_correspond(halls):
    scene = beside(*halls)
    found = correspondence(scene, "a", "b", {})
    last = {wall.network: wall for wall in scene.walls}
    across = found.across(Camera(position=last["a"].centre))
    assert across.position[2] == pytest.approx(last["b"].centre[2])


def test_one_knows_in_which_hall_an_eye_is(halls):
    scene = beside(*halls)
    found = correspondence(scene, "a", "b", partners(6))
    eye = Camera(position=(0.0, 1.6, 3.0))
    assert not found.is_in_second(eye)
    assert found.is_in_second(found.across(eye))
