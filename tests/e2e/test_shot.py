"""Pictures and the demo from the command line, in processes of their own, without a display."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.gl

MODEL = """
import torch
from torch import nn

class Tiny(nn.Module):
    layerwalk_classes = ("dark", "light")
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.fc = nn.Linear(6, 2)
    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).mean(dim=(2, 3)))

def make_model():
    torch.manual_seed(0)
    return Tiny().eval()
"""


@pytest.fixture
def environment(tmp_path):
    made = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "PYOPENGL_PLATFORM"):
        made.pop(name, None)
    return made


@pytest.fixture
def layerwalk(environment, tmp_path):
    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "layerwalk_shared.command", *map(str, words)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_a_shot_shows_the_picture_that_is_put_on_the_input(layerwalk, server, tmp_path):
    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 64), (255, 30, 20)).save(picture)
    out = tmp_path / "out.png"
    done = layerwalk("shot", out, server.url, "--size", "320x180", "--input", picture,
                     "--node", "input")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{out}: 320 x 180, red.png: ")
    pixels = np.asarray(Image.open(out))
    assert pixels.shape == (180, 320, 3)
    middle = pixels[85:95, 155:165].reshape(-1, 3)
    assert np.abs(middle.astype(int) - (255, 30, 20)).max() <= 3


def test_a_scaled_shot_is_the_same_picture_finer(layerwalk, server, tmp_path):
    for name, scale in (("one.png", 1), ("four.png", 4)):
        done = layerwalk("shot", tmp_path / name, server.url, "--size", "160x90", "--node", "input",
                         "--scale", scale)  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert "640 x 360" in done.stdout
    small, large = (
        np.asarray(Image.open(tmp_path / name)).astype(float) for name in ("one.png", "four.png")
    )
    assert large.shape == (360, 640, 3)
    assert np.abs(large.reshape(90, 4, 160, 4, 3).mean(axis=(1, 3)) - small).mean() < 12


def test_what_goes_wrong_is_one_sentence(layerwalk, server, tmp_path):
    out = tmp_path / "out.png"
    done = layerwalk("shot", out, server.url, "--size", "64x64", "--node", "conv9")
    assert done.returncode == 1
    assert done.stderr.startswith("layerwalk shot: node 'conv9' is not in the graph")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()


def test_a_picture_stands_the_walls_as_a_file_says(layerwalk, server, tmp_path):
    words = ("--size", "160x90", "--camera=0,1.2,1.5,0,0")
    plain, arranged = tmp_path / "plain.png", tmp_path / "arranged.png"
    told = tmp_path / "arranged.json"
    told.write_text('{"layerwalk_arrangement": 1, "hidden": ["input", "nowhere"]}')
    assert layerwalk("shot", plain, server.url, *words).returncode == 0
    done = layerwalk("shot", arranged, server.url, *words, "--arrangement", told)
    assert done.returncode == 0, done.stderr
    apart = [np.asarray(Image.open(path)).astype(int) for path in (plain, arranged)]
    assert np.abs(apart[0] - apart[1]).mean() > 2
    failed = layerwalk("shot", arranged, server.url, "--arrangement", tmp_path / "gone.json")
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "gone.json cannot be read" in failed.stderr


def test_a_model_file_is_served_for_one_picture(layerwalk, tmp_path):
    (tmp_path / "tiny.py").write_text(MODEL)
    done = layerwalk("shot", "out.png", "--serve", "tiny.py:make_model", "--size", "64x64",
                     "--overview")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").exists()
    done = layerwalk("shot", "out.png", "--serve", "none.py:make_model", "--size", "64x64")
    assert done.returncode == 1
    assert "the server ended before it was up" in done.stderr
    assert "none.py" in done.stderr


def children_of(process):
    """Process ids of a process' children, as the kernel tells."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(word) for one in lists for word in one.read_text().split()]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_demo_that_is_ended_takes_its_server_along(environment, tmp_path):
    (tmp_path / "tiny.py").write_text(MODEL)
    words = ["demo", "--headless", "--target", "tiny.py:make_model"]
    demo = subprocess.Popen(
        [sys.executable, "-m", "layerwalk_shared.command", *words],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = demo.stdout.readline()
    assert line.startswith("serving tiny.py:make_model at http://127.0.0.1:")
    children = children_of(demo.pid)
    assert children
    demo.send_signal(signal.SIGTERM)
    demo.stdout.read()
    assert demo.wait(60) == 128 + signal.SIGTERM
    demo.stdout.close()
    assert not any(is_alive(child) for child in children)


def test_a_picture_compares_and_says_what_it_cannot(layerwalk, tmp_path):
    (tmp_path / "net.py").write_text(MODEL)
    serve = ("--serve", "net.py:make_model", "--data", "samples", "--size", "160x90")
    made = layerwalk("shot", "apart.png", *serve, "--compare", "noise:3", "--node", "conv")
    assert made.returncode == 0, made.stderr
    assert np.asarray(Image.open(tmp_path / "apart.png")).max() > 100
    failed = layerwalk("shot", "no.png", *serve, "--compare", "network:else")
    assert failed.returncode == 1
    assert "is not another one of this server (none is)" in failed.stderr
