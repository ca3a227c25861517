"""Matrices, rays and projections of a camera, as functions of it.

World and view: right-handed, y up, the eye looks along -z. Matrices are 4x4 float32, row-major,
for column vectors: `clip_from_world = clip_from_view @ view_from_world`. Clip space is OpenGL's
(-w..w on all three axes). Pixels: x right, y down from the upper left corner of the picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from layerwalk_client.world.scene import Vector
from layerwalk_client.world.view import Camera

Floats = NDArray[np.float64]
PITCH_LIMIT = math.radians(89)


@dataclass(frozen=True, slots=True)
class Ray:
    """A half line: `origin + t * direction`, t >= 0; `direction` has length 1."""

    origin: Vector
    direction: Vector


def forward(camera: Camera) -> Floats:
    """Return the unit vector along which the camera looks, `[3]`."""
    level = math.cos(camera.pitch)
    return np.array(
        [
            -math.sin(camera.yaw) * level,
            math.sin(camera.pitch),
            -math.cos(camera.yaw) * level,
        ]
    )


def right(camera: Camera) -> Floats:
    """Return the unit vector to the right of the picture, `[3]`; always level."""
    return np.array([math.cos(camera.yaw), 0.0, -math.sin(camera.yaw)])


def up(camera: Camera) -> Floats:
    """Return the unit vector to the top of the picture, `[3]`."""
    return np.cross(right(camera), forward(camera))


def axes(camera: Camera) -> Floats:
    """Return right, up and backward as rows, `[3, 3]`: the rotation from world to view."""
    return np.stack([right(camera), up(camera), -forward(camera)])


def view_from_world(camera: Camera) -> NDArray[np.float32]:
    """Return the matrix that puts the eye at the origin, looking along -z."""
    matrix = np.eye(4)
    rotation = axes(camera)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ np.array(camera.position)
    return matrix.astype(np.float32)


def clip_from_view(camera: Camera, aspect: float) -> NDArray[np.float32]:
    """Return the perspective of the camera; `aspect` is width over height."""
    focal = 1 / math.tan(camera.fov / 2)
    near, far = camera.near, camera.far
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 1] = focal / aspect, focal
    matrix[2, 2] = (far + near) / (near - far)
    matrix[2, 3] = 2 * far * near / (near - far)
    matrix[3, 2] = -1.0
    return matrix.astype(np.float32)


def clip_from_world(camera: Camera, aspect: float) -> NDArray[np.float32]:
    """Return the product of both, computed from them."""
    return clip_from_view(camera, aspect) @ view_from_world(camera)


def frustum_planes(camera: Camera, aspect: float) -> Floats:
    """Return the planes of the view, `[6, 4]`: left, right, bottom, top, near, far.

    A point is inside where `plane[:3] @ point + plane[3] >= 0` for all; normals have length 1, so
    the value is the distance in metres.
    """
    sine, cosine = math.sin(camera.fov / 2), math.cos(camera.fov / 2)
    side = math.hypot(sine * aspect, cosine)
    in_view = np.array(
        [
            [cosine / side, 0, -sine * aspect / side, 0],
            [-cosine / side, 0, -sine * aspect / side, 0],
            [0, cosine, -sine, 0],
            [0, -cosine, -sine, 0],
            [0, 0, -1, -camera.near],
            [0, 0, 1, camera.far],
        ]
    )
    planes = np.empty((6, 4))
    planes[:, :3] = in_view[:, :3] @ axes(camera)
    planes[:, 3] = in_view[:, 3] - planes[:, :3] @ np.array(camera.position)
    return planes


def project(points: ArrayLike, camera: Camera, size_wh: tuple[int, int]) -> Floats:
    """Return pixels and depth, `[N, 3]`, of world points `[N, 3]`.

    Depth is metres along the view direction; a point with depth <= 0 is behind the eye, and its
    pixel means nothing.
    """
    width, height = size_wh
    seen = (np.asarray(points, dtype=np.float64) - np.array(camera.position)) @ axes(camera).T
    depth = -seen[..., 2]
    focal = height / 2 / math.tan(camera.fov / 2)
    safe = np.where(np.abs(depth) < 1e-12, 1e-12, depth)
    x = width / 2 + focal * seen[..., 0] / safe
    y = height / 2 - focal * seen[..., 1] / safe
    return np.stack([x, y, depth], axis=-1)


def unproject(pixels: ArrayLike, camera: Camera, size_wh: tuple[int, int]) -> Floats:
    """Return the world points `[N, 3]` of (pixel x, pixel y, depth) `[N, 3]`: undoes `project`."""
    width, height = size_wh
    given = np.asarray(pixels, dtype=np.float64)
    focal = height / 2 / math.tan(camera.fov / 2)
    depth = given[..., 2]
    seen = np.stack(
        [
            (given[..., 0] - width / 2) / focal * depth,
            (height / 2 - given[..., 1]) / focal * depth,
            -depth,
        ],
        axis=-1,
    )
    moved: Floats = seen @ axes(camera) + np.array(camera.position)
    return moved


def ray_from_pixel(camera: Camera, pixel: tuple[float, float], size_wh: tuple[int, int]) -> Ray:
    """Return the ray through a point of the picture; the middle is `(width / 2, height / 2)`.

    It starts on the near plane, so that it meets nothing that the picture does not show.
    """
    start = unproject([[*pixel, camera.near]], camera, size_wh)[0]
    ahead = start - np.array(camera.position)
    x, y, z = (ahead / np.linalg.norm(ahead)).tolist()
    origin_x, origin_y, origin_z = start.tolist()
    return Ray((origin_x, origin_y, origin_z), (x, y, z))


def looking_at(camera: Camera, target: Vector) -> Camera:
    """Return the camera turned so that `target` is in the middle of the picture."""
    x, y, z = (np.array(target) - np.array(camera.position)).tolist()
    flat = math.hypot(x, z)
    yaw = math.atan2(-x, -z) if flat > 1e-9 else camera.yaw
    pitch = math.atan2(y, flat) if flat or y else camera.pitch
    return replace(camera, yaw=yaw, pitch=max(-PITCH_LIMIT, min(PITCH_LIMIT, pitch)))
