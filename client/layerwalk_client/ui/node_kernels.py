"""The kernels of a node as one large sheet that is scrolled; the one under the pointer in numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button
from layerwalk_client.ui.desk_intents import ChooseFilters
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.plots import MINUS
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, small, text_font
from layerwalk_client.world.kernels import KernelPlace, KernelSheet

COLOURED_PIXELS, KERNEL_PIXELS, WEIGHT_PIXELS = 42, 21, 7
"""Side of a kernel in colours, of one in a row of kernels, of a weight of a matrix; design pixels."""
LARGEST_WEIGHT_PIXELS = 28
MOST_NUMBERS = 49
"""Kernels of more weights are told without their numbers."""


@dataclass(frozen=True, slots=True)
class KernelView:
    """A page of kernels, painted."""

    sheet: KernelSheet
    picture: Picture


def kernels_tab(style: Style, view: KernelView | None, *, node: str) -> list[Intent]:
    """Draw the sheet in the room that is left, with the pages it is one of."""
    intents: list[Intent] = []
    if view is None:
        small(style, "\N{HORIZONTAL ELLIPSIS}")
        return intents
    sheet = view.sheet
    _heading(style, sheet)
    count = len(sheet.weights)
    if sheet.total > count:
        imgui.same_line(imgui.get_window_width() - style.px(150))
        page = sheet.first // count
        last = (sheet.total - 1) // count
        for text, to, is_on in (("before", page - 1, page > 0), ("next", page + 1, page < last)):
            if button(style, text, is_on=is_on, name=f"kernels {text}", pixels=13):
                intents.append(ChooseFilters(node, to * count))
            imgui.same_line(0, style.px(6))
        imgui.new_line()
    room = imgui.get_content_region_avail()
    imgui.begin_child(
        "sheet", (room.x, room.y - style.px(2)), 0, imgui.WindowFlags_.horizontal_scrollbar
    )
    place = _sheet(style, view)
    imgui.end_child()
    if place is not None:
        _tell(style, sheet, place)
    return intents


def _heading(style: Style, sheet: KernelSheet) -> None:
    height, width = sheet.kernel_hw
    inputs = sheet.weights.shape[1]
    which = f"filters {sheet.first} to {sheet.last} of {sheet.total}"
    if sheet.is_list:
        small(style, f"{sheet.total} weights, one for each channel")
    elif sheet.is_coloured:
        small(style, f"{which}, over red, green and blue")
    elif sheet.rank == 2:
        small(style, f"rows are units {sheet.first} to {sheet.last}, columns {inputs} inputs")
    else:
        size = f"{height} \N{MULTIPLICATION SIGN} {width}"
        small(style, f"{which}, a row each: {inputs} kernels of {size}")


def _sheet(style: Style, view: KernelView) -> KernelPlace | None:
    """Draw the picture with lines between its kernels; return the weight under the pointer."""
    sheet = view.sheet
    rows, columns = sheet.grid_hw
    height, width = sheet.kernel_hw
    zoom = _zoom(style, sheet, imgui.get_content_region_avail().x)
    size = (columns * width * zoom, rows * height * zoom)
    corner = imgui.get_cursor_screen_pos()
    imgui.invisible_button("kernels", size)
    is_over = imgui.is_item_hovered()
    ink = imgui.get_window_draw_list()
    ink.add_image(
        imgui.ImTextureRef(view.picture.texture), corner,
        (corner.x + size[0], corner.y + size[1]), view.picture.uv0, view.picture.uv1,
        packed((1.0, 1.0, 1.0, 1.0)),
    )  # fmt: skip
    if (height, width) != (1, 1):
        _grid(style, corner, size, (height * zoom, width * zoom))
    if not is_over:
        return None
    mouse = imgui.get_mouse_pos()
    place = sheet.at(int((mouse.y - corner.y) / zoom), int((mouse.x - corner.x) / zoom))
    if place is not None:
        down = int((mouse.y - corner.y) / zoom / height) * height * zoom + corner.y
        across = int((mouse.x - corner.x) / zoom / width) * width * zoom + corner.x
        ink.add_rect(
            (across, down), (across + width * zoom, down + height * zoom), packed(look.MARK), 0.0,
            max(1.5, style.px(1.6)),
        )  # fmt: skip
    return place


def _zoom(style: Style, sheet: KernelSheet, wide: float) -> float:
    """Return pixels of a weight: whole, large enough to be seen, as large as the width allows."""
    side = max(sheet.kernel_hw)
    wanted = COLOURED_PIXELS if sheet.is_coloured else KERNEL_PIXELS if side > 1 else WEIGHT_PIXELS
    least = max(1, round(style.px(wanted) / side))
    across = sheet.grid_hw[1] * sheet.kernel_hw[1]
    most = max(1, round(style.px(LARGEST_WEIGHT_PIXELS)))
    return float(max(least, min(most, int(wide / across))))


def _grid(
    style: Style, corner: imgui.ImVec2, size: tuple[float, float], cell_hw: tuple[float, float]
) -> None:
    """Draw the lines between kernels that are in view."""
    ink, line = imgui.get_window_draw_list(), packed(look.PANEL)
    thick = max(2.0, style.px(2.4))
    low, high = ink.get_clip_rect_min(), ink.get_clip_rect_max()
    for start, first, last, step, is_row in (
        (corner.y, low.y, high.y, cell_hw[0], True),
        (corner.x, low.x, high.x, cell_hw[1], False),
    ):
        end = size[1] if is_row else size[0]
        number = max(0, int((first - start) / step))
        while number * step <= end and start + number * step <= last:
            at = round(start + number * step)
            if is_row:
                ink.add_line((corner.x, at), (corner.x + size[0], at), line, thick)
            else:
                ink.add_line((at, corner.y), (at, corner.y + size[1]), line, thick)
            number += 1


def told_place(sheet: KernelSheet, place: KernelPlace) -> str:
    """Return which weight it is, in words."""
    if sheet.is_list:
        return f"channel {place.filter}"
    if sheet.rank == 2:
        return f"unit {place.filter} from input {place.input}"
    if place.input is None:
        return f"filter {place.filter}"
    return f"filter {place.filter} from channel {place.input}"


def _tell(style: Style, sheet: KernelSheet, place: KernelPlace) -> None:
    """Show the kernel under the pointer in numbers, beside it."""
    kernel = sheet.kernel(place)
    imgui.begin_tooltip()
    with text_font(style, 14, is_bold=True):
        imgui.text_colored(imgui.ImVec4(*look.BRIGHT), told_place(sheet, place))
    value = kernel[:, place.row, place.column]
    names = ("red", "green", "blue") if len(value) == 3 else ("",)
    text = "   ".join(
        f"{name} {short_number(float(one))}".strip() for name, one in zip(names, value, strict=True)
    )
    spot = "" if kernel[0].size == 1 else f"row {place.row}, column {place.column}:  "
    small(style, (spot + text).replace("-", MINUS), colour=look.MARK)
    if len(kernel) == 1 and 1 < kernel[0].size <= MOST_NUMBERS:
        _numbers(style, kernel[0], place)
    imgui.end_tooltip()


def _numbers(style: Style, kernel: np.ndarray, place: KernelPlace) -> None:
    with text_font(style, 12):
        wide = imgui.calc_text_size(f"{MINUS}0.0000").x + style.px(8)
        high = imgui.get_text_line_height() + style.px(4)
        corner = imgui.get_cursor_screen_pos()
        ink = imgui.get_window_draw_list()
        for row, values in enumerate(kernel.tolist()):
            for column, value in enumerate(values):
                text = f"{value:.3g}".replace("-", MINUS)
                is_here = (row, column) == (place.row, place.column)
                right = corner.x + (column + 1) * wide - imgui.calc_text_size(text).x
                colour = look.MARK if is_here else look.TEXT
                ink.add_text((right, corner.y + row * high), packed(colour), text)
        imgui.dummy((wide * kernel.shape[1], high * kernel.shape[0]))
