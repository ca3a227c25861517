"""Edges and values on the architectures that everybody uses, against hand-written sets."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


class DenseLayer(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(channels, 2, 3, padding=1)

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.conv(self.relu(self.norm(torch.cat(features, 1))))


class DenseBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([DenseLayer(3), DenseLayer(5), DenseLayer(7)])

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.layers:
            features.append(layer(features))
        return torch.cat(features, 1)


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 2, 1)
        self.three = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Conv2d(2, 4, 3, padding=1))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(3, 2, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.one(x), self.three(x), self.pool(x)], dim=1)


class VGG(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Sequential(
            nn.Linear(24, 8), nn.ReLU(True), nn.Dropout(), nn.Linear(8, 5)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


class FiveTimes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(5))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs:
            x = self.relu(conv(x))
        return x


class Twice(nn.Module):
    """A block, itself with a part, that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 3, 1)
        self.block = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Sequential(nn.Tanh(), nn.Conv2d(3, 3, 1)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.block(self.block(x)) + x


def test_a_dense_block_reads_everything_before(watch, hooked, edges, same) -> None:
    model, x = DenseBlock(), torch.randn(2, 3, 6, 6)
    traced, recording = watch(model, x)
    first, second, third = (f"layers.{index}" for index in range(3))
    inside = {
        (f"{layer}.{source}", f"{layer}.{target}")
        for layer in (first, second, third)
        for source, target in (("cat", "norm"), ("norm", "relu"), ("relu", "conv"))
    }
    joins = {
        ("input", f"{second}.cat"),
        (f"{first}.conv", f"{second}.cat"),
        ("input", f"{third}.cat"),
        (f"{first}.conv", f"{third}.cat"),
        (f"{second}.conv", f"{third}.cat"),
        ("input", "cat"),
        (f"{first}.conv", "cat"),
        (f"{second}.conv", "cat"),
        (f"{third}.conv", "cat"),
        ("input", f"{first}.cat"),
    }
    assert edges(traced.graph) == inside | joins
    assert traced.graph.predecessors["cat"] == (
        "input",
        "layers.0.conv",
        "layers.1.conv",
        "layers.2.conv",
    )
    expected = hooked(model, x)
    same(recording, expected)
    convs = [expected[f"layers.{index}.conv"] for index in range(3)]
    same(recording, {"input": x, "cat": torch.cat([x, *convs], 1)})
    same(recording, {"layers.2.cat": torch.cat([x, *convs[:2]], 1)})


def test_an_inception_block_branches_and_joins(watch, hooked, edges, same) -> None:
    model, x = Inception(), torch.randn(1, 3, 7, 7)
    traced, recording = watch(model, x)
    assert edges(traced.graph) == {
        ("input", "one"),
        ("input", "three.0"),
        ("three.0", "three.1"),
        ("three.1", "three.2"),
        ("input", "pool.0"),
        ("pool.0", "pool.1"),
        ("one", "cat"),
        ("three.2", "cat"),
        ("pool.1", "cat"),
    }
    expected = hooked(model, x)
    same(recording, expected)
    branches = [expected["one"], expected["three.2"], expected["pool.1"]]
    same(recording, {"cat": torch.cat(branches, 1)})
    groups = {node.id: node.group for node in traced.graph.nodes}
    assert groups["one"] is None
    assert groups["three.1"] == "three"
    assert {(group.id, group.operation) for group in traced.graph.groups} == {
        ("three", "Sequential"),
        ("pool", "Sequential"),
    }


def test_vgg_is_a_chain(watch, hooked, edges, same) -> None:
    model, x = VGG(), torch.randn(1, 3, 8, 8)
    traced, recording = watch(model, x)
    chain = [
        "input",
        *(f"features.{index}" for index in range(6)),
        "avgpool",
        "flatten",
        *(f"classifier.{index}" for index in range(4)),
    ]
    assert [node.id for node in traced.graph.nodes] == chain
    assert edges(traced.graph) == set(pairwise(chain))
    expected = hooked(model, x)
    same(recording, expected)
    same(recording, {"flatten": expected["avgpool"].flatten(1)})
    assert not torch.equal(recording.values["features.0"], recording.values["features.1"])
    first = traced.graph.node("features.0")
    assert (first.operation, first.shape, first.parameters) == ("Conv2d", (4, 8, 8), 3 * 4 * 9 + 4)
    assert traced.outputs == ("classifier.3",)


def test_one_relu_that_is_called_five_times_is_five_nodes(watch, hooked, edges, same) -> None:
    model, x = FiveTimes(), torch.randn(1, 3, 5, 5)
    traced, recording = watch(model, x)
    chain = ["input"]
    for index in range(5):
        chain += [f"convs.{index}", "relu" if index == 0 else f"relu:{index + 1}"]
    assert [node.id for node in traced.graph.nodes] == chain
    assert edges(traced.graph) == set(pairwise(chain))
    same(recording, hooked(model, x))


def test_a_block_called_twice_gives_two_groups_of_nodes(watch, hooked, edges, same) -> None:
    model, x = Twice(), torch.randn(1, 3, 4, 4)
    traced, recording = watch(model, x)
    chain = [
        "input",
        "stem",
        "block.0",
        "block.1.0",
        "block.1.1",
        "block.0:2",
        "block.1.0:2",
        "block.1.1:2",
        "add",
    ]
    assert [node.id for node in traced.graph.nodes] == chain
    expected_edges = {*pairwise(chain), ("stem", "add")}
    assert edges(traced.graph) == expected_edges
    expected = hooked(model, x)
    same(recording, expected)
    same(recording, {"add": expected["block.1.1:2"] + expected["stem"]})
    groups = {group.id: group.parent for group in traced.graph.groups}
    assert groups == {
        "block": None,
        "block.1": "block",
        "block:2": None,
        "block.1:2": "block:2",
    }
    assert traced.graph.node("block.1.1:2").group == "block.1:2"


def test_a_module_known_under_two_names_is_named_after_its_caller(watch, edges) -> None:
    act = nn.ReLU()
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 3, 1), act), nn.Sequential(nn.Conv2d(3, 3, 1), act)
    )
    traced, _ = watch(model, torch.randn(1, 3, 4, 4))
    assert [node.id for node in traced.graph.nodes] == ["input", "0.0", "0.1", "1.0", "1.1"]
    assert [node.group for node in traced.graph.nodes] == [None, "0", "0", "1", "1"]
    assert edges(traced.graph) == {("input", "0.0"), ("0.0", "0.1"), ("0.1", "1.0"), ("1.0", "1.1")}
