"""A walk next to a made-up training, and before inputs of every kind, driven by posted events."""

import io
import wave

import numpy as np
import pygame
import pytest

from layerwalk_client.source.exhibits import EXHIBITS, arranged, tensors_of
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.world.picking import point_of
from layerwalk_shared.graph import make_graph

pytestmark = pytest.mark.gl


@pytest.fixture
def begin(hand_on):
    """Return a function that walks in an exhibit; gives the hand and the source."""

    def start(exhibit=""):
        sources = []

        def make(ring):
            sources.append(MemorySource(exhibit, on_arrival=ring))
            return sources[0]

        hand = hand_on(make)
        hand.settle()
        return hand, sources[0]

    return start


def shown_step(hand):
    return hand.walker.stage.shown.step


def train(hand, source, steps):
    for step in steps:
        source.train([step], serves=[step])
        hand.frame()
        hand.settle()


def test_keys_step_through_a_training_and_end_follows_it(begin):
    hand, source = begin()
    hand.key(pygame.K_COMMA)
    assert hand.walker.notice.text == "no training is told of yet"
    train(hand, source, (0, 10, 20, 30))
    assert shown_step(hand) == 30
    hand.key(pygame.K_COMMA)
    hand.key(pygame.K_COMMA)
    assert shown_step(hand) == 10
    hand.key(pygame.K_PERIOD)
    assert shown_step(hand) == 20
    train(hand, source, (40,))
    assert shown_step(hand) == 20
    hand.key(pygame.K_END)
    hand.settle()
    assert shown_step(hand) == 40


def test_a_step_that_is_gone_is_said_to_be_and_the_picture_stays(begin):
    hand, source = begin()
    train(hand, source, (0, 10))
    source.drop([hand.walker.stage.state.training.step(0).snapshot])
    hand.frames(2)
    hand.key(pygame.K_COMMA)
    assert "its snapshot is gone" in hand.walker.notice.text
    assert shown_step(hand) == 10


def panel_pixel(hand, u, v):
    """The window's pixel of a place on the only open panel, 0..1 from its upper left."""
    (picture,) = hand.walker.tools.panels.pictures(hand.walker.journey.camera)
    right, up, _ = picture.axes()
    point = tuple(
        picture.centre[k]
        + right[k] * (u - 0.5) * picture.size_wh[0]
        + up[k] * (0.5 - v) * picture.size_wh[1]
        for k in range(3)
    )
    return hand.pixel_of(point)


def test_dragging_along_the_timeline_scrubs(begin):
    hand, source = begin()
    train(hand, source, (0, 25, 50, 75, 100))
    hand.key(pygame.K_k)
    hand.frames(5)
    panel = hand.walker.tools.panels.content("timeline")
    assert panel.course.served.tolist() == [0, 25, 50, 75, 100]
    left, right, row = 0.08, 0.97, 0.785
    hand.move(panel_pixel(hand, right, row))
    hand.frames(2)
    start = panel_pixel(hand, right, row)
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=start, button=1))
    seen = []
    for place in (0.9, 0.7, 0.5, 0.3, left):
        at = panel_pixel(hand, place, row)
        hand.frame(pygame.event.Event(pygame.MOUSEMOTION, pos=at, rel=(-40, 0), buttons=(1, 0, 0)))
        hand.frames(2)
        seen.append(shown_step(hand))
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=at, button=1))
    hand.frames(2)
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 0
    assert hand.walker.stage.state.chosen == 0
    assert panel.course.chosen == 0


def test_the_panel_of_gradients_fetches_and_flies_to_what_is_clicked(begin):
    hand, source = begin()
    train(hand, source, (0, 1000))
    hand.key(pygame.K_j)
    hand.frames(6)
    panel = hand.walker.tools.panels.content("gradients")
    assert panel.health.step == 1000
    assert panel.health.histograms
    hand.click(panel_pixel(hand, 0.09, 0.2))
    assert hand.walker.selection.node == panel.health.flows[0].node


def test_a_warning_marks_its_wall_and_goes_when_it_is_over(begin):
    hand, source = begin()
    train(hand, source, (1000,))
    network = hand.walker.stage.network

    def marked():
        return [
            label.text for label in hand.walker.stage.scene.labels if "dead units" in label.text
        ]

    warned = {warning.node for warning in hand.walker.stage.state.training.warnings()}
    assert len(marked()) == len(warned & {node.id for node in network.graph.nodes}) > 0
    train(hand, source, (5000 * 2,))
    quiet = {warning.node for warning in hand.walker.stage.state.training.warnings()}
    assert len(marked()) == len(quiet)


