"""An eye as the renderer needs it: matrices, position, frustum planes; made from a camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.view import Camera

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One point of view into one picture.

    Attributes:
        clip_from_world: 4x4, column vectors.
        view_from_world: 4x4, rigid; the eye looks along -z.
        position: `[3]` world, metres.
        focal_px: pixels that one metre covers at one metre's distance, vertically.
        size_wh: of the picture, pixels.
    """

    clip_from_world: Matrix
    view_from_world: Matrix
    position: NDArray[np.float32]
    focal_px: float
    size_wh: tuple[int, int]

    def planes(self) -> NDArray[np.float32]:
        """Return the frustum's planes `[6, 4]`: `n . x + d >= 0` inside, |n| = 1."""
        rows = self.clip_from_world
        planes = np.concatenate([rows[3] + rows[:3], rows[3] - rows[:3]])
        found: NDArray[np.float32] = planes / np.linalg.norm(planes[:, :3], axis=1, keepdims=True)
        return found


def view_from_world(camera: Camera) -> Matrix:
    """Return the rigid 4x4 matrix that takes world points into the camera's frame."""
    cos_yaw, sin_yaw = math.cos(camera.yaw), math.sin(camera.yaw)
    cos_pitch, sin_pitch = math.cos(camera.pitch), math.sin(camera.pitch)
    # Columns of world_from_view are right, up and backwards; its transpose is the inverse.
    right = (cos_yaw, 0.0, -sin_yaw)
    up = (sin_yaw * sin_pitch, cos_pitch, cos_yaw * sin_pitch)
    backwards = (sin_yaw * cos_pitch, -sin_pitch, cos_yaw * cos_pitch)
    rotation = np.array([right, up, backwards], np.float64)
    matrix = np.eye(4, dtype=np.float64)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = -rotation @ np.asarray(camera.position, np.float64)
    return matrix.astype(np.float32)


def clip_from_view(camera: Camera, aspect: float) -> Matrix:
    """Return the perspective 4x4 matrix (OpenGL's clip cube) for a picture of width / height."""
    focal = 1.0 / math.tan(camera.fov / 2)
    near, far = camera.near, camera.far
    return np.array(
        [
            [focal / aspect, 0, 0, 0],
            [0, focal, 0, 0],
            [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)],
            [0, 0, -1, 0],
        ],
        np.float32,
    )


def eye_of(camera: Camera, size_wh: tuple[int, int]) -> Eye:
    """Return the eye of a camera that fills a picture of that size."""
    width, height = size_wh
    view = view_from_world(camera)
    clip = (clip_from_view(camera, width / height).astype(np.float64) @ view).astype(np.float32)
    return Eye(
        clip,
        view,
        np.asarray(camera.position, np.float32),
        height / 2 / math.tan(camera.fov / 2),
        size_wh,
    )
