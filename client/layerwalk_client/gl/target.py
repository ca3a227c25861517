"""A framebuffer to draw into: colour, depth, optional multisampling; read back or shown."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.gl.bindings import gl
from layerwalk_shared.errors import GraphicsError

MAX_SIDE = 16384


def most_pixels() -> int:
    """Return how many pixels a side of a picture can have here; a context is current."""
    return min(MAX_SIDE, int(gl.glGetIntegerv(gl.GL_MAX_TEXTURE_SIZE)))


class Target:
    """Colour (RGBA8) and depth of one picture. Mutable, owned by the main thread.

    Colours are written as they stand in the palette and the colour tables (sRGB numbers into a
    plain RGBA8 buffer, no conversion anywhere), so what is read back is what was meant.
    """

    def __init__(
        self, size_wh: tuple[int, int], *, samples: int = 1, pixel_scale: float = 1.0
    ) -> None:
        """Make the buffers; needs a current context.

        Args:
            size_wh: pixels.
            samples: per pixel; 1 = no multisampling. More than the driver has becomes its most.
            pixel_scale: pixels here along a side of each pixel that will be seen (2 for a picture
                that is shrunk to half its size, or for a screen of doubled density): what is
                measured in pixels, such as frames and the smallest letters, grows by it.

        Raises:
            GraphicsError: the size is not possible here.
        """
        self._samples = max(1, min(samples, int(gl.glGetIntegerv(gl.GL_MAX_SAMPLES))))
        self._pixel_scale = pixel_scale
        self._size_wh = (0, 0)
        self._texture = 0
        self._resolve_framebuffer = 0
        self._draw_framebuffer = 0
        self._renderbuffers: list[int] = []
        self._make(size_wh)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size_wh

    @property
    def pixel_scale(self) -> float:
        """Pixels along a side of each pixel that will be seen."""
        return self._pixel_scale

    @property
    def samples(self) -> int:
        """Samples per pixel."""
        return self._samples

    @property
    def texture(self) -> int:
        """The colour texture (RGBA8, row 0 at the bottom); complete after `resolve()`."""
        return self._texture

    def _make(self, size_wh: tuple[int, int]) -> None:
        width, height = size_wh
        most = most_pixels()
        if not (1 <= width <= most and 1 <= height <= most):
            raise GraphicsError(
                f"a picture of {width} x {height} pixels cannot be drawn; sides of 1 to {most} can"
            )
        self._size_wh = (width, height)
        self._texture = int(gl.glGenTextures(1))
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._texture)
        gl.glTexImage2D(
            gl.GL_TEXTURE_2D, 0, gl.GL_RGBA8, width, height, 0,
            gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, None,
        )  # fmt: skip
        for name, value in (
            (gl.GL_TEXTURE_MAX_LEVEL, 0),
            (gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_MAG_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_WRAP_S, gl.GL_CLAMP_TO_EDGE),
            (gl.GL_TEXTURE_WRAP_T, gl.GL_CLAMP_TO_EDGE),
        ):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, name, value)
        self._resolve_framebuffer = int(gl.glGenFramebuffers(1))
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._resolve_framebuffer)
        gl.glFramebufferTexture2D(
            gl.GL_FRAMEBUFFER, gl.GL_COLOR_ATTACHMENT0, gl.GL_TEXTURE_2D, self._texture, 0
        )
        if self._samples > 1:
            self._draw_framebuffer = int(gl.glGenFramebuffers(1))
            gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._draw_framebuffer)
            self._attach_renderbuffer(gl.GL_COLOR_ATTACHMENT0, gl.GL_RGBA8)
        else:
            self._draw_framebuffer = self._resolve_framebuffer
        self._attach_renderbuffer(gl.GL_DEPTH_ATTACHMENT, gl.GL_DEPTH_COMPONENT24)
        status = gl.glCheckFramebufferStatus(gl.GL_FRAMEBUFFER)
        if status != gl.GL_FRAMEBUFFER_COMPLETE:
            self.close()
            raise GraphicsError(
                f"no framebuffer of {width} x {height} with {self._samples} samples "
                f"(status 0x{int(status):04X})"
            )

    def _attach_renderbuffer(self, attachment: Any, storage: Any) -> None:
        name = int(gl.glGenRenderbuffers(1))
        self._renderbuffers.append(name)
        gl.glBindRenderbuffer(gl.GL_RENDERBUFFER, name)
        width, height = self._size_wh
        if self._samples > 1:
            gl.glRenderbufferStorageMultisample(
                gl.GL_RENDERBUFFER, self._samples, storage, width, height
            )
        else:
            gl.glRenderbufferStorage(gl.GL_RENDERBUFFER, storage, width, height)
        gl.glFramebufferRenderbuffer(gl.GL_FRAMEBUFFER, attachment, gl.GL_RENDERBUFFER, name)

    def resize(self, size_wh: tuple[int, int]) -> None:
        """Make the picture another size; nothing happens when it has it already."""
        if size_wh != self._size_wh:
            self.close()
            self._make(size_wh)

    def bind(self) -> None:
        """Make it what is drawn into, whole."""
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._draw_framebuffer)
        gl.glViewport(0, 0, *self._size_wh)

    def resolve(self) -> None:
        """Gather the samples of each pixel into `texture`; nothing to do without multisampling."""
        if self._draw_framebuffer != self._resolve_framebuffer:
            self._blit(self._draw_framebuffer, self._resolve_framebuffer, self._size_wh)

    def _blit(self, source: int, destination: int, size_wh: tuple[int, int]) -> None:
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, source)
        gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, destination)
        is_same = size_wh == self._size_wh
        gl.glBlitFramebuffer(
            0, 0, *self._size_wh, 0, 0, *size_wh,
            gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST if is_same else gl.GL_LINEAR,
        )  # fmt: skip

    def take_over(self, other: Target) -> None:
        """Copy the picture of another target of the same size."""
        other.resolve()
        other._blit(other._resolve_framebuffer, self._draw_framebuffer, self._size_wh)

    def take_part(self, other: Target, *, left: int) -> None:
        """Copy the picture of another target of the same height, `left` pixels from the left."""
        other.resolve()
        width, height = other.size_wh
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, other._resolve_framebuffer)
        gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, self._draw_framebuffer)
        gl.glBlitFramebuffer(
            0, 0, width, height, left, 0, left + width, height,
            gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST,
        )  # fmt: skip

    def present(self, size_wh: tuple[int, int] | None = None) -> None:
        """Copy the picture to the window's framebuffer (0); the window flips afterwards.

        Args:
            size_wh: of the window; default: the picture's own.
        """
        self.resolve()
        self._blit(self._resolve_framebuffer, 0, size_wh or self._size_wh)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, 0)

    def read_rgb(self) -> NDArray[np.uint8]:
        """Return the picture, `[H, W, 3]`, row 0 at the top."""
        self.resolve()
        width, height = self._size_wh
        pixels = np.empty((height, width, 4), np.uint8)
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, self._resolve_framebuffer)
        gl.glPixelStorei(gl.GL_PACK_ALIGNMENT, 1)
        gl.glReadPixels(
            0, 0, width, height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE,
            ctypes.c_void_p(pixels.ctypes.data),
        )  # fmt: skip
        return np.ascontiguousarray(pixels[::-1, :, :3])

    def close(self) -> None:
        """Release the buffers; the object can be resized into life again."""
        if self._texture:
            gl.glDeleteTextures(1, [self._texture])
        framebuffers = {self._draw_framebuffer, self._resolve_framebuffer} - {0}
        if framebuffers:
            gl.glDeleteFramebuffers(len(framebuffers), list(framebuffers))
        if self._renderbuffers:
            gl.glDeleteRenderbuffers(len(self._renderbuffers), self._renderbuffers)
        self._texture = self._draw_framebuffer = self._resolve_framebuffer = 0
        self._renderbuffers = []
        self._size_wh = (0, 0)

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def shrink(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Return a picture drawn `factor` times too large at its own size (mean of each square).

    Args:
        pixels: `[H * factor, W * factor, 3]`.
        factor: how much larger it was drawn in each direction.
    """
    if factor == 1:
        return pixels
    return np.asarray(Image.fromarray(pixels).reduce(factor))
