"""Draws what is under and behind everything: the sky, the floor with its lines, the plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import Attribute, VertexStream
from layerwalk_client.gl.eye import Eye
from layerwalk_client.gl.programs import Program
from layerwalk_client.world.scene import Plot

_PLOT = np.dtype([("bounds", "<f4", 4), ("depth", "<f4")])


_LOWEST_EDGE = -1.0 / 39.0
"""Slope at which the floor's edge is seen: it lies 40 times as far away as the eye is high."""


def sky_bottom_px(eye: Eye) -> int:
    """Return the first row, from the bottom, in which sky may be seen above the floor's edge."""
    if eye.position[1] <= 0:
        return 0
    at_origin = eye.clip_from_world.astype(np.float64)
    at_origin[:, 3] += at_origin[:, :3] @ eye.position
    rows = np.linspace(-1, 1, 65)
    points = np.stack(np.broadcast_arrays([[-1.0], [0.0], [1.0]], rows, 1.0, 1.0), axis=-1)
    ways = points @ np.linalg.inv(at_origin).T
    ways = ways[..., :3] / ways[..., 3:]
    slope = ways[..., 1] / np.maximum(np.linalg.norm(ways[..., [0, 2]], axis=-1), 1e-9)
    seen = np.flatnonzero((slope > _LOWEST_EDGE).any(axis=0))
    first = rows[max(0, seen[0] - 1)] if seen.size else 1.0
    return max(0, int((first + 1) / 2 * eye.size_wh[1]) - 1)


class GroundPainter:
    """Sky, floor and plots. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Compile the programs."""
        self._sky = Program("sky")
        self._floor = Program("floor")
        self._plot = Program("plot")
        self._empty = VertexStream([], 4)
        self._plots = VertexStream(
            [Attribute(0, 4, "f4", 0), Attribute(1, 1, "f4", 16)], _PLOT.itemsize, divisor=1
        )
        self._count = 0

    def set_plots(self, plots: Sequence[Plot]) -> None:
        """Lay other plots on the floor; outer ones are drawn first."""
        ordered = sorted(plots, key=lambda plot: plot.depth)
        records = np.zeros(len(ordered), _PLOT)
        for record, plot in zip(records, ordered, strict=True):
            record["bounds"] = plot.x0, plot.z0, plot.x1, plot.z1
            record["depth"] = plot.depth
        self._plots.write(records)
        self._count = len(ordered)

    def draw_sky(self, eye: Eye) -> None:
        """Fill what nothing stands before. Expects depth test LEQUAL, depth writing off."""
        gl.glEnable(gl.GL_SCISSOR_TEST)
        gl.glScissor(0, sky_bottom_px(eye), *eye.size_wh)
        self._empty.bind()
        self._sky.use()
        gl.glDrawArrays(gl.GL_TRIANGLES, 0, 3)
        gl.glDisable(gl.GL_SCISSOR_TEST)

    def draw_floor(self) -> None:
        """Draw the floor. Expects depth test on, depth writing off."""
        self._empty.bind()
        self._floor.use()
        gl.glDrawArrays(gl.GL_TRIANGLE_STRIP, 0, 4)

    def draw_plots(self) -> None:
        """Draw the plots over the floor. Expects blending on, depth writing off."""
        if not self._count:
            return
        self._plots.bind()
        self._plot.use()
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, self._count)

    def close(self) -> None:
        """Release every GL object."""
        for item in (self._sky, self._floor, self._plot, self._empty, self._plots):
            item.close()
