"""Cameras worth standing at: home, overview, before a wall; and the way of the first minute."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import PITCH_LIMIT, axes, looking_at
from layerwalk_client.world.picking import point_of
from layerwalk_client.world.scene import Board, Scene, Wall
from layerwalk_client.world.signs import EYE, at, sign_room
from layerwalk_client.world.view import Camera
from layerwalk_client.world.ways import Way, move_duration, plan

FILL = 0.7
"""Share of the view that a wall takes which one faces."""
CLOSE_FILL = 0.5
"""Share of the view's height that a picture takes which one goes close to."""
NEAREST = 0.25
"""Metres at least that one keeps from it."""
OVERVIEW_FILL = 0.92
HALL_YAW_PITCH = math.radians(33), math.radians(-25)
BLOCK_YAW_PITCH = math.radians(-30), math.radians(-30)
BLOCK_SHAPE = 0.5
"""From this breadth over depth on a plan is a block of rows, seen from the input's side so that
small walls stand before large ones; below it a hall, seen from the side of its branches."""
OVERVIEW_CLOSEST = 0.05
"""An overview keeps away from the nearest wall by this share of the plan's diagonal: the near end
of a long hall must not fill the picture."""
HOME_ASIDE, HOME_BEFORE = 1.5, 3.4
ANSWER_ASIDE, ANSWER_BEFORE = 1.2, 3.9
CENTRING_STEPS = 48
"""Halvings; each takes a bit, so that the middle is exact to a nanometre."""
CLOSEST = 0.5
"""Metres that a framing camera keeps from the nearest point."""
NEAR_SHARE = 0.5
"""Where walls must be cut away, the near plane stands at this share of the free floor before the
wall that one faces."""

ON_WALL = 0.05
"""Metres: what stands nearer before a wall is a mark on it, and hides nothing."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A camera, how long the way to it takes, and how long one stays; seconds.

    `way` leads there from the stop before; the first has none.
    """

    camera: Camera
    move_s: float
    stay_s: float
    way: Way | None = None


Tour = tuple[Stop, ...]
"""A way from stop to stop; the first is where it begins."""


def home(scene: Scene) -> Camera:
    """Return the camera at the beginning: beside the input, looking down the hall."""
    if not scene.walls:
        return Camera()
    first = scene.walls[0]
    eye = at(first, -first.size_wh[0] / 2 - HOME_ASIDE, EYE + 0.25, before=HOME_BEFORE)
    return looking_at(Camera(position=eye), at(first, 0.35, 1.35, before=-4.0))


def overview(scene: Scene, aspect: float) -> Camera:
    """Return the camera that sees the whole network from above and aside, input in front."""
    corners = _corners(scene)
    plan = np.ptp(corners[:, [0, 2]], axis=0)
    yaw, pitch = BLOCK_YAW_PITCH if plan[0] > BLOCK_SHAPE * plan[1] else HALL_YAW_PITCH
    return framing(
        corners,
        aspect,
        yaw=yaw,
        pitch=pitch,
        fill=OVERVIEW_FILL,
        closest=max(CLOSEST, OVERVIEW_CLOSEST * float(np.hypot(*plan))),
    )


def view_of(scene: Scene, nodes: Collection[int], aspect: float) -> Camera | None:
    """Return the camera that sees the walls of some nodes from above and aside, None where none of
    them stands."""
    walls = tuple(wall for wall in scene.walls if wall.node in nodes)
    if not walls:
        return None
    return overview(Scene(walls=walls), aspect)


def facing(wall: Wall, aspect: float, *, scene: Scene | None = None) -> Camera:
    """Return the camera straight before a wall, which fills 70 % of the view's tighter side.

    Args:
        scene: where other walls stand between, the near plane cuts them away. Without it
            nothing is cut.
    """
    camera = Camera()
    width, height = wall.size_wh
    tangent = math.tan(camera.fov / 2)
    shown = height + sign_room(wall.size_wh)
    distance = max(shown / (FILL * 2 * tangent), width / (FILL * 2 * tangent * aspect), 0.3)
    middle = at(wall, 0.0, shown / 2, before=distance)
    near = camera.near
    if scene is not None:
        free = _free_before(wall, distance, scene)
        if free < distance:
            near = max(near, distance - NEAR_SHARE * free)
    return replace(camera, position=middle, yaw=wall.yaw, near=near)


def close_to(wall: Wall, channel: int) -> Camera:
    """Return the camera close before one picture of a wall, or before one unit of a vector."""
    camera = Camera()
    width, height = wall.tile_wh
    picture, uv = channel, (0.5, 0.5)
    if wall.cells:
        row, column = divmod(channel, wall.picture_hw[1])
        uv = (column + 0.5) / wall.picture_hw[1], (row + 0.5) / wall.picture_hw[0]
        picture, width, height = 0, width / 2, height / 2  # its neighbours are seen, too
    distance = max(height / (CLOSE_FILL * 2 * math.tan(camera.fov / 2)), 0.7 * width, NEAREST)
    x, y, z = point_of(wall, picture, uv)
    eye = x + math.sin(wall.yaw) * distance, y, z + math.cos(wall.yaw) * distance
    return replace(camera, position=eye, yaw=wall.yaw)


