"""Pictures as PNG: a channel under a colour table, a sheet of kernels, a sheet of thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk.inputs.pictures import Picture, fit
from layerwalk.mappages import percentile_end
from layerwalk.pyramid import make_pictures
from layerwalk.snapshots import Snapshot
from layerwalk_shared.colours import paint
from layerwalk_shared.errors import InvalidRequestError, NotFoundError, TooLargeError
from layerwalk_shared.messages import RangeMode
from layerwalk_shared.views import grid_shape

FAST = 1
"""Compression of PNG: sheets are looked at once, so time counts more than bytes."""
BROKEN = (0xFF, 0x6B, 0x6B)
"""Colour of a thumbnail whose picture cannot be read."""
GROUND = (0x07, 0x0A, 0x10)


def png(picture: Picture) -> bytes:
    """Return a picture, `[H, W, 3]` or `[H, W]`, as a PNG file."""
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=FAST)
    return stream.getvalue()


def channel_picture(
    snapshot: Snapshot,
    node: int,
    channel: int,
    *,
    colormap: str,
    range_mode: RangeMode,
    manual: float,
    percentile: float,
) -> Picture:
    """Return a channel as a picture `[h, w, 3]` at full resolution; an image as it is.

    Args:
        snapshot, node, channel: which; `node` is an index.
        colormap: name of the table.
        range_mode: whose largest magnitude gets the table's end: of the channel, the node, all
            nodes; the `percentile` of the node's magnitudes; or `manual`.
        manual: value of the table's end.
        percentile: 0..100.

    Raises:
        NotFoundError: there is no such channel, or the node has no values.
        InvalidRequestError: no such table, or the range is not more than 0.
    """
    values = snapshot.node_values(node)
    pictures = make_pictures(
        values,
        view=snapshot.views[node],
        input_spec=snapshot.input,
        channels=snapshot.channel_of(node, channel),
    )
    if pictures.is_image:
        planes = pictures.values.numpy().transpose(1, 2, 0)
        pixels: Picture = np.rint(planes * 255).astype(np.uint8)
        return pixels
    if range_mode == "channel":
        end = float(pictures.scales[0])
    else:
        end = range_end(snapshot, node, range_mode=range_mode, manual=manual, percentile=percentile)
    return paint(pictures.values.numpy()[0] / (end or 1.0), colormap)


def range_end(
    snapshot: Snapshot,
    node: int,
    *,
    range_mode: RangeMode,
    manual: float,
    percentile: float,
) -> float:
    """Return the value that gets the table's end on all channels of a node alike.

    Args:
        snapshot, node: which; `node` is an index.
        range_mode: as for `channel_picture`, but `channel`.
        manual: value of the table's end.
        percentile: 0..100.

    Raises:
        NotFoundError: the node has no values.
        InvalidRequestError: the range is not more than 0.
    """
    statistics = snapshot.manifest.nodes
    if range_mode == "node":
        return statistics[node].scale
    if range_mode == "shared":
        return max(one.scale for one in statistics)
    if range_mode == "percentile":
        return percentile_end(snapshot.node_values(node), percentile)
    if manual <= 0:
        raise InvalidRequestError(f"manual range {manual}, expected more than 0")
    return manual


def scaled(picture: Picture, size: int | None, *, largest: int) -> Picture:
    """Return a picture whose longer side is `size`: enlarged in hard squares, reduced by area.

    Raises:
        TooLargeError: the result has a side over `largest`.
    """
    height, width = picture.shape[:2]
    factor = 1.0 if size is None else size / max(height, width)
    target = (max(1, round(width * factor)), max(1, round(height * factor)))
    if max(target) > largest:
        raise TooLargeError(f"picture of {target[0]} x {target[1]}: at most {largest} a side")
    if target == (width, height):
        return picture
    way = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.BOX
    return np.array(Image.fromarray(picture).resize(target, way))


def kernel_sheet(
    weights: NDArray[np.generic],
    *,
    colormap: str,
    offset: int,
    limit: int,
    size: int,
    largest: int,
) -> Picture:
    """Return kernels side by side, one pixel apart, each scaled by its filter's largest weight.

    Args:
        weights: `[out, in, h, w]`, fewer axes counting as sizes of 1, more laid below each other.
            Where `in` is 3, a filter is one RGB picture, zero in the middle of each colour, in a
            nearly square grid; else a filter is a row with one kernel for each input. Weights with
            two axes are one picture, `[out, in]`.
        colormap: of the others.
        offset, limit: which filters.
        size: pixels of a kernel's longer side at least; enlarged in hard squares.
        largest: pixels of a side of the sheet at most.

    Raises:
        NotFoundError: there is no filter `offset`.
        TooLargeError: the sheet has a side over `largest`.
    """
    values = np.nan_to_num(weights.astype(np.float32))
    if values.ndim <= 2:
        values = values.reshape(1, 1, *((1,) * (2 - values.ndim)), *values.shape)
    else:
        values = values.reshape(len(values), values.shape[1], -1, values.shape[-1])
        if offset >= len(values):
            raise NotFoundError(f"filter {offset} does not exist (0 to {len(values) - 1})")
        values = values[offset : offset + limit]
    filters, inputs, height, width = values.shape
    ends = np.abs(values).max(axis=(1, 2, 3), keepdims=True, initial=0)
    units = values / np.where(ends > 0, ends, 1)
    is_coloured = inputs == 3
    rows, columns = grid_shape(filters) if is_coloured else (filters, inputs)
    times = max(1, -(-size // max(height, width)))
    cell_hw = (height * times + 1, width * times + 1)
    sheet_hw = (rows * cell_hw[0] + 1, columns * cell_hw[1] + 1)
    if max(sheet_hw) > largest:
        raise TooLargeError(
            f"sheet of {sheet_hw[1]} x {sheet_hw[0]} pixels: at most {largest} a side; "
            "ask for fewer filters (limit) or a smaller size"
        )
    if is_coloured:
        cells = np.rint((units.transpose(0, 2, 3, 1) * 0.5 + 0.5) * 255).astype(np.uint8)
    else:
        cells = paint(units, colormap).reshape(filters * inputs, height, width, 3)
    sheet = np.empty((*sheet_hw, 3), np.uint8)
    sheet[...] = GROUND
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        top, left = row * cell_hw[0] + 1, column * cell_hw[1] + 1
        big = cell.repeat(times, axis=0).repeat(times, axis=1)
        sheet[top : top + big.shape[0], left : left + big.shape[1]] = big
    return sheet


def thumbnail_sheet(pictures: Sequence[Picture | None], *, side: int) -> Picture:
    """Return square thumbnails in the nearly square grid of `grid_shape`, in row order.

    Args:
        pictures: any sizes, cropped centrally; None is one that cannot be read.
        side: pixels of a thumbnail.
    """
    rows, columns = grid_shape(len(pictures))
    sheet = np.empty((rows * side, columns * side, 3), np.uint8)
    sheet[...] = GROUND
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        cell = sheet[row * side : (row + 1) * side, column * side : (column + 1) * side]
        cell[...] = BROKEN if picture is None else fit(picture, (side, side), colours=3)
    return sheet
