"""Small pictures of results: one tile brings all of a snapshot's, and becomes one texture."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.source.asking import Tiles
from layerwalk_client.ui.pictures import Picture
from layerwalk_shared.colours import paint
from layerwalk_shared.messages import SnapshotManifest
from layerwalk_shared.tiles import Tile, TileKey, TileType, level_shape, overview_level

SIDE = 128
"""Pixels of a picture's longer side at most."""
SMALL_SIDE = 64
"""The same where there are many in a tile."""
MANY = 64
KEPT_SHEETS = 24
PATIENCE_S = 5.0
"""A tile that has not come after this long is asked for again."""
_SHARP = 48
"""Pictures smaller than this show their pixels as squares."""

Place = tuple[str, TileKey]


class Prints:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        fetch: asks the source for tiles.
        held: returns a tile that has arrived, by snapshot and key; None: it is not there.
        textures: makes textures.
        clock: seconds, only forward.

    Attributes:
        revision: grows when pictures were added or dropped.
    """

    def __init__(
        self,
        fetch: Callable[[Tiles], None],
        held: Callable[[str, TileKey], Tile | None],
        textures: Textures,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._held = held
        self._textures = textures
        self._clock = clock
        self._sheets: OrderedDict[Place, tuple[int, tuple[int, int], tuple[int, int]]] = (
            OrderedDict()
        )
        self._asked: dict[Place, float] = {}
        self.revision = 0

    @property
    def is_waiting(self) -> bool:
        """Whether tiles are on their way."""
        return bool(self._asked)

    def picture(
        self, manifest: SnapshotManifest, *, node: int, place: int, asks: bool = True
    ) -> Picture | None:
        """Return a picture of a result, None while it is on its way.

        Args:
            manifest: of the snapshot.
            node: index of its node.
            place: number of the picture.
            asks: let it be fetched where it is not there.
        """
        key = key_of(manifest, node, place)
        sheet = self._sheets.get((manifest.id, key)) or self._make(manifest.id, key)
        if sheet is None:
            if asks:
                self._ask(manifest.id, key)
            return None
        self._sheets.move_to_end((manifest.id, key))
        texture, (rows, columns), (high, wide) = sheet
        row, column = divmod(place % 256, columns)
        return Picture(
            texture,
            (column / columns, row / rows),
            ((column + 1) / columns, (row + 1) / rows),
            (wide, high),
        )

    def close(self) -> None:
        """Release every texture and forget everything."""
        for texture, _, _ in self._sheets.values():
            self._textures.drop(texture)
        self._sheets.clear()
        self._asked.clear()
        self.revision += 1

    def _make(
        self, snapshot: str, key: TileKey
    ) -> tuple[int, tuple[int, int], tuple[int, int]] | None:
        tile = self._held(snapshot, key)
        if tile is None:
            return None
        pixels, grid = sheet_of(tile)
        texture = self._textures.make(pixels, is_smooth=max(tile.shape_hw) >= _SHARP)
        self._sheets[snapshot, key] = (texture, grid, tile.shape_hw)
        self._asked.pop((snapshot, key), None)
        while len(self._sheets) > KEPT_SHEETS:
            _, (dropped, _, _) = self._sheets.popitem(last=False)
            self._textures.drop(dropped)
        self.revision += 1
        return self._sheets[snapshot, key]

    def _ask(self, snapshot: str, key: TileKey) -> None:
        now_s = self._clock()
        if now_s - self._asked.get((snapshot, key), -math.inf) > PATIENCE_S:
            self._asked[snapshot, key] = now_s
            self._fetch(Tiles(snapshot, (key,)))


def key_of(manifest: SnapshotManifest, node: int, place: int) -> TileKey:
    """Return the tile in which a small picture is."""
    count, height, width = manifest.nodes[node].pictures
    side = SIDE if count <= MANY else SMALL_SIDE
    level = overview_level((height, width), side)
    while max(level_shape((height, width), level)) > side:
        level += 1
    return TileKey(node, place // 256, level)


def sheet_of(tile: Tile) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return a tile's pictures side by side, `[rows h, columns w, 3]`, and (rows, columns).

    Values are painted by the table of the walls' default, each picture over its own range.
    """
    if tile.dtype is TileType.RGB8:
        pixels = np.asarray(tile.values, np.uint8)
    else:
        limits = np.where(tile.scales > 0, tile.scales, 1.0)[:, None, None]
        pixels = paint(tile.floats() / limits, "coolblack")
    count, high, wide = pixels.shape[:3]
    columns = math.ceil(math.sqrt(count))
    rows = -(-count // columns)
    sheet = np.zeros((rows * columns, high, wide, 3), np.uint8)
    sheet[:count] = pixels
    laid = sheet.reshape(rows, columns, high, wide, 3).swapaxes(1, 2)
    return np.ascontiguousarray(laid.reshape(rows * high, columns * wide, 3)), (rows, columns)
