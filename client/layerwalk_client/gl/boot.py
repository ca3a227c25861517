"""The one place that chooses how OpenGL is reached, before the first `import OpenGL`.

PyOpenGL reads its platform and its error checking once, when it is imported, and SDL its driver
when the display starts; so both are decided here, and `gl.bindings` imports OpenGL only when the
first call is made. Traps this avoids: under Wayland PyOpenGL picks EGL while SDL uses GLX through
XWayland (no context is found); `ERROR_CHECKING = False` breaks `from OpenGL import EGL`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from typing import Literal

from layerwalk_shared.errors import GraphicsError

CHECKS_VARIABLE = "LAYERWALK_GL_CHECKS"
"""Environment: `1` asks OpenGL for errors after each call (tests), `0` does not (the default)."""
Backend = Literal["offscreen", "window"]

_SDL_DRIVERS_ON_EGL = ("offscreen", "wayland", "kmsdrm")


def platform_for(
    backend: Backend, *, system: str = sys.platform, sdl_driver: str = ""
) -> str | None:
    """Return the `PYOPENGL_PLATFORM` that fits, or None where PyOpenGL's own choice is right.

    Args:
        backend: a context without a window, or a pygame window.
        system: as `sys.platform`.
        sdl_driver: value of `SDL_VIDEODRIVER`, "" where unset.
    """
    if not system.startswith("linux"):
        return None
    if backend == "offscreen" or sdl_driver in _SDL_DRIVERS_ON_EGL:
        return "egl"
    return "glx"


def prepare(
    backend: Backend,
    *,
    checks: bool | None = None,
    environment: MutableMapping[str, str] | None = None,
) -> None:
    """Decide platform and error checking; call it before a context is made.

    The contexts of `gl.context` call it themselves. A second call is fine as long as it decides
    the same platform.

    Args:
        backend: a context without a window, or a pygame window.
        checks: ask for errors after each OpenGL call; None = what `LAYERWALK_GL_CHECKS` says.
        environment: the variables to read and set, default `os.environ`.

    Raises:
        GraphicsError: OpenGL was started for another platform in this process, or PyOpenGL is
            not installed.
    """
    variables = os.environ if environment is None else environment
    driver = variables.get("SDL_VIDEODRIVER", "")
    if backend == "window" and sys.platform.startswith("linux") and not driver:
        # SDL 2 prefers X11 (XWayland where need be); said aloud, so that GLX is right for sure.
        if variables.get("DISPLAY"):
            variables["SDL_VIDEODRIVER"] = driver = "x11"
        elif variables.get("WAYLAND_DISPLAY"):
            variables["SDL_VIDEODRIVER"] = driver = "wayland"
    wanted = platform_for(backend, sdl_driver=driver)
    if wanted is not None:
        started = _started_platform()
        if started is not None and started != wanted:
            raise GraphicsError(
                f"OpenGL was started for {started!r} in this process; a {backend} context needs "
                f"{wanted!r}: use a process of its own"
            )
        variables["PYOPENGL_PLATFORM"] = wanted
    try:
        import OpenGL
    except ImportError as error:
        raise GraphicsError("PyOpenGL is not installed: pip install 'layerwalk[client]'") from error
    if "OpenGL.platform" not in sys.modules:
        on = variables.get(CHECKS_VARIABLE, "0") not in ("", "0") if checks is None else checks
        OpenGL.ERROR_CHECKING = on
        OpenGL.ERROR_LOGGING = False


def _started_platform() -> str | None:
    """Return the platform that PyOpenGL has been imported for, None where it has not."""
    module = sys.modules.get("OpenGL.platform")
    name = type(getattr(module, "PLATFORM", None)).__name__
    return {"EGLPlatform": "egl", "GLXPlatform": "glx"}.get(name)


def import_egl() -> object:
    """Return PyOpenGL's EGL module, mended where error checking is off.

    Raises:
        GraphicsError: libEGL is not there.
    """
    try:
        import OpenGL.raw.EGL._errors as egl_errors

        if not hasattr(egl_errors, "_error_checker"):
            egl_errors._error_checker = None
        from OpenGL import EGL
    except (ImportError, AttributeError, OSError, TypeError) as error:
        raise GraphicsError(
            "libEGL was not found, so nothing can be drawn without a window: on Debian or Ubuntu "
            "`apt install libegl1 libgl1 libopengl0 libgl1-mesa-dri`"
        ) from error
    return EGL
