"""Warnings of a training mark the walls they are about, and nothing else."""

from __future__ import annotations

from client.world.networks import described, resnet
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.health import with_warnings
from layerwalk_client.world.layout import layout
from layerwalk_shared.training import HealthWarning

GRAPH = resnet((1,))
SCENE = layout(described(GRAPH))


def warn(kind, node=None):
    return HealthWarning(kind=kind, text="a sentence", node=node)


def test_a_wall_is_marked_once_for_each_kind_of_warning():
    conv1 = GRAPH.nodes[1].id
    made = with_warnings(
        SCENE,
        GRAPH,
        [warn("dead-units", conv1), warn("dead-units", conv1), warn("not-finite", conv1)],
    )
    (label,) = made.labels[len(SCENE.labels) :]
    assert label.text == "▲ dead units, not finite"
    wall = SCENE.walls[1]
    assert label.position[1] > wall.centre[1] + wall.size_wh[1] / 2
    assert made.walls == SCENE.walls
    assert len(made.boards) == len(SCENE.boards) + 1


def test_marks_never_stop_a_ray():
    made = with_warnings(SCENE, GRAPH, [warn("dead-units", node.id) for node in GRAPH.nodes])
    assert len(made.boards) == len(SCENE.boards) + len(GRAPH.nodes)
    before, after = SceneArrays.from_scene(SCENE), SceneArrays.from_scene(made)
    assert len(after.board_index) == len(before.board_index)


def test_warnings_about_everything_or_about_nothing_mark_no_wall():
    assert with_warnings(SCENE, GRAPH, []) is SCENE
    assert with_warnings(SCENE, GRAPH, [warn("exploding-gradients")]) is SCENE
    assert with_warnings(SCENE, GRAPH, [warn("dead-units", "no such node")]) is SCENE
