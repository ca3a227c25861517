"""The panel of colours: table, range, marks out of range, and the legend with its numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import Intent, SetAppearance
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import gradient, panel, small, text_font
from layerwalk_client.world.legend import Legend, Tick, range_text
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import TABLES

Mode = Literal["channel", "node", "shared", "percentile", "manual"]
MODES: tuple[Mode, ...] = get_args(Mode)
MODE_TEXTS: dict[Mode, str] = {
    "channel": "each channel its own",
    "node": "each node its own",
    "shared": "one for all nodes",
    "percentile": "percentile of the node",
    "manual": "by hand",
}


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
    """Colours and range. The appearance itself is the app's: it comes in and goes out."""

    title = "Colours"
    size_wh = (440, 500)

    def __init__(self, appearance: Appearance) -> None:
        self.appearance = appearance
        self.legend = Legend(appearance.table, (), range_text(appearance))

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel; a change comes back as one intent."""
        before = self.appearance
        with panel(style, self.title) as intents:
            wide = imgui.get_content_region_avail().x
            self._legend(style, wide)
            self._tables(style, wide)
            self._range(style, wide)
        if self.appearance != before:
            intents.append(SetAppearance(self.appearance))
        return intents

    def _legend(self, style: Style, wide: float) -> None:
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
            if self.legend.ticks:
                imgui.dummy((1, imgui.get_text_line_height()))
        name = self.legend.name
        known = f", values {self.legend.value_text}" if self.legend.value_text else ""
        small(style, f"at {name}{known}" if name else "look at a wall for its numbers")
        imgui.dummy((1, style.px(4)))

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
                    packed(look.FIELD if is_chosen else look.FIELD_HOVER),
                    style.px(5),
                )
            strip = imgui.ImVec2(corner.x + style.px(8), corner.y + style.px(7))
            gradient(draw, strip, (style.px(110), style.px(12)), name=name)
            with text_font(style, 14):
                draw.add_text(
                    (corner.x + style.px(130), corner.y + style.px(5)),
                    packed(look.BRIGHT if is_chosen else look.TEXT),
                    described.title,
                )
            imgui.set_cursor_screen_pos((corner.x, corner.y + high + style.px(1)))
        imgui.dummy((1, style.px(4)))

    def _range(self, style: Style, wide: float) -> None:
        appearance = self.appearance
        imgui.push_style_var(imgui.StyleVar_.frame_padding, imgui.ImVec2(style.px(3), style.px(3)))
        for mode in MODES:
            if imgui.radio_button(MODE_TEXTS[mode], appearance.mode == mode):
                appearance = replace(appearance, mode=mode)
        imgui.push_item_width(wide * 0.6)
        if appearance.mode == "percentile":
            changed, value = imgui.slider_float(
                "percentile", appearance.percentile, 90.0, 100.0, "%.1f"
            )
            if changed:
                appearance = replace(appearance, percentile=min(100.0, max(50.0, value)))
        if appearance.mode == "manual":
            changed, value = imgui.slider_float(
                "end of the table", appearance.manual, 1e-3, 100.0, "%.3g",
                imgui.SliderFlags_.logarithmic,
            )  # fmt: skip
            if changed:
                appearance = replace(appearance, manual=max(1e-6, value))
        imgui.pop_item_width()
        changed, marks = imgui.checkbox("mark values out of range", appearance.marks_out_of_range)
        if changed:
            appearance = replace(appearance, marks_out_of_range=marks)
        imgui.pop_style_var()
        self.appearance = appearance


def tick_left(tick: Tick, legend: Legend, wide: float) -> float:
    """Return where a tick's text begins on a bar of `wide` pixels: it never sticks out."""
    zero = legend.place_of_zero
    middle = wide * (zero + (1 - zero) * tick.share)
    text = float(imgui.calc_text_size(tick.text).x)
    return min(max(0.0, middle - text / 2), wide - text)
