"""How values become colours on the GPU: the table as a texture."""

from __future__ import annotations

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.textures import make_texture_2d, write_texture_2d
from layerwalk_client.world.view import Appearance
from layerwalk_shared import colours


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

    def set_appearance(self, appearance: Appearance) -> None:
        """Use a table.

        Raises:
            InvalidRequestError: there is no such table.
        """
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

    @property
    def is_diverging(self) -> bool:
        """The table spans -1..1, else 0..1."""
        return colours.describe_table(self._name).is_diverging

    def close(self) -> None:
        """Release the texture."""
        if self._texture:
            gl.glDeleteTextures(1, [self._texture])
            self._texture = 0
