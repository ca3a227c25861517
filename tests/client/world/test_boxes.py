"""Groups fold into boxes: nothing is lost, data flows forward, equal ones fold together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis.strategies import data, sampled_from, sets

from client.world.networks import Builder, described, inception, manifest, random_graphs, resnet
from client.world.test_folding import marked
from layerwalk_client.app.stage.boxing import Boxing
from layerwalk_client.world.boxes import (
    equal_groups,
    fold_groups,
    groups_around,
    named_boxes,
    with_sides,
)
from layerwalk_client.world.folding import fold, nodes_inside, unfolded_numbers
from layerwalk_client.world.layout import layout
from layerwalk_shared.graph import Graph

RESNET = resnet((2, 2))


def folded(graph: Graph, *groups: str):
    return fold_groups(fold(described(graph), manifest(graph), ()), groups)


def ids(less) -> list[str]:
    return [node.id for node in less.network.graph.nodes]


def test_a_group_becomes_its_last_wall_with_what_goes_in_and_comes_out() -> None:
    less, (box,) = folded(RESNET, "layer2.0")
    left = ids(less)
    assert [one for one in left if one.startswith("layer2.0.")] == ["layer2.0.relu:2"]
    assert (box.group, box.title) == ("layer2.0", "layer2.0")
    assert RESNET.nodes[box.node].id == "layer2.0.relu:2"
    assert box.count == len(nodes_inside(RESNET)["layer2.0"])
    assert box.subtitle.endswith("walls folded · 64 × 56 × 56 to 128 × 28 × 28")
    edges = {(edge.source, edge.target) for edge in less.network.graph.edges}
    assert ("layer1.1.relu:2", "layer2.0.relu:2") in edges
    assert ("layer2.0.relu:2", "layer2.1.conv1") in edges


def test_of_nested_groups_the_outer_one_is_the_box() -> None:
    less, boxes = folded(RESNET, "layer2.0", "layer2", "layer1.1")
    assert {box.group for box in boxes} == {"layer2", "layer1.1"}
    assert less.manifest.nodes == tuple(manifest(RESNET).nodes[index] for index in less.kept)


def test_what_is_no_group_or_has_one_wall_changes_nothing() -> None:
    less = fold(described(RESNET), None, ())
    assert fold_groups(less, {"nowhere"}) == (less, ())
    assert fold_groups(less, ())[0] is less


def crossed() -> Graph:
    """a.1 -> side -> a.3, and a.1 -> late -> end: the side leads back into the group."""
    build = Builder()
    build.add("input", "input", (4,))
    group = build.group("a")
    build.add("a.1", "Linear", (4,), ("input",), group=group)
    build.add("side", "Linear", (4,), ("a.1",))
    build.add("late", "Linear", (4,), ("a.1",))
    build.add("a.3", "add", (4,), ("a.1", "side"), group=group)
    build.add("end", "add", (4,), ("a.3", "late"))
    return build.graph()


def test_who_reads_a_box_stands_behind_it_but_where_that_would_be_a_circle() -> None:
    less, _ = folded(crossed(), "a")
    edges = {(edge.source, edge.target) for edge in less.network.graph.edges}
    assert edges == {
        ("input", "a.3"), ("side", "a.3"), ("a.3", "late"), ("a.3", "end"), ("late", "end"),
    }  # fmt: skip
    assert ids(less).index("a.3") < ids(less).index("late")


@settings(max_examples=60, deadline=None)
@given(graph=random_graphs(largest=12), draw=data())
def test_laws_of_boxes_hold_for_any_graph(graph: Graph, draw) -> None:
    names = [group.id for group in graph.groups]
    chosen = draw.draw(sets(sampled_from(names))) if names else set()
    less, boxes = folded(graph, *chosen)
    inside = nodes_inside(graph)
    hidden = {node for box in boxes for node in inside[box.group]} - {box.node for box in boxes}
    assert sorted(less.kept) == [node for node in range(len(graph.nodes)) if node not in hidden]
    assert [graph.nodes[node].id for node in less.kept] == ids(less)
    stands = {
        graph.nodes[node].id: graph.nodes[box.node].id
        for box in boxes
        for node in inside[box.group]
    }
    edges = {(edge.source, edge.target) for edge in less.network.graph.edges}
    for source, target in edges:  # nothing is made up
        assert any(
            (stands.get(edge.source, edge.source), stands.get(edge.target, edge.target))
            == (source, target)
            for edge in graph.edges
        )
    for edge in graph.edges:  # an edge outside of boxes stays
        if edge.source not in stands and edge.target not in stands:
            assert (edge.source, edge.target) in edges
    layout(less.network, less.manifest)


def test_equal_blocks_fold_together() -> None:
    graph = marked(RESNET, layer1=["layer1.0", "layer1.1"])
    assert equal_groups(graph, "layer1.1") == {"layer1.0", "layer1.1"}
    assert equal_groups(graph, "layer2.0") == {"layer2.0"}
    boxing = Boxing()
    boxing.begin(graph, keeps=False)
    node = graph.index["layer1.1.conv2"]
    everything = range(len(graph.nodes))
    assert boxing.fold(node, everything) == "layer1.1"
    assert boxing.folded == {"layer1.0", "layer1.1"}
    assert boxing.open(graph.index["layer1.0.add"]) == "layer1.0"
    assert boxing.folded == set()


def test_groups_are_folded_from_the_inside_out_and_opened_from_the_outside_in() -> None:
    boxing = Boxing()
    boxing.begin(RESNET, keeps=False)
    node = RESNET.index["layer2.0.conv1"]
    standing = set(range(len(RESNET.nodes)))
    assert boxing.fold(node, standing) == "layer2.0"
    standing -= set(nodes_inside(RESNET)["layer2.0"][:-1])
    assert boxing.fold(RESNET.index["layer2.0.relu:2"], standing) == "layer2"
    assert boxing.open(RESNET.index["layer2.1.relu:2"]) == "layer2"
    assert boxing.open(RESNET.index["layer2.0.relu:2"]) == "layer2.0"
    assert boxing.open(node) is None
    assert boxing.fold(0, standing) is None


def test_what_is_searched_for_comes_out_of_its_box() -> None:
    boxing = Boxing()
    boxing.begin(RESNET, keeps=False)
    boxing.fold(RESNET.index["layer1.0.conv1"], range(len(RESNET.nodes)))
    assert not boxing.open_for(RESNET.index["layer1.0.relu:2"])
    assert not boxing.open_for(RESNET.index["layer1.1.relu:2"])
    assert boxing.open_for(RESNET.index["layer1.0.bn1"])
    assert boxing.folded == set()


def test_folds_stay_when_the_graph_changes_and_go_with_another_network() -> None:
    boxing = Boxing()
    boxing.begin(RESNET, keeps=False)
    boxing.fold(RESNET.index["layer1.0.conv1"], range(len(RESNET.nodes)))
    boxing.begin(resnet((2, 3)), keeps=True)
    assert boxing.folded == {"layer1.0"}
    boxing.begin(inception(1), keeps=True)
    assert boxing.folded == set()


def test_groups_of_the_same_walls_count_once() -> None:
    build = Builder()
    last = build.image()
    group = build.group("a.b.c")
    for name in ("one", "two"):
        last = build.add(f"a.b.c.{name}", "Conv2d", (4, 4, 4), (last,), group=group)
    assert groups_around(build.graph(), 1, {1, 2}) == ("a",)


@pytest.mark.parametrize("group", ["layer1.0", "layer2"])
def test_a_box_has_its_name_two_sides_and_a_back(group: str) -> None:
    less, boxes = folded(RESNET, group)
    laid = unfolded_numbers(layout(less.network, less.manifest), less)
    scene = with_sides(named_boxes(laid, boxes), boxes)
    wall = next(wall for wall in scene.walls if wall.node == boxes[0].node)
    assert (wall.title, wall.subtitle) == (boxes[0].title, boxes[0].subtitle)
    texts = [label.text for label in scene.labels]
    assert texts.count(boxes[0].subtitle) == 2
    assert len(scene.boards) - len(laid.boards) == 3
    for board in scene.boards[len(laid.boards) :]:
        assert board.centre[2] < wall.centre[2]
        assert board.size_wh[1] == wall.size_wh[1]
