"""Receptive fields, against what a change of the input really reaches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerwalk.tracking import Recorder, Trace, receptive_fields, trace
from layerwalk_shared.receptive import ReceptiveField


class _Net(nn.Module):
    """Windows of all kinds, as modules and as functions, a branch, a gate over the whole picture."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, (5, 3), stride=(2, 1), padding=(2, 1))
        self.norm = nn.BatchNorm2d(4)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.wide = nn.Conv2d(4, 4, 3, padding="same", dilation=2)
        self.short = nn.Conv2d(4, 4, 1)
        self.adapt = nn.AdaptiveAvgPool2d((4, 5))
        self.gate = nn.Conv2d(4, 4, 1)
        self.weight = nn.Parameter(torch.ones(4, 4, 2, 2))
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(functional.relu(self.norm(self.stem(x))))
        x = torch.cat([self.wide(x), self.short(x)], 1)
        x = x[:, :4] + x[:, 4:]
        x = functional.avg_pool2d(x, 2)
        x = functional.conv2d(x, self.weight, padding=1)
        x = self.adapt(functional.max_pool2d(x, kernel_size=2, stride=1))
        x = x * torch.sigmoid(self.gate(functional.adaptive_avg_pool2d(x, 1)))
        return self.head(x.mean((2, 3)))


@pytest.fixture(scope="module")
def net() -> nn.Module:
    """All weights positive, so that nothing that reaches a value is cancelled there."""
    model = _Net().eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.fill_(0.1)
    return model


SIDES_HW = (32, 20)


def _reached(model: nn.Module, traced: Trace, x: Tensor) -> dict[str, Tensor]:
    """Return node -> which pixels change which of its values, `[pixels, h, w]`: each is changed."""
    with Recorder(model, traced) as recorder:
        count = x.shape[2] * x.shape[3]
        many = x.repeat(count, 1, 1, 1).reshape(count, -1)
        many[torch.arange(count), torch.arange(count)] += 1e4
        before = recorder.record((x,)).values
        after = recorder.record((many.reshape(count, *x.shape[1:]),)).values
    return {node: ((after[node] - before[node]).abs() > 1e-2).any(1) for node in EXACT}


EXACT = (
    "input", "stem", "norm", "relu", "pool", "wide", "short", "cat", "add", "avg_pool2d", "conv2d",
)  # fmt: skip


def test_a_field_is_exactly_what_reaches_a_value(net: nn.Module) -> None:
    x = torch.rand(1, 1, *SIDES_HW)
    traced = trace(net, x)
    fields = dict(
        zip((n.id for n in traced.graph.nodes), receptive_fields(traced, net), strict=True)
    )
    reached = _reached(net, traced, x)
    for name in EXACT:
        field = fields[name]
        assert field is not None, name
        node = traced.graph.node(name)
        for place in {(0, 0), (node.height // 2, node.width // 2), (node.height - 1, 1)}:
            changed = reached[name][:, place[0], place[1]].reshape(SIDES_HW).numpy()
            rows, columns = np.nonzero(changed)
            seen = (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
            assert seen == field.at(*place, SIDES_HW), (name, place)


def test_what_sees_everything_has_no_field(net: nn.Module) -> None:
    traced = trace(net, torch.rand(1, 1, 32, 20))
    fields = dict(
        zip((n.id for n in traced.graph.nodes), receptive_fields(traced, net), strict=True)
    )
    for name in ("adaptive_avg_pool2d", "gate", "sigmoid", "mul", "mean", "head"):
        assert fields[name] is None, name


def test_windows_of_different_sizes_have_no_one_field() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(3), nn.ReLU())
    traced = trace(model, torch.rand(1, 1, 10, 10))  # 8 places in 3 windows
    assert receptive_fields(traced, model)[1:] != (None, None, None)
    assert receptive_fields(traced, model)[2:] == (None, None)


def test_a_picture_of_places_is_cut_at_its_borders() -> None:
    field = ReceptiveField(input="x", size_hw=(7, 5), stride_hw=(2, 3), start_hw=(-3, -2))
    assert field.at(0, 0, (10, 10)) == (0, 0, 4, 3)
    assert field.at(4, 3, (10, 10)) == (5, 7, 10, 10)
    assert field.area == 35


def test_a_cat_of_rows_and_a_wrapped_convolution_have_none() -> None:
    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.round = nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")

        def forward(self, x: Tensor) -> Tensor:
            return self.round(x) + torch.cat([x[:, :, :4], x[:, :, 4:]], 2)

    model = Rows().eval()
    traced = trace(model, torch.rand(1, 1, 8, 8))
    assert [one is None for one in receptive_fields(traced, model)] == [False, True, False, True]
