"""The box that finds a wall, a group, a class or a channel: type, choose, fly there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import (
    ClosePanel,
    GoTo,
    GoToChannel,
    GoToClass,
    GoToGroup,
    Intent,
)
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, shortened, text_font
from layerwalk_client.world.scene import Colour
from layerwalk_client.world.search import LIMIT, Entry, Kind, SearchIndex, completed, search

HINT = "wall, group, class, channel (conv1:17), relu, 512x"
KIND_WIDTH = 68
"""Pixels of the design that the kind of a line takes."""
COLOURS: dict[Kind, Colour] = {
    "wall": look.QUIET,
    "group": look.ACCENT,
    "class": look.GOOD,
    "channel": look.MARK,
}


class SearchPanel:
    """Mutable, owned by the main thread: the text and the chosen line.

    Args:
        index: of the network.
        recent: what was gone to before, the last first; shown while nothing is written.
        note: is told what is gone to.
    """

    title = "Go to"
    size_wh = (640, 470)
    takes_text = True

    def __init__(
        self,
        index: SearchIndex,
        recent: Sequence[Entry] = (),
        note: Callable[[Entry], None] = lambda entry: None,
    ) -> None:
        self._index = index
        self._recent = tuple(recent)
        self._note = note
        self._found: tuple[str | None, tuple[Entry, ...]] = (None, ())
        self.text = ""
        self.chosen = 0

    def type_text(self, text: str) -> None:
        """Add to the text."""
        self.text += text
        self.chosen = 0

    def erase(self) -> None:
        """Take the last character away."""
        self.text = self.text[:-1]
        self.chosen = 0

    def complete(self) -> None:
        """Lengthen the text as far as it is clear, else to the chosen line."""
        self.text = completed(self.found(), self.text, self.chosen)
        self.chosen = 0

    def step(self, by: int) -> None:
        """Choose a line further down, or up; past the last comes the first."""
        self.chosen = (self.chosen + by) % max(1, len(self.found()))

    def found(self) -> tuple[Entry, ...]:
        """Return the lines that the text gives."""
        if self._found[0] != self.text:
            self._found = self.text, self._lines()
        return self._found[1]

    def enter(self) -> list[Intent]:
        """Return the intent to go to the chosen line."""
        found = self.found()
        return self._go(found[self.chosen]) if found else []

    def draw(self, style: Style) -> list[Intent]:
        """Draw the box and its lines."""
        found = self.found()
        with panel(style, self.title) as intents:
            wide = imgui.get_content_region_avail().x
            corner = imgui.get_cursor_screen_pos()
            high = style.px(36)
            draw = imgui.get_window_draw_list()
            draw.add_rect_filled(
                corner, (corner.x + wide, corner.y + high), packed(look.FIELD), style.px(6)
            )
            inset = (corner.x + style.px(12), corner.y + style.px(8))
            if self.text:
                draw.add_text(inset, packed(look.BRIGHT), self.text)
            else:
                draw.add_text(inset, packed(look.QUIET), HINT)
            caret = inset[0] + imgui.calc_text_size(self.text).x + style.px(1)
            draw.add_line(
                (caret, inset[1]), (caret, inset[1] + style.px(19)), packed(look.ACCENT), 2.0
            )
            imgui.dummy((wide, high + style.px(4)))
            for place, one in enumerate(found):
                if self._line(style, place, one, wide):
                    intents.extend(self._go(one))
            imgui.dummy((1, 1))
            if not found:
                imgui.text_colored(imgui.ImVec4(*look.MARK), "nothing fits")
        return intents

    def _lines(self) -> tuple[Entry, ...]:
        found = search(self._index, self.text)
        if self.text.strip():
            return found
        return (*self._recent, *(one for one in found if one not in self._recent))[:LIMIT]

    def _go(self, entry: Entry) -> list[Intent]:
        self._note(entry)
        return [target_of(entry), ClosePanel()]

    def _line(self, style: Style, place: int, one: Entry, wide: float) -> bool:
        corner = imgui.get_cursor_screen_pos()
        high = style.px(31)
        is_pressed: bool = imgui.invisible_button(f"line {place}", (wide, high))
        draw = imgui.get_window_draw_list()
        is_chosen = place == self.chosen
        if is_chosen or imgui.is_item_hovered():
            draw.add_rect_filled(
                corner,
                (corner.x + wide, corner.y + high),
                packed(look.FIELD_ACTIVE if is_chosen else look.FIELD_HOVER),
                style.px(5),
            )
        top = corner.y + style.px(6)
        left = corner.x + style.px(12 + KIND_WIDTH)
        with text_font(style, 14):
            draw.add_text(
                (corner.x + style.px(12), top + style.px(2)), packed(COLOURS[one.kind]), one.kind
            )
            right = corner.x + wide - imgui.calc_text_size(one.detail).x - style.px(12)
            draw.add_text((right, top + style.px(2)), packed(look.QUIET), one.detail)
        room = right - left - style.px(14)
        name = shortened(one.text, room, lambda text: float(imgui.calc_text_size(text).x))
        draw.add_text((left, top), packed(look.BRIGHT), name)
        imgui.set_cursor_screen_pos((corner.x, corner.y + high + style.px(2)))
        return is_pressed


def target_of(entry: Entry) -> Intent:
    """Return the intent to go to what was found."""
    if entry.kind == "group":
        return GoToGroup(entry.group)
    if entry.kind == "class":
        return GoToClass(entry.number)
    if entry.kind == "channel":
        return GoToChannel(entry.node, entry.number)
    return GoTo(entry.number)
