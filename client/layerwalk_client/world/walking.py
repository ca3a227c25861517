"""Walking: the eye at a person's height, gravity, and walls that one slides along. Pure.

(flight, actions, dt, what stands there) -> flight, as for free flight; a move to a given camera
goes its way through the air, and ends on the floor.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arrays import Rectangles, SceneArrays
from layerwalk_client.world.camera import forward, looking_at, ray_from_pixel
from layerwalk_client.world.flight import (
    PACE_LIMITS,
    RESPONSE,
    REST_SPEED,
    WHEEL,
    Actions,
    Flight,
    turned,
)
from layerwalk_client.world.flight import step as fly
from layerwalk_client.world.picking import pick
from layerwalk_client.world.signs import EYE
from layerwalk_client.world.view import Camera
from layerwalk_client.world.ways import NEAR

Floats = NDArray[np.float64]

SPEED = 2.6
"""Metres per second; a stroll, so that one can look."""
RUN = 2.5
GRAVITY = 9.81
JUMP = 4.4
"""Metres per second upward: about a metre high."""
FASTEST_FALL = 30.0
RADIUS = 0.3
"""Metres that a body keeps from walls."""
HEAD = 0.1
"""Metres of a body above its eye."""
MOST_STEPS = 400
LOOK_UP = math.radians(60)
"""Steepest look at a wall that one is set before."""
FREE_SHARE = 0.75
"""The plane that cuts walls away lies amid the free floor before a wall: so much of what is before
it lies behind it, too, and one steps back that far."""
HIGHEST = 12.0
"""Metres: cameras from higher up are for seeing the whole, not for standing there."""


def step(flight: Flight, actions: Actions, dt: float, arrays: SceneArrays) -> Flight:
    """Return the flight after `dt` seconds of walking."""
    if flight.move is not None and not actions.wants_motion:
        return fly(flight, actions, dt)
    pace = min(max(flight.pace * WHEEL**actions.wheel, PACE_LIMITS[0]), PACE_LIMITS[1])
    camera = turned(flight.camera, actions)
    velocity = (0.0, 0.0, 0.0) if flight.move is not None else flight.velocity
    before = np.array([velocity[0], velocity[2]])
    wish = _wish(camera, actions) * SPEED * pace * (RUN if actions.is_running else 1.0)
    left = math.exp(-RESPONSE * dt)
    after = wish + (before - wish) * left
    way = wish * dt + (before - wish) * (1 - left) / RESPONSE
    if not wish.any() and float(np.linalg.norm(after)) < REST_SPEED:
        after = np.zeros(2)
    x, height, z = camera.position
    height, rising = _fallen(height, velocity[1], actions, dt)
    place = slide(np.array([x, z]), way, arrays, eye=height)
    moved = place - (x, z)
    if float(np.linalg.norm(moved)) < 0.5 * float(np.linalg.norm(way)) and dt > 0:
        after = moved / dt  # held up by a wall
        if float(np.linalg.norm(after)) < REST_SPEED or not wish.any():
            after = np.zeros(2)
    position = (float(place[0]), height, float(place[1]))
    camera = replace(camera, position=position, near=NEAR)
    return Flight(camera, (float(after[0]), rising, float(after[1])), pace)


def is_standing(camera: Camera) -> bool:
    """Whether the eye is at the height of one who stands on the floor."""
    return camera.position[1] == EYE


def grounded(camera: Camera, arrays: SceneArrays) -> Camera | None:
    """Return the camera of one who stands where that one is, and looks at the same; None where it
    is so high that it is for seeing the whole."""
    if camera.position[1] > HIGHEST:
        return None
    hit = pick(arrays, ray_from_pixel(camera, (1.0, 1.0), (2, 2)))
    x, _, z = camera.position
    if camera.near > NEAR:  # walls before it are cut away: stand on the free floor behind them
        room = 0.0 if hit is None else FREE_SHARE * hit.distance
        way = forward(camera) * (camera.near - room)
        x, z = x + float(way[0]), z + float(way[2])
    place = slide(np.array([x, z]), np.zeros(2), arrays, eye=EYE)
    eye = (float(place[0]), EYE, float(place[1]))
    stood = replace(camera, position=eye, near=NEAR)
    if hit is None:
        return replace(stood, pitch=min(max(camera.pitch, -LOOK_UP), LOOK_UP))
    found = looking_at(stood, hit.point)
    return replace(found, pitch=min(max(found.pitch, -LOOK_UP), LOOK_UP))


def _fallen(height: float, rising: float, actions: Actions, dt: float) -> tuple[float, float]:
    """Return height and upward speed after `dt` seconds."""
    if height <= EYE:
        if actions.rise <= 0:
            return EYE, 0.0
        height, rising = EYE, JUMP
    height += rising * dt - GRAVITY * dt * dt / 2
    rising = max(rising - GRAVITY * dt, -FASTEST_FALL)
    return (EYE, 0.0) if height <= EYE else (height, rising)


def _wish(camera: Camera, actions: Actions) -> Floats:
    """Direction on the floor wished for, `[2]` (x, z), at most of length 1."""
    sine, cosine = math.sin(camera.yaw), math.cos(camera.yaw)
    wish = np.array([-sine, -cosine]) * actions.ahead + np.array([cosine, -sine]) * actions.aside
    found: Floats = wish / max(1.0, float(np.linalg.norm(wish)))
    return found


def slide(place: Floats, way: Floats, arrays: SceneArrays, *, eye: float) -> Floats:
    """Return where a body comes to that goes along `way`: it slides along what is in its way.

    Args:
        place: (x, z) of the body.
        way: metres to go.
        arrays: what stands there.
        eye: height of the eye: the body passes above what is lower than its feet.
    """
    length = float(np.linalg.norm(way))
    lines = [
        _lines(items, place, length + RADIUS, eye=eye) for items in (arrays.walls, arrays.boards)
    ]
    starts = np.concatenate([one[0] for one in lines])
    alongs = np.concatenate([one[1] for one in lines])
    count = min(MOST_STEPS, max(1, math.ceil(length / (0.4 * RADIUS))))
    for _ in range(count):
        there = _pushed_out(place + way / count, starts, alongs)
        if there is None:
            break  # a gap that is too narrow
        place = there
    return place


def _lines(items: Rectangles, place: Floats, reach: float, *, eye: float) -> tuple[Floats, Floats]:
    """Return starts and extents `[N, 2]` of what a body can run into, seen from above."""
    low = items.centres[:, 1] - items.halves[:, 1]
    high = items.centres[:, 1] + items.halves[:, 1]
    is_tall = (low < eye + HEAD) & (high > eye - EYE)
    halves, rights = items.halves[:, :1], items.rights[:, [0, 2]]
    centres = items.centres[:, [0, 2]]
    is_near = np.linalg.norm(centres - place, axis=1) <= reach + halves[:, 0]
    chosen = is_tall & is_near
    starts = (centres - rights * halves)[chosen]
    return starts, (2 * rights * halves)[chosen]


def _pushed_out(place: Floats, starts: Floats, alongs: Floats) -> Floats | None:
    """Return the place moved out of what it is too near to; None where there is no room."""
    if not len(starts):
        return place
    for _ in range(8):
        share = np.einsum("ij,ij->i", place - starts, alongs)
        share = np.clip(share / np.maximum(np.einsum("ij,ij->i", alongs, alongs), 1e-12), 0, 1)
        away = place - (starts + share[:, None] * alongs)
        distance = np.linalg.norm(away, axis=1)
        nearest = int(distance.argmin())
        if distance[nearest] >= RADIUS - 1e-9:
            return place
        if distance[nearest] > 1e-9:
            outward = away[nearest] / distance[nearest]
        else:  # exactly on it: to its front
            along = alongs[nearest] / max(float(np.linalg.norm(alongs[nearest])), 1e-12)
            outward = np.array([-along[1], along[0]])
        place = place + outward * (RADIUS - distance[nearest])
    return None
