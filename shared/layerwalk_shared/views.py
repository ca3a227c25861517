"""How a tensor becomes pictures: the one rule that the server fills and the client reads back.

A view lays a tensor out in two steps. It first says which axis is which: channels, slices, rows and
columns of a slice. Then the slices of a channel become the cells of one picture. `layout` answers
both questions; `picture_shape`, `tensor_index` and `picture_place` follow from it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import View

VIEWS: tuple[View, ...] = get_args(View)
LONGEST_STRIP = 2048
"""A single row or column of more cells than this is too thin to be seen; it is folded."""

MOST_LEADING_TOKENS = 16
"""Tokens before the patches at most: a class token, a distillation token, registers."""


def grid_shape(count: int) -> tuple[int, int]:
    """Return (rows, columns) of the nearly square grid that holds `count` cells in row order.

    Columns are `ceil(sqrt(count))`; cells past `count` in the last row stay empty.
    """
    columns = max(1, math.isqrt(max(0, count - 1)) + 1) if count > 1 else 1
    return max(1, -(-count // columns)), columns


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the elements of a tensor stand in its pictures.

    The tensor, its first `skipped` entries along axis 0 left out, is read in row order as an array
    whose axes are named by `order`: c channel, s slice, y row and x column of a slice, k colour.
    Slices stand in row order in a grid of `rows` x `columns` cells; the last may stay empty.

    Attributes:
        order: some order of c, s, y and x, each at most once (absent: size 1), and k where there are
            colours.
        channels, slices, height, width: sizes of c, s, y, x.
        rows, columns: of the grid of slices.
        skipped: leading entries that are not shown (class, distillation and register tokens).
        colours: size of k; 0 where there are none.
    """

    order: str
    channels: int
    slices: int
    height: int
    width: int
    rows: int = 1
    columns: int = 1
    skipped: int = 0
    colours: int = 0

    @property
    def pictures(self) -> tuple[int, int, int]:
        """(channels, height, width) of the pictures."""
        return self.channels, self.rows * self.height, self.columns * self.width

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the axes in `order`."""
        size = {"c": self.channels, "s": self.slices, "y": self.height, "x": self.width}
        return tuple(size.get(axis, self.colours) for axis in self.order)


def _vector(sizes: tuple[int, ...]) -> Layout:
    count = math.prod(sizes)
    rows, columns = grid_shape(count)
    return Layout("s", 1, count, 1, 1, rows, columns)


def _image(sizes: tuple[int, ...]) -> Layout | None:
    if len(sizes) != 3 or sizes[0] not in (1, 3):
        return None
    return Layout("kyx", 1, 1, sizes[1], sizes[2], colours=sizes[0])


def _maps(sizes: tuple[int, ...]) -> Layout | None:
    if len(sizes) < 3:
        return None
    slices = math.prod(sizes[1:-2])
    return Layout("csyx", sizes[0], slices, sizes[-2], sizes[-1], rows=slices)


def _sheets(sizes: tuple[int, ...]) -> Layout | None:
    if len(sizes) < 2:
        return None
    return Layout("cyx", math.prod(sizes[:-2]), 1, sizes[-2], sizes[-1])


def _attention(sizes: tuple[int, ...]) -> Layout | None:
    return _sheets(sizes) if len(sizes) >= 3 else None


def _grid(sizes: tuple[int, ...]) -> Layout | None:
    if len(sizes) == 3:
        return Layout("yxc", sizes[2], 1, sizes[0], sizes[1])
    if len(sizes) != 2:
        return None
    side = math.isqrt(sizes[0])
    if sizes[0] - side * side > MOST_LEADING_TOKENS:
        return None
    return Layout("yxc", sizes[1], 1, side, side, skipped=sizes[0] - side * side)


def _volume(sizes: tuple[int, ...]) -> Layout | None:
    if len(sizes) != 4:
        return None
    rows, columns = grid_shape(sizes[1])
    return Layout("csyx", sizes[0], sizes[1], sizes[2], sizes[3], rows, columns)


def _frames(sizes: tuple[int, ...]) -> Layout | None:
    if len(sizes) != 4:
        return None
    rows, columns = grid_shape(sizes[0])
    return Layout("scyx", sizes[1], sizes[0], sizes[2], sizes[3], rows, columns)


def _pictures(sizes: tuple[int, ...]) -> Layout | None:
    if len(sizes) != 4 or sizes[1] not in (1, 3):
        return None
    return Layout("ckyx", sizes[0], 1, sizes[2], sizes[3], colours=sizes[1])


_LAYOUTS = {
    "image": _image,
    "maps": _maps,
    "vector": _vector,
    "tokens": _sheets,
    "grid": _grid,
    "sequence": _sheets,
    "attention": _attention,
    "volume": _volume,
    "frames": _frames,
    "pictures": _pictures,
}


def layout(view: View, shape: Sequence[int]) -> Layout:
    """Return where the elements of a tensor of `shape` (no batch axis) stand in its pictures.

    - `image`: `[3, H, W]` or `[1, H, W]` -> one picture of H x W, its colours together.
    - `maps`: `[C, H, W]` -> C pictures; axes between the first and the last two are laid out below
      each other (`[C, D, H, W]` -> C pictures of D*H x W).
    - `vector`: all elements in row order in one nearly square picture; cells past the last element
      hold zero, and readers mask them by the node's shape.
    - `tokens`, `sequence`: `[T, D]` -> one picture of T x D; leading axes are channels.
    - `grid`: `[T, D]` -> D pictures of the patches as they lie in the image, a square; tokens before
      them (class, distillation, registers: at most 16) are left out: the largest square number of
      tokens at the end of the T is taken for the patches. `[H, W, D]` -> D pictures of H x W.
    - `attention`: `[heads, T, S]` -> a picture of T x S per head; more leading axes are heads too.
    - `volume`: `[C, D, H, W]` -> C pictures, each the D slices as cells of a nearly square grid;
      cells past the last slice hold zero.
    - `frames`: `[T, C, H, W]` -> C pictures, each the T frames of that channel in such a grid.
    - `pictures`: `[T, 3, H, W]` or `[T, 1, H, W]` -> T pictures of H x W, the colours of each
      together: stills of a film, results of a maximisation.

    Axes of size 0 count as 1: their cell holds no element.

    Raises:
        InvalidRequestError: the view cannot show that shape; the message lists those that can.
    """
    sizes = tuple(max(1, int(size)) for size in shape)
    found = _found(view, sizes)
    if found is None:
        raise InvalidRequestError(
            f"view {view!r} cannot show a tensor of shape {list(shape)}; "
            f"{', '.join(possible_views(shape))} can"
        )
    return found


@lru_cache(maxsize=4096)
def _found(view: View, sizes: tuple[int, ...]) -> Layout | None:
    make = _LAYOUTS.get(view)
    return make(sizes) if make is not None else None


def possible_views(shape: Sequence[int]) -> tuple[View, ...]:
    """Return the views that can show a tensor of `shape` (no batch axis)."""
    sizes = tuple(max(1, int(size)) for size in shape)
    return tuple(view for view in VIEWS if _found(view, sizes) is not None)


def guess_view(shape: Sequence[int], *, is_picture: bool = False) -> View:
    """Return the view for a tensor of `shape` (no batch axis), by the first rule that fits.

    1. A picture `[3 or 1, H, W]`: `image`.
    2. A picture that moves, `[T, 3 or 1, H, W]` with another T: `frames`.
    3. No axis or one: `vector`.
    4. Two axes, one of them of size 1 and the other longer than `LONGEST_STRIP` (a waveform):
       `vector`, because a strip so thin is not seen.
    5. Two axes: `tokens`.
    6. Three: `maps` (heads of attention look the same there).
    7. Four: `volume`.
    8. More: `maps`.

    Args:
        shape: without batch axis.
        is_picture: the tensor is an image or a film for eyes.
    """
    axes = len(shape)
    if is_picture and axes == 3 and shape[0] in (1, 3):
        return "image"
    if is_picture and axes == 4 and shape[1] in (1, 3) and shape[0] not in (1, 3):
        return "frames"
    if axes <= 1 or (axes == 2 and min(shape) == 1 and max(shape) > LONGEST_STRIP):
        return "vector"
    if axes == 2:
        return "tokens"
    return "volume" if axes == 4 else "maps"


def picture_shape(view: View, shape: Sequence[int]) -> tuple[int, int, int]:
    """Return (channels, height, width) of the pictures of a tensor of `shape`; see `layout`.

    Raises:
        InvalidRequestError: the view cannot show that shape.
    """
    return layout(view, shape).pictures


def tensor_index(
    view: View, shape: Sequence[int], channel: int, row: int, column: int
) -> tuple[int, ...] | None:
    """Return the index in the tensor of what one cell of a picture shows.

    Of an image it is that of the first colour; the others follow along axis 0.

    Args:
        view, shape: of the node; without batch axis.
        channel, row, column: of the cell at level 0.

    Returns:
        An index with as many numbers as `shape`; None for a cell that holds no element: past the
        last one, or outside of the picture.

    Raises:
        InvalidRequestError: the view cannot show that shape.
    """
    laid = layout(view, shape)
    if 0 in shape or not all(
        0 <= at < size for at, size in zip((channel, row, column), laid.pictures, strict=True)
    ):
        return None
    cell_row, y = divmod(row, laid.height)
    cell_column, x = divmod(column, laid.width)
    number = cell_row * laid.columns + cell_column
    if number >= laid.slices:
        return None
    at = {"c": channel, "s": number, "y": y, "x": x, "k": 0}
    flat = 0
    for axis, size in zip(laid.order, laid.sizes, strict=True):
        flat = flat * size + at[axis]
    index = _unravelled(flat, shape)
    return (index[0] + laid.skipped, *index[1:]) if laid.skipped else index


def picture_place(
    view: View, shape: Sequence[int], index: Sequence[int]
) -> tuple[int, int, int] | None:
    """Return (channel, row, column) of the cell that shows an element; `tensor_index` backwards.

    Args:
        view, shape: of the node; without batch axis.
        index: of the element, as many numbers as `shape`.

    Returns:
        The cell at level 0; None for an element that the view leaves out (a class token). All the
        colours of an image have the same cell.

    Raises:
        InvalidRequestError: the view cannot show that shape, or the tensor has no such element.
    """
    laid = layout(view, shape)
    if len(index) != len(shape) or not all(
        0 <= at < size for at, size in zip(index, shape, strict=True)
    ):
        raise InvalidRequestError(f"index {list(index)} is not in shape {list(shape)}")
    flat = 0
    for position, (at, size) in enumerate(zip(index, shape, strict=True)):
        flat = flat * size + at - (laid.skipped if position == 0 else 0)
    if flat < 0:
        return None
    at_axis = dict(zip(laid.order, _unravelled(flat, laid.sizes), strict=True))
    cell_row, cell_column = divmod(at_axis.get("s", 0), laid.columns)
    return (
        at_axis.get("c", 0),
        cell_row * laid.height + at_axis.get("y", 0),
        cell_column * laid.width + at_axis.get("x", 0),
    )


def _unravelled(flat: int, sizes: Sequence[int]) -> tuple[int, ...]:
    index = []
    for size in reversed(sizes):
        flat, at = divmod(flat, size)
        index.append(at)
    return tuple(reversed(index))
