"""Pictures and words from the clipboard and the camera; pictures to the clipboard."""

import io
import threading

import numpy as np
import pygame
import pytest
from PIL import Image

from e2e.walking import SIZE
from layerwalk_client.app.handling.pasting import NOTHING, path_of
from layerwalk_client.source.http import HttpSource
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.intents import PutFrame, SetLive, SetMirrored, TakeFrame
from layerwalk_client.world.picking import point_of
from layerwalk_shared.errors import NotFoundError

pytestmark = pytest.mark.gl
CTRL = pygame.KMOD_LCTRL


class FakeClipboard:
    """A clipboard that holds what a test has put there."""

    def __init__(self, text="", files=(), picture=None):
        self._text, self._files, self._picture = text, list(files), picture
        self.copied = None

    def text(self):
        return self._text

    def files(self):
        return self._files

    def picture(self):
        return self._picture

    def put_picture(self, pixels):
        self.copied = pixels


class FakeCamera:
    """A camera whose pictures wait until a test lets them go."""

    def __init__(self):
        self.wishes = threading.Semaphore(0)
        self.count = 0
        self.is_closed = False
        self.is_gone = False

    def read(self):
        while not self.wishes.acquire(timeout=0.01):
            if self.is_closed:
                break
            if self.is_gone:
                raise NotFoundError("the camera is gone")
            if self.count:
                break
        self.count += 1
        pixels = np.zeros((24, 32, 3), np.uint8)
        pixels[:, :16] = (250, 20 + self.count % 200, 20)
        return pixels

    def close(self):
        self.is_closed = True


@pytest.fixture
def hand(hand_on, server):
    walking = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring))
    walking.settle()
    return walking


def paste(hand, clipboard):
    hand.walker.handheld.clipboard = clipboard
    hand.key(pygame.K_v, CTRL)
    return hand.walker.notice.text


def said(hand):
    return hand.walker.notice.text


def shows(hand, title):
    hand.until(lambda: hand.walker.stage.shown.input.title == title)


def test_a_picture_on_the_clipboard_goes_to_the_input(hand):
    pixels = np.full((8, 12, 3), (200, 30, 60), np.uint8)
    assert paste(hand, FakeClipboard(picture=pixels)) == "clipboard goes to the input"
    shows(hand, "clipboard")


@pytest.mark.parametrize("way", ["a copied file", "a path", "an address"])
def test_a_file_on_the_clipboard_goes_to_the_input(hand, tmp_path, way):
    path = tmp_path / "a picture.png"
    Image.new("RGB", (9, 7), (10, 200, 90)).save(path)
    clipboard = {
        "a copied file": FakeClipboard(files=[path]),
        "a path": FakeClipboard(text=f"  '{path}'\n"),
        "an address": FakeClipboard(text=path.as_uri()),
    }[way]
    assert paste(hand, clipboard) == "a picture.png goes to the input"
    shows(hand, "a picture.png")


def test_what_is_of_no_use_is_told(hand, tmp_path):
    before = hand.walker.stage.shown
    assert paste(hand, FakeClipboard()) == NOTHING
    assert "which this input does not take" in paste(hand, FakeClipboard(text="good morning"))
    missing = tmp_path / "gone.png"
    assert "does not take" in paste(hand, FakeClipboard(text=str(missing)))
    assert "cannot be read" in paste(hand, FakeClipboard(files=[missing]))
    assert hand.walker.notice.is_warning
    hand.settle()
    assert hand.walker.stage.shown is before


def test_words_go_to_an_input_of_words_and_to_where_one_writes(hand_on):
    hand = hand_on(lambda ring: MemorySource("gpt", on_arrival=ring))
    hand.until(lambda: hand.walker.stage.shown is not None)
    assert hand.walker.stage.network.input.kind == "text"
    assert paste(hand, FakeClipboard(text="a cat sat")) == "a cat sat goes to the input"
    assert "takes 100000" in paste(hand, FakeClipboard(text="a" * 100_001))
    hand.key(pygame.K_SLASH)
    assert hand.walker.tools.is_typing
    paste(hand, FakeClipboard(text="em\nbed\t"))
    assert hand.walker.tools.panels.content("search").text == "embed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "relative.png",
        "a\nb",
        "x" * 5000,
        "\0",
        "file:///nowhere/at/all",
        "http://a/b.png",
    ],
)
def test_what_names_no_file_is_none(text):
    assert path_of(text) is None


