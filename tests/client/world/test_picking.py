"""Picking is projection undone; nearest first; gaps, backs and boards are told apart."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis.strategies import DrawFn, composite, floats, integers, lists, sampled_from, tuples

from client.world.networks import described, manifest, resnet
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import Ray, looking_at, project, ray_from_pixel
from layerwalk_client.world.layout import layout
from layerwalk_client.world.picking import pick, point_of
from layerwalk_client.world.scene import Board, Scene, Wall
from layerwalk_client.world.view import Camera

SIZE = (1600, 900)


def wall(**changes: object) -> Wall:
    """5 pictures of 4 x 6 in 3 columns, 0.3 m wide, standing on the floor at z = -2."""
    given = {
        "network": "net", "node": 0, "centre": (0.0, 0.24, -2.0), "size_wh": (0.98, 0.46),
        "columns": 3, "rows": 2, "channels": 5, "picture_hw": (4, 6), "tile_wh": (0.3, 0.2),
        "gap": 0.02,
    }  # fmt: skip
    return Wall(**{**given, **changes})  # type: ignore[arg-type]


def arrays(*walls: Wall, boards: tuple[Board, ...] = ()) -> SceneArrays:
    return SceneArrays.from_scene(Scene(walls, boards=boards))


@composite
def standing_walls(draw: DrawFn) -> Wall:
    columns, rows = draw(integers(1, 6)), draw(integers(1, 6))
    tile = draw(floats(0.1, 1)), draw(floats(0.1, 1))
    gap = draw(floats(0, 0.1))
    size = columns * (tile[0] + gap) + gap, rows * (tile[1] + gap) + gap
    return wall(
        centre=(draw(floats(-5, 5)), size[1] / 2, draw(floats(-5, 5))),
        size_wh=size,
        columns=columns,
        rows=rows,
        channels=draw(integers(1, columns * rows)),
        picture_hw=(draw(integers(1, 50)), draw(integers(1, 50))),
        tile_wh=tile,
        gap=gap,
        yaw=draw(floats(-math.pi, math.pi)),
    )


@given(
    item=standing_walls(), share=floats(0, 0.999), u=floats(0.001, 0.999), v=floats(0.001, 0.999),
    before=floats(0.3, 20), aside=floats(-3, 3), height=floats(0.1, 6),
)  # fmt: skip
def test_picking_a_projected_point_gives_the_point_back(
    item: Wall, share: float, u: float, v: float, before: float, aside: float, height: float
) -> None:
    channel = int(share * item.channels)
    target = point_of(item, channel, (u, v))
    normal = np.array([math.sin(item.yaw), 0, math.cos(item.yaw)])
    along = np.array([math.cos(item.yaw), 0, -math.sin(item.yaw)])
    eye = np.array(item.centre) + before * normal + aside * along
    camera = looking_at(Camera((float(eye[0]), height, float(eye[2]))), item.centre)
    x, y, depth = project([target], camera, SIZE)[0].tolist()
    assume(depth > 0.1)
    hit = pick(arrays(item), ray_from_pixel(camera, (x, y), SIZE))
    assert hit is not None
    assert (hit.wall, hit.board, hit.is_front, hit.channel) == (0, None, True, channel)
    np.testing.assert_allclose(hit.point, target, atol=1e-6)
    assert hit.uv == pytest.approx((u, v), abs=1e-5)
    rows, columns = item.picture_hw
    assert hit.texel is not None
    assert abs(hit.texel[0] + 0.5 - v * rows) <= 0.5 + 1e-3
    assert abs(hit.texel[1] + 0.5 - u * columns) <= 0.5 + 1e-3


@settings(suppress_health_check=[HealthCheck.filter_too_much], deadline=None)
@given(
    items=lists(standing_walls(), min_size=2, max_size=6), chosen=integers(0, 5), u=floats(0.01, 0.99),
    v=floats(0.01, 0.99), eye=tuples(floats(-9, 9), floats(0.1, 6), floats(-9, 9)),
)  # fmt: skip
def test_among_many_walls_the_nearest_on_the_ray_is_picked(
    items: list[Wall], chosen: int, u: float, v: float, eye: tuple[float, float, float]
) -> None:
    """Against every wall's plane met one by one, by hand."""
    items = [replace(item, node=node) for node, item in enumerate(items)]
    target = point_of(items[chosen % len(items)], 0, (u, v))
    camera = looking_at(Camera(eye), items[0].centre)
    x, y, depth = project([target], camera, SIZE)[0].tolist()
    assume(depth > 0.1)
    ray = ray_from_pixel(camera, (x, y), SIZE)
    origin, way = np.array(ray.origin), np.array(ray.direction)
    met = []
    for place, item in enumerate(items):
        normal = np.array([math.sin(item.yaw), 0, math.cos(item.yaw)])
        right = np.array([math.cos(item.yaw), 0, -math.sin(item.yaw)])
        apart = np.array(item.centre) - origin
        assume(abs(way @ normal) > 1e-3)
        distance = (apart @ normal) / (way @ normal)
        on = origin + distance * way - np.array(item.centre)
        inside = np.array([item.size_wh[0] / 2 - abs(on @ right), item.size_wh[1] / 2 - abs(on[1])])
        assume(abs(inside).min() > 1e-4)
        if distance > 0 and (inside > 0).all():
            met.append((distance, place))
    assert met
    met.sort()
    assume(len(met) < 2 or met[1][0] - met[0][0] > 1e-3)
    hit = pick(arrays(*items), ray)
    assert hit is not None
    assert hit.wall == met[0][1]
    assert hit.distance == pytest.approx(met[0][0], abs=1e-4)


