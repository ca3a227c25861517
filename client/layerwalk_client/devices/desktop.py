"""Keyboard and mouse: pygame's events, kept as a state of our own, become one frame's Actions.

Nothing is read from `key.get_pressed` or `mouse.get_pos`, so events that a test posts drive the
very same code as a hand. Times come from the caller.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pygame

from layerwalk_client.devices.actions import Actions, Command, Key, Ordered, Typed
from layerwalk_client.devices.bindings import LOOKS, MAGNIFY, MOVES, PRESS, RUN, Binding
from layerwalk_client.devices.chords import Chord, Modifier
from layerwalk_client.devices.strokes import MODIFIER_KEYS, Deed, Strokes, key_name, modifiers_of
from layerwalk_client.world.scene import Vector

DOUBLE_CLICK_S = 0.4
DOUBLE_CLICK_PIXELS = 12
"""Two clicks are a double click when the mouse has hardly moved between them."""
DRAG_PIXELS = 5
"""A press that moves further is a drag, not a click (while the mouse is free)."""
TURN_RATE = math.radians(75)
"""Radians per second that a held key turns the eye by; running doubles it."""
LONGEST_TURN_S = 0.1
_LEFT, _RIGHT = 1, 3
_BUTTONS = {PRESS: _LEFT, MAGNIFY: _RIGHT}
_EDITING = {
    pygame.K_RETURN: Key.ENTER, pygame.K_KP_ENTER: Key.ENTER, pygame.K_BACKSPACE: Key.BACKSPACE,
    pygame.K_DELETE: Key.DELETE, pygame.K_LEFT: Key.LEFT, pygame.K_RIGHT: Key.RIGHT,
    pygame.K_UP: Key.UP, pygame.K_DOWN: Key.DOWN, pygame.K_HOME: Key.HOME, pygame.K_END: Key.END,
    pygame.K_TAB: Key.TAB, pygame.K_ESCAPE: Key.ESCAPE,
}  # fmt: skip


_LEADING = {
    pygame.K_SPACE: Key.RIGHT, pygame.K_RIGHT: Key.RIGHT, pygame.K_LEFT: Key.LEFT,
    pygame.K_ESCAPE: Key.ESCAPE,
}  # fmt: skip
_WHILE_TYPING = frozenset((Command.QUIT, Command.PASTE))
"""Commands that are obeyed while something is written, where Ctrl or Alt is held."""


@dataclass(slots=True)
class _Frame:
    """What one frame's events add up to."""

    look: list[float] = field(default_factory=lambda: [0.0, 0.0])
    wheel: float = 0.0
    primary: list[bool] = field(default_factory=list)
    secondary: list[bool] = field(default_factory=list)
    clicks: int = 0
    is_double_click: bool = False
    click_modifiers: frozenset[Modifier] = frozenset()
    ordered: list[Ordered] = field(default_factory=list)
    typed: list[Typed] = field(default_factory=list)
    stroke: str = ""
    dropped: list[str] = field(default_factory=list)
    is_any: bool = False


