"""The panel of settings: everything that is kept between walks, grouped, each with its way back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import ENTRY_HIGH, button, choice, combo, label
from layerwalk_client.ui.desk_intents import ChangeSetting
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.ui.plots import MINUS
from layerwalk_client.ui.setting_fields import GROUPS, SettingField, Value
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, short_number, small, text_font

NAME_WIDE, CONTROL_WIDE = 148, 190


class SettingsPanel:
    """Mutable, owned by the main thread.

    Attributes:
        values: by name, as they are now.
        usual: by name, of someone who set nothing.
        place: where they are kept, for people.
        dragged: the setting whose slider is held; None: none is.
        problem: why a value was not taken.
    """

    title = "Settings"
    size_wh = (1060, 612)

    def __init__(
        self, values: Mapping[str, Value], usual: Mapping[str, Value], *, place: str = ""
    ) -> None:
        self.values = dict(values)
        self.usual = dict(usual)
        self.place = place
        self.dragged: str | None = None
        self.problem = ""

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title) as intents:
            wide = imgui.get_content_region_avail().x
            start = imgui.get_cursor_pos()
            halves: tuple[Literal[0, 1], ...] = (0, 1)
            lowest = start.y
            for half in halves:
                imgui.set_cursor_pos((start.x + half * (wide / 2 + style.px(6)), start.y))
                imgui.begin_group()
                for title, where, fields in GROUPS:
                    if where == half:
                        self._group(style, title, fields, intents)
                imgui.end_group()
                lowest = max(lowest, imgui.get_cursor_pos_y())
            bottom = imgui.get_window_height() - style.px(36)
            imgui.set_cursor_pos((start.x, min(lowest, bottom)))
            text = self.problem or (f"kept in {self.place}" if self.place else "")
            small(style, text, colour=look.DANGER if self.problem else look.QUIET)
        return intents

    def _group(
        self, style: Style, title: str, fields: tuple[SettingField, ...], intents: list[Intent]
    ) -> None:
        with text_font(style, 15, is_bold=True):
            imgui.text_colored(imgui.ImVec4(*look.ACCENT), title)
        for field in fields:
            found = self._field(style, field)
            if found is not None:
                self.problem = ""
                self.values[field.name] = found
                intents.append(ChangeSetting(field.name, found))
        imgui.dummy((1, style.px(4)))

    def _field(self, style: Style, field: SettingField) -> Value | None:
        """Draw one setting; return its new value where it was changed."""
        value = self.values[field.name]
        label(style, field.text, width=style.px(NAME_WIDE), colour=look.TEXT)
        found: Value | None = None
        wide = style.px(CONTROL_WIDE)
        left = imgui.get_cursor_pos_x()
        if field.kind == "switch":
            found = self._switch(style, field.name, is_on=bool(value))
        elif field.kind == "choice":
            found = choice(style, field.name, field.options, str(value), pixels=13)
        elif field.kind == "list":
            options = [(key, text, "") for key, text in field.options]
            found = combo(style, field.name, options, str(value), width=wide)
        else:
            found = self._slider(style, field, float(value), wide)
        imgui.same_line()
        imgui.set_cursor_pos_x(left + wide + style.px(14))
        if value != self.usual[field.name]:
            if button(style, "reset", name=f"reset {field.name}", pixels=12, colour=look.MARK):
                found = self.usual[field.name]
        elif field.remark:
            label(style, field.remark, width=1)
            imgui.new_line()
        else:
            imgui.dummy((1, style.px(ENTRY_HIGH)))
        return found

    def _switch(self, style: Style, name: str, *, is_on: bool) -> bool | None:
        """Draw a switch; return what it is after a press."""
        corner = imgui.get_cursor_screen_pos()
        high, wide = style.px(ENTRY_HIGH), style.px(40)
        is_pressed = imgui.invisible_button(f"switch {name}", (wide, high))
        is_hot = imgui.is_item_hovered()
        ink = imgui.get_window_draw_list()
        middle, radius = corner.y + high / 2, style.px(9)
        ground = look.ACCENT if is_on else look.FIELD_HOVER if is_hot else look.FIELD
        ink.add_rect_filled(
            (corner.x, middle - radius), (corner.x + wide, middle + radius), packed(ground), radius
        )
        at = corner.x + (wide - radius if is_on else radius)
        knob = look.PANEL if is_on else look.QUIET
        ink.add_circle_filled((at, middle), radius - style.px(2.5), packed(knob))
        return not is_on if is_pressed else None

    def _slider(
        self, style: Style, field: SettingField, value: float, wide: float
    ) -> int | float | None:
        """Draw a slider with its number; return the value that it was drawn to."""
        corner = imgui.get_cursor_screen_pos()
        high, number_wide = style.px(ENTRY_HIGH), style.px(66)
        track = wide - number_wide
        imgui.invisible_button(f"slider {field.name}", (wide, high))
        is_held, is_hot = imgui.is_item_active(), imgui.is_item_hovered()
        found: int | float | None = None
        if is_held:
            share = (imgui.get_mouse_pos().x - corner.x) / track
            drawn = field.value_at(min(1.0, max(0.0, share)))
            found = None if drawn == value else drawn
            self.dragged = field.name
        elif self.dragged == field.name:
            self.dragged = None
        ink = imgui.get_window_draw_list()
        middle, thick = corner.y + high / 2, style.px(2.5)
        at = corner.x + track * field.share_of(value if found is None else found)
        ink.add_rect_filled(
            (corner.x, middle - thick),
            (corner.x + track, middle + thick),
            packed(look.FIELD),
            thick,
        )
        ink.add_rect_filled(
            (corner.x, middle - thick), (at, middle + thick), packed(look.ACCENT, 0.8), thick
        )
        knob = look.BRIGHT if is_held or is_hot else look.ACCENT
        ink.add_circle_filled((at, middle), style.px(7), packed(knob))
        with text_font(style, 14):
            text = told_value(field, value if found is None else found)
            left = corner.x + wide - imgui.calc_text_size(text).x
            top = middle - imgui.get_text_line_height() / 2
            ink.add_text((left, top), packed(look.BRIGHT), text)
        return found


def told_value(field: SettingField, value: float) -> str:
    """Return a number with its unit."""
    text = str(round(value)) if field.is_whole else short_number(value)
    if not math.isfinite(value):
        text = "\N{EM DASH}"
    return f"{text} {field.unit}".strip().replace("-", MINUS)
