"""What a ray meets first: a wall, which of its channels, which of its pixels; or a board."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arrays import Rectangles, SceneArrays
from layerwalk_client.world.camera import Ray
from layerwalk_client.world.scene import Vector, Wall

EDGE = 1e-9
"""Metres by which a ray may miss a rectangle: its border is part of it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a ray meets the scene.

    Attributes:
        wall: index in `scene.walls`, or None for a board.
        board: index in `scene.boards`, or None for a wall.
        point: in the world; `distance` of it from the ray's origin, metres.
        is_front: the side that shows the maps.
        channel: picture under the ray; None in gaps, past the last channel, on boards and backs.
        texel: (row, column) of that picture's level 0.
        uv: place within the picture, 0..1, u right, v down.
        unit: element under the ray where the picture shows a vector.
    """

    wall: int | None
    board: int | None
    point: Vector
    distance: float
    is_front: bool
    channel: int | None = None
    texel: tuple[int, int] | None = None
    uv: tuple[float, float] | None = None
    unit: int | None = None


def pick(arrays: SceneArrays, ray: Ray) -> Hit | None:
    """Return the nearest thing a ray meets, walls and boards alike, or None.

    Both sides of things stop a ray; boards that are nearly transparent do not.
    """
    walls = _distances(arrays.walls, ray)
    boards = _distances(arrays.boards, ray)
    wall = int(np.argmin(walls)) if len(walls) else -1
    board = int(np.argmin(boards)) if len(boards) else -1
    near_wall = float(walls[wall]) if wall >= 0 else np.inf
    near_board = float(boards[board]) if board >= 0 else np.inf
    if not np.isfinite(min(near_wall, near_board)):
        return None
    if near_board < near_wall:
        is_front = _is_front(arrays.boards, board, ray)
        index = int(arrays.board_index[board])
        return Hit(None, index, _point(ray, near_board), near_board, is_front)
    is_front = _is_front(arrays.walls, wall, ray)
    hit = Hit(wall, None, _point(ray, near_wall), near_wall, is_front)
    return _on_wall(hit, arrays.scene.walls[wall], arrays.walls) if is_front else hit


def _distances(items: Rectangles, ray: Ray) -> NDArray[np.float64]:
    """Return how far along the ray each rectangle is, `[R]`; infinity where it is not met."""
    origin, direction = np.array(ray.origin), np.array(ray.direction)
    slope = items.normals @ direction
    apart = items.centres - origin
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.einsum("ij,ij->i", apart, items.normals) / slope
        offset = distance[:, None] * direction - apart
        aside = np.abs(np.einsum("ij,ij->i", offset, items.rights))
        inside = (aside <= items.halves[:, 0] + EDGE) & (
            np.abs(offset[:, 1]) <= items.halves[:, 1] + EDGE
        )
        inside &= (distance >= 0) & (np.abs(slope) > 1e-12)
    return np.where(inside, distance, np.inf)


def _is_front(items: Rectangles, index: int, ray: Ray) -> bool:
    return bool(items.normals[index] @ np.array(ray.direction) < 0)


def _point(ray: Ray, distance: float) -> Vector:
    x, y, z = (np.array(ray.origin) + distance * np.array(ray.direction)).tolist()
    return x, y, z


def _on_wall(hit: Hit, wall: Wall, walls: Rectangles) -> Hit:
    """Add channel, pixel and unit to a hit on a wall's front."""
    assert hit.wall is not None
    offset = np.array(hit.point) - walls.centres[hit.wall]
    x = float(offset @ walls.rights[hit.wall]) + wall.size_wh[0] / 2 - wall.gap
    y = wall.size_wh[1] / 2 - float(offset[1]) - wall.gap
    column, u = _cell(x, wall.tile_wh[0], wall.gap)
    row, v = _cell(y, wall.tile_wh[1], wall.gap)
    if not (0 <= column < wall.columns and 0 <= row < wall.rows and u <= 1 and v <= 1):
        return hit
    channel = row * wall.columns + column
    if channel >= wall.channels:
        return hit
    height, width = wall.picture_hw
    texel = min(int(v * height), height - 1), min(int(u * width), width - 1)
    unit = texel[0] * width + texel[1] if wall.cells else None
    if unit is not None and unit >= wall.cells:
        unit = None
    return Hit(
        hit.wall, None, hit.point, hit.distance, is_front=True,
        channel=channel, texel=texel, uv=(u, v), unit=unit,
    )  # fmt: skip


def _cell(offset: float, tile: float, gap: float) -> tuple[int, float]:
    """Return which cell of a row an offset falls into, and where in its picture (> 1: the gap)."""
    cell = int(np.floor(offset / (tile + gap)))
    return cell, (offset - cell * (tile + gap)) / tile


def point_of(wall: Wall, channel: int, uv: tuple[float, float] = (0.5, 0.5)) -> Vector:
    """Return the world point of a place in a channel's picture: undoes `pick`.

    Args:
        uv: 0..1 within the picture, u right, v down.
    """
    x, y = wall.channel_origin(channel)
    lateral = x + uv[0] * wall.tile_wh[0] - wall.size_wh[0] / 2
    height = y - uv[1] * wall.tile_wh[1] - wall.size_wh[1] / 2
    return (
        wall.centre[0] + float(np.cos(wall.yaw)) * lateral,
        wall.centre[1] + height,
        wall.centre[2] - float(np.sin(wall.yaw)) * lateral,
    )
