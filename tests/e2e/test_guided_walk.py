"""The guided tour leads through the network, and never stands in the way."""

import pygame
import pytest

from e2e.walking import SIZE
from layerwalk_client.app.overlay import hud_of
from layerwalk_client.app.start import Start
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.world.viewpoints import home

pytestmark = [pytest.mark.gl]


@pytest.fixture
def kept():
    return []


@pytest.fixture
def hand(hand_on, kept):
    found = hand_on(lambda bell: MemorySource(on_arrival=bell), keep_settings=kept.append)
    found.frame()
    found.settle()
    return found


def card(hand):
    return hud_of(hand.walker, hand.now_s).guide


def test_space_goes_on_left_goes_back_and_the_last_ends_it(hand, kept):
    walker = hand.walker
    assert card(hand) is None
    hand.key(pygame.K_F1, pygame.KMOD_SHIFT)
    assert card(hand).title == "The input"
    count = card(hand).count
    assert count == 8
    hand.key(pygame.K_SPACE)
    assert card(hand).place == 1
    assert "stem.conv" in card(hand).text
    hand.until(lambda: walker.journey.is_at_rest)
    assert walker.selection.node == walker.stage.network.graph.index["stem.conv"]
    hand.key(pygame.K_RIGHT)
    hand.key(pygame.K_LEFT)
    assert card(hand).place == 1
    for _ in range(count - 2):
        hand.key(pygame.K_SPACE)
    assert card(hand).place == count - 1
    assert kept == []
    hand.key(pygame.K_SPACE)
    assert card(hand) is None
    assert kept[-1].shows_guide is False
    before = walker.journey.camera.position
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE, mod=0))
    hand.until(lambda: walker.journey.camera.position[1] > before[1] + 0.05)


def test_while_one_is_led_everything_else_works(hand):
    walker = hand.walker
    hand.key(pygame.K_F1, pygame.KMOD_SHIFT)
    hand.until(lambda: walker.journey.is_at_rest)
    before = walker.journey.camera.position
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_d, mod=0))
    hand.until(lambda: walker.journey.camera.position[0] > before[0] + 0.05)
    hand.frame(pygame.event.Event(pygame.KEYUP, key=pygame.K_d, mod=0))
    hand.key(pygame.K_F6)
    assert walker.tools.panels.kinds == ("jobs",)
    hand.key(pygame.K_ESCAPE)
    assert card(hand) is None
    assert walker.tools.panels.kinds == ("jobs",), "it ended the tour alone"
    hand.key(pygame.K_ESCAPE)
    assert walker.tools.panels.kinds == ()


def test_the_card_is_clicked(hand):
    walker = hand.walker
    hand.key(pygame.K_F1, pygame.KMOD_SHIFT)
    hand.frames(3)
    spot = next(one for one in walker.screen.spots if getattr(one.intent, "by", None) == 1)
    hand.click((round((spot.left + spot.right) / 2), round((spot.top + spot.bottom) / 2)))
    assert card(hand).place == 1
    assert 0 <= spot.left < spot.right <= SIZE[0]


def test_a_newcomer_is_led_from_the_input_on_once(hand, kept):
    walker = hand.walker
    walker.start = Start(shows_intro=True, keep_settings=kept.append)
    walker.teaches = True
    walker.journey.place(home(walker.stage.scene))
    before = walker.journey.camera
    hand.frame()
    assert card(hand).place == 0
    assert walker.journey.camera == before
    assert hud_of(walker, hand.now_s).hints == ()
    hand.key(pygame.K_ESCAPE)
    hand.frames(3)
    assert card(hand) is None
    assert hud_of(walker, hand.now_s).hints, "hints are for those who do not want to be led"