def ahead(x: float, y: float) -> Ray:
    return Ray((x, y, 0.0), (0.0, 0.0, -1.0))


def test_channels_run_in_rows_from_the_upper_left() -> None:
    # Lower left corner at (-0.49, 0.01); upper row of pictures spans y 0.25..0.45.
    world = arrays(wall())
    for channel, (x, y) in enumerate(
        [(-0.32, 0.35), (0.0, 0.35), (0.32, 0.35), (-0.32, 0.13), (0.0, 0.13)]
    ):
        hit = pick(world, ahead(x + 0.01, y - 0.01))
        assert hit is not None
        assert hit.channel == channel
        assert hit.texel == (2, 3)
        assert hit.distance == pytest.approx(2)
    empty = pick(world, ahead(0.32, 0.13))
    assert empty is not None
    assert (empty.wall, empty.channel) == (0, None)


@pytest.mark.parametrize(("x", "y"), [(-0.16, 0.35), (-0.48, 0.35), (0.0, 0.24), (0.0, 0.46)])
def test_gaps_belong_to_the_wall_and_to_no_channel(x: float, y: float) -> None:
    hit = pick(arrays(wall()), ahead(x, y))
    assert hit is not None
    assert (hit.wall, hit.channel, hit.texel, hit.uv) == (0, None, None, None)


def test_the_back_shows_no_channel() -> None:
    hit = pick(arrays(wall()), Ray((0.0, 0.35, -5.0), (0.0, 0.0, 1.0)))
    assert hit is not None
    assert (hit.wall, hit.is_front, hit.channel) == (0, False, None)


def test_the_nearer_of_two_walls_is_met() -> None:
    world = arrays(wall(), wall(node=1, centre=(0.0, 0.24, -1.0)))
    hit = pick(world, ahead(0, 0.35))
    assert hit is not None
    assert hit.wall == 1


def test_boards_stop_a_ray_and_frames_do_not() -> None:
    solid = Board((0.0, 0.3, -1.0), (1.0, 1.0), (0.1, 0.1, 0.1, 0.95))
    frame = Board((0.0, 0.3, -0.5), (1.0, 1.0), (0, 0, 0, 0), border_colour=(1, 1, 0, 1))
    hit = pick(arrays(wall(), boards=(frame, solid)), ahead(0, 0.35))
    assert hit is not None
    assert (hit.wall, hit.board) == (None, 1)
    through = pick(arrays(wall(), boards=(frame,)), ahead(0, 0.35))
    assert through is not None
    assert through.wall == 0


@pytest.mark.parametrize(
    "ray",
    [ahead(0.6, 0.3), ahead(0.0, 0.6), Ray((0, 0.35, 0), (0, 0, 1)), Ray((0, 0.35, 0), (1, 0, 0))],
    ids=["beside", "above", "away", "parallel"],
)
def test_a_ray_that_meets_nothing_gives_none(ray: Ray) -> None:
    assert pick(arrays(wall()), ray) is None


def test_an_empty_scene_has_nothing_to_pick() -> None:
    assert pick(SceneArrays.from_scene(Scene()), ahead(0, 1)) is None


@pytest.mark.parametrize(("cell", "unit"), [((0, 0), 0), ((2, 3), 11), ((3, 1), None)])
def test_a_vector_tells_its_unit(cell: tuple[int, int], unit: int | None) -> None:
    vector = wall(channels=1, columns=1, rows=1, picture_hw=(4, 4), cells=13,
                  tile_wh=(0.94, 0.42), size_wh=(0.98, 0.46))  # fmt: skip
    target = point_of(vector, 0, ((cell[1] + 0.5) / 4, (cell[0] + 0.5) / 4))
    hit = pick(arrays(vector), ahead(target[0], target[1]))
    assert hit is not None
    assert (hit.texel, hit.unit) == (cell, unit)


def test_every_wall_of_a_network_is_met_from_just_before_it() -> None:
    graph = resnet((1, 1))
    scene = layout(described(graph, classes=101), manifest(graph))
    world = SceneArrays.from_scene(scene)
    for index, item in enumerate(scene.walls):
        channel = item.channels - 1
        x, y, z = point_of(item, channel)
        hit = pick(world, Ray((x, y, z + 0.3), (0.0, 0.0, -1.0)))
        assert hit is not None
        assert (hit.wall, hit.channel) == (index, channel)


@given(choice=sampled_from([0, 1]))
def test_a_board_and_a_wall_at_different_depths_keep_their_order(choice: int) -> None:
    board = Board((0.0, 0.3, -1.0 - 2 * choice), (1.0, 1.0), (0, 0, 0, 1))
    hit = pick(arrays(wall(), boards=(board,)), ahead(0, 0.35))
    assert hit is not None
    assert (hit.board is not None) == (choice == 0)
