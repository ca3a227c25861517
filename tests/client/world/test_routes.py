"""Routes along the data flow, in networks small enough to follow by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from client.world.networks import described, inception, random_graphs, resnet
from layerwalk_client.world.layout import layout
from layerwalk_client.world.routes import routes
from layerwalk_client.world.scene import Scene
from layerwalk_shared.graph import Graph

RESNET, INCEPTION = resnet(), inception(2)


class Way:
    """The routes of a graph, by the ids of its nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.routes = routes(layout(described(graph)), "net")

    def ids(self, nodes) -> list[str]:
        return [self.graph.nodes[node].id for node in nodes]

    def next(self, node: str) -> str | None:
        found = self.routes.next(self.graph.index[node])
        return None if found is None else self.graph.nodes[found].id

    def previous(self, node: str) -> str | None:
        found = self.routes.previous(self.graph.index[node])
        return None if found is None else self.graph.nodes[found].id

    def beside(self, node: str) -> list[str]:
        return self.ids(self.routes.beside(self.graph.index[node]))


@pytest.fixture(scope="module")
def residual() -> Way:
    return Way(RESNET)


@pytest.fixture(scope="module")
def branched() -> Way:
    return Way(INCEPTION)


def test_next_after_next_leads_through_the_main_branch_to_the_answer(residual: Way) -> None:
    node, way = "input", ["input"]
    while (after := residual.next(node)) is not None:
        node = after
        way.append(node)
    assert way[-1] == "fc"
    assert {"layer1.0.conv1", "layer4.1.add", "avgpool"} <= set(way)
    assert not any("downsample" in one for one in way)
    places = [RESNET.index[one] for one in way]
    assert places == sorted(places)


def test_previous_of_a_join_is_its_main_branch_and_the_input_reads_nothing(residual: Way) -> None:
    assert residual.previous("layer1.0.add") == "layer1.0.bn2"
    assert residual.previous("layer2.0.add") == "layer2.0.bn2"
    assert residual.previous("input") is None
    assert residual.next("fc") is None


def test_the_other_ways_of_a_fork_follow_the_main_one(residual: Way) -> None:
    fork = residual.previous("layer2.0.conv1")
    after = residual.ids(residual.routes.after[RESNET.index[fork]])
    assert after == ["layer2.0.conv1", "layer2.0.downsample.0"]


def test_branches_stand_beside_each_other_from_left_to_right(branched: Way) -> None:
    line = branched.beside("mixed0.branch2_2.conv")
    assert "mixed0.branch2_2.conv" in line
    owners = [one.split(".")[1].partition("_")[0] for one in line]
    assert {"branch1", "branch2", "branch3"} <= set(owners)
    aside = [branched.routes.aside[INCEPTION.index[one]] for one in line]
    assert aside == sorted(aside)
    for one in line:
        assert branched.beside(one)[0].startswith("mixed0.")


def test_a_wall_on_a_line_without_branches_stands_alone(residual: Way) -> None:
    assert residual.beside("layer1.0.conv1") == ["layer1.0.conv1"]
    assert residual.beside("layer2.0.downsample.0")[0] != "layer2.0.downsample.0"
    assert routes(Scene(), "net").beside(0) == ()


def reached(graph: Graph, node: str) -> set[str]:
    after = graph.successors[node]
    return set(after).union(*(reached(graph, one) for one in after)) if after else set()


@settings(max_examples=40, deadline=None)
@given(graph=random_graphs(largest=9))
def test_laws_of_routes_hold_for_any_graph(graph: Graph) -> None:
    found = routes(layout(described(graph)), "net")
    ids = [node.id for node in graph.nodes]
    assert sorted(found.order) == list(range(len(ids)))
    place = {node: number for number, node in enumerate(found.order)}
    for node, name in enumerate(ids):
        assert {ids[one] for one in found.after[node]} == set(graph.successors[name])
        assert {ids[one] for one in found.before[node]} == set(graph.predecessors[name])
        for other in found.after[node]:
            assert place[node] < place[other]
            assert found.depth[other] > found.depth[node]
        line = found.beside(node)
        assert node in line
        lanes = [round(found.aside[one], 2) for one in line]
        assert lanes == sorted(set(lanes))
        for other in line:
            if other != node:
                assert ids[other] not in reached(graph, name)
                assert name not in reached(graph, ids[other])
        after = [found.ahead[one] for one in found.after[node]]
        assert after == sorted(after, reverse=True)


def test_another_network_has_no_routes_here() -> None:
    assert routes(layout(described(RESNET)), "another").order == ()
