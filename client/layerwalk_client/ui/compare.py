"""The panel of comparing: what is A, what is B, and how both are seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button, choice
from layerwalk_client.ui.intents import (
    ChooseFirst,
    ChooseSecond,
    EndCompare,
    Intent,
    SetCompareMode,
    SwapCompared,
)
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, shortened, small, text_font
from layerwalk_client.world.comparison import CYCLE, MODE_TEXTS, Mode
from layerwalk_client.world.scene import Colour

ROW_HIGH = 34
CHIP = 26
SECTIONS: dict[str, str] = {
    "input": "Inputs of this walk",
    "step": "Steps of the training",
    "network": "Other networks of this server, with the same input",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something to compare.

    Attributes:
        kind: what it is.
        network, snapshot: which; of another network "" is what it makes of the same input.
        title, detail: for people.
        side: which of the two it is now.
    """

    kind: Literal["input", "step", "network"]
    network: str
    snapshot: str
    title: str
    detail: str = ""
    side: Literal["A", "B"] | None = None


@dataclass(slots=True)
class ComparePanel:
    """Mutable, owned by the main thread.

    Attributes:
        candidates: in the order they are listed, by kinds.
        mode: how both are seen; None: nothing is compared.
        problem: why there is no comparison, "" where there is.
    """

    candidates: tuple[Candidate, ...] = ()
    mode: Mode | None = None
    problem: str = ""

    title = "Compare"
    size_wh = (470, 560)
    is_aside = True

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title) as intents:
            intents.extend(self._modes(style))
            if self.problem:
                small(style, self.problem, colour=look.MARK)
            imgui.begin_child("candidates")
            kind = ""
            for place, one in enumerate(self.candidates):
                if one.kind != kind:
                    kind = one.kind
                    imgui.dummy((1, style.px(4)))
                    small(style, SECTIONS[kind])
                intents.extend(self._row(style, place, one))
            if not self.candidates:
                small(style, "put something on the input first")
            imgui.end_child()
        return intents

    def _modes(self, style: Style) -> list[Intent]:
        if self.mode is None:
            small(style, "choose what to compare with: its B. Shift and a click on the input puts")
            small(style, "what is carried there as B.")
            return []
        intents: list[Intent] = []
        modes = CYCLE[:-1]
        chosen = choice(style, "mode", [(one, MODE_TEXTS[one]) for one in modes], self.mode)
        intents += [SetCompareMode(one) for one in modes if one == chosen]
        imgui.same_line(0, style.px(14))
        if button(style, "swap A and B"):
            intents.append(SwapCompared())
        imgui.same_line(0, style.px(6))
        if button(style, "end"):
            intents.append(EndCompare())
        return intents

    def _row(self, style: Style, place: int, one: Candidate) -> list[Intent]:
        intents: list[Intent] = []
        imgui.push_id(place)
        if one.kind == "network":
            imgui.dummy((style.px(CHIP), style.px(CHIP)))
        elif _chip(style, "A", look.ACCENT, is_on=one.side == "A"):
            intents.append(ChooseFirst(one.snapshot))
        imgui.same_line(0, style.px(4))
        if _chip(style, "B", look.MARK, is_on=one.side == "B"):
            intents.append(ChooseSecond(one.network, one.snapshot))
        imgui.same_line(0, style.px(10))
        corner, room = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
        draw = imgui.get_window_draw_list()
        with text_font(style, 14):
            wide = imgui.calc_text_size(one.detail).x
            title = shortened(
                one.title,
                room - wide - style.px(14),
                lambda text: float(imgui.calc_text_size(text).x),
            )
            top = corner.y + style.px(4)
            draw.add_text((corner.x, top), packed(look.BRIGHT if one.side else look.TEXT), title)
            right = corner.x + room - wide - style.px(4)
            draw.add_text((right, top), packed(look.QUIET), one.detail)
        imgui.new_line()
        imgui.pop_id()
        return intents


def _chip(style: Style, letter: str, colour: Colour, *, is_on: bool) -> bool:
    """Draw a letter that is pressed; return whether it was."""
    side = style.px(CHIP)
    corner = imgui.get_cursor_screen_pos()
    was_pressed = bool(imgui.invisible_button(letter, (side, side)))
    draw = imgui.get_window_draw_list()
    end = (corner.x + side, corner.y + side)
    fill = packed(colour) if is_on else packed(look.FIELD)
    if imgui.is_item_hovered() and not is_on:
        fill = packed(look.FIELD_HOVER)
    draw.add_rect_filled(corner, end, fill, style.px(5))
    with text_font(style, 14, is_bold=True):
        wide = imgui.calc_text_size(letter)
        ink = packed((0.05, 0.07, 0.1, 1.0)) if is_on else packed(colour)
        at = (corner.x + (side - wide.x) / 2, corner.y + (side - wide.y) / 2)
        draw.add_text(at, ink, letter)
    return was_pressed
