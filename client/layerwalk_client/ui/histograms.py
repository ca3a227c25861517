"""Histograms with axes: bars over values, counts linear or logarithmic, what is under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import choice
from layerwalk_client.ui.plots import MINUS, Frame, frame
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, small, text_font
from layerwalk_client.world.curves import Axis
from layerwalk_client.world.scene import Colour

SCALES = (("linear", "linear"), ("log", "log"))


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts between edges (one more than counts), ascending."""

    counts: Sequence[int]
    edges: Sequence[float]

    @property
    def axis(self) -> Axis:
        """From the first edge to the last."""
        low, high = (self.edges[0], self.edges[-1]) if self.edges else (0.0, 1.0)
        return Axis(low, high) if low < high else Axis(low - 0.5, low + 0.5)

    def axis_of_counts(self, *, is_log: bool) -> Axis:
        """From nothing to the largest count."""
        most = max(1, *self.counts) if self.counts else 1
        return Axis(0.7, most * 1.6, is_log=True) if is_log else Axis(0.0, most * 1.06)


def histogram(
    style: Style,
    name: str,
    found: Bars,
    size_wh: tuple[float, float],
    *,
    is_log: bool,
    colour: Colour = look.ACCENT,
    across: Axis | None = None,
    margins: tuple[float, float] = (52, 20),
    counts: tuple[int, int] = (6, 3),
) -> tuple[Frame, int | None]:
    """Draw a histogram; return its frame, and the bar under the pointer.

    Args:
        name: id of the widget.
        found: what is drawn.
        size_wh: pixels, numbers included.
        is_log: counts on a logarithmic axis.
        colour: of the bars.
        across: another axis than from the first edge to the last.
        margins, counts: as `plots.frame` takes them.
    """
    up = found.axis_of_counts(is_log=is_log)
    plot = frame(style, name, size_wh, across=across or found.axis, up=up, margins=margins,
                 counts=counts)  # fmt: skip
    hovered = None
    if plot.pointer is not None:
        value = plot.across.value(plot.pointer[0])
        hovered = next(
            (
                place
                for place in range(len(found.counts))
                if found.edges[place] <= value <= found.edges[place + 1]
            ),
            None,
        )
    plot.ink.push_clip_rect((plot.left, plot.top), (plot.right + 1, plot.bottom), True)
    for place, count in enumerate(found.counts):
        if count:
            left, right = plot.x(found.edges[place]), plot.x(found.edges[place + 1])
            top = min(plot.y(count), plot.bottom - 1)
            ink = look.MARK if place == hovered else colour
            plot.ink.add_rect_filled(
                (left, top), (max(left + 1, right - 1), plot.bottom), packed(ink)
            )
    if plot.across.low < 0 < plot.across.high:
        zero = plot.x(0.0)
        plot.ink.add_line((zero, plot.top), (zero, plot.bottom), packed(look.QUIET, 0.55), 1.0)
    plot.ink.pop_clip_rect()
    return plot, hovered


def told_bar(found: Bars, hovered: int) -> str:
    """Return what a bar counts, in words."""
    low, high = found.edges[hovered], found.edges[hovered + 1]
    text = f"{found.counts[hovered]} from {short_number(low)} to {short_number(high)}"
    return text.replace("-", MINUS)


def scale_choice(style: Style, name: str, *, is_log: bool) -> bool:
    """Draw the switch between linear and logarithmic counts at the right end of the line; return
    what it is now."""
    with text_font(style, 13):
        wide = sum(imgui.calc_text_size(text).x + style.px(20) for _, text in SCALES)
    end = imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x
    imgui.set_cursor_pos_x(end - wide)
    pressed = choice(style, name, SCALES, "log" if is_log else "linear", pixels=13)
    return is_log if pressed is None else pressed == "log"


def number_table(
    style: Style, name: str, rows: Sequence[tuple[str, str, Colour]], *, columns: int = 2
) -> None:
    """Write numbers: name, value and the value's colour, in so many pairs of columns."""
    if not imgui.begin_table(name, 2 * columns):
        return
    for title, value, colour in rows:
        imgui.table_next_column()
        small(style, title)
        imgui.table_next_column()
        with text_font(style, 15):
            imgui.text_colored(imgui.ImVec4(*colour), value.replace("-", MINUS))
    imgui.end_table()
