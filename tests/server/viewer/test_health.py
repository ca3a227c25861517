"""Each sign of a sick training is found, and a healthy one is left in peace."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwalk.tracking import Recorder, trace
from layerwalk.training.health import EXPLODING_AFTER, Health
from layerwalk.training.units import SilentUnits, saturated, silent
from layerwalk_shared.graph import Graph, Node, make_graph
from layerwalk_shared.training import MetricPoint, NodeTraining
from server.frozen import make_snapshot


def node(index: int, operation: str = "Linear") -> Node:
    return Node(
        id=f"layer{index}",
        name=f"layer{index}",
        kind="module",
        operation=operation,
        shape=(4,),
        view="vector",
        channels=1,
        height=2,
        width=2,
    )


GRAPH: Graph = make_graph(tuple(node(index) for index in range(3)))


def healthy() -> tuple[NodeTraining, ...]:
    return tuple(
        NodeTraining(node=index, gradient=0.1 * (index + 1), weight=2.0, dead=0.1, saturated=0.2)
        for index in range(3)
    )


def kinds(health: Health, *nodes: NodeTraining, **values: float | None) -> list[str]:
    point = MetricPoint(step=1, values=values) if values else None
    return [warning.kind for warning in health.judge(GRAPH, nodes, point)]


def test_a_healthy_training_is_left_in_peace() -> None:
    health = Health()
    for _ in range(20):
        assert kinds(health, *healthy(), loss=1.0) == []


def test_a_gradient_far_beyond_what_is_usual_explodes() -> None:
    health = Health()
    for _ in range(EXPLODING_AFTER):
        health.judge(GRAPH, healthy())
    usual = healthy()[1]
    assert kinds(health, usual.model_copy(update={"gradient": 1.9})) == []
    (warning,) = health.judge(GRAPH, [usual.model_copy(update={"gradient": 3.0})])
    assert warning.kind == "exploding-gradients"
    assert warning.node == "layer1"
    assert "15 times" in warning.text


def test_the_first_steps_explode_nothing() -> None:
    health = Health()
    for factor in (1, 100, 10_000):
        assert kinds(health, NodeTraining(node=0, gradient=float(factor), weight=1.0)) == []


def test_a_gradient_that_would_be_rounded_away_vanishes_where_others_do_not() -> None:
    first = NodeTraining(node=0, gradient=1e-9, weight=1.0)
    last = NodeTraining(node=2, gradient=1e-2, weight=1.0)
    (warning,) = Health().judge(GRAPH, [first, last])
    assert (warning.kind, warning.node) == ("vanishing-gradients", "layer0")
    done = last.model_copy(update={"gradient": 5e-9})
    assert kinds(Health(), first, done) == []


def test_what_is_not_finite_is_told_with_its_first_node() -> None:
    broken = NodeTraining(node=1, weight=None, not_finite=4)
    (warning,) = Health().judge(
        GRAPH, [healthy()[0], broken, broken.model_copy(update={"node": 2})]
    )
    assert (warning.kind, warning.node) == ("not-finite", "layer1")
    assert "4 values" in warning.text
    assert kinds(Health(), *healthy(), loss=None) == ["not-finite"]


@pytest.mark.parametrize(
    ("field", "kind"), [("dead", "dead-units"), ("saturated", "saturated-units")]
)
def test_shares_over_the_limit_name_the_worst_node(field: str, kind: str) -> None:
    nodes = [
        one.model_copy(update={field: share})
        for one, share in zip(healthy(), (0.1, 0.7, 0.9), strict=True)
    ]
    (warning,) = Health().judge(GRAPH, nodes)
    assert (warning.kind, warning.node) == (kind, "layer2")
    assert "90%" in warning.text


def test_silent_units_are_channels_features_or_elements() -> None:
    maps = np.ones((3, 2, 2), np.float32)
    maps[1] = 0
    maps[2, 0, 0] = 0
    assert silent(maps).tolist() == [False, True, False]
    assert silent(np.array([0, 1, 0], np.float32)).tolist() == [True, False, True]
    tokens = np.array([[0, 1, 0], [0, 0, 2]], np.float32)
    assert silent(tokens).tolist() == [True, False, False]


def test_a_unit_is_dead_where_no_item_of_the_batch_wakes_it() -> None:
    model = nn.Sequential(nn.Linear(2, 4, bias=False), nn.ReLU()).eval()
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]]))
    batch = torch.tensor([[1.0, 1.0], [1.0, -1.0], [2.0, 0.5]])
    traced = trace(model, batch[:1])
    with torch.no_grad():
        values = [batch[0].numpy(), model[0](batch[0]).numpy(), model(batch[0]).numpy()]
    made = make_snapshot(*values)
    nodes = tuple(
        one.model_copy(update={"zeros": float((array == 0).mean())})
        for one, array in zip(made.manifest.nodes, values, strict=True)
    )
    snapshot = type(made)(
        made.manifest.model_copy(update={"nodes": nodes}), traced.graph, made.values, made.input
    )
    units = SilentUnits(snapshot)
    assert units.share(0) is None, "an input has no units"
    assert units.share(2) == 0.5
    assert not units.is_settled
    with Recorder(model, traced) as recorder:
        units.see(recorder.record(batch[1:]))
    assert units.share(2) == 0.25, "the second item wakes the fourth unit, none the second"


def test_saturated_values_lie_at_the_bounds() -> None:
    values = np.array([0.001, 0.5, 0.995, 0.02], np.float32)
    assert saturated(node(0, "Sigmoid"), values) == 0.5
    assert saturated(node(0, "Tanh"), np.array([-0.99, 0.99, 0, 0.9], np.float32)) == 0.5
    assert saturated(node(0, "ReLU6"), np.array([0, 6, 3, 5.99], np.float32)) == 0.5
    assert saturated(node(0, "Linear"), values) is None
    bounds = nn.Hardtanh(-2, 2)
    assert saturated(node(0, "Hardtanh"), np.array([-2, 1, 1, 1], np.float32), bounds) == 0.25
