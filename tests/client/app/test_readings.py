"""Exact values are asked for after a rest, once, and read at the right place."""

import numpy as np
import pytest

from layerwalk_client.app.readings import DWELL_S, KEPT_BYTES, Readings, spot_of, values_at
from layerwalk_client.source.arrivals import ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_shared.graph import Node
from layerwalk_shared.views import picture_shape

AT = Values("s", "conv", 3)


def test_nothing_is_asked_while_the_pointer_moves():
    readings = Readings()
    for channel in range(20):
        assert readings.look(Values("s", "conv", channel), 0.1) is None


def test_a_rest_asks_once():
    readings = Readings()
    asked = [readings.look(AT, 0.05) for _ in range(20)]
    assert [fetch for fetch in asked if fetch is not None] == [AT]
    assert asked.index(AT) == round(DWELL_S / 0.05)
    assert not readings.is_waiting


def node(view, shape):
    channels, height, width = picture_shape(view, shape)
    return Node(
        id="n", name="n", kind="module", operation="X", shape=shape, view=view,
        channels=channels, height=height, width=width,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("view", "shape", "channel", "texel", "index"),
    [
        ("maps", (5, 3, 4), 2, (1, 3), (2, 1, 3)),
        ("maps", (5, 2, 3, 4), 4, (5, 1), (4, 1, 2, 1)),  # planes below each other
        ("vector", (7,), 0, (1, 2), (5,)),  # cells of 3 x 3
        ("vector", (2, 3, 1), 0, (1, 1), (1, 1, 0)),
        ("tokens", (6, 8), 0, (4, 7), (4, 7)),
        ("tokens", (2, 6, 8), 1, (4, 7), (1, 4, 7)),
        ("tokens", (2, 3, 6, 8), 5, (4, 7), (1, 2, 4, 7)),
        ("grid", (9, 4), 3, (1, 2), (5, 3)),
        ("grid", (10, 4), 3, (1, 2), (6, 3)),  # a class token before the patches
        ("attention", (3, 5, 6), 2, (4, 5), (2, 4, 5)),
        ("attention", (2, 3, 5, 6), 4, (1, 0), (1, 1, 1, 0)),
        ("sequence", (4, 9), 0, (3, 8), (3, 8)),
        ("volume", (2, 5, 3, 4), 1, (4, 5), (1, 4, 1, 1)),  # slices in rows of three
        ("frames", (5, 2, 3, 4), 1, (1, 10), (2, 1, 1, 2)),
    ],
)
def test_the_value_is_that_of_the_pixel(view, shape, channel, texel, index):
    tensor = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    spot = spot_of("s", node(view, shape), channel=channel, texel=texel)
    row = spot.fetch.row
    readings = Readings()
    assert readings.value(spot) is None
    readings.arrive(ValuesArrived(spot.fetch, tensor if row is None else tensor[row : row + 1]))
    assert readings.value(spot) == (tensor[index],)
    assert readings.look(spot.fetch, 1) is None
    assert readings.look(spot.fetch, 1) is None  # known: nothing to ask


def test_an_image_has_three_values():
    tensor = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    spot = spot_of("s", node("image", (3, 4, 5)), channel=0, texel=(2, 1))
    assert values_at(tensor, spot) == (11, 31, 51)


def test_a_cell_past_the_last_unit_has_no_value():
    assert spot_of("s", node("vector", (7,)), channel=0, texel=(2, 2)) is None


def test_another_snapshot_forgets():
    readings = Readings()
    readings.arrive(ValuesArrived(AT, np.zeros((1, 1), np.float32)))
    readings.clear()
    assert readings.look(AT, 0.0) is None
    assert readings.look(AT, 9.0) == AT


def test_what_is_kept_is_bounded():
    readings = Readings()
    big = np.zeros(KEPT_BYTES // 12, np.float32)  # a third of the room each
    for channel in range(5):
        readings.arrive(ValuesArrived(Values("s", "conv", channel), big))
    known = []
    for channel in range(5):
        at = Values("s", "conv", channel)
        readings.look(at, 0.0)
        known.append(readings.look(at, 9.0) is None)
    assert known == [False, False, True, True, True]
