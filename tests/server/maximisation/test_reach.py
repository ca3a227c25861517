"""Reaching nodes: the values and gradients of the whole network, from a part of it."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import layerwalk
from layerwalk.maximisation.proxy import ProxyGrad
from layerwalk.tracking import Reach
from layerwalk_shared.errors import InvalidRequestError, ModelError, NotFoundError
from server.maximisation.small import conv_net, everything_as_it_was, picture, seeded


class Mixed(nn.Module):
    """Operations, a module that is used twice, a tuple, values written in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.pair = Pair()
        self.ran: list[str] = []

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        y = functional.relu(self.twice(x))
        z = functional.relu(self.twice(y) + x)
        self.ran.append("half")
        a, b = self.pair(z)
        a = self.act(a)
        self.ran.append("end")
        return a * b


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x * 2 - 1, x - 1


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return seeded(Mixed())


def _by_hand(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Return every node's value from torch alone."""
    assert isinstance(model, Mixed)
    first = model.first(x)
    once = model.twice(first)
    relu = functional.relu(once)
    again = model.twice(relu)
    total = again + first
    z = functional.relu(total)
    return {
        "first": first, "twice": once, "relu": relu, "twice:2": again, "add": total, "relu:2": z,
        "pair": z * 2 - 1, "pair.1": z - 1, "act": functional.relu(z * 2 - 1),
        "mul": functional.relu(z * 2 - 1) * (z - 1),
    }  # fmt: skip


def test_values_and_gradients_are_those_of_the_whole_network_bitwise(model: nn.Module) -> None:
    trace = layerwalk.trace(model, picture())
    x = torch.cat([picture(), picture(12).flip(2)]).requires_grad_(True)
    expected = _by_hand(model, x)
    assert set(expected) == {node.id for node in trace.graph.nodes} - {"input"}
    for node, value in expected.items():
        for stops in (True, False):
            reached = Reach(model, trace, [node], stops=stops)((x,), {})
            assert torch.equal(reached.values[node], value)
            (gradient,) = torch.autograd.grad(reached.values[node].square().sum(), [x])
            (whole,) = torch.autograd.grad(value.square().sum(), [x], retain_graph=True)
            assert torch.equal(gradient, whole)


def test_several_nodes_at_once_are_not_written_over(model: nn.Module) -> None:
    trace = layerwalk.trace(model, picture())
    x = picture().requires_grad_(True)
    expected = _by_hand(model, x)
    reached = Reach(model, trace, ["act", "pair", "first", "pair.1", "pair"], stops=True)((x,), {})
    assert set(reached.values) == {"act", "pair", "first", "pair.1"}
    for node, value in reached.values.items():
        assert torch.equal(value, expected[node])  # `act` writes what `pair` gave


def test_forward_ends_at_the_node(model: nn.Module) -> None:
    trace = layerwalk.trace(model, picture())
    assert isinstance(model, Mixed)
    ran = {}
    for node in ("first", "relu:2", "pair.1", "mul"):
        model.ran.clear()
        reached = Reach(model, trace, [node], stops=True)((picture(),), {})
        assert reached.outputs is None
        ran[node] = list(model.ran)
    assert ran == {"first": [], "relu:2": [], "pair.1": ["half"], "mul": ["half", "end"]}
    model.ran.clear()
    assert Reach(model, trace, ["first"], stops=False)((picture(),), {}).outputs is not None
    assert model.ran == ["half", "end"]


def test_a_module_behind_the_node_is_never_run() -> None:
    class Bomb(nn.Module):
        is_armed = False

        def forward(self, x: Tensor) -> Tensor:
            assert not self.is_armed
            return x + 1

    model = nn.Sequential(nn.Linear(3, 2), Bomb())
    trace = layerwalk.trace(model, torch.ones(1, 3))
    Bomb.is_armed = True
    Reach(model, trace, ["0"], stops=True)((torch.ones(1, 3),), {})
    with pytest.raises(ModelError, match="AssertionError"):
        Reach(model, trace, ["0"], stops=False)((torch.ones(1, 3),), {})


def test_a_forward_that_swallows_exceptions_ends_all_the_same() -> None:
    class Swallows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(3, 2)
            self.after = 0

        def forward(self, x: Tensor) -> Tensor:
            try:
                y = self.inner(x)
            except Exception:  # noqa: BLE001
                y = torch.zeros(len(x), 2)
            self.after += 1
            return y * 2

    model = Swallows()
    trace = layerwalk.trace(model, torch.ones(1, 3))
    model.after = 0
    reached = Reach(model, trace, ["inner"], stops=True)((torch.ones(2, 3),), {})
    assert model.after == 0
    assert torch.equal(reached.values["inner"], model.inner(torch.ones(2, 3)))


@pytest.mark.parametrize("node", ["relu:2", "add", "act"])
@pytest.mark.parametrize("detail", ["modules", "operations"])
def test_the_second_relu_is_counted_while_proxygrad_takes_them_over(
    model: nn.Module, node: str, detail: str
) -> None:
    trace = layerwalk.trace(model, picture(), detail=detail)  # type: ignore[arg-type]
    x = picture().requires_grad_(True)
    reach = Reach(model, trace, [node], stops=True)
    value = reach((x,), {}, around=ProxyGrad(0.5)).values[node]
    assert torch.equal(value, _by_hand(model, x)[node])
    (gradient,) = torch.autograd.grad(value.sum(), [x])
    with ProxyGrad(0.5):
        expected = _by_hand(model, x)[node]
    (whole,) = torch.autograd.grad(expected.sum(), [x])
    torch.testing.assert_close(gradient, whole)
    (plain,) = torch.autograd.grad(_by_hand(model, x)[node].sum(), [x])
    assert not torch.allclose(gradient, plain)


class Restless(nn.Module):
    """Counts, draws and keeps in its buffers what it sees, in eval mode as well."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor, *, fails: bool = False) -> Tensor:
        y: Tensor = self.conv(x) + torch.rand(1) + random.random() + np.random.rand()  # noqa: NPY002
        mean = self.get_buffer("mean")
        mean.mul_(0.5).add_(y.mean())
        if fails:
            raise ValueError("no")
        return y * mean


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_nothing_is_left_behind(mode: str) -> None:
    model = seeded(Restless()).train(mode == "train")
    trace = layerwalk.trace(model, picture())
    node = trace.outputs[0]
    x = picture().requires_grad_(True)
    for stops in (True, False):
        with everything_as_it_was(model):
            reach = Reach(model, trace, [node, "conv"], stops=stops)
            for _ in range(3):  # a buffer that kept its graph would need the first one's again
                (gradient,) = torch.autograd.grad(reach((x,), {}).values[node].sum(), [x])
            assert gradient.any()
        with everything_as_it_was(model), pytest.raises(ModelError, match="ValueError: no"):
            reach((x,), {"fails": True}, around=ProxyGrad(0.1))


def test_without_gradients_none_are_recorded(model: nn.Module) -> None:
    trace = layerwalk.trace(model, picture())
    x = picture().requires_grad_(True)
    reached = Reach(model, trace, ["act"], stops=True)((x,), {}, has_gradients=False)
    assert not reached.values["act"].requires_grad


def test_it_says_which_node_was_not_reached() -> None:
    class Turns(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            side = self.left if x.sum() > 0 else self.right
            out: Tensor = side(x)
            return out

    model = Turns()
    reach = Reach(model, layerwalk.trace(model, torch.ones(1, 3)), ["left"], stops=True)
    with everything_as_it_was(model), pytest.raises(ModelError, match="'left' was not reached"):
        reach((-torch.ones(1, 3),), {})


@pytest.mark.parametrize(
    ("node", "error"), [("input", InvalidRequestError), ("frist", NotFoundError)]
)
def test_what_cannot_be_reached_is_refused(
    model: nn.Module, node: str, error: Callable[..., Exception]
) -> None:
    with pytest.raises(error, match=node):  # type: ignore[arg-type]
        Reach(model, layerwalk.trace(model, picture()), [node], stops=True)


def test_hooks_of_others_run_and_stay() -> None:
    model = conv_net()
    calls: list[str] = []
    model[0].register_forward_hook(lambda *_: calls.append("hook"))
    trace = layerwalk.trace(model, picture())
    calls.clear()
    with everything_as_it_was(model):
        Reach(model, trace, ["1"], stops=True)((picture(),), {})
    assert calls == ["hook"]
