"""Draws what is under and behind everything: the sky, the floor with its lines, the plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import Attribute, VertexStream
from layerwalk_client.gl.eye import Eye
from layerwalk_client.gl.programs import Program
from layerwalk_client.gl.theme import Theme
from layerwalk_client.world.scene import Plot

_PLOT = np.dtype([("bounds", "<f4", 4), ("depth", "<f4")])
_SMALLEST_REACH = 400.0


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

    def draw_sky(self, eye: Eye, theme: Theme) -> None:
        """Fill what nothing stands before. Expects depth test LEQUAL, depth writing off."""
        still = eye.clip_from_world.astype(np.float64)
        still = still @ _translation(eye)
        self._empty.bind()
        self._sky.use()
        self._sky.set_matrix("world_from_clip", np.linalg.inv(still).astype(np.float32))
        self._sky.set_floats("top_colour", *theme.sky_top)
        self._sky.set_floats("horizon_colour", *theme.sky_horizon)
        gl.glDrawArrays(gl.GL_TRIANGLES, 0, 3)

    def draw_floor(self, eye: Eye, theme: Theme) -> None:
        """Draw the floor. Expects depth test on, depth writing off."""
        reach = max(_SMALLEST_REACH, 40.0 * abs(float(eye.position[1])))
        self._empty.bind()
        self._floor.use()
        self._floor.set_matrix("clip_from_world", eye.clip_from_world)
        self._floor.set_floats("eye", *eye.position.tolist())
        self._floor.set_floats("reach", reach)
        self._floor.set_floats("floor_colour", *theme.floor)
        self._floor.set_floats("horizon_colour", *theme.sky_horizon)
        self._floor.set_floats("line_colour", *theme.line)
        self._floor.set_floats("line_opacity", theme.line_fine, theme.line_coarse)
        gl.glDrawArrays(gl.GL_TRIANGLE_STRIP, 0, 4)

    def draw_plots(self, eye: Eye, theme: Theme) -> None:
        """Draw the plots over the floor. Expects blending on, depth writing off."""
        if not self._count:
            return
        self._plots.bind()
        self._plot.use()
        self._plot.set_matrix("clip_from_world", eye.clip_from_world)
        self._plot.set_floats("ground_colour", *theme.plot)
        self._plot.set_floats("border_colour", *theme.plot_border)
        self._plot.set_floats("opacity", theme.plot_opacity)
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, self._count)

    def close(self) -> None:
        """Release every GL object."""
        for item in (self._sky, self._floor, self._plot, self._empty, self._plots):
            item.close()


def _translation(eye: Eye) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    matrix = np.eye(4)
    matrix[:3, 3] = eye.position
    return matrix
