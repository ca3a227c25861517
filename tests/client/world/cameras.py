"""Cameras for tests of laws."""

from __future__ import annotations

import math

from hypothesis.strategies import DrawFn, composite, floats

from layerwalk_client.world.view import Camera


@composite
def cameras(draw: DrawFn, *, reach: float = 50.0) -> Camera:
    """Any eye within `reach` metres that does not look straight up or down."""
    return Camera(
        position=(
            draw(floats(-reach, reach)),
            draw(floats(0.1, 20)),
            draw(floats(-reach, reach)),
        ),
        yaw=draw(floats(-math.pi, math.pi)),
        pitch=draw(floats(-1.5, 1.5)),
        fov=draw(floats(0.5, 1.8)),
    )
