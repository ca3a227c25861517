"""What the colour legend says: ticks with numbers, a line about the range, the values there are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import NodeStatistics

DIVERGING_SHARES = (-1.0, -0.5, 0.0, 0.5, 1.0)
SEQUENTIAL_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A number beside the colour bar; `share` is its value over the range, -1..1."""

    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Legend:
    """Attributes:
    table: name of the colour table, to paint the bar with.
    ticks: from the lower to the upper end; none while the range is not known.
    range_text: what sets the range.
    value_text: least and largest value there are; "" when unknown.
    is_clipped: some values lie beyond the range.
    name: of the node, "" for all.
    """

    table: str
    ticks: tuple[Tick, ...]
    range_text: str
    value_text: str = ""
    is_clipped: bool = False
    name: str = ""

    @property
    def ends(self) -> tuple[Tick, ...]:
        """The ticks at both ends, and at zero where that lies between."""
        return tuple(tick for tick in self.ticks if tick.share in (-1.0, 0.0, 1.0))

    @property
    def place_of_zero(self) -> float:
        """Where zero lies on the bar, 0..1."""
        return 0.5 if self.ticks and self.ticks[0].share < 0 else 0.0


def legend(
    appearance: Appearance,
    limit: float | None,
    *,
    is_diverging: bool,
    statistics: NodeStatistics | None = None,
    name: str = "",
    is_locked: bool = False,
) -> Legend:
    """Return the legend of a node.

    Args:
        limit: value at the table's end, from `ranges.node_range`; None: not known.
        is_diverging: the table runs from -limit to limit, else from 0.
        statistics: of the node in the snapshot that is shown.
        name: of the node.
        is_locked: the range is held.
    """
    shares = DIVERGING_SHARES if is_diverging else SEQUENTIAL_SHARES
    ticks = () if limit is None else tuple(Tick(one, number(one * limit)) for one in shares)
    value_text, scale = "", 0.0
    if statistics is not None and statistics.has_values:
        value_text = f"{number(statistics.minimum)} to {number(statistics.maximum)}"
        scale = statistics.scale
    by_channel = appearance.mode == "channel" and not is_locked
    is_clipped = limit is not None and not by_channel and scale > limit * (1 + 1e-6)
    text = range_text(appearance)
    if is_locked and limit is not None:
        text = f"locked at {number(limit)}"
    return Legend(appearance.table, ticks, text, value_text, is_clipped, name)


def range_text(appearance: Appearance) -> str:
    """Return what sets the range, in a few words."""
    return {
        "channel": "each channel by its largest value",
        "node": "by the node's largest value",
        "shared": "by the largest value of all nodes",
        "percentile": f"by the node's {appearance.percentile:g} % percentile",
        "manual": f"fixed at {number(abs(appearance.manual))}",
    }[appearance.mode]


def number(value: float) -> str:
    """Return a value in three significant digits at most: `0`, `0.25`, `−12.3`, `4.1e-07`."""
    if value == 0:
        return "0"
    size = abs(value)
    if 1e-3 <= size < 1e5:
        digits = max(0, 2 - math.floor(math.log10(size)))
        text = f"{size:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{size:.1e}"
    return f"−{text}" if value < 0 else text
