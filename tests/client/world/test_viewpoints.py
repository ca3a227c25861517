"""Cameras that frame things: everything in, nothing wasted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays as numpy_arrays
from hypothesis.strategies import floats

from client.world.networks import described, manifest, resnet, vgg
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import project, ray_from_pixel
from layerwalk_client.world.layout import layout
from layerwalk_client.world.picking import pick, point_of
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import (
    close_to,
    facing,
    first_minute,
    framing,
    home,
    overview,
    tour_camera,
    tour_duration,
)

SIZE = (1920, 1080)
ASPECT = 16 / 9
SCENE = layout(described(resnet(), classes=101), manifest(resnet()))


def corners(scene: Scene) -> np.ndarray:
    return np.array(
        [
            point_of(wall, channel, uv)
            for wall in scene.walls
            for channel, uv in ((0, (0.0, 0.0)), (wall.channels - 1, (1.0, 1.0)))
        ]
    )


@pytest.mark.parametrize("scene", [SCENE, layout(described(vgg()))], ids=["resnet", "vgg"])
@pytest.mark.parametrize("size", [SIZE, (800, 1200)], ids=["wide", "tall"])
def test_the_overview_holds_every_wall(scene: Scene, size: tuple[int, int]) -> None:
    seen = project(corners(scene), overview(scene, size[0] / size[1]), size)
    assert (seen[:, 2] > 0).all()
    assert (seen[:, :2] >= 0).all()
    assert (seen[:, :2] <= size).all()


@given(
    points=numpy_arrays(float, (7, 3), elements=floats(-40, 40)),
    yaw=floats(-3, 3), pitch=floats(-1.4, 1.4),
)  # fmt: skip
def test_framing_is_tight(points: np.ndarray, yaw: float, pitch: float) -> None:
    camera = framing(points, ASPECT, yaw=yaw, pitch=pitch, fill=0.8)
    seen = project(points, camera, SIZE)
    assert (seen[:, 2] > 0.49).all()
    share = np.abs(seen[:, :2] / np.array(SIZE) * 2 - 1).max()
    assert share <= 0.8 + 1e-6
    if seen[:, 2].min() > 0.51:
        assert share == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("index", [0, 1, 20, len(SCENE.walls) - 1])
def test_a_faced_wall_fills_seven_tenths_of_the_view(index: int) -> None:
    wall = SCENE.walls[index]
    camera = facing(wall, ASPECT)
    outer = [point_of(wall, 0, (0.0, 0.0)), (wall.centre[0], 0.0, wall.centre[2])]
    seen = project(outer, camera, SIZE)
    assert 0.55 * SIZE[1] < seen[1, 1] - seen[0, 1] <= 0.7 * SIZE[1]
    assert camera.near == Camera().near


@pytest.mark.parametrize("index", range(1, len(SCENE.walls), 7))
def test_nothing_is_in_the_way_of_a_faced_wall(index: int) -> None:
    wall = SCENE.walls[index]
    camera = facing(wall, ASPECT, scene=SCENE)
    arrays = SceneArrays.from_scene(SCENE)
    for channel in (0, wall.channels - 1):
        x, y, _ = project([point_of(wall, channel)], camera, SIZE)[0].tolist()
        hit = pick(arrays, ray_from_pixel(camera, (x, y), SIZE))
        assert hit is not None
        assert (hit.wall, hit.channel) == (index, channel)


def test_home_sees_the_picture_and_the_way_ahead() -> None:
    camera = home(SCENE)
    size = SCENE.walls[0].size_wh
    seen = project([(0.0, size[1] / 2, 0.0), SCENE.walls[10].centre], camera, SIZE)
    assert (seen[:, :2] > 0).all()
    assert (seen[:, :2] < SIZE).all()
    arrays = SceneArrays.from_scene(SCENE)
    hit = pick(arrays, ray_from_pixel(camera, (seen[0, 0], seen[0, 1]), SIZE))
    assert hit is not None
    assert (hit.wall, hit.channel) == (0, 0)


def test_the_first_minute_shows_the_whole_then_the_input() -> None:
    tour = first_minute(SCENE, ASPECT)
    end = tour_duration(tour)
    assert tour_camera(tour, 0.0) == tour_camera(tour, 1.99) == overview(SCENE, ASPECT)
    assert tour_camera(tour, end) == tour_camera(tour, 1e9) == home(SCENE)
    times = np.linspace(0, end, 400)
    places = np.array([tour_camera(tour, float(time)).position for time in times])
    leaps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert leaps.max() < 0.05 * math.dist(places[0], places[-1])


def test_an_empty_scene_can_be_looked_at() -> None:
    assert home(Scene()) == Camera()
    assert math.isfinite(overview(Scene(), ASPECT).position[2])


@pytest.mark.parametrize("channel", [0, 17, 63])
def test_what_one_goes_close_to_is_in_the_middle_and_half_as_high_as_the_view(channel: int) -> None:
    wall = next(wall for wall in SCENE.walls if wall.channels == 64)
    camera = close_to(wall, channel)
    seen = project([point_of(wall, channel, uv) for uv in ((0.5, 0.0), (0.5, 1.0))], camera, SIZE)
    assert (seen[0] + seen[1])[:2] / 2 == pytest.approx((SIZE[0] / 2, SIZE[1] / 2))
    assert 0.3 * SIZE[1] < seen[1, 1] - seen[0, 1] <= 0.51 * SIZE[1]


def test_a_unit_of_a_vector_is_met_by_the_crosshair() -> None:
    wall = SCENE.walls[-1]
    arrays = SceneArrays.from_scene(Scene(walls=(wall,)))
    for unit in (0, 67, wall.cells - 1):
        camera = close_to(wall, unit)
        hit = pick(arrays, ray_from_pixel(camera, (SIZE[0] / 2, SIZE[1] / 2), SIZE))
        assert hit is not None
        assert hit.unit == unit
