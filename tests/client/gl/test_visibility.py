"""Culling never leaves out a wall that covers a pixel."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from client.gl.showroom import make_wall
from layerwalk_client.gl.eye import eye_of
from layerwalk_client.gl.visibility import see_walls, wall_places
from layerwalk_client.world.scene import Wall
from layerwalk_client.world.view import Camera

ANGLES = st.floats(-math.pi, math.pi)
METRES = st.floats(-12, 12)
SIZE_WH = (320, 180)


def sample_points(wall: Wall, count: int = 24) -> np.ndarray:  # type: ignore[type-arg]
    """Return points spread over a wall, world."""
    share = np.linspace(-0.5, 0.5, count)
    x, y = np.meshgrid(share * wall.size_wh[0], share * wall.size_wh[1])
    right = np.array([math.cos(wall.yaw), 0, -math.sin(wall.yaw)])
    points = np.asarray(wall.centre) + x.reshape(-1, 1) * right
    points[:, 1] += y.ravel()
    return points


@settings(max_examples=60)
@given(ANGLES, st.floats(-1.4, 1.4), st.tuples(METRES, METRES, METRES), st.integers(0, 2**32 - 1))
def test_a_wall_with_a_point_in_the_picture_is_seen(
    yaw: float, pitch: float, position: tuple[float, float, float], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    walls = [
        replace(
            make_wall(index, int(generator.integers(1, 300)), (4, 4)),
            centre=tuple(generator.uniform(-15, 15, 3)),
            yaw=float(generator.uniform(-4, 4)),
        )
        for index in range(12)
    ]
    eye = eye_of(Camera(position, yaw, pitch), SIZE_WH)
    sight = see_walls(wall_places(walls), eye)
    for index, wall in enumerate(walls):
        points = np.c_[sample_points(wall), np.ones(24 * 24)]
        clip = points @ eye.clip_from_world.astype(np.float64).T
        if (np.abs(clip[:, :3]) <= clip[:, 3:]).all(axis=1).any():
            assert index in sight.walls


def test_walls_come_nearest_first_with_side_and_size() -> None:
    walls = [
        replace(make_wall(0, 4, (4, 4)), centre=(0, 1, -10)),
        replace(make_wall(1, 4, (4, 4)), centre=(0, 1, -5)),
        replace(make_wall(2, 4, (4, 4)), centre=(0, 1, -2), yaw=math.pi),
        replace(make_wall(3, 4, (4, 4)), centre=(0, 1, 5)),
    ]
    camera = Camera((0, 1, 0), fov=math.radians(90))
    sight = see_walls(wall_places(walls), eye_of(camera, (200, 200)))
    assert sight.walls.tolist() == [2, 1, 0]
    assert sight.is_front.tolist() == [False, True, True]
    # 100 pixels a metre at one metre; 0.30 m at 5 m.
    np.testing.assert_allclose(sight.picture_px[1], 0.30 * 100 / 5, rtol=1e-5)


def test_nothing_is_seen_of_no_walls() -> None:
    assert not len(see_walls(wall_places(()), eye_of(Camera(), SIZE_WH)).walls)


def test_the_eye_looks_where_the_camera_says() -> None:
    eye = eye_of(Camera((1, 2, 3), yaw=math.radians(90), fov=math.radians(90)), (400, 200))
    ahead = eye.clip_from_world @ np.array([-4, 2, 3, 1])  # yaw 90 degrees looks along -x
    np.testing.assert_allclose(ahead[:2] / ahead[3], 0, atol=1e-6)
    up = eye_of(Camera((0, 0, 0), pitch=math.radians(30)), (100, 100))
    above = up.clip_from_world @ np.array(
        [0, math.sin(math.radians(30)), -math.cos(math.radians(30)), 1]
    )
    np.testing.assert_allclose(above[:2] / above[3], 0, atol=1e-6)
