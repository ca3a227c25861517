"""Sheets of maps: every cell is its channel, the legend tells the range, arrays are exact."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from layerwalk.mappages import Looks
from layerwalk.mapsheets import draw_maps, values_npz
from layerwalk.papers import GAP, MARGIN
from layerwalk_shared.colours import paint
from layerwalk_shared.errors import InvalidRequestError, NotFoundError, TooLargeError
from server.frozen import make_snapshot

generator = np.random.default_rng(5)
MAPS = generator.normal(size=(10, 14, 14)).astype(np.float32)
CELL = 140
TOP = MARGIN + 66


def sheet(**changes: object) -> np.ndarray:
    made = draw_maps(make_snapshot(MAPS), 0, network="net", **changes)  # type: ignore[arg-type]
    return np.asarray(Image.open(BytesIO(made)))


def cell(pixels: np.ndarray, place: int, *, columns: int) -> np.ndarray:
    row_h = CELL + GAP + 27
    top, left = TOP + place // columns * row_h, MARGIN + place % columns * (CELL + GAP)
    return pixels[top : top + CELL, left : left + CELL]


def test_every_cell_is_its_channel_under_the_table() -> None:
    pixels = sheet(looks=Looks("magma", "manual", manual=2.0))
    for channel in range(10):
        expected = paint(MAPS[channel] / 2, "magma").repeat(10, axis=0).repeat(10, axis=1)
        assert (cell(pixels, channel, columns=4) == expected).all()


def test_a_range_of_the_channel_is_each_ones_own() -> None:
    pixels = sheet(looks=Looks(mode="channel"))
    expected = paint(MAPS[7] / np.abs(MAPS[7]).max(), "coolblack")
    assert (cell(pixels, 7, columns=4)[5::10, 5::10] == expected).all()


def test_channels_stand_in_the_order_asked_for() -> None:
    looks = Looks(mode="manual", manual=2.0)
    some = sheet(looks=looks, channels=[7, 2])
    every = sheet(looks=looks)
    assert (cell(some, 0, columns=2) == cell(every, 7, columns=4)).all()
    assert (cell(some, 1, columns=2) == cell(every, 2, columns=4)).all()


def test_many_channels_stand_close_and_few_names_fit() -> None:
    many = make_snapshot(np.zeros((1030, 3, 3), np.float32))
    made = Image.open(BytesIO(draw_maps(many, 0, network="net")))
    assert max(made.size) < 1600
    named = draw_maps(make_snapshot(MAPS), 0, network="net", names=["dog"] * 10)
    assert Image.open(BytesIO(named)).height > sheet().shape[0]


@pytest.mark.parametrize("channels", [[10], [-1], [0, 99]])
def test_a_channel_that_is_not_there_is_named(channels: list[int]) -> None:
    with pytest.raises(NotFoundError, match=r"is not in node 'node0' \(0 to 9\)"):
        sheet(channels=channels)
    with pytest.raises(NotFoundError, match=r"is not in node 'node0' \(0 to 9\)"):
        values_npz(make_snapshot(MAPS), 0, network="net", channels=channels)


def test_bounds_hold() -> None:
    with pytest.raises(InvalidRequestError, match="no channel"):
        sheet(channels=[])
    with pytest.raises(TooLargeError, match="at most 4096"):
        sheet(channels=[0] * 5000)
    with pytest.raises(InvalidRequestError, match="coolblack"):
        sheet(looks=Looks("coolblak"))
    with pytest.raises(NotFoundError, match="has no values"):
        draw_maps(make_snapshot(None), 0, network="net")


def test_arrays_are_exact_and_say_what_they_are() -> None:
    with np.load(BytesIO(values_npz(make_snapshot(MAPS), 0, network="net"))) as found:
        assert (found["values"] == MAPS).all()
        assert found["values"].dtype == np.float32
    some = values_npz(make_snapshot(MAPS), 0, network="net", channels=[3, 1])
    with np.load(BytesIO(some), allow_pickle=False) as found:
        assert (found["values"] == MAPS[[3, 1]]).all()
        assert found["channels"].tolist() == [3, 1]
        assert found["shape"].tolist() == [10, 14, 14]
        told = [str(found[name]) for name in ("node", "network", "input", "step")]
        assert told == ["node0", "net", "example", "-1"]
