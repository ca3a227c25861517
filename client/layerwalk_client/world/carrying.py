"""A wall in the hand: it keeps to the ray at its distance, snaps to the floor and to 15 degrees."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from layerwalk_client.world.arranged import LARGEST, SMALLEST, Placed, Stand, place_at
from layerwalk_client.world.camera import Ray
from layerwalk_client.world.scene import Vector, Wall
from layerwalk_client.world.signs import at
from layerwalk_client.world.view import Camera

SNAP = math.radians(15)
FLOOR_SNAP = 0.4
"""Metres: a foot that is nearer to the floor stands on it."""
NEARER, SCALED = 1.12, 1.1
"""Factors on distance and scale for a step of the wheel."""
NEAREST, FARTHEST = 0.4, 300.0
"""Metres that a wall is carried before the eye."""
PIN_SHARE = 0.42
"""Share of the view's tighter side that a copy takes when it comes before the eye."""
PIN_ROOM = 0.7
"""Share of the way to the wall at which its copy comes to stand, at most."""
SAME = 1e-6
"""Metres, radians or parts by which a wall that was put back may miss its place."""


@dataclass(frozen=True, slots=True)
class Carry:
    """A wall in the hand.

    Attributes:
        stand: which wall or copy.
        laid: as laid out.
        start: where it stood.
        grip: what of it is held: metres to the right of its middle and above its foot, at scale 1.
        distance: from the eye, along the ray, metres.
        yaw: of the wall, radians, before it snaps; added to the eye's where `faces`.
        scale: as of `Placed`.
        faces: it keeps facing the eye, as a copy does that was just pinned.
    """

    stand: Stand
    laid: Wall
    start: Placed
    grip: tuple[float, float]
    distance: float
    yaw: float
    scale: float
    faces: bool = False


def taken(
    stand: Stand, laid: Wall, there: Wall, start: Placed, *, point: Vector, distance: float
) -> Carry:
    """Return a wall taken at a point that a ray has met.

    Args:
        stand: which wall or copy.
        laid, there: as laid out, and as it stands.
        start: where it stands.
        point: on the wall, world.
        distance: of the point along the ray, metres.
    """
    offset = np.array(point) - np.array(at(there, 0.0, 0.0))
    aside = float(offset @ (math.cos(there.yaw), 0.0, -math.sin(there.yaw)))
    grip = aside / start.scale, float(offset[1]) / start.scale
    return Carry(stand, laid, start, grip, distance, there.yaw, start.scale)


def pinned(
    stand: Stand, laid: Wall, start: Placed, *, camera: Camera, aspect: float, room: float
) -> Carry:
    """Return a copy of a wall that comes before the eye, held in its middle: before the wall, and
    smaller where it would fill the view there.

    Args:
        stand: which copy.
        laid: the wall as laid out.
        start: where the wall stands that is copied; brings the scale.
        camera: the eye.
        aspect: width over height of the view.
        room: metres to the wall.
    """
    width, height = (side * start.scale for side in laid.size_wh)
    tangent = math.tan(camera.fov / 2)
    distance = max(width / aspect, height) / (2 * tangent * PIN_SHARE)
    grip = 0.0, laid.size_wh[1] / 2
    nearest = min(max(min(distance, PIN_ROOM * room), NEAREST), FARTHEST)
    scale = min(max(start.scale * min(1.0, nearest / distance), SMALLEST), LARGEST)
    return Carry(stand, laid, start, grip, nearest, 0.0, scale, faces=True)


def nearer(carry: Carry, steps: float) -> Carry:
    """Return it nearer to the eye (negative: farther) by steps of the wheel."""
    distance = carry.distance * NEARER**-steps
    return replace(carry, distance=min(max(distance, NEAREST), FARTHEST))


def turned(carry: Carry, steps: float) -> Carry:
    """Return it turned to the left by steps of 15 degrees."""
    return replace(carry, yaw=math.remainder(carry.yaw + steps * SNAP, math.tau))


def scaled(carry: Carry, steps: float) -> Carry:
    """Return it larger (negative: smaller) by steps of the wheel."""
    return replace(carry, scale=min(max(carry.scale * SCALED**steps, SMALLEST), LARGEST))


def placed(carry: Carry, ray: Ray, camera: Camera) -> Placed:
    """Return where a wall is that is carried along a ray.

    Args:
        carry: the wall.
        ray: of the pointer; its direction has length 1.
        camera: the eye.
    """
    yaw = round((carry.yaw + (camera.yaw if carry.faces else 0.0)) / SNAP) * SNAP
    held = np.array(ray.origin) + carry.distance * np.array(ray.direction)
    aside, above = (carry.scale * part for part in carry.grip)
    foot = held - aside * np.array([math.cos(yaw), 0.0, -math.sin(yaw)])
    floor = carry.laid.centre[1] - carry.laid.size_wh[1] / 2
    height = float(foot[1]) - above
    if height - floor < FLOOR_SNAP:
        height = floor
    found = place_at(
        carry.laid,
        (float(foot[0]), height, float(foot[2])),
        turn=yaw - carry.laid.yaw,
        scale=carry.scale,
    )
    return carry.start if _is_same(found, carry.start) else found


def _is_same(one: Placed, other: Placed) -> bool:
    apart = math.dist(one.move, other.move)
    turn = abs(math.remainder(one.turn - other.turn, math.tau))
    return max(apart, turn, abs(one.scale - other.scale)) < SAME
