"""A small question over the view, answered by a digit."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_client.ui import style as look
from layerwalk_client.ui.sheet import Sheet
from layerwalk_client.ui.style import packed

ABOVE = 120
"""Pixels of the design from the view's foot to the question's."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Attributes:
    title: what is asked.
    lines: the answers; the first is called by 1.
    chosen: place of the one that is taken without a digit.
    note: how to answer.
    """

    title: str
    lines: tuple[str, ...]
    chosen: int = 0
    note: str = ""


def draw_choices(sheet: Sheet, choices: Choices) -> None:
    """Draw the question in the lower middle."""
    px = sheet.style.px
    row = px(27)
    digits = px(26)
    wide = max(
        sheet.measure(choices.title, 14),
        sheet.measure(choices.note, 13),
        *(digits + sheet.measure(line, 16) for line in choices.lines),
    )
    high = px(30) + row * len(choices.lines) + px(26)
    left, top = (sheet.width - wide) / 2, sheet.height - px(ABOVE) - high
    sheet.plate(left - px(18), top - px(12), left + wide + px(18), top + high + px(4), radius=10)
    sheet.write(choices.title, (left, top), pixels=14, colour=look.QUIET)
    top += px(30)
    for place, line in enumerate(choices.lines):
        is_chosen = place == choices.chosen
        if is_chosen:
            sheet.ink.add_rect_filled(
                (left - px(8), top - px(4)), (left + wide + px(8), top + px(22)),
                packed(look.FIELD_ACTIVE), px(5),
            )  # fmt: skip
        sheet.write(str(place + 1), (left, top), pixels=16, colour=look.ACCENT, is_bold=True)
        colour = look.BRIGHT if is_chosen else look.TEXT
        sheet.write(line, (left + digits, top), pixels=16, colour=colour)
        top += row
    sheet.write(choices.note, (left, top + px(3)), pixels=13, colour=look.QUIET)
