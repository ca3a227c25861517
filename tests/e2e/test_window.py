"""A real window on a virtual screen, driven by a real keyboard and mouse, on a real server."""

import json
import math
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerwalk_shared.links import parse_link

pytestmark = [pytest.mark.gl, pytest.mark.window]

SIZE = (800, 450)
SCREEN = (800, 450)
PATIENCE_S = 60.0
MOUSE_DEGREES = 0.12
FOV_DEGREES = 60.0


class Diary:
    """Reads the window's trace from a pipe: waits for lines, never for time."""

    def __init__(self, path):
        os.mkfifo(path)
        self.pipe = os.open(path, os.O_RDWR)  # both ends, so that neither side waits to open
        self.rest = b""
        self.last = None

    def until(self, is_it):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while b"\n" in self.rest:
                line, _, self.rest = self.rest.partition(b"\n")
                self.last = json.loads(line)
                if is_it(self.last):
                    return self.last
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.pipe], [], [], left)[0], (
                f"it did not happen; last line: {self.last}"
            )
            self.rest += os.read(self.pipe, 65536)

    def event(self, name):
        return self.until(lambda line: line["event"] == name)

    def state(self, is_so=lambda line: True):
        return self.until(lambda line: line["event"] == "state" and is_so(line))


@pytest.fixture
def display(tmp_path):
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        pytest.skip("needs Xvfb and xdotool")
    reading, writing = os.pipe()
    screen = f"{SCREEN[0]}x{SCREEN[1]}x24"
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-fbdir", str(tmp_path)],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def screen(display, tmp_path):
    def look():
        """What is on the virtual screen, `[H, W, 3]`, from Xvfb's own framebuffer file (XWD)."""
        data = (tmp_path / "Xvfb_screen0").read_bytes()
        fields = struct.unpack(">25I", data[:100])
        header, width, height, row_bytes, colours = (fields[k] for k in (0, 4, 5, 12, 19))
        start = header + 12 * colours
        pixels = np.frombuffer(data, np.uint8, row_bytes * height, start)
        return pixels.reshape(height, row_bytes // 4, 4)[:, :width, 2::-1]

    return look


@pytest.fixture
def xdotool(display):
    def do(*words):
        environment = {**os.environ, "DISPLAY": display}
        done = subprocess.run(
            ["xdotool", *map(str, words)],
            env=environment,
            check=True,
            timeout=30,
            capture_output=True,
            text=True,
        )
        return done.stdout

    return do


@pytest.fixture
def place(server):
    """What `layerwalk view` is to show."""
    return server.url


@pytest.fixture
def window(display, place, tmp_path):
    """A running `layerwalk view`, and its diary."""
    diary = Diary(tmp_path / "diary")
    environment = {
        **os.environ,
        "DISPLAY": display,
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    for name in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY", "PYOPENGL_PLATFORM"):
        environment.pop(name, None)
    words = ["view", place, "--size", f"{SIZE[0]}x{SIZE[1]}", "--no-intro"]
    process = subprocess.Popen(
        [sys.executable, "-m", "layerwalk_shared.command", *words, "--trace", tmp_path / "diary"],
        env=environment,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, diary
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors


def mouse_for(pixels):
    """Mouse movement that turns the eye by so many pixels away from the middle."""
    focal = SIZE[1] / 2 / math.tan(math.radians(FOV_DEGREES / 2))
    return round(math.degrees(math.atan(pixels / focal)) / MOUSE_DEGREES)


def test_a_person_walks_picks_puts_and_leaves(window, xdotool, screen):
    process, diary = window
    assert diary.event("window")["driver"] == "x11"
    start = diary.state(lambda line: line["is_settled"])
    assert start["size"] == list(SIZE)
    assert start["is_captured"]

    xdotool("keydown", "w")
    diary.state(lambda line: math.dist(line["camera"][:3], start["camera"][:3]) > 0.5)
    xdotool("keyup", "w")
    rest = diary.state(lambda line: line["is_settled"])

    xdotool("mousemove_relative", "--", 100, 0)
    turned = diary.state(lambda line: line["camera"][3] != rest["camera"][3])
    assert rest["camera"][3] - turned["camera"][3] == pytest.approx(100 * MOUSE_DEGREES, abs=0.5)

    xdotool("key", "Tab")
    diary.event("panel-opened")
    # The first thumbnail lies left of and above the middle of the panel, in design pixels.
    scale = SIZE[1] / 720
    xdotool("mousemove_relative", "--", mouse_for(-406 * scale), mouse_for(-110 * scale))
    diary.state(lambda line: line["camera"][3] != turned["camera"][3])
    xdotool("click", 1)
    assert diary.event("picked")["title"] == "dark"
    diary.event("panel-closed")

    xdotool("key", "slash")
    diary.event("panel-opened")
    xdotool("type", "input")
    xdotool("key", "Return")
    assert diary.event("went")["node"] == "input"
    diary.state(lambda line: line["pointed"] == "input" and line["is_settled"])
    xdotool("click", 1)
    diary.event("put")
    assert diary.event("shown")["input"] == "square 0"
    diary.state(lambda line: line["is_settled"] and line["input"] == "square 0")

    xdotool("key", "F12")
    saved = np.asarray(Image.open(Path(diary.event("screenshot")["path"])).convert("RGB"))
    assert saved.shape == (SIZE[1], SIZE[0], 3)
    assert saved.std() > 10
    # What was saved is what stands on the screen, but for the message about it.
    lower = slice(SIZE[1] // 3, None)
    difference = np.abs(saved[lower].astype(int) - screen()[lower].astype(int))
    assert difference.mean() < 2

    smaller = (640, 400)
    found = xdotool("getmouselocation", "--shell")
    number = next(line[7:] for line in found.splitlines() if line.startswith("WINDOW="))
    xdotool("windowsize", number, *smaller)
    diary.state(lambda line: line["size"] == list(smaller) and line["is_settled"])

    xdotool("key", "ctrl+q")
    diary.event("quit")
    assert process.wait(30) == 0


class TestLink:
    @pytest.fixture
    def place(self, server):
        camera = "0.25,1.5,-3.5,12.5,-4"
        return str(parse_link(
            f"layerwalk://127.0.0.1:{server.port}/small?camera={camera}&input=squares:7"
            "&node=conv1&channel=5&table=magma&range=manual&limit=2.5&layout=rows&theme=dark"
        ))  # fmt: skip

    def test_a_window_opens_a_link_and_gives_it_back(self, window, xdotool, place):
        process, diary = window
        diary.until(lambda line: line["event"] == "shown" and line["input"] == "square 7")
        state = diary.state(lambda line: line["is_settled"])
        assert state["camera"] == [0.25, 1.5, -3.5, 12.5, -4]
        xdotool("key", "F10")
        assert diary.event("link")["link"] == place
        xdotool("key", "ctrl+q")
        assert process.wait(30) == 0


def kept(folder):
    """What is told of the arrangement in the platform's folder."""
    (path,) = (folder / "layerwalk" / "arrangements").glob("*.json")
    return json.loads(path.read_text())


def on_the_clipboard(display):
    """(width, height) of the picture on the desktop's clipboard, as another program sees it."""
    look = "import copykitten; print(*copykitten.paste_image()[1:])"
    done = subprocess.run(
        [sys.executable, "-c", look],
        env={**os.environ, "DISPLAY": display},
        check=True,
        timeout=30,
        capture_output=True,
        text=True,
    )
    return tuple(map(int, done.stdout.split()))


def test_walls_are_taken_set_down_undone_hidden_and_stay_so(window, xdotool, display, tmp_path):
    process, diary = window
    diary.state(lambda line: line["is_settled"])
    xdotool("key", "slash")
    diary.event("panel-opened")
    xdotool("type", "conv1")
    xdotool("key", "Return")
    diary.event("went")
    diary.state(
        lambda line: line["pointed"] == "conv1" and line["channel"] == 4 and line["is_settled"]
    )
    xdotool("key", "ctrl+c")
    diary.event("copied")
    assert on_the_clipboard(display) == (32, 32)

    xdotool("key", "p")
    assert diary.event("took")["node"] == "conv1"
    xdotool("keydown", "shift", "click", "4", "click", "4", "keyup", "shift")
    xdotool("mousemove_relative", "--", 60, 0)
    xdotool("click", 1)
    diary.event("stood")
    placed = diary.state(lambda line: line["arranged"]["placed"] == [["conv1", 0]])
    assert placed["carrying"] is None
    (wall,) = kept(tmp_path)["walls"]
    assert (wall["node"], wall["turn_degrees"]) == ("conv1", pytest.approx(30))
    assert any(abs(part) > 0.1 for part in wall["move"])

    xdotool("key", "ctrl+z")
    diary.state(lambda line: line["arranged"]["placed"] == [])
    assert kept(tmp_path)["walls"] == []
    xdotool("key", "ctrl+shift+z")
    diary.state(lambda line: line["arranged"]["placed"] == [["conv1", 0]])
    xdotool("key", "Delete")
    hidden = diary.event("hid")["node"]
    diary.state(lambda line: line["arranged"]["hidden"] == [hidden])

    xdotool("key", "ctrl+q")
    diary.event("quit")
    assert process.wait(30) == 0
    assert kept(tmp_path)["hidden"] == [hidden]
    assert [one["node"] for one in kept(tmp_path)["walls"]] == ["conv1"]


def test_two_inputs_are_compared_by_a_key(window, xdotool, screen, server):
    _, diary = window
    diary.state(lambda line: line["is_settled"])
    with urllib.request.urlopen(
        urllib.request.Request(
            f"{server.url}/api/v1/networks/n1/input",
            data=b'{"kind": "noise", "seed": 5}',
            headers={"Content-Type": "application/json"},
        ),
        timeout=30,
    ) as answer:
        assert answer.status == 202
    diary.state(lambda line: line["is_settled"] and "seed 5" in line["input"])
    before = screen()
    xdotool("key", "minus")
    seen = diary.state(lambda line: line["is_settled"] and line["compared"] is not None)
    assert seen["compared"]["mode"] == "difference"
    assert seen["compared"]["first"] == "gaussian noise, seed 5"
    assert np.abs(screen().astype(int) - before).max() > 60
    for mode in ("blink", "pair", "halls"):
        xdotool("key", "minus")
        diary.state(lambda line, mode=mode: line["is_settled"] and line["compared"]["mode"] == mode)
    xdotool("key", "equal")
    assert diary.event("panel-opened")["panel"] == "compare"


def test_the_way_is_found_by_search_along_the_data_and_on_the_map(window, xdotool, tmp_path):
    process, diary = window
    diary.state(lambda line: line["is_settled"])
    xdotool("key", "slash")
    diary.event("panel-opened")
    xdotool("type", "stem.1")
    xdotool("key", "Return")
    assert diary.event("went")["node"] == "stem.1"
    xdotool("key", "n")
    assert diary.event("went")["node"] == "conv1"  # the main branch of the fork
    xdotool("key", "bracketright")
    assert diary.event("said")["text"] == "no branch runs beside this wall"
    there = diary.state(lambda line: line["is_settled"])

    xdotool("key", "F3", "Escape")
    diary.state(lambda line: not line["is_captured"])
    found = xdotool("getmouselocation", "--shell")
    number = next(line[7:] for line in found.splitlines() if line.startswith("WINDOW="))
    right, scale = SIZE[0] - 20 * SIZE[1] / 720, SIZE[1] / 720
    xdotool("mousemove", "--window", number, round(right - 40 * scale), round(120 * scale))
    xdotool("click", 1)
    diary.event("went")
    moved = diary.state(lambda line: line["is_settled"])
    assert math.dist(moved["camera"][:3], there["camera"][:3]) > 1
    xdotool("key", "BackSpace")
    diary.state(lambda line: line["camera"] == there["camera"])
    xdotool("key", "shift+BackSpace")
    diary.state(lambda line: line["camera"] == moved["camera"])

    xdotool("key", "ctrl+q")
    diary.event("quit")
    assert process.wait(30) == 0
    assert "shows_map = true" in (tmp_path / "layerwalk" / "settings.toml").read_text()
