"""A network of several inputs on a real server: each is put on by itself, the others stay."""

from contextlib import closing

import numpy as np
import pygame
import pytest
import torch
from torch import nn

from layerwalk.http.serving import serve
from layerwalk.session import Session
from layerwalk_client.source.http import HttpSource

pytestmark = pytest.mark.gl
LETTERS = "abcdefghij"


class Mixes(nn.Module):
    """A picture, words, five facts."""

    def __init__(self):
        super().__init__()
        self.conv, self.embed = nn.Conv2d(3, 4, 3), nn.Embedding(len(LETTERS), 4)
        self.facts = nn.Linear(5, 4)

    def forward(self, image, words, facts):
        return self.conv(image).mean((2, 3)) + self.embed(words).mean(1) + self.facts(facts)


@pytest.fixture
def served():
    torch.manual_seed(2)
    example = torch.rand(1, 3, 16, 16), torch.tensor([[0, 1, 2, 3]]), torch.zeros(1, 5)
    with Session() as session:
        session.add_network(
            Mixes(),
            example,
            name="mixes",
            tokenizer=lambda text: [LETTERS.index(letter) for letter in text],
            vocabulary=list(LETTERS),
        )
        with closing(serve(session, port=0)) as server:
            yield server


def test_the_panel_puts_on_each_argument_by_itself(hand_on, served, tmp_path):
    hand = hand_on(lambda ring: HttpSource(served.url, on_arrival=ring))
    hand.settle()
    hand.key(pygame.K_i)
    panel = hand.walker.tools.panels.content("input")
    assert [one.argument.name for one in panel.editors] == ["image", "words", "facts"]
    hand.until(lambda: panel.editors[0].shown.picture is not None)
    panel.step(1)
    hand.frame()  # from the next frame on letters are the panel's
    hand.type("bade")
    hand.key(pygame.K_RETURN)
    hand.until(lambda: panel.editors[1].shown.tokens == tuple("bade"))
    hand.until(lambda: panel.editors[1].shown.values is not None)
    assert panel.editors[1].shown.values.tolist() == [1, 0, 3, 4]
    hand.settle()
    panel.step(1)
    path = tmp_path / "facts.npy"
    np.save(path, np.zeros(7, np.float32))
    hand.frame(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    hand.until(lambda: "[7]: the network takes [5]" in hand.walker.notice.text)
    np.save(path, np.arange(5, dtype=np.float32))
    hand.frame(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    hand.until(lambda: panel.editors[2].shown.title == "facts.npy")
    hand.until(lambda: panel.editors[2].shown.values is not None)
    assert panel.editors[2].shown.values.tolist() == [0, 1, 2, 3, 4]
    hand.settle()
    lay = [one.title for one in hand.walker.stage.shown.inputs]
    assert lay == ["example", "bade", "facts.npy"]
    subtitles = [wall.subtitle for wall in hand.walker.stage.scene.walls]
    assert sum(text.startswith("bade") for text in subtitles) == 1
    hand.key(pygame.K_ESCAPE)


def test_what_is_carried_goes_on_the_input_that_is_clicked(hand_on, served):
    hand = hand_on(lambda ring: HttpSource(served.url, on_arrival=ring))
    hand.settle()
    hand.walker.tools.pick_channel(hand.walker.stage.network.graph.index["conv"], 2)
    inputs = hand.walker.stage.network.inputs
    wall = hand.face(inputs[1].node)
    hand.click(hand.pixel_of(wall.centre))
    hand.until(lambda: "takes text" in hand.walker.notice.text)
    hand.walker.tools.pick_channel(hand.walker.stage.network.graph.index["conv"], 2)
    hand.frames(60)  # the next click is no double one
    wall = hand.face(inputs[0].node)
    hand.click(hand.pixel_of(wall.centre))
    hand.until(lambda: hand.walker.stage.shown.input.title == "conv channel 2")
    hand.settle()
