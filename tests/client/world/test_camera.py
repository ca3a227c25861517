"""Matrices against an independent way (rotations composed by hand), and round trips."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats

from client.world.cameras import cameras
from layerwalk_client.world.camera import (
    axes,
    clip_from_view,
    clip_from_world,
    forward,
    frustum_planes,
    looking_at,
    project,
    ray_from_pixel,
    right,
    unproject,
    up,
    view_from_world,
)
from layerwalk_client.world.view import Camera

SIZE = (1920, 1080)


def turned(axis: int, angle: float) -> np.ndarray:
    """Right-handed rotation about an axis, written out."""
    c, s = math.cos(angle), math.sin(angle)
    if axis == 0:
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def test_yaw_zero_looks_along_minus_z_and_positive_yaw_turns_left() -> None:
    np.testing.assert_allclose(forward(Camera()), [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(forward(Camera(yaw=math.pi / 2)), [-1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(forward(Camera(pitch=math.pi / 2)), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(right(Camera()), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(up(Camera()), [0, 1, 0], atol=1e-12)


@given(camera=cameras())
def test_the_view_is_the_inverse_of_turning_and_moving_the_eye(camera: Camera) -> None:
    world_from_view = np.eye(4)
    world_from_view[:3, :3] = turned(1, camera.yaw) @ turned(0, camera.pitch)
    world_from_view[:3, 3] = camera.position
    np.testing.assert_allclose(
        view_from_world(camera), np.linalg.inv(world_from_view), rtol=2e-5, atol=2e-4
    )
    assert view_from_world(camera).dtype == np.float32


def test_near_and_far_are_the_ends_of_clip_space() -> None:
    camera = Camera(near=0.5, far=80)
    for depth, expected in ((0.5, -1), (80, 1)):
        clip = clip_from_view(camera, 1.5) @ np.array([0, 0, -depth, 1], dtype=np.float32)
        assert clip[2] / clip[3] == pytest.approx(expected, abs=1e-4)
    top = math.tan(camera.fov / 2)
    clip = clip_from_view(camera, 1.5) @ np.array([1.5 * top, top, -1, 1], dtype=np.float32)
    np.testing.assert_allclose(clip[:2] / clip[3], [1, 1], atol=1e-6)


@given(camera=cameras(), x=floats(-0.9, 0.9), y=floats(-0.9, 0.9), depth=floats(0.1, 300))
def test_projecting_agrees_with_the_matrices_and_is_undone(
    camera: Camera, x: float, y: float, depth: float
) -> None:
    pixel = [SIZE[0] / 2 * (1 + x), SIZE[1] / 2 * (1 + y), depth]
    point = unproject([pixel], camera, SIZE)
    np.testing.assert_allclose(project(point, camera, SIZE)[0], pixel, rtol=1e-9, atol=1e-6)
    matrix = clip_from_view(camera, SIZE[0] / SIZE[1]).astype(float) @ np.block(
        [[axes(camera), -(axes(camera) @ np.array(camera.position))[:, None]], [0, 0, 0, 1]]
    )
    clip = matrix @ np.append(point[0], 1)
    np.testing.assert_allclose(clip[:2] / clip[3], [x, -y], atol=1e-5)


@given(camera=cameras(), x=floats(-1.5, 1.5), y=floats(-1.5, 1.5), depth=floats(-5, 300))
def test_the_frustum_holds_what_the_picture_shows(
    camera: Camera, x: float, y: float, depth: float
) -> None:
    if min(abs(abs(x) - 1), abs(abs(y) - 1), abs(depth - camera.near)) < 1e-6:
        return
    pixel = [SIZE[0] / 2 * (1 + x), SIZE[1] / 2 * (1 + y), depth]
    point = unproject([pixel], camera, SIZE)[0]
    planes = frustum_planes(camera, SIZE[0] / SIZE[1])
    np.testing.assert_allclose(np.linalg.norm(planes[:, :3], axis=1), 1, atol=1e-9)
    inside = bool((planes[:, :3] @ point + planes[:, 3] >= 0).all())
    shown = abs(x) < 1 and abs(y) < 1 and camera.near < depth < camera.far
    assert inside == shown


def test_the_product_is_made_of_its_factors() -> None:
    camera = Camera((1, 2, 3), 0.4, -0.2)
    np.testing.assert_array_equal(
        clip_from_world(camera, 1.6), clip_from_view(camera, 1.6) @ view_from_world(camera)
    )


@given(camera=cameras(), x=floats(0, 1920), y=floats(0, 1080))
def test_a_ray_goes_from_the_near_plane_through_its_pixel(
    camera: Camera, x: float, y: float
) -> None:
    ray = ray_from_pixel(camera, (x, y), SIZE)
    assert np.linalg.norm(ray.direction) == pytest.approx(1)
    ends = np.array(ray.origin) + np.outer([0.0, 7.0], ray.direction)
    seen = project(ends, camera, SIZE)
    np.testing.assert_allclose(seen[:, :2], [[x, y]] * 2, atol=1e-5)
    assert seen[0, 2] == pytest.approx(camera.near, rel=1e-6)


@given(camera=cameras())
def test_what_one_looks_at_is_in_the_middle(camera: Camera) -> None:
    target = (
        camera.position[0] + 3.0,
        camera.position[1] - 1.0,
        camera.position[2] + 2.0,
    )
    seen = project([target], looking_at(camera, target), SIZE)[0]
    np.testing.assert_allclose(seen[:2], [960, 540], atol=1e-6)
    straight_up = (camera.position[0], camera.position[1] + 5, camera.position[2])
    assert looking_at(replace(camera, yaw=0.3), straight_up).yaw == 0.3
