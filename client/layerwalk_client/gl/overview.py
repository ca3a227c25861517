"""Overviews: every channel of a node as 8 x 8 values, laid out as its wall is; NumPy only.

A far wall is drawn from this one picture. Cells touch each other; levels 0 to 3 reduce each cell
down to one value, levels past 3 are means over 2 x 2 and 4 x 4 cells, for walls whose channels are
smaller than a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.tiles import Tile, TileType

CELL = 8
"""Texels of a channel's side in the overview."""
LEVELS = 6
"""Mip levels: 8, 4, 2, 1 texels a cell, then 2 and 4 cells a texel."""
ALIGNMENT_CELLS = 4
"""Walls start at multiples of so many cells, so that no level mixes two walls."""

Floats = NDArray[np.float32]


@cache
def _weights(count: int) -> Floats:
    """Return `[8, count]`: share of each of `count` texels in each of 8 equal parts."""
    edges = np.linspace(0, count, CELL + 1)
    first = np.arange(count)
    overlap = np.minimum(edges[1:, None], first + 1) - np.maximum(edges[:-1, None], first)
    weights: Floats = np.clip(overlap, 0, None).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    weights.flags.writeable = False
    return weights


def resample(tile: Tile) -> Floats:
    """Return a tile at 8 x 8 by exact area, `[n, 8, 8]` values or `[n, 8, 8, 3]` colours 0..1."""
    values = tile.floats()
    height, width = tile.shape_hw
    if tile.dtype is TileType.RGB8:
        colours: Floats = np.einsum(
            "ya,xb,nabc->nyxc", _weights(height), _weights(width), values, optimize=True
        )
        return colours
    if (height, width) == (CELL, CELL):
        return values
    return np.ascontiguousarray(_weights(height) @ values @ _weights(width).T)


def padded_cells(count: int) -> int:
    """Return `count` rounded up to the alignment."""
    return -(-count // ALIGNMENT_CELLS) * ALIGNMENT_CELLS


def lay_cells(cells: Floats, columns: int, rows: int, *, out: Floats) -> None:
    """Write level 0 of a wall's overview.

    Args:
        cells: `[C, 8, 8]` or `[C, 8, 8, 3]`.
        columns, rows: of the wall's grid.
        out: `[padded rows * 8, padded columns * 8 (, 3)]`; cells behind the last channel and the
            padding become zero.
    """
    count, colours = cells.shape[0], cells.shape[3:]
    high, wide = padded_cells(rows), padded_cells(columns)
    grid = out.reshape(high, CELL, wide, CELL, *colours)
    full, rest = divmod(count, columns)
    last = full + (rest > 0)
    grid[:full, :, :columns] = np.swapaxes(
        cells[: full * columns].reshape(full, columns, CELL, CELL, *colours), 1, 2
    )
    if rest:
        grid[full, :, :rest] = np.swapaxes(cells[full * columns :], 0, 1)
        grid[full, :, rest:columns] = 0
    grid[last:] = 0
    grid[:, :, columns:] = 0


def levels_of(picture: Floats) -> Iterator[Floats]:
    """Yield the mip levels of `[H, W (, 3)]`, each the mean over 2 x 2 of the one before.

    Sides are multiples of 32 texels, so no level mixes what lies on both sides of such an edge.
    """
    yield picture
    for _ in range(LEVELS - 1):
        rows = picture[0::2] + picture[1::2]
        picture = rows[:, 0::2] + rows[:, 1::2]
        picture *= np.float32(0.25)
        yield picture
