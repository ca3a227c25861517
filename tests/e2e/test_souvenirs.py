"""What a walk leaves behind: pictures, large ones, recorded ways, links."""

import math

import numpy as np
import pygame
import pytest
from PIL import Image

from e2e.walking import SIZE
from layerwalk_client.app.links.linking import link_of
from layerwalk_client.app.links.opening import place_of
from layerwalk_client.app.output.film_script import read_script
from layerwalk_client.source.asking import PutInput
from layerwalk_client.source.http import HttpSource
from layerwalk_client.world.view import Mark
from layerwalk_shared.links import parse_link
from layerwalk_shared.messages import DatasetInput

pytestmark = pytest.mark.gl


@pytest.fixture
def hand(hand_on, server, tmp_path):
    walking = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring), pictures=tmp_path)
    walking.settle()
    return walking


def pixels_of(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_pictures_are_saved_beside_each_other_small_and_large(hand, tmp_path):
    hand.walker.stage.submit(PutInput("n1", DatasetInput(dataset="d1", item=3)))
    hand.until(lambda: hand.walker.stage.shown.input.title == "square 3")
    hand.face("input")
    hand.settle()
    hand.key(pygame.K_F2)  # no texts: they are drawn anew for the large one, not magnified
    hand.key(pygame.K_F12)
    hand.key(pygame.K_F12, mod=pygame.KMOD_SHIFT)
    hand.until((tmp_path / "layerwalk-002.png").exists)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "layerwalk-001.png",
        "layerwalk-002.png",
    ]
    small, large = (pixels_of(tmp_path / f"layerwalk-00{number}.png") for number in (1, 2))
    assert large.shape == (4 * SIZE[1], 4 * SIZE[0], 3)
    shrunk = large.reshape(SIZE[1], 4, SIZE[0], 4, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 4
    # It is drawn, not magnified: pixels within a square of four by four differ.
    spread = large.reshape(SIZE[1], 4, SIZE[0], 4, 3).std(axis=(1, 3)).max(axis=2)
    assert (spread > 10).mean() > 0.002
    # What the window shows goes on as it was.
    assert hand.walker.screen.size_wh == SIZE
    hand.settle()
    hand.until(lambda: not hand.walker.notice.text)
    hand.key(pygame.K_F12)
    again = pixels_of(tmp_path / "layerwalk-003.png")
    assert np.abs(again - small).mean() < 0.5


def test_a_recorded_way_is_a_script_that_goes_the_same_way(hand, tmp_path):
    walker = hand.walker
    hand.key(pygame.K_F9)
    assert walker.outbox.recorder.is_on
    start = walker.journey.camera
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_w, mod=0))
    hand.frames(20)
    hand.frame(pygame.event.Event(pygame.KEYUP, key=pygame.K_w, mod=0))
    hand.until(lambda: walker.journey.is_at_rest)
    hand.key(pygame.K_t)
    hand.key(pygame.K_F9)
    assert not walker.outbox.recorder.is_on
    assert "layerwalk film layerwalk-path.mp4 http" in walker.notice.text
    script = read_script(tmp_path / "layerwalk-path.toml")
    assert math.dist(script.keyframes[0].where().position, start.position) < 0.01
    end = script.keyframes[-1].where()
    assert math.dist(end.position, walker.journey.camera.position) < 0.01
    assert math.dist(end.position, start.position) > 0.2
    assert script.actions[0].table == "coolblack"
    assert script.actions[-1].table == walker.tools.appearance.table != "coolblack"
    hand.key(pygame.K_F9)
    hand.key(pygame.K_F9)
    assert (tmp_path / "layerwalk-path-2.toml").exists()


def test_a_link_opens_the_same_view_pixel_by_pixel(hand, hand_on, server, tmp_path):
    walker = hand.walker
    hand.face("conv1")
    walker.stage.submit(PutInput("n1", DatasetInput(dataset="d1", item=4)))
    hand.until(lambda: walker.stage.shown.input.title == "square 4")
    walker.selection = Mark("n1", walker.stage.network.graph.index["conv1"], 2)
    hand.key(pygame.K_t)
    hand.key(pygame.K_r)
    hand.key(pygame.K_F10)
    assert "clipboard" in walker.notice.text
    text = str(link_of(walker))
    link = parse_link(text)
    again = hand_on(
        lambda ring: HttpSource(link.url, network=link.network, on_arrival=ring),
        place=place_of(link), link=link, pictures=tmp_path,
    )  # fmt: skip
    again.until(lambda: again.walker.stage.shown is not None)
    again.until(lambda: again.walker.stage.shown.input.title == "square 4")
    assert again.walker.selection == walker.selection
    assert again.walker.tools.appearance == walker.tools.appearance
    assert str(link_of(again.walker)) == text
    pictures = []
    for one in (hand, again):
        one.walker.is_plain = True
        one.move((1, 1))
        one.settle()
        one.until(lambda one=one: not one.walker.notice.text)
        one.frames(60)
        pictures.append(one.walker.screen.save(tmp_path))
    assert np.abs(pixels_of(pictures[0]) - pixels_of(pictures[1])).max() <= 2


def test_a_link_to_what_is_not_there_is_told_of_and_the_walk_begins(hand_on, server):
    link = parse_link(f"layerwalk://127.0.0.1:{server.port}/small?node=conv9&input=none:3&step=4")
    hand = hand_on(lambda ring: HttpSource(link.url, on_arrival=ring), link=link)
    told = []
    hand.walker.say = lambda text, **_: told.append(text)
    hand.settle()
    assert any("conv9" in text for text in told)
    assert any("step 4 of the training was not served" in text for text in told)
    assert hand.walker.selection is None
