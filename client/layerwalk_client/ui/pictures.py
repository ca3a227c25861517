"""Where panels get pictures from: each is a part of a texture, or not there yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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


class Thumbnails(Protocol):
    """Thumbnails and names of data set items; asking for one that is missing fetches its page."""

    def thumbnail(self, dataset: str, item: int) -> Picture | None:
        """Return the thumbnail, or None while it is on its way."""

    def name(self, dataset: str, item: int) -> str:
        """Return the item's name and label for people, "" while they are on their way."""

    def items_of(self, dataset: str, label: str | None) -> range | list[int]:
        """Return the items with that label as far as they are known; None: all."""
