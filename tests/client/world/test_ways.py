"""Ways of the eye: never near a wall, exact at both ends, smooth, no longer than need be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis.strategies import DrawFn, composite, floats, integers, lists, tuples

from client.world.networks import described, inception, manifest, resnet
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.flight import clearance
from layerwalk_client.world.layout import layout
from layerwalk_client.world.options import STYLES, LayoutOptions
from layerwalk_client.world.scene import Scene, Vector, Wall
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import facing, first_minute, home, overview
from layerwalk_client.world.ways import (
    MARGIN,
    MOVE_SECONDS,
    NEAR,
    Way,
    ease,
    move_duration,
    place_on,
    plan,
    straight,
    weights,
)

TIMES = np.linspace(0.0, 1.0, 800)


def wall(x: float, z: float, size: tuple[float, float], yaw: float = 0.0) -> Wall:
    return Wall(
        "net", 0, (x, size[1] / 2, z), size, columns=1, rows=1, channels=1, picture_hw=(1, 1),
        tile_wh=size, gap=0.0, yaw=yaw,
    )  # fmt: skip


@composite
def scenes(draw: DrawFn) -> Scene:
    """Up to a dozen walls anywhere, of any size, turned anyhow, through each other if it be."""
    places = floats(-15, 15)
    sizes = tuples(floats(0.5, 9), floats(0.5, 8))
    found = lists(tuples(places, places, sizes, floats(-math.pi, math.pi)), min_size=1, max_size=12)
    return Scene(tuple(wall(x, z, size, yaw) for x, z, size, yaw in draw(found)))


@composite
def eyes(draw: DrawFn) -> Camera:
    position = draw(floats(-18, 18)), draw(floats(0.1, 12)), draw(floats(-18, 18))
    return Camera(position, yaw=draw(floats(-3, 3)), pitch=draw(floats(-1, 1)))


def nearest(way: Way, arrays: SceneArrays) -> float:
    """Metres between a way and the nearest wall."""
    places = place_on(way.points, way.drift, TIMES)
    distances = []
    for one in arrays.scene.walls:
        apart = places - one.centre
        sine, cosine = math.sin(one.yaw), math.cos(one.yaw)
        aside = np.abs(cosine * apart[:, 0] - sine * apart[:, 2]) - one.size_wh[0] / 2
        above = np.abs(apart[:, 1]) - one.size_wh[1] / 2
        ahead = sine * apart[:, 0] + cosine * apart[:, 2]
        distances.append(np.hypot(np.hypot(aside.clip(0), above.clip(0)), ahead).min())
    return min(distances)


@settings(max_examples=60, deadline=None)
@given(scene=scenes(), start=eyes(), end=eyes(), velocity=tuples(*[floats(-20, 20)] * 3))
def test_no_place_of_a_way_is_near_a_wall(
    scene: Scene, start: Camera, end: Camera, velocity: Vector
) -> None:
    arrays = SceneArrays.from_scene(scene)
    free = min(clearance(arrays, start.position), clearance(arrays, end.position))
    assume(free > 0.12)
    way = plan(start, end, arrays, velocity=velocity)
    assert nearest(way, arrays) > NEAR
    assert way.camera(0.0) == start
    assert way.camera(1.0) == end


@settings(max_examples=60, deadline=None)
@given(scene=scenes(), start=eyes(), end=eyes(), velocity=tuples(*[floats(-9, 9)] * 3))
def test_the_velocity_is_continuous(
    scene: Scene, start: Camera, end: Camera, velocity: Vector
) -> None:
    way = plan(start, end, SceneArrays.from_scene(scene), velocity=velocity)
    fine = np.linspace(0.0, 1.0, 4001)
    speed = np.diff(place_on(way.points, way.drift, fine), axis=0) / fine[1]
    jumps = np.linalg.norm(np.diff(speed, axis=0), axis=1)
    fastest = float(np.linalg.norm(speed, axis=1).max())
    assert jumps.max() <= 0.02 * fastest + 1e-6
    begins = np.array(velocity) * move_duration(way) if any(way.drift) else np.zeros(3)
    np.testing.assert_allclose(speed[0], begins, atol=0.01 * fastest + 1e-6)
    np.testing.assert_allclose(speed[-1], 0.0, atol=0.01 * fastest + 1e-6)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("graph", [resnet((2, 2)), inception(2)], ids=["resnet", "inception"])
def test_no_jump_in_a_real_hall_passes_through_anything(graph, style) -> None:
    scene = layout(described(graph), manifest(graph), options=LayoutOptions(style=style))
    arrays = SceneArrays.from_scene(scene)
    cameras = [home(scene), overview(scene, 16 / 9)]
    cameras += [facing(one, 16 / 9, scene=scene) for one in scene.walls[::4]]
    for start, end in zip(cameras, [*cameras[3:], *cameras[:3]], strict=True):
        free = min(clearance(arrays, start.position), clearance(arrays, end.position))
        way = plan(start, end, arrays)
        assert nearest(way, arrays) > min(0.9 * MARGIN, 0.5 * free)


def test_nothing_between_means_straight_on() -> None:
    arrays = SceneArrays.from_scene(Scene((wall(0, -5, (4, 3)),)))
    start, end = Camera((-4.0, 1.6, 0.0)), Camera((-4.0, 1.6, -9.0))
    assert plan(start, end, arrays).length == pytest.approx(9.0)
    assert straight(start, end).length == pytest.approx(9.0)


def test_a_low_wall_is_passed_above_and_a_high_narrow_one_beside() -> None:
    start, end = Camera((0.0, 1.6, 4.0)), Camera((0.0, 1.6, -14.0))
    low = plan(start, end, SceneArrays.from_scene(Scene((wall(0, -5, (9, 3)),))))
    high = plan(start, end, SceneArrays.from_scene(Scene((wall(0, -5, (1.2, 9)),))))
    assert low.camera(0.5).position[0] == 0.0
    assert low.camera(0.5).position[1] > 3.0 + MARGIN
    assert high.camera(0.5).position[1] == pytest.approx(1.6)
    assert abs(high.camera(0.5).position[0]) > 0.6 + MARGIN


def test_between_two_walls_one_rises_straight_up() -> None:
    close = Scene((wall(0, 0.6, (9, 7)), wall(0, -0.6, (9, 7)), wall(0, -20, (9, 7))))
    arrays = SceneArrays.from_scene(close)
    way = plan(Camera((0.0, 1.6, 0.0)), Camera((0.0, 1.6, -19.0)), arrays)
    assert nearest(way, arrays) >= MARGIN - 1e-6


@given(count=integers(4, 12), share=floats(0, 1))
def test_weights_are_a_mean_of_four_neighbours(count: int, share: float) -> None:
    found = weights(count, np.array([share]))[0]
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1.0)
    used = np.flatnonzero(found)
    assert used[-1] - used[0] <= 3


def test_the_curve_of_four_points_is_that_of_bezier() -> None:
    points = np.array([[0.0, 0, 0], [1, 3, 0], [4, 3, 1], [5, 0, 2]])
    t = np.linspace(0, 1, 9)[:, None]
    bezier = (
        (1 - t) ** 3 * points[0] + 3 * t * (1 - t) ** 2 * points[1]
        + 3 * t**2 * (1 - t) * points[2] + t**3 * points[3]
    )  # fmt: skip
    np.testing.assert_allclose(weights(4, t[:, 0]) @ points, bezier, atol=1e-12)


def test_ease_is_at_rest_at_both_ends_and_half_way_in_the_middle() -> None:
    assert (ease(0), ease(0.5), ease(1), ease(-1), ease(2)) == (0, 0.5, 1, 0, 1)
    assert ease(0.001) < 1e-6
    assert 1 - ease(0.999) < 1e-6
    values = [ease(t / 100) for t in range(101)]
    assert values == sorted(values)


def test_moves_take_longer_for_longer_ways_within_limits() -> None:
    here = Camera()
    ways = [straight(here, Camera((0.0, 1.6, 4.0 - way))) for way in (0, 1, 10, 100, 1000)]
    times = [move_duration(way) for way in ways]
    assert times == sorted(times)
    assert times[0] == MOVE_SECONDS[0] == 0.35
    assert times[-1] < MOVE_SECONDS[1] == 1.5


def test_a_move_turns_the_shorter_way() -> None:
    middle = straight(Camera(yaw=3.0), Camera(yaw=-3.0)).camera(0.5)
    assert abs(math.remainder(middle.yaw - math.pi, math.tau)) < 1e-9


def test_a_plane_that_cuts_walls_away_is_left_behind_on_the_way() -> None:
    middle = straight(Camera(near=6.0), Camera(near=4.0)).camera(0.5)
    assert middle.near < 1.5


def test_the_first_minute_passes_through_nothing() -> None:
    graph = resnet((2, 2))
    scene = layout(described(graph), manifest(graph))
    way = first_minute(scene, 16 / 9)[1].way
    assert way is not None
    assert nearest(way, SceneArrays.from_scene(scene)) > 0.9 * MARGIN
