"""Numbers about values: of a node in a manifest, and whole with histograms."""

from __future__ import annotations

import numpy as np
from pydantic import FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative, Positive

QUANTILES = (50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9)
"""Percentiles of the absolute values of a node that a manifest tells."""


class NodeStatistics(Frozen):
    """Numbers of one node in one snapshot, over its finite values.

    `quantiles` are the absolute values at the percentiles `QUANTILES`, of an even sample of the
    values where there are many; empty where they were not taken.
    `same_as` is the index of an earlier node with the very same values (a flatten, a dropout in
    eval mode): its tiles serve both. `shape` is the tensor's, without batch axis; `pictures` is
    (channels, height, width) as drawn. A node without a value has `has_values` False.
    """

    shape: tuple[NonNegative, ...]
    pictures: tuple[Positive, Positive, Positive]
    has_values: bool = True
    minimum: FiniteFloat = 0.0
    maximum: FiniteFloat = 0.0
    mean: FiniteFloat = 0.0
    std: FiniteFloat = 0.0
    zeros: FiniteFloat = 0.0
    not_finite: NonNegative = 0
    same_as: NonNegative | None = None
    quantiles: tuple[FiniteFloat, ...] = ()

    @property
    def scale(self) -> float:
        """Largest absolute value."""
        return max(abs(self.minimum), abs(self.maximum))

    def percentile(self, percent: float) -> float:
        """Return the absolute value that `percent` % of the values do not exceed.

        Straight lines join the percentiles that were taken, 0 and the largest value.
        """
        if len(self.quantiles) != len(QUANTILES):
            return self.scale
        found = np.interp(percent, (0.0, *QUANTILES, 100.0), (0.0, *self.quantiles, self.scale))
        return float(found)


class Histogram(Frozen):
    """`counts[i]` values lie in `edges[i] <= v < edges[i + 1]` (the last bin includes its end)."""

    edges: tuple[FiniteFloat, ...]
    counts: tuple[NonNegative, ...]


class ChannelStatistics(Frozen):
    minimum: tuple[FiniteFloat, ...]
    maximum: tuple[FiniteFloat, ...]
    mean: tuple[FiniteFloat, ...]
    std: tuple[FiniteFloat, ...]
    zeros: tuple[FiniteFloat, ...]


class ValueStatistics(Frozen):
    """Statistics of a node's values or weights: whole, histogram, per channel."""

    node: str
    shape: tuple[NonNegative, ...]
    minimum: FiniteFloat
    maximum: FiniteFloat
    mean: FiniteFloat
    std: FiniteFloat
    zeros: FiniteFloat
    not_finite: NonNegative
    histogram: Histogram
    channels: ChannelStatistics
    dead_channels: tuple[NonNegative, ...] = ()
