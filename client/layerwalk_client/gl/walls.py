"""Draws all walls: far ones from their overviews in one draw a page, near ones block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.atlas import Atlas
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import Attribute, RecordTable, VertexStream
from layerwalk_client.gl.eye import Eye
from layerwalk_client.gl.overview import CELL
from layerwalk_client.gl.programs import Program
from layerwalk_client.gl.residency import Residency, ResidentBlock
from layerwalk_client.gl.strips import block_triangles
from layerwalk_client.gl.theme import Theme
from layerwalk_client.gl.values import ValueColours
from layerwalk_client.gl.visibility import WallPlaces, see_walls, wall_places
from layerwalk_client.world.scene import Wall
from layerwalk_shared.tiles import TileType

NEAR_PX = float(CELL)
"""A picture larger than this many pixels shows more than its overview holds."""

_UNIT_WALLS, _UNIT_PAGE, _UNIT_MULTIPLIERS, _UNIT_TABLE, _UNIT_BLOCK, _UNIT_PREVIOUS = range(6)

NodeKey = tuple[str, int]
_VERTEX = np.dtype([("wall", "<u4"), ("corner", "<f4", 2)])


def wall_records(walls: Sequence[Wall], atlas: Atlas) -> NDArray[np.float32]:
    """Return what shaders know of each wall, `[N, 5, 4]` float32.

    Texels: upper left corner; direction to the right (x, z), width, height; width and height of a
    picture, gap, columns; channels, cells of a vector, width and height of a picture in texels;
    cell of the overview on its page (x, y), whether there is one, rows.
    """
    records = np.zeros((len(walls), 5, 4), np.float32)
    for record, wall in zip(records, walls, strict=True):
        right = np.array([np.cos(wall.yaw), 0.0, -np.sin(wall.yaw)])
        width, height = wall.size_wh
        corner = np.asarray(wall.centre) - right * width / 2 + (0, height / 2, 0)
        key = (wall.network, wall.node)
        slot = atlas.slot(key)
        record[0, :3] = corner
        record[1] = right[0], right[2], width, height
        record[2] = *wall.tile_wh, wall.gap, wall.columns
        record[3] = wall.channels, wall.cells, wall.picture_hw[1], wall.picture_hw[0]
        if slot is not None:
            record[4] = slot.x, slot.y, atlas.has_overview(key), wall.rows
    return records


class WallPainter:
    """Walls on the GPU. Mutable, owned by the main thread."""

    def __init__(self, atlas: Atlas, residency: Residency) -> None:
        """Draw from the overviews of `atlas` and the blocks of `residency`."""
        self._atlas = atlas
        self._residency = residency
        self._programs: dict[tuple[str, ...], Program] = {}
        self._records = RecordTable()
        self._instances = VertexStream([Attribute(0, 1, "u4", 0, True)], 4, divisor=1)
        self._strips = VertexStream(
            [Attribute(0, 1, "u4", 0, True), Attribute(1, 2, "f4", 4)], _VERTEX.itemsize
        )
        self._walls: tuple[Wall, ...] = ()
        self._keys: list[NodeKey] = []
        self._ranges: list[list[tuple[int, int]]] = []
        self._places: WallPlaces = wall_places(())
        self._pages: NDArray[np.intp] = np.zeros(0, np.intp)
        self._needs_records = True

    @property
    def places(self) -> WallPlaces:
        """Where the walls stand."""
        return self._places

    def set_walls(self, walls: tuple[Wall, ...]) -> None:
        """Stand other walls in the world."""
        if walls == self._walls:
            return
        self._walls = walls
        self._keys = [(wall.network, wall.node) for wall in walls]
        self._places = wall_places(walls)
        self._needs_records = True
        parts: list[NDArray[np.void]] = []
        self._ranges = []
        count = 0
        for index, wall in enumerate(walls):
            ranges = []
            for corners in block_triangles(wall):
                part = np.zeros(len(corners), _VERTEX)
                part["wall"] = index
                part["corner"] = corners
                parts.append(part)
                ranges.append((count, len(corners)))
                count += len(corners)
            self._ranges.append(ranges)
        self._strips.write(np.concatenate(parts) if parts else np.zeros(0, _VERTEX))

    def data_changed(self) -> None:
        """Say that overviews have come, gone or moved."""
        self._needs_records = True

    def _refresh(self) -> None:
        self._records.write(wall_records(self._walls, self._atlas))
        slots = [self._atlas.slot(key) for key in self._keys]
        self._pages = np.array([slot.page if slot else -1 for slot in slots], np.intp)
        self._needs_records = False

    def draw(self, eye: Eye, theme: Theme, colours: ValueColours) -> None:
        """Draw the walls that the eye sees, nearest first."""
        if self._needs_records:
            self._refresh()
        if not self._walls:
            return
        sight = see_walls(self._places, eye)
        self._records.bind(_UNIT_WALLS)
        far = np.ones(len(sight.walls), bool)
        near = np.flatnonzero(sight.is_front & (sight.picture_px > NEAR_PX))
        drawn = Draws(self, eye, theme, colours)
        for place in near:
            wall = int(sight.walls[place])
            blocks = self._residency.blocks(self._keys[wall])
            if blocks:
                far[place] = False
                drawn.near(wall, blocks)
        self._draw_far(sight.walls[far], drawn)

    def _draw_far(self, walls: NDArray[np.intp], drawn: Draws) -> None:
        if not len(walls):
            return
        pages = self._pages[walls]
        order = np.argsort(pages, kind="stable")
        walls, pages = walls[order], pages[order]
        starts = np.flatnonzero(np.r_[True, pages[1:] != pages[:-1]])
        for start, end in zip(starts, [*starts[1:], len(walls)], strict=True):
            self._instances.write(walls[start:end].astype(np.uint32))
            drawn.far(int(pages[start]), int(end - start))

    def program(self, defines: tuple[str, ...]) -> Program:
        """Return the program of that kind; made once."""
        found = self._programs.get(defines)
        if found is None:
            found = self._programs[defines] = Program("wall", defines=defines)
            found.use()
            for name, unit in (
                ("walls", _UNIT_WALLS), ("page", _UNIT_PAGE), ("multipliers", _UNIT_MULTIPLIERS),
                ("table", _UNIT_TABLE), ("block", _UNIT_BLOCK), ("previous", _UNIT_PREVIOUS),
            ):  # fmt: skip
                found.set_int(name, unit)
        return found

    def close(self) -> None:
        """Release every GL object."""
        for program in self._programs.values():
            program.close()
        self._programs.clear()
        self._records.close()
        self._instances.close()
        self._strips.close()


class Draws:
    """The draws of one frame: keeps what is bound, so that nothing is bound twice."""

    def __init__(self, painter: WallPainter, eye: Eye, theme: Theme, colours: ValueColours) -> None:
        self._painter = painter
        self._eye = eye
        self._theme = theme
        self._colours = colours
        self._ready: set[tuple[str, ...]] = set()
        self._current: tuple[str, ...] | None = None
        self._page = -1
        self._mesh: VertexStream | None = None
        colours.bind(_UNIT_TABLE)

    def _use(self, defines: tuple[str, ...]) -> Program:
        program = self._painter.program(defines)
        if defines == self._current:
            return program
        program.use()
        self._current = defines
        if defines not in self._ready:
            self._ready.add(defines)
            program.set_matrix("clip_from_world", self._eye.clip_from_world)
            program.set_floats("backing_colour", *self._theme.wall)
            program.set_floats("border_colour", *self._theme.wall_border)
            program.set_floats("empty_colour", *self._theme.wall_empty)
            if "IMAGE" not in defines:
                self._colours.apply(program)
        return program

    def _use_mesh(self, mesh: VertexStream) -> None:
        if mesh is not self._mesh:
            mesh.bind()
            self._mesh = mesh

    def _use_page(self, page: int) -> None:
        if page == self._page or page < 0:
            return
        self._page = page
        found = self._painter._atlas.pages[page]
        gl.glActiveTexture(gl.GL_TEXTURE0 + _UNIT_PAGE)
        gl.glBindTexture(gl.GL_TEXTURE_2D, found.texture)
        gl.glActiveTexture(gl.GL_TEXTURE0 + _UNIT_MULTIPLIERS)
        gl.glBindTexture(gl.GL_TEXTURE_2D, found.multipliers)

    def _is_rgb(self, page: int) -> bool:
        return page >= 0 and self._painter._atlas.pages[page].is_rgb

    def far(self, page: int, count: int) -> None:
        """Draw `count` whole walls of one page."""
        kind = ("OVERVIEW", "IMAGE") if self._is_rgb(page) else ("OVERVIEW",)
        self._use(kind)
        self._use_page(page)
        self._use_mesh(self._painter._instances)
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, count)

    def near(self, wall: int, blocks: dict[int, ResidentBlock]) -> None:
        """Draw a wall block by block; blocks that have not come show their overview."""
        page = int(self._painter._pages[wall])
        self._use_page(page)
        self._use_mesh(self._painter._strips)
        for index, (first, count) in enumerate(self._painter._ranges[wall]):
            block = blocks.get(index)
            if block is None:
                kind = ("STRIP", "OVERVIEW", "IMAGE") if self._is_rgb(page) else (
                    "STRIP", "OVERVIEW")  # fmt: skip
                self._use(kind)
            else:
                self._use_block(block)
            gl.glDrawArrays(gl.GL_TRIANGLES, first, count)

    def _use_block(self, block: ResidentBlock) -> None:
        kind: tuple[str, ...] = ("STRIP",)
        if block.dtype is TileType.RGB8:
            kind += ("IMAGE",)
        is_fading = block.fade < 1.0
        program = self._use((*kind, "FADE") if is_fading else kind)
        gl.glActiveTexture(gl.GL_TEXTURE0 + _UNIT_BLOCK)
        gl.glBindTexture(gl.GL_TEXTURE_2D_ARRAY, block.texture)
        program.set_floats(
            "block_kind", float(block.first_channel), float(block.dtype is TileType.INT8)
        )
        if is_fading:
            gl.glActiveTexture(gl.GL_TEXTURE0 + _UNIT_PREVIOUS)
            gl.glBindTexture(gl.GL_TEXTURE_2D_ARRAY, block.previous or block.texture)
            program.set_floats(
                "previous_kind",
                float(block.previous != 0),
                float(block.previous_dtype is TileType.INT8),
            )
            program.set_floats("fade", block.fade)
