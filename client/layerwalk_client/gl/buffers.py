"""Buffers: vertex arrays of named attributes, streams that are written each frame, wall records."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.bindings import gl


@dataclass(frozen=True, slots=True)
class Attribute:
    """One input of a vertex shader: location, components, NumPy type, byte offset.

    `is_integer` attributes reach the shader as ints, the others as floats (unsigned bytes and
    shorts as 0..1).
    """

    location: int
    components: int
    dtype: str
    offset: int
    is_integer: bool = False


class VertexStream:
    """A vertex array with one buffer of records. Mutable, owned by the main thread.

    The same class serves what is written once and what is written each frame: writing more bytes
    than the buffer has makes it larger, fewer reuse it.
    """

    def __init__(self, attributes: Sequence[Attribute], stride: int, *, divisor: int = 0) -> None:
        """Make the vertex array.

        Args:
            attributes: of each record.
            stride: bytes of a record.
            divisor: 0 = a record a vertex, 1 = a record an instance.
        """
        self._capacity = 0
        self._vertex_array = int(gl.glGenVertexArrays(1))
        self._buffer = int(gl.glGenBuffers(1))
        gl.glBindVertexArray(self._vertex_array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._buffer)
        kinds = {"f4": gl.GL_FLOAT, "u4": gl.GL_UNSIGNED_INT, "i4": gl.GL_INT,
                 "u2": gl.GL_UNSIGNED_SHORT, "u1": gl.GL_UNSIGNED_BYTE}  # fmt: skip
        for item in attributes:
            gl.glEnableVertexAttribArray(item.location)
            kind, offset = kinds[item.dtype], ctypes.c_void_p(item.offset)
            if item.is_integer:
                gl.glVertexAttribIPointer(item.location, item.components, kind, stride, offset)
            else:
                gl.glVertexAttribPointer(
                    item.location, item.components, kind, item.dtype != "f4", stride, offset
                )
            if divisor:
                gl.glVertexAttribDivisor(item.location, divisor)
        gl.glBindVertexArray(0)

    def write(self, records: NDArray[Any]) -> None:
        """Replace the records."""
        records = np.ascontiguousarray(records)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._buffer)
        if records.nbytes > self._capacity:
            self._capacity = max(1024, records.nbytes * 3 // 2)
        # A fresh store each time: the driver need not wait until the last frame has read the old.
        gl.glBufferData(gl.GL_ARRAY_BUFFER, max(1, self._capacity), None, gl.GL_STREAM_DRAW)
        if records.nbytes:
            gl.glBufferSubData(
                gl.GL_ARRAY_BUFFER, 0, records.nbytes, ctypes.c_void_p(records.ctypes.data)
            )

    def bind(self) -> None:
        """Make it what draws read from."""
        gl.glBindVertexArray(self._vertex_array)

    def close(self) -> None:
        """Release the vertex array and the buffer."""
        if self._vertex_array:
            gl.glDeleteVertexArrays(1, [self._vertex_array])
            gl.glDeleteBuffers(1, [self._buffer])
            self._vertex_array = self._buffer = 0


class RecordTable:
    """Records of float32 x 4 texels that shaders read by index. Mutable, main thread."""

    def __init__(self) -> None:
        """Make an empty table."""
        self._buffer = int(gl.glGenBuffers(1))
        self._texture = int(gl.glGenTextures(1))
        self._bytes = 0

    def write(self, records: NDArray[np.float32]) -> None:
        """Replace all records, `[N, texels, 4]` float32."""
        data = np.ascontiguousarray(records, np.float32)
        gl.glBindBuffer(gl.GL_TEXTURE_BUFFER, self._buffer)
        size = max(16, data.nbytes)
        if data.nbytes == self._bytes:
            gl.glBufferSubData(
                gl.GL_TEXTURE_BUFFER, 0, data.nbytes, ctypes.c_void_p(data.ctypes.data)
            )
            return
        self._bytes = data.nbytes
        pointer = ctypes.c_void_p(data.ctypes.data) if data.nbytes else None
        gl.glBufferData(gl.GL_TEXTURE_BUFFER, size, pointer, gl.GL_DYNAMIC_DRAW)
        gl.glBindTexture(gl.GL_TEXTURE_BUFFER, self._texture)
        gl.glTexBuffer(gl.GL_TEXTURE_BUFFER, gl.GL_RGBA32F, self._buffer)

    def bind(self, unit: int) -> None:
        """Make it readable from a texture unit."""
        gl.glActiveTexture(gl.GL_TEXTURE0 + unit)
        gl.glBindTexture(gl.GL_TEXTURE_BUFFER, self._texture)

    def close(self) -> None:
        """Release buffer and texture."""
        if self._buffer:
            gl.glDeleteTextures(1, [self._texture])
            gl.glDeleteBuffers(1, [self._buffer])
            self._buffer = self._texture = 0
