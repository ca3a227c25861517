"""Pictures: textured rectangles in the world or on the screen, for panels and held images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import VertexStream
from layerwalk_client.gl.eye import Eye
from layerwalk_client.gl.programs import Program
from layerwalk_client.gl.textures import make_texture_2d, write_texture_2d
from layerwalk_client.world.scene import Colour, Vector


class Images:
    """Textures of RGB or RGBA pixels, row 0 on top. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._names: set[int] = set()

    def make(self, pixels: NDArray[np.uint8], *, is_smooth: bool) -> int:
        """Return the name of a new texture.

        Args:
            pixels: `[H, W, 3]`, or `[H, W, 4]` with alpha (not premultiplied).
            is_smooth: interpolate between pixels when enlarged, else show them as squares.
        """
        height, width, colours = pixels.shape
        if colours == 4:
            alpha = pixels[..., 3:].astype(np.uint16)
            premultiplied = (pixels[..., :3] * alpha + 127) // 255
            pixels = np.concatenate([premultiplied.astype(np.uint8), pixels[..., 3:]], axis=2)
        layout = gl.GL_RGBA if colours == 4 else gl.GL_RGB
        levels = max(height, width).bit_length()
        name = make_texture_2d(
            (width, height),
            internal=gl.GL_RGBA8 if colours == 4 else gl.GL_RGB8,
            layout=layout,
            kind=gl.GL_UNSIGNED_BYTE,
            levels=levels,
            smooth=is_smooth,
        )
        write_texture_2d(name, pixels, layout=layout, kind=gl.GL_UNSIGNED_BYTE)
        gl.glTexParameteri(gl.GL_TEXTURE_2D, gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR_MIPMAP_LINEAR)
        gl.glGenerateMipmap(gl.GL_TEXTURE_2D)
        self._names.add(name)
        return name

    def drop(self, texture: int) -> None:
        """Release a texture; nothing happens when it is not one of these."""
        if texture in self._names:
            self._names.discard(texture)
            gl.glDeleteTextures(1, [texture])

    def close(self) -> None:
        """Release every texture."""
        if self._names:
            gl.glDeleteTextures(len(self._names), list(self._names))
            self._names.clear()


@dataclass(frozen=True, slots=True)
class Picture:
    """A textured rectangle in the world.

    Attributes:
        texture: from `Images.make` or `PanelTexture.texture` (row 0 on top, premultiplied).
        centre: world, metres.
        size_wh: metres.
        yaw, pitch: radians; yaw as for walls (0 faces +z), positive pitch leans it back.
        alpha: opacity of the whole.
        radius: of the corners, metres.
        uv: left, top, right, bottom of the part that is shown, 0..1.
        border: metres, inside the rectangle; 0 = none.
        border_colour: sRGB.
        is_always_seen: drawn over whatever stands before it (what is held in the hand).
    """

    texture: int
    centre: Vector
    size_wh: tuple[float, float]
    yaw: float = 0.0
    pitch: float = 0.0
    alpha: float = 1.0
    radius: float = 0.0
    uv: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    border: float = 0.0
    border_colour: Colour = field(default=(0.114, 0.153, 0.216, 1.0))
    is_always_seen: bool = False

    def axes(self) -> tuple[Vector, Vector, Vector]:
        """Return the unit vectors to the right, up and to the front."""
        cos_yaw, sin_yaw = math.cos(self.yaw), math.sin(self.yaw)
        cos_pitch, sin_pitch = math.cos(self.pitch), math.sin(self.pitch)
        right = (cos_yaw, 0.0, -sin_yaw)
        up = (-sin_yaw * sin_pitch, cos_pitch, -cos_yaw * sin_pitch)
        front = (sin_yaw * cos_pitch, sin_pitch, cos_yaw * cos_pitch)
        return right, up, front


@dataclass(frozen=True, slots=True)
class Overlay:
    """A textured rectangle on the screen.

    Attributes:
        texture: as for `Picture`.
        rectangle_px: left, top, width, height; pixels from the upper left corner.
        alpha, uv: as for `Picture`.
        radius_px: of the corners.
    """

    texture: int
    rectangle_px: tuple[float, float, float, float]
    alpha: float = 1.0
    radius_px: float = 0.0
    uv: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


class PicturePainter:
    """Draws pictures and overlays, one draw each. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Compile the program."""
        self._program = Program("picture")
        self._empty = VertexStream([], 4)

    def _begin(self) -> None:
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFunc(gl.GL_ONE, gl.GL_ONE_MINUS_SRC_ALPHA)
        gl.glActiveTexture(gl.GL_TEXTURE0)
        self._empty.bind()
        self._program.use()
        self._program.set_int("picture", 0)

    def draw(self, eye: Eye, pictures: Sequence[Picture]) -> None:
        """Draw pictures in the world, farthest first; they neither hide nor write depth."""
        if not pictures:
            return
        self._begin()
        self._program.set_matrix("clip_from_world", eye.clip_from_world)
        away = [float(np.linalg.norm(np.asarray(item.centre) - eye.position)) for item in pictures]
        for place in sorted(
            range(len(pictures)), key=lambda i: (pictures[i].is_always_seen, -away[i])
        ):
            item = pictures[place]
            right, up, _ = item.axes()
            half_w, half_h = item.size_wh[0] / 2, item.size_wh[1] / 2
            if item.is_always_seen:
                gl.glDisable(gl.GL_DEPTH_TEST)
            else:
                gl.glEnable(gl.GL_DEPTH_TEST)
            self._program.set_floats("centre", *item.centre)
            self._program.set_floats("half_right", *(half_w * part for part in right))
            self._program.set_floats("half_up", *(half_h * part for part in up))
            self._program.set_floats("half_size", half_w, half_h)
            self._finish(item.texture, item.alpha, item.radius, item.uv)
            self._program.set_floats("border", item.border)
            self._program.set_floats("border_colour", *item.border_colour)
            gl.glDrawArrays(gl.GL_TRIANGLE_STRIP, 0, 4)

    def draw_overlays(self, size_wh: tuple[int, int], overlays: Sequence[Overlay]) -> None:
        """Draw rectangles on the screen, in the order given."""
        if not overlays:
            return
        self._begin()
        gl.glDisable(gl.GL_DEPTH_TEST)
        pixels = np.array(
            [[2 / size_wh[0], 0, 0, -1], [0, -2 / size_wh[1], 0, 1], [0, 0, 0, 0], [0, 0, 0, 1]],
            np.float32,
        )
        self._program.set_matrix("clip_from_world", pixels)
        self._program.set_floats("border", 0.0)
        for item in overlays:
            left, top, width, height = item.rectangle_px
            self._program.set_floats("centre", left + width / 2, top + height / 2, 0.0)
            self._program.set_floats("half_right", width / 2, 0.0, 0.0)
            self._program.set_floats("half_up", 0.0, -height / 2, 0.0)
            self._program.set_floats("half_size", width / 2, height / 2)
            self._finish(item.texture, item.alpha, item.radius_px, item.uv)
            gl.glDrawArrays(gl.GL_TRIANGLE_STRIP, 0, 4)

    def _finish(
        self,
        texture: int,
        alpha: float,
        radius: float,
        uv: tuple[float, float, float, float],
    ) -> None:
        gl.glBindTexture(gl.GL_TEXTURE_2D, texture)
        self._program.set_floats("alpha", alpha)
        self._program.set_floats("radius", radius)
        self._program.set_floats("uv_part", *uv)

    def close(self) -> None:
        """Release every GL object."""
        self._program.close()
        self._empty.close()
