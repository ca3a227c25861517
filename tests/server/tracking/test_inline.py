"""What a notebook shows of a node, asked for as IPython asks."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import layerwalk
from layerwalk.tracking.glance import INLINE_CHANNELS, Glance
from layerwalk_shared.colours import paint
from layerwalk_shared.errors import InvalidRequestError, NotFoundError


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 80, 3)
        self.fc = nn.Linear(80, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.fc(self.wide(x).mean(dim=(2, 3))))


@pytest.fixture(scope="module")
def glance() -> Glance:
    torch.manual_seed(0)
    return layerwalk.snapshot(Net().eval(), torch.rand(1, 3, 16, 16))


def pixels(png: bytes) -> np.ndarray:
    with Image.open(BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))


def test_a_node_shows_itself_and_says_which_channels(glance: Glance) -> None:
    png = glance["wide"]._repr_png_()
    assert png is not None
    assert (pixels(png) == pixels(glance["wide"].show(range(INLINE_CHANNELS)).png)).all()
    assert pixels(glance["wide"].show().png).shape != pixels(png).shape
    assert glance["fc"]._repr_png_() is not None


def test_the_picture_is_the_values(glance: Glance, tmp_path: object) -> None:
    shown = glance["wide"].show([70], percentile=100, table="grey")
    values = glance["wide"].values
    assert values is not None
    cell = paint(values[70] / np.abs(values).max(), "grey")
    found = pixels(shown._repr_png_())
    factor = 10  # 14 pixels become 140
    assert (found[102 : 102 + 140 : factor, 36 : 36 + 140 : factor] == cell).all()


def test_what_cannot_be_shown_is_told(glance: Glance) -> None:
    with pytest.raises(NotFoundError, match="channel 80 is not in node 'wide'"):
        glance["wide"].show([80])
    with pytest.raises(InvalidRequestError, match="no channel"):
        glance["wide"].show([])
    with pytest.raises(InvalidRequestError, match="magmaa"):
        glance["wide"].show(table="magmaa")


def test_a_node_that_was_not_reached_shows_nothing() -> None:
    class Breaks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.first(x)
            raise ValueError("no further")

    glance = layerwalk.snapshot(Breaks(), torch.rand(1, 4))
    shown = [glance[node.id]._repr_png_() is not None for node in glance.graph.nodes]
    assert any(shown)
