"""Walking: on the floor, under gravity, never through a wall, along it instead."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis.strategies import booleans, composite, floats, integers, lists, tuples

from client.world.networks import described, resnet
from client.world.test_ways import scenes, wall
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import forward
from layerwalk_client.world.flight import Actions, Flight, clearance, fly_to
from layerwalk_client.world.layout import layout
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.signs import EYE
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import facing
from layerwalk_client.world.walking import (
    JUMP,
    RADIUS,
    RUN,
    SPEED,
    grounded,
    is_standing,
    step,
)

EMPTY = SceneArrays.from_scene(Scene())
FRAME = 1 / 60


def walked(flight: Flight, actions: Actions, seconds: float, arrays: SceneArrays) -> Flight:
    for _ in range(round(seconds / FRAME)):
        flight = step(flight, actions, FRAME, arrays)
    return flight


@composite
def wishes(draw) -> Actions:
    return Actions(
        draw(floats(-1, 1)), draw(floats(-1, 1)), draw(floats(0, 1)),
        is_running=draw(booleans()), look_left=draw(floats(-0.5, 0.5)),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    scene=scenes(), x=floats(-18, 18), z=floats(-18, 18),
    ways=lists(tuples(wishes(), integers(1, 12)), min_size=1, max_size=8), pace=floats(0.5, 6),
)  # fmt: skip
def test_nobody_walks_through_a_wall_or_the_floor(scene, x, z, ways, pace) -> None:
    arrays = SceneArrays.from_scene(scene)
    flight = Flight(Camera((x, EYE, z)), pace=pace)
    assume(clearance(arrays, (x, EYE, z)) > RADIUS + 1e-6)
    tall = Scene(tuple(one for one in scene.walls if one.size_wh[1] > 3.5))
    for actions, frames in ways:
        for _ in range(frames):
            before = flight.camera.position
            flight = step(flight, actions, 0.05, arrays)
            after = flight.camera.position
            assert after[1] >= EYE
            for one in tall.walls:  # higher than anybody jumps
                assert _distance(one, after) >= RADIUS - 1e-6
                assert not _crossed(one, before, after)


def _local(one, place) -> tuple[float, float]:
    x, z = place[0] - one.centre[0], place[2] - one.centre[2]
    sine, cosine = math.sin(one.yaw), math.cos(one.yaw)
    return cosine * x - sine * z, sine * x + cosine * z


def _distance(one, place) -> float:
    aside, ahead = _local(one, place)
    return math.hypot(max(0.0, abs(aside) - one.size_wh[0] / 2), ahead)


def _crossed(one, before, after) -> bool:
    (a, b), (c, d) = _local(one, before), _local(one, after)
    if b * d > 0:
        return False
    share = b / (b - d) if b != d else 0.5
    return abs(a + share * (c - a)) < one.size_wh[0] / 2 - RADIUS


def test_one_walks_at_the_height_of_the_eye_wherever_one_looks() -> None:
    up = Flight(Camera((0.0, EYE, 0.0), pitch=1.2))
    flight = walked(up, Actions(ahead=1), 2.0, EMPTY)
    assert flight.camera.position[1] == EYE
    assert math.dist(flight.velocity, (0.0, 0.0, -SPEED)) < 1e-3
    running = walked(up, Actions(ahead=1, is_running=True), 2.0, EMPTY)
    assert running.velocity[2] == pytest.approx(-SPEED * RUN, abs=1e-3)


def test_a_wall_is_slid_along() -> None:
    arrays = SceneArrays.from_scene(Scene((wall(0.0, -2.0, (20.0, 4.0)),)))
    diagonal = Flight(Camera((0.0, EYE, 0.0), yaw=-math.pi / 4))  # ahead and to the right
    flight = walked(diagonal, Actions(ahead=1), 3.0, arrays)
    assert flight.camera.position[2] == pytest.approx(-2.0 + RADIUS)
    free = walked(diagonal, Actions(ahead=1), 3.0, EMPTY)
    assert flight.camera.position[0] == pytest.approx(free.camera.position[0], rel=0.02)


def test_straight_against_a_wall_one_stands_and_comes_to_rest() -> None:
    arrays = SceneArrays.from_scene(Scene((wall(0.0, -2.0, (20.0, 4.0)),)))
    flight = walked(Flight(Camera((0.0, EYE, 0.0))), Actions(ahead=1), 3.0, arrays)
    assert flight.camera.position == pytest.approx((0.0, EYE, -2.0 + RADIUS))
    flight = walked(flight, Actions(), 1.0, arrays)
    assert flight.is_at_rest


def test_what_is_let_fall_comes_to_stand_exactly_on_the_floor() -> None:
    flight = walked(Flight(Camera((0.0, 9.0, 0.0))), Actions(), 3.0, EMPTY)
    assert flight.camera.position[1] == EYE
    assert is_standing(flight.camera)
    assert flight.is_at_rest


def test_a_jump_is_a_metre_high_and_no_jump_is_begun_in_the_air() -> None:
    flight, heights = Flight(Camera((0.0, EYE, 0.0))), []
    for _ in range(45):
        flight = step(flight, Actions(rise=1), FRAME, EMPTY)
        heights.append(flight.camera.position[1] - EYE)
    assert max(heights) == pytest.approx(JUMP**2 / (2 * 9.81), abs=0.02)
    landed = walked(flight, Actions(), 1.0, EMPTY)
    assert landed.camera.position[1] == EYE


def test_a_move_is_flown_and_a_key_ends_it() -> None:
    flight = fly_to(Flight(Camera((0.0, EYE, 0.0))), Camera((0.0, EYE, -20.0)))
    assert step(flight, Actions(), 0.2, EMPTY).move is not None
    stopped = step(step(flight, Actions(), 0.2, EMPTY), Actions(aside=1), FRAME, EMPTY)
    assert stopped.move is None


GRAPH = resnet((2, 2))
SCENE = layout(described(GRAPH))
ARRAYS = SceneArrays.from_scene(SCENE)


@pytest.mark.parametrize("index", range(0, len(SCENE.walls), 4))
def test_one_stands_before_a_wall_that_one_is_taken_to(index: int) -> None:
    one = SCENE.walls[index]
    camera = grounded(facing(one, 16 / 9, scene=SCENE), ARRAYS)
    assert camera is not None
    assert camera.position[1] == EYE
    assert camera.near == Camera().near
    assert clearance(ARRAYS, camera.position) >= RADIUS - 1e-6
    towards = np.array(one.centre) - camera.position
    assert _local(one, camera.position)[1] > 0
    if math.hypot(towards[0], towards[2]) > 1.5:
        assert float(towards @ forward(camera)) / np.linalg.norm(towards) > 0.85


def test_nobody_stands_where_one_sees_the_whole() -> None:
    assert grounded(Camera((4.0, 12.5, 8.0), pitch=-0.5), ARRAYS) is None
