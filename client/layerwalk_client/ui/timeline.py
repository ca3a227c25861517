"""The panel of a training: curves of its metrics, and its steps to scrub along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import ChooseStep, Intent
from layerwalk_client.ui.plots import Frame, axis_number, draw_lines, frame, toggle_chip
from layerwalk_client.ui.style import SMALL_PIXELS, Style, packed
from layerwalk_client.ui.widgets import panel, short_number, small, text_font
from layerwalk_client.world.curves import Axis, Floats, axis_of, lines, smoothed
from layerwalk_client.world.scene import Colour

FAINT = 0.03
"""A series whose span is below this share of all is not shown at first: it would be a flat line."""
TITLE_ROOM = 300
"""Design pixels that the title with its state takes."""
CONTROLS_ROOM = 310
"""And what is set, with the button that closes."""
SCRUBBER = 26
"""Height of the track of steps."""


def _no_steps() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A training as the panel shows it.

    Attributes:
        series: metric -> (steps, values), float64 `[N]` each; NaN: not finite.
        served: `[S]` steps that have, or had, a snapshot, ascending.
        is_held: `[S]` whether the snapshot is still there.
        warnings: step -> what is wrong there, one sentence each.
        chosen: the step that is looked at; None: live.
        is_running: the loop goes on.
        is_gone: the chosen step's snapshot is not there any more.
    """

    series: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    served: Floats = field(default_factory=_no_steps)
    is_held: np.ndarray[tuple[int], np.dtype[np.bool_]] = field(
        default_factory=lambda: np.zeros(0, np.bool_)
    )
    warnings: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    chosen: int | None = None
    is_running: bool = False
    is_gone: bool = False

    @property
    def span(self) -> tuple[float, float]:
        """First and last step there is anything about."""
        ends = [steps[[0, -1]] for steps, _ in self.series.values() if len(steps)]
        if len(self.served):
            ends.append(self.served[[0, -1]])
        if not ends:
            return 0.0, 1.0
        low = float(min(one[0] for one in ends))
        return low, max(low + 1, float(max(one[1] for one in ends)))

    def nearest(self, step: float) -> int | None:
        """Return the served step nearest to `step`, None where there are none."""
        if not len(self.served):
            return None
        return int(self.served[np.argmin(np.abs(self.served - step))])


def shown_at_first(series: Mapping[str, tuple[Floats, Floats]]) -> frozenset[str]:
    """Return the series that can be read together on one axis."""
    spans = {}
    for name, (_, values) in series.items():
        known = values[np.isfinite(values)]
        spans[name] = float(np.ptp(known)) if len(known) else 0.0
    largest = max(spans.values(), default=0.0)
    found = frozenset(name for name, span in spans.items() if span >= FAINT * largest)
    return found or frozenset(series)


