"""The line that says where one is: network, groups, wall; its groups are flown to by a click."""

from __future__ import annotations

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import GoToGroup, Intent, ShowAll
from layerwalk_client.ui.sheet import Sheet, Spot
from layerwalk_client.ui.style import packed
from layerwalk_client.world.whereabouts import Whereabouts

PIXELS, FACTS_PIXELS = 19, 15
BETWEEN = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
GAP = 7
"""Pixels of the design around what stands between two parts."""
MOST_SHARE = 0.72
"""Of the view's width that the line takes; facts that do not fit are left away."""


def draw_whereabouts(sheet: Sheet, told: Whereabouts, *, hot: Intent | None) -> None:
    """Draw the line at the upper left.

    Args:
        sheet: what is drawn onto; the parts that can be clicked are added to its spots.
        told: the line.
        hot: what the pointer is on.
    """
    px = sheet.style.px
    left, top = sheet.margin, sheet.margin * 0.8
    for place, crumb in enumerate(told.crumbs):
        if place:
            left = _between(sheet, left, top)
        intent: Intent = ShowAll() if crumb.group is None else GoToGroup(crumb.group)
        is_hot = hot == intent
        wide = sheet.measure(crumb.text, PIXELS, is_bold=not place)
        plain = look.BRIGHT if not place else look.TEXT
        sheet.write(
            crumb.text, (left, top), pixels=PIXELS, colour=look.ACCENT if is_hot else plain,
            is_bold=not place, has_shadow=True,
        )  # fmt: skip
        bottom = top + px(25)
        if is_hot:
            sheet.ink.add_line(
                (left, bottom - px(2)), (left + wide, bottom - px(2)), packed(look.ACCENT), px(1.2)
            )
        sheet.spots.append(Spot(left - px(4), top - px(6), left + wide + px(4), bottom, intent))
        left += wide
    if told.name:
        left = _between(sheet, left, top)
        sheet.write(
            told.name, (left, top), pixels=PIXELS, colour=look.MARK, is_bold=True, has_shadow=True
        )
        left += sheet.measure(told.name, PIXELS, is_bold=True)
    wide = sheet.measure(told.facts, FACTS_PIXELS)
    if told.facts and left + px(16) + wide < MOST_SHARE * sheet.width:
        low = top + sheet.style.text_px(PIXELS) - sheet.style.text_px(FACTS_PIXELS)
        sheet.write(
            told.facts, (left + px(16), low), pixels=FACTS_PIXELS, colour=look.QUIET,
            has_shadow=True,
        )  # fmt: skip


def _between(sheet: Sheet, left: float, top: float) -> float:
    gap = sheet.style.px(GAP)
    sheet.write(BETWEEN, (left + gap, top), pixels=PIXELS, colour=look.QUIET, has_shadow=True)
    return left + 2 * gap + sheet.measure(BETWEEN, PIXELS)
