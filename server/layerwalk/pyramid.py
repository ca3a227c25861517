"""The pyramid: values to pictures, pictures to mip levels, levels to what a tile stores.

Arrays in, arrays out; torch does the arithmetic, because its conversion to float16 is vectorised
(measured on the activations of a ResNet-50, 26.6 M values: 16 ms against 242 ms in NumPy) and its
reductions run without the interpreter lock.

Level L of a channel of n rows is `m = max(1, n >> L)` rows: row i is the mean over
`[i * n / m, (i + 1) * n / m)` of level 0, a row that lies partly inside counted by the part; columns
likewise. Level 0 is exact. A level is taken from the one below it where that is the same mean (each
of its cells is a union of whole cells below), else from level 0 with the weights of the areas.

Tiles hold finite values: NaN becomes 0, an infinity the largest finite magnitude of its channel
with its sign; how many there are stands in the manifest (`not_finite`). float16 ends at 65504:
larger values are clipped to it, and the tile's scale, which is float32, tells so.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.graph import View
from layerwalk_shared.messages import InputSpec, NodeStatistics
from layerwalk_shared.tiles import TileType, level_count, level_shape
from layerwalk_shared.views import Layout, layout

FLOAT16_LARGEST = 65504.0
FLOAT32_LARGEST = float(np.finfo(np.float32).max)
INT8_LARGEST = np.float32(127)
TINY = np.float32(1e-30)
"""Up to this scale, 127 / scale is beyond float32, so the values are divided instead."""
SCRATCH_VALUES = 2**18
"""Values quantised at a time: 1 MiB of float32, which stays in a core's cache."""
SUM_LARGEST = 1e34
"""Beyond this, float32 sums might overflow, so float64 sums up."""
CHUNK_CELLS = 64
"""Cells of a level made by one matrix product: bounds its work to 2 * 64 operations a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """A node's values as pictures, level 0.

    Attributes:
        values: `[C, h, w]` float32, finite; of images their colours, `[3 * C, h, w]` in 0..1.
        scales: `[C]` float32, largest finite magnitude of each channel; 1 of images.
        is_image: three planes, the colours, are one channel.
        largest: the largest of the scales.
    """

    values: Tensor
    scales: NDArray[np.float32]
    is_image: bool
    largest: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "largest", float(self.scales.max()))

    @property
    def shape_hw(self) -> tuple[int, int]:
        return int(self.values.shape[1]), int(self.values.shape[2])


_SWITCHING = threading.Lock()


def run_serially() -> None:
    """Make torch run on the calling thread alone there, for good; other threads keep their helpers.

    On two busy cores torch's helper threads made the work on tiles up to ten times slower, because
    every operation waits for the slowest of them (measured).

    torch keeps the number of helper threads per thread, and one for threads that have not asked
    yet; the latter is put back by a thread that ends at once.
    """
    with _SWITCHING:
        before = torch.get_num_threads()
        if before == 1:  # it does already; restoring that would make every new thread serial
            return
        torch.set_num_threads(1)
        restoring = threading.Thread(target=torch.set_num_threads, args=(before,))
        restoring.start()
        restoring.join()


def as_tensor(values: NDArray[np.generic]) -> Tensor:
    """Return a tensor of an array, without a copy where DLPack can; never written to."""
    try:
        return torch.from_dlpack(values)  # type: ignore[attr-defined]
    except (BufferError, RuntimeError, TypeError):  # read-only in old NumPy, or an exotic type
        return torch.from_numpy(np.array(values))


def make_pictures(
    values: NDArray[np.generic],
    *,
    view: View,
    input_spec: InputSpec,
    channels: slice = slice(None),
    statistics: NodeStatistics | None = None,
) -> Pictures:
    """Return the pictures of a node's values.

    Args:
        values: the node's tensor without batch axis, any real type.
        view: how it is shown; the sizes are those of `layerwalk_shared.views.layout`.
        input_spec: its mean and std turn an input back into the picture that it was made of.
        channels: only these; an image has one.
        statistics: of the node, where they are known: they spare looking for what is not there.
    """
    tensor = as_tensor(values)
    if view == "image":
        return _images(tensor[None], input_spec, is_fitted=False)
    if view == "pictures":
        return _images(tensor[channels], input_spec, is_fitted=True)
    tensor = arrange(tensor, view, channels=channels)
    if statistics is None or statistics.not_finite or statistics.scale > FLOAT32_LARGEST:
        return _finite(tensor)
    flat = tensor.reshape(len(tensor), -1)
    scales = flat.amax(1) if statistics.minimum >= 0 else _magnitudes(flat)
    return Pictures(tensor, scales.numpy(), is_image=False)


def arrange(tensor: Tensor, view: View, *, channels: slice = slice(None)) -> Tensor:
    """Return the values as `[C, h, w]` float32; NaN and infinities stay, images keep colours.

    Args:
        tensor: without batch axis, any real type.
        view: how it is shown; see `layerwalk_shared.views.layout`. Cells without an element are 0.
        channels: only these; no others are touched.
    """
    laid = layout(view, tuple(tensor.shape))
    if view == "image":
        return tensor.to(torch.float32)
    if view == "pictures":
        return tensor[channels].to(torch.float32).flatten(0, 1)
    if tensor.numel() == 0:
        return torch.zeros(laid.pictures)[channels]
    slices = as_slices(tensor, laid, channels=channels)
    return _on_one_picture(slices, laid.rows, laid.columns)


def as_slices(tensor: Tensor, laid: Layout, *, channels: slice = slice(None)) -> Tensor:
    """Return the values `[C, S, h, w]` float32: the slices of each channel, those left out aside.

    Args:
        tensor: without batch axis, with at least one element.
        laid: of its view, which is no image.
        channels: only these; no others are touched.
    """
    named = tensor[laid.skipped :] if laid.skipped else tensor
    named = named.reshape(laid.sizes)
    if "c" in laid.order:
        first, last, step = channels.indices(laid.channels)
        assert step == 1
        named = named.narrow(laid.order.index("c"), first, last - first)
    named = named.permute([laid.order.index(axis) for axis in "csyx" if axis in laid.order])
    for position, axis in enumerate("csyx"):
        if axis not in laid.order:
            named = named.unsqueeze(position)
    return named.to(torch.float32)


def _on_one_picture(slices: Tensor, rows: int, columns: int) -> Tensor:
    """Return the slices of `[C, S, h, w]` in a grid, `[C, rows * h, columns * w]`; zeros behind."""
    channels, count, height, width = slices.shape
    missing = rows * columns - count
    if missing:
        slices = torch.cat((slices, slices.new_zeros(channels, missing, height, width)), 1)
    if columns > 1 and (height > 1 or width > 1):
        cells = slices.reshape(channels, rows, columns, height, width)
        slices = cells.transpose(2, 3)
    return slices.reshape(channels, rows * height, columns * width)


def _images(tensor: Tensor, input_spec: InputSpec, *, is_fitted: bool) -> Pictures:
    """Return the pictures that inputs `[N, 1 or 3, h, w]` were made of, colours as planes.

    What lies outside of 0..1 is clipped; `is_fitted`: a picture that reaches beyond is squeezed, so
    that three standard deviations around its mean, and 0 and 1, find room.
    """
    colours = tensor.to(torch.float32)
    count, planes, height, width = colours.shape
    if len(input_spec.mean) == len(input_spec.std) == planes:
        std = torch.tensor(input_spec.std, dtype=torch.float32)
        mean = torch.tensor(input_spec.mean, dtype=torch.float32)
        colours = colours * std[:, None, None] + mean[:, None, None]
    colours = torch.nan_to_num(colours, nan=0.0, posinf=1.0, neginf=0.0)
    if is_fitted and count:
        flat = colours.flatten(1)
        around, spread = flat.mean(1), 3 * flat.std(1, correction=0)
        low = torch.maximum(flat.amin(1), around - spread).clamp(max=0.0)[:, None, None, None]
        high = torch.minimum(flat.amax(1), around + spread).clamp(min=1.0)[:, None, None, None]
        colours = (colours - low) / (high - low)
    colours = colours.clamp(0, 1).expand(-1, 3, -1, -1)
    values = colours.reshape(3 * count, height, width)
    return Pictures(values, np.ones(count, np.float32), is_image=True)


def _finite(tensor: Tensor) -> Pictures:
    scales = _magnitudes(tensor.reshape(len(tensor), -1))
    if not bool(torch.isfinite(scales).all()):
        known = torch.where(torch.isfinite(tensor), tensor, 0.0)
        scales = _magnitudes(known.reshape(len(tensor), -1))
        bound = scales[:, None, None]
        tensor = torch.maximum(torch.minimum(torch.nan_to_num(tensor, nan=0.0), bound), -bound)
    return Pictures(tensor, scales.numpy(), is_image=False)


def _magnitudes(flat: Tensor) -> Tensor:
    return torch.maximum(flat.amax(1), -flat.amin(1)).abs()


def make_level(pictures: Pictures, level: int) -> Tensor:
    """Return a mip level, `[C, h >> level, w >> level]` float32.

    Raises:
        NotFoundError: the pictures have no such level.
    """
    shape_hw = pictures.shape_hw
    count = level_count(shape_hw)
    if not 0 <= level < count:
        raise NotFoundError(
            f"level {level} does not exist: {shape_hw[0]} x {shape_hw[1]} has 0 to {count - 1}"
        )
    if level == 0:
        return pictures.values
    values = pictures.values
    if pictures.largest > SUM_LARGEST:
        values = values.double()
    return _reduced(values, shape_hw, level).to(torch.float32)


def _reduced(values: Tensor, shape_hw: tuple[int, int], level: int) -> Tensor:
    """Return level `level` >= 1 of level-0 values: through the levels below where that is exact."""
    path = [level]
    while path[-1] > 0:
        below = level_shape(shape_hw, path[-1] - 1)
        here = level_shape(shape_hw, path[-1])
        path.append(
            path[-1] - 1 if all(b % h == 0 for b, h in zip(below, here, strict=True)) else 0
        )
    path.reverse()
    cells = 1
    for before, after in pairwise(path):
        height, width = level_shape(shape_hw, after)
        above_h, above_w = level_shape(shape_hw, before)
        if above_h % height == 0 and above_w % width == 0:
            rows, columns = above_h // height, above_w // width
            values = _sum_columns(_sum_rows(values, rows), columns)
            cells *= rows * columns
        else:
            values = _average_columns(values.transpose(1, 2).contiguous(), height)
            values = _average_columns(values.transpose(1, 2).contiguous(), width)
    return values.mul_(1 / cells) if cells > 1 else values


def _sum_rows(values: Tensor, step: int) -> Tensor:
    """Return the sums of every `step` neighbours down."""
    if step == 1:
        return values
    total = values[:, 0::step] + values[:, 1::step]
    for start in range(2, step):
        total += values[:, start::step]
    return total


def _sum_columns(values: Tensor, step: int) -> Tensor:
    """Return the sums of every `step` neighbours across."""
    if step == 1:
        return values
    total = values[:, :, 0::step] + values[:, :, 1::step]
    for start in range(2, step):
        total += values[:, :, start::step]
    return total


def _average_columns(values: Tensor, cells: int) -> Tensor:
    """Return the means over `cells` equal parts of the last axis of `[C, n, m]`."""
    size = int(values.shape[2])
    if size == cells:
        return values
    result = values.new_empty((*values.shape[:2], cells))
    for first in range(0, cells, CHUNK_CELLS):
        last = min(first + CHUNK_CELLS, cells)
        start, weights = _area_weights(size, cells, first, last)
        result[:, :, first:last] = values[:, :, start : start + len(weights)] @ weights
    return result


@lru_cache(maxsize=256)
def _area_weights(size: int, cells: int, first: int, last: int) -> tuple[int, Tensor]:
    """Return where cells `first` to `last` begin, and how much of each value each one takes.

    The second has shape [values, last - first]; every column sums to 1. Exact in integers: value
    v covers [v * cells, (v + 1) * cells), cell c covers [c * size, (c + 1) * size).
    """
    start = first * size // cells
    stop = -(-last * size // cells)
    value = np.arange(start, stop, dtype=np.int64)[:, None]
    cell = np.arange(first, last, dtype=np.int64)[None, :]
    low = np.maximum(value * cells, cell * size)
    high = np.minimum((value + 1) * cells, (cell + 1) * size)
    weights = np.maximum(high - low, 0) / size
    return start, torch.from_numpy(weights.astype(np.float32))


def store(
    level: Tensor,
    *,
    scales: NDArray[np.float32],
    largest: float,
    dtype: TileType,
    out: NDArray[np.generic],
    scratch: NDArray[np.float32] | None = None,
) -> None:
    """Write a level as a tile stores it.

    Args:
        level: `[C, h, w]` float32; of images `[3 * C, h, w]` in 0..1.
        scales: `[C]`, of level 0.
        largest: at least the largest of them.
        dtype: FLOAT16, INT8 (`rint(127 * value / scale)`), RGB8 for images.
        out: `[C, h, w]` float16 or int8, or `[C, h, w, 3]` uint8; written.
        scratch: `[SCRATCH_VALUES]` to work in, so that no fresh memory is needed.
    """
    target = torch.from_numpy(out)
    if dtype is TileType.RGB8:
        colours = (level * 255).round_().reshape(len(target), 3, *level.shape[1:])
        target.copy_(colours.permute(0, 2, 3, 1))
    elif dtype is TileType.FLOAT16:
        if largest > FLOAT16_LARGEST:
            level = level.clamp(-FLOAT16_LARGEST, FLOAT16_LARGEST)
        target.copy_(level)
    else:
        _quantise(level.numpy(), scales, out=out, scratch=scratch)


def _quantise(
    values: NDArray[np.float32],
    scales: NDArray[np.float32],
    *,
    out: NDArray[np.generic],
    scratch: NDArray[np.float32] | None,
) -> None:
    """Write `rint(127 * value / scale)`; NumPy is the quicker here, if its steps take no memory.

    A piece at a time, so that all steps find it in the cache.
    """
    factors = np.divide(INT8_LARGEST, scales, out=np.zeros_like(scales), where=scales > TINY)
    size = int(values[0].size)
    if scratch is None or size > len(scratch):
        scratch = np.empty(max(size, SCRATCH_VALUES), np.float32)
    step = len(scratch) // size
    for first in range(0, len(values), step):
        part = values[first : first + step]
        into = scratch[: part.size].reshape(part.shape)
        np.multiply(part, factors[first : first + step, None, None], out=into)
        np.rint(into, out=into)
        np.copyto(out[first : first + step], into, casting="unsafe")
    for channel in np.flatnonzero((scales > 0) & (scales <= TINY)):
        out[channel] = np.rint(values[channel] / scales[channel] * INT8_LARGEST)
