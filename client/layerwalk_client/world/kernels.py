"""Weights as a sheet of kernels: where each lies, what colour it has, which one is under a point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.colours import paint
from layerwalk_shared.views import grid_shape

LARGEST_SIDE = 4096
"""Weights along a side of a sheet at most: what every GPU takes as a texture."""
MOST_VALUES = 400_000
"""Weights on one page at most: 1.6 MB that are fetched and painted while one waits."""
LIST_COLUMNS = 32
"""A list of single weights is laid in rows of so many."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KernelPlace:
    """One weight on a sheet: filter, input (None: of a list), row and column in its kernel."""

    filter: int
    input: int | None
    row: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class KernelSheet:
    """A page of a node's weights.

    Attributes:
        weights: `[F, I, h, w]`; of a matrix `h = w = 1`, of a list also `I = 1`.
        first: number of the first filter.
        total: filters of the node.
        rank: axes of the tensor itself.
    """

    weights: Floats
    first: int
    total: int
    rank: int

    @property
    def is_coloured(self) -> bool:
        """Whether a filter is one picture in red, green and blue."""
        return self.weights.shape[1] == 3 and self.rank > 2

    @property
    def is_list(self) -> bool:
        """Whether there is one weight for each unit."""
        return self.rank < 2

    @property
    def kernel_hw(self) -> tuple[int, int]:
        """Weights of one kernel, down and across."""
        return int(self.weights.shape[2]), int(self.weights.shape[3])

    @property
    def grid_hw(self) -> tuple[int, int]:
        """Kernels down and across."""
        filters, inputs = self.weights.shape[:2]
        if self.is_coloured:
            return grid_shape(filters)
        if self.is_list:
            return -(-filters // LIST_COLUMNS), min(filters, LIST_COLUMNS)
        return filters, inputs

    @property
    def last(self) -> int:
        """Number of the last filter."""
        return self.first + len(self.weights) - 1

    def pixels(self, table: str) -> NDArray[np.uint8]:
        """Return the sheet, a pixel a weight, uint8 `[H, W, 3]`.

        Kernels are scaled each filter by its own largest weight, so that weak filters are seen as
        well as strong ones; a matrix and a list as a whole, so that they can be compared.

        Args:
            table: of colours; filters over three inputs are painted in red, green and blue, zero
                in the middle.
        """
        rows, columns = self.grid_hw
        height, width = self.kernel_hw
        axes = (1, 2, 3) if self.rank > 2 else (0, 1, 2, 3)
        known = np.nan_to_num(self.weights, posinf=0.0, neginf=0.0)
        ends = np.abs(known).max(axis=axes, keepdims=True, initial=0)
        units = known / np.where(ends > 0, ends, 1)
        if self.is_coloured:
            cells = np.rint((units.transpose(0, 2, 3, 1) * 0.5 + 0.5) * 255).astype(np.uint8)
        else:
            cells = paint(units, table).reshape(-1, height, width, 3)
        sheet = np.zeros((rows * columns, height, width, 3), np.uint8)
        sheet[: len(cells)] = cells
        laid = sheet.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
        return np.ascontiguousarray(laid.reshape(rows * height, columns * width, 3))

    def at(self, down: int, across: int) -> KernelPlace | None:
        """Return the weight at a pixel of the sheet, None where there is none."""
        rows, columns = self.grid_hw
        height, width = self.kernel_hw
        if not (0 <= down < rows * height and 0 <= across < columns * width):
            return None
        (line, row), (place, column) = divmod(down, height), divmod(across, width)
        if self.is_coloured or self.is_list:
            number = line * columns + place
            if number >= len(self.weights):
                return None
            return KernelPlace(self.first + number, None, row, column)
        return KernelPlace(self.first + line, place, row, column)

    def kernel(self, place: KernelPlace) -> Floats:
        """Return the weights of the kernel at a place: `[I, h, w]` of a coloured one, else
        `[1, h, w]`."""
        found: Floats = self.weights[place.filter - self.first]
        return found if place.input is None else found[place.input : place.input + 1]


def sheet_of(values: Floats, *, first: int, shape: tuple[int, ...]) -> KernelSheet:
    """Return a page of weights as a sheet.

    Args:
        values: filters `first` and those after it, `[F, ...]`.
        first: number of the first filter.
        shape: of the whole tensor; axes between the inputs and the last are laid below each other,
            inputs beyond `LARGEST_SIDE` left away.
    """
    count = len(values)
    if len(shape) < 3:
        laid = values.reshape(count, -1, 1, 1)
    else:
        laid = values.reshape(count, shape[1], -1, shape[-1])
    return KernelSheet(laid[:, : inputs_shown(shape)], first, shape[0] if shape else 1, len(shape))


def inputs_shown(shape: tuple[int, ...]) -> int:
    """Return how many inputs of a filter a sheet has room for."""
    inputs = shape[1] if len(shape) > 1 else 1
    width = shape[-1] if len(shape) > 2 else 1
    return max(1, min(inputs, LARGEST_SIDE // max(1, width)))


def filters_shown(shape: tuple[int, ...]) -> int:
    """Return how many filters one page has."""
    if not shape:
        return 1
    each = max(1, math.prod(shape[1:]))
    height = math.prod(shape[2:-1]) if len(shape) > 2 else 1
    is_coloured = len(shape) > 2 and shape[1] == 3
    room = LARGEST_SIDE if is_coloured or len(shape) < 2 else LARGEST_SIDE // max(1, height)
    return max(1, min(shape[0], MOST_VALUES // each, room))
