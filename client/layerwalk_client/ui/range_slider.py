"""The range of colours on a node's histogram: ends that are drawn, and the colours between them."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.histograms import Bars, histogram
from layerwalk_client.ui.plots import MINUS, Frame
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, text_font
from layerwalk_client.world.curves import Axis
from layerwalk_shared.colours import describe_table, paint

STRIP_HIGH = 12
COLUMNS = 120
"""Pieces of the strip of colours."""
GRIP = 9
"""Design pixels about an end within which a press takes it."""
LEAST = 1e-3
"""Of the axis' reach: a range is not drawn smaller."""


def reach_of(found: Bars, limit: float | None, *, is_diverging: bool) -> Axis:
    """Return the axis on which values and both ends of the range can be seen."""
    low, high = found.axis.low, found.axis.high
    most = 0.0 if limit is None else limit
    low = min(low, -most if is_diverging else 0.0)
    high = max(high, most)
    room = 0.03 * (high - low)
    return Axis(low - room, high + room)


class RangeSlider:
    """Mutable, owned by the main thread.

    Attributes:
        is_held: an end is being drawn.
        axis: while it is, the axis stays.
    """

    def __init__(self) -> None:
        self.is_held = False
        self.axis: Axis | None = None

    def draw(
        self,
        style: Style,
        found: Bars,
        limit: float | None,
        *,
        table: str,
        size_wh: tuple[float, float],
        is_locked: bool,
    ) -> float | None:
        """Draw histogram, ends and colours; return the range that an end was drawn to.

        Args:
            found: values of the node.
            limit: what gets the table's end; None: each channel has its own.
            table: of colours.
            size_wh: pixels.
            is_locked: the range is held.
        """
        is_diverging = describe_table(table).is_diverging
        axis = self.axis
        if axis is None or not self.is_held:
            axis = reach_of(found, limit, is_diverging=is_diverging)
        self.axis = axis
        strip = style.px(STRIP_HIGH + 26)
        plot, _ = histogram(
            style, "range", found, (size_wh[0], size_wh[1] - strip), is_log=True, across=axis,
            margins=(0, 0), counts=(0, 0), colour=look.QUIET,
        )  # fmt: skip
        drawn = None
        self.is_held = plot.is_held and limit is not None
        if self.is_held and plot.pointer is not None:
            value = abs(axis.value(plot.pointer[0]))
            drawn = max(value, LEAST * max(abs(axis.low), abs(axis.high)))
            limit = drawn
        top = plot.bottom + style.px(3)
        if limit:
            _strip(plot, (top, top + style.px(STRIP_HIGH)), limit=limit, table=table)
        if limit is not None:
            ends = (-limit, limit) if is_diverging else (0.0, limit)
            for end in ends:
                x = plot.x(end)
                ink = look.MARK if is_locked else look.BRIGHT
                bottom = top + style.px(STRIP_HIGH)
                plot.ink.add_line((x, plot.top), (x, bottom), packed(ink), style.px(1.6))
                if end or is_diverging:
                    plot.ink.add_circle_filled(
                        (x, plot.top + style.px(9)), style.px(5), packed(ink)
                    )
            _numbers(style, plot, top + style.px(STRIP_HIGH + 4), ends)
        imgui.dummy((1, strip - style.px(8)))
        return drawn


def _numbers(style: Style, plot: Frame, top: float, ends: tuple[float, float]) -> None:
    """Write the values of the ends, and zero, below the strip; what would touch is left away."""
    taken = plot.left - style.px(8)
    with text_font(style, 13):
        for value in sorted({*ends, 0.0}):
            text = short_number(value).replace("-", MINUS)
            wide = imgui.calc_text_size(text).x
            left = min(max(plot.left, plot.x(value) - wide / 2), plot.right - wide)
            if left > taken + style.px(8):
                plot.ink.add_text((left, top), packed(look.TEXT), text)
                taken = left + wide


def _strip(plot: Frame, ends: tuple[float, float], *, limit: float, table: str) -> None:
    """Draw each value's colour below it, from one y to another."""
    axis = plot.across
    middles = axis.low + (np.arange(COLUMNS) + 0.5) / COLUMNS * (axis.high - axis.low)
    colours = paint(middles / limit, table) / 255.0
    step = (plot.right - plot.left) / COLUMNS
    for place, (red, green, blue) in enumerate(colours.tolist()):
        x = plot.left + place * step
        ink = packed((red, green, blue, 1.0))
        plot.ink.add_rect_filled((x, ends[0]), (min(plot.right, x + step + 1.0), ends[1]), ink)
