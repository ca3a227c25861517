"""The function of an activation node: its curve and its slope, and below what comes into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.histograms import Bars, histogram, scale_choice
from layerwalk_client.ui.plots import MINUS, Frame, draw_lines, frame, toggle_chip
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, small, text_font
from layerwalk_client.world.activation_curves import sampled, span_of
from layerwalk_client.world.activations import Activation
from layerwalk_client.world.curves import Axis, axis_of, lines
from layerwalk_shared.messages import ValueStatistics

FLAT = 0.01
"""Below this a slope lets hardly any gradient through."""
SLOPE = look.MARK


@dataclass(slots=True)
class FunctionTab:
    """Mutable, owned by the main thread: what of the function is shown.

    Attributes:
        activation: the function; None while its learned numbers are on their way.
        inputs: of the values that come in; None while on their way.
        source: name of the node that they come from.
        shown: "value" and "slope", as far as they are switched on.
        is_log: counts of the histogram on a logarithmic axis.
    """

    activation: Activation | None = None
    inputs: ValueStatistics | None = None
    source: str = ""
    shown: set[str] = field(default_factory=lambda: {"value", "slope"})
    is_log: bool = True

    def draw(self, style: Style) -> None:
        """Draw the tab in the room that is left."""
        found = self.activation
        if found is None:
            small(style, "\N{HORIZONTAL ELLIPSIS}")
            return
        with text_font(style, 16, is_bold=True):
            imgui.text_colored(imgui.ImVec4(*look.BRIGHT), found.name)
        imgui.same_line()
        with text_font(style, 15):
            imgui.text_unformatted(found.formula)
        wide = imgui.get_content_region_avail().x
        if found.note:
            with text_font(style, 14):
                imgui.push_text_wrap_pos(imgui.get_cursor_pos_x() + wide)
                imgui.text_colored(imgui.ImVec4(*look.QUIET), found.note)
                imgui.pop_text_wrap_pos()
        self._chips(style)
        low, high = (-3.0, 3.0) if self.inputs is None else _ends(self.inputs)
        span = span_of(low, high)
        across = Axis(*span)
        room = imgui.get_content_region_avail().y - style.px(34)
        upper = self._curves(style, found, across, (wide, room * 0.6))
        lower = self._below(style, across, (wide, room * 0.4 - style.px(34)))
        at = _pointed((upper, lower))
        if at is None:
            small(style, self._share(found))
            return
        for plot in (upper, lower):
            if plot is not None:
                x = plot.x(at)
                plot.ink.add_line((x, plot.top), (x, plot.bottom), packed(look.BRIGHT, 0.5), 1.0)
        place = np.array([at])
        with np.errstate(all="ignore"):
            value, slope = float(found.value(place)[0]), float(found.slope(place)[0])
        text = f"{short_number(at)} becomes {short_number(value)}, slope {short_number(slope)}"
        small(style, text.replace("-", MINUS), colour=look.MARK)

    def _chips(self, style: Style) -> None:
        for name, colour in (("value", look.ACCENT), ("slope", SLOPE)):
            if toggle_chip(style, f"chip {name}", name, colour=colour, is_on=name in self.shown):
                self.shown ^= {name}
                if not self.shown:
                    self.shown = {"value", "slope"} - {name}
            imgui.same_line(0, style.px(6))
        imgui.new_line()

    def _curves(
        self, style: Style, found: Activation, across: Axis, size_wh: tuple[float, float]
    ) -> Frame:
        x, value, slope = sampled(found, (across.low, across.high))
        drawn = {"value": value, "slope": slope}
        up = axis_of([drawn[name] for name in sorted(self.shown)], room=0.08)
        plot = frame(style, "curve", size_wh, across=across, up=up, counts=(6, 4))
        for zero in (plot.x(0.0),):
            plot.ink.add_line((zero, plot.top), (zero, plot.bottom), packed(look.QUIET, 0.55), 1.0)
        if up.low < 0 < up.high:
            level = plot.y(0.0)
            plot.ink.add_line((plot.left, level), (plot.right, level), packed(look.QUIET, 0.55), 1)
        for name, colour in (("slope", SLOPE), ("value", look.ACCENT)):
            if name in self.shown:
                parts = lines(x, drawn[name], columns=2000)
                draw_lines(style, plot, parts, colour=colour, width=2.2 if name == "value" else 1.6)
        return plot

    def _below(self, style: Style, across: Axis, size_wh: tuple[float, float]) -> Frame | None:
        if self.inputs is None:
            small(style, "\N{HORIZONTAL ELLIPSIS}")
            return None
        start = imgui.get_cursor_pos()
        imgui.set_cursor_pos((start.x, start.y + style.px(6)))
        small(style, f"what comes in, from {self.source}")
        imgui.set_cursor_pos(start)
        self.is_log = scale_choice(style, "scale of inputs", is_log=self.is_log)
        bars = Bars(self.inputs.histogram.counts, self.inputs.histogram.edges)
        plot, _ = histogram(
            style, "inputs", bars, (size_wh[0], max(style.px(40), size_wh[1])),
            is_log=self.is_log, across=across,
        )  # fmt: skip
        return plot

    def _share(self, found: Activation) -> str:
        """Say how much of what comes in meets a flat part."""
        if self.inputs is None:
            return ""
        share = 100 * flat_share(found, self.inputs)
        told = "hardly any" if share < 0.5 else f"about {share:.0f} %"
        return f"{told} of it falls where the slope is below {FLAT:g}"


def flat_share(activation: Activation, inputs: ValueStatistics) -> float:
    """Return the share of values that fall where a function's slope is below `FLAT`, 0..1.

    A bin counts as its middle does; the bin about a kink in the middle counts by its parts.
    """
    counts = np.asarray(inputs.histogram.counts, np.float64)
    edges = np.asarray(inputs.histogram.edges, np.float64)
    if not counts.sum():
        return 0.0
    within = (np.arange(8) + 0.5) / 8
    places = edges[:-1, None] + within * np.diff(edges)[:, None]
    with np.errstate(all="ignore"):
        slopes = np.broadcast_to(np.abs(activation.slope(places.ravel())), places.size)
    is_flat = (slopes < FLAT).reshape(places.shape).mean(axis=1)
    return float((counts * is_flat).sum() / counts.sum())


def _ends(inputs: ValueStatistics) -> tuple[float, float]:
    return inputs.minimum, inputs.maximum


def _pointed(plots: Sequence[Frame | None]) -> float | None:
    """Return the value under the pointer, None where it is on no plot."""
    for plot in plots:
        if plot is not None and plot.pointer is not None:
            return plot.across.value(plot.pointer[0])
    return None
