"""The panel of colours: the range on a node's histogram, what sets it, locks, the colour table."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button, choice, label
from layerwalk_client.ui.desk_intents import LockRange, UnlockRange
from layerwalk_client.ui.histograms import Bars
from layerwalk_client.ui.intents import (
    Intent,
    SetAppearance,
)
from layerwalk_client.ui.plots import MINUS
from layerwalk_client.ui.range_slider import RangeSlider
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import gradient, panel, short_number, shortened, small, text_font
from layerwalk_client.world.legend import Legend, Tick, range_text
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import ABOVE, BELOW, TABLES, rgb
from layerwalk_shared.messages import ValueStatistics

Mode = Literal["channel", "node", "shared", "percentile", "manual"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE_TEXTS: dict[Mode, str] = {
    "channel": "each channel its own",
    "node": "each node its own",
    "shared": "one for all nodes",
    "percentile": "percentile of the node",
    "manual": "by hand",
}
SHORT_TEXTS: dict[Mode, str] = {
    "channel": "channel", "node": "node", "shared": "shared", "percentile": "percentile",
    "manual": "by hand",
}  # fmt: skip
SAFE = frozenset(("blue-orange", "cividis", "grey"))
"""Tables that colour-blind eyes can read."""


def next_mode(appearance: Appearance) -> Appearance:
    """Return the appearance with the range mode after this one (by hand is not among them)."""
    cycle = MODES[:-1]
    place = cycle.index(appearance.mode) if appearance.mode in cycle else -1
    return replace(appearance, mode=cycle[(place + 1) % len(cycle)])


def next_table(appearance: Appearance) -> Appearance:
    """Return the appearance with the colour table after this one."""
    names = list(TABLES)
    return replace(appearance, table=names[(names.index(appearance.table) + 1) % len(names)])


class ColoursPanel:
    """Mutable, owned by the main thread. The appearance and the locks are the app's: they come in
    and go out.

    Attributes:
        appearance: as it is now.
        legend: of the node that was looked at last.
        statistics: of its values; None: not there.
        limit: what gets the table's end there; None: each channel has its own.
        is_locked: its range is held.
        group: name of the group it stands in, "" for none.
        held: how many nodes have a lock of their own; -1: one is held for all.
    """

    title = "Colours and range"
    size_wh = (520, 560)
    is_aside = True

    def __init__(self, appearance: Appearance) -> None:
        self.appearance = appearance
        self.legend = Legend(appearance.table, (), range_text(appearance))
        self.statistics: ValueStatistics | None = None
        self.limit: float | None = None
        self.is_locked = False
        self.group = ""
        self.held = 0
        self.slider = RangeSlider()

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel; a change of the appearance comes back as one intent."""
        before = self.appearance
        with panel(style, self.title) as intents:
            wide = imgui.get_content_region_avail().x
            intents.extend(self._values(style, wide))
            self._range(style, wide)
            intents.extend(self._locks(style))
            imgui.dummy((1, style.px(2)))
            self._tables(style, wide)
            self._marks(style)
        if self.appearance != before:
            intents.append(SetAppearance(self.appearance))
        return intents

    def _values(self, style: Style, wide: float) -> list[Intent]:
        """Draw the range on the node's histogram; an end that is drawn sets it by hand, or the
        lock where there is one."""
        legend = self.legend
        known = f", values {legend.value_text}" if legend.value_text else ""
        text = f"at {legend.name}{known}" if legend.name else "look at a wall for its numbers"
        small(style, shortened(text, wide, lambda one: imgui.calc_text_size(one).x * 14 / 17))
        high = style.px(128)
        intents: list[Intent] = []
        if self.statistics is None:
            self._bare(style, wide)
        else:
            found = Bars(self.statistics.histogram.counts, self.statistics.histogram.edges)
            drawn = self.slider.draw(
                style, found, self.limit, table=self.appearance.table, size_wh=(wide, high),
                is_locked=self.is_locked,
            )  # fmt: skip
            if drawn is not None and self.is_locked:
                intents.append(LockRange("node" if self.held != -1 else "all", drawn))
            elif drawn is not None:
                self.appearance = replace(self.appearance, mode="manual", manual=drawn)
        if self.limit is None:
            parts = ["each channel ends at its own largest value"]
        else:
            parts = [f"the table ends at {short_number(self.limit)}".replace("-", MINUS)]
        parts.append("locked" if self.is_locked else legend.range_text)
        small(style, ", ".join(parts), colour=look.MARK if self.is_locked else look.TEXT)
        return intents

    def _bare(self, style: Style, wide: float) -> None:
        """Draw the bar of colours with its numbers, where no values are known."""
        corner = imgui.get_cursor_screen_pos()
        high = style.px(20)
        draw = imgui.get_window_draw_list()
        gradient(draw, corner, (wide, high), name=self.appearance.table)
        imgui.dummy((wide, high))
        with text_font(style, 14):
            top = corner.y + high + style.px(6)
            for tick in self.legend.ends:
                left = corner.x + tick_left(tick, self.legend, wide)
                draw.add_text((left, top), packed(look.TEXT), tick.text)
            imgui.dummy((1, imgui.get_text_line_height()))

    def _range(self, style: Style, wide: float) -> None:
        appearance = self.appearance
        options = tuple((mode, SHORT_TEXTS[mode]) for mode in MODES)
        pressed = choice(style, "mode", options, appearance.mode, pixels=14)
        if pressed is not None:
            mode = next(one for one in MODES if one == pressed)
            manual = appearance.manual if self.limit is None else self.limit
            appearance = replace(appearance, mode=mode)
            if mode == "manual":
                appearance = replace(appearance, manual=manual)  # begins where it was
        start = imgui.get_cursor_pos()
        imgui.push_style_var(imgui.StyleVar_.frame_padding, imgui.ImVec2(style.px(3), style.px(3)))
        imgui.push_item_width(wide * 0.55)
        with text_font(style, 14):
            if appearance.mode == "percentile":
                changed, value = imgui.slider_float(
                    "% of the values are within", appearance.percentile, 90.0, 100.0, "%.1f"
                )
                if changed:
                    appearance = replace(appearance, percentile=min(100.0, max(50.0, value)))
            elif appearance.mode == "manual":
                changed, value = imgui.slider_float(
                    "end of the table", appearance.manual, 1e-3, 100.0, "%.3g",
                    imgui.SliderFlags_.logarithmic,
                )  # fmt: skip
                if changed:
                    appearance = replace(appearance, manual=max(1e-6, value))
            else:
                small(style, MODE_TEXTS[appearance.mode])
        imgui.pop_item_width()
        imgui.pop_style_var()
        imgui.set_cursor_pos((start.x, start.y + style.px(30)))  # the same in every mode
        self.appearance = appearance

    def _locks(self, style: Style) -> list[Intent]:
        """Offer to hold the range of the node, of its group, of all walls, and to let go."""
        intents: list[Intent] = []
        can_lock = self.limit is not None and bool(self.legend.name)
        limit = self.limit or 0.0
        label(style, "lock", width=style.px(42), colour=look.TEXT)
        if button(style, "this node", name="lock node", is_on=can_lock, pixels=13):
            intents.append(LockRange("node", limit))
        imgui.same_line(0, style.px(5))
        if button(
            style, "its group", name="lock group", is_on=can_lock and bool(self.group), pixels=13
        ):
            intents.append(LockRange("group", limit))
        imgui.same_line(0, style.px(5))
        if button(style, "every wall", name="lock all", is_on=self.limit is not None, pixels=13):
            intents.append(LockRange("all", limit))
        if not self.held:
            return intents
        imgui.same_line(0, style.px(16))
        if self.is_locked and self.held != -1:
            if button(style, "unlock it", pixels=13, colour=look.MARK):
                intents.append(UnlockRange("node"))
            imgui.same_line(0, style.px(5))
        text = "unlock" if self.held == -1 else f"unlock all {self.held}"
        if button(style, text, pixels=13, colour=look.MARK, name="unlock all"):
            intents.append(UnlockRange("all"))
        return intents

    def _tables(self, style: Style, wide: float) -> None:
        for name, described in TABLES.items():
            corner = imgui.get_cursor_screen_pos()
            high = style.px(26)
            if imgui.invisible_button(name, (wide, high)):
                self.appearance = replace(self.appearance, table=name)
            draw = imgui.get_window_draw_list()
            is_chosen = name == self.appearance.table
            if is_chosen or imgui.is_item_hovered():
                draw.add_rect_filled(
                    corner,
                    (corner.x + wide, corner.y + high),
                    packed(look.FIELD_ACTIVE if is_chosen else look.FIELD_HOVER),
                    style.px(5),
                )
            strip = imgui.ImVec2(corner.x + style.px(8), corner.y + style.px(7))
            gradient(draw, strip, (style.px(150), style.px(12)), name=name)
            with text_font(style, 14):
                text = described.title.removesuffix(" (colour-blind safe)")
                draw.add_text(
                    (corner.x + style.px(172), corner.y + style.px(5)),
                    packed(look.BRIGHT if is_chosen else look.TEXT),
                    text,
                )
            if name in SAFE:
                with text_font(style, 13):
                    told = "safe for colour-blind eyes"
                    left = corner.x + wide - imgui.calc_text_size(told).x - style.px(10)
                    draw.add_text((left, corner.y + style.px(6)), packed(look.QUIET), told)
            imgui.set_cursor_screen_pos((corner.x, corner.y + high + style.px(1)))
        imgui.dummy((1, style.px(3)))

    def _marks(self, style: Style) -> None:
        imgui.push_style_var(imgui.StyleVar_.frame_padding, imgui.ImVec2(style.px(3), style.px(3)))
        with text_font(style, 15):
            changed, marks = imgui.checkbox(
                "mark values out of range", self.appearance.marks_out_of_range
            )
        imgui.pop_style_var()
        if changed:
            self.appearance = replace(self.appearance, marks_out_of_range=marks)
        ink = imgui.get_window_draw_list()
        for colour, text in ((ABOVE, "above"), (BELOW, "below")):
            imgui.same_line(0, style.px(14))
            corner = imgui.get_cursor_screen_pos()
            red, green, blue = (part / 255 for part in rgb(colour))
            side, down = style.px(12), style.px(6)
            ink.add_rect_filled(
                (corner.x, corner.y + down), (corner.x + side, corner.y + down + side),
                packed((red, green, blue, 1.0)), style.px(2),
            )  # fmt: skip
            imgui.dummy((side, side))
            imgui.same_line(0, style.px(6))
            small(style, text)


def tick_left(tick: Tick, legend: Legend, wide: float) -> float:
    """Return where a tick's text begins on a bar of `wide` pixels: it never sticks out."""
    zero = legend.place_of_zero
    middle = wide * (zero + (1 - zero) * tick.share)
    text = float(imgui.calc_text_size(tick.text).x)
    return min(max(0.0, middle - text / 2), wide - text)
