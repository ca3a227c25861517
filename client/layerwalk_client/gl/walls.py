"""Draws all walls: far ones from their overviews in one draw a page, near ones block by block.

Their rims and what the floor shows of them are draws of their own, for all walls together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl.atlas import Atlas
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.buffers import Attribute, RecordTable, VertexStream
from layerwalk_client.gl.eye import Eye
from layerwalk_client.gl.glows import UNIT_GLOWS, GlowTable
from layerwalk_client.gl.overview import CELL
from layerwalk_client.gl.programs import Program
from layerwalk_client.gl.residency import Residency
from layerwalk_client.gl.strips import block_triangles
from layerwalk_client.gl.swaps import Swaps
from layerwalk_client.gl.values import ValueColours
from layerwalk_client.gl.visibility import (
    Sight,
    WallPlaces,
    mirrored_places,
    see_walls,
    wall_places,
)
from layerwalk_client.gl.wall_draws import (
    UNIT_BLOCK,
    UNIT_MULTIPLIERS,
    UNIT_PAGE,
    UNIT_PREVIOUS,
    UNIT_TABLE,
    UNIT_WALLS,
    WallDraws,
)
from layerwalk_client.world.scene import Wall
from layerwalk_shared.tiles import BLOCK_CHANNELS

NEAR_PX = float(CELL)
"""A picture larger than this many pixels shows more than its overview holds."""

NodeKey = tuple[str, int]
_Grid = tuple[int, int, int, tuple[float, float], float]
_VERTEX = np.dtype([("wall", "<u4"), ("first", "<f4"), ("corner", "<f4", 2)])


def wall_records(walls: Sequence[Wall], atlas: Atlas, glows: GlowTable) -> NDArray[np.float32]:
    """Return what shaders know of each wall, `[N, 5, 4]` float32.

    Texels: upper left corner, place of its channels' light plus one; direction to the right (x, z), width, height; width and height of a
    picture, gap, columns; channels, cells of a vector, width and height of a picture in texels;
    cell of the overview on its page (x, y); 0 for none, 1 for values, 2 for shares; rows.
    """
    records = np.zeros((len(walls), 5, 4), np.float32)
    records[:, 0, 3] = glows.places(walls)
    for record, wall in zip(records, walls, strict=True):
        right = np.array([np.cos(wall.yaw), 0.0, -np.sin(wall.yaw)])
        width, height = wall.size_wh
        corner = np.asarray(wall.centre) - right * width / 2 + (0, height / 2, 0)
        key = wall.value_key
        slot = atlas.slot(key)
        record[0, :3] = corner
        record[1] = right[0], right[2], width, height
        record[2] = *wall.tile_wh, wall.gap, wall.columns
        record[3] = wall.channels, wall.cells, wall.picture_hw[1], wall.picture_hw[0]
        if slot is not None:
            kind = int(atlas.has_overview(key)) * (1 + atlas.holds_shares(key))
            record[4] = slot.x, slot.y, kind, wall.rows
    return records


class WallPainter:
    """Walls on the GPU. Mutable, owned by the main thread."""

    def __init__(
        self,
        atlas: Atlas,
        residency: Residency,
        glows: GlowTable,
        *,
        is_isotropic: bool = False,
    ) -> None:
        """Draw from the overviews of `atlas` and the blocks of `residency`, lit by `glows`.

        Args:
            atlas, residency, glows: what is drawn from.
            is_isotropic: textures take one sample a pixel; the shader keeps slanted walls sharp.
        """
        self._filtering = ("ISOTROPIC",) if is_isotropic else ()
        self._atlas = atlas
        self._glows = glows
        self._residency = residency
        self._programs: dict[tuple[str, ...], Program] = {}
        self._rim = Program("rim")
        self._rim.use()
        self._rim.set_int("walls", UNIT_WALLS)
        self._rim.set_int("glows", UNIT_GLOWS)
        self._records = RecordTable()
        self._instances = VertexStream([Attribute(0, 1, "u4", 0, True)], 4, divisor=1)
        self._sides = VertexStream([Attribute(0, 1, "u4", 0, True)], 4, divisor=4)
        self._strips = VertexStream(
            [Attribute(0, 1, "u4", 0, True), Attribute(1, 1, "f4", 4), Attribute(2, 2, "f4", 8)],
            _VERTEX.itemsize,
        )
        self._walls: tuple[Wall, ...] = ()
        self._triangles: dict[_Grid, list[NDArray[np.float32]]] = {}
        """By the grid: those of a wall that is moved stay as they are."""
        self._swaps = Swaps()
        self._faces: NDArray[np.intp] = np.zeros(0, np.intp)
        self._shows_reverse = False
        self._keys: list[NodeKey] = []
        self._ranges: list[list[tuple[int, int]]] = []
        self._places: WallPlaces = wall_places(())
        self._mirrored: WallPlaces = self._places
        self._seen: NDArray[np.intp] = np.zeros(0, np.intp)
        self._pages: NDArray[np.intp] = np.zeros(0, np.intp)
        self._needs_records = True

    @property
    def places(self) -> WallPlaces:
        """Where the walls stand."""
        return self._places

    @property
    def is_fading(self) -> bool:
        """Whether a wall is just taking another one's place."""
        return self._swaps.is_any

    def advance(self, dt: float) -> None:
        """Let `dt` seconds of cross-fades between walls pass; 0 ends them."""
        self._swaps.advance(dt)

    def turn(self, *, shows_reverse: bool) -> bool:
        """Show the reverse of all walls that have one, or their faces; return whether that is
        another picture. Nothing is written to the GPU for it."""
        has_changed = shows_reverse != self._shows_reverse
        self._shows_reverse = shows_reverse
        return has_changed and bool((self._faces != np.arange(len(self._faces))).any())

    def set_walls(
        self,
        walls: tuple[Wall, ...],
        *,
        hidden: tuple[Wall, ...] = (),
        reverse: tuple[Wall, ...] = (),
    ) -> None:
        """Stand other walls in the world.

        Args:
            walls: those that are seen.
            hidden: those that may take the place of one of them. A wall that was seen before and
                is hidden now fades into the one that stands there instead.
            reverse: other faces of walls that are seen.
        """
        self._swaps.set_walls(walls, hidden)
        self._faces = _faces((*walls, *hidden), reverse)
        walls = (*walls, *hidden, *reverse)
        if walls == self._walls:
            return
        self._walls = walls
        self._keys = [wall.value_key for wall in walls]
        self._places = wall_places(walls)
        self._mirrored = mirrored_places(self._places)
        self._needs_records = True
        parts: list[NDArray[np.void]] = []
        self._ranges = []
        count = 0
        before, self._triangles = self._triangles, {}
        for index, wall in enumerate(walls):
            ranges = []
            grid = wall.columns, wall.rows, wall.channels, wall.tile_wh, wall.gap
            known = self._triangles.get(grid) or before.get(grid)
            triangles = self._triangles[grid] = known or block_triangles(wall)
            for block, corners in enumerate(triangles):
                part = np.zeros(len(corners), _VERTEX)
                part["wall"] = index
                part["first"] = block * BLOCK_CHANNELS
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
        self._records.write(wall_records(self._walls, self._atlas, self._glows))
        slots = [self._atlas.slot(key) for key in self._keys]
        self._pages = np.array([slot.page if slot else -1 for slot in slots], np.intp)
        self._needs_records = False

    def draw(self, eye: Eye, colours: ValueColours) -> None:
        """Draw the walls that the eye sees, nearest first."""
        self._seen = self._seen[:0]
        if self._needs_records:
            self._refresh()
        if not self._walls:
            return
        sight = see_walls(self._places, eye)
        drawn = self._begin(colours)
        is_whole = np.isin(sight.walls, self._whole())
        self._seen = sight.walls[is_whole]
        self._draw_some(sight, is_whole, drawn)
        for wall, share in self._swaps.coming:
            is_it = sight.walls == wall
            if is_it.any():
                _begin_blending(share)
                self._draw_some(sight, is_it, drawn)
                _end_blending()

    def _whole(self) -> NDArray[np.intp]:
        """Numbers of the walls drawn whole."""
        whole = self._swaps.whole
        return self._faces[whole] if self._shows_reverse else whole

    def _begin(self, colours: ValueColours) -> WallDraws:
        self._records.bind(UNIT_WALLS)
        colours.bind(UNIT_TABLE)
        self._glows.bind(UNIT_GLOWS)
        return WallDraws(
            self.program, self._atlas.pages, instances=self._instances, strips=self._strips
        )

    def draw_mirrored(self, eye: Eye, colours: ValueColours) -> None:
        """Draw what the floor shows of the walls. Expects blending, depth test and writing on."""
        if not self._walls or eye.position[1] <= 0:
            return
        seen = see_walls(self._mirrored, eye).walls
        seen = seen[np.isin(seen, self._whole())]
        if len(seen):
            drawn = self._begin(colours)
            self._by_page(seen, drawn.mirrored)

    def draw_rims(self, size_wh: tuple[int, int]) -> None:
        """Soften the edges of the walls that were drawn, in a picture of that size. Expects
        blending and depth test on, depth writing off."""
        seen = self._seen
        if not len(seen):
            return
        self._records.bind(UNIT_WALLS)
        self._glows.bind(UNIT_GLOWS)
        self._sides.write(seen[::-1].astype(np.uint32))
        self._sides.bind()
        self._rim.use()
        self._rim.set_floats("size_px", *size_wh)
        gl.glDrawArraysInstanced(gl.GL_TRIANGLE_STRIP, 0, 4, 4 * len(seen))

    def _draw_some(self, sight: Sight, chosen: NDArray[np.bool_], drawn: WallDraws) -> None:
        """Draw some of the walls that are seen."""
        far = chosen.copy()
        for place in np.flatnonzero(chosen & sight.is_front & (sight.picture_px > NEAR_PX)):
            wall = int(sight.walls[place])
            blocks = self._residency.blocks(self._keys[wall])
            if blocks:
                far[place] = False
                drawn.near(int(self._pages[wall]), self._ranges[wall], blocks)
        self._by_page(sight.walls[far], drawn.far)

    def _by_page(self, walls: NDArray[np.intp], draw: Callable[[int, int], None]) -> None:
        """Draw whole walls, those of one page of overviews together."""
        if not len(walls):
            return
        pages = self._pages[walls]
        order = np.argsort(pages, kind="stable")
        walls, pages = walls[order], pages[order]
        starts = np.flatnonzero(np.r_[True, pages[1:] != pages[:-1]])
        for start, end in zip(starts, [*starts[1:], len(walls)], strict=True):
            self._instances.write(walls[start:end].astype(np.uint32))
            draw(int(pages[start]), int(end - start))

    def program(self, defines: tuple[str, ...]) -> Program:
        """Return the program of that kind; made once."""
        found = self._programs.get(defines)
        if found is None:
            found = self._programs[defines] = Program("wall", defines=(*defines, *self._filtering))
            found.use()
            for name, unit in (
                ("walls", UNIT_WALLS), ("page", UNIT_PAGE), ("multipliers", UNIT_MULTIPLIERS),
                ("table", UNIT_TABLE), ("block", UNIT_BLOCK), ("previous", UNIT_PREVIOUS),
                ("glows", UNIT_GLOWS),
            ):  # fmt: skip
                found.set_int(name, unit)
        return found

    def close(self) -> None:
        """Release every GL object."""
        for program in (self._rim, *self._programs.values()):
            program.close()
        self._programs.clear()
        self._records.close()
        self._instances.close()
        self._sides.close()
        self._strips.close()


def _faces(walls: Sequence[Wall], reverse: Sequence[Wall]) -> NDArray[np.intp]:
    """Return for each wall the number of its reverse, its own where it has none.

    Args:
        walls: those that may be seen.
        reverse: other faces, numbered on from `walls`, found by network and node.
    """
    numbers = {(wall.network, wall.node): len(walls) + at for at, wall in enumerate(reverse)}
    return np.array(
        [numbers.get((wall.network, wall.node), at) for at, wall in enumerate(walls)], np.intp
    )


def _begin_blending(share: float) -> None:
    """Let what is drawn cover what is there by a share; it may lie in the very same plane."""
    gl.glEnable(gl.GL_BLEND)
    gl.glBlendColor(0.0, 0.0, 0.0, share)
    gl.glBlendFunc(gl.GL_CONSTANT_ALPHA, gl.GL_ONE_MINUS_CONSTANT_ALPHA)
    gl.glEnable(gl.GL_POLYGON_OFFSET_FILL)
    gl.glPolygonOffset(-1.0, -4.0)


def _end_blending() -> None:
    gl.glDisable(gl.GL_POLYGON_OFFSET_FILL)
    gl.glDisable(gl.GL_BLEND)
