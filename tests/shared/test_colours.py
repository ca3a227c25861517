"""Colour tables keep what LOOK.md and the shader count on."""

import numpy as np
import pytest

from layerwalk_shared.colours import (
    TABLES,
    ZERO_ENTRY,
    describe_table,
    entry_of,
    paint,
    rgb,
    table,
)
from layerwalk_shared.errors import InvalidRequestError


@pytest.mark.parametrize("name", TABLES)
def test_a_table_begins_and_ends_at_its_anchors(name: str) -> None:
    anchors = describe_table(name).anchors
    entries = table(name)
    assert entries.shape == (256, 3)
    assert entries.dtype == np.uint8
    assert not entries.flags.writeable
    assert tuple(entries[0]) == rgb(anchors[0][1])
    assert tuple(entries[255]) == rgb(anchors[-1][1])


@pytest.mark.parametrize("name", [name for name in TABLES if TABLES[name].is_diverging])
def test_zero_is_exactly_black_in_a_diverging_table(name: str) -> None:
    assert tuple(table(name)[ZERO_ENTRY]) == (0, 0, 0)
    assert tuple(paint(np.zeros((1,)), name)[0]) == (0, 0, 0)


def test_int8_values_and_entries_of_a_diverging_table_are_128_apart() -> None:
    quantised = np.arange(-127, 128)
    entries = entry_of(quantised / 127, "coolblack").astype(int)
    assert (entries == quantised + 128).all()


def test_negative_is_blue_and_positive_is_grey_in_coolblack() -> None:
    colours = paint(np.array([-1.0, -0.25, 0.5, 1.0]), "coolblack").astype(int)
    assert tuple(colours[0]) == (0x5A, 0xA9, 0xFF)
    assert colours[1][2] > colours[1][0]
    assert len(set(colours[2])) == 1
    assert tuple(colours[3]) == (255, 255, 255)


@pytest.mark.parametrize("name", ["magma", "cividis", "grey"])
def test_brightness_of_a_sequential_table_rises_with_the_value(name: str) -> None:
    luma = table(name).astype(float) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luma) > -0.75).all()
    assert luma[-1] > luma[0] + 100


def test_values_out_of_range_and_nan_take_the_ends_and_zero() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0])
    assert entry_of(values, "coolblack").tolist() == [128, 255, 1, 255, 1]
    assert entry_of(values, "magma").tolist() == [0, 255, 0, 255, 0]


def test_an_unknown_table_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidRequestError, match=r"'coolblak'.*nearest: 'coolblack'"):
        table("coolblak")