def test_words_are_written_and_put_on_the_input(begin):
    hand, _ = begin("gpt")
    hand.key(pygame.K_i)
    hand.frames(3)
    assert hand.walker.tools.is_typing
    panel = hand.walker.tools.panels.content("input")
    assert panel.editor.shown.tokens[1] == " quiet"
    hand.type("in a lit hall w")
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_BACKSPACE, mod=0))
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0))
    hand.settle()
    assert hand.walker.stage.shown.input.title == "in a lit hall "
    assert hand.walker.tools.panels.kinds == ()
    assert hand.walker.stage.shown.input.tokens[:3] == ("in", " a", " lit")
    hand.key(pygame.K_i)
    hand.frames(3)
    assert panel.editor.shown.tokens[:2] == ("in", " a")
    assert panel.editor.shown.values is not None


def test_a_sound_that_is_dropped_on_the_window_is_drawn(begin, tmp_path):
    hand, _ = begin("sound")
    samples = np.rint(20_000 * np.sin(np.arange(4000) * 0.4)).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())
    path = tmp_path / "tone.wav"
    path.write_bytes(content.getvalue())
    hand.frame(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    hand.settle()
    assert hand.walker.stage.shown.input.title == "tone.wav"
    hand.key(pygame.K_i)
    hand.frames(4)
    panel = hand.walker.tools.panels.content("input")
    assert panel.editor.shown.picture is not None
    assert panel.editor.shown.highest_hz == 4000
    assert panel.editor.shown.values[0, :4000] == pytest.approx(samples / 32768, abs=1e-6)


def test_a_changed_graph_keeps_the_eye_the_colours_and_what_is_selected(begin):
    hand, source = begin()
    hand.face("block1.relu")
    hand.walker.selection = None
    hand.click(hand.pixel_of(hand.face("block1.relu").centre))
    hand.key(pygame.K_t)
    hand.frames(3)
    camera, appearance = hand.walker.journey.camera, hand.walker.tools.appearance
    selected = hand.walker.selection.node
    graph = hand.walker.stage.network.graph
    last = graph.nodes[-1].id
    kept = tuple(edge for edge in graph.edges if last not in (edge.source, edge.target))
    source.change(make_graph(graph.nodes[:-1], kept, graph.groups), "traced again")
    hand.frames(2)
    hand.settle()
    assert hand.walker.notice.text == "traced again"
    assert hand.walker.journey.camera == camera
    assert hand.walker.tools.appearance == appearance
    assert len(hand.walker.stage.scene.walls) == len(graph.nodes) - 1
    assert hand.walker.selection.node == selected


@pytest.mark.parametrize("exhibit", ["vit", "volume", "lstm"])
def test_the_exact_value_is_told_of_every_view(begin, exhibit):
    hand, _ = begin(exhibit)
    graph = hand.walker.stage.network.graph
    made = EXHIBITS[exhibit]()
    tensors = tensors_of(made, made.example(0))
    compared = 0
    for node in ("blocks.0.attention", "tokens", "conv1", "frames", "lstm.0"):
        if node not in graph.index:
            continue
        wall = hand.face(node)
        hand.move(hand.pixel_of(point_of(wall, 0, (0.4, 0.3))))
        hand.frames(2)
        hand.until(lambda: hand.walker.readings.value(hand.walker.spot) is not None)
        row, column = hand.walker.pointed.hit.texel
        drawn = arranged(tensors[wall.node], graph.nodes[wall.node].view)[0, row, column]
        assert hand.walker.readings.value(hand.walker.spot) == (drawn,)
        compared += 1
    assert compared


def test_a_run_of_blocks_folds_and_opens_by_key_and_by_its_badge(begin):
    hand, _ = begin("vit")
    stage = hand.walker.stage
    count = len(stage.network.graph.nodes)
    assert len(stage.scene.walls) == count  # a small network begins whole
    hand.face("blocks.1.fc1")
    hand.move(hand.pixel_of(hand.face("blocks.1.fc1").centre))
    hand.frames(2)
    hand.key(pygame.K_f, pygame.KMOD_SHIFT)
    assert len(stage.scene.walls) == count - 2 * 9
    hand.settle()
    (board,) = [
        board
        for board in stage.scene.boards
        if stage.scenery.run_at(stage.scene.boards.index(board))
    ]
    x, y, z = board.centre
    near = type(hand.walker.journey.camera)(position=(x, y, z + 1.5))
    hand.walker.journey.place(near)
    hand.frame()
    hand.click(hand.pixel_of((x, y, z)))
    assert len(stage.scene.walls) == count
    hand.settle()
    hand.key(pygame.K_f, pygame.KMOD_SHIFT)
    hand.key(pygame.K_SLASH)
    hand.type("blocks.2.fc2")  # a hidden node that is gone to opens its run
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0))
    assert len(stage.scene.walls) == count
    hand.until(lambda: hand.walker.journey.is_at_rest)