class TimelinePanel:
    """Mutable, owned by the main thread: which series are shown, how, and what was thinned."""

    title = "Training"
    size_wh = (1100, 232)
    is_low = True

    def __init__(self) -> None:
        self.course = Course()
        self.is_log = False
        self.smoothing = 0.8
        self.hidden: dict[str, bool] = {}
        self._thinned: dict[object, tuple[object, list[Floats], list[Floats]]] = {}

    def is_shown(self, name: str) -> bool:
        """Whether a series is drawn."""
        if name in self.hidden:
            return not self.hidden[name]
        return name in shown_at_first(self.course.series)

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel; steps that are scrubbed over come back as intents."""
        course = self.course
        with panel(style, self.title, detail=self._state_line()) as intents:
            if not course.series and not len(course.served):
                imgui.text_unformatted("No training is told of yet.")
                small(style, "viewer.publish(step=..., loss=...) in the loop brings its curves")
                return intents
            spacing = imgui.ImVec2(style.px(10), style.px(4))
            imgui.push_style_var(imgui.StyleVar_.item_spacing, spacing)
            intents.extend(self._controls(style))
            room = imgui.get_content_region_avail()
            low, high = course.span
            across = Axis(low, high)
            plot = self._plot(style, (room.x, room.y - style.px(SCRUBBER + 26)), across)
            found, track = self._scrubber(style, across)
            intents.extend(found)
            self._readout(style, plot)
            self._told(style, track)
            imgui.pop_style_var()
        return intents

    def _state_line(self) -> str:
        course = self.course
        if not len(course.served) and not course.series:
            return ""
        newest = axis_number(course.span[1])
        state = "running" if course.is_running else "ended"
        if course.chosen is None:
            return f"step {newest}, {state}, live"
        return f"step {axis_number(course.chosen)} of {newest}, {state}"

    def _controls(self, style: Style) -> list[Intent]:
        """Draw the series' names and what is set, in the line of the title."""
        intents: list[Intent] = []
        wide = imgui.get_content_region_avail().x
        below = imgui.get_cursor_pos()
        start = imgui.ImVec2(below.x + style.px(TITLE_ROOM), style.px(13))
        right = below.x + wide - style.px(CONTROLS_ROOM)
        imgui.set_cursor_pos(start)
        for place, name in enumerate(self.course.series):
            if place:
                imgui.same_line(0, style.px(6))
                if imgui.get_cursor_pos_x() > right - style.px(90):
                    imgui.new_line()
            colour = look.SERIES[place % len(look.SERIES)]
            if toggle_chip(style, f"series {name}", name, colour=colour, is_on=self.is_shown(name)):
                self.hidden[name] = self.is_shown(name)
        end = imgui.get_cursor_pos()
        imgui.set_cursor_pos((right, start.y))
        with text_font(style, 14):
            padding = imgui.ImVec2(style.px(8), style.px(4))
            imgui.push_style_var(imgui.StyleVar_.frame_padding, padding)
            imgui.push_item_width(style.px(120))
            changed, value = imgui.slider_float("smooth", self.smoothing, 0.0, 0.99, "%.2f")
            if changed:
                self.smoothing = min(0.99, max(0.0, value))
            imgui.pop_item_width()
            imgui.same_line(0, style.px(16))
            _, self.is_log = imgui.checkbox("log", self.is_log)
            imgui.same_line(0, style.px(16))
            is_live = self.course.chosen is None
            colour = look.GOOD if is_live else look.TEXT
            imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*colour))
            if imgui.button("live") and not is_live:
                intents.append(ChooseStep(None))
            imgui.pop_style_color()
            imgui.pop_style_var()
        imgui.set_cursor_pos((below.x, max(end.y, below.y)))
        return intents

    def _curve(self, name: str, columns: int) -> tuple[list[Floats], list[Floats]]:
        """Return a series thinned for drawing: as it was told, and smoothed."""
        steps, values = self.course.series[name]
        key = (name, columns, self.smoothing, self.is_log)
        held = self._thinned.get(key)
        if held is not None and held[0] is values:
            return held[1], held[2]
        raw = lines(steps, values, columns=columns)
        fine = lines(steps, smoothed(values, self.smoothing), columns=columns)
        self._thinned = {
            other: one
            for other, one in self._thinned.items()
            if other[0] != name  # type: ignore[index]
        }
        self._thinned[key] = (values, raw, fine)
        return raw, fine

    def _plot(self, style: Style, size_wh: tuple[float, float], across: Axis) -> Frame:
        course = self.course
        shown = [name for name in course.series if self.is_shown(name)]
        up = axis_of([course.series[name][1] for name in shown], is_log=self.is_log)
        plot = frame(style, "curves", size_wh, across=across, up=up)
        columns = max(16, int((plot.right - plot.left) / max(1.0, style.px(2))))
        for place, name in enumerate(course.series):
            if name not in shown:
                continue
            colour = look.SERIES[place % len(look.SERIES)]
            raw, fine = self._curve(name, columns)
            if self.smoothing > 0:
                faint = (*colour[:3], 0.22)
                draw_lines(style, plot, raw, colour=faint, width=1.0)
            draw_lines(style, plot, fine, colour=colour, width=1.8)
        if course.chosen is not None:
            _upright(style, plot, course.chosen, look.MARK)
        return plot

    def _readout(self, style: Style, plot: Frame) -> None:
        """Tell the exact values at the pointer, else at the step that is looked at."""
        course = self.course
        step = float(course.span[1]) if course.chosen is None else float(course.chosen)
        if plot.pointer is not None:
            step = plot.across.value(plot.pointer[0])
        parts: list[tuple[str, Colour]] = []
        told: int | None = None
        for place, (name, (steps, values)) in enumerate(course.series.items()):
            if not len(steps) or not self.is_shown(name):
                continue
            index = int(np.argmin(np.abs(steps - step)))
            told = int(steps[index]) if told is None else told
            value = float(values[index])
            text = short_number(value) if np.isfinite(value) else "not finite"
            colour = look.SERIES[place % len(look.SERIES)]
            parts.append((f"{name} {text}".replace("-", "\N{MINUS SIGN}"), colour))
            if plot.pointer is not None and np.isfinite(value):
                dot = (plot.x(float(steps[index])), plot.y(value))
                if plot.top <= dot[1] <= plot.bottom:
                    plot.ink.add_circle_filled(dot, style.px(3), packed(colour))
        if plot.pointer is not None and told is not None:
            _upright(style, plot, told, look.QUIET)
        small(style, f"step {axis_number(told)}" if told is not None else " ", colour=look.TEXT)
        for text, colour in parts:
            imgui.same_line(0, style.px(16))
            small(style, text, colour=colour)

    def _scrubber(self, style: Style, across: Axis) -> tuple[list[Intent], Frame]:
        """Draw the steps that can be looked at; return what was asked for, and the track."""
        course = self.course
        intents: list[Intent] = []
        track = frame(
            style, "steps", (imgui.get_content_region_avail().x, style.px(SCRUBBER)), across=across,
            up=Axis(0, 1), margins=(52, 0), counts=(0, 0),
        )  # fmt: skip
        self._steps(style, track)
        if (track.is_held or track.is_clicked) and track.pointer is not None:
            step = course.nearest(track.across.value(track.pointer[0]))
            if step is not None and step != course.chosen:
                intents.append(ChooseStep(step))
        return intents, track

    def _steps(self, style: Style, track: Frame) -> None:
        course = self.course
        middle = (track.top + track.bottom) / 2
        track.ink.add_line((track.left, middle), (track.right, middle), packed(look.BORDER), 1.0)
        drawn = -10.0
        for step, is_held in zip(course.served.tolist(), course.is_held.tolist(), strict=True):
            x = track.x(step)
            is_warned = int(step) in course.warnings
            if is_warned:
                tip = (x, track.top + style.px(9))
                wing = style.px(4)
                track.ink.add_triangle_filled(
                    (x - wing, track.top + style.px(2)), (x + wing, track.top + style.px(2)), tip,
                    packed(look.MARK),
                )  # fmt: skip
            if x - drawn < style.px(2.5) and not is_warned:
                continue  # nothing could be told apart there
            drawn = x
            high = style.px(6) if is_held else style.px(2.5)
            ink = packed(look.ACCENT if is_held else look.QUIET, 1.0 if is_held else 0.5)
            track.ink.add_line((x, middle - high), (x, middle + high), ink, max(1.0, style.px(1.4)))
        at = course.chosen if course.chosen is not None else _last(course.served)
        if at is not None:
            x = track.x(float(at))
            colour = look.GOOD if course.chosen is None else look.MARK
            track.ink.add_line(
                (x, track.top), (x, track.bottom), packed(colour), max(1.0, style.px(2))
            )
            track.ink.add_circle_filled((x, middle), style.px(5.5), packed(colour))

    def _told(self, style: Style, track: Frame) -> None:
        """Say what is wrong at the step under the pointer, or at the one looked at."""
        course = self.course
        step = course.chosen if course.chosen is not None else _last(course.served)
        if track.pointer is not None:
            step = course.nearest(track.across.value(track.pointer[0]))
        said = list(course.warnings.get(int(step), ())) if step is not None else []
        if course.is_gone and course.chosen == step:
            said.insert(0, "this step's snapshot is gone from memory: what is shown is another's")
        text = ",  and  .  step back and forth, End follows the newest"
        if said:
            text = said[0] if len(said) == 1 else f"{said[0]}   and {len(said) - 1} more"
        imgui.same_line(0, style.px(24))
        with text_font(style, SMALL_PIXELS):
            wide = imgui.calc_text_size(text).x
        left = imgui.get_cursor_pos_x()
        imgui.set_cursor_pos_x(max(left, left + imgui.get_content_region_avail().x - wide))
        small(style, text, colour=look.MARK if said else look.QUIET)


def _last(served: Floats) -> int | None:
    return int(served[-1]) if len(served) else None


def _upright(style: Style, plot: Frame, step: float, colour: Colour) -> None:
    x = plot.x(step)
    plot.ink.add_line((x, plot.top), (x, plot.bottom), packed(colour, 0.7), max(1.0, style.px(1.2)))
