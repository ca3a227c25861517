"""What makes models hard to read: every way in and out, branches on data, writes, other libraries."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn
from torch.nn.utils import parametrizations

from server.tracking.architectures.entry import Entry, normal, paths

Pair = namedtuple("Pair", ("mean", "spread"))


@dataclass
class Answer:
    """What a model may return."""

    logits: Tensor
    hidden: tuple[Tensor, ...]
    loss: Tensor | None = None


class ByName(nn.Module):
    """A dict in, a dict out, nested."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(3, 4), nn.Linear(5, 4)

    def forward(self, batch: dict[str, Any]) -> dict[str, Any]:
        left, right = self.left(batch["left"]), self.right(batch["extra"]["right"])
        return {"sum": left + right, "parts": [left, {"right": right}]}


class Dataclassy(nn.Module):
    """A dataclass out, with a tuple in it and a field that is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Answer:
        hidden = self.body(x)
        return Answer(self.head(hidden), (hidden, hidden.relu()))


class Halves(nn.Module):
    """Without children: a named tuple out."""

    def forward(self, x: Tensor) -> Pair:
        return Pair(x[:, :2] * 2, x[:, 2:] * 3)


class NamedTuples(nn.Module):
    """Reads a named tuple that a part of it returned."""

    def __init__(self) -> None:
        super().__init__()
        self.halves = Halves()
        self.head = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        both = self.halves(x)
        return self.head(both.mean) * both.spread


class Anything(nn.Module):
    """Positional and keyword arguments, as many as there are."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, *xs: Tensor, scale: float = 1.0, **more: Tensor) -> Tensor:
        total = self.fc(xs[0])
        for x in (*xs[1:], *more.values()):
            total = total + x
        return total * scale


class Branches(nn.Module):
    """Which half runs hangs on the values."""

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.high(x) if x.sum() > 0 else self.low(x)


class Loops(nn.Module):
    """How often hangs on the values."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(int(x.abs().max())):
            x = self.step(x)
        return x


class InPlace(nn.Module):
    """Writes into what it made: by operators, slices and functions."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.gate = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        x += 1
        x[:, :2] = self.gate(x)
        fn.relu_(x)
        return x


class ThroughNumPy(nn.Module):
    """Leaves torch and comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        array = self.first(x).numpy()
        return self.last(torch.from_numpy(np.sort(array, axis=-1).copy()))


class Straight(torch.autograd.Function):
    """Rounds, with a gradient of one."""

    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient


class Rounds(nn.Module):
    """Calls a function with a gradient of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(Straight.apply(self.first(x)))


class Attends(nn.Module):
    """Attention as a module, and as a function."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.queries, self.keys = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        found, weights = self.attention(x, x, x, average_attn_weights=False)
        return fn.scaled_dot_product_attention(self.queries(found), self.keys(x), x), weights


class Contracts(nn.Module):
    """einsum, matmul, bilinear."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.mix = nn.Bilinear(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return self.mix(torch.einsum("btd,bsd->bts", y, x) @ x, y)


class KeepsState(nn.Module):
    """A buffer that counts, and a list that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        self.mean.mul_(0.9).add_(y.mean(0), alpha=0.1)
        return y - self.mean


class Hands(nn.Module):
    """Without children: hands a list on with one thing more."""

    def forward(self, found: list[Tensor]) -> list[Tensor]:
        return [*found, found[-1] * 2]


class HandsOn(nn.Module):
    """Reads each of what came back."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.hands = Hands()

    def forward(self, x: Tensor) -> Tensor:
        one, two, three = self.hands([self.first(x), self.second(x)])
        return torch.cat([one, two, three], 1)


class Turns(nn.Module):
    """Without children: hands on what it got, in a tuple or by name."""

    def forward(self, one: Tensor, two: Tensor) -> dict[str, Any]:
        return {"pair": (two, one)}


class HandsOnAll(nn.Module):
    """Reads what was handed on, and what was given."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.turns = Turns()

    def forward(self, x: Tensor) -> Tensor:
        one, two = self.first(x), self.second(x)
        back, front = self.turns(one, two)["pair"]
        return torch.sigmoid(one) + torch.tanh(two) + back * front


def entries() -> Iterator[Entry]:
    """Yield the awkward ones; edges by hand where no other source can read them."""
    hand = "hand"
    yield Entry(
        "dict in and out", ByName, _by_name, hand,
        edges=paths("left:input > left > add", "extra.right > right > add"),
    )  # fmt: skip
    yield Entry("dataclass out", Dataclassy, normal(1, 3), hand,
                edges=paths("input > body > head", "body > relu"))  # fmt: skip
    yield Entry("named tuple of a leaf", NamedTuples, normal(1, 4), hand,
                edges=paths("input > halves > head > mul", "input > halves.spread > mul"))  # fmt: skip
    yield Entry("any arguments", Anything, lambda: (torch.randn(1, 3), torch.randn(1, 3)), hand,
                kwargs=lambda: {"scale": 2.0, "more": torch.randn(1, 3)},
                edges=paths("input > fc > add > add:2 > mul", "input:2 > add", "more > add:2"))  # fmt: skip
    yield Entry("branch on data, high", Branches, lambda: (torch.ones(1, 3),), hand,
                edges=paths("input > high"))  # fmt: skip
    yield Entry("branch on data, low", Branches, lambda: (-torch.ones(1, 3),), hand,
                edges=paths("input > low"))  # fmt: skip
    yield Entry("loop on data", Loops, lambda: (torch.full((1, 3), 3.5),), hand,
                edges=paths("input > step > step:2 > step:3"))  # fmt: skip
    yield Entry("in place", InPlace, normal(1, 4), hand,
                edges=paths("input > fc > add > gate > setitem > relu", "add > setitem"))  # fmt: skip
    yield Entry("through numpy", ThroughNumPy, normal(1, 3), hand,
                edges=paths("input > first > last"))  # fmt: skip
    yield Entry("function with a gradient of its own", Rounds, normal(1, 3), hand,
                edges=paths("input > first > round > last"))  # fmt: skip
    yield Entry("attention", Attends, normal(1, 5, 8), "fx")
    yield Entry("contractions", Contracts, normal(1, 5, 4), "fx")
    yield Entry("buffer that is written", KeepsState, normal(1, 3), hand,
                edges=paths("input > fc > mean > add > sub", "fc > sub"))  # fmt: skip
    yield Entry("list handed on", HandsOn, normal(1, 3), "export")
    yield Entry("everything handed on", HandsOnAll, normal(1, 3), hand,
                edges=paths("input > first > sigmoid > add > add:2", "input > second > tanh > add",
                            "first > mul > add:2", "second > mul"))  # fmt: skip
    yield Entry("weight norm", _weight_norm, normal(1, 3), "export")
    yield Entry("spectral norm", _spectral_norm, normal(1, 3), "export")
    yield Entry("lazy", _lazy, normal(1, 5), "fx")


def _by_name() -> tuple[dict[str, Any]]:
    return ({"left": torch.randn(1, 3), "extra": {"right": torch.randn(1, 5)}},)


def _weight_norm() -> nn.Module:
    return nn.Sequential(parametrizations.weight_norm(nn.Linear(3, 4)), nn.ReLU(), nn.Linear(4, 2))


def _spectral_norm() -> nn.Module:
    return nn.Sequential(parametrizations.spectral_norm(nn.Linear(3, 4)), nn.Tanh())


def _lazy() -> nn.Module:
    model = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2))
    model(torch.zeros(1, 5))
    return model