def before_answer(output: Wall) -> Camera:
    """Return the camera that sees the output's wall and the board beside it together."""
    eye = at(output, ANSWER_ASIDE, EYE, before=ANSWER_BEFORE)
    return looking_at(Camera(position=eye), at(output, ANSWER_ASIDE, 1.5))


def _free_before(wall: Wall, distance: float, scene: Scene) -> float:
    """Return how far before a wall the next thing stands that would hide some of it."""
    normal = np.array([math.sin(wall.yaw), 0.0, math.cos(wall.yaw)])
    nearest = distance
    others: tuple[Wall | Board, ...] = (*scene.walls, *scene.boards)
    for other in others:
        apart = np.array(other.centre) - np.array(wall.centre)
        ahead = float(apart @ normal)
        aside = float(np.linalg.norm((apart - ahead * normal)[[0, 2]]))
        if ON_WALL < ahead < nearest and aside < (other.size_wh[0] + wall.size_wh[0]) / 2:
            nearest = ahead
    return nearest


def framing(
    points: NDArray[np.float64],
    aspect: float,
    *,
    yaw: float,
    pitch: float,
    fill: float = OVERVIEW_FILL,
    closest: float = CLOSEST,
    camera: Camera | None = None,
) -> Camera:
    """Return the nearest camera of given direction that sees all points.

    Exact: in the camera's axes, the planes through the outermost points meet at the eye, and the
    looser pair tells nothing but the middle, which is then found by halving.

    Args:
        points: `[N, 3]`, world.
        aspect: width over height of the view.
        fill: share of the view that the points may take, from edge to edge.
        closest: metres that the nearest point is away at least, along the view.
        camera: brings the field of view.
    """
    camera = replace(camera or Camera(), yaw=yaw, pitch=min(max(pitch, -PITCH_LIMIT), PITCH_LIMIT))
    rotation = axes(camera)
    seen = points @ rotation.T
    tangent = math.tan(camera.fov / 2) * fill
    eye = np.empty(3)
    backs = [float(seen[:, 2].max()) + closest]
    for axis, slope in ((0, tangent * aspect), (1, tangent)):
        # Inside: |seen[axis] - eye[axis]| <= slope * (eye[2] - seen[2]).
        high = float((seen[:, axis] + slope * seen[:, 2]).max())
        low = float((seen[:, axis] - slope * seen[:, 2]).min())
        backs.append((high - low) / (2 * slope))
    eye[2] = max(backs)
    depth = eye[2] - seen[:, 2]
    for axis in (0, 1):
        eye[axis] = _centred(seen[:, axis], depth)
    x, y, z = (eye @ rotation).tolist()
    return replace(camera, position=(x, y, z))


def _centred(aside: NDArray[np.float64], depth: NDArray[np.float64]) -> float:
    """Return the eye's place on an axis from which points reach as far to one side of the picture
    as to the other.

    Args:
        aside, depth: `[N]` of the points, along the axis and along the view.
    """
    low, high = float(aside.min()), float(aside.max())
    for _ in range(CENTRING_STEPS):
        middle = (low + high) / 2
        slopes = (aside - middle) / depth
        if slopes.max() + slopes.min() > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _corners(scene: Scene) -> NDArray[np.float64]:
    """Both ends of everything upright, at its foot and at the top of its signs, `[N, 3]`."""
    corners = [
        at(wall, side * wall.size_wh[0] / 2, height)
        for wall in scene.walls
        for side in (-1, 1)
        for height in (0.0, wall.size_wh[1] + sign_room(wall.size_wh))
    ]
    for board in scene.boards:
        width, height = board.size_wh
        sine, cosine = math.sin(board.yaw), math.cos(board.yaw)
        corners += [
            (
                board.centre[0] + cosine * aside * width / 2,
                board.centre[1] + above * height / 2,
                board.centre[2] - sine * aside * width / 2,
            )
            for aside in (-1, 1)
            for above in (-1, 1)
        ]
    return np.array(corners or scene.bounds(), dtype=np.float64)


def first_minute(scene: Scene, aspect: float) -> Tour:
    """Return the way that a newcomer is led: the whole for two seconds, then to the input."""
    whole, start = overview(scene, aspect), home(scene)
    way = plan(whole, start, SceneArrays.from_scene(scene))
    return Stop(whole, 0.0, 2.0), Stop(start, 2 * move_duration(way), 0.0, way)


def tour_duration(tour: Sequence[Stop]) -> float:
    """Return the seconds from the beginning of the first stay to the end of the last."""
    return sum(stop.stay_s + (stop.move_s if place else 0.0) for place, stop in enumerate(tour))


def tour_camera(tour: Sequence[Stop], time_s: float) -> Camera:
    """Return the camera `time_s` seconds after a tour began; before and after it, its ends."""
    camera = tour[0].camera
    for stop in tour:
        if stop.way is not None:
            if time_s < stop.move_s:
                return stop.way.camera(time_s / stop.move_s)
            time_s -= stop.move_s
        camera = stop.camera
        if time_s < stop.stay_s:
            return camera
        time_s -= stop.stay_s
    return camera
