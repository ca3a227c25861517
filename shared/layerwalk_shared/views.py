"""How a tensor becomes pictures: the one size rule that the server fills and the client draws."""

from __future__ import annotations

import math
from collections.abc import Sequence

from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import View

_LEAST_AXES = {"tokens": 2, "sequence": 2, "attention": 3}
"""Of views whose pictures are the last two axes."""


def grid_shape(count: int) -> tuple[int, int]:
    """Return (rows, columns) of the nearly square grid that holds `count` cells in row order.

    Columns are `ceil(sqrt(count))`; cells past `count` in the last row stay empty.
    """
    columns = max(1, math.isqrt(max(0, count - 1)) + 1) if count > 1 else 1
    return max(1, -(-count // columns)), columns


def guess_view(shape: Sequence[int], *, is_picture: bool = False) -> View:
    """Return the view for a tensor of `shape` (no batch axis).

    `is_picture` says that the tensor is an image for eyes: `[3, H, W]` or `[1, H, W]`.
    """
    if is_picture and len(shape) == 3 and shape[0] in (1, 3):
        return "image"
    return {0: "vector", 1: "vector", 2: "tokens"}.get(len(shape), "maps")  # type: ignore[return-value]


def picture_shape(view: View, shape: Sequence[int]) -> tuple[int, int, int]:
    """Return (channels, height, width) of the pictures of a tensor of `shape` (no batch axis).

    - `image`: `[C, H, W]` -> one picture of H x W.
    - `maps`: `[C, H, W]` -> C pictures; axes past the third are laid out below each other
      (`[C, D, H, W]` -> C pictures of D*H x W).
    - `vector`: all elements in row order in one nearly square picture; cells past the last element
      hold zero, and readers mask them by the node's shape.
    - `tokens`, `sequence`: `[T, D]` -> one picture of T x D; leading axes are channels.
    - `grid`: `[T, D]` -> D pictures of the square patch grid; a leading class token is left out.
    - `attention`: `[heads, T, S]` -> a picture of T x S per head; more leading axes are heads too.
    - `volume`: `[C, D, H, W]` -> C pictures, each the D slices as cells of a nearly square grid.
    - `frames`: `[T, C, H, W]` -> C pictures, each the T frames of that channel in such a grid.

    Raises:
        InvalidRequestError: the view cannot show that shape.
    """
    sizes = [max(1, int(size)) for size in shape]
    if view == "vector":
        rows, columns = grid_shape(math.prod(sizes))
        return 1, rows, columns
    if view == "image" and len(sizes) == 3:
        return 1, sizes[1], sizes[2]
    if view == "maps" and len(sizes) >= 3:
        return sizes[0], math.prod(sizes[1:-1]), sizes[-1]
    if len(sizes) >= _LEAST_AXES.get(view, math.inf):
        return math.prod(sizes[:-2]), sizes[-2], sizes[-1]
    if view in ("volume", "frames") and len(sizes) == 4:
        channels, slices = (sizes[0], sizes[1]) if view == "volume" else (sizes[1], sizes[0])
        rows, columns = grid_shape(slices)
        return channels, rows * sizes[2], columns * sizes[3]
    if view == "grid" and len(sizes) == 2:
        side = math.isqrt(sizes[0])
        if side * side in (sizes[0], sizes[0] - 1) and side > 0:
            return sizes[1], side, side
    raise InvalidRequestError(f"view {view!r} cannot show a tensor of shape {list(shape)}")
