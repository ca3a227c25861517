"""Runs of equal blocks, on networks where everybody knows which blocks are equal."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from layerwalk.targets.shim import import_torchvision
from layerwalk.tracking import MarkerModule, trace
from layerwalk_shared.graph import Graph


def runs(graph: Graph) -> list[list[str]]:
    """Return the ids of the groups of each run."""
    found: dict[str, list[str]] = {}
    for group in graph.groups:
        if group.run is not None:
            found.setdefault(group.run, []).append(group.id)
    assert all(members[0] == first for first, members in found.items())
    assert all(len(members) > 1 for members in found.values())
    parents = {group.id: group.parent for group in graph.groups}
    for members in found.values():
        assert len({parents[member] for member in members}) == 1
    return sorted(found.values())


class Block(nn.Module):
    def __init__(self, width: int = 3, act: Callable[[], nn.Module] = nn.ReLU) -> None:
        super().__init__()
        self.fc, self.act = nn.Linear(3, width), act()
        self.back = nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.back(self.act(self.fc(x)))


class Crossed(Block):
    def forward(self, x: Tensor) -> Tensor:
        y = self.back(self.act(self.fc(x)))
        return y + y


def traced(*blocks: nn.Module) -> list[list[str]]:
    return runs(trace(nn.Sequential(*blocks), torch.randn(1, 3)).graph)


def test_equal_blocks_in_a_row_are_a_run_and_others_are_not() -> None:
    assert traced(Block(), Block(), Block()) == [["0", "1", "2"]]
    assert traced(Block(), Block(5), Block(5), Block()) == [["1", "2"]]
    assert traced(Block(), Block(), nn.Tanh(), Block(), Block()) == [["0", "1"], ["3", "4"]]
    assert traced(Block(), Block(act=nn.Tanh)) == []
    assert traced(Block(), Crossed()) == []
    assert traced(Block()) == []


def test_other_edges_make_other_blocks() -> None:
    class Alike(nn.Module):
        def __init__(self, *, crosses: bool) -> None:
            super().__init__()
            self.fc, self.crosses = nn.Linear(3, 3), crosses

        def forward(self, x: Tensor) -> Tensor:
            y = self.fc(x)
            return y * y if self.crosses else torch.sigmoid(y) * 2

    class Names(nn.Module):
        def __init__(self, *, swaps: bool) -> None:
            super().__init__()
            self.one, self.two, self.swaps = nn.Linear(3, 3), nn.Linear(3, 3), swaps

        def forward(self, x: Tensor) -> Tensor:
            y = self.one(x)
            return self.two(x) - y if self.swaps else y - self.two(y)

    assert traced(Names(swaps=True), Names(swaps=False)) == []
    assert traced(Names(swaps=True), Names(swaps=True)) == [["0", "1"]]
    assert traced(Alike(crosses=True), Alike(crosses=False)) == []


def test_weights_that_only_the_block_itself_uses_count() -> None:
    class Scaled(nn.Module):
        def __init__(self, *shape: int) -> None:
            super().__init__()
            self.fc, self.act = nn.Linear(3, 3), nn.ReLU()
            self.scale = nn.Parameter(torch.ones(shape))

        def forward(self, x: Tensor) -> Tensor:
            return self.act(self.fc(x)) * self.scale

    assert traced(Scaled(3), Scaled(1)) == []
    assert traced(Scaled(3), Scaled(3)) == [["0", "1"]]


def test_runs_are_found_inside_runs() -> None:
    outer = [nn.Sequential(Block(), Block(), nn.Tanh()) for _ in range(2)]
    assert traced(*outer) == [["0", "1"], ["0.0", "0.1"], ["1.0", "1.1"]]


def test_a_block_that_is_called_twice_in_a_row_repeats() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = Block()

        def forward(self, x: Tensor) -> Tensor:
            return self.block(self.block(x))

    assert runs(trace(Twice(), torch.randn(1, 3)).graph) == [["block", "block:2"]]


def test_groups_between_markers_repeat_too() -> None:
    parts = [[MarkerModule(name), nn.Linear(3, 3), nn.ReLU()] for name in ("one", "two", "three")]
    found = traced(*(module for part in parts for module in part))
    assert found == [["0", "3", "6"]]


def test_a_residual_stage_repeats_after_its_first_block() -> None:
    import_torchvision()
    from torchvision.models import resnet18, resnet50

    x = torch.rand(1, 3, 32, 32)
    found = runs(trace(resnet18(), x, detail="modules").graph)
    assert found == [["layer1.0", "layer1.1"]]
    found = runs(trace(resnet50(), x).graph)
    assert found == [
        ["layer1.1", "layer1.2"],
        ["layer2.1", "layer2.2", "layer2.3"],
        [f"layer3.{index}" for index in range(1, 6)],
        ["layer4.1", "layer4.2"],
    ]


def test_a_vision_transformer_is_twelve_equal_blocks() -> None:
    import_torchvision()
    from torchvision.models import VisionTransformer

    model = VisionTransformer(
        image_size=16, patch_size=8, num_layers=12, num_heads=2, hidden_dim=8, mlp_dim=16
    )
    names = [f"encoder.layers.encoder_layer_{index}" for index in range(12)]
    for detail in ("modules", "operations"):
        found = runs(trace(model, torch.rand(1, 3, 16, 16), detail=detail).graph)
        assert names in found


def test_dense_layers_never_repeat() -> None:
    import_torchvision()
    from torchvision.models import DenseNet

    model = DenseNet(4, (3, 3), num_init_features=8)
    graph = trace(model, torch.rand(1, 3, 32, 32)).graph
    assert any(group.operation == "_DenseLayer" for group in graph.groups)
    assert runs(graph) == []
