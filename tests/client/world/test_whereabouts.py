"""Where one is: the wall that one stands before, in words."""

from __future__ import annotations

import math

import pytest

from client.world.networks import described, resnet
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.layout import layout
from layerwalk_client.world.routes import routes
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import facing
from layerwalk_client.world.whereabouts import Crumb, nearest_wall, wall_ahead, whereabouts

GRAPH = resnet()
SCENE = layout(described(GRAPH))
ARRAYS = SceneArrays.from_scene(SCENE)


@pytest.mark.parametrize("index", [0, 1, 12, len(SCENE.walls) - 1])
def test_the_nearest_wall_is_the_one_that_one_stands_at(index: int) -> None:
    x, _, z = SCENE.walls[index].centre
    assert nearest_wall(ARRAYS, (x + 0.2, 1.6, z + 0.3)) == index
    assert wall_ahead(ARRAYS, Camera((x, 1.6, z + 0.5))) == index


@pytest.mark.parametrize("index", range(0, len(SCENE.walls), 5))
def test_one_stands_before_the_wall_that_one_flew_to(index: int) -> None:
    camera = facing(SCENE.walls[index], 16 / 9, scene=SCENE)
    assert wall_ahead(ARRAYS, camera) == index


def test_the_wall_ahead_is_in_front_and_shows_its_front() -> None:
    back_of_all = Camera((0.0, 1.6, SCENE.walls[-1].centre[2] - 3), yaw=math.pi)
    assert wall_ahead(ARRAYS, back_of_all) is None
    assert wall_ahead(ARRAYS, Camera((0.0, 1.6, 200.0))) is None


def test_nothing_is_near_in_an_empty_scene() -> None:
    empty = SceneArrays.from_scene(Scene())
    assert nearest_wall(empty, (0, 0, 0)) is None
    assert wall_ahead(empty, Camera()) is None


def test_the_line_names_network_groups_and_wall() -> None:
    network, flow = described(GRAPH), routes(SCENE, "net")
    told = whereabouts(network, flow, GRAPH.index["layer2.0.conv1"])
    assert told.crumbs == (Crumb("net"), Crumb("layer2", "layer2"), Crumb("0", "layer2.0"))
    assert told.name == "conv1"
    shape, place = told.facts.split(" · ")
    assert shape == "128 × 28 × 28"
    number, count = place.split(" of ")
    assert int(count) == len(GRAPH.nodes)
    assert flow.order[int(number) - 1] == GRAPH.index["layer2.0.conv1"]


def test_before_no_wall_only_the_network_is_named() -> None:
    told = whereabouts(described(GRAPH), routes(SCENE, "net"), None)
    assert (told.crumbs, told.name, told.facts) == ((Crumb("net"),), "", "")
