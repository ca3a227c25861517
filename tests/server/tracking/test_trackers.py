"""Trackers and markers: what they show, and that they change nothing else."""

from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, nn

from layerwalk import MarkerModule, TrackerModule
from layerwalk.tracking import trace
from layerwalk_shared.errors import InvalidRequestError


class Tracked(nn.Module):
    """A stem and two residual blocks with trackers, one of them called for itself alone."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.see_stem = TrackerModule("stem")
        self.blocks = nn.ModuleList([TrackedBlock(), TrackedBlock()])

    def forward(self, x: Tensor) -> Tensor:
        x = self.see_stem(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return x.mean((2, 3))


class TrackedBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.before = TrackerModule("before the sum")
        self.after = TrackerModule("block")

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn(self.conv(x))
        self.before(out)
        out += x
        return self.after(self.relu(out))


def test_trackers_are_the_default_and_find_their_predecessors(watch, edges, same) -> None:
    model, x = Tracked().eval(), torch.randn(1, 3, 6, 6)
    traced, recording = watch(model, x)
    assert traced.detail == "trackers"
    first, second = "blocks.0", "blocks.1"
    assert edges(traced.graph) == {
        ("input", "see_stem"),
        ("see_stem", f"{first}.before"),
        ("see_stem", f"{first}.after"),
        (f"{first}.before", f"{first}.after"),
        (f"{first}.after", f"{second}.before"),
        (f"{first}.after", f"{second}.after"),
        (f"{second}.before", f"{second}.after"),
    }
    node = traced.graph.node("blocks.0.before")
    assert (node.kind, node.name, node.group) == ("tracker", "before the sum", "blocks.0")
    with torch.no_grad():
        stem = model.stem(x)
        block = model.blocks[0]
        before = block.bn(block.conv(stem))
    expected = {"see_stem": stem, "blocks.0.before": before}
    same(recording, expected | {"blocks.0.after": (before + stem).clamp(min=0)})


def test_trackers_stand_among_the_modules_too(watch, edges) -> None:
    traced, _ = watch(Tracked(), torch.randn(1, 3, 6, 6), detail="modules")
    assert {("stem", "see_stem"), ("see_stem", "blocks.0.conv")} <= edges(traced.graph)
    assert ("see_stem", "blocks.0.add") in edges(traced.graph)


class Marked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = MarkerModule("block 1"), MarkerModule("block 2")
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.deep = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
        self.inner = Inner()

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        x = self.first(x)
        x = self.inner(self.b(x))
        self.second(x)
        return self.deep(x) + 1


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mark, self.one, self.two = MarkerModule("inner"), nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x)
        return self.two(self.mark(x))


def test_a_marker_begins_a_group_until_the_next_of_its_parent(watch, edges) -> None:
    traced, _ = watch(Marked(), torch.randn(1, 3))
    assert edges(traced.graph) == {
        ("input", "a"),
        ("a", "b"),
        ("b", "inner.one"),
        ("inner.one", "inner.two"),
        ("inner.two", "deep.0"),
        ("deep.0", "deep.1"),
        ("deep.1", "add"),
    }
    assert {node.id: node.group for node in traced.graph.nodes} == {
        "input": None,
        "a": None,
        "b": "first",
        "inner.one": "inner",
        "inner.two": "inner.mark",
        "deep.0": "deep",
        "deep.1": "deep",
        "add": "second",
    }
    found = {group.id: (group.name, group.kind, group.parent) for group in traced.graph.groups}
    assert found == {
        "first": ("block 1", "marker", None),
        "inner": ("inner", "module", "first"),
        "inner.mark": ("inner", "marker", "inner"),
        "second": ("block 2", "marker", None),
        "deep": ("deep", "module", "second"),
    }


class Plain(nn.Module):
    """As `Annotated`, without trackers and markers."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 2)
        self.see, self.mark = nn.Identity(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.mark(self.see(torch.relu(self.a(x)))))


