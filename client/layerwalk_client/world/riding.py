"""Riding along an edge: over the wall that the data leaves, on its ribbon, to the next wall. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import Ray, looking_at
from layerwalk_client.world.morphing import even
from layerwalk_client.world.picking import pick
from layerwalk_client.world.scene import Ribbon, Vector, Wall
from layerwalk_client.world.signs import EYE
from layerwalk_client.world.view import Camera
from layerwalk_client.world.ways import Way, plan, threaded

Floats = NDArray[np.float64]

SPEED = 6.0
"""Metres per second at a pace of 1, on the mean of the way."""
LEAST_S = 1.2
STEP = 1.5
"""Metres between control points on the ribbon."""
FOOT = 0.8
"""Metres from the wall that the data leaves at which one comes down onto the ribbon; at most a
third of it."""
STAND_SHARE = 0.6
"""Of the free floor before the next wall at which one comes to stand."""
STAND_SIZES = 1.1
"""Sizes of the wall that one ends before it at most."""
FARTHEST = 20.0


def ride(start: Camera, ribbon: Ribbon, target: Wall, arrays: SceneArrays) -> Way:
    """Return the way from where one is along a ribbon to before the wall that it leads to.

    Args:
        start: the eye.
        ribbon: from the wall one is at to the next.
        target: the next wall.
        arrays: what stands there.
    """
    steps = np.linalg.norm(np.diff(ribbon.path.astype(np.float64), axis=0), axis=1)
    length = float(steps.sum())
    line = even(ribbon.path, max(4, round(length / STEP) + 1))
    line[:, 1] = EYE
    front = np.array([math.sin(target.yaw), 0.0, math.cos(target.yaw)])
    stand = min(STAND_SHARE * _free(line[-1], front, arrays), STAND_SIZES * max(target.size_wh))
    begin, end = min(FOOT, length / 3), length - max(stand, STEP)
    along = np.linspace(0.0, length, len(line))
    kept = line[(along > begin) & (along < end)]
    first, last = _point(line, along, begin), line[-1] + stand * front
    points = np.concatenate([[first], kept, [last]])
    goal = looking_at(Camera(position=_vector(last), fov=start.fov), target.centre)
    ahead = points[min(1, len(points) - 1)] - points[0]
    yaw = math.atan2(-float(ahead[0]), -float(ahead[2]))
    there = replace(goal, position=_vector(first), yaw=yaw, pitch=0.0)
    return threaded(plan(start, there, arrays), points, goal, arrays)


def ride_duration(way: Way, pace: float) -> float:
    """Return the seconds that a ride takes at a pace."""
    return max(LEAST_S, way.length / SPEED) / pace


def meant(camera: Camera, targets: Sequence[Vector]) -> int:
    """Return which of several places one looks at most nearly, seen from above."""
    ahead = -math.sin(camera.yaw), -math.cos(camera.yaw)

    def fit(place: int) -> float:
        x, z = (targets[place][axis] - camera.position[axis] for axis in (0, 2))
        return (x * ahead[0] + z * ahead[1]) / max(math.hypot(x, z), 1e-9)

    return max(range(len(targets)), key=fit)


def _free(foot: Floats, front: Floats, arrays: SceneArrays) -> float:
    """Return the metres before a wall up to what stands there."""
    ray = Ray(_vector(foot + 0.05 * front), _vector(front))
    hit = pick(arrays, ray)
    return FARTHEST if hit is None else min(FARTHEST, hit.distance)


def _point(line: Floats, along: Floats, at: float) -> Floats:
    return np.array([np.interp(at, along, line[:, axis]) for axis in range(3)])


def _vector(point: Floats) -> Vector:
    x, y, z = point.tolist()
    return x, y, z
