"""Panels: Dear ImGui drawn to a texture of its own, or straight onto a picture.

Each panel has its own ImGui context, so that many of them can float in the world, each with its
own pointer; a ray from a mouse or from a controller becomes the same pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.target import Target
from layerwalk_client.gl.widgets import WidgetPainter

_SHORTEST_DT_S = 1e-4


@dataclass(frozen=True, slots=True)
class PanelPointer:
    """What a panel's user did since the last frame.

    Attributes:
        position_px: pixels from the upper left corner; None = the pointer is elsewhere.
        buttons: left, right, middle; pressed now.
        wheel: notches right and up.
        text: characters typed.
        keys: (name in `imgui.Key`, pressed) of keys that changed, e.g. `("backspace", True)`;
            modifiers are `mod_ctrl`, `mod_shift`, `mod_alt`, `mod_super`.
    """

    position_px: tuple[float, float] | None = None
    buttons: tuple[bool, bool, bool] = (False, False, False)
    wheel: tuple[float, float] = (0.0, 0.0)
    text: str = ""
    keys: tuple[tuple[str, bool], ...] = ()


class Panel:
    """An ImGui context that is drawn by `gl`. Mutable, owned by the main thread."""

    def __init__(
        self,
        size_wh: tuple[int, int],
        *,
        scale: float = 1.0,
        setup: Callable[[float], Any] | None = None,
    ) -> None:
        """Make the context; an OpenGL context is current.

        Args:
            size_wh: pixels.
            scale: pixels of the panel per pixel of its design.
            setup: called once with `scale` while the new ImGui context is current: fonts, colours,
                sizes. What it returns is kept as `style`.
        """
        from imgui_bundle import imgui

        self._imgui = imgui
        self._size_wh = size_wh
        self._context: Any = imgui.create_context()
        imgui.set_current_context(self._context)
        io = imgui.get_io()
        io.set_ini_filename("")
        io.set_log_filename("")
        io.display_size = imgui.ImVec2(*size_wh)
        self._painter = WidgetPainter()
        self.style: Any = setup(scale) if setup is not None else None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size_wh

    @property
    def wants_pointer(self) -> bool:
        """The pointer is over something of the panel, or holds it."""
        return bool(self._io().want_capture_mouse)

    @property
    def wants_text(self) -> bool:
        """A text field is being typed into."""
        return bool(self._io().want_text_input)

    @property
    def wants_keys(self) -> bool:
        """The panel uses the keyboard."""
        return bool(self._io().want_capture_keyboard)

    def _io(self) -> Any:
        self._imgui.set_current_context(self._context)
        return self._imgui.get_io()

    def resize(self, size_wh: tuple[int, int]) -> None:
        """Give it another size, pixels."""
        self._size_wh = size_wh

    def _prepare(self, build: Callable[[], None], pointer: PanelPointer | None, dt: float) -> Any:
        """Run one ImGui frame; return its draw data."""
        imgui, io = self._imgui, self._io()
        io.display_size = imgui.ImVec2(*self._size_wh)
        io.delta_time = max(dt, _SHORTEST_DT_S)
        if pointer is not None:
            _inject(imgui, io, pointer)
        imgui.new_frame()
        try:
            build()
        finally:
            imgui.render()
        return imgui.get_draw_data()

    def draw_onto(
        self,
        target: Target,
        build: Callable[[], None],
        *,
        pointer: PanelPointer | None = None,
        dt: float = 0.0,
    ) -> None:
        """Draw one frame over a finished picture of the panel's size (what lies over the view).

        Args:
            target: of `size_wh` pixels; what is there is drawn over.
            build: calls ImGui; the panel's context is current.
            pointer: what the user did; None = nothing new.
            dt: seconds since the last frame.
        """
        if target.size_wh != self._size_wh:
            self.resize(target.size_wh)
        data = self._prepare(build, pointer, dt)
        target.bind()
        self._painter.draw(data, self._size_wh, row_0_on_top=False)

    def close(self) -> None:
        """Release every GL object and the ImGui context."""
        if self._context is not None:
            self._imgui.set_current_context(self._context)
            self._painter.close()
            self._imgui.destroy_context(self._context)
            self._context = None

    def __enter__(self) -> Panel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PanelTexture(Panel):
    """A panel in a texture: RGBA8, premultiplied alpha, row 0 on top."""

    def __init__(
        self,
        size_wh: tuple[int, int],
        *,
        scale: float = 1.0,
        setup: Callable[[float], Any] | None = None,
    ) -> None:
        """Make context and texture; arguments as for `Panel`."""
        super().__init__(size_wh, scale=scale, setup=setup)
        self._target = Target(size_wh)

    @property
    def texture(self) -> int:
        """The panel's picture, for `pictures.Picture`."""
        return self._target.texture

    def resize(self, size_wh: tuple[int, int]) -> None:
        """Give it another size, pixels; it is empty until it is drawn again."""
        super().resize(size_wh)
        self._target.resize(size_wh)

    def draw(
        self,
        build: Callable[[], None],
        *,
        pointer: PanelPointer | None = None,
        dt: float = 0.0,
    ) -> None:
        """Draw one frame into the texture.

        Args:
            build: calls ImGui; the panel's context is current.
            pointer: what the user did; None = nothing new.
            dt: seconds since the last frame.
        """
        data = self._prepare(build, pointer, dt)
        self._target.bind()
        gl.glClearColor(0.0, 0.0, 0.0, 0.0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        self._painter.draw(data, self._size_wh, row_0_on_top=True)

    def close(self) -> None:
        """Release every GL object and the ImGui context."""
        super().close()
        self._target.close()


def _inject(imgui: Any, io: Any, pointer: PanelPointer) -> None:
    if pointer.position_px is None:
        io.add_mouse_pos_event(-1e30, -1e30)
    else:
        io.add_mouse_pos_event(*pointer.position_px)
    for number, is_down in enumerate(pointer.buttons):
        io.add_mouse_button_event(number, is_down)
    if pointer.wheel != (0.0, 0.0):
        io.add_mouse_wheel_event(*pointer.wheel)
    for name, is_down in pointer.keys:
        io.add_key_event(getattr(imgui.Key, name), is_down)
    if pointer.text:
        io.add_input_characters_utf8(pointer.text)
