"""Light of a signal: shares go back from the unit and nothing of them is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers

from client.gl.signals import made_up
from client.world.networks import Builder, random_graphs
from layerwalk_client.world.glow import CHANNEL_POWER, EDGE_POWER, NODE_POWER, glow_of
from layerwalk_shared.contributions import contributions_of
from layerwalk_shared.graph import Graph, make_graph


def _residual() -> Graph:
    made = Builder()
    made.add("input", "input", (1, 4, 4))
    made.add("a", "Conv2d", (3, 4, 4), ("input",))
    made.add("b", "Conv2d", (3, 4, 4), ("a",))
    made.add("add", "add", (3, 4, 4), ("b", "a"))
    made.add("c", "Conv2d", (2, 4, 4), ("add",))
    made.add("aside", "Conv2d", (2, 4, 4), ("a",))
    return make_graph(tuple(made.nodes), tuple(made.edges), ())


def _values(graph: Graph, edges: dict[tuple[str, str], float]) -> np.ndarray:
    return np.array([edges.get((one.source, one.target), 0.0) for one in graph.edges], np.float32)


def test_a_branch_has_the_share_that_goes_through_it() -> None:
    graph = _residual()
    channels = [
        np.array(one, np.float32) for one in ([5], [4, -1, 2], [1, 0, 0], [3, 1, 1], [9, 0], [0, 0])
    ]
    edges = {("input", "a"): 9, ("a", "b"): 1, ("b", "add"): 2, ("a", "add"): -6, ("add", "c"): 4}
    reached = [True] * 5 + [False]
    found = glow_of(
        "n", graph, contributions_of(channels, reached, _values(graph, edges)), target="c"
    )
    index = graph.index
    assert found.edges[index["add"], index["c"]] == 1
    assert found.edges[index["b"], index["add"]] == pytest.approx(0.25**EDGE_POWER)
    assert found.edges[index["a"], index["add"]] == pytest.approx(-(0.75**EDGE_POWER))
    assert found.edges[index["a"], index["b"]] == pytest.approx(0.25**EDGE_POWER)
    assert found.edges[index["input"], index["a"]] == 1  # both ways come together again
    assert (index["a"], index["aside"]) not in {k: v for k, v in found.edges.items() if v}
    assert index["aside"] not in found.nodes
    light = found.channels[index["a"]]
    assert light[0] == 1
    assert light[1] == pytest.approx(-(0.25**CHANNEL_POWER))
    assert found.channels[index["b"]][0] == pytest.approx(0.25**NODE_POWER)
    assert found.nodes[index["a"]] == 1


@settings(max_examples=40, deadline=None)
@given(random_graphs(), integers(0, 100))
def test_no_light_is_beyond_one_and_shares_into_the_unit_add_up(graph: Graph, seed: int) -> None:
    last = graph.nodes[-1].id
    found = glow_of("n", graph, made_up(graph, seed=seed), target=last)
    for light in found.channels.values():
        assert np.abs(light).max() <= 1 + 1e-6
    end = graph.index[last]
    into = [
        abs(one) ** (1 / EDGE_POWER) for (_, target), one in found.edges.items() if target == end
    ]
    if into:
        assert sum(into) == pytest.approx(1)
    assert all(abs(one) <= 1 + 1e-6 for one in (*found.edges.values(), *found.nodes.values()))


def test_nothing_shines_where_nothing_was_given() -> None:
    graph = _residual()
    empty = contributions_of(
        [np.zeros(one.channels, np.float32) for one in graph.nodes],
        [True] * 6,
        np.zeros(len(graph.edges), np.float32),
    )
    found = glow_of("n", graph, empty, target="c")
    assert not found.channels
    assert not found.edges
