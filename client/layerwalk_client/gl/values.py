"""How values become colours on the GPU: the table as a texture, the marking of what is outside."""

from __future__ import annotations

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.programs import Program
from layerwalk_client.gl.textures import make_texture_2d, write_texture_2d
from layerwalk_client.world.view import Appearance
from layerwalk_shared import colours

NAN_COLOUR = "#FFB454"
"""Marks values that are no numbers, where marking is asked for."""


class ValueColours:
    """The colour table in a texture. Mutable, owned by the main thread."""

    def __init__(self) -> None:
        """Make an empty table texture; `set_appearance` fills it."""
        self._texture = make_texture_2d(
            (colours.ENTRIES, 1),
            internal=gl.GL_RGB8,
            layout=gl.GL_RGB,
            kind=gl.GL_UNSIGNED_BYTE,
            smooth=False,
        )
        self._name = ""
        self._marks = False

    def set_appearance(self, appearance: Appearance) -> None:
        """Use a table and the marking switch.

        Raises:
            InvalidRequestError: there is no such table.
        """
        self._marks = appearance.marks_out_of_range
        if appearance.table != self._name:
            entries = colours.table(appearance.table)
            write_texture_2d(
                self._texture, entries[None], layout=gl.GL_RGB, kind=gl.GL_UNSIGNED_BYTE
            )
            self._name = appearance.table

    def bind(self, unit: int) -> None:
        """Make the table readable from a texture unit."""
        gl.glActiveTexture(gl.GL_TEXTURE0 + unit)
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._texture)

    def apply(self, program: Program) -> None:
        """Set the uniforms of `colour.glsl` but the table's unit; the program is current."""
        program.set_int("is_diverging", int(colours.describe_table(self._name).is_diverging))
        program.set_int("marks_out_of_range", int(self._marks))
        if self._marks:
            for name, colour in (
                ("above_colour", colours.ABOVE),
                ("below_colour", colours.BELOW),
                ("nan_colour", NAN_COLOUR),
            ):
                program.set_floats(name, *(part / 255 for part in colours.rgb(colour)))

    def close(self) -> None:
        """Release the texture."""
        if self._texture:
            gl.glDeleteTextures(1, [self._texture])
            self._texture = 0
