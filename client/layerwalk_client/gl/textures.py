"""Textures: array textures that hold one block with its mip levels, a pool of them, 2D ones."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.bindings import gl
from layerwalk_shared.errors import TileError
from layerwalk_shared.tiles import Tile, TileType, level_count, level_shape

MAX_ANISOTROPY_PARAMETER = 0x84FE
POOL_BYTES = 64 << 20
"""Textures without use that are kept for the next block of the same shape: making one costs about
as much as filling it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an array texture can hold: storage, size of level 0, layers, mip levels."""

    dtype: TileType
    width: int
    height: int
    layers: int
    levels: int


@cache
def shape_bytes(shape: Shape) -> int:
    """Return the bytes of all levels."""
    texel = {TileType.FLOAT16: 2, TileType.INT8: 1, TileType.RGB8: 4}[shape.dtype]
    sizes = (level_shape((shape.height, shape.width), level) for level in range(shape.levels))
    return shape.layers * texel * sum(height * width for height, width in sizes)


@cache
def formats(dtype: TileType) -> tuple[Any, Any, Any]:
    """Return (internal format, format, type) for a kind of tile.

    INT8 is R8_SNORM, whose zero is exactly zero (an unsigned byte's middle is not).
    """
    return {
        TileType.FLOAT16: (gl.GL_R16F, gl.GL_RED, gl.GL_HALF_FLOAT),
        TileType.INT8: (gl.GL_R8_SNORM, gl.GL_RED, gl.GL_BYTE),
        TileType.RGB8: (gl.GL_RGB8, gl.GL_RGB, gl.GL_UNSIGNED_BYTE),
    }[dtype]


def check_chain(chain: Sequence[Tile]) -> Shape:
    """Return the shape of the texture for a chain of tiles.

    Args:
        chain: tiles of one block, consecutive levels, finest first; it should reach 1 x 1, and is
            drawn less smoothly from afar where it does not.

    Raises:
        TileError: it is no such chain; the message says which tile breaks it.
    """
    if not chain:
        raise TileError("a block's chain of levels is empty, expected at least one tile")
    finest = chain[0]
    node, block, level = finest.key.node, finest.key.block, finest.key.level
    count, height, width = finest.values.shape[:3]
    for step, tile in enumerate(chain):
        key = tile.key
        expected = (count, max(1, height >> step), max(1, width >> step))
        if (
            tile.values.shape[:3] != expected
            or tile.dtype is not finest.dtype
            or (key.node, key.block, key.level) != (node, block, level + step)
        ):
            raise TileError(
                f"chain of {finest.key}: tile {step} is {key} of {tile.values.shape[:3]} "
                f"{tile.dtype.name}, expected level {level + step} of {expected} "
                f"{finest.dtype.name}"
            )
    if len(chain) > level_count((height, width)):
        raise TileError(f"chain of {finest.key} has {len(chain)} levels of {height} x {width}")
    return Shape(finest.dtype, width, height, count, len(chain))


class TexturePool:
    """Array textures, made, handed out, taken back. Mutable, owned by the main thread."""

    def __init__(self, *, anisotropy: float) -> None:
        """Make an empty pool.

        Args:
            anisotropy: samples along the longer axis of a pixel's footprint; 1 = off.
        """
        self._anisotropy = anisotropy
        self._free: OrderedDict[int, Shape] = OrderedDict()
        self._free_bytes = 0
        self._lent: dict[int, Shape] = {}
        self._lent_bytes = 0
        self._has_storage: bool | None = None

    @property
    def bytes(self) -> int:
        """Bytes of all its textures, free ones included."""
        return self._lent_bytes + self._free_bytes

    def upload(self, chain: Sequence[Tile]) -> int:
        """Return a texture that holds the chain.

        Raises:
            TileError: as `check_chain`.
        """
        shape = check_chain(chain)
        texture = self._take(shape)
        _, layout, kind = formats(shape.dtype)
        gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
        target, layers = gl.GL_TEXTURE_2D_ARRAY, shape.layers
        for level, tile in enumerate(chain):
            values = np.ascontiguousarray(tile.values)
            address: int = values.__array_interface__["data"][0]
            gl.glTexSubImage3D(
                target, level, 0, 0, 0, values.shape[2], values.shape[1], layers, layout, kind,
                ctypes.c_void_p(address),
            )  # fmt: skip
        return texture

    def _take(self, shape: Shape) -> int:
        for texture, free_shape in self._free.items():
            if free_shape == shape:
                del self._free[texture]
                self._free_bytes -= shape_bytes(shape)
                gl.glBindTexture(gl.GL_TEXTURE_2D_ARRAY, texture)
                break
        else:
            texture = self._make(shape)
        self._lent[texture] = shape
        self._lent_bytes += shape_bytes(shape)
        return texture

    def _make(self, shape: Shape) -> int:
        internal, layout, kind = formats(shape.dtype)
        texture = int(gl.glGenTextures(1))
        target = gl.GL_TEXTURE_2D_ARRAY
        gl.glBindTexture(target, texture)
        if self._has_storage is None:
            self._has_storage = bool(gl.glTexStorage3D)
        if self._has_storage:
            gl.glTexStorage3D(
                target, shape.levels, internal, shape.width, shape.height, shape.layers
            )
        else:
            for level in range(shape.levels):
                height, width = level_shape((shape.height, shape.width), level)
                gl.glTexImage3D(
                    target, level, internal, width, height, shape.layers, 0, layout, kind, None
                )
        gl.glTexParameteri(target, gl.GL_TEXTURE_MAX_LEVEL, shape.levels - 1)
        gl.glTexParameteri(target, gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR_MIPMAP_LINEAR)
        gl.glTexParameteri(target, gl.GL_TEXTURE_MAG_FILTER, gl.GL_LINEAR)
        gl.glTexParameteri(target, gl.GL_TEXTURE_WRAP_S, gl.GL_CLAMP_TO_EDGE)
        gl.glTexParameteri(target, gl.GL_TEXTURE_WRAP_T, gl.GL_CLAMP_TO_EDGE)
        if self._anisotropy > 1:
            gl.glTexParameterf(target, MAX_ANISOTROPY_PARAMETER, self._anisotropy)
        return texture

    def give_back(self, texture: int) -> None:
        """Take a texture back that is not drawn from any more."""
        shape = self._lent.pop(texture)
        self._lent_bytes -= shape_bytes(shape)
        self._free[texture] = shape
        self._free_bytes += shape_bytes(shape)
        while self._free_bytes > POOL_BYTES:
            oldest, oldest_shape = self._free.popitem(last=False)
            self._free_bytes -= shape_bytes(oldest_shape)
            gl.glDeleteTextures(1, [oldest])

    def close(self) -> None:
        """Release every texture, also those that are lent."""
        names = [*self._free, *self._lent]
        if names:
            gl.glDeleteTextures(len(names), names)
        self._free.clear()
        self._lent.clear()
        self._free_bytes = self._lent_bytes = 0


def make_texture_2d(
    size_wh: tuple[int, int],
    *,
    internal: Any,
    layout: Any,
    kind: Any,
    levels: int = 1,
    smooth: bool = True,
) -> int:
    """Return a new 2D texture whose levels exist and are zero; edges clamp.

    Args:
        size_wh: of level 0; level L is half of level L - 1 (rounded down).
        internal, layout, kind: internal format, format and type.
        levels: mip levels.
        smooth: linear filtering, else nearest.
    """
    texture = int(gl.glGenTextures(1))
    target = gl.GL_TEXTURE_2D
    gl.glBindTexture(target, texture)
    gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
    width, height = size_wh
    zeros = np.zeros(width * height * 16, np.uint8)
    for level in range(levels):
        gl.glTexImage2D(
            target, level, internal, max(1, width >> level), max(1, height >> level), 0,
            layout, kind, ctypes.c_void_p(zeros.ctypes.data),
        )  # fmt: skip
    mag = gl.GL_LINEAR if smooth else gl.GL_NEAREST
    minify = mag if levels == 1 else gl.GL_LINEAR_MIPMAP_LINEAR
    gl.glTexParameteri(target, gl.GL_TEXTURE_MAX_LEVEL, levels - 1)
    gl.glTexParameteri(target, gl.GL_TEXTURE_MIN_FILTER, minify)
    gl.glTexParameteri(target, gl.GL_TEXTURE_MAG_FILTER, mag)
    gl.glTexParameteri(target, gl.GL_TEXTURE_WRAP_S, gl.GL_CLAMP_TO_EDGE)
    gl.glTexParameteri(target, gl.GL_TEXTURE_WRAP_T, gl.GL_CLAMP_TO_EDGE)
    return texture


def write_texture_2d(
    texture: int,
    values: NDArray[Any],
    *,
    layout: Any,
    kind: Any,
    level: int = 0,
    at_xy: tuple[int, int] = (0, 0),
) -> None:
    """Write `[H, W]` or `[H, W, channels]` values into a level of a 2D texture; row 0 is y = 0."""
    values = np.ascontiguousarray(values)
    gl.glBindTexture(gl.GL_TEXTURE_2D, texture)
    gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
    gl.glTexSubImage2D(
        gl.GL_TEXTURE_2D, level, *at_xy, values.shape[1], values.shape[0], layout, kind,
        ctypes.c_void_p(values.ctypes.data),
    )  # fmt: skip