def test_what_is_pointed_at_or_held_is_copied(hand):
    clipboard = hand.walker.handheld.clipboard = FakeClipboard()
    hand.move((SIZE[0] // 2, 4))
    hand.frames(2)
    hand.key(pygame.K_c, CTRL)
    assert said(hand) == "point at a picture first"
    before = hand.walker.journey.camera
    wall = hand.face("conv1")
    hand.move(hand.pixel_of(point_of(wall, 2)))
    hand.settle()
    hand.frames(2)
    hand.key(pygame.K_c, CTRL)
    assert clipboard.copied.ndim == 3
    assert "conv1  2 is on the clipboard" in said(hand)
    first = clipboard.copied
    hand.click(hand.pixel_of(point_of(wall, 2)))
    hand.move(hand.pixel_of(point_of(wall, 5)))
    hand.frames(2)
    hand.key(pygame.K_c, CTRL)
    assert clipboard.copied.shape == first.shape
    assert "conv1  2" in said(hand)
    assert before.position != hand.walker.journey.camera.position


def test_what_is_carried_floats_before_the_input_as_it_would_lie_there(hand):
    wall = hand.face("conv1")
    hand.click(hand.pixel_of(point_of(wall, 2)))
    assert hand.walker.handheld.hologram() == []
    wall = hand.face("input")
    hand.move(hand.pixel_of(wall.centre))
    hand.frames(2)
    (picture,) = hand.walker.handheld.hologram()
    assert picture.centre[2] > wall.centre[2]
    assert picture.size_wh == pytest.approx(wall.tile_wh)
    hand.key(pygame.K_ESCAPE)
    hand.frame()
    assert hand.walker.handheld.hologram() == []


@pytest.fixture
def filmed(hand):
    camera = FakeCamera()
    desk = hand.walker.handheld.webcam
    desk.opener = lambda: camera
    hand.key(pygame.K_TAB, CTRL)
    panel = hand.walker.tools.panels.content("webcam")
    assert panel.picture is None
    camera.wishes.release()
    hand.until(lambda: panel.picture is not None)
    return hand, camera, panel


def do(hand, intent):
    hand.walker.tools.carry_out("webcam", intent)


def test_the_camera_is_taken_from_and_let_go(filmed):
    hand, camera, panel = filmed
    do(hand, TakeFrame())
    held = hand.walker.tools.hand.holding
    assert held.title == "camera"
    assert held.pixels.shape == (24, 32, 3)
    assert held.pixels[0, 0, 0] == 0  # mirrored: what is red at the left is at the right
    assert held.pixels[0, -1, 0] == 250
    sent = np.asarray(Image.open(io.BytesIO(held.image)))
    np.testing.assert_array_equal(sent, held.pixels)
    do(hand, SetMirrored(False))
    do(hand, TakeFrame())
    assert hand.walker.tools.hand.holding.pixels[0, 0, 0] == 250
    do(hand, PutFrame())
    shows(hand, "camera")
    assert not camera.is_closed
    hand.key(pygame.K_TAB, CTRL)
    hand.frame()
    assert camera.is_closed
    assert not hand.walker.handheld.webcam.is_open
    assert "camera" not in [one.name for one in threading.enumerate()]
    assert panel.picture is not None


def test_live_never_sends_before_the_answer_is_there(filmed):
    hand, camera, panel = filmed
    stage, sent = hand.walker.stage, []
    real = stage.submit

    def submit(wish):
        assert not stage.state.is_busy
        sent.append(wish)
        real(wish)

    stage.submit = submit
    do(hand, SetLive(True))
    hand.until(lambda: len(sent) >= 4)
    assert panel.is_live
    assert camera.count >= 4
    do(hand, SetLive(False))
    count = len(sent)
    hand.settle()
    hand.frames(10)
    assert len(sent) == count


def test_a_camera_that_goes_is_told_and_nothing_dies(filmed):
    hand, camera, panel = filmed
    do(hand, SetLive(True))
    camera.is_gone = True
    camera.count = 0
    hand.until(lambda: bool(panel.problem))
    assert panel.problem == "the camera is gone"
    assert not panel.is_live
    assert camera.is_closed


def test_without_a_camera_the_panel_says_so(hand):
    def none():
        raise NotFoundError("no camera is connected")

    hand.walker.handheld.webcam.opener = none
    hand.key(pygame.K_TAB, CTRL)
    panel = hand.walker.tools.panels.content("webcam")
    hand.until(lambda: panel.problem == "no camera is connected")
    do(hand, TakeFrame())
    assert hand.walker.tools.hand.holding is None
