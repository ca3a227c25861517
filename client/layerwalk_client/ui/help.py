"""The page of all keys: read off the table that the keyboard obeys."""

from __future__ import annotations

from collections.abc import Sequence

from imgui_bundle import imgui

from layerwalk_client.devices.bindings import MOUSE_HELP, Binding, shown_keys
from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import Intent
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, text_font

SECTIONS = ("Move", "Go", "Tools", "Arrange", "View")


def help_rows(bindings: Sequence[Binding]) -> dict[str, list[tuple[str, str]]]:
    """Return section -> (keys, text), gestures of the mouse last."""
    rows: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
    for binding in bindings:
        rows[binding.section].append((shown_keys(binding), binding.text))
    for section, gesture, text in MOUSE_HELP:
        rows[section].append((gesture, text))
    return rows


class HelpPanel:
    """Every key and gesture. Holds no state of its own but the table."""

    title = "Keys"
    size_wh = (1360, 410)

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._rows = help_rows(bindings)

    def draw(self, style: Style) -> list[Intent]:
        """Draw the page."""
        with panel(style, self.title) as intents:
            if imgui.begin_table("keys", len(SECTIONS)):
                for section in SECTIONS:
                    imgui.table_next_column()
                    with text_font(style, 15, is_bold=True):
                        imgui.text_colored(imgui.ImVec4(*look.ACCENT), section)
                    with text_font(style, 14):
                        column = max(
                            imgui.calc_text_size(keys).x for keys, _ in self._rows[section]
                        )
                    for keys, text in self._rows[section]:
                        self._row(style, keys, text, column=column + style.px(14))
                imgui.end_table()
        return intents

    def _row(self, style: Style, keys: str, text: str, *, column: float) -> None:
        with text_font(style, 14):
            corner = imgui.get_cursor_screen_pos()
            wide = imgui.calc_text_size(keys).x
            draw = imgui.get_window_draw_list()
            high = imgui.get_text_line_height()
            draw.add_rect_filled(
                (corner.x, corner.y - style.px(1)),
                (corner.x + wide + style.px(12), corner.y + high + style.px(3)),
                packed(look.FIELD),
                style.px(4),
            )
            draw.add_text(
                (corner.x + style.px(6), corner.y + style.px(1)), packed(look.BRIGHT), keys
            )
            imgui.dummy((max(wide + style.px(14), column), high))
            imgui.same_line()
            imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*look.TEXT))
            imgui.text_unformatted(text)
            imgui.pop_style_color()
