"""Ways that the eye takes from one camera to another, past whatever stands between. Pure.

A way is a clamped uniform cubic B-spline over a few control points, run through with an ease: its
velocity is continuous, its ends are exact, and every piece of it lies in the convex hull of four
control points. Of several bends (none, over the top, along an aisle) the shortest is taken that
keeps clear of every wall. One of them goes straight up, across above everything that stands
between, and straight down, which is always free.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arrays import Rectangles, SceneArrays
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.view import Camera

Floats = NDArray[np.float64]

MARGIN = 0.35
"""Metres that a way keeps from walls; less only where it begins or ends nearer to one."""
ENDS_SHARE = 0.95
"""From a wall that an end of the way stands near to, it keeps this share of that distance."""
MOVE_SECONDS = (0.35, 1.5)
MOVE_HALF_WAY = 40.0
"""Metres of way at which a move takes the mean of both."""
TURN_WAY = 4.0
"""Metres of way that a turn by one radian counts for."""
LIFTS = (1.5, 3.0, 5.0, 7.5, 10.5, 14.0, 19.0, 26.0)
"""Metres by which the two inner control points are raised; the way rises by three quarters."""
ASIDES = (2.0, 4.0, 6.5, 9.5, 14.0)
ASIDE_COST = 1.1
"""A way along the aisle must be this much shorter than one over the walls: from above one sees
where one is."""
FAR = 30.0
"""Metres from which on no way along an aisle and no low bend is tried: none would be free."""
ABOVE_ALL = 0.3
"""Metres above the highest wall at which the way straight across lies."""
CORRIDOR = 20.0
"""Metres around both ends and what lies between, in which things are heeded."""
LOOK_AHEAD = 0.08
"""Of the whole way that one who rides looks ahead."""
LOOK_UP_SHARE, LOOK_BACK_SHARE = 0.15, 0.25
"""Of the way on which the look turns from the start's, and to the end's."""
LOOK_FLAT = 1.0
"""Metres that the way must lead on level for one to look there."""
PITCH_SHARE = 0.4
"""Of the way's slope that the look takes on."""
SAMPLES = 64
MOST_SAMPLES = 192
NEAR = Camera().near


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way between two cameras.

    Attributes:
        start, end: the cameras at both ends, exactly.
        points: `[N, 3]` control points, N >= 4; the first and the last are those of the cameras.
        drift: metres that the velocity at the start would carry in the whole time; it fades.
        length: metres, of the way without its drift.
        is_ridden: one looks where it leads, but at its ends.
    """

    start: Camera
    end: Camera
    points: Floats
    drift: Vector
    length: float
    is_ridden: bool = False

    def camera(self, time: float) -> Camera:
        """Return the camera at share `time` (0..1) of the time, eased."""
        if time <= 0:
            return self.start
        if time >= 1:
            return self.end
        share = ease(time)
        x, y, z = place_on(self.points, self.drift, np.array([time]))[0].tolist()
        start, end = self.start, self.end
        yaw = start.yaw + arc(start.yaw, end.yaw) * share
        pitch = start.pitch + (end.pitch - start.pitch) * share
        if self.is_ridden:
            yaw, pitch = self._look(share)
        return Camera(
            position=(x, y, z),
            yaw=yaw,
            pitch=pitch,
            fov=start.fov + (end.fov - start.fov) * share,
            # A plane that cuts walls away belongs to one of the ends, and to nothing between.
            near=NEAR + (start.near - NEAR) * (1 - share) ** 3 + (end.near - NEAR) * share**3,
            far=start.far + (end.far - start.far) * share,
        )

    def _look(self, share: float) -> tuple[float, float]:
        """Return yaw and pitch of one who looks where the way leads."""
        shares = np.array([share, min(1.0, share + LOOK_AHEAD)])
        here, there = weights(len(self.points), shares) @ self.points
        x, y, z = (there - here).tolist()
        flat = math.hypot(x, z)
        start, end = self.start, self.end
        yaw = start.yaw + arc(start.yaw, end.yaw) * share
        pitch = start.pitch + (end.pitch - start.pitch) * share
        rises, falls = share / LOOK_UP_SHARE, (1 - share) / LOOK_BACK_SHARE
        weight = _smooth(rises) * _smooth(falls) * _smooth(flat / LOOK_FLAT)
        leads = math.atan2(-x, -z) if flat > 1e-9 else yaw
        slope = PITCH_SHARE * math.atan2(y, max(flat, 1e-9))
        return (
            yaw + arc(yaw, leads) * weight,
            pitch + (slope - pitch) * weight,
        )


def _smooth(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def threaded(way: Way, line: Floats, end: Camera, arrays: SceneArrays) -> Way:
    """Return a way that goes on along a line, ridden.

    Args:
        way: to the line's first point.
        line: `[N, 3]` control points, N >= 2.
        end: where it ends: at the line's last point.
        arrays: what it must not meet; where the smooth way would, it goes through the line's first
            point.
    """
    ends = np.array([way.start.position, end.position])
    things = _around(arrays.walls, np.concatenate([ends, line[:1]]))
    margins = _margins(things, ends)
    for repeats in (0, 2):
        joint = np.repeat(line[:1], repeats, axis=0)
        points = np.concatenate([way.points, joint, line[1:]])
        if len(points) >= 4 and not meets(_run(points), things, margins):
            break
    return Way(way.start, end, points, (0.0, 0.0, 0.0), _length(_run(points)), is_ridden=True)


def straight(start: Camera, end: Camera) -> Way:
    """Return the straight way, whatever stands there."""
    points = _bent(start, end, np.zeros(3))
    return Way(start, end, points, (0.0, 0.0, 0.0), math.dist(start.position, end.position))


def plan(
    start: Camera,
    end: Camera,
    arrays: SceneArrays | None,
    *,
    velocity: Vector = (0.0, 0.0, 0.0),
) -> Way:
    """Return a way that meets nothing upright in the scene.

    It keeps `MARGIN` from everything, and where an end stands nearer to something than that, nearly
    that distance. Things whose foot is above one of the ends are passed if need be.

    Args:
        start, end: where it begins and ends.
        arrays: of the scene; None: nothing stands there.
        velocity: of the eye at the start, metres per second; it is kept where there is room.
    """
    if arrays is None:
        return straight(start, end)
    ends = np.array([start.position, end.position])
    for items in (_both(arrays.walls, arrays.boards), arrays.walls):
        things = _around(items, ends)
        margins = _margins(things, ends)
        way = _shortest(start, end, things, margins)
        if way is not None:
            return _with_drift(way, velocity, things, margins)
    return _way(start, end, _over_all(start, end, things))


def move_duration(way: Way) -> float:
    """Return the seconds that a move takes: longer for longer ways and turns, up to 1.5."""
    turn = abs(arc(way.start.yaw, way.end.yaw)) + abs(way.end.pitch - way.start.pitch)
    effort = way.length + TURN_WAY * turn
    shortest, longest = MOVE_SECONDS
    return shortest + (longest - shortest) * effort / (effort + MOVE_HALF_WAY)


def ease(t: float) -> float:
    """Return how far a move is at share `t` of its time: 0 to 1, at rest at both ends.

    Perlin's fifth-degree polynomial (Improving Noise, 2002): zero speed and zero acceleration at
    both ends.
    """
    t = min(max(t, 0.0), 1.0)
    return t * t * t * (t * (6 * t - 15) + 10)


def arc(start: float, end: float) -> float:
    """Return the shorter turn from one yaw to another, radians."""
    return math.remainder(end - start, math.tau)


def place_on(points: Floats, drift: Vector, times: Floats) -> Floats:
    """Return the places `[S, 3]` at shares `times` `[S]` of the time, eased."""
    t = np.clip(times, 0.0, 1.0)
    eased = t**3 * (t * (6 * t - 15) + 10)
    fading = (t * (1 - t) ** 3)[:, None] * np.array(drift)
    found: Floats = weights(len(points), eased) @ points + fading
    return found


def weights(count: int, shares: Floats) -> Floats:
    """Return the weights `[S, count]` of a clamped uniform cubic B-spline's control points.

    By the recursion of Cox and de Boor (de Boor, A Practical Guide to Splines, 1978).

    Args:
        count: of control points, at least 4.
        shares: `[S]` of the parameter, 0..1.
    """
    knots = _knots(count)
    spans = count - 3
    at = np.clip(shares, 0.0, 1.0) * spans
    span = np.minimum(at.astype(int), spans - 1) + 3
    found = np.zeros((len(at), len(knots) - 1))
    found[np.arange(len(at)), span] = 1.0
    for degree in (1, 2, 3):
        kept = found.shape[1] - 1
        low, high = knots[:kept], knots[degree + 1 : degree + 1 + kept]
        rising = knots[degree : degree + kept] - low
        falling = high - knots[1 : 1 + kept]
        up = np.divide(at[:, None] - low, rising, where=rising > 0, out=np.zeros((len(at), kept)))
        down = np.divide(high - at[:, None], falling, where=falling > 0,
                         out=np.zeros((len(at), kept)))  # fmt: skip
        found = up * found[:, :-1] + down * found[:, 1:]
    return found


@lru_cache(maxsize=64)
def _knots(count: int) -> Floats:
    spans = count - 3
    knots = np.concatenate([np.zeros(3), np.arange(spans + 1.0), np.full(3, float(spans))])
    knots.flags.writeable = False
    return knots


def _bent(start: Camera, end: Camera, bend: Floats) -> Floats:
    """Return four control points: the straight way where `bend` is zero."""
    one, two = np.array(start.position), np.array(end.position)
    if not bend.any():
        return np.array([one, one + (two - one) / 3, two - (two - one) / 3, two])
    return np.array([one, one + bend, two + bend, two])


def _way(start: Camera, end: Camera, points: Floats) -> Way:
    return Way(start, end, points, (0.0, 0.0, 0.0), _length(_run(points)))


def _choices(start: Camera, end: Camera, things: Rectangles) -> Iterator[tuple[float, Floats]]:
    """Yield control points of ways, and what counts against the length of each."""
    yield 1.0, _bent(start, end, np.zeros(3))
    yield 1.0, _over_all(start, end, things)
    across = np.array(end.position) - np.array(start.position)
    flat = math.hypot(across[0], across[2])
    for lift in LIFTS if flat < FAR else LIFTS[-2:]:
        yield 1.0, _bent(start, end, np.array([0.0, lift, 0.0]))
    if 1e-6 < flat < FAR:
        beside = np.array([across[2], 0.0, -across[0]]) / flat
        for aside in ASIDES:
            for side in (-aside, aside):
                yield ASIDE_COST, _bent(start, end, side * beside)


def _shortest(start: Camera, end: Camera, things: Rectangles, margins: Floats) -> Way | None:
    """Return the shortest way that meets nothing, None where each does."""
    ways = []
    for place, (cost, points) in enumerate(_choices(start, end, things)):
        run = _run(points)
        ways.append((cost * _length(run), place, points, run))
    for _, _, points, run in sorted(ways, key=lambda one: one[:2]):
        if not meets(run, things, margins):
            return _way(start, end, points)
    return None


def _over_all(start: Camera, end: Camera, things: Rectangles) -> Floats:
    """Return control points straight up, across above all between, and straight down.

    Any four that follow each other stand in one column or all above the highest thing.
    """
    between = _around(things, np.array([start.position, end.position]), room=1.0)
    tops = between.centres[:, 1] + between.halves[:, 1]
    top = float(tops.max(initial=0.0)) + MARGIN + ABOVE_ALL
    rows = []
    for eye in (start.position, end.position):
        level = max(top, eye[1])
        heights = (eye[1], (eye[1] + level) / 2, level, level + 0.2, level + 0.3)
        rows.append([(eye[0], height, eye[2]) for height in heights])
    return np.array(rows[0] + rows[1][::-1])


def _with_drift(way: Way, velocity: Vector, things: Rectangles, margins: Floats) -> Way:
    """Return the way with the velocity that the eye has, where that meets nothing."""
    if not any(velocity):
        return way
    seconds = move_duration(way)
    drift = (velocity[0] * seconds, velocity[1] * seconds, velocity[2] * seconds)
    moved = Way(way.start, way.end, way.points, drift, way.length)
    times = np.linspace(0.0, 1.0, MOST_SAMPLES)
    return way if meets(place_on(way.points, drift, times), things, margins) else moved


def _run(points: Floats) -> Floats:
    """Return places along a way, near enough to each other for what stands about, `[S, 3]`."""
    reach = float(np.abs(np.diff(points, axis=0)).sum())
    count = min(MOST_SAMPLES, SAMPLES + 32 * int(reach / 32))
    found: Floats = _even_weights(len(points), count) @ points
    return found


@lru_cache(maxsize=64)
def _even_weights(count: int, samples: int) -> Floats:
    found = weights(count, np.linspace(0.0, 1.0, samples))
    found.flags.writeable = False
    return found


def _length(run: Floats) -> float:
    return float(np.linalg.norm(np.diff(run, axis=0), axis=1).sum())


def meets(run: Floats, things: Rectangles, margins: Floats) -> bool:
    """Whether a line comes nearer to something than its margin.

    Each piece of the line is cut with the box around each rectangle, so nothing is missed between
    two places.

    Args:
        run: `[S, 3]` places.
        things: R upright rectangles.
        margins: `[R]` metres around them.
    """
    if not len(things.centres):
        return False
    enter = np.zeros((len(run) - 1, len(margins)))
    leave = np.ones_like(enter)
    for along, reach in _coordinates(run, things, margins):
        begin, step = along[:-1], np.diff(along, axis=0)
        step = np.where(np.abs(step) < 1e-12, 1e-12, step)
        one, two = (-reach - begin) / step, (reach - begin) / step
        np.maximum(enter, np.minimum(one, two), out=enter)
        np.minimum(leave, np.maximum(one, two), out=leave)
    return bool((enter < leave).any())


def _coordinates(
    places: Floats, things: Rectangles, margins: Floats | float
) -> Iterator[tuple[Floats, Floats]]:
    """Yield places `[S, R]` along each axis of each rectangle, and how far it reaches there."""
    apart = places[:, None, :] - things.centres[None]
    yield np.einsum("srk,rk->sr", apart, things.rights), things.halves[:, 0] + margins
    yield apart[..., 1], things.halves[:, 1] + margins
    yield np.einsum("srk,rk->sr", apart, things.normals), np.zeros(len(things.centres)) + margins


def _margins(things: Rectangles, ends: Floats) -> Floats:
    """Return what is kept free around each thing, `[R]`."""
    if not len(things.centres):
        return np.zeros(0)
    free = np.full((len(ends), len(things.centres)), -np.inf)
    for along, reach in _coordinates(ends, things, 0.0):
        np.maximum(free, np.abs(along) - reach, out=free)
    nearest: Floats = np.clip(ENDS_SHARE * free.min(axis=0), 0.0, MARGIN)
    return nearest


def _around(items: Rectangles, ends: Floats, *, room: float = CORRIDOR) -> Rectangles:
    """Return what stands about both ends and between them, up to so many metres away."""
    reach = items.halves[:, 0] + room
    flat, centres = ends[:, [0, 2]], items.centres[:, [0, 2]]
    is_near = (
        (centres >= flat.min(axis=0) - reach[:, None])
        & (centres <= flat.max(axis=0) + reach[:, None])
    ).all(axis=1)
    return Rectangles(
        items.centres[is_near], items.rights[is_near], items.normals[is_near], items.halves[is_near]
    )


def _both(one: Rectangles, two: Rectangles) -> Rectangles:
    return Rectangles(
        np.concatenate([one.centres, two.centres]),
        np.concatenate([one.rights, two.rights]),
        np.concatenate([one.normals, two.normals]),
        np.concatenate([one.halves, two.halves]),
    )
