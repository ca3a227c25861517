"""The draws of the walls of one frame: remembers what is bound, so that nothing is bound twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from layerwalk_client.gl.atlas import Page
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import VertexStream
from layerwalk_client.gl.programs import Program
from layerwalk_client.gl.residency import ResidentBlock
from layerwalk_shared.tiles import TileType

UNIT_WALLS, UNIT_PAGE, UNIT_MULTIPLIERS, UNIT_TABLE, UNIT_BLOCK, UNIT_PREVIOUS = range(6)

Kind = tuple[str, ...]
"""Which variant of the wall's shader: its preprocessor names."""

_FAR: Kind = ("OVERVIEW",)
_FAR_IMAGE: Kind = ("OVERVIEW", "IMAGE")
_STRIP_FAR: Kind = ("STRIP", "OVERVIEW")
_STRIP_FAR_IMAGE: Kind = ("STRIP", "OVERVIEW", "IMAGE")
_MIRROR: Kind = ("MIRROR", "OVERVIEW")
_MIRROR_IMAGE: Kind = ("MIRROR", "OVERVIEW", "IMAGE")
_STRIP: Kind = ("STRIP",)
_STRIP_IMAGE: Kind = ("STRIP", "IMAGE")
_STRIP_FADE: Kind = ("STRIP", "FADE")
_STRIP_IMAGE_FADE: Kind = ("STRIP", "IMAGE", "FADE")


class WallDraws:
    """One frame's draws. Mutable, lives for one frame."""

    def __init__(
        self,
        program: Callable[[Kind], Program],
        pages: Sequence[Page],
        *,
        instances: VertexStream,
        strips: VertexStream,
    ) -> None:
        """Begin; records and colour table are bound to their units.

        Args:
            program: gives the program of a kind.
            pages: of the overviews.
            instances: one record a far wall.
            strips: triangles of all blocks.
        """
        self._program = program
        self._pages = pages
        self._instances = instances
        self._strips = strips
        self._kind: Kind = ()
        self._current: Program | None = None
        self._page = -1
        self._mesh: VertexStream | None = None
        self._unit = -1
        self._int8: dict[Kind, bool] = {}

    def _use(self, kind: Kind) -> Program:
        if self._current is None or kind is not self._kind:
            self._current = self._program(kind)
            self._current.use()
            self._kind = kind
        return self._current

    def _activate(self, unit: int) -> None:
        if unit != self._unit:
            gl.glActiveTexture(gl.GL_TEXTURE0 + unit)
            self._unit = unit

    def _use_page(self, page: int) -> bool:
        """Bind a page (-1 = the wall has none); return whether it holds colours."""
        if page < 0:
            return False
        found = self._pages[page]
        if page != self._page:
            self._page = page
            self._activate(UNIT_PAGE)
            gl.glBindTexture(gl.GL_TEXTURE_2D, found.texture)
            self._activate(UNIT_MULTIPLIERS)
            gl.glBindTexture(gl.GL_TEXTURE_2D, found.multipliers)
        return found.is_rgb

    def _use_mesh(self, mesh: VertexStream) -> None:
        if mesh is not self._mesh:
            mesh.bind()
            self._mesh = mesh

    def far(self, page: int, count: int) -> None:
        """Draw `count` whole walls of one page; their records are in `instances`."""
        self._use(_FAR_IMAGE if self._use_page(page) else _FAR)
        self._use_mesh(self._instances)
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, count)

    def mirrored(self, page: int, count: int) -> None:
        """Draw what the floor shows of `count` walls of one page; see `far`."""
        self._use(_MIRROR_IMAGE if self._use_page(page) else _MIRROR)
        self._use_mesh(self._instances)
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, count)

    def near(
        self, page: int, ranges: Sequence[tuple[int, int]], blocks: dict[int, ResidentBlock]
    ) -> None:
        """Draw a wall block by block; blocks that have not come show their overview.

        Args:
            page: of the wall.
            ranges: first vertex and count of each block.
            blocks: those that are resident.
        """
        is_rgb = self._use_page(page)
        self._use_mesh(self._strips)
        for index, (first, count) in enumerate(ranges):
            block = blocks.get(index)
            if block is None:
                self._use(_STRIP_FAR_IMAGE if is_rgb else _STRIP_FAR)
            else:
                self._use_block(block)
            gl.glDrawArrays(gl.GL_TRIANGLES, first, count)

    def _use_block(self, block: ResidentBlock) -> None:
        is_image = block.dtype is TileType.RGB8
        is_fading = block.fade < 1.0
        if is_fading:
            program = self._use(_STRIP_IMAGE_FADE if is_image else _STRIP_FADE)
            self._activate(UNIT_PREVIOUS)
            gl.glBindTexture(gl.GL_TEXTURE_2D_ARRAY, block.previous or block.texture)
            program.set_floats(
                "previous_kind",
                float(block.previous != 0),
                float(block.previous_dtype is TileType.INT8),
            )
            program.set_floats("fade", block.fade)
        else:
            program = self._use(_STRIP_IMAGE if is_image else _STRIP)
        is_int8 = block.dtype is TileType.INT8
        if self._int8.get(self._kind) is not is_int8:
            self._int8[self._kind] = is_int8
            program.set_floats("is_int8", float(is_int8))
        self._activate(UNIT_BLOCK)
        gl.glBindTexture(gl.GL_TEXTURE_2D_ARRAY, block.texture)
