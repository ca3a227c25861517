"""Edges as smooth ribbons on the floor, from wall foot to wall foot.

A ribbon to the next rank is one S-curve. A longer one crosses the floor behind its source to its
track, runs along it, and crosses the floor before its target: it never passes under a wall.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.legs import TURN, Leg, beside
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


Piece = tuple[Leg, NDArray[np.float64]]
"""A leg, and the part of a centre line `[N, 2]` that lies on it, in floor coordinates."""


def floor_pieces(
    edge: Edge,
    *,
    order: Ranks,
    alongs: Sequence[float],
    ends: Feet,
    tracks: Mapping[Edge, float],
    legs: Sequence[Leg],
) -> list[Piece]:
    """Return the centre line of an edge, a piece on each leg from its source's to its target's.

    A ribbon that runs on in another leg keeps to its track up to the last wall of the one, and from
    the first wall of the other on.
    """
    source, target = edge
    first, last = order.of_node[source], order.of_node[target]
    start = ends.leaving[edge], alongs[first]
    end = ends.arriving[edge], alongs[last]
    crossed = [leg for leg in legs if leg.last >= first and leg.first <= last]
    if len(crossed) == 1 and edge not in tracks:
        return [(crossed[0], curve(start, end))]
    lateral = tracks.get(edge, 0.0)
    found: list[Piece] = []
    for leg in crossed:
        enter, leave = max(first + 1, leg.first), min(last - 1, leg.last)
        parts: list[NDArray[np.float64]] = []
        if enter <= leave:
            onto, off = alongs[enter], alongs[leave]
            steps = max(1, int((off - onto) / STRAIGHT_STEP))
            run = np.full((steps + 1, 2), lateral)
            run[:, 1] = onto + (off - onto) / steps * np.arange(steps + 1)
            parts = [run]
        if leg.first <= first:
            parts.insert(0, curve(start, (lateral, alongs[enter])) if parts else np.array([start]))
        if leg.last >= last:
            parts.append(curve((lateral, alongs[leave]), end) if parts else np.array([end]))
        path = np.concatenate(parts)
        moves = np.abs(np.diff(path, axis=0)).sum(axis=1) > 1e-9
        found.append((leg, path[np.concatenate([[True], moves])]))
    return found


def aisles(lines: Mapping[Edge, Sequence[Piece]]) -> dict[tuple[Edge, int], float]:
    """Return the lateral coordinate of the aisle at which each ribbon comes to a leg.

    Those that come from farther left go farther right, so that their turns lie in one another.

    Args:
        lines: edge -> its pieces.

    Returns:
        (edge, first rank of the leg that it comes to) -> lateral coordinate in that leg.
    """
    turning: dict[int, dict[tuple[float, float], list[Edge]]] = {}
    middle: dict[int, float] = {}
    for edge, pieces in lines.items():
        for (_, one), (leg, two) in itertools.pairwise(pieces):
            middle[leg.first] = leg.aisle
            place = round(float(one[-1, 0]), 6), round(float(two[0, 0]), 6)
            turning.setdefault(leg.first, {}).setdefault(place, []).append(edge)
    return {
        (edge, first): middle[first] + beside(len(bundles), number)
        for first, bundles in turning.items()
        for number, place in enumerate(sorted(bundles, reverse=True))
        for edge in bundles[place]
    }


def world_path(
    pieces: Sequence[Piece], comes_by: Sequence[float], *, base: tuple[float, float]
) -> NDArray[np.float32]:
    """Return the centre line `[N, 3]` in the world, read-only.

    Args:
        pieces: of the line, in order; between two of them it turns.
        comes_by: for each piece but the first the lateral coordinate of its aisle.
        base: (height of the floor, lift of this ribbon above it).
    """
    leg, path = pieces[0]
    parts = [leg.place_all(path)]
    for (one, before), (two, after), aisle in zip(pieces, pieces[1:], comes_by, strict=False):
        turn = _turn((one, before[-1]), (two, after[0]), aisle)
        parts += [turn[1:], two.place_all(after)[1:]]
    flat = np.concatenate(parts)
    points = np.empty((len(flat), 3), dtype=np.float32)
    points[:, 0], points[:, 2] = flat[:, 0], flat[:, 1]
    points[:, 1] = base[0] + base[1]
    points.flags.writeable = False
    return points


def _turn(
    before: tuple[Leg, NDArray[np.float64]], after: tuple[Leg, NDArray[np.float64]], aisle: float
) -> NDArray[np.float64]:
    """Return the way `[N, 2]` from a point of one leg to a point of the next, both included."""
    (start, (first_u, first_s)), (end, (last_u, last_s)) = before, after
    one = np.array(start.place(first_u, first_s))
    two = np.array(end.place(last_u, last_s))
    away, toward = np.array(start.forward_xz), np.array(end.forward_xz)
    if away @ toward > 0.5:  # on in the next row: back along the aisle between both
        there = np.array(end.place(aisle, end.start))
        there += away * float((one - there) @ away)
        here = np.array(end.place(aisle, last_s))
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
