"""The panel of gradient flow: norms along the network, updates, dead units, histograms, warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from imgui_bundle import imgui
from numpy.typing import NDArray

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import GoTo, Intent
from layerwalk_client.ui.plots import Frame, axis_number, frame
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import bars, panel, short_number, small, text_font
from layerwalk_client.world.curves import Axis, axis_of
from layerwalk_shared.training import GRADIENT_BINS

HEALTHY_UPDATE = 1e-3
"""Updates of about a thousandth of the weights are a rule of thumb for a good learning rate
(Karpathy, CS231n notes, "Ratio of weights:updates")."""
CELLS = 4000
"""Rectangles at most that dead units over time are drawn with."""
LEAST_DEAD = 0.005


@dataclass(frozen=True, slots=True)
class Flow:
    """One node at one step; None: not told, or not finite.

    Attributes:
        node: index in the graph.
        name: its id.
        gradient, update, dead, saturated, not_finite: as in `NodeTraining`.
    """

    node: int
    name: str
    gradient: float | None = None
    update: float | None = None
    dead: float | None = None
    saturated: float | None = None
    not_finite: int = 0


@dataclass(frozen=True, slots=True)
class Ailment:
    """A warning: its sentence, and the node it is about (None: all)."""

    text: str
    node: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Health:
    """Everything the panel shows.

    Attributes:
        step: that it is about; None: there is none.
        flows: nodes in the network's order.
        dead: `[steps, nodes]` share of dead units over the training, NaN where not told.
        warnings: of the step.
        histograms: node -> (counts, zeros) of log10 |g|.
    """

    step: int | None = None
    flows: tuple[Flow, ...] = ()
    dead: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    warnings: tuple[Ailment, ...] = ()
    histograms: Mapping[int, tuple[tuple[int, ...], int]] = field(default_factory=dict)


class GradientsPanel:
    """Mutable, owned by the main thread: which node is looked at."""

    title = "Gradient flow"
    size_wh = (980, 600)

    def __init__(self) -> None:
        self.health = Health()
        self.looked_at: int | None = None
        """Place in `flows` that was under the pointer last."""

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel; a click on a node or a warning goes there."""
        health = self.health
        detail = "" if health.step is None else f"step {axis_number(health.step)}"
        with panel(style, self.title, detail=detail) as intents:
            if not health.flows:
                imgui.text_unformatted("No gradients are told of yet.")
                small(style, "viewer.publish in a training loop tells them with its snapshots")
                return intents
            across = Axis(-0.5, len(health.flows) - 0.5)
            wide = imgui.get_content_region_avail().x
            plots = [
                self._norms(style, wide, across),
                self._updates(style, wide, across),
                self._dead(style, wide, across),
            ]
            for plot in plots:
                if plot.pointer is not None:
                    self.looked_at = round(plot.across.value(plot.pointer[0]))
                if plot.is_clicked and self.looked_at is not None:
                    intents.append(GoTo(health.flows[self.looked_at].node))
            if self.looked_at is None or self.looked_at >= len(health.flows):
                self.looked_at = 0
            for plot in plots:
                _highlight(plot, self.looked_at)
            intents.extend(self._below(style, wide))
        return intents

    def _norms(self, style: Style, wide: float, across: Axis) -> Frame:
        small(style, "gradient norm")
        norms = [np.array([flow.gradient or np.nan for flow in self.health.flows])]
        up = axis_of(norms, is_log=True, room=0.15)
        plot = frame(style, "norms", (wide, style.px(138)), across=across, up=up,
                     margins=(52, 0), counts=(0, 4))  # fmt: skip
        half = _half_bar(plot)
        for place, flow in enumerate(self.health.flows):
            x = plot.x(place)
            if flow.not_finite:
                box = ((x - half, plot.top), (x + half, plot.bottom))
                plot.ink.add_rect_filled(*box, packed(look.DANGER, 0.8))
            elif flow.gradient:
                ink = look.MARK if place == self.looked_at else look.ACCENT
                y = min(plot.y(flow.gradient), plot.bottom - 1)
                plot.ink.add_rect_filled((x - half, y), (x + half, plot.bottom), packed(ink))
        return plot

    def _updates(self, style: Style, wide: float, across: Axis) -> Frame:
        small(style, "update over weight, a step")
        known = [flow.update for flow in self.health.flows if flow.update]
        low, high = min([1e-5, *known]), max([1e-1, *known])
        plot = frame(style, "updates", (wide, style.px(74)), across=across,
                     up=Axis(low / 1.5, high * 1.5, is_log=True), margins=(52, 0), counts=(0, 3))  # fmt: skip
        y = plot.y(HEALTHY_UPDATE)
        plot.ink.add_line((plot.left, y), (plot.right, y), packed(look.GOOD, 0.45), 1.0)
        size = min(style.px(3.5), max(style.px(1.2), 1.4 * _half_bar(plot)))
        for place, flow in enumerate(self.health.flows):
            if flow.update:
                ink = look.MARK if place == self.looked_at else look.ACCENT
                plot.ink.add_circle_filled((plot.x(place), plot.y(flow.update)), size, packed(ink))
        return plot

    def _dead(self, style: Style, wide: float, across: Axis) -> Frame:
        small(style, "dead units over time, newest below")
        dead = self.health.dead
        rows = max(1, len(dead))
        plot = frame(style, "dead", (wide, style.px(74)), across=across, up=Axis(0.0, float(rows)),
                     margins=(52, 0), counts=(0, 0))  # fmt: skip
        if not dead.size:
            return plot
        most = max(1, CELLS // dead.shape[1])
        picked = np.unique(np.linspace(0, rows - 1, min(rows, most)).round().astype(int))
        high = (plot.bottom - plot.top) / len(picked)
        half = max(0.5, (plot.right - plot.left) / len(self.health.flows) / 2)
        for line, row in enumerate(picked.tolist()):
            top = plot.top + line * high
            for place in np.flatnonzero(np.nan_to_num(dead[row]) > LEAST_DEAD).tolist():
                share = float(dead[row, place]) ** 0.5
                x = plot.x(place)
                box = ((x - half, top), (x + half, top + high + 0.5))
                plot.ink.add_rect_filled(*box, packed(look.MARK, 0.12 + 0.88 * share))
        return plot

    def _below(self, style: Style, wide: float) -> list[Intent]:
        assert self.looked_at is not None
        flow = self.health.flows[self.looked_at]
        start = imgui.get_cursor_pos()
        left = wide * 0.5
        with text_font(style, 15, is_bold=True):
            imgui.text_colored(imgui.ImVec4(*look.BRIGHT), flow.name)
        small(style, _facts(flow))
        self._histogram(style, flow, left - style.px(10))
        imgui.set_cursor_pos((start.x + left + style.px(10), start.y))
        return self._warnings(style, wide - left - style.px(10))

    def _histogram(self, style: Style, flow: Flow, wide: float) -> None:
        found = self.health.histograms.get(flow.node)
        if found is None:
            small(style, "no histogram of this node")
            return
        counts, zeros = found
        high = imgui.get_content_region_avail().y - style.px(26)
        if high < style.px(20):
            return
        hovered = bars(style, counts, size_wh=(wide, high), colour=look.ACCENT)
        low, top, bins = GRADIENT_BINS
        if hovered is None:
            text = f"log10 |g| from {low:.0f} to {top:.0f}, {axis_number(zeros)} exact zeros"
        else:
            at = low + hovered * (top - low) / bins
            text = f"{axis_number(counts[hovered])} gradients of about {10**at:.0e}"
        small(style, text.replace("-", "\N{MINUS SIGN}"))

    def _warnings(self, style: Style, wide: float) -> list[Intent]:
        intents: list[Intent] = []
        imgui.begin_child("warnings", (wide, 0))
        warnings = self.health.warnings
        with text_font(style, 15, is_bold=True):
            colour = look.MARK if warnings else look.GOOD
            text = f"{len(warnings)} warning{'s' * (len(warnings) != 1)}" if warnings else "healthy"
            imgui.text_colored(imgui.ImVec4(*colour), text)
        for place, ailment in enumerate(warnings):
            if _warning(style, place, ailment, self.health.flows) and ailment.node is not None:
                intents.append(GoTo(ailment.node))
        imgui.end_child()
        return intents


def _warning(style: Style, place: int, ailment: Ailment, flows: Sequence[Flow]) -> bool:
    """Draw one warning; return whether it was pressed."""
    wide = imgui.get_content_region_avail().x
    name = next((flow.name for flow in flows if flow.node == ailment.node), "the whole network")
    with text_font(style, 13):
        text_high = imgui.calc_text_size(ailment.text, False, wide - style.px(20)).y
    high = text_high + style.px(30)
    corner = imgui.get_cursor_screen_pos()
    is_pressed: bool = imgui.invisible_button(f"warning {place}", (wide, high))
    ink = imgui.get_window_draw_list()
    end = (corner.x + wide, corner.y + high)
    is_hot = imgui.is_item_hovered() and ailment.node is not None
    ink.add_rect_filled(
        corner, end, packed(look.FIELD_HOVER if is_hot else look.FIELD), style.px(6)
    )
    ink.add_rect_filled(corner, (corner.x + style.px(3), end[1]), packed(look.MARK), style.px(2))
    imgui.set_cursor_screen_pos((corner.x + style.px(12), corner.y + style.px(4)))
    small(style, name, colour=look.BRIGHT)
    imgui.set_cursor_screen_pos((corner.x + style.px(12), corner.y + style.px(22)))
    with text_font(style, 13):
        imgui.push_text_wrap_pos(imgui.get_cursor_pos_x() + wide - style.px(20))
        imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*look.TEXT))
        imgui.text_unformatted(ailment.text)
        imgui.pop_style_color()
        imgui.pop_text_wrap_pos()
    imgui.set_cursor_screen_pos((corner.x, end[1] + style.px(4)))
    imgui.dummy((1, 1))
    return is_pressed


def _facts(flow: Flow) -> str:
    parts = [
        ("gradient", flow.gradient, short_number),
        ("update", flow.update, short_number),
        ("dead", flow.dead, _percent),
        ("saturated", flow.saturated, _percent),
    ]
    said = [f"{name} {text(value)}" for name, value, text in parts if value is not None]
    if flow.not_finite:
        said.append(f"{flow.not_finite} not finite")
    return "   ".join(said).replace("-", "\N{MINUS SIGN}")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _half_bar(plot: Frame) -> float:
    span = plot.across.high - plot.across.low
    return max(0.5, 0.36 * (plot.right - plot.left) / span)


def _highlight(plot: Frame, place: int) -> None:
    half = max(1.0, 0.5 * (plot.right - plot.left) / (plot.across.high - plot.across.low))
    x = plot.x(place)
    box = ((x - half, plot.top), (x + half, plot.bottom))
    plot.ink.add_rect_filled(*box, packed(look.BRIGHT, 0.07))