class Annotated(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.see, self.mark = TrackerModule("seen"), MarkerModule("block 2")


@pytest.fixture
def pair() -> tuple[Plain, Annotated]:
    plain, annotated = Plain(), Annotated()
    annotated.load_state_dict(plain.state_dict(), strict=True)
    return plain, annotated


def _assert_equal(one: Tensor, other: Tensor) -> None:
    assert torch.equal(one, other)


def _copied(model: nn.Module) -> nn.Module:
    return copy.deepcopy(model)


def _pickled(model: nn.Module) -> nn.Module:
    return pickle.loads(pickle.dumps(model))


def _scripted(model: nn.Module) -> nn.Module:
    return torch.jit.script(model)


def _jit_traced(model: nn.Module) -> nn.Module:
    return torch.jit.trace(model, torch.randn(2, 3))


def _compiled(model: nn.Module) -> nn.Module:
    return torch.compile(model, backend="eager", fullgraph=True)


def _compiled_both_ways(model: nn.Module) -> nn.Module:
    return torch.compile(model, backend="aot_eager", fullgraph=True)


def _compiled_to_code(model: nn.Module) -> nn.Module:
    if shutil.which("c++") is None and shutil.which("g++") is None:
        pytest.skip("torch's own compiler needs a C++ compiler, and there is none")
    return torch.compile(model, fullgraph=True)


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    """A group of one process, as DistributedDataParallel wants one."""
    distributed.init_process_group(
        "gloo", rank=0, world_size=1, init_method=f"file://{tmp_path / 'meeting'}"
    )
    yield
    distributed.destroy_process_group()


def test_distributed_data_parallel_trains_as_it_did(pair, group: None) -> None:
    x = torch.randn(5, 3)
    found = []
    for model in pair:
        wrapped = nn.parallel.DistributedDataParallel(model)
        wrapped(x).square().sum().backward()
        found.append([(key, one.grad.clone()) for key, one in model.named_parameters()])
        assert [key.removeprefix("module.") for key in wrapped.state_dict()] == list(
            pair[0].state_dict()
        )
    for (key, one), (other_key, other) in zip(*found, strict=True):
        assert key == other_key
        assert torch.equal(one, other)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    "change",
    [
        _copied,
        _pickled,
        _scripted,
        _jit_traced,
        _compiled,
        _compiled_both_ways,
        pytest.param(_compiled_to_code, marks=pytest.mark.slow),
    ],
)
def test_outputs_and_gradients_stay_as_they_were(pair, change) -> None:
    plain, annotated = pair
    changed = change(annotated)
    x = torch.randn(5, 3)
    expected, found = plain(x), changed(x)
    # Compiled code may add up in another order; all else is the very same arithmetic.
    same = torch.testing.assert_close if change is _compiled_to_code else _assert_equal
    same(found, expected)
    expected.sum().backward()
    found.sum().backward()
    owner = changed if change in (_copied, _pickled, _scripted) else annotated
    for one, other in zip(plain.parameters(), owner.parameters(), strict=True):
        same(one.grad, other.grad)


def test_state_keys_stay_as_they_were(pair) -> None:
    plain, annotated = pair
    assert list(annotated.state_dict()) == list(plain.state_dict())
    assert list(annotated.parameters()).__len__() == 4


def test_names_survive_copies_and_show_in_print() -> None:
    for module in (TrackerModule("seen"), MarkerModule("block 2")):
        assert _pickled(module).name == copy.deepcopy(module).name == module.name
        assert module.name in repr(module)


@pytest.mark.parametrize("name", ["", "  ", 3, None])
def test_a_name_is_needed(name: object) -> None:
    for kind in (TrackerModule, MarkerModule):
        with pytest.raises(InvalidRequestError, match=kind.__name__):
            kind(name)  # type: ignore[arg-type]


def test_a_marker_is_no_node() -> None:
    graph = trace(Annotated(), torch.randn(1, 3)).graph
    assert [node.id for node in graph.nodes] == ["input", "see"]
    graph = trace(Annotated(), torch.randn(1, 3), detail="modules").graph
    assert [node.id for node in graph.nodes] == ["input", "a", "relu", "see", "b"]
    assert graph.node("b").group == "mark"
