"""Places for rectangles on square pages: shelves, tallest first. Pure, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rectangle lies: page, x, y."""

    page: int
    x: int
    y: int


def pack(
    sizes_wh: Sequence[tuple[int, int]], page_side: int
) -> tuple[list[Place], list[tuple[int, int]]]:
    """Place rectangles on pages without overlap.

    Args:
        sizes_wh: widths and heights.
        page_side: largest width and height of a page; a rectangle that is larger gets a page of
            its own size.

    Returns:
        The place of each rectangle, and the used (width, height) of each page.
    """
    places: list[Place | None] = [None] * len(sizes_wh)
    pages: list[list[int]] = []  # used width, used height
    page, shelf_x, shelf_y, shelf_height = -1, 0, 0, 0
    order = sorted(range(len(sizes_wh)), key=lambda i: (-sizes_wh[i][1], -sizes_wh[i][0], i))
    for item in order:
        width, height = sizes_wh[item]
        if width > page_side or height > page_side:
            places[item] = Place(len(pages), 0, 0)
            pages.append([width, height])
            continue
        if page < 0 or shelf_x + width > page_side:
            shelf_x, shelf_y, shelf_height = 0, shelf_y + shelf_height, height
            if page < 0 or shelf_y + height > page_side:
                page, shelf_y = len(pages), 0
                pages.append([0, 0])
        places[item] = Place(page, shelf_x, shelf_y)
        shelf_x += width
        pages[page][0] = max(pages[page][0], shelf_x)
        pages[page][1] = max(pages[page][1], shelf_y + height)
    return [place for place in places if place is not None], [(w, h) for w, h in pages]
