"""Statistics agree with sums done by hand, over finite values only, channel by channel."""

from __future__ import annotations

import math

import numpy as np
import pytest

from layerwalk.statistics import as_rows, channel_rows, describe_values


def test_numbers_of_a_small_tensor() -> None:
    rows = np.array([[0, 1, 2, 5], [0, 0, 0, 0], [-3, -1, 0, 0]], np.float32)
    found = describe_values("n", (3, 2, 2), rows, bins=4)
    flat = [float(value) for value in rows.reshape(-1)]
    mean = sum(flat) / 12
    assert (found.minimum, found.maximum) == (-3, 5)
    assert found.mean == pytest.approx(mean)
    assert found.std == pytest.approx(math.sqrt(sum((v - mean) ** 2 for v in flat) / 12))
    assert found.zeros == pytest.approx(7 / 12)
    assert found.not_finite == 0
    assert found.histogram.edges == (-3, -1, 1, 3, 5)
    assert found.histogram.counts == (1, 8, 2, 1)
    assert found.dead_channels == (1,)
    assert found.channels.minimum == (0, 0, -3)
    assert found.channels.maximum == (5, 0, 0)
    assert found.channels.mean == (2, 0, -1)
    assert found.channels.zeros == (0.25, 1, 0.5)
    assert found.channels.std[0] == pytest.approx(math.sqrt((4 + 1 + 0 + 9) / 4))


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    rows = np.array([[np.nan, 2, 4], [np.inf, -np.inf, np.nan]], np.float32)
    found = describe_values("n", (2, 3), rows, bins=2)
    assert found.not_finite == 4
    assert (found.minimum, found.maximum, found.mean) == (2, 4, 3)
    assert found.channels.mean == (3, 0)
    assert found.channels.minimum == (2, 0)
    assert sum(found.histogram.counts) == 2
    assert found.dead_channels == ()


@pytest.mark.parametrize("value", [0.0, 7.0, -2.5])
def test_a_constant_has_a_histogram_around_it(value: float) -> None:
    found = describe_values("n", (1, 6), np.full((1, 6), value, np.float32), bins=4)
    assert sum(found.histogram.counts) == 6
    assert found.histogram.edges[0] == value - 0.5
    assert found.histogram.edges[-1] == value + 0.5
    assert (found.dead_channels == (0,)) is (value == 0)


def test_every_value_lies_in_the_bin_that_the_edges_say() -> None:
    values = np.random.default_rng(1).normal(size=(1, 5000)).astype(np.float32)
    found = describe_values("n", (5000,), values, bins=17)
    edges = found.histogram.edges
    for index, count in enumerate(found.histogram.counts):
        low, high = edges[index], edges[index + 1]
        inside = (values >= low) & ((values < high) if index < 16 else (values <= high))
        assert count == inside.sum()


def test_channels_are_those_that_are_drawn() -> None:
    maps = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert channel_rows(maps, "maps").tolist() == maps.reshape(2, 12).tolist()
    assert channel_rows(np.ones(7, np.float32), "vector").shape == (1, 7)
    assert channel_rows(np.ones((5, 3), np.float32), "tokens").shape == (1, 15)
    assert channel_rows(np.ones((5, 3), np.float32), "grid").shape == (3, 4)
    assert as_rows(np.ones((8, 3, 3, 3))).shape == (8, 27)
    assert as_rows(np.float32(3)).shape == (1, 1)


def test_an_empty_tensor_has_no_numbers_and_no_error() -> None:
    found = describe_values("n", (0,), np.zeros((1, 0), np.float32), bins=3)
    assert (found.minimum, found.maximum, found.not_finite) == (0, 0, 0)
    assert found.histogram.counts == (0, 0, 0)
