"""A window and a context without one give the same picture, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from client.gl.showroom import Showroom
from client.gl.views import VIEWS, draw_view
from layerwalk_client.gl.context import GraphicsInfo

SIZE_WH = (320, 180)
VIEW = "hall"

_IN_A_WINDOW = """
import sys
import numpy as np
from client.gl.showroom import make_showroom
from client.gl.views import VIEWS, draw_view
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.context import window_context
from layerwalk_client.gl.target import Target

size_wh = (int(sys.argv[2]), int(sys.argv[3]))
with window_context(size_wh, "layerwalk test", vsync=False) as window:
    pixels = draw_view(make_showroom(), VIEWS[sys.argv[4]], size_wh)
    with Target(window.size_wh()) as target:
        target.bind()
        gl.glClearColor(0.25, 0.5, 0.75, 1.0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        target.present()
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, 0)
        shown = gl.glReadPixels(5, 5, 1, 1, gl.GL_RGB, gl.GL_UNSIGNED_BYTE)
        window.flip()
    assert tuple(shown[:3]) == (64, 128, 191), tuple(shown)
    np.savez(sys.argv[1], pixels=pixels, driver=window.driver, renderer=window.info.renderer)
"""


def draw_in_a_window(folder: Path, **variables: str) -> tuple[NDArray[np.uint8], str, str]:
    """Return the picture drawn by another process in a window, its driver and its renderer."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "PYOPENGL_PLATFORM")
    }
    environment |= {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **variables}
    path = folder / "window.npz"
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_WINDOW, str(path), *map(str, SIZE_WH), VIEW],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with np.load(path) as found:
        return found["pixels"], str(found["driver"]), str(found["renderer"])


def test_a_window_in_memory_shows_the_same_bytes(
    tmp_path: Path, showroom: Showroom, clean_graphics: GraphicsInfo
) -> None:
    pixels, driver, renderer = draw_in_a_window(tmp_path, SDL_VIDEODRIVER="offscreen")
    assert (driver, renderer) == ("offscreen", clean_graphics.renderer)
    np.testing.assert_array_equal(pixels, draw_view(showroom, VIEWS[VIEW], SIZE_WH))


@pytest.fixture
def x_display(tmp_path: Path) -> Iterator[str]:
    """An X server of its own without a screen; gives its DISPLAY."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    read_end, write_end = os.pipe()
    with (tmp_path / "xvfb.log").open("wb") as log:
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
            pass_fds=(write_end,), stdout=log, stderr=log,
        )  # fmt: skip
    os.close(write_end)
    try:
        with os.fdopen(read_end) as announced:
            number = announced.readline().strip()
        assert number, (tmp_path / "xvfb.log").read_text(errors="replace")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.mark.window
@pytest.mark.parametrize("session", ["x11", "wayland-desktop"])
def test_a_window_on_a_display_shows_the_same_bytes(
    tmp_path: Path, x_display: str, session: str, showroom: Showroom, clean_graphics: GraphicsInfo
) -> None:
    # A Wayland desktop offers XWayland too: PyOpenGL must not take EGL while SDL takes GLX.
    extra = {"WAYLAND_DISPLAY": "wayland-0"} if session == "wayland-desktop" else {}
    pixels, driver, renderer = draw_in_a_window(tmp_path, DISPLAY=x_display, **extra)
    assert (driver, renderer) == ("x11", clean_graphics.renderer)
    np.testing.assert_array_equal(pixels, draw_view(showroom, VIEWS[VIEW], SIZE_WH))
