"""Two inputs are compared in a walk: by Shift and a click, by keys, by the panel, exactly."""

import numpy as np
import pygame
import pytest

from layerwalk_client.app.handling.hand import Holding
from layerwalk_client.source.http import HttpSource
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.compare import ComparePanel
from layerwalk_client.ui.intents import ChooseFirst, ChooseSecond
from layerwalk_shared.messages import DatasetInput, NoiseInput

pytestmark = pytest.mark.gl


@pytest.fixture
def hand(hand_on, server):
    walking = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring))
    walking.settle()
    return walking


@pytest.fixture
def quick(hand_on):
    """The same, before the made-up network."""
    walking = hand_on(lambda ring: MemorySource(on_arrival=ring))
    walking.settle()
    return walking


def hold(hand, image):
    hand.walker.tools.hand.pick_up(Holding(image, "something"))


def put_first(hand, image):
    hold(hand, image)
    hand.frames(60)  # so that it is no double click
    hand.click(hand.pixel_of(hand.face("input").centre))
    hand.settle()


def shift_click(hand, pixel):
    hand.move(pixel)
    hand.frames(2)
    shift = {"key": pygame.K_LSHIFT, "mod": pygame.KMOD_LSHIFT}
    hand.frame(
        pygame.event.Event(pygame.KEYDOWN, **shift),
        pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=pixel, button=1),
        pygame.event.Event(pygame.MOUSEBUTTONUP, pos=pixel, button=1),
        pygame.event.Event(pygame.KEYUP, key=pygame.K_LSHIFT, mod=0),
    )
    hand.frames(2)


def put_second(hand, image):
    wall = hand.face("input")
    hold(hand, image)
    shift_click(hand, hand.pixel_of(wall.centre))
    hand.settle()


def test_shift_and_a_click_put_down_what_is_compared_with(hand):
    before = hand.walker.stage.shown
    put_second(hand, NoiseInput(seed=3))
    stage = hand.walker.stage
    assert stage.shown == before
    view = stage.comparing.view
    assert view is not None
    assert view.second.input.title == "gaussian noise, seed 3"
    assert hand.walker.tools.hand.holding is None


def test_under_the_pointer_stand_both_values_and_their_exact_difference(hand, session):
    put_second(hand, NoiseInput(seed=3))
    stage = hand.walker.stage
    node = next(one.id for one in stage.network.graph.nodes if one.view == "maps")
    wall = hand.face(node)
    hand.settle()
    hand.move(hand.pixel_of(wall.centre))
    hand.until(lambda: hand.walker.compared.text() != "")
    said = hand.walker.compared.text().replace("B\N{MINUS SIGN}A", "D").split()
    told = dict(zip(said[::2], map(float, said[1::2]), strict=True))
    spot = hand.walker.spot
    view = stage.comparing.view
    exact = {}
    for name, manifest in (("A", view.first), ("B", view.second), ("D", view.difference)):
        values = session.snapshot(manifest.id).node_values(stage.network.graph.index[node])
        exact[name] = float(values[spot.index])
    assert told == {key: pytest.approx(value, rel=1e-4) for key, value in exact.items()}
    assert np.float32(exact["B"]) - np.float32(exact["A"]) == np.float32(exact["D"])


def test_keys_go_through_the_modes_and_turn_and_swap(quick):
    put_second(quick, DatasetInput(dataset="shapes", item=4))
    comparing = quick.walker.stage.comparing
    seen = []
    for _ in range(5):
        quick.key(pygame.K_MINUS)
        quick.settle()
        seen.append(comparing.mode)
    assert seen == ["blink", "pair", "halls", "off", "difference"]
    first, second = comparing.comparison.pair
    quick.key(pygame.K_EQUALS, pygame.KMOD_LSHIFT)
    quick.settle()
    assert comparing.comparison.pair == (second, first)
    assert quick.walker.stage.shown.input.title == "shapes 4"
    quick.key(pygame.K_MINUS, pygame.KMOD_LSHIFT)
    assert (comparing.mode, comparing.shows_reverse) == ("blink", True)