class Desktop:
    """Keyboard and mouse. Mutable, owned by the main thread.

    Args:
        bindings: which key does what.
        size_wh: of the window, in the units of mouse events.
        radians_per_pixel: turn for one pixel of mouse movement.
        inverts_y: mouse forward looks down.
    """

    def __init__(
        self,
        bindings: Iterable[Binding],
        *,
        size_wh: tuple[int, int],
        radians_per_pixel: float = math.radians(0.12),
        inverts_y: bool = False,
    ) -> None:
        self._strokes = Strokes(bindings)
        self._size_wh = size_wh
        self._radians_per_pixel = radians_per_pixel
        self._pitch_sign = 1.0 if inverts_y else -1.0
        self._held: dict[int, Deed | None] = {}
        """Keys that are down, with what they did when they went down."""
        self._modifier_keys: set[int] = set()
        self._opening: set[int] = set()
        """Keys that were down when typing began: they open a panel, they write nothing."""
        self._buttons: set[int] = set()
        self._pressing: dict[int, int] = {}
        """Keys that stand for a button and are down: they let it go, whatever has begun since."""
        self._read_s = -math.inf
        self._position = (size_wh[0] / 2, size_wh[1] / 2)
        self._press_travel = 0.0
        self._last_click_s = -math.inf
        self._click_travel = 0.0
        self._is_captured = False
        self._is_typing = False
        self._is_listening = False
        self._is_led = False
        self._is_over_panel = False

    @property
    def is_captured(self) -> bool:
        """Whether mouse movement turns the view and the crosshair points."""
        return self._is_captured

    def capture(self, *, captures: bool) -> None:
        """Take the mouse for looking around, or let it go."""
        self._is_captured = captures
        if pygame.display.get_init() and pygame.display.get_surface() is not None:
            try:
                pygame.mouse.set_relative_mode(captures)
            except pygame.error:
                self._is_captured = captures = False  # a display that cannot: the mouse stays free
        if not captures:
            self._position = (self._size_wh[0] / 2, self._size_wh[1] / 2)

    def set_typing(self, *, is_typing: bool) -> None:
        """Let keys write text instead of moving, or stop that."""
        if is_typing == self._is_typing:
            return
        self._is_typing = is_typing
        self._opening = {
            code
            for code, deed in self._held.items()
            if is_typing and deed is not None and not deed.lasts
        }
        self._held.clear()
        if pygame.display.get_init():
            if is_typing:
                pygame.key.start_text_input()
            else:
                pygame.key.stop_text_input()

    def rebind(self, bindings: Iterable[Binding]) -> None:
        """Obey other keys from now on."""
        self._strokes = Strokes(bindings)
        self._held.clear()

    def set_mouse(self, *, radians_per_pixel: float, inverts_y: bool) -> None:
        """Turn otherwise from now on."""
        self._radians_per_pixel = radians_per_pixel
        self._pitch_sign = 1.0 if inverts_y else -1.0

    def set_listening(self, *, is_listening: bool) -> None:
        """Let the next key say which it is instead of doing what it does, or stop that."""
        if is_listening and not self._is_listening:
            self._held.clear()
        self._is_listening = is_listening

    def set_led(self, *, is_led: bool) -> None:
        """Let Space, Left, Right and Esc be typed, as something that leads takes them, or stop
        that; other keys do what they do."""
        self._is_led = is_led

    def set_over_panel(self, *, is_over_panel: bool) -> None:
        """Say that the pointer is on a panel: dragging then is the panel's, the wheel too."""
        self._is_over_panel = is_over_panel

    def resize(self, size_wh: tuple[int, int]) -> None:
        """Note the window's new size."""
        self._size_wh = size_wh
        if self._is_captured:
            self._position = (size_wh[0] / 2, size_wh[1] / 2)

    def read(self, events: Iterable[pygame.event.Event], now_s: float) -> Actions:
        """Return what `events` ask for; `now_s` is any clock that only goes forward."""
        frame = _Frame()
        for event in events:
            self._note(frame, event, now_s)
        move = self._move()
        turned = self._turn(frame, now_s)
        is_over_panel = self._is_over_panel
        return Actions(
            move=move,
            look=(frame.look[0], frame.look[1]),
            is_running=self._is_running(),
            speed_steps=0.0 if is_over_panel else frame.wheel,
            wheel=frame.wheel,
            pointer=self._pointer(),
            primary=tuple(frame.primary),
            secondary=tuple(frame.secondary),
            is_primary_down=_LEFT in self._buttons,
            is_secondary_down=_RIGHT in self._buttons,
            clicks=frame.clicks,
            is_double_click=frame.is_double_click,
            modifiers=self._modifiers(),
            click_modifiers=frame.click_modifiers,
            ordered=tuple(frame.ordered),
            typed=tuple(frame.typed),
            stroke=frame.stroke,
            dropped=tuple(frame.dropped),
            is_any=frame.is_any or any(move) or turned,
        )

    def _pointer(self) -> tuple[float, float]:
        if self._is_captured:
            return (0.0, 0.0)
        width, height = self._size_wh
        return (
            2 * self._position[0] / max(1, width) - 1,
            1 - 2 * self._position[1] / max(1, height),
        )

    def _move(self) -> Vector:
        total = [0.0, 0.0, 0.0]
        for deed in self._held.values():
            if deed is not None and deed.name in MOVES:
                total = [a + b for a, b in zip(total, MOVES[deed.name], strict=True)]
        right, up, forward = (max(-1.0, min(1.0, value)) for value in total)
        return (right, up, forward)

    def _turn(self, frame: _Frame, now_s: float) -> bool:
        """Turn the eye as keys say for the time since the last frame; return whether any is held."""
        passed_s = min(LONGEST_TURN_S, now_s - self._read_s)
        self._read_s = now_s
        names = [deed.name for deed in self._held.values() if deed is not None]
        angle = TURN_RATE * passed_s * (2.0 if RUN in names else 1.0)
        for name in names:
            if name in LOOKS:
                left, up = LOOKS[name]
                frame.look[0] += left * angle
                frame.look[1] += up * angle
        return any(name in LOOKS for name in names)

    def _is_running(self) -> bool:
        return any(deed is not None and deed.name == RUN for deed in self._held.values())

    def _modifiers(self) -> frozenset[Modifier]:
        return frozenset(MODIFIER_KEYS[code] for code in self._modifier_keys)

    def _note(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        handlers: dict[int, Any] = {
            pygame.KEYDOWN: self._key_down,
            pygame.KEYUP: self._key_up,
            pygame.TEXTINPUT: self._text,
            pygame.MOUSEMOTION: self._motion,
            pygame.MOUSEBUTTONDOWN: self._press,
            pygame.MOUSEBUTTONUP: self._release,
            pygame.MOUSEWHEEL: self._wheel,
            pygame.DROPFILE: self._drop,
            pygame.QUIT: self._quit,
            pygame.WINDOWFOCUSLOST: self._blur,
        }
        handler = handlers.get(event.type)
        if handler is not None:
            handler(frame, event, now_s)
            frame.is_any = True

    def _key_down(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        if event.key in MODIFIER_KEYS:
            self._modifier_keys.add(event.key)
        modifiers = modifiers_of(event)
        if self._is_listening:
            if event.key not in MODIFIER_KEYS:
                self._hear(frame, event.key, modifiers)
            return
        deed = self._strokes.deed_of(event.key, modifiers)
        if self._is_typing:
            key = _EDITING.get(event.key)
            if deed is not None and deed.name in _WHILE_TYPING and modifiers - {Modifier.SHIFT}:
                frame.ordered.append(Ordered(Command(deed.name), deed.number))
            elif key is not None:
                frame.typed.append(Typed(key=key))
            return
        if self._is_led and not modifiers and event.key in _LEADING:
            frame.typed.append(Typed(key=_LEADING[event.key]))
            return
        self._held[event.key] = deed
        if deed is not None and deed.name in _BUTTONS:
            self._pressing[event.key] = _BUTTONS[deed.name]
            self._push(frame, _BUTTONS[deed.name])
        if deed is not None and not deed.lasts:
            frame.ordered.append(Ordered(Command(deed.name), deed.number))

    def _hear(self, frame: _Frame, code: int, modifiers: frozenset[Modifier]) -> None:
        name = key_name(code)
        if name:
            frame.stroke = str(Chord(name, modifiers))
            self._is_listening = False

    def _key_up(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        if self._is_listening and event.key in self._modifier_keys:
            self._hear(frame, event.key, frozenset())  # alone: it is meant itself
        self._held.pop(event.key, None)
        button = self._pressing.pop(event.key, None)
        if button is not None:
            self._let_go(frame, button, now_s)
        self._modifier_keys.discard(event.key)
        self._opening.discard(event.key)

    def _text(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        is_opening = len(event.text) == 1 and ord(event.text.lower()) in self._opening
        if self._is_typing and not is_opening:
            frame.typed.append(Typed(text=event.text))

    def _motion(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        right, down = event.rel
        self._press_travel += math.hypot(right, down)
        moved = (right, down) if self._is_captured else _apart(event.pos, self._position)
        self._click_travel += math.hypot(*moved)
        drags = _LEFT in self._buttons and self._press_travel > DRAG_PIXELS
        if self._is_captured or (drags and not self._is_over_panel):
            # A captured mouse turns the eye; a free one drags the world along, so the other way.
            sign = 1.0 if self._is_captured else -1.0
            frame.look[0] -= sign * right * self._radians_per_pixel
            frame.look[1] += sign * self._pitch_sign * down * self._radians_per_pixel
        if not self._is_captured:
            self._position = event.pos

    def _press(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        if event.button not in (_LEFT, _RIGHT):
            return
        if not self._is_captured:
            self._click_travel += math.hypot(*_apart(event.pos, self._position))
            self._position = event.pos
        self._push(frame, event.button)

    def _push(self, frame: _Frame, button: int) -> None:
        self._buttons.add(button)
        if button == _LEFT:
            self._press_travel = 0.0
            frame.primary.append(True)
        else:
            frame.secondary.append(True)

    def _release(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        self._let_go(frame, event.button, now_s)

    def _let_go(self, frame: _Frame, button: int, now_s: float) -> None:
        if button not in self._buttons:
            return
        self._buttons.discard(button)
        if button == _RIGHT:
            frame.secondary.append(False)
            return
        frame.primary.append(False)
        if self._is_captured or self._press_travel <= DRAG_PIXELS:
            frame.clicks += 1
            frame.click_modifiers = self._modifiers()
            is_quick = now_s - self._last_click_s <= DOUBLE_CLICK_S
            frame.is_double_click = is_quick and self._click_travel <= DOUBLE_CLICK_PIXELS
            self._last_click_s = -math.inf if frame.is_double_click else now_s
            self._click_travel = 0.0

    def _wheel(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        frame.wheel += float(getattr(event, "precise_y", event.y))

    def _drop(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        frame.dropped.append(event.file)

    def _quit(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        frame.ordered.append(Ordered(Command.QUIT))

    def _blur(self, frame: _Frame, event: pygame.event.Event, now_s: float) -> None:
        self._held.clear()
        self._pressing.clear()
        self._modifier_keys.clear()
        for button, edges in ((_LEFT, frame.primary), (_RIGHT, frame.secondary)):
            if button in self._buttons:
                self._buttons.discard(button)
                edges.append(False)


def _apart(one: tuple[int, int], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] - other[0], one[1] - other[1]
