"""Runs of equal blocks fold to their first block; what follows hangs on it, nothing is lost."""

from __future__ import annotations

import time

import pytest

from client.world.networks import Builder, described, manifest
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import Ray
from layerwalk_client.world.folding import (
    fold,
    run_of,
    runs,
    unfolded_numbers,
    with_badges,
)
from layerwalk_client.world.layout import layout
from layerwalk_client.world.picking import pick
from layerwalk_shared.graph import Graph, make_graph


def marked(graph: Graph, **firsts: list[str]) -> Graph:
    """Return the graph with groups marked as runs: first (dots as _) -> all its members."""
    run = {member: members[0] for members in firsts.values() for member in members}
    groups = tuple(group.model_copy(update={"run": run.get(group.id)}) for group in graph.groups)
    return make_graph(graph.nodes, graph.edges, groups)


def transformer(blocks: int, *, steps: int = 3) -> Graph:
    """Blocks of `steps` nodes and a sum over a skip; a mask that all of them read; a head."""
    build = Builder()
    last = build.add("input", "input", (16,), view="vector")
    mask = build.add("mask", "tril", (16, 16), ("input",))
    last = build.add("embed", "Embedding", (16, 32), (last,))
    for number in range(blocks):
        group, skip = build.group(f"h.{number}"), last
        for place in range(steps):
            sources = (last, mask) if place == 0 else (last,)
            last = build.add(f"{group}.{place}", "Linear", (16, 32), sources, group=group)
        last = build.add(f"{group}.add", "add", (16, 32), (last, skip), group=group)
    last = build.add("norm", "LayerNorm", (16, 32), (last,))
    build.add("head", "Linear", (16, 100), (last, "embed"))
    return marked(build.graph(), h=[f"h.{number}" for number in range(blocks)])


def test_a_run_is_shown_as_its_first_block():
    graph = transformer(12)
    (run,) = runs(graph)
    assert (run.first, run.count, len(run.hidden)) == ("h.0", 12, 11 * 4)
    less = fold(described(graph), manifest(graph), {"h.0"})
    assert [node.id for node in less.network.graph.nodes] == [
        "input", "mask", "embed", "h.0.0", "h.0.1", "h.0.2", "h.0.add", "norm", "head",
    ]  # fmt: skip
    assert [graph.nodes[index] for index in less.kept] == list(less.network.graph.nodes)
    assert less.manifest.nodes == tuple(manifest(graph).nodes[index] for index in less.kept)
    assert less.counts == {"h.0": 12}


def test_what_follows_the_run_hangs_on_its_first_block():
    less = fold(described(transformer(5)), None, {"h.0"})
    found = less.network.graph.predecessors
    assert found["norm"] == ("h.0.add",)
    assert found["head"] == ("norm", "embed")
    assert found["h.0.0"] == ("embed", "mask")
    assert found["h.0.add"] == ("h.0.2", "embed")


def test_nothing_folded_is_the_network_itself():
    graph = transformer(5)
    network, told = described(graph), manifest(graph)
    less = fold(network, told, ())
    assert less.network is network
    assert less.manifest is told
    assert less.kept == tuple(range(len(graph.nodes)))
    assert fold(network, told, {"no such run"}).network is network


def nested() -> Graph:
    """Three stages of four blocks each; the stages are equal, too."""
    build = Builder()
    last = build.add("input", "input", (8,), view="vector")
    for stage in range(3):
        for block in range(4):
            group = build.group(f"stage{stage}.{block}")
            for place in range(2):
                last = build.add(f"{group}.{place}", "Linear", (8,), (last,), group=group)
    build.add("head", "Linear", (8,), (last,))
    stages = {f"s{stage}": [f"stage{stage}.{block}" for block in range(4)] for stage in range(3)}
    return marked(build.graph(), outer=[f"stage{stage}" for stage in range(3)], **stages)


@pytest.mark.parametrize(
    ("folded", "count", "badges"),
    [
        (("stage0",), 1 + 8 + 1, {"stage0": 3}),
        (("stage1.0",), 1 + 8 + 2 + 8 + 1, {"stage1.0": 4}),
        (("stage0", "stage0.0"), 1 + 2 + 1, {"stage0": 3, "stage0.0": 4}),
        (("stage0", "stage2.0"), 1 + 8 + 1, {"stage0": 3}),
    ],
)
def test_runs_within_runs_fold_one_by_one(folded, count, badges):
    graph = nested()
    less = fold(described(graph), None, folded)
    assert len(less.network.graph.nodes) == count
    assert dict(less.counts) == badges
    reduced = less.network.graph
    assert all(reduced.predecessors[node.id] for node in reduced.nodes[1:])


def test_the_innermost_run_is_that_of_a_node():
    graph = nested()
    found = runs(graph)
    assert run_of(graph, found, graph.index["stage1.2.0"]).first == "stage1.0"
    assert run_of(graph, found, graph.index["head"]) is None


def test_blocks_that_are_not_alike_are_no_run():
    graph = transformer(5)
    without = next(index for index, node in enumerate(graph.nodes) if node.id == "h.3.1")
    nodes = tuple(node for index, node in enumerate(graph.nodes) if index != without)
    edges = tuple(edge for edge in graph.edges if "h.3.1" not in (edge.source, edge.target))
    assert runs(make_graph(nodes, edges, graph.groups)) == ()
    assert runs(transformer(2)) == ()  # too short to be worth it


def test_a_folded_scene_has_walls_of_the_whole_graphs_numbers_and_a_badge_to_click():
    graph = transformer(12)
    less = fold(described(graph), manifest(graph), {"h.0"})
    scene = unfolded_numbers(layout(less.network, less.manifest), less)
    assert tuple(wall.node for wall in scene.walls) == less.kept
    assert {(ribbon.source, ribbon.target) for ribbon in scene.ribbons} <= {
        (one, two) for one in less.kept for two in less.kept
    }
    made, (badge,) = with_badges(scene, less.counts, graph.groups)
    assert badge.run == "h.0"
    assert made.labels[-1].text == "× 12"
    board = made.boards[badge.board]
    x, y, z = board.centre
    hit = pick(SceneArrays.from_scene(made), Ray((x, y, z + 0.5), (0.0, 0.0, -1.0)))
    assert hit.board == badge.board


def test_three_thousand_nodes_are_laid_out_in_seconds():
    graph = transformer(300, steps=9)
    assert len(graph.nodes) > 3000
    start_s = time.perf_counter()
    whole = layout(described(graph), manifest(graph))
    SceneArrays.from_scene(whole)
    assert time.perf_counter() - start_s < 10  # half a second on two cores of 2020
    less = fold(described(graph), manifest(graph), {"h.0"})
    assert len(layout(less.network, less.manifest).walls) == 5 + 10
    assert len(whole.walls) == len(graph.nodes)
