"""A wall's blocks as triangles: each block covers at most three rectangles of the grid.

All rectangles of a wall meet at shared corners (where a rectangle's corner lies on its neighbour's
edge, that edge is cut there too), so no pixel falls between two blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.scene import Wall
from layerwalk_shared.tiles import BLOCK_CHANNELS, block_count

Cells = tuple[int, int, int, int]
"""(first column, first row, end column, end row)"""


def block_rectangles(channels: int, columns: int, rows: int, block: int) -> list[Cells]:
    """Return the rectangles of the grid that a block covers, in row order.

    The last block also takes the empty cells behind the last channel, so that all blocks together
    cover the grid.
    """
    first = block * BLOCK_CHANNELS
    is_last = block == block_count(channels) - 1
    end = columns * rows if is_last else min(first + BLOCK_CHANNELS, columns * rows)
    found: list[Cells] = []
    first_row, first_column = divmod(first, columns)
    end_row, end_column = divmod(end, columns)
    if first_row == end_row:
        return [(first_column, first_row, end_column, first_row + 1)]
    if first_column:
        found.append((first_column, first_row, columns, first_row + 1))
        first_row += 1
    if first_row < end_row:
        found.append((0, first_row, columns, end_row))
    if end_column:
        found.append((0, end_row, end_column, end_row + 1))
    return found


def _cuts(channels: int, columns: int) -> dict[int, set[int]]:
    """Return, for each row line, the columns at which blocks end on it or below or above it."""
    cuts: dict[int, set[int]] = {}
    for block in range(1, block_count(channels)):
        row, column = divmod(block * BLOCK_CHANNELS, columns)
        if column:
            cuts.setdefault(row, set()).add(column)
            cuts.setdefault(row + 1, set()).add(column)
    return cuts


def block_triangles(wall: Wall, blocks: Sequence[int] | None = None) -> list[NDArray[np.float32]]:
    """Return the triangles of each block of a wall.

    Args:
        wall: the wall.
        blocks: which blocks; default: all.

    Returns:
        For each block `[3 * T, 2]` corners, metres from the wall's upper left corner, x right,
        y down.
    """
    cuts = _cuts(wall.channels, wall.columns)
    return [
        np.array(
            [
                corner
                for cells in block_rectangles(wall.channels, wall.columns, wall.rows, block)
                for corner in _rectangle(wall, cells, cuts)
            ],
            np.float32,
        )
        for block in (range(block_count(wall.channels)) if blocks is None else blocks)
    ]


def _rectangle(wall: Wall, cells: Cells, cuts: dict[int, set[int]]) -> list[tuple[float, float]]:
    first_column, first_row, end_column, end_row = cells

    def along(row: int) -> list[int]:
        inner = [column for column in cuts.get(row, ()) if first_column < column < end_column]
        return [first_column, *sorted(inner), end_column]

    top, bottom = along(first_row), along(end_row)
    corners: list[tuple[int, int]] = []
    # Zip the two edges together: always advance the one that is behind.
    left_top, left_bottom = 0, 0
    while left_top < len(top) - 1 or left_bottom < len(bottom) - 1:
        can_top = left_top < len(top) - 1
        can_bottom = left_bottom < len(bottom) - 1
        takes_top = can_top and (not can_bottom or top[left_top + 1] <= bottom[left_bottom + 1])
        corners += [(top[left_top], first_row), (bottom[left_bottom], end_row)]
        if takes_top:
            left_top += 1
            corners.append((top[left_top], first_row))
        else:
            left_bottom += 1
            corners.append((bottom[left_bottom], end_row))
    return [grid_line(wall, column, row) for column, row in corners]


def grid_line(wall: Wall, column: int, row: int) -> tuple[float, float]:
    """Return the corner left of a column and above a row: the middle of the gap, the wall's edge
    at the ends. Metres from the wall's upper left corner, x right, y down."""
    x = wall.gap / 2 + column * (wall.tile_wh[0] + wall.gap)
    y = wall.gap / 2 + row * (wall.tile_wh[1] + wall.gap)
    if column in (0, wall.columns):
        x = 0.0 if column == 0 else wall.size_wh[0]
    if row in (0, wall.rows):
        y = 0.0 if row == 0 else wall.size_wh[1]
    return x, y
