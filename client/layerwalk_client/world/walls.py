"""How large a node's wall is, from its pictures alone, and what stands written on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from layerwalk_client.world.options import LayoutOptions
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.views import grid_shape


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
    rows, columns = grid_shape(channels)
    cells, is_image, gap = 0, node.view == "image", options.gap
    if is_image:
        side = options.picture_side
    elif node.view == "vector":
        cells = max(1, math.prod(max(1, size) for size in node.shape))
        side = min(max(options.smallest_wall, options.tile * width), options.vector_side)
    elif channels == 1 and max(height, width) > 1:
        side = options.sheet_side if node.view in ("tokens", "sequence") else options.vector_side
    elif max(height, width) == 1:  # one value each: as large as a vector of as many units
        side = min(options.tile, max(0.01, options.vector_side / columns - gap))
    else:
        side = options.tile
    tile = fitted((height, width), side, largest_aspect=options.largest_aspect)
    size = WallSize(columns, rows, channels, (height, width), tile, gap, cells, is_image)
    return _enlarged(size, options.smallest_wall)


def _enlarged(size: WallSize, smallest: float) -> WallSize:
    """Scale the tiles up until the longer side of the wall is `smallest`; the gap stays."""
    width, height = size.size_wh
    if max(width, height) >= smallest:
        return size
    count, side = (
        (size.columns, size.tile_wh[0]) if width >= height else (size.rows, size.tile_wh[1])
    )
    factor = (smallest - (count + 1) * size.gap) / (count * side)
    tile = (size.tile_wh[0] * factor, size.tile_wh[1] * factor)
    return WallSize(
        size.columns, size.rows, size.channels, size.picture_hw, tile, size.gap, size.cells,
        size.is_image,
    )  # fmt: skip


def kind_line(node: Node) -> str:
    """Return kind and shape: `Conv2d · 64 × 112 × 112`."""
    shape = " × ".join(str(size) for size in node.shape) or "1"
    return f"{node.operation} · {shape}" if node.operation else shape


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
