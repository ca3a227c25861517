"""Edges as smooth ribbons on the floor, from wall foot to wall foot.

A ribbon to the next rank is one S-curve. A longer one crosses the floor behind its source to its
track, runs along it, and crosses the floor before its target: it never passes under a wall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.legs import TURN, Leg
from layerwalk_client.world.ranks import Links, Ranks

LIFT = 0.02
"""Metres above the floor."""
FOOT_PITCH = 0.3
"""Metres between two ribbons at the foot of one wall, where it is wide enough."""
FOOT_SHARE = 0.7
"""Share of a wall's half width that feet may take."""
STRAIGHT_STEP = 4.0
"""Metres between two points of a straight run."""

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Feet:
    """Lateral coordinate at which each edge leaves its source and reaches its target."""

    leaving: Mapping[Edge, float]
    arriving: Mapping[Edge, float]


def feet(
    near: Links,
    *,
    laterals: Sequence[float],
    halves: Sequence[float],
    tracks: Mapping[Edge, float],
) -> Feet:
    """Spread the ends of ribbons along the feet of walls, so that none crosses another there.

    Ribbons of one source on one track leave together, as one.
    """
    leaving: dict[Edge, float] = {}
    arriving: dict[Edge, float] = {}
    for node, targets in enumerate(near.after):
        goals = {target: tracks.get((node, target), laterals[target]) for target in targets}
        # On a track all go together, hence the key (is on a track, where).
        bundles = sorted({((node, target) in tracks, goals[target]) for target in targets})
        bundles.sort(key=lambda bundle: bundle[1])
        spread = _spread(laterals[node], halves[node], [goal for _, goal in bundles])
        place = dict(zip(bundles, spread, strict=True))
        for target in targets:
            leaving[node, target] = place[(node, target) in tracks, goals[target]]
    for node, sources in enumerate(near.before):
        come = {source: tracks.get((source, node), laterals[source]) for source in sources}
        ordered = sorted(sources, key=lambda source: (come[source], source))
        spread = _spread(laterals[node], halves[node], [come[source] for source in ordered])
        for source, lateral in zip(ordered, spread, strict=True):
            arriving[source, node] = lateral
    return Feet(leaving, arriving)


def _spread(centre: float, half: float, goals: Sequence[float]) -> list[float]:
    """Feet for goals in rising order: the one straight ahead in the middle, others beside it."""
    ahead = min(range(len(goals)), key=lambda place: abs(goals[place] - centre), default=0)
    if goals and abs(goals[ahead] - centre) > half / 2:
        on_left = sum(goal < centre for goal in goals)
        places: list[float] = [place - on_left + 0.5 for place in range(len(goals))]
        if len(goals) == 1:
            places = [0.0]
    else:
        places = [float(place - ahead) for place in range(len(goals))]
    widest = max((abs(place) for place in places), default=0.0)
    pitch = min(FOOT_PITCH, FOOT_SHARE * half / widest) if widest else 0.0
    return [centre + pitch * place for place in places]


def curve(start: tuple[float, float], end: tuple[float, float]) -> NDArray[np.float64]:
    """Return an S-curve `[N, 2]` of (lateral, along): a cubic Bézier that leaves and arrives
    along the data flow."""
    aside = abs(end[0] - start[0])
    if aside < 1e-9:
        return np.array([start, end])
    handle = (end[1] - start[1]) / 2
    points = np.array([start, (start[0], start[1] + handle), (end[0], end[1] - handle), end])
    return bezier(points, count=int(min(32, 10 + 2 * aside)))


def bezier(points: NDArray[np.float64], *, count: int) -> NDArray[np.float64]:
    """Return `count` points `[count, D]` of the cubic Bézier curve with control points `[4, D]`."""
    curved: NDArray[np.float64] = _weights(count) @ points
    return curved


@cache
def _weights(count: int) -> NDArray[np.float64]:
    """Bernstein polynomials of third degree at `count` even steps, `[count, 4]`."""
    t = np.linspace(0.0, 1.0, count)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
    weights.flags.writeable = False
    return weights


def floor_path(
    edge: Edge,
    *,
    order: Ranks,
    alongs: Sequence[float],
    ends: Feet,
    tracks: Mapping[Edge, float],
) -> NDArray[np.float64]:
    """Return the centre line `[N, 2]` of an edge in floor coordinates (lateral, along)."""
    source, target = edge
    first, last = order.of_node[source], order.of_node[target]
    start = ends.leaving[edge], alongs[first]
    end = ends.arriving[edge], alongs[last]
    if edge not in tracks:
        return curve(start, end)
    lateral = tracks[edge]
    onto, off = alongs[first + 1], alongs[last - 1]
    parts = [curve(start, (lateral, onto)), curve((lateral, off), end)]
    steps = int((off - onto) / STRAIGHT_STEP)
    if steps > 1:
        run = np.full((steps - 1, 2), lateral)
        run[:, 1] = onto + (off - onto) / steps * np.arange(1, steps)
        parts.insert(1, run)
    path = np.concatenate(parts)
    moves = np.abs(np.diff(path, axis=0)).sum(axis=1) > 1e-9
    kept: NDArray[np.float64] = path[np.concatenate([[True], moves])]
    return kept


def world_path(
    path: NDArray[np.float64], start: Leg, end: Leg, *, base: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the centre line `[N, 3]` in the world, read-only.

    Args:
        path: `[N, 2]` in floor coordinates.
        start, end: legs of source and target; where they differ the ribbon turns in one curve.
        base: (height of the floor, lift of this ribbon above it).
    """
    flat = start.place_all(path) if start is end else _turn(path, start, end)
    points = np.empty((len(flat), 3), dtype=np.float32)
    points[:, 0], points[:, 2] = flat[:, 0], flat[:, 1]
    points[:, 1] = base[0] + base[1]
    points.flags.writeable = False
    return points


def _turn(path: NDArray[np.float64], start: Leg, end: Leg) -> NDArray[np.float64]:
    (first_u, first_s), (last_u, last_s) = path[0].tolist(), path[-1].tolist()
    one = np.array(start.place(first_u, first_s))
    two = np.array(end.place(last_u, last_s))
    away, toward = np.array(start.forward_xz), np.array(end.forward_xz)
    if away @ toward > 0.5:  # on in the next row: back along the aisle between both
        there = np.array(end.place(end.aisle, end.start))
        there += away * float((one - there) @ away)
        here = np.array(end.place(end.aisle, last_s))
        return np.concatenate([_loop(one, there, away), _loop(here, two, -away)])
    if away @ toward < -0.5:  # back: a loop beyond the ends of both
        return _loop(one, two, away)
    leave = max(0.5, 0.6 * float((two - one) @ away))
    arrive = max(0.5, 0.6 * float((two - one) @ toward))
    points = np.array([one, one + leave * away, two - arrive * toward, two])
    return bezier(points, count=32)


def _loop(
    one: NDArray[np.float64], two: NDArray[np.float64], away: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the turn `[32, 2]` that leaves along `away` and comes back against it."""
    reach = max(TURN, 0.65 * float(np.linalg.norm(two - one))) * away
    return bezier(np.array([one, one + reach, two + reach, two]), count=32)
