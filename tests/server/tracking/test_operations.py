"""Operations outside of modules: functional calls, splits, writes in place, numbers."""

from __future__ import annotations

import operator
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from layerwalk.tracking import trace
from layerwalk.tracking.operations import describe


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.weight = nn.Parameter(torch.randn(9, 5))

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.conv(x))
        b = torch.add(a, 1.0)
        c = a + b
        d = F.interpolate(c, size=(3, 3))
        e = d.flatten(2) @ self.weight
        return F.max_pool1d(e.mul(2), 2)


def test_functional_calls_are_nodes(watch, edges, same) -> None:
    model, x = Functional().eval(), torch.randn(1, 3, 6, 6)
    traced, recording = watch(model, x)
    chain = ["add", "add:2", "interpolate", "flatten", "matmul", "mul", "max_pool1d"]
    assert [node.id for node in traced.graph.nodes] == ["input", "conv", "relu", *chain]
    assert edges(traced.graph) == {
        ("input", "conv"),
        ("conv", "relu"),
        ("relu", "add"),
        ("relu", "add:2"),
        *pairwise(chain),
    }
    with torch.no_grad():
        conv = model.conv(x)
        relu = conv.clamp(min=0)
        added = relu + (relu + 1.0)
        small = F.interpolate(added, size=(3, 3))
        product = torch.matmul(small.reshape(1, 4, 9), model.weight)
    expected = {"conv": conv, "relu": relu, "add": relu + 1.0, "add:2": added}
    expected |= {"interpolate": small, "flatten": small.reshape(1, 4, 9), "matmul": product}
    same(recording, expected | {"mul": product * 2})
    node = traced.graph.node("add:2")
    assert (node.kind, node.operation, node.module) == ("operation", "add", "")


def test_slots_number_the_arguments() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
            self.token = nn.Parameter(torch.zeros(1, 3))

        def forward(self, x: Tensor) -> Tensor:
            a, b = self.first(x), self.second(x)
            return torch.cat([self.token.expand(len(x), -1), b, a], 1) - torch.cat([a, b, a], 1)

    graph = trace(Net(), torch.randn(1, 3)).graph
    found = {(edge.source, edge.target, edge.slot) for edge in graph.edges}
    assert found >= {("second", "cat", 1), ("first", "cat", 2), ("cat", "sub", 0)}
    assert {("first", "cat:2", 0), ("second", "cat:2", 1), ("first", "cat:2", 2)} <= found


@pytest.mark.parametrize("spelling", ["chunk", "split", "unbind", "getitem"])
def test_pieces_of_a_split_go_their_own_ways(watch, edges, same, spelling: str) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 4, 1)
            self.left, self.right = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            x = self.stem(x)
            if spelling == "chunk":
                a, b = x.chunk(2, dim=1)
            elif spelling == "split":
                a, b = torch.split(x, [2, 2], dim=1)
            elif spelling == "unbind":
                a, b = x.reshape(len(x), 2, 2, *x.shape[2:]).unbind(1)
            else:
                a, b = x[:, :2], x[:, 2:]
            return torch.cat([self.right(b), self.left(a)], 1)

    model, x = Net().eval(), torch.randn(1, 3, 5, 5)
    traced, recording = watch(model, x)
    ends = {("input", "stem"), ("right", "cat"), ("left", "cat")}
    with torch.no_grad():
        stem = model.stem(x)
        left, right = model.left(stem[:, :2]), model.right(stem[:, 2:])
    same(recording, {"left": left, "right": right, "cat": torch.cat([right, left], 1)})
    if spelling in ("chunk", "split"):
        first, second = spelling, f"{spelling}.1"
        middle = {("stem", first), ("stem", second), (first, "left"), (second, "right")}
        assert edges(traced.graph) == ends | middle
        same(recording, {first: stem[:, :2], second: stem[:, 2:]})
    else:
        assert edges(traced.graph) == ends | {("stem", "left"), ("stem", "right")}


