"""Held to the eye, a picture is zoomed, moved over, and its cells tell what the tensor holds."""

import math

import numpy as np
import pygame
import pytest

from e2e.walking import SIZE
from layerwalk_client.app.handling.magnifier import cell_text
from layerwalk_client.source.http import HttpSource
from layerwalk_client.world.picking import point_of

pytestmark = pytest.mark.gl


@pytest.fixture
def hand(hand_on, server):
    walking = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring))
    walking.settle()
    return walking


def hold(hand, node, channel, uv=(0.4, 0.6)):
    wall = hand.face(node)
    pixel = hand.pixel_of(point_of(wall, channel, uv))
    hand.move(pixel)
    hand.frames(2)
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=pixel, button=3))
    hand.until(
        lambda: (
            hand.walker.tools.loupe is not None
            and hand.walker.tools.loupe.pixels.shape == (32, 32, 3)
        )
    )
    return pixel


def wheel(hand, steps):
    hand.frame(pygame.event.Event(pygame.MOUSEWHEEL, y=steps, x=0))


def seen(hand):
    return hand.walker.handheld.magnifier.look(SIZE)


def test_cells_tell_the_exact_values_of_the_tensor(hand, session):
    hold(hand, "conv2", 3)
    assert seen(hand).cells == ()
    assert seen(hand).focus == (19, 12)  # where it was pointed at
    pace, camera = hand.walker.journey.pace, hand.walker.journey.camera
    wheel(hand, 9)
    hand.until(lambda: hand.walker.handheld.magnifier.exact is not None)
    assert hand.walker.journey.pace == pace
    assert hand.walker.journey.camera == camera
    held = session.snapshot(hand.walker.stage.shown.id)
    exact = held.node_values(held.graph.index["conv2"])[3]
    looked = seen(hand)
    assert (looked.focus, looked.alpha) == ((19, 12), 1.0)
    assert len(looked.cells) > 4
    for cell in looked.cells:
        assert cell.texts == (cell_text(float(exact[cell.row, cell.column]), 4),)
    assert {(cell.row, cell.column) for cell in looked.cells} >= {looked.focus}


def test_the_mouse_moves_over_the_picture_and_not_the_eye(hand):
    pixel = hold(hand, "conv2", 3)
    camera = hand.walker.journey.camera
    wheel(hand, 9)
    before = seen(hand)
    # A free pointer is the focus, once it was moved.
    room = before.room
    goal = (round(room.left + 3), round(room.top + 3))
    hand.move(goal)
    hand.frame()
    row, column = seen(hand).focus
    assert (column, row) == tuple(
        math.floor(part) for part in before.where.place_at((goal[0], goal[1]))
    )
    # Dragging moves the picture.
    first = hand.walker.handheld.magnifier.glass.focus
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=goal, button=1))
    hand.frame(pygame.event.Event(pygame.MOUSEMOTION, pos=goal, rel=(-60, -40), buttons=(1, 0, 0)))
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=goal, button=1))
    second = hand.walker.handheld.magnifier.glass.focus
    assert second[0] > first[0]
    assert second[1] > first[1]
    assert hand.walker.journey.camera == camera
    assert hand.walker.tools.hand.holding is None
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=pixel, button=3))
    hand.frame()
    assert seen(hand) is None


def test_a_channel_that_was_picked_from_afar_becomes_sharp(hand, session):
    wall = hand.face("conv2")
    camera = hand.walker.journey.camera
    far = (wall.centre[0], wall.centre[1], wall.centre[2] + 30.0)
    hand.walker.journey.place(type(camera)(position=far))
    hand.frame()
    hand.settle()
    hand.walker.tools.pick_channel(wall.node, 5)
    assert hand.walker.tools.hand.holding.pixels.shape == (8, 8, 3)
    middle = (SIZE[0] // 2, SIZE[1] // 2)
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=middle, button=3))
    hand.until(lambda: hand.walker.tools.hand.holding.pixels.shape == (32, 32, 3))
    assert hand.walker.tools.hand.holding.image.channel == 5
    wheel(hand, 12)
    hand.until(lambda: hand.walker.handheld.magnifier.exact is not None)
    held = session.snapshot(hand.walker.stage.shown.id)
    exact = held.node_values(held.graph.index["conv2"])[5]
    for cell in seen(hand).cells:
        assert cell.texts == (cell_text(float(exact[cell.row, cell.column]), 4),)


def test_a_picture_tells_its_colours(hand):
    hold(hand, "input", 0)
    wheel(hand, 14)
    looked = seen(hand)
    pixels = hand.walker.tools.loupe.pixels
    assert looked.cells
    for cell in looked.cells:
        assert cell.texts == tuple(str(part) for part in pixels[cell.row, cell.column].tolist())


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 4, "0"), (-0.5, 4, "−0.5"), (0.123456, 3, "0.123"), (1234.6, 4, "1235"),
        (1.23456e-7, 4, "1.23e−7"), (-9.87654e8, 4, "−9.88e8"), (np.float32(0.1), 4, "0.1"),
    ],
)  # fmt: skip
def test_numbers_take_little_room(value, digits, text):
    assert cell_text(float(value), digits) == text
