"""OpenGL contexts: without a window (EGL, no X server), and in a pygame window."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from layerwalk_client.gl import boot
from layerwalk_client.gl.bindings import gl
from layerwalk_shared.errors import GraphicsError

NEEDED_VERSION = (3, 3)

_PLATFORM_SURFACELESS_MESA = 0x31DD
_PLATFORM_DEVICE_EXT = 0x313F
_CONTEXT_MAJOR_VERSION = 0x3098
_CONTEXT_MINOR_VERSION = 0x30FB
_CONTEXT_PROFILE_MASK = 0x30FD
_CONTEXT_CORE_PROFILE_BIT = 1


@dataclass(frozen=True, slots=True)
class GraphicsInfo:
    """What draws: version, renderer and limits of the current context."""

    version: str
    renderer: str
    vendor: str
    shading_language: str
    max_texture_size: int
    max_array_layers: int
    max_samples: int
    max_anisotropy: float
    is_software: bool


def read_graphics_info() -> GraphicsInfo:
    """Return what the current context can do.

    Raises:
        GraphicsError: it is older than OpenGL 3.3.
    """
    version = _text(gl.GL_VERSION)
    major, minor = (
        int(gl.glGetIntegerv(gl.GL_MAJOR_VERSION)),
        int(gl.glGetIntegerv(gl.GL_MINOR_VERSION)),
    )
    if (major, minor) < NEEDED_VERSION:
        raise GraphicsError(
            f"OpenGL {major}.{minor} was found ({version}, {_text(gl.GL_RENDERER)}), "
            f"{NEEDED_VERSION[0]}.{NEEDED_VERSION[1]} is needed: update the graphics driver"
        )
    extensions = {
        gl.glGetStringi(gl.GL_EXTENSIONS, position).decode()
        for position in range(int(gl.glGetIntegerv(gl.GL_NUM_EXTENSIONS)))
    }
    has_anisotropy = bool(
        extensions & {"GL_EXT_texture_filter_anisotropic", "GL_ARB_texture_filter_anisotropic"}
    ) or (major, minor) >= (4, 6)
    renderer = _text(gl.GL_RENDERER)
    return GraphicsInfo(
        version=version,
        renderer=renderer,
        vendor=_text(gl.GL_VENDOR),
        shading_language=_text(gl.GL_SHADING_LANGUAGE_VERSION),
        max_texture_size=int(gl.glGetIntegerv(gl.GL_MAX_TEXTURE_SIZE)),
        max_array_layers=int(gl.glGetIntegerv(gl.GL_MAX_ARRAY_TEXTURE_LAYERS)),
        max_samples=int(gl.glGetIntegerv(gl.GL_MAX_SAMPLES)),
        max_anisotropy=float(gl.glGetFloatv(0x84FF)) if has_anisotropy else 1.0,
        is_software=any(word in renderer.lower() for word in ("llvmpipe", "softpipe", "swrast")),
    )


def _text(name: Any) -> str:
    value = gl.glGetString(name)
    return value.decode(errors="replace") if value else ""


@contextmanager
def offscreen_context(*, checks: bool | None = None) -> Iterator[GraphicsInfo]:
    """Make an OpenGL 3.3 core context current that has no window and needs no X server.

    Mesa's surfaceless platform is tried first, then EGL devices (a graphics card without a
    display server), then EGL's default display.

    Args:
        checks: ask for errors after each call; None = as `LAYERWALK_GL_CHECKS` says.

    Raises:
        GraphicsError: libEGL or a driver is missing, or the driver is too old.
    """
    boot.prepare("offscreen", checks=checks)
    egl: Any = boot.import_egl()
    display, config = _open_display(egl)
    context = None
    try:
        attributes = (egl.EGLint * 7)(
            _CONTEXT_MAJOR_VERSION, NEEDED_VERSION[0],
            _CONTEXT_MINOR_VERSION, NEEDED_VERSION[1],
            _CONTEXT_PROFILE_MASK, _CONTEXT_CORE_PROFILE_BIT,
            egl.EGL_NONE,
        )  # fmt: skip
        context = _quietly(egl.eglCreateContext, display, config, None, attributes)
        if not context:
            raise GraphicsError(
                f"EGL gives no OpenGL {NEEDED_VERSION[0]}.{NEEDED_VERSION[1]} core context "
                f"(EGL {_egl_text(egl, display, egl.EGL_VERSION)}): the graphics driver is too old"
            )
        if not _quietly(egl.eglMakeCurrent, display, None, None, context):
            raise GraphicsError("EGL cannot use a context without a surface; update the driver")
        yield read_graphics_info()
    finally:
        egl.eglMakeCurrent(display, None, None, None)
        if context:
            egl.eglDestroyContext(display, context)
        # The display is left initialised: EGL shares it with whoever else opened it.


def _open_display(egl: Any) -> tuple[Any, Any]:
    """Return the first (display, config) that can do OpenGL without a surface of ours."""
    tried = []
    for name, open_display in _display_candidates(egl):
        display = _quietly(open_display)
        if not display:
            tried.append(f"{name}: no display")
            continue
        major, minor = egl.EGLint(), egl.EGLint()
        if not _quietly(egl.eglInitialize, display, major, minor):
            tried.append(f"{name}: cannot be initialised")
            continue
        if not _quietly(egl.eglBindAPI, egl.EGL_OPENGL_API):
            tried.append(f"{name}: has no OpenGL, only OpenGL ES")
            continue
        wanted = (egl.EGLint * 5)(
            egl.EGL_SURFACE_TYPE, egl.EGL_PBUFFER_BIT,
            egl.EGL_RENDERABLE_TYPE, egl.EGL_OPENGL_BIT,
            egl.EGL_NONE,
        )  # fmt: skip
        configs, count = (egl.EGLConfig * 1)(), egl.EGLint()
        found = _quietly(egl.eglChooseConfig, display, wanted, configs, 1, count)
        if found and count.value:
            return display, configs[0]
        tried.append(f"{name}: no configuration with OpenGL")
    raise GraphicsError(
        "nothing can be drawn without a window, EGL found no driver ("
        + "; ".join(tried)
        + "): on Debian or Ubuntu `apt install libegl1 libgl1 libopengl0 libgl1-mesa-dri`"
    )


def _display_candidates(egl: Any) -> list[tuple[str, Any]]:
    candidates: list[tuple[str, Any]] = []
    extensions = (_quietly(egl.eglQueryString, None, egl.EGL_EXTENSIONS) or b"").split()
    if b"EGL_EXT_platform_base" in extensions:
        from OpenGL.EGL.EXT.platform_base import eglGetPlatformDisplayEXT

        if b"EGL_MESA_platform_surfaceless" in extensions:
            candidates.append(
                (
                    "surfaceless",
                    lambda: eglGetPlatformDisplayEXT(_PLATFORM_SURFACELESS_MESA, None, None),
                )
            )
        if b"EGL_EXT_platform_device" in extensions:
            for position, device in enumerate(_devices(egl)):
                candidates.append(
                    (
                        f"device {position}",
                        lambda d=device: eglGetPlatformDisplayEXT(_PLATFORM_DEVICE_EXT, d, None),
                    )
                )
    candidates.append(("default", lambda: egl.eglGetDisplay(egl.EGL_DEFAULT_DISPLAY)))
    return candidates


def _devices(egl: Any) -> list[Any]:
    from OpenGL.EGL.EXT.device_base import egl_get_devices, eglQueryDevicesEXT

    if not eglQueryDevicesEXT:
        return []
    return list(_quietly(egl_get_devices) or [])


def _quietly(call: Any, *arguments: Any) -> Any:
    """Return what an EGL call gives, None where it reports an EGL error (the next way is tried)."""
    from OpenGL.error import Error

    try:
        return call(*arguments)
    except Error:
        return None


def _egl_text(egl: Any, display: Any, name: Any) -> str:
    value = _quietly(egl.eglQueryString, display, name)
    return value.decode(errors="replace") if value else "unknown"


@dataclass(frozen=True, slots=True)
class Window:
    """A pygame window with a current OpenGL context.

    Attributes:
        info: what draws.
        driver: SDL's video driver (`x11`, `wayland`, `offscreen`, ...).
        has_vsync: presenting waits for the display.
    """

    info: GraphicsInfo
    driver: str
    has_vsync: bool

    def size_wh(self) -> tuple[int, int]:
        """Return the pixels of the drawable area; it changes when the window is resized."""
        import pygame

        width, height = pygame.display.get_window_size()
        return int(width), int(height)

    def flip(self) -> None:
        """Show what was drawn into framebuffer 0."""
        import pygame

        pygame.display.flip()


@contextmanager
def window_context(
    size_wh: tuple[int, int],
    title: str,
    *,
    vsync: bool = True,
    resizable: bool = True,
    fullscreen: bool = False,
    checks: bool | None = None,
) -> Iterator[Window]:
    """Open a window and make its OpenGL 3.3 core context current; close it at the end.

    With `SDL_VIDEODRIVER=offscreen` the window exists only in memory and needs no X server.

    Args:
        size_wh: pixels.
        title: of the window.
        vsync: wait for the display when presenting, where the driver can.
        resizable: the user may drag its corners.
        fullscreen: cover the desktop.
        checks: ask for errors after each call; None = as `LAYERWALK_GL_CHECKS` says.

    Raises:
        GraphicsError: no display, no OpenGL, or the driver is too old.
    """
    boot.prepare("window", checks=checks)
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        import pygame
    except ImportError as error:
        raise GraphicsError("pygame is not installed: pip install 'layerwalk[client]'") from error
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
    ):
        # SDL would quietly open a window that nobody can see.
        raise GraphicsError(
            "no window can be opened: there is no display (DISPLAY and WAYLAND_DISPLAY are not "
            "set); `layerwalk shot` draws without one"
        )
    try:
        pygame.display.init()
    except pygame.error as error:
        raise GraphicsError(
            f"no window can be opened ({error}): is there a display (DISPLAY, WAYLAND_DISPLAY)? "
            "`layerwalk shot` draws without one"
        ) from error
    try:
        for attribute, value in (
            (pygame.GL_CONTEXT_MAJOR_VERSION, NEEDED_VERSION[0]),
            (pygame.GL_CONTEXT_MINOR_VERSION, NEEDED_VERSION[1]),
            (pygame.GL_CONTEXT_PROFILE_MASK, pygame.GL_CONTEXT_PROFILE_CORE),
            (pygame.GL_DOUBLEBUFFER, 1),
            (pygame.GL_DEPTH_SIZE, 0),
            (pygame.GL_STENCIL_SIZE, 0),
        ):
            pygame.display.gl_set_attribute(attribute, value)
        flags = pygame.OPENGL | pygame.DOUBLEBUF
        flags |= pygame.RESIZABLE if resizable else 0
        flags |= pygame.FULLSCREEN if fullscreen else 0
        has_vsync = _open_window(size_wh, flags, vsync=vsync)
        pygame.display.set_caption(title)
        yield Window(read_graphics_info(), pygame.display.get_driver(), has_vsync)
    finally:
        pygame.display.quit()


def _open_window(size_wh: tuple[int, int], flags: int, *, vsync: bool) -> bool:
    import pygame

    try:
        if vsync:
            try:
                pygame.display.set_mode(size_wh, flags, vsync=1)
            except pygame.error:
                vsync = False
        if not vsync:
            pygame.display.set_mode(size_wh, flags)
    except pygame.error as error:
        raise GraphicsError(
            f"no OpenGL {NEEDED_VERSION[0]}.{NEEDED_VERSION[1]} window "
            f"({pygame.display.get_driver()}: {error}): on Debian or Ubuntu "
            "`apt install libgl1 libglx-mesa0 libgl1-mesa-dri`, or update the graphics driver"
        ) from error
    return vsync
