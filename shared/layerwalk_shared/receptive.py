"""The receptive field of a node: which pixels of a picture a value can see at all."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, Positive

Step = Annotated[FiniteFloat, Field(gt=0)]


class ReceptiveField(Frozen):
    """Value (row, column) of a node sees the pixels from `start + place * stride` on, `size` of them.

    All of it in (height, width), pixels of the input; it reaches beyond the picture where there is
    padding.

    Attributes:
        input: id of the input node.
        size_hw: pixels that are seen.
        stride_hw: pixels from one value's field to the next one's.
        start_hw: first pixel of the field of value (0, 0); negative within padding.
    """

    input: str
    size_hw: tuple[Positive, Positive]
    stride_hw: tuple[Positive, Positive]
    start_hw: tuple[int, int]

    def at(self, row: int, column: int, shape_hw: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return (top, left, bottom, right), the last two exclusive, within a picture of `shape_hw`."""
        edges: list[tuple[int, int]] = []
        for place, size, stride, start, length in zip(
            (row, column), self.size_hw, self.stride_hw, self.start_hw, shape_hw, strict=True
        ):
            first = start + place * stride
            low = min(max(0, first), length)
            edges.append((low, max(low, min(length, first + size))))
        (top, bottom), (left, right) = edges
        return top, left, bottom, right

    @property
    def area(self) -> int:
        """Pixels that are seen."""
        return math.prod(self.size_hw)
