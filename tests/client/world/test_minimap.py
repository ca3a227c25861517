"""The plan from above: what is where on it, and which part it shows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers

from client.world.networks import described, inception, manifest
from layerwalk_client.world.layout import layout
from layerwalk_client.world.minimap import (
    CLOSEST,
    MapView,
    following,
    on_map,
    wall_at,
    wall_line,
    whole_map,
    zoomed,
)
from layerwalk_client.world.options import STYLES, LayoutOptions
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera

GRAPH = inception(3)
SCENE = layout(described(GRAPH), manifest(GRAPH))
LARGEST, SMALLEST = (250, 420), 150
WHOLE = whole_map(SCENE, largest_wh=LARGEST, smallest=SMALLEST)


def shows_nothing_beyond(view: MapView) -> bool:
    for axis in (0, 1):
        half = view.size_wh[axis] / view.scale / 2
        low, high = view.low[axis], view.high[axis]
        if high - low <= 2 * half + 1e-6:
            is_well = view.centre[axis] == pytest.approx((low + high) / 2)
        else:
            is_well = low - 1e-6 <= view.centre[axis] - half
            is_well &= view.centre[axis] + half <= high + 1e-6
        if not is_well:
            return False
    return True


@pytest.mark.parametrize("style", STYLES)
def test_the_whole_map_holds_every_wall_and_plot(style) -> None:
    scene = layout(described(GRAPH), manifest(GRAPH), options=LayoutOptions(style=style))
    view = whole_map(scene, largest_wh=LARGEST, smallest=SMALLEST)
    assert SMALLEST <= view.size_wh[0] <= LARGEST[0]
    assert SMALLEST <= view.size_wh[1] <= LARGEST[1]
    pixels = [end for wall in scene.walls for end in wall_line(wall, view)]
    pixels += [view.pixel(plot.x0, plot.z1) for plot in scene.plots]
    assert all(0 <= x <= view.size_wh[0] and 0 <= y <= view.size_wh[1] for x, y in pixels)


def test_data_flows_upward_and_right_is_right() -> None:
    first, last = SCENE.walls[0], SCENE.walls[-1]
    assert WHOLE.pixel(*first.centre[::2])[1] > WHOLE.pixel(*last.centre[::2])[1]
    (left, _), (right, _) = wall_line(first, WHOLE)
    assert left < right


@given(x=floats(-99, 99), y=floats(-99, 99))
def test_place_undoes_pixel(x: float, y: float) -> None:
    assert WHOLE.place(WHOLE.pixel(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(notches=floats(-6, 30), x=integers(0, 149), y=integers(0, 400), more=floats(-9, 9))
def test_zooming_stays_within_limits_and_shows_nothing_beyond(
    notches: float, x: int, y: int, more: float
) -> None:
    view = zoomed(zoomed(WHOLE, notches, (x, y)), more, (y % 150, x))
    assert WHOLE.scale - 1e-9 <= view.scale <= CLOSEST
    assert shows_nothing_beyond(view)


def test_what_is_under_the_pointer_stays_there_while_one_zooms() -> None:
    near = zoomed(WHOLE, 8, (WHOLE.size_wh[0] / 2, WHOLE.size_wh[1] / 2))
    pixel = (near.size_wh[0] / 2 + 9, near.size_wh[1] / 2 - 14)
    assert zoomed(near, 1, pixel).place(pixel) == pytest.approx(near.place(pixel))


@given(x=floats(-4, 4), z=floats(-60, 2))
def test_a_part_follows_the_eye_and_the_whole_stays(x: float, z: float) -> None:
    camera = Camera((x, 1.6, z))
    assert following(WHOLE, camera) == WHOLE
    view = following(zoomed(WHOLE, 7, (70, 200)), camera)
    assert shows_nothing_beyond(view)
    _, is_beyond = on_map(view, camera, inset=0.0)
    assert not is_beyond
    assert following(view, camera).centre == pytest.approx(view.centre)


@pytest.mark.parametrize("index", [0, 5, len(SCENE.walls) - 1])
def test_a_wall_is_found_where_it_is_drawn(index: int) -> None:
    wall = SCENE.walls[index]
    one, two = wall_line(wall, WHOLE)
    middle = ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2)
    assert wall_at(SCENE.walls, WHOLE, middle, reach=5.0) == wall
    assert wall_at(SCENE.walls, WHOLE, (0.0, middle[1]), reach=5.0) is None


def test_an_eye_beyond_the_map_stands_at_its_edge() -> None:
    pixel, is_beyond = on_map(WHOLE, Camera((500.0, 1.6, 0.0)), inset=8.0)
    assert is_beyond
    assert pixel[0] == WHOLE.size_wh[0] - 8.0


def test_a_turned_wall_keeps_its_length() -> None:
    view = whole_map(SCENE, largest_wh=LARGEST, smallest=SMALLEST)
    wall = SCENE.walls[3]
    assert math.dist(*wall_line(wall, view)) == pytest.approx(wall.size_wh[0] * view.scale)


def test_an_empty_scene_has_a_map() -> None:
    view = whole_map(Scene(), largest_wh=LARGEST, smallest=SMALLEST)
    assert min(view.size_wh) >= SMALLEST
