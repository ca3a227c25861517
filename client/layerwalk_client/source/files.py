"""What may be fetched as a file, to be written as it comes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from layerwalk_shared.messages import RangeMode

NodeForm = Literal["png", "npy", "npz"]


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result of a maximisation as a file: a sheet of pictures with a legend, or its arrays."""

    snapshot: str
    form: Literal["png", "npz"]

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class NodeFile:
    """A node's values as a file: a sheet of its channels with a legend, or exact arrays.

    Attributes:
        channels: (first, behind) of each slice; () all. Of an NPY file one slice at most.
        table, mode, manual, percentile: how values become colours on a sheet.
    """

    snapshot: str
    node: str
    form: NodeForm
    channels: tuple[tuple[int, int], ...] = ()
    table: str = "coolblack"
    mode: RangeMode = "percentile"
    manual: float = 1.0
    percentile: float = 99.0

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self
