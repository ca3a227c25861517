"""Nodes tell what their module or call was set up with, by torch's own names."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from layerwalk.tracking import TrackerModule, trace
from layerwalk_shared.graph import Graph


class Sine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w0 = 30.0
        self._hidden = 3
        self.config = {"not": "a scalar"}
        self.names = tuple(str(k) for k in range(99))
        self.limit = float("inf")

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.w0 * x)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, (3, 1), stride=2, padding=(1, 0), groups=1, bias=False)
        self.act = nn.LeakyReLU(0.2, inplace=True)
        self.sine = Sine()
        self.seen = TrackerModule("here")
        self.heads = nn.MultiheadAttention(8, 4)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.seen(self.sine(self.act(self.conv(x))))
        x = F.gelu(F.elu(x, 2.0), approximate="tanh")
        x = F.max_pool2d(F.softplus(x, 2.0, 5.0).clamp(0, 6), 2)
        x = F.conv2d(x, x.new_ones(8, 8, 1, 1), None, 1, 0) * 0.5
        x = x.mean((2, 3)).softmax(-1)
        x, _ = self.heads(x, x, x)
        return self.fc(x)


def told(graph: Graph, node: str, *names: str) -> list[object]:
    attributes = graph.node(node).attributes
    return [attributes[name] for name in names]


def test_modules_and_calls_tell_their_settings() -> None:
    graph = trace(Net().eval(), (torch.randn(1, 3, 16, 16),), {}, detail="modules").graph
    geometry = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "bias")
    assert told(graph, "conv", *geometry) == [3, 8, (3, 1), (2, 2), (1, 0), False]
    assert graph.node("act").attributes == {"negative_slope": 0.2}
    assert graph.node("sine").attributes == {"w0": 30.0}
    assert graph.node("elu").attributes == {"alpha": 2.0}
    assert graph.node("gelu").attributes == {"approximate": "tanh"}
    assert graph.node("softplus").attributes == {"beta": 2.0, "threshold": 5.0}
    assert graph.node("clamp").attributes == {"min": 0, "max": 6}
    assert told(graph, "max_pool2d", "kernel_size") == [2]
    assert told(graph, "conv2d", "stride", "padding") == [1, 0]
    assert graph.node("mul").attributes == {"other": 0.5}
    assert graph.node("mean").attributes == {"dim": (2, 3)}
    assert graph.node("softmax").attributes == {"dim": -1}
    assert told(graph, "heads", "num_heads", "embed_dim") == [4, 8]
    assert told(graph, "fc", "in_features", "out_features", "bias") == [8, 4, True]
    assert graph.node("seen").attributes == {}
    assert graph.node("input").attributes == {}


def test_settings_survive_the_wire_as_they_were() -> None:
    graph = trace(Net().eval(), (torch.randn(1, 3, 16, 16),), {}).graph
    again = Graph.model_validate_json(graph.model_dump_json())
    assert again == graph
    for node in again.nodes:
        for value, was in zip(
            node.attributes.values(), graph.node(node.id).attributes.values(), strict=True
        ):
            assert type(value) is type(was)


def test_at_the_detail_of_operations_a_module_tells_its_own() -> None:
    model = nn.Sequential(nn.ELU(1.5))
    graph = trace(model, (torch.randn(1, 4),), {}, detail="operations").graph
    assert graph.node("0").attributes == {"alpha": 1.5}
