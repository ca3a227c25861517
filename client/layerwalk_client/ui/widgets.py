"""Parts that several panels are made of: the frame with its title, texts, gradients, bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import ClosePanel, Intent
from layerwalk_client.ui.style import SMALL_PIXELS, TITLE_PIXELS, Style, packed
from layerwalk_client.world.scene import Colour
from layerwalk_shared.colours import table

GRADIENT_STEPS = 33
_FIXED = (
    imgui.WindowFlags_.no_title_bar
    | imgui.WindowFlags_.no_resize
    | imgui.WindowFlags_.no_move
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_collapse
    | imgui.WindowFlags_.no_nav
)


@contextmanager
def panel(style: Style, title: str, *, detail: str = "") -> Iterator[list[Intent]]:
    """Fill the whole target with a titled frame that has a button to close it.

    Yields:
        The list of intents that the panel's content adds to.
    """
    intents: list[Intent] = []
    size = imgui.get_io().display_size
    imgui.set_next_window_pos((0, 0))
    imgui.set_next_window_size((size.x, size.y))
    imgui.begin(title, None, _FIXED | imgui.WindowFlags_.no_scrollbar)
    with text_font(style, TITLE_PIXELS, is_bold=True):
        imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*look.BRIGHT))
        imgui.text_unformatted(title)
        imgui.pop_style_color()
    if detail:
        imgui.same_line()
        small(style, detail)
    side = style.px(26)
    imgui.same_line(size.x - side - style.px(14))
    if cross_button(style, side):
        intents.append(ClosePanel())
    imgui.dummy((1, style.px(2)))
    try:
        yield intents
    finally:
        imgui.end()


@contextmanager
def text_font(style: Style, design_pixels: float, *, is_bold: bool = False) -> Iterator[None]:
    """Set the size and weight of text."""
    imgui.push_font(style.bold if is_bold else style.regular, style.text_px(design_pixels))
    try:
        yield
    finally:
        imgui.pop_font()


def small(style: Style, text: str, *, colour: Colour = look.QUIET) -> None:
    """Write a quiet line."""
    with text_font(style, SMALL_PIXELS):
        imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*colour))
        imgui.text_unformatted(text)
        imgui.pop_style_color()


def shortened(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Return text with an ellipsis in its middle where it is wider than that: both ends tell more.

    Args:
        text: such as a path.
        width: pixels.
        measure: returns the pixels of a text.
    """
    kept = len(text)
    found = text
    while kept and measure(found) > width:
        kept -= 1
        head = kept * 2 // 5
        found = f"{text[:head]}\N{HORIZONTAL ELLIPSIS}{text[len(text) - kept + head :]}"
    return found


def shortened_end(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Return text, its end replaced by an ellipsis where it is wider than `width` pixels."""
    if measure(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(f"{text[:middle]}\N{HORIZONTAL ELLIPSIS}") <= width:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def cross_button(style: Style, side: float) -> bool:
    """Draw the button that closes; return whether it was pressed."""
    corner = imgui.get_cursor_screen_pos()
    is_pressed: bool = imgui.invisible_button("close", (side, side))
    draw = imgui.get_window_draw_list()
    is_hot = imgui.is_item_hovered()
    if is_hot:
        draw.add_rect_filled(
            corner, (corner.x + side, corner.y + side), packed(look.FIELD_HOVER), style.px(6)
        )
    ink = packed(look.BRIGHT if is_hot else look.QUIET)
    low, high = side * 0.32, side * 0.68
    for start, end in (((low, low), (high, high)), ((low, high), (high, low))):
        draw.add_line(
            (corner.x + start[0], corner.y + start[1]),
            (corner.x + end[0], corner.y + end[1]),
            ink,
            max(1.5, style.px(1.6)),
        )
    return is_pressed


@cache
def _steps(name: str) -> tuple[Colour, ...]:
    """Return colours of a table at even distances, from its low end to its high one."""
    rows = table(name)
    chosen = rows[np.linspace(0, len(rows) - 1, GRADIENT_STEPS).round().astype(int)] / 255.0
    return tuple((red, green, blue, 1.0) for red, green, blue in chosen.tolist())


def gradient(draw: Any, corner: Any, size_wh: tuple[float, float], *, name: str) -> None:
    """Draw a colour table as a strip from left to right."""
    width, height = size_wh
    codes = [packed(colour) for colour in _steps(name)]
    for place in range(len(codes) - 1):
        left = corner.x + width * place / (len(codes) - 1)
        right = corner.x + width * (place + 1) / (len(codes) - 1)
        one, two = codes[place], codes[place + 1]
        draw.add_rect_filled_multi_color(
            (left, corner.y), (right, corner.y + height), one, two, two, one
        )


def bars(
    style: Style, counts: Sequence[int], *, size_wh: tuple[float, float], colour: Colour
) -> int | None:
    """Draw counts as bars with square-root heights (rare values stay visible).

    Returns:
        The bar under the pointer, or None.
    """
    width, height = size_wh
    corner = imgui.get_cursor_screen_pos()
    imgui.invisible_button("bars", (width, height))
    draw = imgui.get_window_draw_list()
    draw.add_rect_filled(
        corner, (corner.x + width, corner.y + height), packed(look.FIELD, 0.6), style.px(4)
    )
    largest = max(max(counts, default=1), 1)
    hovered: int | None = None
    if imgui.is_item_hovered() and counts:
        hovered = int((imgui.get_mouse_pos().x - corner.x) / width * len(counts))
        hovered = min(max(hovered, 0), len(counts) - 1)
    step = width / max(1, len(counts))
    for place, count in enumerate(counts):
        if not count:
            continue
        tall = max(1.0, (height - style.px(4)) * (count / largest) ** 0.5)
        ink = look.MARK if place == hovered else colour
        left = corner.x + place * step
        draw.add_rect_filled(
            (left, corner.y + height - tall),
            (left + max(1.0, step - 1), corner.y + height),
            packed(ink),
        )
    return hovered


def short_number(value: float) -> str:
    """Return a number for reading: four significant digits, no more."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        text = f"{value:.4g}"
        return text if "e" not in text else f"{value:.0f}"
    return f"{value:.2e}"
