"""Draws what Dear ImGui has prepared: its textures, its triangles, into what is bound."""

from __future__ import annotations

import ctypes
from typing import Any

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.programs import Program


class WidgetPainter:
    """ImGui's renderer for one ImGui context. Mutable, owned by the main thread.

    Colours are written premultiplied by their alpha, so that a transparent panel can be laid over
    the scene. Texture units other than 0 are left alone.
    """

    def __init__(self) -> None:
        """Compile the program; the ImGui context that it serves is current."""
        from imgui_bundle import imgui

        self._imgui = imgui
        io = imgui.get_io()
        io.backend_flags |= int(imgui.BackendFlags_.renderer_has_textures) | int(
            imgui.BackendFlags_.renderer_has_vtx_offset
        )
        largest = int(gl.glGetIntegerv(gl.GL_MAX_TEXTURE_SIZE))
        imgui.get_platform_io().renderer_texture_max_width = largest
        imgui.get_platform_io().renderer_texture_max_height = largest
        self._program = Program("panel")
        self._vertex_array = int(gl.glGenVertexArrays(1))
        self._vertices, self._indices = (int(name) for name in gl.glGenBuffers(2))
        self._textures: set[int] = set()
        gl.glBindVertexArray(self._vertex_array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._vertices)
        gl.glBindBuffer(gl.GL_ELEMENT_ARRAY_BUFFER, self._indices)
        for location, (components, kind, offset) in enumerate(
            (
                (2, gl.GL_FLOAT, imgui.VERTEX_BUFFER_POS_OFFSET),
                (2, gl.GL_FLOAT, imgui.VERTEX_BUFFER_UV_OFFSET),
                (4, gl.GL_UNSIGNED_BYTE, imgui.VERTEX_BUFFER_COL_OFFSET),
            )
        ):
            gl.glEnableVertexAttribArray(location)
            gl.glVertexAttribPointer(
                location, components, kind, kind == gl.GL_UNSIGNED_BYTE, imgui.VERTEX_SIZE,
                ctypes.c_void_p(offset),
            )  # fmt: skip
        gl.glBindVertexArray(0)

    def draw(self, draw_data: Any, size_wh: tuple[int, int], *, row_0_on_top: bool) -> None:
        """Draw a frame into the bound framebuffer, over what is there.

        Args:
            draw_data: what `imgui.get_draw_data()` gives.
            size_wh: pixels of the framebuffer, and ImGui's display size.
            row_0_on_top: write the upper row to row 0 of the framebuffer (for textures whose
                v = 0 is the top), else to its last (for what is shown).
        """
        for texture in self._imgui.get_platform_io().textures:
            self._serve(texture)
        width, height = size_wh
        gl.glActiveTexture(gl.GL_TEXTURE0)
        gl.glDisable(gl.GL_DEPTH_TEST)
        gl.glDisable(gl.GL_CULL_FACE)
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFunc(gl.GL_ONE, gl.GL_ONE_MINUS_SRC_ALPHA)
        gl.glEnable(gl.GL_SCISSOR_TEST)
        self._program.use()
        self._program.set_int("picture", 0)
        up = 1.0 if row_0_on_top else -1.0
        self._program.set_floats("clip_from_pixels", 2 / width, up * 2 / height, -1.0, -up)
        gl.glBindVertexArray(self._vertex_array)
        for commands in draw_data.cmd_lists:
            self._draw_list(commands, height, row_0_on_top=row_0_on_top)
        gl.glDisable(gl.GL_SCISSOR_TEST)
        gl.glBindVertexArray(0)

    def _draw_list(self, commands: Any, height: int, *, row_0_on_top: bool) -> None:
        imgui = self._imgui
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._vertices)
        for target, buffer, size in (
            (gl.GL_ARRAY_BUFFER, commands.vtx_buffer, imgui.VERTEX_SIZE),
            (gl.GL_ELEMENT_ARRAY_BUFFER, commands.idx_buffer, imgui.INDEX_SIZE),
        ):
            gl.glBufferData(
                target, buffer.size() * size, ctypes.c_void_p(buffer.data_address()),
                gl.GL_STREAM_DRAW,
            )  # fmt: skip
        kind = gl.GL_UNSIGNED_SHORT if imgui.INDEX_SIZE == 2 else gl.GL_UNSIGNED_INT
        for command in commands.cmd_buffer:
            left, top, right, bottom = (round(edge) for edge in command.clip_rect)
            if right <= left or bottom <= top:
                continue
            gl.glScissor(
                max(0, left), max(0, top if row_0_on_top else height - bottom),
                right - left, bottom - top,
            )  # fmt: skip
            gl.glBindTexture(gl.GL_TEXTURE_2D, command.tex_ref.get_tex_id())
            gl.glDrawElementsBaseVertex(
                gl.GL_TRIANGLES, command.elem_count, kind,
                ctypes.c_void_p(command.idx_offset * imgui.INDEX_SIZE), command.vtx_offset,
            )  # fmt: skip

    def _serve(self, texture: Any) -> None:
        """Make, change or release a texture as ImGui asks."""
        status = self._imgui.ImTextureStatus
        if texture.status == status.want_create:
            name = int(gl.glGenTextures(1))
            self._textures.add(name)
            gl.glBindTexture(gl.GL_TEXTURE_2D, name)
            for parameter, value in (
                (gl.GL_TEXTURE_MAX_LEVEL, 0),
                (gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR),
                (gl.GL_TEXTURE_MAG_FILTER, gl.GL_LINEAR),
                (gl.GL_TEXTURE_WRAP_S, gl.GL_CLAMP_TO_EDGE),
                (gl.GL_TEXTURE_WRAP_T, gl.GL_CLAMP_TO_EDGE),
            ):
                gl.glTexParameteri(gl.GL_TEXTURE_2D, parameter, value)
            gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
            gl.glTexImage2D(
                gl.GL_TEXTURE_2D, 0, gl.GL_RGBA8, texture.width, texture.height, 0,
                gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, texture.get_pixels_array(),
            )  # fmt: skip
            texture.set_tex_id(name)
            texture.set_status(status.ok)
        elif texture.status == status.want_updates:
            gl.glBindTexture(gl.GL_TEXTURE_2D, texture.tex_id)
            gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
            pixels = texture.get_pixels_array().reshape(texture.height, texture.width, 4)
            for part in texture.updates:
                changed = pixels[part.y : part.y + part.h, part.x : part.x + part.w].copy()
                gl.glTexSubImage2D(
                    gl.GL_TEXTURE_2D, 0, part.x, part.y, part.w, part.h,
                    gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, changed,
                )  # fmt: skip
            texture.set_status(status.ok)
        elif texture.status == status.want_destroy and texture.unused_frames > 0:
            self._release(texture)

    def _release(self, texture: Any) -> None:
        name = int(texture.tex_id)
        if name in self._textures:
            gl.glDeleteTextures(1, [name])
            self._textures.discard(name)
        texture.set_tex_id(0)
        texture.set_status(self._imgui.ImTextureStatus.destroyed)

    def close(self) -> None:
        """Release every GL object; the ImGui context is current and goes afterwards."""
        for texture in self._imgui.get_platform_io().textures:
            if texture.ref_count == 1:
                self._release(texture)
        if self._textures:
            gl.glDeleteTextures(len(self._textures), list(self._textures))
            self._textures.clear()
        gl.glUseProgram(0)
        self._program.close()
        gl.glDeleteVertexArrays(1, [self._vertex_array])
        gl.glDeleteBuffers(2, [self._vertices, self._indices])
