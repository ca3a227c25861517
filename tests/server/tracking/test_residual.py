"""A residual block with in-place `+=` and in-place ReLU: the hardest thing that is everywhere."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from layerwalk.tracking import Recorder, snapshot, trace


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3)
        self.block = Residual(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.stem(x))


def _by_hand(net: Net, x: Tensor) -> dict[str, Tensor]:
    block = net.block
    found = {"input": x, "stem": net.stem(x)}
    found["block.conv1"] = block.conv1(found["stem"])
    found["block.bn1"] = block.bn1(found["block.conv1"])
    found["block.relu"] = found["block.bn1"].clamp(min=0)
    found["block.conv2"] = block.conv2(found["block.relu"])
    found["block.bn2"] = block.bn2(found["block.conv2"])
    found["block.add"] = found["block.bn2"] + found["stem"]
    found["block.relu:2"] = found["block.add"].clamp(min=0)
    return found


EDGES = {
    ("input", "stem"),
    ("stem", "block.conv1"),
    ("block.conv1", "block.bn1"),
    ("block.bn1", "block.relu"),
    ("block.relu", "block.conv2"),
    ("block.conv2", "block.bn2"),
    ("block.bn2", "block.add"),
    ("stem", "block.add"),
    ("block.add", "block.relu:2"),
}


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


def test_edges_are_those_of_the_block(net: Net) -> None:
    graph = trace(net, torch.randn(1, 3, 8, 8)).graph
    assert {(edge.source, edge.target) for edge in graph.edges} == EDGES


def test_every_value_is_the_one_before_it_was_overwritten(net: Net) -> None:
    x = torch.randn(2, 3, 8, 8)
    traced = trace(net, x)
    with Recorder(net, traced) as recorder:
        recording = recorder.record(x)
    with torch.no_grad():
        expected = _by_hand(copy.deepcopy(net).eval(), x)
    assert recording.values.keys() == expected.keys()
    for node, value in expected.items():
        assert torch.equal(recording.values[node], value), node
    assert not recording.drifted


def test_snapshot_gives_the_batch_item_exactly(net: Net) -> None:
    x = torch.randn(2, 3, 8, 8)
    snap = snapshot(net, x, batch_item=1)
    with torch.no_grad():
        expected = _by_hand(copy.deepcopy(net).eval(), x)
    for node, value in expected.items():
        found = snap[node].values
        assert found is not None
        assert (found == value[1].numpy()).all(), node
        assert not found.flags.writeable