def test_a_key_leads_to_the_same_place_of_the_other_hall_and_back(quick):
    put_second(quick, DatasetInput(dataset="shapes", item=4))
    quick.walker.stage.comparing.set_mode("halls")
    quick.settle()
    wall = quick.face("block1.conv1")
    start = quick.walker.journey.camera
    quick.key(pygame.K_BACKSLASH)
    quick.until(lambda: quick.walker.journey.is_at_rest)
    there = quick.walker.journey.camera
    walls = [one for one in quick.walker.stage.scene.walls if one.node == wall.node]
    apart = walls[1].centre[0] - walls[0].centre[0]
    assert there.position[0] - start.position[0] == pytest.approx(apart, abs=0.01)
    quick.move(quick.pixel_of(walls[1].centre))
    quick.frames(2)
    assert quick.walker.pointed is None  # keys are about the first
    assert quick.walker.across.node.id == "block1.conv1"
    quick.key(pygame.K_BACKSLASH)
    quick.until(lambda: quick.walker.journey.is_at_rest)
    assert quick.walker.journey.camera.position == pytest.approx(start.position, abs=0.01)


def test_the_view_parts_in_two_and_is_one_again(quick):
    put_second(quick, DatasetInput(dataset="shapes", item=4))
    quick.key(pygame.K_BACKSLASH, pygame.KMOD_LSHIFT)
    quick.settle()
    walker = quick.walker
    assert walker.stage.comparing.mode == "halls"
    wall = quick.face("block1.conv1")
    quick.settle()
    whole = walker.aspect
    assert walker.split.across(walker.stage, walker.journey.camera) is not None
    width, height = walker.screen.size_wh
    assert whole == width / height / 2
    quick.move((width * 3 // 4, height // 2))  # the middle of the right half
    quick.frames(2)
    assert walker.across is not None
    assert walker.across.wall.node == wall.node
    quick.key(pygame.K_BACKSLASH, pygame.KMOD_LSHIFT)
    quick.settle()
    assert walker.aspect == 2 * whole


def test_without_a_second_the_key_compares_with_what_was_there_before(quick):
    quick.key(pygame.K_MINUS)
    assert "nothing to compare with" in quick.walker.notice.text
    put_first(quick, DatasetInput(dataset="shapes", item=7))
    quick.key(pygame.K_MINUS)
    quick.settle()
    view = quick.walker.stage.comparing.view
    assert (view.first.input.title, view.second.input.title) == ("shapes 7", "shapes 0")


def test_the_panel_lists_what_can_be_compared_and_obeys(quick):
    for item in (3, 5):
        put_first(quick, DatasetInput(dataset="shapes", item=item))
    quick.key(pygame.K_EQUALS)
    panel = quick.walker.tools.panels.content("compare")
    assert isinstance(panel, ComparePanel)
    titles = [(one.title, one.side) for one in panel.candidates]
    assert titles == [("shapes 5", "A"), ("shapes 3", None), ("shapes 0", None)]
    tools = quick.walker.tools
    third = panel.candidates[2]
    tools.carry_out("compare", ChooseSecond(third.network, third.snapshot))
    quick.settle()
    assert [one.side for one in panel.candidates] == ["A", None, "B"]
    tools.carry_out("compare", ChooseFirst(panel.candidates[1].snapshot))
    quick.settle()
    assert [one.side for one in panel.candidates] == [None, "A", "B"]
    view = quick.walker.stage.comparing.view
    assert (view.first.input.title, view.second.input.title) == ("shapes 3", "shapes 0")


def test_walls_of_a_blink_turn_while_nothing_else_happens(quick):
    put_second(quick, DatasetInput(dataset="shapes", item=4))
    quick.key(pygame.K_MINUS)
    quick.settle()
    seen = []
    for _ in range(120):
        quick.frame()
        seen.append(quick.walker.stage.comparing.shows_reverse)
    assert set(seen) == {False, True}
