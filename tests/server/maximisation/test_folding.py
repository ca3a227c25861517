"""Folding batch normalisation changes no value that is asked for, or does not happen."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk.maximisation.folding import fold
from layerwalk.maximisation.truncated import TruncatedNetwork
from layerwalk.tracking import TrackerModule
from layerwalk.twin import make_example
from server.maximisation.small import conv_net, picture, seeded

PAIRS = [
    (nn.Conv1d(3, 4, 3, stride=2), nn.BatchNorm1d(4), (5, 3, 9)),
    (nn.Conv2d(3, 4, 3, groups=1, bias=False), nn.BatchNorm2d(4), (5, 3, 9, 8)),
    (nn.Conv2d(4, 8, 3, groups=4, dilation=2), nn.BatchNorm2d(8, affine=False), (5, 4, 9, 8)),
    (nn.Conv3d(2, 4, 3), nn.BatchNorm3d(4, eps=0.1), (5, 2, 4, 5, 6)),
    (nn.Linear(6, 4), nn.BatchNorm1d(4), (5, 6)),
    (nn.Linear(6, 4, bias=False), nn.BatchNorm1d(4), (5, 6)),
]


@pytest.mark.parametrize(("layer", "norm", "shape"), PAIRS)
def test_a_layer_with_its_normalisation_becomes_one(
    layer: nn.Module, norm: nn.Module, shape: tuple[int, ...]
) -> None:
    model = seeded(nn.Sequential(layer, norm, nn.Tanh())).requires_grad_(False)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    expected = model(x)
    ids = [node.id for node in layerwalk.trace(model, x[:1]).graph.nodes]
    assert fold(model, layerwalk.trace(model, x[:1]), kept=["1"]) == 1
    torch.testing.assert_close(model(x), expected)
    assert type(model[1]) is nn.Identity
    assert [node.id for node in layerwalk.trace(model, x[:1]).graph.nodes] == ids
    assert not any(parameter.requires_grad for parameter in model.parameters())


class Branched(nn.Module):
    """What the convolution gives is read by the normalisation, and by the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        out: Tensor = self.norm(y) + y
        return out


class BothOut(Branched):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        y = self.conv(x)
        return self.norm(y), y


class Shared(Branched):
    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(self.norm(self.conv(x))))  # type: ignore[no-any-return]


class OneNorm(Branched):
    """Two names for one normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.alias = self.norm

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))  # type: ignore[no-any-return]


class Tracked(Branched):
    def __init__(self) -> None:
        super().__init__()
        self.tracker = TrackerModule("conv")

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.tracker(self.conv(x)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", [Branched, BothOut, Shared, OneNorm, Tracked])
def test_what_somebody_else_reads_is_not_folded(kind: type[nn.Module]) -> None:
    model = seeded(kind())
    assert fold(model, layerwalk.trace(model, picture(), detail="modules"), kept=[]) == 0


def test_a_node_that_is_asked_for_is_not_folded() -> None:
    model = conv_net()
    trace = layerwalk.trace(model, picture())
    assert fold(copy.deepcopy(model), trace, kept=["0"]) == 1
    assert fold(copy.deepcopy(model), trace, kept=["1"]) == 2


def test_layers_with_hooks_or_computed_weights_are_not_folded() -> None:
    hooked = conv_net()
    hooked[0].register_forward_hook(lambda *_: None)
    nn.utils.parametrizations.weight_norm(hooked[3])
    assert fold(hooked, layerwalk.trace(hooked, picture()), kept=[]) == 0


def test_normalisations_of_the_batch_itself_are_not_folded() -> None:
    model = seeded(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)))
    assert fold(model, layerwalk.trace(model, picture()), kept=[]) == 0
    linear = seeded(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, affine=False)))
    assert fold(linear, layerwalk.trace(linear, torch.ones(1, 3)), kept=[]) == 0


@pytest.mark.parametrize("node", ["0", "1", "3", "4", "8"])
def test_a_truncated_network_gives_what_the_whole_gives(node: str) -> None:
    model = conv_net()
    example = make_example(picture())
    trace = layerwalk.trace(model, picture())
    network = TruncatedNetwork(
        model, example, traced=trace, graph=trace.graph, nodes=[node], precision="float32"
    )
    assert network.folded == {"0": 1, "3": 1}.get(node, 2)
    x = torch.cat([picture(), picture().flip(3)])
    expected = {str(at): model[: at + 1](x).detach() for at in range(9)}
    torch.testing.assert_close(network.values(x)[node].detach(), expected[node])
    assert type(model[1]) is nn.BatchNorm2d  # the model itself is as it was


def test_where_folding_would_change_values_nothing_is_folded() -> None:
    class Turned(nn.Module):
        """Between the two the channels change places with the rows, which are as many."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8)

        def forward(self, x: Tensor) -> Tensor:
            return self.norm(self.conv(x).transpose(1, 2))  # type: ignore[no-any-return]

    model = seeded(Turned())
    trace = layerwalk.trace(model, picture(8))
    network = TruncatedNetwork(
        model, make_example(picture(8)), traced=trace, graph=trace.graph, nodes=["norm"],
        precision="float32",
    )  # fmt: skip
    assert network.folded == 0
    torch.testing.assert_close(
        network.values(picture(8))["norm"].detach(), model(picture(8)).detach()
    )
