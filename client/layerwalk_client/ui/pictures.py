"""Where panels get pictures from: each is a part of a texture, or not there yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from layerwalk_shared.messages import DatasetItem, ItemOrder


@dataclass(frozen=True, slots=True)
class Picture:
    """A rectangle of a texture.

    Attributes:
        texture: name that the ImGui backend knows it by.
        uv0, uv1: upper left and lower right corner, 0..1.
        size_wh: pixels of the rectangle.
    """

    texture: int
    uv0: tuple[float, float] = (0.0, 0.0)
    uv1: tuple[float, float] = (1.0, 1.0)
    size_wh: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items of a data set a panel shows, in which order.

    Attributes:
        dataset: its id.
        label: only items of that class.
        text: only items whose name or class contains it.
        order: by what.
    """

    dataset: str
    label: str | None = None
    text: str = ""
    order: ItemOrder = "index"


class Thumbnails(Protocol):
    """Items of data sets, by places in what is wanted; asking for what is missing fetches it."""

    def count(self, wanted: Wanted) -> int | None:
        """Return how many items there are, None while that is not known."""

    def item(self, wanted: Wanted, place: int) -> DatasetItem | None:
        """Return what is told of an item, None while it is on its way."""

    def thumbnail(self, wanted: Wanted, place: int) -> Picture | None:
        """Return the thumbnail, None while it is on its way."""

    def problem(self, wanted: Wanted) -> str:
        """Return why nothing comes, "" where nothing is wrong."""
