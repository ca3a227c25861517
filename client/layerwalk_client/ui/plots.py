"""Parts of panels that show numbers over something: plots with axes, lines, a place under the
pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, text_font
from layerwalk_client.world.curves import Axis, Floats, ticks
from layerwalk_client.world.scene import Colour

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A plot's rectangle on the screen.

    Attributes:
        ink: ImGui's draw list.
        left, top, right, bottom: of the area of the data, pixels.
        across, up: the axes; None where that direction is no value.
        pointer: where the pointer is in the area, 0..1 from left and bottom; None: elsewhere.
        is_held: the main button was pressed in the area and is still down.
        is_clicked: it was let go there just now.
    """

    ink: Any
    left: float
    top: float
    right: float
    bottom: float
    across: Axis
    up: Axis
    pointer: tuple[float, float] | None = None
    is_held: bool = False
    is_clicked: bool = False

    def x(self, value: float) -> float:
        """Return the pixel of a value across."""
        return self.left + float(self.across.place(value)) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Return the pixel of a value upwards."""
        return self.bottom - float(self.up.place(value)) * (self.bottom - self.top)

    def points(self, line: Floats) -> list[Any]:
        """Return the pixels of `[N, 2]` values as ImGui takes them; what has no place is cut."""
        across, up = self.across.place(line[:, 0]), self.up.place(line[:, 1])
        known = np.isfinite(across) & np.isfinite(up)
        xs = self.left + across[known] * (self.right - self.left)
        ys = self.bottom - np.clip(up[known], -0.02, 1.02) * (self.bottom - self.top)
        return [imgui.ImVec2(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]


def frame(
    style: Style,
    name: str,
    size_wh: tuple[float, float],
    *,
    across: Axis,
    up: Axis,
    margins: tuple[float, float] = (52, 20),
    counts: tuple[int, int] = (6, 4),
) -> Frame:
    """Lay a plot's ground with its grid and the numbers at its axes.

    Args:
        name: id of the widget.
        size_wh: pixels, numbers included.
        across, up: the axes.
        margins: room for numbers at the left and below, design pixels; 0: no numbers there.
        counts: about so many numbers across and up; 0: none.
    """
    corner = imgui.get_cursor_screen_pos()
    imgui.invisible_button(name, size_wh)
    ink = imgui.get_window_draw_list()
    left, top = corner.x + style.px(margins[0]), corner.y
    right, bottom = corner.x + size_wh[0], corner.y + size_wh[1] - style.px(margins[1])
    ink.add_rect_filled((left, top), (right, bottom), packed(look.FIELD, 0.5), style.px(4))
    mouse = imgui.get_mouse_pos()
    is_over = imgui.is_item_hovered() or imgui.is_item_active()
    pointer = None
    if is_over and mouse.x >= left - style.px(6):
        pointer = (
            min(1.0, max(0.0, (mouse.x - left) / max(1.0, right - left))),
            min(1.0, max(0.0, (bottom - mouse.y) / max(1.0, bottom - top))),
        )
    found = Frame(
        ink, left, top, right, bottom, across, up, pointer,
        is_held=imgui.is_item_active(),
        is_clicked=imgui.is_item_deactivated() and imgui.is_item_hovered(),
    )  # fmt: skip
    with text_font(style, 12):
        if margins[0] and counts[1]:
            _numbers_up(style, found, counts[1])
        if margins[1] and counts[0]:
            _numbers_across(style, found, counts[0])
    return found


def _numbers_up(style: Style, found: Frame, count: int) -> None:
    line = packed(look.BORDER, 0.8)
    for value in ticks(found.up, count):
        y = round(found.y(value))
        if not found.top <= y <= found.bottom:
            continue
        found.ink.add_line((found.left, y), (found.right, y), line, 1.0)
        text = axis_number(value, is_log=found.up.is_log)
        size = imgui.calc_text_size(text)
        place = min(max(y - size.y / 2, found.top), found.bottom - size.y)
        found.ink.add_text((found.left - size.x - style.px(7), place), packed(look.QUIET), text)


def _numbers_across(style: Style, found: Frame, count: int) -> None:
    line = packed(look.BORDER, 0.5)
    for value in ticks(found.across, count):
        x = round(found.x(value))
        if not found.left <= x <= found.right + 1:
            continue
        found.ink.add_line((x, found.top), (x, found.bottom), line, 1.0)
        text = axis_number(value, is_log=found.across.is_log)
        wide = imgui.calc_text_size(text).x
        place = min(max(x - wide / 2, found.left), found.right - wide)
        found.ink.add_text((place, found.bottom + style.px(4)), packed(look.QUIET), text)


def axis_number(value: float, *, is_log: bool = False) -> str:
    """Return a number for an axis: powers of ten on a logarithmic one."""
    if is_log and value > 0:
        power = round(np.log10(value))
        if abs(value / 10.0**power - 1) < 1e-6 and abs(power) >= 3:
            return f"1e{power}".replace("-", MINUS)
    if value and abs(value) >= 10_000 and float(value).is_integer():
        return f"{value:,.0f}".replace(",", "\N{THIN SPACE}").replace("-", MINUS)
    return short_number(round(value, 12)).replace("-", MINUS)


def draw_lines(
    style: Style, plot: Frame, parts: Sequence[Floats], *, colour: Colour, width: float = 1.6
) -> None:
    """Draw lines `[N, 2]`; a single point becomes a dot."""
    plot.ink.push_clip_rect((plot.left, plot.top), (plot.right + 1, plot.bottom), True)
    ink = packed(colour)
    for part in parts:
        points = plot.points(part)
        if len(points) == 1:
            plot.ink.add_circle_filled(points[0], style.px(2.4), ink)
        elif points:
            plot.ink.add_polyline(points, col=ink, thickness=max(1.0, style.px(width)), flags=0)
    plot.ink.pop_clip_rect()


def toggle_chip(style: Style, name: str, text: str, *, colour: Colour, is_on: bool) -> bool:
    """Draw a small button with a dot of a line's colour; return whether it was pressed."""
    with text_font(style, 14):
        wide = imgui.calc_text_size(text).x + style.px(30)
        high = style.px(24)
        corner = imgui.get_cursor_screen_pos()
        is_pressed: bool = imgui.invisible_button(name, (wide, high))
        ink = imgui.get_window_draw_list()
        end = (corner.x + wide, corner.y + high)
        is_hot = imgui.is_item_hovered()
        ink.add_rect_filled(
            corner, end, packed(look.FIELD_HOVER if is_hot else look.FIELD), style.px(12)
        )
        dot = (corner.x + style.px(13), corner.y + high / 2)
        if is_on:
            ink.add_circle_filled(dot, style.px(4.5), packed(colour))
        else:
            ink.add_circle(dot, style.px(4.5), packed(look.QUIET), 0, style.px(1.2))
        at = (corner.x + style.px(22), corner.y + (high - imgui.get_text_line_height()) / 2)
        ink.add_text(at, packed(look.TEXT if is_on else look.QUIET), text)
    return is_pressed
