"""Films of a real server: decoded, compared, broken off."""

import os
import signal
import subprocess
import sys

import av
import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.gl

SCRIPT = """
[[keyframes]]
time = 0
node = "input"

[[keyframes]]
time = 1.0
node = "stem.0"
stay = 0.2

[[actions]]
time = 0.2
put = "squares:2"

[[actions]]
time = 0.4
table = "magma"
range = "node"
select = "stem.0"
"""
TWICE = """
import sys
from layerwalk_client import cli
for out in sys.argv[4:]:
    cli.film([out, sys.argv[1], "--path", sys.argv[2], "--size", sys.argv[3], "--fps", "10"])
"""
SIZE = (160, 90)


@pytest.fixture
def environment():
    made = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "PYOPENGL_PLATFORM"):
        made.pop(name, None)
    return made


def frames_of(path):
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        return np.stack([one.to_ndarray(format="rgb24") for one in container.decode(video=0)])


def test_a_film_shows_a_sweep_the_same_each_time(server, session, environment, tmp_path):
    (tmp_path / "walk.toml").write_text(SCRIPT)
    outs = ["one.mp4", "frames", "again"]
    done = subprocess.run(
        [sys.executable, "-c", TWICE, server.url, "walk.toml", "160x90", *outs],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "one.mp4: 13 frames of 160 x 90, 1.3 s" in done.stdout
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "again", "frames", "one.mp4", "walk.toml",
    ]  # fmt: skip

    stills, again = (
        np.stack([np.asarray(Image.open(one)) for one in sorted((tmp_path / name).iterdir())])
        for name in ("frames", "again")
    )
    decoded = frames_of(tmp_path / "one.mp4")
    assert decoded.shape == stills.shape == (13, SIZE[1], SIZE[0], 3)
    assert (stills == again).all()
    # The first film found another item on the input; from the action on all are alike.
    first = decoded.astype(int)
    assert np.abs(first[2:] - stills[2:]).mean() < 4  # lossy, and colour at half the size
    middle = first[:, 40:50, 75:85].mean(axis=(1, 2))
    assert np.abs(middle[0] - middle[1]).max() <= 6
    assert np.abs(middle[1] - middle[2]).max() > 20


def test_a_film_that_is_interrupted_leaves_no_file(server, environment, tmp_path):
    (tmp_path / "walk.toml").write_text(SCRIPT.replace("time = 1.0", "time = 900"))
    film = subprocess.Popen(
        [sys.executable, "-m", "layerwalk_shared.command", "film", "a.mp4", server.url,
         "--path", "walk.toml", "--size", "64x64", "--fps", "1", "--samples", "1"],
        env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    line = film.stderr.readline()
    assert line.startswith("91 of 901 frames"), line
    film.send_signal(signal.SIGINT)
    rest = film.stderr.read()
    film.stderr.close()
    assert film.wait(60) == 130
    assert "Traceback" not in rest
    assert [one.name for one in tmp_path.iterdir()] == ["walk.toml"]
