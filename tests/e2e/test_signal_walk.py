"""Following a signal and changing weights, by keys, on a real server."""

import numpy as np
import pygame
import pytest

from layerwalk_client.source.asking import PutInput
from layerwalk_client.source.http import HttpSource
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.intents import AskSaliency

pytestmark = pytest.mark.gl


@pytest.fixture
def hand(hand_on, server):
    made = hand_on(lambda bell: HttpSource(server.url, on_arrival=bell))
    made.settle()
    return made


def _aim(hand, node, channel):
    """Let the pointer rest on a channel of a node's wall."""
    wall = hand.face(node)
    x, y = wall.channel_origin(channel)
    right, up = x + wall.tile_wh[0] / 2 - wall.size_wh[0] / 2, y - wall.tile_wh[1] / 2
    point = (wall.centre[0] + right, wall.centre[1] - wall.size_wh[1] / 2 + up, wall.centre[2])
    hand.move(hand.pixel_of(point))
    hand.frames(2)


def test_a_signal_is_followed_through_new_pictures_and_ended(hand, item):
    walker = hand.walker
    signals = walker.signals
    _aim(hand, "conv2", 5)
    hand.key(pygame.K_q)
    hand.until(lambda: signals.glow is not None)
    network = walker.stage.network
    index = network.graph.index
    assert (signals.found.node, signals.found.unit) == ("conv2", 5)
    assert "signal to conv2 channel 5" in signals.line
    glow = signals.glow
    assert np.flatnonzero(glow.channels[index["conv2"]]).tolist() == [5]
    assert set(glow.nodes) == {index[name] for name in ("input", "stem.0", "stem.1", "conv1",
                                                        "relu", "conv2")}  # fmt: skip
    assert glow.edges[index["conv1"], index["relu"]] == pytest.approx(
        np.copysign(1.0, glow.nodes[index["relu"]])
    )
    walker.stage.submit(PutInput("n1", item))
    hand.until(lambda: signals.glow is not glow)  # another picture is followed by itself
    assert signals.found.snapshot == walker.stage.shown.id
    hand.until(lambda: not walker.is_active)
    hand.key(pygame.K_ESCAPE)
    assert not signals.is_on
    assert signals.glow is None


def test_without_a_pointer_the_answer_is_followed_and_q_ends_it(hand):
    signals = hand.walker.signals
    hand.move((2, 2))
    hand.walker.selection = None
    hand.frames(2)
    hand.key(pygame.K_q)
    hand.until(lambda: signals.glow is not None)
    best = hand.walker.stage.shown.top[0]
    assert (signals.found.node, signals.found.unit, signals.found.name) == (
        "fc", best.index, best.name,
    )  # fmt: skip
    assert signals.line.startswith(f"signal to {best.name}")
    hand.key(pygame.K_q)
    assert signals.glow is None
    assert signals.line == ""


def test_a_channel_is_silenced_the_answer_changes_and_the_signal_with_it(hand):
    walker = hand.walker
    first = walker.stage.shown
    hand.move((2, 2))
    hand.key(pygame.K_q)
    hand.until(lambda: walker.signals.glow is not None)
    glow = walker.signals.glow
    _aim(hand, "stem.1", 2)  # a rectifier: its channels are those of the convolution before it
    hand.key(pygame.K_z)
    hand.until(lambda: walker.stage.shown is not first and walker.stage.shown.id != first.id)
    hand.until(lambda: walker.signals.glow is not glow)
    assert [(one.node, one.silenced) for one in walker.editing.nodes] == [("stem.0", (2,))]
    assert walker.stage.shown.top != first.top
    texts = [label.text for label in walker.stage.scene.labels]
    assert "edited: 1 channel" in texts
    assert any(text.startswith("weights are edited; before: ") for text in texts)
    assert walker.signals.glow.channels[walker.stage.network.graph.index["stem.1"]][2] == 0
    edited = walker.stage.shown
    hand.key(pygame.K_z, pygame.KMOD_LALT)
    hand.until(lambda: walker.stage.shown.id != edited.id and not walker.editing.nodes)
    hand.frames(2)
    assert [one.probability for one in walker.stage.shown.top] == pytest.approx(
        [one.probability for one in first.top]
    )
    assert not any(label.text.startswith("edited") for label in walker.stage.scene.labels)


def test_what_has_no_weights_is_said(hand):
    walker = hand.walker
    _aim(hand, "add", 1)
    hand.key(pygame.K_z)
    assert walker.notice.text == "add is made by no weights of its own"
    hand.move((2, 2))
    hand.frames(2)
    hand.key(pygame.K_z)
    assert walker.notice.text == "point at a channel first"
    hand.key(pygame.K_z, pygame.KMOD_LALT)
    assert walker.notice.text == "no weights are edited"


def test_what_of_the_input_made_the_answer_is_a_map_over_it(hand, item):
    walker = hand.walker
    hand.key(pygame.K_F8)
    panel = walker.tools.panels.content("attribution")
    hand.until(lambda: panel.picture is not None)
    best = walker.stage.shown.top[0]
    assert panel.subject == best.name
    assert panel.picture.size_wh == (32, 32)
    assert "without the input" in panel.detail
    first = panel.picture
    walker.tools.carry_out("attribution", AskSaliency("gradcam"))
    hand.until(lambda: panel.picture is not first and panel.share is None)
    assert panel.problem == ""
    shown = walker.stage.shown.id
    walker.stage.submit(PutInput("n1", item))
    hand.until(lambda: walker.stage.shown.id != shown)
    before = panel.picture
    hand.until(lambda: panel.picture is not before)  # another picture is explained by itself
    hand.until(lambda: not walker.is_active)


def test_without_a_server_it_is_said(hand_on):
    hand = hand_on(lambda ring: MemorySource(on_arrival=ring))
    hand.settle()
    hand.move((2, 2))
    hand.key(pygame.K_q)
    hand.frames(3)
    assert not hand.walker.signals.is_on
    assert "a server is needed" in hand.walker.notice.text
