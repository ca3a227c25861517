"""An eye as the renderer needs it: matrices, position, frustum planes; made from a camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.camera import clip_from_world, view_from_world
from layerwalk_client.world.view import Camera

Matrix = NDArray[np.float32]
NEAR_PLANE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One point of view into one picture.

    Attributes:
        clip_from_world: 4x4, column vectors.
        view_from_world: 4x4, rigid; the eye looks along -z.
        position: `[3]` world, metres.
        focal_px: pixels that one metre covers at one metre's distance, vertically.
        size_wh: of the picture, pixels.
        pixel_scale: pixels drawn along a side of each pixel that will be seen.
    """

    clip_from_world: Matrix
    view_from_world: Matrix
    position: NDArray[np.float32]
    focal_px: float
    size_wh: tuple[int, int]
    pixel_scale: float = 1.0

    def planes(self) -> NDArray[np.float32]:
        """Return the frustum's planes `[6, 4]`: `n . x + d >= 0` inside, |n| = 1.

        Left, bottom, near, right, top, far.
        """
        rows = self.clip_from_world
        planes = np.concatenate([rows[3] + rows[:3], rows[3] - rows[:3]])
        found: NDArray[np.float32] = planes / np.linalg.norm(planes[:, :3], axis=1, keepdims=True)
        return found


def eye_of(camera: Camera, size_wh: tuple[int, int], *, pixel_scale: float = 1.0) -> Eye:
    """Return the eye of a camera that fills a picture of that size."""
    width, height = size_wh
    return Eye(
        clip_from_world(camera, width / height),
        view_from_world(camera),
        np.asarray(camera.position, np.float32),
        height / 2 / math.tan(camera.fov / 2),
        size_wh,
        pixel_scale,
    )
