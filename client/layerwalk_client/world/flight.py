"""How the camera moves: (flight, actions, dt) -> flight. No clock; a step is any length of time.

Free flight: the velocity goes to what the keys wish for exponentially, and the way is the exact
integral of that, so two half steps are one whole step. A move to a given camera eases in and out
and gives way to any wish to fly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import PITCH_LIMIT, forward, right
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.view import Camera

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
MOVE_SECONDS = (0.35, 1.2)
MOVE_HALF_WAY = 30.0
"""Metres of way at which a move takes the mean of both."""
TURN_WAY = 4.0
"""Metres of way that a turn by one radian counts for."""
LIFT_SHARE, LIFT_LIMIT, LIFT_FROM = 0.12, 12.0, 8.0
"""A long move rises over the walls: by this share of its way, at most, and from this way on."""
NEAR = Camera().near


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
    """An eased way from one camera to another."""

    start: Camera
    end: Camera
    duration_s: float
    elapsed_s: float = 0.0


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
            return replace(_moved(flight, flight.move, dt), pace=pace)
        flight = replace(flight, move=None)
    camera = _turned(flight.camera, actions)
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


def fly_to(flight: Flight, end: Camera, *, duration_s: float | None = None) -> Flight:
    """Return the flight with a move to `end` begun, from where the camera is now.

    Args:
        duration_s: None lets it grow with the way, 0.35 to 1.2 s.
    """
    if duration_s is None:
        duration_s = move_duration(flight.camera, end)
    return replace(flight, velocity=(0.0, 0.0, 0.0), move=Move(flight.camera, end, duration_s))


def move_duration(start: Camera, end: Camera) -> float:
    """Return the seconds that a move takes: longer for longer ways and turns, up to 1.2."""
    way = math.dist(start.position, end.position)
    way += TURN_WAY * (abs(_arc(start.yaw, end.yaw)) + abs(end.pitch - start.pitch))
    shortest, longest = MOVE_SECONDS
    return shortest + (longest - shortest) * way / (way + MOVE_HALF_WAY)


def ease(t: float) -> float:
    """Return how far a move is at share `t` of its time: 0 to 1, at rest at both ends.

    Perlin's fifth-degree polynomial (Improving Noise, 2002): zero speed and zero acceleration at
    both ends.
    """
    t = min(max(t, 0.0), 1.0)
    return t * t * t * (t * (6 * t - 15) + 10)


def between(start: Camera, end: Camera, share: float) -> Camera:
    """Return the camera at `share` (0..1) of the way; long ways rise in the middle."""
    if share <= 0:
        return start
    if share >= 1:
        return end
    one, two = np.array(start.position), np.array(end.position)
    way = float(np.linalg.norm(two - one))
    position = one + (two - one) * share
    if way > LIFT_FROM:
        position[1] += 4 * share * (1 - share) * min(LIFT_SHARE * (way - LIFT_FROM), LIFT_LIMIT)
    return Camera(
        position=_vector(position),
        yaw=start.yaw + _arc(start.yaw, end.yaw) * share,
        pitch=start.pitch + (end.pitch - start.pitch) * share,
        fov=start.fov + (end.fov - start.fov) * share,
        near=start.near + (end.near - start.near) * share**3,
        far=start.far + (end.far - start.far) * share,
    )


def _moved(flight: Flight, move: Move, dt: float) -> Flight:
    elapsed = move.elapsed_s + dt
    if elapsed >= move.duration_s:
        return Flight(move.end, pace=flight.pace)
    camera = between(move.start, move.end, ease(elapsed / move.duration_s))
    return Flight(camera, pace=flight.pace, move=replace(move, elapsed_s=elapsed))


def _turned(camera: Camera, actions: Actions) -> Camera:
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


def _arc(start: float, end: float) -> float:
    """Return the shorter turn from one yaw to another, radians."""
    return math.remainder(end - start, math.tau)


def _vector(array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Vector:
    x, y, z = array.tolist()
    return x, y, z
