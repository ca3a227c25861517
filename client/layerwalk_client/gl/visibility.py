"""Which walls an eye sees and how large; a few NumPy operations for all walls together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.eye import Eye
from layerwalk_client.world.scene import Wall

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class WallPlaces:
    """Where all walls stand: `[N, 3]` centres, unit vectors to the right and to the front,
    `[N, 2]` half sizes and metres of one picture, `[N]` longer sides of one picture."""

    centre: Floats
    right: Floats
    normal: Floats
    half_wh: Floats
    tile_side: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What is seen, nearest first.

    Attributes:
        walls: `[M]` positions of the visible walls.
        is_front: `[M]` the eye is before the wall, not behind it.
        picture_px: `[M]` longer side of one channel at the wall's nearest point, pixels.
    """

    walls: NDArray[np.intp]
    is_front: NDArray[np.bool_]
    picture_px: Floats


def wall_places(walls: Sequence[Wall]) -> WallPlaces:
    """Return the arrays of a scene's walls."""
    yaw = np.array([wall.yaw for wall in walls], np.float32)
    zero = np.zeros_like(yaw)
    return WallPlaces(
        np.array([wall.centre for wall in walls], np.float32).reshape(-1, 3),
        np.stack([np.cos(yaw), zero, -np.sin(yaw)], axis=1),
        np.stack([np.sin(yaw), zero, np.cos(yaw)], axis=1),
        (np.array([wall.size_wh for wall in walls]).reshape(-1, 2) / 2).astype(np.float32),
        np.array([max(wall.tile_wh) for wall in walls], np.float32),
    )


def mirrored_places(places: WallPlaces) -> WallPlaces:
    """Return where the floor shows the walls: as far under it as they stand above."""
    return replace(places, centre=places.centre * np.array([1, -1, 1], np.float32))


def see_walls(places: WallPlaces, eye: Eye) -> Sight:
    """Return the walls that may cover a pixel, nearest first (never leaves out one that does)."""
    planes = eye.planes()
    reach = (
        np.abs(places.right @ planes[:, :3].T) * places.half_wh[:, :1]
        + np.abs(planes[:, 1]) * places.half_wh[:, 1:]
    )
    inside = (places.centre @ planes[:, :3].T + planes[:, 3] >= -reach - 1e-3).all(axis=1)
    walls = np.flatnonzero(inside)
    to_eye = eye.position - places.centre[walls]
    across = np.einsum("ij,ij->i", to_eye, places.right[walls])
    before = np.einsum("ij,ij->i", to_eye, places.normal[walls])
    half = places.half_wh[walls]
    beyond_x = np.maximum(np.abs(across) - half[:, 0], 0)
    beyond_y = np.maximum(np.abs(to_eye[:, 1]) - half[:, 1], 0)
    distance = np.sqrt(before**2 + beyond_x**2 + beyond_y**2)
    order = np.argsort(distance, kind="stable")
    picture_px = places.tile_side[walls] * eye.focal_px / np.maximum(distance, 1e-3)
    return Sight(walls[order], (before > 0)[order], picture_px[order])
