"""The list of bookmarks: fly there, name them, take them away, set one here."""

from __future__ import annotations

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button
from layerwalk_client.ui.intents import (
    ClosePanel,
    DropBookmark,
    GoToBookmark,
    Intent,
    NameBookmark,
    SetBookmark,
)
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import cross_button, panel, shortened, small
from layerwalk_client.world.bookmarks import NUMBERS, Bookmark

ROW = 34
LONGEST = 60
"""Letters of a name."""


class BookmarksPanel:
    """Mutable, owned by the main thread: the bookmarks, and which one's name is being written.

    Attributes:
        marks: of the network that is shown.
        edited: number of the bookmark whose name is written; None: none.
        text: its name so far.
    """

    title = "Bookmarks"
    size_wh = (440, 448)

    def __init__(self) -> None:
        self.marks: tuple[Bookmark, ...] = ()
        self.edited: int | None = None
        self.text = ""

    @property
    def takes_text(self) -> bool:
        """Whether a name is being written."""
        return self.edited is not None

    def type_text(self, text: str) -> None:
        """Add to the name."""
        self.text = (self.text + text)[:LONGEST]

    def erase(self) -> None:
        """Take the last character away."""
        self.text = self.text[:-1]

    def complete(self) -> None:
        """Leave the name as it was."""
        self.edited = None

    def step(self, by: int) -> None:
        """Up and down mean nothing in a name."""

    def enter(self) -> list[Intent]:
        """Return the intent to keep the name."""
        number, self.edited = self.edited, None
        return [] if number is None else [NameBookmark(number, self.text.strip())]

    def draw(self, style: Style) -> list[Intent]:
        """Draw the list."""
        with panel(style, self.title) as intents:
            wide = imgui.get_content_region_avail().x
            for mark in self.marks:
                intents.extend(self._row(style, mark, wide))
            if not self.marks:
                small(style, "none yet: Ctrl and a digit, or the button, sets one here")
            imgui.dummy((1, style.px(2)))
            is_on = len(self.marks) < len(NUMBERS)
            if button(style, "set one here", is_main=True, is_on=is_on):
                intents.append(SetBookmark())
        return intents

    def _row(self, style: Style, mark: Bookmark, wide: float) -> list[Intent]:
        found: list[Intent] = []
        px, draw = style.px, imgui.get_window_draw_list()
        corner = imgui.get_cursor_screen_pos()
        high, side = px(ROW), px(26)
        names = px(34), wide - 2 * side - px(58)
        imgui.push_id(str(mark.number))
        if imgui.invisible_button("go", (names[0] + names[1], high)):
            found += [GoToBookmark(mark.number), ClosePanel()]
        is_edited = self.edited == mark.number
        if imgui.is_item_hovered() or is_edited:
            colour = packed(look.FIELD_ACTIVE if is_edited else look.FIELD_HOVER)
            right = corner.x + names[0] + names[1]
            draw.add_rect_filled(corner, (right, corner.y + high), colour, px(5))
        top = corner.y + px(8)
        draw.add_text((corner.x + px(12), top), packed(look.ACCENT), str(mark.number))
        text = self.text if is_edited else mark.name or _place(mark)
        shown = shortened(text, names[1] - px(12), lambda one: float(imgui.calc_text_size(one).x))
        colour = packed(look.BRIGHT if mark.name or is_edited else look.QUIET)
        draw.add_text((corner.x + names[0], top), colour, shown)
        if is_edited:
            caret = corner.x + names[0] + imgui.calc_text_size(shown).x + px(1)
            draw.add_line((caret, top), (caret, top + px(19)), packed(look.ACCENT), 2.0)
        imgui.set_cursor_screen_pos((corner.x + names[0] + names[1] + px(6), corner.y + px(4)))
        if button(style, "name", pixels=13):
            self.edited, self.text = (None, "") if is_edited else (mark.number, mark.name)
        imgui.set_cursor_screen_pos((corner.x + wide - side, corner.y + px(4)))
        if cross_button(style, side):
            found.append(DropBookmark(mark.number))
        imgui.pop_id()
        imgui.set_cursor_screen_pos((corner.x, corner.y + high + px(2)))
        return found


def _place(mark: Bookmark) -> str:
    x, y, z = mark.camera.position
    return f"{x:.1f}, {y:.1f}, {z:.1f} m"
