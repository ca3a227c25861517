"""What all programs of a frame share (camera, theme, colours), written once a frame."""

from __future__ import annotations

import ctypes

import numpy as np

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.eye import Eye
from layerwalk_client.gl.theme import Theme
from layerwalk_shared import colours

BINDING = 0
NAN_COLOUR = "#FFB454"
"""Marks values that are no numbers, where marking is asked for."""
_SMALLEST_REACH_M = 400.0
_ROLES = (
    "sky_top", "sky_horizon", "sky_glow", "floor", "line", "plot", "plot_border", "wall",
    "wall_border", "wall_back", "wall_empty", "ribbon", "towards", "away", "mark",
)  # fmt: skip
_MARKING = (colours.ABOVE, colours.BELOW, NAN_COLOUR)
_FIRST_COLOUR = 11
_ROWS = _FIRST_COLOUR + len(_ROLES) + len(_MARKING)


class FrameBlock:
    """The uniform block `Frame` of `shaders/frame.glsl`. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Make the buffer."""
        self._rows = np.zeros((_ROWS, 4), np.float32)
        for row, colour in enumerate(_MARKING, start=_FIRST_COLOUR + len(_ROLES)):
            self._rows[row, :3] = np.array(colours.rgb(colour)) / 255
        self._theme: Theme | None = None
        self._buffer = int(gl.glGenBuffers(1))
        gl.glBindBuffer(gl.GL_UNIFORM_BUFFER, self._buffer)
        gl.glBufferData(gl.GL_UNIFORM_BUFFER, self._rows.nbytes, None, gl.GL_STREAM_DRAW)

    def write(
        self, eye: Eye, theme: Theme, *, is_diverging: bool, marks: bool, glow: float = 0.0
    ) -> None:
        """Write a frame's values and make them what programs read."""
        rows = self._rows
        rows[:4] = eye.clip_from_world
        at_origin = eye.clip_from_world.astype(np.float64)
        at_origin[:, 3] += at_origin[:, :3] @ eye.position
        rows[4:8] = np.linalg.inv(at_origin)
        rows[8, :3] = eye.position
        rows[8, 3] = eye.focal_px
        reach = max(_SMALLEST_REACH_M, 40.0 * abs(float(eye.position[1])))
        rows[9] = reach, theme.line_fine, theme.line_coarse, theme.plot_opacity
        rows[10].view(np.int32)[:2] = is_diverging, marks
        rows[10, 2:] = eye.pixel_scale, theme.reflection
        if theme is not self._theme:
            self._theme = theme
            for row, role in enumerate(_ROLES, start=_FIRST_COLOUR):
                rows[row, :3] = getattr(theme, role)
        rows[_FIRST_COLOUR, 3] = glow
        gl.glBindBuffer(gl.GL_UNIFORM_BUFFER, self._buffer)
        pointer = ctypes.c_void_p(rows.ctypes.data)
        gl.glBufferData(gl.GL_UNIFORM_BUFFER, rows.nbytes, pointer, gl.GL_STREAM_DRAW)
        gl.glBindBufferBase(gl.GL_UNIFORM_BUFFER, BINDING, self._buffer)

    def close(self) -> None:
        """Release the buffer."""
        if self._buffer:
            gl.glDeleteBuffers(1, [self._buffer])
            self._buffer = 0
