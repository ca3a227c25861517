"""The magnifying glass: which part of a picture is seen how large. Pixels of the view, x right, y down;
places in the picture are (x, y) in its own pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

Point = tuple[float, float]
STEP = 1.25
"""Factor on the zoom for a step of the wheel."""
LARGEST_CELL = 192.0
"""Pixels of the view that one of the picture takes at most."""
WHOLE_FROM = 2.0
"""From so many pixels on, a pixel of the picture is a whole number of them: all equally large."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where the picture may be seen: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Glass:
    """How one looks.

    Attributes:
        zoom: 1 fits the picture into the room.
        focus: place in the picture that is looked at.
    """

    zoom: float
    focus: Point


@dataclass(frozen=True, slots=True)
class Enlarged:
    """Where the picture is: its upper left corner, and the side of one of its pixels."""

    left: float
    top: float
    cell: float

    def place_at(self, pixel: Point) -> Point:
        """Return the place in the picture under a pixel of the view."""
        return (pixel[0] - self.left) / self.cell, (pixel[1] - self.top) / self.cell


def enlarged(glass: Glass, picture_wh: tuple[int, int], room: Room) -> Enlarged:
    """Return where a picture is seen: in the middle of the room where it fits, else with its focus
    as near to there as the picture's edges allow."""
    cell = _cell(glass.zoom, picture_wh, room)
    sides = zip(
        picture_wh, glass.focus, (room.left, room.top), (room.width, room.height), strict=True
    )
    left, top = (_start(count * cell, at * cell, first, size) for count, at, first, size in sides)
    return Enlarged(left, top, cell)


def _cell(zoom: float, picture_wh: tuple[int, int], room: Room) -> float:
    fit = min(room.width / picture_wh[0], room.height / picture_wh[1])
    cell = min(max(fit, LARGEST_CELL), fit * zoom)
    return float(int(cell)) if cell >= WHOLE_FROM else cell


def _start(extent: float, focus: float, first: float, size: float) -> float:
    if extent <= size:
        return float(round(first + (size - extent) / 2))
    wished = first + size / 2 - focus
    return float(round(min(first, max(first + size - extent, wished))))


def zoomed(
    glass: Glass, steps: float, picture_wh: tuple[int, int], room: Room, *, at: Point | None = None
) -> Glass:
    """Return the glass after so many steps of the wheel.

    Args:
        glass: before.
        steps: positive is larger.
        picture_wh: of the picture.
        room: for it.
        at: pixel of the view whose place stays where it is; None: the focus does.
    """
    most = LARGEST_CELL / _cell(1.0, picture_wh, room)
    zoom = min(max(glass.zoom * STEP**steps, 1.0), max(1.0, most))
    if at is None:
        return replace(glass, zoom=zoom)
    under = enlarged(glass, picture_wh, room).place_at(at)
    cell = _cell(zoom, picture_wh, room)
    focus = tuple(
        place - (pixel - middle) / cell
        for place, pixel, middle in zip(under, at, room.middle, strict=True)
    )
    return looking_at(Glass(zoom, (focus[0], focus[1])), (focus[0], focus[1]), picture_wh)


def looking_at(glass: Glass, place: Point, picture_wh: tuple[int, int]) -> Glass:
    """Return the glass with another focus, within the picture."""
    x, y = (
        min(max(part, 0.0), math.nextafter(count, 0.0))
        for part, count in zip(place, picture_wh, strict=True)
    )
    return replace(glass, focus=(x, y))


def moved(glass: Glass, by: Point, picture_wh: tuple[int, int], room: Room) -> Glass:
    """Return the glass with its focus moved by pixels of the view."""
    cell = _cell(glass.zoom, picture_wh, room)
    return looking_at(
        glass, (glass.focus[0] + by[0] / cell, glass.focus[1] + by[1] / cell), picture_wh
    )


def seen_cells(where: Enlarged, picture_wh: tuple[int, int], room: Room) -> tuple[range, range]:
    """Return the rows and the columns of the picture that are seen, wholly or in part."""
    columns, rows = (
        range(
            max(0, math.floor((first - start) / where.cell)),
            min(count, math.ceil((first + size - start) / where.cell)),
        )
        for first, size, start, count in (
            (room.left, room.width, where.left, picture_wh[0]),
            (room.top, room.height, where.top, picture_wh[1]),
        )
    )
    return rows, columns
