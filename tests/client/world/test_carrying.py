"""A wall in the hand keeps to the ray, stands on the floor near it, and turns by 15 degrees."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats

from layerwalk_client.world import carrying
from layerwalk_client.world.arranged import AS_LAID_OUT, LARGEST, SMALLEST, Placed, stood
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import Ray, looking_at, ray_from_pixel
from layerwalk_client.world.carrying import Carry, placed, taken
from layerwalk_client.world.picking import pick
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.signs import at
from layerwalk_client.world.view import Camera

SIZE = (1600, 900)
LAID = Wall("net", 0, (1.0, 0.9, -4.0), (1.6, 1.8), 1, 1, 1, (4, 4), (1.5, 1.7), 0.05,
            yaw=math.pi / 2)  # fmt: skip
EYE = Camera((6.0, 1.6, -3.0))


def ray_at(camera: Camera, pixel: tuple[float, float] = (800, 450)) -> Ray:
    return ray_from_pixel(camera, pixel, SIZE)


def take(
    start: Placed = AS_LAID_OUT, spot: tuple[float, float] = (0.2, 1.1)
) -> tuple[Carry, Camera]:
    there = stood(LAID, start)
    camera = looking_at(EYE, at(there, *spot))
    hit = pick(SceneArrays.from_scene(Scene((there,))), ray_at(camera))
    assert hit is not None
    return taken(("a", 0), LAID, there, start, point=hit.point, distance=hit.distance), camera


@given(dx=floats(-3, 3), dz=floats(-3, 3), steps=floats(-11, 11).map(round), scale=floats(0.5, 2))
def test_a_wall_that_was_just_taken_is_where_it_was(
    dx: float, dz: float, steps: int, scale: float
) -> None:
    turn = math.remainder(steps * carrying.SNAP, math.tau)
    start = Placed((dx, 0.0, dz), turn, scale)
    carry, camera = take(start, (0.1 * scale, 1.1 * scale))
    assert placed(carry, ray_at(camera), camera) == start


@given(x=floats(0, 1600), y=floats(0, 420), steps=floats(-5, 5))
def test_what_is_held_stays_under_the_pointer_at_its_distance(
    x: float, y: float, steps: float
) -> None:
    carry, camera = take()
    carry = carrying.nearer(carry, steps)
    ray = ray_at(camera, (x, y))
    there = stood(LAID, placed(carry, ray, camera))
    held = at(there, *carry.grip)
    wished = np.array(ray.origin) + carry.distance * np.array(ray.direction)
    foot = there.centre[1] - there.size_wh[1] / 2
    if foot > carrying.FLOOR_SNAP:
        np.testing.assert_allclose(held, wished, atol=1e-6)
    else:
        assert foot == pytest.approx(0.0, abs=1e-9)  # it stands on the floor, and never lower
        np.testing.assert_allclose(np.array(held)[[0, 2]], wished[[0, 2]], atol=1e-6)


def test_the_wheel_brings_nearer_turns_and_scales_within_limits() -> None:
    carry, camera = take()
    assert carrying.nearer(carry, 1).distance == pytest.approx(carry.distance / carrying.NEARER)
    assert carrying.nearer(carry, 1e3).distance == carrying.NEAREST
    turned = placed(carrying.turned(carry, 2), ray_at(camera), camera)
    assert turned.turn == pytest.approx(math.radians(30))
    # Half a step of a trackpad is not lost, but turns the wall only with the next one.
    half = carrying.turned(carry, 0.4)
    assert placed(half, ray_at(camera), camera).turn == pytest.approx(0.0)
    whole = carrying.turned(half, 0.4)
    assert placed(whole, ray_at(camera), camera).turn == pytest.approx(carrying.SNAP)
    assert carrying.scaled(carry, 1e3).scale == LARGEST
    assert carrying.scaled(carry, -1e3).scale == SMALLEST
    larger = stood(LAID, placed(carrying.scaled(carry, 3), ray_at(camera), camera))
    assert larger.size_wh[0] == pytest.approx(LAID.size_wh[0] * carrying.SCALED**3)


@given(yaw=floats(-3, 3), pitch=floats(-0.2, 0.3), room=floats(0.8, 50))
def test_a_pinned_copy_faces_the_eye_before_the_wall_and_fits_into_the_view(
    yaw: float, pitch: float, room: float
) -> None:
    camera = Camera((3.0, 1.6, 2.0), yaw=yaw, pitch=pitch)
    carry = carrying.pinned(("a", 1), LAID, AS_LAID_OUT, camera=camera, aspect=16 / 9, room=room)
    there = stood(LAID, placed(carry, ray_at(camera), camera))
    assert abs(math.remainder(there.yaw - yaw, math.tau)) <= carrying.SNAP / 2 + 1e-9
    hit = pick(SceneArrays.from_scene(Scene((there,))), ray_at(camera))
    assert hit is not None
    assert hit.is_front
    assert hit.distance < room
    seen = there.size_wh[1] / (2 * carry.distance * math.tan(camera.fov / 2))
    assert seen <= carrying.PIN_SHARE + 1e-9
