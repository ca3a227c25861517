"""The page of all keys: read off the table that the keyboard obeys, and changed by a press."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.devices.bindings import MOUSE_HELP, Binding, shown_key, shown_keys
from layerwalk_client.devices.rebinding import can_be_rebound
from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button, label
from layerwalk_client.ui.desk_intents import Rebind, ResetKeys, StartGuide
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, small, text_font

COLUMNS = (("Move",), ("Go",), ("Tools",), ("Arrange",), ("View",))
"""Sections side by side, and below each other."""
SECTIONS = tuple(section for column in COLUMNS for section in column)
ASKING = "press a key"
LINE = 22
"""Height of a line, design pixels."""
HEADING = 1.8
"""Lines that a section's name and the room below it take."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A line of the page: keys, what they do, and the action that they are bound to; "" of a
    gesture of the mouse, and of what cannot be bound by one press."""

    keys: str
    text: str
    action: str = ""


def help_rows(
    bindings: Sequence[Binding], gestures: Sequence[tuple[str, str, str]] = MOUSE_HELP
) -> dict[str, list[KeyRow]]:
    """Return the lines of each section, gestures of the mouse last."""
    rows: dict[str, list[KeyRow]] = {section: [] for section in SECTIONS}
    for binding in bindings:
        action = binding.name if can_be_rebound(binding) else ""
        rows[binding.section].append(KeyRow(shown_keys(binding), binding.text, action))
    for section, gesture, text in gestures:
        rows[section].append(KeyRow(gesture, text))
    return rows


class HelpPanel:
    """Every key and gesture. Mutable, owned by the main thread.

    Args:
        bindings: as they are now.
        gestures: of the mouse, see `bindings.MOUSE_HELP`.
        changed: names of actions whose keys are not the usual ones.

    Attributes:
        listening: the action whose key is to be pressed next; None: no key is listened for.
        taken: (action, key, text of the action that has it): whether to swap is asked.
        problem: why a key was not taken.
    """

    title = "Keys"

    def __init__(
        self,
        bindings: Sequence[Binding],
        changed: Collection[str] = (),
        *,
        gestures: Sequence[tuple[str, str, str]] = MOUSE_HELP,
    ) -> None:
        self.listening: str | None = None
        self.taken: tuple[str, str, str] | None = None
        self.problem = ""
        self._gestures = gestures
        self._changed: frozenset[str] = frozenset()
        self._rows: dict[str, list[KeyRow]] = {}
        self.show(bindings, changed)

    @property
    def size_wh(self) -> tuple[int, int]:
        """As high as the longest column."""
        lines = [
            sum(len(self._rows[section]) + HEADING for section in column) for column in COLUMNS
        ]
        return (1340, round(128 + LINE * max(lines)))

    def show(self, bindings: Sequence[Binding], changed: Collection[str]) -> None:
        """Show other bindings."""
        self._changed = frozenset(changed)
        self._rows = help_rows(bindings, self._gestures)

    def press(self, key: str) -> list[Intent]:
        """Take the key that was listened for; Esc takes none."""
        action, self.listening = self.listening, None
        if action is None or key == "ESCAPE":
            return []
        return [Rebind(action, key)]

    def draw(self, style: Style) -> list[Intent]:
        """Draw the page."""
        with panel(style, self.title) as intents:
            if imgui.begin_table("keys", len(COLUMNS)):
                for column in COLUMNS:  # as wide as what stands there needs
                    weight = max(self._needed(style, section) for section in column)
                    stretch = imgui.TableColumnFlags_.width_stretch
                    imgui.table_setup_column(column[0], stretch, weight)
                for column in COLUMNS:
                    imgui.table_next_column()
                    for section in column:
                        self._section(style, section)
                imgui.end_table()
            intents.extend(self._foot(style))
        return intents

    def _needed(self, style: Style, section: str) -> float:
        """Return the width of a section, pixels."""
        rows = self._rows[section]
        with text_font(style, 14):
            keys = max(imgui.calc_text_size(row.keys).x for row in rows)
            texts = max(imgui.calc_text_size(row.text).x for row in rows)
        return float(keys + texts) + style.px(28)

    def _section(self, style: Style, section: str) -> None:
        with text_font(style, 15, is_bold=True):
            imgui.text_colored(imgui.ImVec4(*look.ACCENT), section)
        with text_font(style, 14):
            column = max(imgui.calc_text_size(row.keys).x for row in self._rows[section])
        for row in self._rows[section]:
            self._row(style, row, column=column + style.px(14))
        imgui.dummy((1, style.px(4)))

    def _row(self, style: Style, row: KeyRow, *, column: float) -> None:
        with text_font(style, 14):
            corner = imgui.get_cursor_screen_pos()
            is_listening = bool(row.action) and row.action == self.listening
            keys = ASKING if is_listening else row.keys
            wide = imgui.calc_text_size(keys).x
            column = max(column, wide + style.px(14)) if is_listening else column
            room = imgui.get_content_region_avail().x
            high = imgui.get_text_line_height()
            if imgui.invisible_button(f"row {row.action or row.keys}", (room, high + style.px(2))):
                self.problem, self.taken = "", None
                self.listening = row.action if row.action and not is_listening else None
            is_hot = imgui.is_item_hovered() and bool(row.action)
            draw = imgui.get_window_draw_list()
            ground = look.ACCENT if is_listening else look.FIELD_ACTIVE if is_hot else look.FIELD
            draw.add_rect_filled(
                (corner.x, corner.y - style.px(1)),
                (corner.x + wide + style.px(12), corner.y + high + style.px(3)),
                packed(ground),
                style.px(4),
            )
            ink = look.PANEL if is_listening else look.BRIGHT
            if row.action in self._changed and not is_listening:
                ink = look.MARK
            draw.add_text((corner.x + style.px(6), corner.y + style.px(1)), packed(ink), keys)
            at = (corner.x + column + style.px(4), corner.y + style.px(1))
            draw.add_text(at, packed(look.BRIGHT if is_hot else look.TEXT), row.text)
            step = style.px(LINE)
            imgui.set_cursor_screen_pos((corner.x, corner.y + step))
            imgui.dummy((1, 0))
            imgui.set_cursor_screen_pos((corner.x, corner.y + step))

    def _foot(self, style: Style) -> list[Intent]:
        """Say what is going on, and offer what can be done about it."""
        intents: list[Intent] = []
        imgui.dummy((1, style.px(4)))
        if button(style, "guided tour", colour=look.ACCENT):
            intents.append(StartGuide())
        imgui.same_line(0, style.px(8))
        if self._changed and button(style, "all keys as usual"):
            self.problem, self.taken = "", None
            intents.append(ResetKeys(None))
        if self._changed:
            imgui.same_line(0, style.px(8))
        if self.listening in self._changed and button(style, "this one as usual"):
            action, self.listening = self.listening, None
            intents.append(ResetKeys(action))
        if self.listening in self._changed:
            imgui.same_line(0, style.px(8))
        if self.taken is not None:
            action, key, other = self.taken
            text = f"{shown_key(key)} is “{other}”.  "
            label(style, text, width=self._wide(style, text))
            if button(style, "swap them", is_main=True):
                self.taken = None
                intents.append(Rebind(action, key, swaps=True))
            imgui.same_line(0, style.px(6))
            if button(style, "leave it"):
                self.taken = None
            return intents
        text = "a press on an action, then its new key"
        if self.listening is not None:
            text = "the next key is its own from now on; Esc leaves it"
        with text_font(style, 14):
            top = imgui.get_cursor_pos()
            imgui.set_cursor_pos((top.x, top.y + style.px(6)))
        small(style, self.problem or text, colour=look.DANGER if self.problem else look.QUIET)
        return intents

    def _wide(self, style: Style, text: str) -> float:
        with text_font(style, 14):
            return float(imgui.calc_text_size(text).x)
