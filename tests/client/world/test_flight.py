"""Flight: frame-rate independent, eased, limited, at rest when nothing is wished."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers

from client.world.cameras import cameras
from client.world.networks import described, resnet
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import PITCH_LIMIT, forward
from layerwalk_client.world.flight import (
    NEAR,
    Actions,
    Flight,
    clearance,
    distance_factor,
    fly_to,
    step,
)
from layerwalk_client.world.layout import layout
from layerwalk_client.world.view import Camera

KEYS = floats(-1, 1)


@given(
    camera=cameras(), ahead=KEYS, aside=KEYS, rise=KEYS, dt=floats(0.001, 0.2),
    vx=floats(-20, 20), vz=floats(-20, 20), parts=integers(2, 7),
)  # fmt: skip
def test_many_short_steps_are_one_long_step(
    camera: Camera,
    ahead: float,
    aside: float,
    rise: float,
    dt: float,
    vx: float,
    vz: float,
    parts: int,
) -> None:
    actions = Actions(ahead, aside, rise)
    start = Flight(camera, velocity=(vx, 0.0, vz))
    whole = step(start, actions, dt)
    flight = start
    for _ in range(parts):
        flight = step(flight, actions, dt / parts)
    np.testing.assert_allclose(flight.camera.position, whole.camera.position, atol=2e-3)
    np.testing.assert_allclose(flight.velocity, whole.velocity, atol=2e-3)


@given(dt=floats(0.001, 0.1), turn=floats(-0.1, 0.1))
def test_looking_while_flying_hardly_depends_on_the_frame_rate(dt: float, turn: float) -> None:
    start = Flight(Camera(), velocity=(0.0, 0.0, -4.0))
    whole = step(start, Actions(ahead=1, look_left=turn), dt)
    half = Actions(ahead=1, look_left=turn / 2)
    twice = step(step(start, half, dt / 2), half, dt / 2)
    assert twice.camera.yaw == pytest.approx(whole.camera.yaw)
    way = 4.0 * dt
    assert math.dist(twice.camera.position, whole.camera.position) <= abs(turn) * way + 1e-9


def flown(actions: Actions, seconds: float = 3.0, **options: float) -> Flight:
    flight = Flight(Camera())
    for _ in range(30):
        flight = step(flight, actions, seconds / 30, **options)
    return flight


@pytest.mark.parametrize(
    ("actions", "direction"),
    [
        (Actions(ahead=1), (0, 0, -1)),
        (Actions(aside=1), (1, 0, 0)),
        (Actions(rise=1), (0, 1, 0)),
        (Actions(ahead=-1), (0, 0, 1)),
    ],
)
def test_keys_go_where_they_say(actions: Actions, direction: tuple[float, ...]) -> None:
    velocity = np.array(flown(actions).velocity)
    np.testing.assert_allclose(velocity, 4.0 * np.array(direction), atol=1e-6)


def test_two_keys_are_no_faster_than_one() -> None:
    both = np.linalg.norm(flown(Actions(ahead=1, aside=1)).velocity)
    assert both == pytest.approx(4.0, abs=1e-6)


def test_running_wheel_and_distance_change_the_speed() -> None:
    def speed(actions: Actions, **options: float) -> float:
        return float(np.linalg.norm(flown(actions, **options).velocity))

    assert speed(Actions(ahead=1, is_running=True)) == pytest.approx(12.0, abs=1e-5)
    faster = step(Flight(Camera()), Actions(wheel=2), 0.0)
    assert faster.pace == pytest.approx(1.25**2)
    assert speed(Actions(ahead=1), clearance=20.0) == pytest.approx(40.0, abs=1e-4)
    assert distance_factor(0.0) == 0.5
    assert distance_factor(math.inf) == 12.0


def test_the_pace_has_limits() -> None:
    assert step(Flight(Camera()), Actions(wheel=1000), 0.0).pace == 20.0
    assert step(Flight(Camera()), Actions(wheel=-1000), 0.0).pace == 0.1


@given(camera=cameras(), look=floats(-10, 10))
def test_pitch_stays_short_of_the_vertical(camera: Camera, look: float) -> None:
    pitch = step(Flight(camera), Actions(look_up=look), 0.01).camera.pitch
    assert abs(pitch) <= PITCH_LIMIT


def test_without_a_wish_the_flight_comes_to_rest_for_good() -> None:
    flight = replace(flown(Actions(ahead=1)), move=None)
    for _ in range(120):
        flight = step(flight, Actions(), 1 / 60)
    assert flight.is_at_rest
    assert step(flight, Actions(), 10.0) == flight


@given(start=cameras(), end=cameras(), count=integers(1, 40))
def test_a_move_ends_exactly_where_it_should(start: Camera, end: Camera, count: int) -> None:
    flight = fly_to(Flight(start), end)
    assert flight.move is not None
    assert 0.35 <= flight.move.duration_s <= 1.5
    for _ in range(count):
        flight = step(flight, Actions(), flight.move.duration_s / count if flight.move else 0.0)
    flight = step(flight, Actions(), 1e-6)
    assert flight.camera == end
    assert flight.is_at_rest


def test_a_key_ends_a_move_where_it_is() -> None:
    flight = step(fly_to(Flight(Camera()), Camera((0.0, 1.6, -50.0))), Actions(), 0.4)
    stopped = step(flight, Actions(aside=1), 0.01)
    assert stopped.move is None
    assert math.dist(stopped.camera.position, flight.camera.position) < 0.1
    assert step(flight, Actions(wheel=1), 0.01).move is not None


def test_the_start_of_a_move_is_not_a_jump() -> None:
    flight = step(fly_to(Flight(Camera()), Camera((0.0, 1.6, -50.0))), Actions(), 1 / 60)
    assert math.dist(flight.camera.position, Camera().position) < 0.1


def test_clearance_is_the_distance_to_the_nearest_wall() -> None:
    scene = layout(described(resnet((1,))))
    arrays = SceneArrays.from_scene(scene)
    picture = scene.walls[0]  # 2.04 m wide, at the origin
    assert clearance(arrays, (0.0, 1.0, 3.0)) == pytest.approx(3.0)
    x = picture.size_wh[0] / 2
    assert clearance(arrays, (-x - 3.0, 1.0, 4.0)) == pytest.approx(5.0)
    assert clearance(SceneArrays.from_scene(layout(described(resnet((1,)).model_copy(
        update={"nodes": (), "edges": (), "groups": ()})))), (0, 0, 0)) == math.inf  # fmt: skip


def test_a_near_plane_put_forward_stays_where_it_is_and_returns_as_one_turns() -> None:
    flight = Flight(Camera(near=5.0), velocity=(0.0, 0.0, -4.0))
    closer = step(flight, Actions(ahead=1), 0.25)
    plane = np.array(closer.camera.position) + closer.camera.near * forward(closer.camera)
    assert plane[2] == pytest.approx(4.0 - 5.0)
    turned = flight
    for _ in range(20):
        turned = step(turned, Actions(look_left=0.1), 1 / 60)
    assert turned.camera.near < 0.05 + 5 * math.exp(-4)
    assert step(Flight(Camera(near=1.0)), Actions(look_left=3.0), 0.1).camera.near == NEAR
