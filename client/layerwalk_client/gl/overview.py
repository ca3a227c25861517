"""Overviews: every channel of a node as 8 x 8 values, laid out as its wall is; NumPy only.

A far wall is drawn from this one picture. Cells touch each other; levels 0 to 3 reduce each cell
down to one value, levels past 3 are means over 2 x 2 and 4 x 4 cells, for walls whose channels are
smaller than a pixel.
"""

from __future__ import annotations

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


def arrange(cells: Floats, columns: int, rows: int) -> list[Floats]:
    """Return the levels of a wall's overview picture.

    Args:
        cells: `[C, 8, 8]` or `[C, 8, 8, 3]`.
        columns, rows: of the wall's grid.

    Returns:
        Level L: `[padded rows * 8 >> L, padded columns * 8 >> L (, 3)]` float32; cells behind the
        last channel and the padding are zero.
    """
    count, colours = cells.shape[0], cells.shape[3:]
    levels = []
    reduced = cells
    for side in (CELL, CELL // 2, CELL // 4, CELL // 8):
        if side < CELL:
            reduced = reduced.reshape(count, side, 2, side, 2, *colours).mean(axis=(2, 4))
        wide, high = padded_cells(columns), padded_cells(rows)
        grid = np.zeros((high, wide, side, side, *colours), np.float32)
        full = count // columns
        grid[:full, :columns] = reduced[: full * columns].reshape(
            full, columns, side, side, *colours
        )
        if count > full * columns:
            grid[full, : count - full * columns] = reduced[full * columns :]
        levels.append(np.swapaxes(grid, 1, 2).reshape(high * side, wide * side, *colours))
    for _ in range(LEVELS - len(levels)):
        last = levels[-1]
        high, wide = last.shape[0] // 2, last.shape[1] // 2
        levels.append(last.reshape(high, 2, wide, 2, *colours).mean(axis=(1, 3)))
    return levels
