"""Which value gets the colour table's end, for each channel, in each range mode; NumPy only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.tiles import Tile, TileType

SAMPLES_PER_BLOCK = 4096
"""Values kept of each block for the percentile; its error at 99 % is below 0.2 points (one sigma
of a binomial of 4096)."""
SMALLEST_RANGE = 1e-30
"""Below this a range counts as zero, and everything gets the colour of zero."""

Floats = NDArray[np.float32]
NodeKey = tuple[str, int]


@dataclass(slots=True)
class NodeValues:
    """What is known of a node's values. Mutable, owned by the renderer.

    Attributes:
        scales: `[C]` largest absolute value of each channel; NaN where not known yet.
        statistics: of the whole node, as the manifest says; None = not told.
        samples: block -> (level, sorted absolute values) of the finest tile seen.
    """

    scales: Floats
    statistics: NodeStatistics | None = None
    samples: dict[int, tuple[int, Floats]] = field(default_factory=dict)

    def note(self, tile: Tile) -> bool:
        """Take a tile's scales and a sample of its values; return whether scales changed."""
        if tile.dtype is TileType.RGB8:
            return False
        end = tile.first_channel + tile.count
        if end > len(self.scales):
            grown = np.full(end, np.nan, np.float32)
            grown[: len(self.scales)] = self.scales
            self.scales = grown
        part = self.scales[tile.first_channel : end]
        has_changed = not np.array_equal(part, tile.scales)
        if has_changed:
            part[:] = tile.scales
            self.samples.pop(tile.key.block, None)
        kept = self.samples.get(tile.key.block)
        if kept is None or kept[0] >= tile.key.level:
            self.samples[tile.key.block] = (tile.key.level, _sample(tile))
        return has_changed

    def maximum(self) -> float:
        """Return the largest absolute value of the node (0 where nothing is known)."""
        if self.statistics is not None:
            return self.statistics.scale
        known = self.scales[np.isfinite(self.scales)]
        return float(known.max()) if known.size else 0.0

    def percentile(self, percentile: float) -> float:
        """Return a percentile of the absolute values: the manifest's, else of each block's sample."""
        if self.statistics is not None and self.statistics.quantiles:
            return self.statistics.percentile(percentile)
        if not self.samples:
            return self.maximum()
        values = np.concatenate([sample for _, sample in self.samples.values()])
        values = values[np.isfinite(values)]
        return float(np.percentile(values, percentile)) if values.size else 0.0


def _sample(tile: Tile) -> Floats:
    """Return absolute values spread evenly over channels and places of a tile."""
    flat = tile.values.reshape(-1)
    step = max(1, flat.size // SAMPLES_PER_BLOCK)
    if step > 1:
        # An odd step that shares no factor with the row length walks through all columns.
        width = tile.shape_hw[1]
        while np.gcd(step, width) != 1:
            step += 1
    chosen = np.arange(0, flat.size, step)
    values = flat[chosen].astype(np.float32)
    if tile.dtype is TileType.INT8:
        per_channel = flat.size // tile.count
        values *= tile.scales[chosen // per_channel] / np.float32(127)
    return np.abs(values)


def channel_ranges(
    values: NodeValues,
    appearance: Appearance,
    *,
    shared_maximum: float,
    override: float | None = None,
) -> Floats:
    """Return the value that gets the table's end, for each channel `[C]`.

    Args:
        values: of the node.
        appearance: mode, percentile, manual value.
        shared_maximum: largest absolute value of all nodes.
        override: a range set for this wall alone; wins over every mode.
    """
    if override is not None:
        one = override
    elif appearance.mode == "channel":
        return np.nan_to_num(values.scales, nan=0.0)
    elif appearance.mode == "node":
        one = values.maximum()
    elif appearance.mode == "shared":
        one = shared_maximum
    elif appearance.mode == "percentile":
        one = values.percentile(appearance.percentile)
    else:
        one = appearance.manual
    return np.full(len(values.scales), one, np.float32)


def multipliers(ranges: Floats) -> Floats:
    """Return 1 / range, 0 where the range is (nearly) 0 or not finite."""
    usable = np.isfinite(ranges) & (np.abs(ranges) >= SMALLEST_RANGE)
    found: Floats = np.where(usable, 1.0 / np.where(usable, ranges, 1.0), 0.0).astype(np.float32)
    return found


def shared_maximum(nodes: Iterable[NodeValues]) -> float:
    """Return the largest absolute value of all nodes."""
    return max((node.maximum() for node in nodes), default=0.0)
