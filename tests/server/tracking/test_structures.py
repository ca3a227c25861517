"""Modules that take and give more than one tensor: tuples, dicts, recurrence, attention."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from layerwalk.tracking import trace
from layerwalk_shared.errors import InputError, InvalidRequestError


class Pair(nn.Module):
    """A leaf that returns two tensors, each made of one of its arguments."""

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return a * 2, b + 1


class PairNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(3, 3), nn.Linear(3, 4)
        self.pair = Pair()
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.pair(self.left(x), self.right(x))
        return self.head(b).sum() * a


def test_a_tuple_gives_a_node_for_each_tensor(watch, edges, same) -> None:
    model, x = PairNet().eval(), torch.randn(1, 3)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {
        ("input", "left"),
        ("input", "right"),
        ("left", "pair"),
        ("right", "pair.1"),
        ("pair.1", "head"),
        ("head", "sum"),
        ("sum", "mul"),
        ("pair", "mul"),
    }
    with torch.no_grad():
        same(recording, {"pair": model.left(x) * 2, "pair.1": model.right(x) + 1})
    assert [traced.graph.node(node).name for node in ("pair", "pair.1")] == ["pair", "pair.1"]
    assert traced.graph.node("pair.1").module == "pair"


@dataclass
class Answer:
    logits: Tensor
    extra: dict[str, Tensor]


class Named(NamedTuple):
    logits: Tensor
    extra: dict[str, Tensor]


@pytest.mark.parametrize("kind", ["dict", "dataclass", "namedtuple"])
def test_named_outputs_keep_their_names(watch, edges, same, kind: str) -> None:
    class Heads(nn.Module):
        def forward(self, x: Tensor) -> object:
            logits, extra = x + 1, {"twice": x * 2}
            if kind == "dict":
                return {"logits": logits, "extra": extra}
            return Answer(logits, extra) if kind == "dataclass" else Named(logits, extra)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.heads = nn.Linear(3, 3), Heads()

        def forward(self, x: Tensor) -> object:
            return self.heads(self.stem(x))

    model, x = Net().eval(), torch.randn(1, 3)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {
        ("input", "stem"),
        ("stem", "heads"),
        ("stem", "heads.extra.twice"),
    }
    names = [traced.graph.node(node).name for node in ("heads", "heads.extra.twice")]
    assert names == ["heads.logits", "heads.extra.twice"]
    assert set(traced.outputs) == {"heads", "heads.extra.twice"}
    with torch.no_grad():
        stem = model.stem(x)
    same(recording, {"heads": stem + 1, "heads.extra.twice": stem * 2})


def test_a_container_that_returns_a_dict_is_a_group(watch, edges) -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(3, 2), nn.Linear(3, 4)

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"one": self.one(x), "two": self.two(x)}

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.heads = Heads()

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            found = self.heads(x)
            return {"both": torch.cat([found["one"], found["two"]], 1)}

    traced, _ = watch(Net(), torch.randn(1, 3))
    assert edges(traced.graph) == {
        ("input", "heads.one"),
        ("input", "heads.two"),
        ("heads.one", "cat"),
        ("heads.two", "cat"),
    }
    assert [group.id for group in traced.graph.groups] == ["heads"]
    assert traced.graph.groups[0].operation == "Heads"


@pytest.mark.parametrize("batch_first", [True, False])
def test_an_lstm_shows_output_and_states(watch, edges, same, *, batch_first: bool) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(3, 5, num_layers=2, batch_first=batch_first)
            self.fc = nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = x if batch_first else x.transpose(0, 1)
            out, (hidden, _) = self.lstm(x)
            return self.fc(out.mean(1 if batch_first else 0)) + self.fc(hidden[-1])

    model, x = Net().eval(), torch.randn(1, 7, 3)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {
        ("input", "lstm"),
        ("input", "lstm.1"),
        ("input", "lstm.2"),
        ("lstm", "mean"),
        ("mean", "fc"),
        ("lstm.1", "fc:2"),
        ("fc", "add"),
        ("fc:2", "add"),
    }
    assert [traced.graph.node(node).shape for node in ("lstm", "lstm.1")] == [(7, 5), (2, 5)]
    with torch.no_grad():
        out, (hidden, cell) = model.lstm(x if batch_first else x.transpose(0, 1))
    same(recording, {"lstm": out, "lstm.1": hidden, "lstm.2": cell})


def test_attention_is_one_place_and_runs_as_it_would_unwatched(watch, edges, same) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
            self.norm = nn.LayerNorm(8)

        def forward(self, x: Tensor) -> Tensor:
            found, _ = self.attention(x, x, x)
            return self.norm(found + x)

    model, x = Net().eval(), torch.randn(1, 5, 8)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {
        ("input", "attention"),
        ("input", "attention.1"),
        ("attention", "add"),
        ("input", "add"),
        ("add", "norm"),
    }
    with torch.no_grad():
        found, weights = model.attention(x, x, x)
    same(recording, {"attention": found, "attention.1": weights, "add": found + x})
    node = traced.graph.node("attention")
    assert (node.operation, node.shape, node.view) == ("MultiheadAttention", (5, 8), "tokens")
    assert node.parameters == sum(p.numel() for p in model.attention.parameters())


def test_a_transformer_layer_has_both_its_skips(watch, hooked, edges, same) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x)

    model, x = Net().eval(), torch.randn(1, 5, 8)
    traced, recording = watch(model, x)
    chain = ["self_attn", "dropout1", "add", "norm1", "linear1", "relu", "dropout", "linear2"]
    chain += ["dropout2", "add:2", "norm2"]
    path = [f"layer.{name}" for name in chain]
    expected_edges = {*pairwise(path)}
    expected_edges |= {("input", "layer.self_attn"), ("input", "layer.add")}
    expected_edges |= {("layer.norm1", "layer.add:2")}
    assert edges(traced.graph) == expected_edges
    expected = hooked(model, x)
    assert {"layer.linear1", "layer.norm2", "layer.norm1"} <= expected.keys()
    same(recording, expected)


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(2, 4)

    def forward(self, x: Tensor, other: Tensor, *, mask: Tensor | None = None) -> Tensor:
        found = self.a(x) + self.b(other)
        return found if mask is None else found * mask


def test_several_inputs_have_nodes_of_their_own(watch, edges) -> None:
    inputs = torch.randn(1, 3), torch.randn(1, 2)
    traced, _ = watch(Two(), *inputs, mask=torch.ones(1, 4))
    assert edges(traced.graph) == {
        ("input", "a"),
        ("input:2", "b"),
        ("a", "add"),
        ("b", "add"),
        ("add", "mul"),
        ("mask", "mul"),
    }
    assert [node.kind for node in traced.graph.nodes[:3]] == ["input"] * 3
    by_name, _ = watch(Two(), inputs[0], other=inputs[1])
    assert [node.id for node in by_name.graph.nodes[:2]] == ["input", "other"]


def test_inputs_in_dicts_and_lists_are_found(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.two = Two()

        def forward(self, batch: dict[str, object]) -> Tensor:
            images = batch["images"]
            assert isinstance(images, list)
            return self.two(images[0], images[1])

    batch = {"images": [torch.randn(1, 3), torch.randn(1, 2)], "step": 3}
    traced, _ = watch(Net(), batch)
    assert {("images.0", "two.a"), ("images.1", "two.b")} <= edges(traced.graph)


def test_a_tensor_given_twice_is_two_inputs(watch, edges) -> None:
    x = torch.randn(1, 3)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, first: Tensor, second: Tensor) -> Tensor:
            return self.a(first) + self.b(second)

    traced, _ = watch(Net(), x, x)
    assert {("input", "a"), ("input:2", "b")} <= edges(traced.graph)


def test_an_input_gives_way_to_a_module_of_its_name(watch, edges) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.input, self.mask = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x: Tensor, *, mask: Tensor) -> Tensor:
            return self.input(x) + self.mask(mask)

    traced, _ = watch(Net(), torch.randn(1, 3), mask=torch.randn(1, 3))
    assert edges(traced.graph) == {
        ("input:input", "input"),
        ("mask:input", "mask"),
        ("input", "add"),
        ("mask", "add"),
    }


def test_pictures_are_shown_as_images_unless_told_otherwise() -> None:
    model, x = nn.Sequential(nn.Conv2d(3, 2, 1)), torch.randn(1, 3, 5, 6)
    node = trace(model, x).graph.nodes[0]
    assert (node.view, node.channels, node.shape_hw) == ("image", 1, (5, 6))
    node = trace(model, x, input_views={"input": "maps"}).graph.nodes[0]
    assert (node.view, node.channels) == ("maps", 3)
    with pytest.raises(InvalidRequestError, match="'inputs'; the inputs are input"):
        trace(model, x, input_views={"inputs": "maps"})


def test_an_example_without_tensors_is_refused() -> None:
    with pytest.raises(InputError, match="no tensor"):
        trace(nn.Linear(2, 2), (3,))
    with pytest.raises(InputError, match="ndarray"):
        trace(nn.Linear(2, 2), torch.ones(2).numpy())
