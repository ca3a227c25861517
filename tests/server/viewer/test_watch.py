"""A watched training: what is shown is what was published, over the real server."""

from __future__ import annotations

import copy
import itertools
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwalk import Limits, Viewer
from layerwalk_shared.messages import (
    MetricsPublished,
    NetworkChanged,
    SnapshotsDropped,
    SnapshotTaken,
    TrainingEnded,
    TrainingStepped,
)
from layerwalk_shared.routes import GRADIENTS, SESSION, TRAINING
from layerwalk_shared.training import GradientHistograms, TrainingHistory
from server.viewer.conftest import Loop, Small, Watch


def get(viewer: Viewer, path: str) -> Any:
    with urllib.request.urlopen(f"{viewer.url}{path}", timeout=10) as answer:
        return json.load(answer)


def history(viewer: Viewer) -> TrainingHistory:
    return TrainingHistory.model_validate(get(viewer, TRAINING.url(network="n1")))


def events(viewer: Viewer, kind: type) -> list[Any]:
    assert viewer.session is not None
    return [event for event in viewer.session.events.after(0).events if isinstance(event, kind)]


def train(viewer: Viewer, loop: Loop, steps: int) -> None:
    """Publish steps 10, 20, ... and let each be shown."""
    for number in range(1, steps + 1):
        viewer.publish(step=10 * number, loss=loop.step(), rate=0.05)
        assert viewer.flush(20)


def test_every_step_is_shown_with_the_weights_it_was_published_with(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    viewer = watch(loop.model, example)
    states: dict[int, nn.Module] = {}
    for number in (1, 2, 3):
        loss = loop.step()
        states[10 * number] = copy.deepcopy(loop.model).eval()
        viewer.publish(step=10 * number, loss=loss)
        assert viewer.flush(20)
    told = history(viewer)
    assert told.is_running
    assert [step.step for step in told.steps] == [10, 20, 30]
    assert viewer.session is not None
    for step in told.steps:
        snapshot = viewer.session.snapshot(str(step.snapshot))
        assert snapshot.manifest.step == step.step
        with torch.no_grad():
            expected = states[step.step](example[:1])[0].numpy()
        found = snapshot.node_values(snapshot.graph.index["head"])
        # Steps differ in the second digit; a product may be summed in another order on one thread.
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-6, err_msg=str(step.step))


