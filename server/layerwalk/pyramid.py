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
from layerwalk_shared.messages import InputSpec
from layerwalk_shared.tiles import MAX_LEVEL, TileType, level_count, level_shape
from layerwalk_shared.views import picture_shape

FLOAT16_LARGEST = 65504.0
SUM_LARGEST = 1e34
"""Beyond this, float32 sums might overflow, so float64 sums up."""
CHUNK_CELLS = 64
"""Cells of a level made by one matrix product: bounds its work to 2 * 64 operations a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """A node's values as pictures, level 0.

    Attributes:
        values: `[C, h, w]` float32, finite; of an image its colours, `[3, h, w]` in 0..1.
        scales: `[C]` float32, largest finite magnitude of each channel; of an image one 1.
        is_image: the colours are one channel.
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


def run_serially() -> None:
    """Make torch run on the calling thread alone there, for good; other threads keep their helpers.

    torch keeps the number of helper threads per thread, and one for threads that have not asked
    yet; the latter is put back by a thread that ends at once.
    """
    before = torch.get_num_threads()
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
    scales: NDArray[np.float32] | None = None,
) -> Pictures:
    """Return the pictures of a node's values.

    Args:
        values: the node's tensor without batch axis, any real type.
        view: how it is shown; the sizes are those of `layerwalk_shared.views.picture_shape`.
        input_spec: its mean and std turn an input back into the picture that it was made of.
        channels: only these; an image has one.
        scales: of these channels, where they are known and all values are finite.
    """
    tensor = as_tensor(values)
    if view == "image":
        return _image(tensor, input_spec)
    tensor = arrange(tensor, view)[channels]
    if scales is not None:
        return Pictures(tensor, scales, is_image=False)
    return _finite(tensor)


def arrange(tensor: Tensor, view: View) -> Tensor:
    """Return the values as `[C, h, w]` float32; NaN and infinities stay, images keep colours."""
    shape = tuple(tensor.shape)
    if view == "image":
        return tensor.to(torch.float32)
    count, height, width = picture_shape(view, shape)
    if view == "grid":
        cells = tensor[shape[0] - height * width :].to(torch.float32)
        return cells.T.reshape(count, height, width)
    flat = tensor.reshape(-1).to(torch.float32)
    missing = count * height * width - flat.numel()
    if missing:
        flat = torch.cat((flat, flat.new_zeros(missing)))
    return flat.reshape(count, height, width)


def _image(tensor: Tensor, input_spec: InputSpec) -> Pictures:
    colours = tensor.to(torch.float32)
    if len(input_spec.mean) == len(input_spec.std) == len(colours):
        std = torch.tensor(input_spec.std, dtype=torch.float32)
        mean = torch.tensor(input_spec.mean, dtype=torch.float32)
        colours = colours * std[:, None, None] + mean[:, None, None]
    colours = torch.nan_to_num(colours, nan=0.0, posinf=1.0, neginf=0.0).clamp(0, 1)
    return Pictures(colours.expand(3, -1, -1), np.ones(1, np.float32), is_image=True)


def _finite(tensor: Tensor) -> Pictures:
    scales = _magnitudes(tensor)
    if not bool(torch.isfinite(scales).all()):
        scales = _magnitudes(torch.where(torch.isfinite(tensor), tensor, 0.0))
        bound = scales[:, None, None]
        tensor = torch.maximum(torch.minimum(torch.nan_to_num(tensor, nan=0.0), bound), -bound)
    return Pictures(tensor, scales.numpy(), is_image=False)


def _magnitudes(tensor: Tensor) -> Tensor:
    flat = tensor.reshape(len(tensor), -1)
    return torch.maximum(flat.amax(1), -flat.amin(1)).abs()


def make_level(pictures: Pictures, level: int) -> Tensor:
    """Return a mip level, `[C, h >> level, w >> level]` float32.

    Raises:
        NotFoundError: the pictures have no such level.
    """
    shape_hw = pictures.shape_hw
    count = min(level_count(shape_hw), MAX_LEVEL + 1)
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
) -> None:
    """Write a level as a tile stores it.

    Args:
        level: `[C, h, w]` float32; of an image `[3, h, w]` in 0..1.
        scales: `[C]`, of level 0.
        largest: at least the largest of them.
        dtype: FLOAT16, INT8 (`rint(127 * value / scale)`), RGB8 for images.
        out: `[C, h, w]` float16 or int8, or `[1, h, w, 3]` uint8; written.
    """
    target = torch.from_numpy(out)
    if dtype is TileType.RGB8:
        target[0].copy_((level * 255).round_().permute(1, 2, 0))
    elif dtype is TileType.FLOAT16:
        if largest > FLOAT16_LARGEST:
            level = level.clamp(-FLOAT16_LARGEST, FLOAT16_LARGEST)
        target.copy_(level)
    else:
        divisors = torch.from_numpy(np.where(scales > 0, scales, np.float32(1)))
        target.copy_(level.div(divisors[:, None, None]).mul_(127).round_().clamp_(-127, 127))
