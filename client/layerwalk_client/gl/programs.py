"""Shader programs from the files in `shaders/`: compile, link, uniforms by name."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.frame import BINDING as FRAME_BINDING
from layerwalk_shared.errors import GraphicsError

_INCLUDE = re.compile(r'^#include "([a-z_]+\.glsl)"$', re.MULTILINE)


@cache
def read_shader(name: str) -> str:
    """Return the text of `shaders/<name>` with its includes put in."""
    text = (files("layerwalk_client.gl") / "shaders" / name).read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda match: read_shader(match.group(1)), text)


class Program:
    """One linked program. Mutable (owned by the main thread): `close()` releases it."""

    def __init__(self, name: str, *, defines: tuple[str, ...] = ()) -> None:
        """Compile and link `<name>.vert.glsl` and `<name>.frag.glsl`.

        Args:
            name: of the two files.
            defines: preprocessor names that are set in both.

        Raises:
            GraphicsError: the driver refuses; its log is in the message.
        """
        self._name = f"{name}{list(defines) or ''}"
        head = "#version 330 core\n" + "".join(f"#define {define} 1\n" for define in defines)
        self._handle = int(gl.glCreateProgram())
        shaders = []
        try:
            for kind, suffix in ((gl.GL_VERTEX_SHADER, "vert"), (gl.GL_FRAGMENT_SHADER, "frag")):
                shader = gl.glCreateShader(kind)
                shaders.append(shader)
                gl.glShaderSource(shader, head + read_shader(f"{name}.{suffix}.glsl"))
                gl.glCompileShader(shader)
                if not gl.glGetShaderiv(shader, gl.GL_COMPILE_STATUS):
                    self._refuse(suffix, gl.glGetShaderInfoLog(shader))
                gl.glAttachShader(self._handle, shader)
            gl.glLinkProgram(self._handle)
            if not gl.glGetProgramiv(self._handle, gl.GL_LINK_STATUS):
                self._refuse("link", gl.glGetProgramInfoLog(self._handle))
        except GraphicsError:
            gl.glDeleteProgram(self._handle)
            raise
        finally:
            for shader in shaders:
                gl.glDeleteShader(shader)
        block = gl.glGetUniformBlockIndex(self._handle, "Frame")
        if block != gl.GL_INVALID_INDEX:
            gl.glUniformBlockBinding(self._handle, block, FRAME_BINDING)
        self._uniforms: dict[str, int] = {}
        for position in range(int(gl.glGetProgramiv(self._handle, gl.GL_ACTIVE_UNIFORMS))):
            uniform, _, _ = gl.glGetActiveUniform(self._handle, position)
            label = uniform.decode() if isinstance(uniform, bytes) else str(uniform)
            self._uniforms[label.removesuffix("[0]")] = int(
                gl.glGetUniformLocation(self._handle, label)
            )

    def _refuse(self, stage: str, log: Any) -> None:
        text = log.decode(errors="replace") if isinstance(log, bytes) else str(log)
        raise GraphicsError(f"the graphics driver refuses shader {self._name} ({stage}): {text}")

    def use(self) -> None:
        """Make it the current program."""
        gl.glUseProgram(self._handle)

    def location(self, uniform: str) -> int:
        """Return where a uniform is; -1 (which OpenGL ignores) when the program has none such."""
        return self._uniforms.get(uniform, -1)

    def set_matrix(self, uniform: str, matrix: NDArray[np.float32]) -> None:
        """Set a 4x4 matrix (row-major NumPy, column vectors; transposed for GL here)."""
        gl.glUniformMatrix4fv(self.location(uniform), 1, True, matrix)

    def set_floats(self, uniform: str, *values: float) -> None:
        """Set a float or a vector of 2 to 4; the program must be current."""
        setter = (gl.glUniform1f, gl.glUniform2f, gl.glUniform3f, gl.glUniform4f)
        setter[len(values) - 1](self.location(uniform), *values)

    def set_int(self, uniform: str, value: int) -> None:
        """Set an int, a bool or a sampler's texture unit; the program must be current."""
        gl.glUniform1i(self.location(uniform), value)

    def close(self) -> None:
        """Release the program."""
        if self._handle:
            gl.glDeleteProgram(self._handle)
            self._handle = 0
