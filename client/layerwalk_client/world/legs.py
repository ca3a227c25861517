"""How the line of walls lies in the world: one straight leg, or legs that turn.

Along the line everything has two floor coordinates: lateral, metres to the right of the main
line, and along, metres in the direction of data flow. A leg carries a run of ranks to the world.
A spiral turns only between ranks where every ribbon that crosses goes to the very next wall, so
that no skip and no branch has to turn with it. Rows end between blocks: the few ribbons that run on
go back to the start of the next row along the aisle, side by side, none across another.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.options import LayoutOptions
from layerwalk_client.world.ranks import Links, Ranks

TURN = 3.0
"""Metres of free floor beyond the last wall of a leg, where the ribbon turns."""
ROW_GAP = 3.0
"""Metres between the outermost things of two rows."""
AISLE_PITCH = 0.3
"""Metres between two ribbons in an aisle, where there is room."""
ROW_SHAPE = 16 / 9
"""Breadth over depth of the plan when rows choose their own length."""
BREAK_COST = 0.6
"""What breaking one group's plot weighs, in lengths of a row: rows end between blocks."""
CROSSING_COST = 0.1
"""What each source weighs whose ribbons run on in the next row."""
MOST_CROSSING = 6
"""So many sources at most: the aisle has no room for more."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Ranks `first..last` in one direction.

    `origin_xz` is where the point (lateral 0, along `start`) stands; `yaw` turns the walls about
    +y: 0 runs along -z, with walls that face +z. `aisle` is the lateral coordinate of the free
    floor before it, where the ribbon from the end of a row comes back to the start of the next.
    """

    first: int
    last: int
    start: float
    origin_xz: tuple[float, float]
    yaw: float
    aisle: float = 0.0

    def place(self, lateral: float, along: float) -> tuple[float, float]:
        """Return the (x, z) of a point of the line."""
        sine, cosine = _turned(self.yaw)
        ahead = along - self.start
        return (
            self.origin_xz[0] + cosine * lateral - sine * ahead,
            self.origin_xz[1] - sine * lateral - cosine * ahead,
        )

    def place_all(self, path: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (x, z) of points `[N, 2]` of the line, `[N, 2]`."""
        sine, cosine = _turned(self.yaw)
        turn = np.array([[cosine, -sine], [-sine, -cosine]])
        moved: NDArray[np.float64] = (path - (0.0, self.start)) @ turn + self.origin_xz
        return moved

    @property
    def forward_xz(self) -> tuple[float, float]:
        """Direction of data flow."""
        sine, cosine = _turned(self.yaw)
        return -sine, -cosine


def _turned(yaw: float) -> tuple[float, float]:
    """Sine and cosine, exact for quarter turns, so that plots stay parallel to the axes."""
    quarter = round(yaw / (math.pi / 2))
    if abs(yaw - quarter * math.pi / 2) < 1e-9:
        return ((0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0))[quarter % 4]
    return math.sin(yaw), math.cos(yaw)


def beside(count: int, place: int) -> float:
    """Return how far from the middle of an aisle the ribbon number `place` of `count` lies."""
    pitch = min(AISLE_PITCH, (ROW_GAP - 1.0) / count)
    return (place - (count - 1) / 2) * pitch


def crossings(order: Ranks, near: Links) -> tuple[int, ...]:
    """Return from how many nodes ribbons cross to past the next wall, after each rank but the
    last."""
    changes = [0] * (order.count + 1)
    for source, targets in enumerate(near.after):
        start = order.of_node[source]
        end = max((order.of_node[target] for target in targets), default=start)
        if end - start > 1:
            changes[start] += 1
            changes[end] -= 1
    return tuple(itertools.accumulate(changes[: max(0, order.count - 1)]))


def legs(
    order: Ranks,
    near: Links,
    *,
    alongs: Sequence[float],
    extents: Sequence[tuple[float, float]],
    groups: Sequence[int],
    options: LayoutOptions,
    origin_xz: tuple[float, float] = (0.0, 0.0),
) -> tuple[Leg, ...]:
    """Return the legs of a line.

    Args:
        alongs: of each rank, rising.
        extents: lateral ends (left, right) of all that stands or lies at each rank.
        groups: how many groups a turn after each rank would break.
    """
    if order.count == 0:
        return ()
    if options.style == "straight":
        return (Leg(0, order.count - 1, alongs[0], origin_xz, 0.0),)
    crossing = crossings(order, near)
    if options.style == "spiral":
        allowed = [rank for rank, count in enumerate(crossing) if count == 0]
        return _spiral(order, allowed, alongs, extents, origin_xz)
    length = options.row_length or _row_length(alongs, extents)
    costs = {
        rank: length * (BREAK_COST * groups[rank] + CROSSING_COST * count)
        for rank, count in enumerate(crossing)
        if count <= MOST_CROSSING
    }
    rows = _rows(costs, alongs, length)
    return _side_by_side(rows, alongs, extents, origin_xz, turns_back=options.style == "serpentine")


def _side_by_side(
    rows: Sequence[tuple[int, int]],
    alongs: Sequence[float],
    extents: Sequence[tuple[float, float]],
    origin_xz: tuple[float, float],
    *,
    turns_back: bool,
) -> tuple[Leg, ...]:
    """Stand rows to the right of each other; every other one runs back if `turns_back`."""
    found: list[Leg] = []
    x, z = origin_xz
    for number, (first, last) in enumerate(rows):
        left = min(extent[0] for extent in extents[first : last + 1])
        right = max(extent[1] for extent in extents[first : last + 1])
        is_back = turns_back and number % 2 == 1
        if number:
            x += right if is_back else -left
        yaw = math.pi if is_back else 0.0
        found.append(Leg(first, last, alongs[first], (x, z), yaw, left - ROW_GAP / 2))
        x += (-left if is_back else right) + ROW_GAP
        if turns_back:
            run = alongs[last] - alongs[first]
            z += run if is_back else -run
    return tuple(found)


def _row_length(alongs: Sequence[float], extents: Sequence[tuple[float, float]]) -> float:
    """Rows of this length, side by side, fill a plan of about `ROW_SHAPE`."""
    total = alongs[-1] - alongs[0]
    pitch = sum(right - left for left, right in extents) / len(extents) + ROW_GAP
    return max(math.sqrt(total * pitch / ROW_SHAPE), 2 * pitch, 10.0)


def _rows(
    breaks: Mapping[int, float], alongs: Sequence[float], length: float
) -> list[tuple[int, int]]:
    """Break where each row comes near to the wished length and little is broken.

    Args:
        breaks: ranks after which a row may end, with what that costs, metres.
    """
    rows: list[tuple[int, int]] = []
    first, last = 0, len(alongs) - 1
    while first <= last:
        wished = alongs[first] + length
        candidates = [rank for rank in breaks if first < rank < last - 1]
        if alongs[last] <= wished + length / 4 or not candidates:
            rows.append((first, last))
            break
        cut = min(
            candidates,
            key=lambda rank: abs(alongs[rank] - wished) + breaks[rank],
        )
        rows.append((first, cut))
        first = cut + 1
    return rows


def _spiral(
    order: Ranks,
    allowed: Sequence[int],
    alongs: Sequence[float],
    extents: Sequence[tuple[float, float]],
    origin_xz: tuple[float, float],
) -> tuple[Leg, ...]:
    """Wind outward to the right: each leg runs along a side of the box around all before it, and
    past its corner."""
    found: list[Leg] = []
    low, high = list(origin_xz), list(origin_xz)
    first, last, number = 0, order.count - 1, 0
    while first <= last:
        yaw = -(number % 4) * math.pi / 2
        probe = Leg(first, first, 0.0, (0.0, 0.0), yaw)
        ahead = probe.forward_xz
        side = abs((high[0] - low[0]) * ahead[0]) + abs((high[1] - low[1]) * ahead[1])
        candidates = [
            rank
            for rank in allowed
            if first < rank < last - 1 and alongs[rank] - alongs[first] >= side + TURN
        ]
        cut = candidates[0] if candidates else last
        right = max(extent[1] for extent in extents[first : cut + 1])
        left = min(extent[0] for extent in extents[first : cut + 1])
        leg = Leg(first, cut, alongs[first], origin_xz, yaw)
        if found:
            end = found[-1].place(0.0, alongs[first - 1])
            leg = _beside(leg, right, (low, high), end)
        found.append(leg)
        for lateral in (left, right):
            for along in (alongs[first] - TURN, alongs[cut] + TURN):
                for axis, value in enumerate(leg.place(lateral, along)):
                    low[axis], high[axis] = min(low[axis], value), max(high[axis], value)
        first, number = cut + 1, number + 1
    return tuple(found)


def _beside(
    leg: Leg, right: float, box: tuple[list[float], list[float]], end: tuple[float, float]
) -> Leg:
    """Move a leg so that its right side clears the box, and it starts just after a quarter turn
    from `end`, where the last one ended."""
    low, high = box
    ahead = leg.forward_xz
    across = (-ahead[1], ahead[0])
    origin = [0.0, 0.0]
    for axis in range(2):
        if abs(ahead[axis]) > 0.5:
            origin[axis] = end[axis] + TURN * ahead[axis]
        else:
            inner = high[axis] if across[axis] < 0 else low[axis]
            origin[axis] = inner - across[axis] * (right + ROW_GAP)
    return Leg(leg.first, leg.last, leg.start, (origin[0], origin[1]), leg.yaw)
