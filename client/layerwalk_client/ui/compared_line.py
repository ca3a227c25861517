"""The line over the view that says what is compared, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from layerwalk_client.ui import style as look
from layerwalk_client.ui.sheet import Sheet
from layerwalk_client.ui.style import packed
from layerwalk_client.world.scene import Colour

LONGEST = 42
"""Characters of one title."""
QUIET = 0.45
"""Opacity of the one of two that is not seen just now."""


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """Attributes:
    first, second: what both are called.
    mode: how they are seen.
    seen: which one alone is seen now; None: both, or their difference.
    note: more, in a few words.
    """

    first: str
    second: str
    mode: str
    seen: Literal["A", "B"] | None = None
    note: str = ""


def draw_compared(sheet: Sheet, line: ComparedLine, *, top: float) -> None:
    """Draw the line from the left margin on, `top` pixels from the upper edge."""
    left = sheet.margin
    for letter, title, colour in (("A", line.first, look.ACCENT), ("B", line.second, look.MARK)):
        share = QUIET if line.seen not in (None, letter) else 1.0
        left = _write(sheet, letter, left, top, colour=_faded(colour, share), is_bold=True)
        left += sheet.style.px(7)
        left = _write(sheet, _short(title), left, top, colour=_faded(look.TEXT, share))
        left += sheet.style.px(18)
    left = _write(sheet, line.mode, left, top, colour=look.BRIGHT)
    if line.note:
        _write(sheet, line.note, left + sheet.style.px(18), top, colour=look.QUIET)


def draw_split(sheet: Sheet) -> None:
    """Draw the line between two halves of the view, and which is which."""
    px, middle = sheet.style.px, sheet.width / 2
    sheet.ink.add_line((middle, 0), (middle, sheet.height), packed((0.0, 0.0, 0.0, 0.85)), px(5))
    sheet.ink.add_line((middle, 0), (middle, sheet.height), packed(look.QUIET, 0.6), px(1))
    for letter, colour, at in (("A", look.ACCENT, -px(34)), ("B", look.MARK, px(20))):
        sheet.write(
            letter, (middle + at, sheet.margin * 0.8), pixels=22, colour=colour, is_bold=True,
            has_shadow=True,
        )  # fmt: skip


def _write(
    sheet: Sheet, text: str, left: float, top: float, *, colour: Colour, is_bold: bool = False
) -> float:
    """Write text; return where it ends."""
    sheet.write(text, (left, top), pixels=15, colour=colour, is_bold=is_bold, has_shadow=True)
    return left + sheet.measure(text, 15, is_bold=is_bold)


def _faded(colour: Colour, share: float) -> Colour:
    return (*colour[:3], colour[3] * share)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else title[: LONGEST - 1] + "…"
