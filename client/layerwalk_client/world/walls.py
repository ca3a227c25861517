"""How large a node's wall is, from its pictures alone, and what stands written on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from layerwalk_client.world.options import LayoutOptions
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.views import grid_shape

NEARLY_SQUARE = 2.0
"""Pictures up to this much higher than wide, or wider than high, lie in a square grid."""


@dataclass(frozen=True, slots=True)
class WallSize:
    """The grid of a wall before it has a place; metres, fields as in `scene.Wall`."""

    columns: int
    rows: int
    channels: int
    picture_hw: tuple[int, int]
    tile_wh: tuple[float, float]
    gap: float
    cells: int = 0
    is_image: bool = False

    @property
    def size_wh(self) -> tuple[float, float]:
        return (
            self.columns * (self.tile_wh[0] + self.gap) + self.gap,
            self.rows * (self.tile_wh[1] + self.gap) + self.gap,
        )


def fitted(
    picture_hw: tuple[int, int], side: float, *, largest_aspect: float
) -> tuple[float, float]:
    """Return (width, height) of a picture whose longer side is `side`, aspect ratio kept.

    A ratio beyond `largest_aspect` is drawn at that ratio: a 1 x 1000 signal stays visible.
    """
    height, width = picture_hw
    ratio = min(max(width / height, 1 / largest_aspect), largest_aspect)
    return (side, side / ratio) if ratio >= 1 else (side * ratio, side)


def wall_size(
    node: Node, options: LayoutOptions, *, pictures: tuple[int, int, int] | None = None
) -> WallSize:
    """Return the grid for a node.

    Args:
        pictures: (channels, height, width) as drawn, where a snapshot's differ from the graph's.
    """
    channels, height, width = pictures or (node.channels, node.height, node.width)
    rows, columns = _grid(channels, (height, width), options.largest_aspect)
    cells, is_image, gap = 0, node.view == "image", options.gap
    largest_aspect = options.largest_aspect
    if is_image:
        side = options.picture_side
    elif node.view == "vector":
        cells = max(1, math.prod(max(1, size) for size in node.shape))
        side = min(max(options.smallest_wall, options.tile * width), options.vector_side)
    elif channels == 1 and max(height, width) > 1:
        side, largest_aspect = _sheet((height, width), node, options)
    elif max(height, width) == 1:  # one value each: as large as a vector of as many units
        side = min(options.tile, max(0.01, options.vector_side / columns - gap))
    elif node.view == "attention":
        side = options.head_tile
    else:
        side = min(options.tile * math.sqrt(_slices(node)), options.largest_tile)
    tile = fitted((height, width), side, largest_aspect=largest_aspect)
    size = WallSize(columns, rows, channels, (height, width), tile, gap, cells, is_image)
    return _bounded(_enlarged(size, options.smallest_wall), options.largest_wall)


def _grid(channels: int, picture_hw: tuple[int, int], largest_aspect: float) -> tuple[int, int]:
    """Return (rows, columns) that make a wall about square, whatever shape its pictures have."""
    height, width = picture_hw
    ratio = min(max(height / width, 1 / largest_aspect), largest_aspect)
    if 1 / NEARLY_SQUARE <= ratio <= NEARLY_SQUARE:
        return grid_shape(channels)
    columns = min(channels, max(1, math.ceil(math.sqrt(channels * ratio) - 1e-9)))
    return -(-channels // columns), columns


def _sheet(picture_hw: tuple[int, int], node: Node, options: LayoutOptions) -> tuple[float, float]:
    """Return the longer side of a single picture, and the thinnest that it is drawn.

    A wide sheet grows longer, so that it does not become a line; a high one ends where an eye
    still reads it, and is drawn the wider for it.
    """
    if node.view not in ("tokens", "sequence", "volume", "frames"):
        return options.vector_side, options.largest_aspect
    height, width = picture_hw
    if height > width:
        return options.sheet_side, max(1.0, options.largest_aspect / 2)
    ratio = min(width / height, options.largest_aspect)
    longer = options.sheet_side * math.sqrt(max(1.0, ratio / 2))
    return min(longer, options.largest_sheet), options.largest_aspect


def _slices(node: Node) -> int:
    """Return how many slices one picture shows: each is as large as a map."""
    if node.view == "volume" and len(node.shape) == 4:
        return max(1, node.shape[1])
    if node.view == "frames" and len(node.shape) == 4:
        return max(1, node.shape[0])
    return 1


def _enlarged(size: WallSize, smallest: float) -> WallSize:
    """Scale the tiles up until the longer side of the wall is `smallest`; the gap stays."""
    width, height = size.size_wh
    if max(width, height) >= smallest:
        return size
    count, side = (
        (size.columns, size.tile_wh[0]) if width >= height else (size.rows, size.tile_wh[1])
    )
    factor = (smallest - (count + 1) * size.gap) / (count * side)
    return replace(size, tile_wh=(size.tile_wh[0] * factor, size.tile_wh[1] * factor))


def _bounded(size: WallSize, largest: float) -> WallSize:
    """Scale tiles and gaps down until the longer side of the wall is `largest`."""
    longer = max(size.size_wh)
    if longer <= largest:
        return size
    factor = largest / longer
    tile = (size.tile_wh[0] * factor, size.tile_wh[1] * factor)
    return replace(size, tile_wh=tile, gap=size.gap * factor)


def pair_pitch(width: float) -> float:
    """Return the distance of the middles of two walls of a pair, metres: they all but touch."""
    return width + pair_gap(width)


def pair_gap(width: float) -> float:
    """Return the free room between two walls of a pair, metres."""
    return min(0.3, max(0.12, 0.06 * width))


def warning(node: Node, statistics: NodeStatistics | None) -> str:
    """Return why there is nothing, or less than expected, to see; "" where all is well."""
    if node.error is not None:
        return node.error
    if statistics is None:
        return ""
    if not statistics.has_values:
        return "no values in this snapshot"
    if statistics.not_finite:
        count = statistics.not_finite
        return f"{count} value{'s are' if count > 1 else ' is'} not finite"
    return ""
