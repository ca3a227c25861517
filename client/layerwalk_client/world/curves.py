"""Curves as points to draw: smoothed, thinned to what a screen can show, with readable axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LOG_FLOOR = 1e-12
"""Zero and less have no logarithm: on such an axis they are left away."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: the values at its two ends, `low < high`; both above zero where it is logarithmic."""

    low: float
    high: float
    is_log: bool = False

    def place(self, values: Floats | float) -> Floats:
        """Return where values lie, 0 at the low end and 1 at the high one; NaN has no place."""
        found = np.asarray(values, np.float64)
        if not self.is_log:
            return np.asarray((found - self.low) / (self.high - self.low))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(np.where(found > 0, found, np.nan))
        low, high = math.log10(self.low), math.log10(self.high)
        return np.asarray((logs - low) / (high - low))

    def value(self, place: float) -> float:
        """Return the value at a place of 0..1: undoes `place`."""
        if not self.is_log:
            return self.low + place * (self.high - self.low)
        low, high = math.log10(self.low), math.log10(self.high)
        return float(10 ** (low + place * (high - low)))


def axis_of(columns: Sequence[Floats], *, is_log: bool = False, room: float = 0.05) -> Axis:
    """Return the axis on which all finite values lie (on a logarithmic one: all above zero).

    Args:
        columns: values, `[N]` each.
        room: share of the span that stays free at both ends.
    """
    known = np.concatenate([np.zeros(0), *(np.asarray(one).ravel() for one in columns)])
    known = known[np.isfinite(known)]
    if is_log:
        known = np.log10(known[known > LOG_FLOOR])
    if not known.size:
        return Axis(1e-3, 1.0, is_log=True) if is_log else Axis(0.0, 1.0)
    low, high = float(known.min()), float(known.max())
    if high - low < 1e-12 * max(1.0, abs(high)):
        spread = 0.5 if is_log else 0.5 * abs(high) or 0.5
        low, high = low - spread, high + spread
    low, high = low - room * (high - low), high + room * (high - low)
    return Axis(10**low, 10**high, is_log=True) if is_log else Axis(low, high)


def ticks(axis: Axis, count: int) -> list[float]:
    """Return round values along an axis, about `count` of them, ascending."""
    if axis.is_log:
        lowest, highest = math.ceil(math.log10(axis.low)), math.floor(math.log10(axis.high))
        if highest - lowest >= 1:
            every = max(1, math.ceil((highest - lowest + 1) / max(1, count)))
            return [10.0**power for power in range(lowest, highest + 1, every)]
    span = (axis.high - axis.low) / max(1, count)
    size = 10.0 ** math.floor(math.log10(span))
    step = min((size * factor for factor in (1, 2, 5, 10)), key=lambda one: abs(one - span))
    first = math.ceil(axis.low / step - 1e-9)
    last = math.floor(axis.high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def smoothed(values: Floats, weight: float) -> Floats:
    """Return the exponential moving average, free of the pull of its start.

    `s_t = w s_(t-1) + (1 - w) y_t`, divided by `1 - w^t`. What is not finite stays so and counts
    for nothing.

    Args:
        values: `[N]`.
        weight: 0 leaves the values as they are; below 1.
    """
    if weight <= 0:
        return values
    total, share = 0.0, 0.0
    found = np.full(len(values), np.nan)
    for place, value in enumerate(values.tolist()):
        if math.isfinite(value):
            total = weight * total + (1 - weight) * value
            share = weight * share + (1 - weight)
            found[place] = total / share
    return found


def lines(x: Floats, y: Floats, *, columns: int) -> list[Floats]:
    """Return a curve as lines `[N, 2]` to draw, broken where a value is not finite.

    Where there are more points than a screen shows, each of `columns` keeps its first, least,
    largest and last value: every peak stays, and no more than four points stand in one column.

    Args:
        x: `[N]`, ascending, finite.
        y: `[N]`.
    """
    if not len(x):
        return []
    breaks = np.flatnonzero(np.diff(np.isfinite(y).astype(np.int8))) + 1
    span = float(x[-1] - x[0]) or 1.0
    found = []
    for part in np.split(np.arange(len(x)), breaks):
        if not len(part) or not np.isfinite(y[part[0]]):
            continue
        if len(x) <= 2 * columns:
            found.append(np.stack([x[part], y[part]], axis=1))
        else:
            found.append(_thinned(x[part], y[part], (x[0], span), columns))
    return found


def _thinned(x: Floats, y: Floats, frame: tuple[float, float], columns: int) -> Floats:
    column = np.minimum(((x - frame[0]) / frame[1] * columns).astype(np.int64), columns - 1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    ends = np.concatenate([starts[1:], [len(x)]]) - 1
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    values = np.stack([y[starts], low, high, y[ends]], axis=1)
    middle = (x[starts] + x[ends]) / 2
    places = np.stack([x[starts], middle, middle, x[ends]], axis=1)
    return np.stack([places.ravel(), values.ravel()], axis=1)
