"""Curves are thinned without losing a peak, smoothed without the pull of their start."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import booleans, floats, integers, lists

from layerwalk_client.world.curves import Axis, axis_of, lines, smoothed, ticks


@given(low=floats(-1e6, 1e6), span=floats(1e-3, 1e6), place=floats(0, 1), count=integers(2, 8))
def test_ticks_lie_on_the_axis_and_are_round(low, span, place, count):
    axis = Axis(low, low + span)
    found = ticks(axis, count)
    assert 1 <= len(found) <= 2 * count + 1 or span < 1e-3
    assert all(low - 1e-6 * span <= tick <= low + 1.000001 * span for tick in found)
    assert found == sorted(found)
    assert axis.value(float(axis.place(low + place * span))) == pytest.approx(
        low + place * span, abs=1e-6 * (span + abs(low))
    )


def test_a_logarithmic_axis_counts_powers_of_ten():
    axis = Axis(1e-4, 1e2, is_log=True)
    assert ticks(axis, 7) == pytest.approx([1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100])
    assert float(axis.place(0.1)) == pytest.approx(0.5)
    assert axis.value(0.5) == pytest.approx(0.1)
    assert np.isnan(axis.place(np.array([0.0, -3.0]))).all()


@given(values=lists(floats(-1e9, 1e9), min_size=1, max_size=30), is_log=booleans())
def test_every_known_value_has_a_place_on_its_axis(values, is_log):
    known = np.array([*values, np.nan, np.inf])
    axis = axis_of([known], is_log=is_log)
    assert axis.low < axis.high
    places = axis.place(np.array([value for value in values if not is_log or value > 1e-9]))
    assert ((places >= -1e-9) & (places <= 1 + 1e-9)).all()


def test_an_axis_without_values_is_an_axis():
    assert axis_of([]) == Axis(0.0, 1.0)
    assert axis_of([np.array([-1.0])], is_log=True).is_log
    flat = axis_of([np.full(5, 3.0)])
    assert flat.low < 3.0 < flat.high


def test_a_smoothed_constant_is_that_constant_from_the_first_value_on():
    assert smoothed(np.full(20, 2.5), 0.95) == pytest.approx(np.full(20, 2.5))


def test_smoothing_is_the_mean_with_weights_that_fade():
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    weights = 0.7 ** np.arange(5)[::-1]
    assert smoothed(values, 0.7)[-1] == pytest.approx((weights * values).sum() / weights.sum())
    assert smoothed(values, 0.0) is values


def test_what_is_not_finite_counts_for_nothing_and_breaks_the_line():
    values = np.array([1.0, np.nan, 3.0, np.inf, 5.0, 6.0])
    known = smoothed(values, 0.5)
    assert np.isnan(known[[1, 3]]).all()
    assert known[[0, 2, 4, 5]] == pytest.approx(smoothed(values[[0, 2, 4, 5]], 0.5))
    parts = lines(np.arange(6.0), values, columns=100)
    assert [part[:, 0].tolist() for part in parts] == [[0], [2], [4, 5]]


@pytest.mark.parametrize("count", [10, 5000, 100_001])
def test_a_thinned_curve_keeps_its_ends_and_every_columns_peaks(count):
    generator = np.random.default_rng(count)
    x, y = np.arange(count, dtype=float), generator.normal(size=count)
    y[count // 3] = 50.0
    (line,) = lines(x, y, columns=300)
    assert len(line) <= max(count if count <= 600 else 0, 4 * 300)
    assert line[0].tolist() == [x[0], y[0]]
    assert line[-1].tolist() == [x[-1], y[-1]]
    assert (np.diff(line[:, 0]) >= 0).all()
    width = (count - 1) / 300
    for column in range(300) if count > 600 else ():
        inside = (x >= column * width) & (x < (column + 1) * width)
        near = (line[:, 0] >= (column - 1) * width) & (line[:, 0] < (column + 2) * width)
        assert line[near, 1].max() >= y[inside].max()
        assert line[near, 1].min() <= y[inside].min()


def test_no_points_are_no_lines():
    assert lines(np.zeros(0), np.zeros(0), columns=10) == []
    assert lines(np.arange(3.0), np.full(3, np.nan), columns=10) == []
