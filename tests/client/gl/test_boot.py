"""OpenGL is chosen once, in one place, and whatever is missing is said in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layerwalk_client.gl import boot
from layerwalk_client.gl.report import describe_graphics


def run_python(code: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run code in a new interpreter with changed environment (None removes a variable)."""
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    for name, value in variables.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False,
        timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("backend", "driver", "system", "expected"),
    [
        ("offscreen", "", "linux", "egl"),
        ("offscreen", "x11", "linux", "egl"),
        ("window", "x11", "linux", "glx"),
        ("window", "wayland", "linux", "egl"),
        ("window", "offscreen", "linux", "egl"),
        ("window", "", "darwin", None),
        ("offscreen", "", "win32", None),
    ],
)
def test_the_platform_follows_backend_and_driver(
    backend: boot.Backend, driver: str, system: str, expected: str | None
) -> None:
    assert boot.platform_for(backend, system=system, sdl_driver=driver) == expected


def test_importing_the_renderer_does_not_start_opengl() -> None:
    code = (
        "import sys, inspect\n"
        "import layerwalk_client.gl.renderer, layerwalk_client.gl.panel as panel\n"
        "import layerwalk_client.gl.bindings as b\n"
        "inspect.unwrap(b.gl); hasattr(b.gl, '__test__')\n"
        "assert not [m for m in sys.modules if m.startswith(('OpenGL', 'pygame', 'imgui'))]"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr


def test_a_second_platform_in_one_process_is_refused() -> None:
    done = run_python(
        "from layerwalk_client.gl import boot\n"
        "import OpenGL.GL\n"
        "boot.prepare('window')",
        PYOPENGL_PLATFORM="egl", SDL_VIDEODRIVER="x11",
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1]
    assert "GraphicsError: OpenGL was started for 'egl' in this process" in last
    assert "needs 'glx'" in last


@pytest.mark.gl
def test_error_checking_can_be_switched_and_egl_works_either_way() -> None:
    for switch in ("0", "1"):
        done = run_python(
            "from layerwalk_client.gl.context import offscreen_context\n"
            "import OpenGL\n"
            "with offscreen_context() as info:\n"
            "    print(OpenGL.ERROR_CHECKING, info.version)",
            LAYERWALK_GL_CHECKS=switch,
        )
        assert done.stdout.startswith(str(switch == "1")), done.stderr


def test_no_display_is_one_sentence() -> None:
    done = run_python(
        "from layerwalk_client.gl.context import window_context\n"
        "with window_context((64, 64), 'x'): pass",
        DISPLAY=None, WAYLAND_DISPLAY=None, SDL_VIDEODRIVER=None,
    )  # fmt: skip
    assert "GraphicsError: no window can be opened: there is no display" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL vendors are a Linux matter")
def test_no_egl_driver_names_the_packages(tmp_path: Path) -> None:
    done = run_python(
        "from layerwalk_client.gl.context import offscreen_context\nwith offscreen_context(): pass",
        __EGL_VENDOR_LIBRARY_DIRS=str(tmp_path),
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "GraphicsError: nothing can be drawn without a window" in last
    assert "apt install libegl1" in last


@pytest.mark.gl
def test_the_doctor_learns_what_draws() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment |= {"SDL_VIDEODRIVER": "offscreen"}
    found = describe_graphics(environment=environment)
    assert found["offscreen"]["max_texture_size"] >= 1024
    assert found["window"]["driver"] == "offscreen"
    environment |= {"SDL_VIDEODRIVER": "x11"}
    assert (
        "no window can be opened" in describe_graphics(environment=environment)["window"]["problem"]
    )
