"""How the camera moves: (flight, actions, dt) -> flight. No clock; a step is any length of time.

Free flight: the velocity goes to what the keys wish for exponentially, and the way is the exact
integral of that, so two half steps are one whole step. A move to a given camera takes a way past
the walls (see `ways`), eases in and out, and gives way to any wish to fly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import PITCH_LIMIT, forward, right
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.view import Camera
from layerwalk_client.world.ways import NEAR, Way, move_duration, plan

SPEED = 4.0
"""Metres per second at a clearance of `USUAL_CLEARANCE`, wheel untouched."""
RUN = 3.0
WHEEL = 1.25
"""Factor on the speed for each notch."""
PACE_LIMITS = (0.1, 20.0)
RESPONSE = 9.0
"""Per second: a wish is met to 1 - 1/e after 0.11 s."""
REST_SPEED = 1e-3
USUAL_CLEARANCE = 2.0
FACTOR_LIMITS = (0.5, 12.0)


@dataclass(frozen=True, slots=True)
class Actions:
    """What the devices wish for during one step.

    Attributes:
        ahead, aside, rise: -1..1 along the view, to the right, upward.
        is_running: faster.
        look_left, look_up: radians to turn in this step.
        wheel: notches; each changes the speed.
    """

    ahead: float = 0.0
    aside: float = 0.0
    rise: float = 0.0
    is_running: bool = False
    look_left: float = 0.0
    look_up: float = 0.0
    wheel: float = 0.0

    @property
    def wants_motion(self) -> bool:
        return bool(self.ahead or self.aside or self.rise or self.look_left or self.look_up)


@dataclass(frozen=True, slots=True)
class Move:
    """A way under way; `is_paced`: the wheel changes how fast."""

    way: Way
    duration_s: float
    elapsed_s: float = 0.0
    is_paced: bool = False


@dataclass(frozen=True, slots=True)
class Flight:
    """State of the flight.

    Attributes:
        velocity: world, metres per second.
        pace: factor on the speed, set by the wheel.
        move: under way, or None.
    """

    camera: Camera
    velocity: Vector = (0.0, 0.0, 0.0)
    pace: float = 1.0
    move: Move | None = None

    @property
    def is_at_rest(self) -> bool:
        """Whether the next step without actions changes nothing."""
        return self.move is None and self.velocity == (0.0, 0.0, 0.0)


def step(
    flight: Flight, actions: Actions, dt: float, *, clearance: float = USUAL_CLEARANCE
) -> Flight:
    """Return the flight after `dt` seconds.

    Args:
        clearance: metres to the nearest thing (see `clearance`): what is far is passed fast.
    """
    pace = min(max(flight.pace * WHEEL**actions.wheel, PACE_LIMITS[0]), PACE_LIMITS[1])
    if flight.move is not None:
        if not actions.wants_motion:
            return replace(_moved(flight, _paced(flight.move, flight.pace / pace), dt), pace=pace)
        flight = replace(flight, move=None, velocity=(0.0, 0.0, 0.0))
    camera = turned(flight.camera, actions)
    wish = _wish(camera, actions) * SPEED * pace * distance_factor(clearance)
    if actions.is_running:
        wish = wish * RUN
    before = np.array(flight.velocity)
    left = math.exp(-RESPONSE * dt)
    after = wish + (before - wish) * left
    way = wish * dt + (before - wish) * (1 - left) / RESPONSE
    if not wish.any() and float(np.linalg.norm(after)) < REST_SPEED:
        after = np.zeros(3)
    position = np.array(camera.position) + way
    camera = replace(camera, position=_vector(position), near=_near(camera, way, actions))
    return Flight(camera, _vector(after), pace)


def distance_factor(clearance: float) -> float:
    """Return the factor on the speed for a clearance in metres."""
    return min(max(clearance / USUAL_CLEARANCE, FACTOR_LIMITS[0]), FACTOR_LIMITS[1])


def clearance(arrays: SceneArrays, position: Vector) -> float:
    """Return the metres from a point to the nearest wall (infinity where there is none)."""
    walls = arrays.walls
    if not len(walls.centres):
        return math.inf
    apart = np.array(position) - walls.centres
    aside = np.abs(np.einsum("ij,ij->i", apart, walls.rights)) - walls.halves[:, 0]
    above = np.abs(apart[:, 1]) - walls.halves[:, 1]
    before = np.einsum("ij,ij->i", apart, walls.normals)
    squares = np.maximum(aside, 0) ** 2 + np.maximum(above, 0) ** 2 + before**2
    return float(np.sqrt(squares.min()))


def fly_to(flight: Flight, end: Camera, arrays: SceneArrays | None = None) -> Flight:
    """Return the flight with a move to `end` begun, from where the camera is now.

    Args:
        arrays: what the way must not meet; None: nothing stands there.
    """
    return follow(flight, plan(flight.camera, end, arrays, velocity=flight.velocity))


def follow(flight: Flight, way: Way, *, duration_s: float | None = None) -> Flight:
    """Return the flight with a move along a way begun; it begins where the way does.

    Args:
        duration_s: None lets it grow with the way, 0.35 to 1.5 s; else the wheel changes it.
    """
    if duration_s is None:
        return replace(flight, move=Move(way, move_duration(way)))
    return replace(flight, move=Move(way, duration_s, is_paced=True))


def _paced(move: Move, factor: float) -> Move:
    """Return a ride whose time, gone and to come, is longer by a factor."""
    if not move.is_paced or factor == 1.0:
        return move
    return replace(move, duration_s=move.duration_s * factor, elapsed_s=move.elapsed_s * factor)


def _moved(flight: Flight, move: Move, dt: float) -> Flight:
    elapsed = move.elapsed_s + dt
    if elapsed >= move.duration_s:
        return Flight(move.way.end, pace=flight.pace)
    camera = move.way.camera(elapsed / move.duration_s)
    way = np.array(camera.position) - np.array(flight.camera.position)
    velocity = _vector(way / dt) if dt > 0 else flight.velocity
    return Flight(camera, velocity, flight.pace, replace(move, elapsed_s=elapsed))


def turned(camera: Camera, actions: Actions) -> Camera:
    """Return the camera turned as wished; it never looks straight up or down."""
    if not (actions.look_left or actions.look_up):
        return camera
    pitch = camera.pitch + actions.look_up
    return replace(
        camera,
        yaw=math.remainder(camera.yaw + actions.look_left, math.tau),
        pitch=min(max(pitch, -PITCH_LIMIT), PITCH_LIMIT),
    )


def _wish(camera: Camera, actions: Actions) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Direction wished for, at most of length 1."""
    wish = forward(camera) * actions.ahead + right(camera) * actions.aside
    wish[1] += actions.rise
    length = float(np.linalg.norm(wish))
    return wish / max(1.0, length)


def _near(
    camera: Camera, way: np.ndarray[tuple[int], np.dtype[np.float64]], actions: Actions
) -> float:
    """A near plane that was put forward to cut walls away stays where it is while one flies on,
    and comes back as one turns."""
    if camera.near <= NEAR:
        return camera.near
    turned = abs(actions.look_left) + abs(actions.look_up)
    return max(NEAR, (camera.near - abs(float(way @ forward(camera)))) * math.exp(-4 * turned))


def _vector(array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Vector:
    x, y, z = array.tolist()
    return x, y, z
