"""Ways through a network: along the flow, to the nearest, by name."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from client.world.networks import described, inception, resnet
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.layout import layout
from layerwalk_client.world.navigation import (
    following,
    nearest_wall,
    preceding,
    search,
    wall_ahead,
    walls_in_order,
)
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import facing

GRAPH = resnet()
SCENE = layout(described(GRAPH))
ARRAYS = SceneArrays.from_scene(SCENE)


def found(text: str, limit: int = 20) -> list[str]:
    return [GRAPH.nodes[one.node].id for one in search(GRAPH, text, limit=limit)]


def test_next_after_next_leads_from_the_input_to_the_answer() -> None:
    node, way = 0, [0]
    while (after := following(GRAPH, node)) != node:
        node = after
        way.append(node)
    assert GRAPH.nodes[way[-1]].id == "fc"
    assert way == sorted(way)
    assert {"layer1.0.conv1", "layer4.1.add", "avgpool"} <= {GRAPH.nodes[one].id for one in way}


def test_previous_of_a_join_is_its_main_line_and_the_input_stays() -> None:
    before = preceding(GRAPH, GRAPH.index["layer1.0.add"])
    assert GRAPH.nodes[before].id == "layer1.0.bn2"
    assert preceding(GRAPH, 0) == 0


@given(node=integers(0, len(GRAPH.nodes) - 1))
def test_steps_go_one_edge_along_the_flow(node: int) -> None:
    after, before = following(GRAPH, node), preceding(GRAPH, node)
    assert GRAPH.nodes[after].id in (*GRAPH.successors[GRAPH.nodes[node].id], GRAPH.nodes[node].id)
    assert before <= node <= after


@pytest.mark.parametrize("index", [0, 1, 12, len(SCENE.walls) - 1])
def test_the_nearest_wall_is_the_one_that_one_stands_at(index: int) -> None:
    x, _, z = SCENE.walls[index].centre
    assert nearest_wall(ARRAYS, (x + 0.2, 1.6, z + 0.3)) == index
    assert wall_ahead(ARRAYS, Camera((x, 1.6, z + 0.5))) == index


def test_the_wall_ahead_is_in_front_and_shows_its_front() -> None:
    back_of_all = Camera((0.0, 1.6, SCENE.walls[-1].centre[2] - 3), yaw=math.pi)
    assert wall_ahead(ARRAYS, back_of_all) is None
    camera = facing(SCENE.walls[0], 16 / 9)
    assert wall_ahead(ARRAYS, camera) == 0


def test_walls_in_order_follow_every_ribbon() -> None:
    scene = layout(described(inception(2)))
    order = walls_in_order(scene, "net")
    place = {scene.walls[index].node: position for position, index in enumerate(order)}
    assert sorted(order) == list(range(len(scene.walls)))
    assert all(place[ribbon.source] < place[ribbon.target] for ribbon in scene.ribbons)
    assert walls_in_order(scene, "another") == ()


def test_a_whole_id_comes_first_then_what_begins_with_it() -> None:
    assert found("conv1")[0] == "conv1"
    assert found("layer2.0.add")[0] == "layer2.0.add"
    beginnings = found("layer4", limit=100)
    assert all(one.startswith("layer4") for one in beginnings[:16])


def test_operations_letters_and_slips_are_found() -> None:
    assert {"avgpool", "maxpool"} <= set(found("pool"))
    assert found("downsampel")[0].endswith("downsample.0")
    assert "layer3.1.conv2" in found("l31c2")
    assert GRAPH.nodes[search(GRAPH, "linear")[0].node].operation == "Linear"


def test_words_apart_must_all_fit() -> None:
    hits = found("layer3 add")
    assert set(hits[:2]) == {"layer3.0.add", "layer3.1.add"}
    assert found("layer3 zzzz") == []


def test_scores_fall_and_are_limited() -> None:
    hits = search(GRAPH, "bn", limit=5)
    assert len(hits) == 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert search(GRAPH, "   ") == ()


def test_nothing_is_near_in_an_empty_scene() -> None:
    empty = SceneArrays.from_scene(Scene())
    assert nearest_wall(empty, (0, 0, 0)) is None
    assert wall_ahead(empty, Camera()) is None
