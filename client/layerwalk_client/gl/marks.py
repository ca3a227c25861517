"""Draws the frames around what is selected and what is under the pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import VertexStream
from layerwalk_client.gl.programs import Program
from layerwalk_client.world.scene import Wall
from layerwalk_client.world.view import Mark, Marks

HOVER_OPACITY = 0.5


def marked_rectangle(wall: Wall, channel: int) -> tuple[float, float, float, float] | None:
    """Return left, top, right, bottom of a channel, or of the wall for -1; metres from the wall's
    upper left corner, y down. None where the wall has no such channel."""
    if channel < 0:
        return 0.0, 0.0, *wall.size_wh
    if channel >= wall.channels:
        return None
    x, y = wall.channel_origin(channel)
    top = wall.size_wh[1] - y
    return x, top, x + wall.tile_wh[0], top + wall.tile_wh[1]


def region_rectangle(
    wall: Wall, box: tuple[int, int, int, int]
) -> tuple[float, float, float, float] | None:
    """Return left, top, right, bottom of a part of a wall's first picture, as `marked_rectangle`.

    Args:
        box: top, left, bottom, right in pixels of the picture.
    """
    whole = marked_rectangle(wall, 0)
    if whole is None:
        return None
    height, width = wall.picture_hw
    top, left, bottom, right = box
    return (
        whole[0] + left / width * wall.tile_wh[0],
        whole[1] + top / height * wall.tile_wh[1],
        whole[0] + right / width * wall.tile_wh[0],
        whole[1] + bottom / height * wall.tile_wh[1],
    )


class MarkPainter:
    """Frames. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Compile the program."""
        self._program = Program("mark")
        self._empty = VertexStream([], 4)

    def draw(self, marks: Marks, walls: Mapping[tuple[str, int], Sequence[Wall]]) -> None:
        """Draw the frames, on copies of a wall too. Expects blending and depth test on, depth writing off."""
        wanted: list[tuple[Mark, float]] = []
        if marks.hover is not None and marks.hover != marks.selection:
            wanted.append((marks.hover, HOVER_OPACITY))
        if marks.selection is not None:
            wanted.append((marks.selection, 1.0))
        if marks.seen is not None:
            for wall in walls.get((marks.seen.network, marks.seen.node), ()):
                rectangle = region_rectangle(wall, marks.seen.box)
                if rectangle is not None:
                    self._draw_one(wall, rectangle, 1.0)
        for mark, opacity in wanted:
            for wall in walls.get((mark.network, mark.node), ()):
                rectangle = marked_rectangle(wall, mark.channel)
                if rectangle is not None:
                    self._draw_one(wall, rectangle, opacity)

    def _draw_one(
        self,
        wall: Wall,
        rectangle: tuple[float, float, float, float],
        opacity: float,
    ) -> None:
        right = np.array([np.cos(wall.yaw), 0.0, -np.sin(wall.yaw)])
        corner = np.asarray(wall.centre) - right * wall.size_wh[0] / 2
        corner[1] += wall.size_wh[1] / 2
        self._empty.bind()
        program = self._program
        program.use()
        program.set_floats("origin", *corner.tolist())
        program.set_floats("right", *right.tolist())
        program.set_floats("rectangle", *rectangle)
        program.set_floats("opacity", opacity)
        gl.glDrawArrays(gl.GL_TRIANGLE_STRIP, 0, 4)

    def close(self) -> None:
        """Release every GL object."""
        self._program.close()
        self._empty.close()
