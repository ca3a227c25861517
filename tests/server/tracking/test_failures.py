"""A forward that raises still gives what there is, with the error at its place."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from layerwalk.tracking import Recorder, snapshot, trace


class Block(nn.Module):
    def __init__(self, how: str | None = None) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 3, 1), nn.ReLU()
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "at once":
            raise ValueError("broken at once")
        x = self.conv(x)
        if self.how == "python":
            raise ValueError("broken in Python")
        if self.how == "operation":
            return x @ torch.ones(99, 1)
        return self.act(x)


def _net(how: str) -> nn.Module:
    blocks = [Block(), Block(), Block(how), Block()]
    if how == "module":
        blocks[2].conv = nn.Conv2d(5, 3, 1)
    if how == "caught":
        blocks[2] = Catching()
    return nn.Sequential(*blocks)


class Catching(nn.Module):
    """Falls back to another way when the first one raises."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Block("python"), nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        try:
            return self.first(x)
        except ValueError:
            return self.second(x) + 1


REACHED = ["input", "0.conv", "0.act", "1.conv", "1.act"]


@pytest.mark.parametrize(
    ("how", "rest", "text"),
    [
        ("module", ["2.conv"], "RuntimeError: "),
        ("operation", ["2.conv", "2.matmul"], "RuntimeError: "),
        ("python", ["2.conv", "2.error"], "ValueError: broken in Python"),
        ("at once", ["2.error"], "ValueError: broken at once"),
    ],
)
def test_the_graph_ends_where_forward_raised(how: str, rest: list[str], text: str) -> None:
    model, x = _net(how), torch.randn(1, 3, 4, 4)
    traced = trace(model, x)
    ids = REACHED + rest
    assert [node.id for node in traced.graph.nodes] == ids
    assert traced.error is not None
    assert traced.error.startswith(text)
    errors = {node.id: node.error for node in traced.graph.nodes if node.error is not None}
    assert errors == {ids[-1]: traced.error}
    chain = set(pairwise(ids))
    assert {(edge.source, edge.target) for edge in traced.graph.edges} == chain

    with Recorder(model, traced) as recorder:
        recording = recorder.record(x)
    assert recording.error == traced.error
    assert recording.outputs is None
    assert set(recording.values) == set(ids[:-1])
    with torch.no_grad():
        assert torch.equal(recording.values["0.conv"], model[0].conv(x))


def test_a_snapshot_of_a_broken_model_says_what_there_is() -> None:
    snap = snapshot(_net("python"), torch.randn(1, 3, 4, 4))
    assert snap.error == "ValueError: broken in Python"
    assert snap["2.error"].values is None
    assert not snap["2.error"].statistics.has_values
    assert snap["2.conv"].values is not None


def test_an_error_that_the_model_catches_is_none(watch, edges, same) -> None:
    model, x = _net("caught").eval(), torch.randn(1, 3, 4, 4)
    traced, recording = watch(model, x)
    assert {("1.act", "2.second"), ("2.second", "2.add"), ("2.add", "3.conv")} <= edges(
        traced.graph
    )
    with torch.no_grad():
        same(recording, {"2.first.conv": model[2].first.conv(model[1](model[0](x)))})
    assert traced.graph.node("2.add").group == "2"


def test_wrong_arguments_are_told_at_the_root() -> None:
    traced = trace(nn.Sequential(nn.Linear(3, 3)), (torch.randn(1, 3), torch.randn(1, 3)))
    assert [node.id for node in traced.graph.nodes] == ["input", "input:2", "error"]
    assert "positional arguments" in str(traced.error)


def test_an_error_only_when_recording_keeps_what_was_reached() -> None:
    class Fussy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            if len(x) > 1:
                raise ValueError("one at a time")
            return self.b(x) + 1

    model = Fussy()
    with Recorder(model, trace(model, torch.randn(1, 3))) as recorder:
        broken = recorder.record(torch.randn(2, 3))
        assert broken.error == "ValueError: one at a time"
        assert set(broken.values) == {"input", "a"}
        assert not broken.drifted
        assert set(recorder.record(torch.randn(1, 3)).values) == {"input", "a", "b", "add"}


def test_a_graph_without_operations_beyond_the_error_is_shown_at_every_detail() -> None:
    for detail in ("trackers", "modules", "operations"):
        traced = trace(_net("python"), torch.randn(1, 3, 4, 4), detail=detail)  # type: ignore[arg-type]
        assert traced.graph.nodes[-1].id == "2.error"