class OnView(nn.Module):
    """Writes the first two of four channels in place, then reads parts and the whole."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.stem, self.head = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)
        self.early, self.late = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        rest = x[:, 2:]
        if self.how == "add_":
            x[:, :2].add_(1)
        elif self.how == "+=":
            x[:, :2] += 1
        else:
            x[:, :2] = x[:, :2] + 1
        return self.head(x) + self.late(rest) + self.early(x[:, :2])


@pytest.mark.parametrize("how", ["add_", "+=", "="])
def test_a_write_into_a_view_reaches_readers_of_the_whole(watch, edges, same, how: str) -> None:
    model, x = OnView(how).eval(), torch.randn(1, 3, 4, 4)
    traced, recording = watch(model, x)
    changed = "setitem" if how == "=" else "add"
    joins = {("head", "add:2"), ("late", "add:2"), ("add:2", "add:3"), ("early", "add:3")}
    if how == "=":
        # The assignment's node shows the whole tensor, so that everything afterwards is its.
        inner = {("stem", "add"), ("stem", "setitem"), ("add", "setitem"), ("setitem", "head")}
        inner |= {("setitem", "late"), ("setitem", "early")}
    else:
        inner = {("stem", "add"), ("stem", "head"), ("add", "head")}
        inner |= {("stem", "late"), ("add", "early")}
    assert edges(traced.graph) == {("input", "stem")} | inner | joins
    with torch.no_grad():
        stem = model.stem(x)
        after = torch.cat([stem[:, :2] + 1, stem[:, 2:]], 1)
        head, late, early = model.head(after), model.late(after[:, 2:]), model.early(after[:, :2])
    same(recording, {"stem": stem, "head": head, "late": late, "early": early})
    same(recording, {changed: after if how == "=" else after[:, :2]})


def test_a_view_made_before_a_module_wrote_in_place_comes_from_the_module(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.relu, self.b = nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            early = x[:, 1:3]
            self.relu(x)
            return self.b(early)

    traced, _ = watch(Net(), torch.randn(1, 3))
    assert edges(traced.graph) == {("input", "a"), ("a", "relu"), ("relu", "b")}


def test_copying_within_one_tensor_reads_what_it_copies(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 4), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            x[:, :2].copy_(x[:, 2:])
            return self.b(x[:, :2])

    traced, _ = watch(Net(), torch.randn(1, 3))
    assert edges(traced.graph) == {("input", "a"), ("a", "copy"), ("copy", "b")}


def test_a_result_assembled_by_slices_comes_from_the_slices(watch, edges, same) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.head = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            out = torch.empty(len(x), 4)
            out[:, :2] = self.a(x)
            out[:, 2:] = self.b(x)
            return self.head(out)

    model, x = Net().eval(), torch.randn(1, 3)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {
        ("input", "a"),
        ("input", "b"),
        ("a", "setitem"),
        ("setitem", "setitem:2"),
        ("b", "setitem:2"),
        ("setitem:2", "head"),
    }
    with torch.no_grad():
        same(recording, {"setitem:2": torch.cat([model.a(x), model.b(x)], 1)})


def test_results_given_as_out_come_from_what_was_added(watch, edges, same) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            place = self.c(x)
            torch.add(self.a(x), self.b(x), out=place)
            return place.tanh()

    model, x = Net().eval(), torch.randn(1, 3)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {
        ("input", "c"),
        ("input", "a"),
        ("input", "b"),
        ("a", "add"),
        ("b", "add"),
        ("add", "tanh"),
    }
    with torch.no_grad():
        same(recording, {"c": model.c(x), "add": model.a(x) + model.b(x)})


def test_an_input_overwritten_in_place_keeps_its_value(watch, same) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            x.sub_(0.5).div_(2)
            return self.fc(x)

    x = torch.randn(1, 3)
    before = x.clone()
    traced, recording = watch(Net(), x)
    assert torch.equal(x, before)
    assert [node.id for node in traced.graph.nodes] == ["input", "sub", "div", "fc"]
    same(recording, {"input": x, "sub": x - 0.5, "div": (x - 0.5) / 2})


def test_branches_on_numbers_leave_no_nodes(watch) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            scale = float(x.abs().max()) if x.sum() > 1e9 else 2.0
            if x.shape[0] * x.size(1) == 3 and x.dtype == torch.float32 and len(x) == 1:
                return self.a(x) * scale
            return x

    traced, _ = watch(Net(), torch.randn(1, 3))
    assert [node.id for node in traced.graph.nodes] == ["input", "a", "mul"]


def test_constants_and_weights_are_no_nodes(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.position, self.scale = nn.Embedding(5, 3), nn.Parameter(torch.ones(3))
            self.fc = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            weight = self.fc.weight * self.scale.sigmoid()
            where = self.position(torch.arange(x.shape[1]) + 0)
            return F.linear(x + where, weight) + torch.zeros(3)

    traced, _ = watch(Net(), torch.randn(1, 5, 3))
    assert edges(traced.graph) == {
        ("input", "add:2"),  # the first `add` made a constant
        ("position", "add:2"),
        ("add:2", "linear"),
        ("linear", "add:3"),
    }


def test_identity_in_eval_is_told_apart_from_what_it_passes_on(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.drop = nn.Linear(3, 3), nn.Dropout()

        def forward(self, x: Tensor) -> Tensor:
            x = self.fc(x)
            return self.drop(x) + x

    traced, _ = watch(Net(), torch.randn(1, 3))
    assert edges(traced.graph) == {("input", "fc"), ("fc", "drop"), ("drop", "add"), ("fc", "add")}


def test_a_trip_through_numpy_is_followed(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            y = torch.from_numpy(np.sin(x.numpy()))
            return self.c(torch.tensor(np.cos(self.b(y).numpy())))

    traced, _ = watch(Net(), torch.randn(1, 3))
    assert edges(traced.graph) == {("input", "a"), ("a", "b"), ("b", "c")}


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (lambda x: x + 1, "add"),
        (lambda x: 1 + x, "add"),
        (lambda x: x.add_(1), "add"),
        (lambda x: operator.iadd(x, 1), "add"),
        (lambda x: 1 - x, "sub"),
        (lambda x: 1 / x, "div"),
        (lambda x: x / 2, "div"),
        (lambda x: operator.itruediv(x, 2), "div"),
        (lambda x: 2**x, "pow"),
        (lambda x: x**2, "pow"),
        (lambda x: x @ x, "matmul"),
        (lambda x: -x, "neg"),
        (abs, "abs"),
        (lambda x: x // 2, "floor_divide"),
        (lambda x: x % 2, "remainder"),
        (lambda x: torch.concat([x, x]), "cat"),
        (F.relu, "relu"),
        (F.relu_, "relu"),
        (lambda x: F.relu(x, inplace=True), "relu"),
        (F.gelu, "gelu"),
        (lambda x: F.max_pool2d(x[None], 2), "max_pool2d"),
        (lambda x: F.adaptive_avg_pool2d(x[None], 1), "adaptive_avg_pool2d"),
        (lambda x: x.softmax(-1), "softmax"),
        (lambda x: torch.einsum("ij,jk->ik", x, x), "einsum"),
    ],
)
def test_all_spellings_of_an_operation_have_one_name(act, name: str) -> None:
    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return act(x)

    graph = trace(Net(), torch.rand(4, 4)).graph
    assert [node.operation for node in graph.nodes[1:]] == [name]


def test_questions_are_no_operations() -> None:
    for query in (Tensor.size, Tensor.dim, Tensor.shape.__get__, Tensor.is_cuda.__get__):
        assert describe(query) is None
    assert describe(Tensor.mT.__get__) is not None


def test_a_module_keeps_its_id_from_an_operation_of_its_name(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu, self.a = nn.ReLU(), nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.relu(self.a(F.relu(self.relu(F.relu(x)))))

    traced, _ = watch(Net(), torch.randn(1, 3))
    chain = ["input", "relu_op", "relu", "relu_op:2", "a", "relu:2"]
    assert [node.id for node in traced.graph.nodes] == chain
    assert edges(traced.graph) == set(pairwise(chain))
    assert [traced.graph.node(node).kind for node in chain[1:3]] == ["operation", "module"]


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        return x * x

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        return gradient


@pytest.mark.parametrize(
    ("inside", "middle"),
    [
        (Square.apply, ["mul"]),
        (torch.vmap(torch.sin), []),
        (torch.func.grad(lambda x: (x**3).sum()), []),
        (lambda x: torch.ops.aten.relu(x), ["relu"]),  # noqa: PLW0108 - read when it is called
        (lambda x: checkpoint(torch.tanh, x, use_reentrant=False), ["tanh"]),
        (lambda x: torch.fft.fft2(x).real, ["fft_fft2"]),
        (lambda x: x.data.add_(1), ["add"]),
        (lambda x: torch._foreach_mul([x], 2)[0], ["foreach_mul"]),
        (lambda x: torch.sort(x).values, ["sort"]),
    ],
)
def test_unusual_ways_of_computing_keep_the_chain_whole(watch, edges, inside, middle) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.after = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.after(inside(self.before(x)))

    chain = ["input", "before", *middle, "after"]
    for detail in ("modules", "operations"):
        traced, _ = watch(Net(), torch.randn(1, 4), detail=detail)
        if detail == "modules":
            assert edges(traced.graph) == set(pairwise(chain))


def test_lazy_modules_and_inference_mode_are_no_obstacle(watch, edges, same) -> None:
    model = nn.Sequential(nn.LazyLinear(4), nn.ReLU(inplace=True))
    with torch.inference_mode():
        x = torch.randn(1, 3)
        traced, recording = watch(model, x)
    assert edges(traced.graph) == {("input", "0"), ("0", "1")}
    assert traced.plan.copied == {"0"}
    with torch.no_grad():
        same(recording, {"0": model[0](x.clone())})
    assert not recording.values["1"].is_inference()
