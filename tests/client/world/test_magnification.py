"""The magnifying glass: what is under the pointer stays there, and the picture keeps to its room."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis.strategies import builds, floats, integers, tuples

from layerwalk_client.world.magnification import (
    LARGEST_CELL,
    Glass,
    Room,
    enlarged,
    looking_at,
    moved,
    seen_cells,
    zoomed,
)

PICTURES = tuples(integers(1, 700), integers(1, 700))
ROOMS = builds(Room, integers(0, 60), integers(0, 60), integers(100, 1900), integers(100, 1000))
SHARES = tuples(floats(0, 0.999), floats(0, 0.999))


def at(share: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    return share[0] * size[0], share[1] * size[1]


@given(picture=PICTURES, room=ROOMS, share=SHARES, steps=floats(-3, 40))
def test_the_picture_fills_its_room_or_stands_in_the_middle_of_it(
    picture: tuple[int, int], room: Room, share: tuple[float, float], steps: float
) -> None:
    glass = zoomed(
        looking_at(Glass(1.0, (0, 0)), at(share, picture), picture), steps, picture, room
    )
    where = enlarged(glass, picture, room)
    for count, start, first, size in (
        (picture[0], where.left, room.left, room.width),
        (picture[1], where.top, room.top, room.height),
    ):
        extent = count * where.cell
        if extent <= size:
            assert start + extent / 2 == pytest.approx(first + size / 2, abs=0.51)
        else:
            assert start <= first
            assert start + extent >= first + size - 1
    assert where.cell <= max(LARGEST_CELL, min(room.width / picture[0], room.height / picture[1]))
    if where.cell >= 2:
        assert where.cell == int(where.cell)


@given(picture=PICTURES, room=ROOMS, share=SHARES)
def test_without_the_wheel_all_of_the_picture_is_seen(
    picture: tuple[int, int], room: Room, share: tuple[float, float]
) -> None:
    glass = looking_at(Glass(1.0, (0, 0)), at(share, picture), picture)
    where = enlarged(glass, picture, room)
    assert picture[0] * where.cell <= room.width + 1e-6
    assert picture[1] * where.cell <= room.height + 1e-6
    assert seen_cells(where, picture, room) == (range(picture[1]), range(picture[0]))


@given(share=tuples(floats(0.3, 0.7), floats(0.3, 0.7)), first=floats(12, 16), steps=floats(0.5, 4))
def test_what_is_under_the_pointer_stays_there(
    share: tuple[float, float], first: float, steps: float
) -> None:
    picture, room = (224, 224), Room(20, 20, 1200, 600)
    pixel = room.left + share[0] * room.width, room.top + share[1] * room.height
    glass = zoomed(Glass(1.0, (112.0, 112.0)), first, picture, room)
    before = enlarged(glass, picture, room)
    after = enlarged(zoomed(glass, steps, picture, room, at=pixel), picture, room)
    # To the pixel that corners are rounded to.
    for one, other in zip(before.place_at(pixel), after.place_at(pixel), strict=True):
        assert one == pytest.approx(other, abs=0.5 / before.cell + 0.5 / after.cell + 1e-9)


@given(picture=PICTURES, room=ROOMS, by=tuples(floats(-5e3, 5e3), floats(-5e3, 5e3)))
def test_the_focus_never_leaves_the_picture(
    picture: tuple[int, int], room: Room, by: tuple[float, float]
) -> None:
    glass = moved(Glass(3.0, (0.5, 0.5)), by, picture, room)
    for place, count in zip(glass.focus, picture, strict=True):
        assert 0 <= math.floor(place) < count


@given(picture=PICTURES, room=ROOMS, share=SHARES, steps=floats(0, 30))
def test_the_cells_that_are_seen_are_those_in_the_room(
    picture: tuple[int, int], room: Room, share: tuple[float, float], steps: float
) -> None:
    glass = zoomed(
        looking_at(Glass(1.0, (0, 0)), at(share, picture), picture), steps, picture, room
    )
    where = enlarged(glass, picture, room)
    _, columns = seen_cells(where, picture, room)
    for column in (columns.start - 1, columns.start, columns.stop - 1, columns.stop):
        left = where.left + column * where.cell
        overlaps = left + where.cell > room.left + 1e-6 and left < room.left + room.width - 1e-6
        assert (column in columns) == (overlaps and 0 <= column < picture[0]) or not overlaps
