"""Maximised images handled as a person would: looked at, stepped through, picked, put down."""

import pygame
import pytest

from e2e.walking import live_names
from layerwalk_client.app import overlay
from layerwalk_client.app.maximising.results import maximised_of
from layerwalk_client.source.asking import Maximise
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.world.picking import point_of
from layerwalk_shared.messages import ChannelInput, MaximiseRequest

pytestmark = pytest.mark.gl
NODE = "block1.conv1"


@pytest.fixture
def begin(hand_on):
    """Return a function that walks in the made-up network; gives the hand and the source."""

    def start():
        sources = []

        def make(ring):
            sources.append(MemorySource(on_arrival=ring))
            return sources[0]

        hand = hand_on(make)
        hand.settle()
        return hand, sources[0]

    return start


def maximise(hand, source, previews, **more):
    hand.walker.stage.submit(Maximise("synthetic", MaximiseRequest(node=NODE, **more)))
    source.work(previews)
    hand.frame()
    hand.settle()


def seen(hand):
    index = hand.walker.stage.network.graph.index[NODE]
    return hand.walker.stage.gallery.manifest_of(index)


def point_at(hand, picture):
    wall = hand.face(NODE)
    hand.move(hand.pixel_of(point_of(wall, picture)))
    hand.frames(3)
    assert hand.walker.pointed.hit.channel == picture


def test_a_picture_is_read_picked_up_and_put_on_the_input(begin):
    hand, source = begin()
    maximise(hand, source, 100, channels=(9, 17, 4))
    point_at(hand, 1)
    image = maximised_of(seen(hand)).images[1]
    readout = overlay.hud_of(hand.walker, hand.now_s).readout
    assert readout.place == "channel 17"
    assert readout.value.startswith(f"{image.activation:.2f}, next {image.rival.channel}: ")
    wall = hand.face(NODE)
    hand.click(hand.pixel_of(point_of(wall, 1)))
    held = hand.walker.tools.hand.holding
    assert held.image == ChannelInput(snapshot=seen(hand).id, node=NODE, channel=17)
    assert held.title == f"{NODE}  17  maximised"
    assert held.pixels.shape[2] == 3  # in its own colours
    before = hand.walker.stage.shown.id
    hand.click(hand.pixel_of(hand.face("input").centre))
    hand.settle()
    assert hand.walker.stage.shown.id != before
    assert hand.walker.stage.shown.input.title == f"{NODE} 17 maximised"
    assert seen(hand) is not None  # the result hangs where it did


def test_keys_step_through_the_run_under_the_pointer(begin):
    hand, source = begin()
    maximise(hand, source, 4)
    point_at(hand, 3)
    assert maximised_of(seen(hand)).step == 100
    hand.key(pygame.K_COMMA)
    hand.key(pygame.K_COMMA)
    hand.settle()
    assert maximised_of(seen(hand)).step == 50
    assert hand.walker.notice.text == f"{NODE}: step 50 of 200"
    source.work(2)
    hand.frame()
    hand.settle()
    assert maximised_of(seen(hand)).step == 50
    hand.key(pygame.K_PERIOD)
    hand.settle()
    assert maximised_of(seen(hand)).step == 75
    hand.key(pygame.K_END)
    hand.settle()
    assert maximised_of(seen(hand)).step == 150
    hand.key(pygame.K_PERIOD)  # beyond the newest one follows
    source.work(2)
    hand.frame()
    hand.settle()
    assert maximised_of(seen(hand)).is_final


def test_v_goes_through_the_modes_of_a_wall(begin):
    hand, source = begin()
    hand.face(NODE)
    hand.move((240, 135))
    hand.frames(2)
    hand.key(pygame.K_v)
    assert "no maximised images yet" in hand.walker.notice.text
    maximise(hand, source, 100)
    point_at(hand, 3)
    assert seen(hand) is not None
    hand.key(pygame.K_v)
    assert "in turn" in hand.walker.notice.text
    assert hand.walker.stage.gallery.rest_s is not None
    turns = set()
    for _ in range(60 * 8):
        hand.frame()
        turns.add(seen(hand) is not None)
    assert turns == {True, False}
    hand.key(pygame.K_v)
    assert hand.walker.notice.text == f"{NODE}: the network's values"
    hand.settle()
    assert seen(hand) is None
    readout = overlay.hud_of(hand.walker, hand.now_s).readout
    assert readout.value != ""  # the network's values again


def test_what_is_on_the_wall_is_told_to_tools(begin):
    hand, source = begin()
    maximise(hand, source, 100)
    told = hand.walker.stage.gallery.told()
    assert told == {NODE: (seen(hand).id, 200, "images")}


def test_at_rest_nothing_is_drawn_while_images_hang(begin):
    hand, source = begin()
    maximise(hand, source, 100)
    hand.face(NODE)
    hand.settle()
    hand.frames(120)
    assert hand.frames(30) == [False] * 30


def test_pictures_that_follow_each_other_leave_no_gl_objects_behind(begin):
    hand, source = begin()
    hand.face(NODE)
    counts = set()
    for round_ in range(4):
        channels = (9, 17, 4)[: 2 + round_ % 2]
        maximise(hand, source, 3, channels=channels, seed=round_)
        maximise(hand, source, 100, channels=channels, seed=round_ + 10)
        hand.settle()
        assert maximised_of(seen(hand)).is_final
        if round_ >= 2:
            counts.add(len(live_names()))
    assert len(counts) == 1