def test_the_history_and_the_events_tell_the_same(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    viewer = watch(loop.model, example)
    train(viewer, loop, 3)
    last = get(viewer, SESSION.url())["last_event"]
    told = history(viewer)
    stepped = events(viewer, TrainingStepped)
    assert [event.step for event in stepped] == list(told.steps)
    published = [point for event in events(viewer, MetricsPublished) for point in event.points]
    assert published == list(told.metrics)
    assert [point.step for point in published] == [10, 20, 30]
    assert published[0].values["rate"] == 0.05
    assert stepped[-1].number <= last
    taken = {event.manifest.id: event.number for event in events(viewer, SnapshotTaken)}
    for event in stepped:
        assert taken[event.step.snapshot] < event.number, "a snapshot is told of before its step"
    viewer.close()
    assert len(events(viewer, TrainingEnded)) == 1


def test_numbers_of_a_step_are_those_of_the_model(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    viewer = watch(loop.model, example)
    loop.step()
    viewer.publish(step=0)
    assert viewer.flush(20)
    before = torch.cat([one.detach().flatten().clone() for one in loop.model.conv.parameters()])
    for _ in range(4):
        loss = loop.step()
    viewer.publish(step=4, loss=loss)
    assert viewer.flush(20)
    own = list(loop.model.conv.parameters())
    now = torch.cat([one.detach().flatten() for one in own])
    gradient = torch.cat([one.grad.flatten() for one in own if one.grad is not None])
    assert viewer.session is not None
    graph = viewer.session.network("n1").graph
    index = graph.index["conv"]
    first, second = history(viewer).steps
    found = next(one for one in second.nodes if one.node == index)
    assert found.weight == pytest.approx(float(now.norm()), rel=1e-5)
    assert found.gradient == pytest.approx(float(gradient.norm()), rel=1e-5)
    update = float((now - before).norm() / now.norm() / 4)
    assert found.update == pytest.approx(update, rel=1e-4)
    assert next(one for one in first.nodes if one.node == index).update is None
    told = GradientHistograms.model_validate(get(viewer, GRADIENTS.url(network="n1", step=4)))
    counted = {one.node: one for one in told.nodes}
    assert set(counted) == {graph.index[name] for name in ("conv", "norm", "head")}
    own_counts = counted[index]
    assert sum(own_counts.counts) + own_counts.zeros == gradient.numel()
    missing = urllib.request.Request(f"{viewer.url}{GRADIENTS.url(network='n1', step=3)}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(missing, timeout=10)
    assert refused.value.code == 404
    refused.value.close()


def test_without_gradients_a_step_is_shown_all_the_same(
    watch: Watch, model: Small, example: Tensor
) -> None:
    viewer = watch(model, example)
    viewer.publish()
    viewer.publish(loss=float("nan"))
    assert viewer.flush(20)
    told = history(viewer)
    assert [point.step for point in told.metrics] == [0, 1]
    assert told.metrics[1].values == {"loss": None}
    assert [warning.kind for warning in told.steps[-1].warnings] == ["not-finite"]
    assert all(node.gradient is None for node in told.steps[-1].nodes)
    assert get(viewer, GRADIENTS.url(network="n1", step=1))["nodes"] == []


def test_nan_in_the_weights_is_a_warning_of_the_step(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    viewer = watch(loop.model, example)
    loop.step()
    with torch.no_grad():
        loop.model.conv.weight[0, 0, 0, 0] = float("nan")
        assert loop.model.conv.weight.grad is not None
        loop.model.conv.weight.grad[1, 0] = float("inf")
    viewer.publish(step=1, loss=0.5)
    assert viewer.flush(20)
    (step,) = history(viewer).steps
    (warning,) = [one for one in step.warnings if one.kind == "not-finite"]
    assert warning.node == "conv"
    assert viewer.session is not None
    index = viewer.session.network("n1").graph.index["conv"]
    found = next(one for one in step.nodes if one.node == index)
    assert found.weight is None
    assert found.gradient is None
    assert found.not_finite >= 1 + 9


def test_steps_beyond_memory_are_thinned_evenly(watch: Watch, loop: Loop, example: Tensor) -> None:
    viewer = watch(loop.model, example[:1], limits=Limits(snapshot_bytes=36_000))
    train(viewer, loop, 16)
    steps = history(viewer).steps
    assert [step.step for step in steps] == list(range(10, 170, 10))
    held = [step.step for step in steps if step.snapshot is not None]
    assert held[0] == 10
    assert held[-1] == 160
    assert 6 <= len(held) < 16
    gaps = [after - before for before, after in itertools.pairwise(held)]
    assert max(gaps) <= 2 * 160 / len(held)
    assert events(viewer, SnapshotsDropped)


def test_steps_on_disk_come_back_when_they_are_asked_for(
    watch: Watch, loop: Loop, example: Tensor, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    viewer = watch(loop.model, example[:1], limits=Limits(snapshot_bytes=1), keep=folder)
    values: dict[str, np.ndarray[Any, Any]] = {}
    assert viewer.session is not None
    for number in range(4):
        viewer.publish(step=number, loss=loop.step())
        assert viewer.flush(20)
        snapshot = viewer.session.snapshot(str(history(viewer).steps[-1].snapshot))
        values[snapshot.id] = snapshot.node_values(snapshot.graph.index["head"]).copy()
    assert len(list(folder.glob("step-*.npz"))) == 4
    held = {one.id for one in viewer.session.snapshots("n1")}
    assert len(held & set(values)) == 1, "memory has room for one"
    for step in history(viewer).steps:
        snapshot = viewer.session.snapshot(str(step.snapshot))
        found = snapshot.node_values(snapshot.graph.index["head"])
        assert (found == values[snapshot.id]).all()
        body = viewer.session.tiles.overview(snapshot, 8, dtype="float16")
        assert body.size > 0
    assert not [
        snapshot
        for event in events(viewer, SnapshotsDropped)
        for snapshot in event.snapshots
        if snapshot in values
    ]


def test_weights_are_asked_for_as_they_are_now(watch: Watch, loop: Loop, example: Tensor) -> None:
    viewer = watch(loop.model, example)
    assert viewer.session is not None
    network = viewer.session.network("n1")
    before = network.node_weights("conv")
    loop.step()
    viewer.publish()
    assert viewer.flush(20)
    now = network.node_weights("conv")
    assert (now == loop.model.conv.weight.detach().numpy()).all()
    assert not (before == now).all(), "what was handed out does not change"


class Grows(nn.Module):
    """Takes another way once a buffer says so."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.register_buffer("stage", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.a(x))
        return self.b(x) if float(self.stage) > 0 else x


def told_points(viewer: Viewer) -> list[int]:
    return [point.step for event in events(viewer, MetricsPublished) for point in event.points]


def test_curves_go_on_while_no_step_is_shown_and_end_with_the_last(
    watch: Watch, loop: Loop, example: Tensor
) -> None:
    viewer = watch(loop.model, example, share=1e-6)
    assert viewer.session is not None
    log = viewer.session.events
    viewer.publish(step=0, loss=loop.step())
    assert viewer.flush(20)
    for step in range(1, 6):
        viewer.publish(step=step, loss=loop.step())
    deadline = time.monotonic() + 20
    while told_points(viewer) != list(range(6)) and time.monotonic() < deadline:
        log.after(log.last, wait_s=1.0)
    assert told_points(viewer) == list(range(6))
    assert len(events(viewer, TrainingStepped)) == 1, "the rest after a step is long here"
    for step in range(6, 9):
        viewer.publish(step=step, loss=loop.step())
    viewer.close()
    assert told_points(viewer) == list(range(9))
    assert isinstance(log.after(0).events[-1], TrainingEnded)


def test_a_graph_that_changes_is_traced_again_and_said(watch: Watch) -> None:
    model = Grows()
    viewer = watch(model, torch.ones(2, 3), strict=False)
    viewer.publish(step=1)
    assert viewer.flush(20)
    assert viewer.session is not None
    assert "b" not in viewer.session.network("n1").graph.index
    model.stage += 1
    viewer.publish(step=2)
    assert viewer.flush(20)
    with pytest.warns(UserWarning, match="traced anew") as said:
        viewer.publish(step=3)
        assert viewer.flush(20)
    assert len(said) == 1
    assert Path(said[0].filename) == Path(__file__)
    assert "b" in viewer.session.network("n1").graph.index
    (changed,) = events(viewer, NetworkChanged)
    assert "module 'b'" in changed.reason
    step = history(viewer).steps[-1]
    assert "graph-changed" in [warning.kind for warning in step.warnings]
    shown = viewer.session.snapshot(str(step.snapshot))
    assert shown.graph is viewer.session.network("n1").graph
    assert all(one.graph is shown.graph for one in (viewer.session.gallery.of("n1"))), (
        "snapshots of the former graph are gone"
    )


def test_steps_grow(watch: Watch, model: Small, example: Tensor) -> None:
    viewer = watch(model, example, strict=False)
    for step in (0, 1, 2):
        viewer.publish(step=step, loss=1)
    with pytest.warns(UserWarning, match="counted on as 3") as said:
        for step in (0, 1, 2):
            viewer.publish(step=step, loss=2)
    assert len(said) == 1
    assert viewer.flush(20)
    assert [point.step for point in history(viewer).metrics] == [0, 1, 2, 3, 4, 5]


def test_a_data_set_of_the_training_can_be_picked_from(
    watch: Watch, model: Small, example: Tensor
) -> None:
    items = [(torch.rand(1, 6, 6), label) for label in (0, 1, 3)]
    viewer = watch(model, example, dataset=items, classes=("a", "b", "c", "d"))
    assert viewer.session is not None
    (summary,) = viewer.session.datasets()
    assert summary.count == 3
    item = viewer.session.dataset(summary.id).item(2)
    assert item.label == 3
    expected = np.rint(items[2][0][0].numpy() * 255).astype(np.uint8)
    assert (item.image == expected).all()
