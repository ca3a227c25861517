"""The overviews of all walls on shared pages, with the multipliers of their channels beside them.

A page is one texture; every wall has a place on one, laid out as its own grid. So a far wall is
one quad, and all far walls of a page are one instanced draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.gl import overview
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.overview import CELL, LEVELS
from layerwalk_client.gl.packing import pack
from layerwalk_client.gl.ranges import multipliers
from layerwalk_client.gl.textures import (
    MAX_ANISOTROPY_PARAMETER,
    make_texture_2d,
    write_texture_2d,
)
from layerwalk_client.world.scene import Wall
from layerwalk_shared.tiles import Tile, TileType

PAGE_CELLS = 256
"""Cells along a page's side at most: 2048 texels, 65,536 channels."""

MOSTLY = 4
"""One box is uploaded around several walls up to so many times their own size."""

NodeKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Slot:
    """A wall's place: page, cell of its upper left corner, size of its grid."""

    page: int
    x: int
    y: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Textures of a page: overview values (or colours), multipliers (0 for colours).

    `picture` is level 0 as it was last written: `[H, W (, 3)]` float32.
    """

    texture: int
    multipliers: int
    is_rgb: bool
    bytes: int
    picture: NDArray[np.float32]


Box = tuple[int, int, int, int]
"""Left, top, right, bottom on a page, cells."""


def _box_of(slot: Slot) -> Box:
    right = slot.x + overview.padded_cells(slot.columns)
    return slot.x, slot.y, right, slot.y + overview.padded_cells(slot.rows)


def _part(picture: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    left, top, right, bottom = (CELL * edge for edge in box)
    return picture[top:bottom, left:right]


def boxes_of(slots: Sequence[Slot]) -> list[Box]:
    """Return what to upload so that all these slots are up to date: one box around them where it
    is mostly them, because each upload costs more than some texels that have not changed."""
    boxes = [_box_of(slot) for slot in slots]
    left, top, right, bottom = zip(*boxes, strict=True)
    around = min(left), min(top), max(right), max(bottom)
    inside = sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes)
    if (around[2] - around[0]) * (around[3] - around[1]) <= MOSTLY * inside:
        return [around]
    return boxes


class Atlas:
    """Overviews in textures. Mutable, owned by the main thread."""

    def __init__(self, *, anisotropy: float) -> None:
        """Make an empty atlas."""
        self._anisotropy = anisotropy
        self._cells: dict[NodeKey, NDArray[np.float32]] = {}
        self._shares: set[NodeKey] = set()
        self._scales: dict[NodeKey, NDArray[np.float32]] = {}
        self._coming: dict[tuple[NodeKey, int], Tile] = {}
        self._generations: dict[NodeKey, dict[int, int]] = {}
        self._grids: dict[NodeKey, tuple[int, int, int, bool]] = {}
        self._slots: dict[NodeKey, Slot] = {}
        self._pages: list[Page] = []
        self._dirty: set[NodeKey] = set()
        self._needs_packing = False

    @property
    def pages(self) -> Sequence[Page]:
        """All pages."""
        return self._pages

    @property
    def bytes(self) -> int:
        """Bytes of all pages."""
        return sum(page.bytes for page in self._pages)

    def slot(self, key: NodeKey) -> Slot | None:
        """Return where a wall's overview lies; valid after `flush()`."""
        return self._slots.get(key)

    def has_overview(self, key: NodeKey) -> bool:
        """Return whether a node has shown any value."""
        return key in self._cells

    def generation(self, key: NodeKey, block: int) -> int | None:
        """Return the snapshot's revision that a block's overview is of, None where there is none."""
        return self._generations.get(key, {}).get(block)

    def set_walls(self, walls: Iterable[Wall]) -> None:
        """Give every wall a place; overviews that are known move along."""
        grids = {
            wall.value_key: (
                wall.columns, wall.rows, wall.channels,
                self._is_rgb(wall),
            )
            for wall in walls
        }  # fmt: skip
        if grids != self._grids:
            self._grids = grids
            self._needs_packing = True

    def _is_rgb(self, wall: Wall) -> bool:
        cells = self._cells.get(wall.value_key)
        return wall.is_image if cells is None else cells.ndim == 4

    def put(self, network: str, tiles: Iterable[Tile]) -> None:
        """Take tiles of any node and level as the overview of their channels.

        They are only kept here; `flush()` reduces the last one of each block.
        """
        for tile in tiles:
            key = (network, tile.key.node)
            self._coming[key, tile.key.block] = tile
            self._generations.setdefault(key, {})[tile.key.block] = tile.generation

    def _take(self, key: NodeKey, tile: Tile) -> None:
        """Reduce a tile to its channels' cells."""
        made = overview.resample(tile)
        cells = self._cells.get(key)
        end = tile.first_channel + tile.count
        grid = self._grids.get(key)
        if cells is None or cells.ndim != made.ndim:
            channels = end if grid is None else max(end, grid[2])
            cells = np.zeros((channels, *made.shape[1:]), np.float32)
            self._scales[key] = np.zeros(channels, np.float32)
        elif len(cells) < end:
            more = np.zeros((end - len(cells), *made.shape[1:]), np.float32)
            cells = np.concatenate([cells, more])
            self._scales[key] = np.concatenate([self._scales[key], more[:, 0, 0]])
        self._cells[key] = cells
        cells[tile.first_channel : end] = made
        self._scales[key][tile.first_channel : end] = tile.scales
        self._dirty.add(key)
        is_rgb = tile.dtype is TileType.RGB8
        if grid is not None and grid[3] is not is_rgb:
            self._grids[key] = (*grid[:3], is_rgb)
            self._needs_packing = True

    def drop_network(self, network: str) -> None:
        """Forget the overviews of a network; their walls are empty again."""
        for key in [key for key in self._generations if key[0] == network]:
            del self._generations[key]
            self._cells.pop(key, None)
            self._scales.pop(key, None)
        for coming in [coming for coming in self._coming if coming[0][0] == network]:
            del self._coming[coming]

    def holds_shares(self, key: NodeKey) -> bool:
        """Return whether a wall's overview holds shares of each channel's scale, not values."""
        return key in self._shares

    def set_shares(self, keys: Set[NodeKey]) -> bool:
        """Say whose overviews hold shares of each channel's scale: walls ranged by channel.

        A pixel of a far wall covers several channels. Their mean means something only in one
        unit, so where every channel has a range of its own, values are divided by it before they
        are averaged. Everywhere else the values themselves are kept, and a change of range
        uploads nothing.

        Returns:
            Whether that has changed.
        """
        changed = self._shares ^ keys
        self._shares = set(keys)
        self._dirty |= changed & self._cells.keys()
        return bool(changed)

    def flush(self) -> bool:
        """Bring the textures up to date; return whether walls have new places."""
        for (key, _), tile in self._coming.items():
            self._take(key, tile)
        self._coming.clear()
        has_packed = self._needs_packing
        if has_packed:
            self._pack()
        by_page: dict[int, list[Slot]] = {}
        for key in self._dirty:
            if key in self._slots and key in self._cells:
                self._lay(key)
                by_page.setdefault(self._slots[key].page, []).append(self._slots[key])
        self._dirty.clear()
        for number, slots in by_page.items():
            for box in boxes_of(slots):
                self._write(self._pages[number], box)
        return has_packed

    def _pack(self) -> None:
        self._release_pages()
        self._slots = {}
        for is_rgb in (False, True):
            keys = [key for key, grid in self._grids.items() if grid[3] is is_rgb]
            sizes = [
                tuple(overview.padded_cells(count) for count in self._grids[key][:2])
                for key in keys
            ]
            places, used = pack([(size[0], size[1]) for size in sizes], PAGE_CELLS)
            first = len(self._pages)
            self._pages += [self._make_page(size, is_rgb=is_rgb) for size in used]
            for key, place in zip(keys, places, strict=True):
                columns, rows, _, _ = self._grids[key]
                self._slots[key] = Slot(first + place.page, place.x, place.y, columns, rows)
        self._needs_packing = False
        self._dirty |= self._cells.keys()

    def _make_page(self, size_cells: tuple[int, int], *, is_rgb: bool) -> Page:
        width, height = size_cells[0] * CELL, size_cells[1] * CELL
        texture = make_texture_2d(
            (width, height),
            internal=gl.GL_RGB8 if is_rgb else gl.GL_R16F,
            layout=gl.GL_RGB if is_rgb else gl.GL_RED,
            kind=gl.GL_UNSIGNED_BYTE if is_rgb else gl.GL_HALF_FLOAT,
            levels=LEVELS,
        )
        if self._anisotropy > 1:
            gl.glTexParameterf(gl.GL_TEXTURE_2D, MAX_ANISOTROPY_PARAMETER, self._anisotropy)
        scales = make_texture_2d(
            size_cells,
            internal=gl.GL_RG32F,
            layout=gl.GL_RG,
            kind=gl.GL_FLOAT,
            smooth=False,
        )
        cells = size_cells[0] * size_cells[1]
        texels = cells * CELL * CELL * (4 if is_rgb else 2)
        picture = np.zeros((height, width, 3) if is_rgb else (height, width), np.float32)
        return Page(texture, scales, is_rgb, texels * 4 // 3 + cells * 8, picture)

    def _lay(self, key: NodeKey) -> None:
        """Bring a wall's part of its page's picture up to date."""
        slot = self._slots[key]
        page = self._pages[slot.page]
        cells = self._cells[key][: slot.columns * slot.rows]
        if key in self._shares and not page.is_rgb:
            cells = cells * multipliers(self._scales[key][: len(cells)])[:, None, None]
        overview.lay_cells(cells, slot.columns, slot.rows, out=_part(page.picture, _box_of(slot)))

    def _write(self, page: Page, box: Box) -> None:
        """Upload a part of a page's picture, all its levels.

        Values go up as float32: the driver makes half floats of them three times as fast as NumPy.
        """
        for level, values in enumerate(overview.levels_of(_part(page.picture, box))):
            write_texture_2d(
                page.texture,
                np.rint(values * 255).astype(np.uint8) if page.is_rgb else values,
                layout=gl.GL_RGB if page.is_rgb else gl.GL_RED,
                kind=gl.GL_UNSIGNED_BYTE if page.is_rgb else gl.GL_FLOAT,
                level=level,
                at_xy=(box[0] * CELL >> level, box[1] * CELL >> level),
            )

    def write_multipliers(self, key: NodeKey, per_channel: NDArray[np.float32]) -> None:
        """Set what values are multiplied by before they become colours.

        Args:
            key: the wall; it has a place.
            per_channel: `[C, 2]`: 1 / range, and the scale of int8 values in blocks.
        """
        slot = self._slots[key]
        high, wide = overview.padded_cells(slot.rows), overview.padded_cells(slot.columns)
        inner = np.zeros((slot.rows * slot.columns, 2), np.float32)
        count = min(len(per_channel), len(inner))
        inner[:count] = per_channel[:count]
        grid = np.zeros((high, wide, 2), np.float32)
        grid[: slot.rows, : slot.columns] = inner.reshape(slot.rows, slot.columns, 2)
        write_texture_2d(
            self._pages[slot.page].multipliers,
            grid,
            layout=gl.GL_RG,
            kind=gl.GL_FLOAT,
            at_xy=(slot.x, slot.y),
        )

    def _release_pages(self) -> None:
        names = [name for page in self._pages for name in (page.texture, page.multipliers)]
        if names:
            gl.glDeleteTextures(len(names), names)
        self._pages = []

    def close(self) -> None:
        """Release every texture."""
        self._release_pages()
        self._slots = {}
        self._needs_packing = True
