"""The card of the guided tour: a title, a sentence or two, and what goes on."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_client.ui import style as look
from layerwalk_client.ui.desk_intents import StepGuide
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.ui.sheet import Sheet, Spot
from layerwalk_client.ui.style import packed

WIDE = 600
TEXT_PIXELS, LINE = 16, 22
FREE_BELOW = 92
"""Pixels of the design below the card: the readout and the legend lie there."""


@dataclass(frozen=True, slots=True)
class GuideCard:
    """What is told at a station; `place` counts from 0."""

    title: str
    text: str
    place: int
    count: int


def draw_guide(sheet: Sheet, card: GuideCard, *, hot: Intent | None) -> None:
    """Draw the card in the lower third; its keys can be clicked."""
    px = sheet.style.px
    wide = min(px(WIDE), sheet.width - 2 * sheet.margin)
    inner = wide - px(44)
    lines = wrapped(card.text, inner, sheet)
    high = px(82) + px(LINE) * len(lines)
    left = (sheet.width - wide) / 2
    top = sheet.height - px(FREE_BELOW) - high
    right, bottom = left + wide, top + high
    sheet.ink.add_rect_filled((left, top), (right, bottom), packed(look.PANEL), px(10))
    sheet.ink.add_rect((left, top), (right, bottom), packed(look.BORDER), px(10), 1.0)
    at = left + px(22)
    sheet.write(card.title, (at, top + px(13)), pixels=19, colour=look.BRIGHT, is_bold=True)
    told = f"{card.place + 1} of {card.count}"
    end = right - px(22) - sheet.measure(told, 14)
    sheet.write(told, (end, top + px(17)), pixels=14, colour=look.QUIET)
    y = top + px(42)
    for line in lines:
        sheet.write(line, (at, y), pixels=TEXT_PIXELS, colour=look.TEXT)
        y += px(LINE)
    _keys(sheet, card, (at, y + px(7)), hot=hot)


def _keys(sheet: Sheet, card: GuideCard, at: tuple[float, float], *, hot: Intent | None) -> None:
    """Draw what can be pressed, as keys that are also clicked."""
    px = sheet.style.px
    is_last = card.place == card.count - 1
    offers: list[tuple[str, str, Intent]] = [
        ("Space", "ends it" if is_last else "goes on", StepGuide(1)),
        ("Esc", "ends it", StepGuide(0)),
    ]
    if card.place:
        offers.insert(1, ("Left", "back", StepGuide(-1)))
    if is_last:
        offers.pop()
    left, top = at
    for keys, text, intent in offers:
        wide = sheet.measure(keys, 13)
        box = ((left, top - px(2)), (left + wide + px(12), top + px(18)))
        ground = look.FIELD_ACTIVE if hot == intent else look.FIELD
        sheet.ink.add_rect_filled(*box, packed(ground), px(4))
        sheet.write(keys, (left + px(6), top), pixels=13, colour=look.BRIGHT)
        after = left + wide + px(19)
        sheet.write(text, (after, top), pixels=13, colour=look.QUIET)
        end = after + sheet.measure(text, 13)
        sheet.spots.append(Spot(left - px(4), top - px(6), end + px(4), top + px(22), intent))
        left = end + px(20)


def wrapped(text: str, width: float, sheet: Sheet) -> list[str]:
    """Return a text in lines that are no wider than `width` pixels."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and sheet.measure(longer, TEXT_PIXELS) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
