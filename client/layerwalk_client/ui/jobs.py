"""The panel of jobs: what the server works at, what waits, what has ended and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button, choice, cross, progress
from layerwalk_client.ui.desk_intents import ClearJobs, GoToResult
from layerwalk_client.ui.intents import (
    CancelRun,
    Intent,
)
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, shortened, small, text_font

State = Literal["queued", "running", "done", "failed", "cancelled"]
Whose = Literal["all", "mine"]
_INK = {
    "queued": look.QUIET, "running": look.ACCENT, "done": look.GOOD, "failed": look.DANGER,
    "cancelled": look.QUIET,
}  # fmt: skip
_HIGH, _LINE_HIGH = 46, 18


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job in words.

    Attributes:
        id: of the job.
        state: where it is.
        title: what it does.
        detail: steps, time to go, place in the queue.
        share: that is done, 0..1.
        is_mine: this client asked for it.
        lines: what went wrong, what is to be noted.
        goal: what there is to go to, "" for nothing.
    """

    id: str
    state: State
    title: str
    detail: str = ""
    share: float = 0.0
    is_mine: bool = True
    lines: tuple[str, ...] = ()
    goal: str = ""

    @property
    def is_at_work(self) -> bool:
        """Whether it can be cancelled."""
        return self.state in ("queued", "running")


class JobsPanel:
    """Mutable, owned by the main thread.

    Attributes:
        rows: in the order in which they are shown.
        whose: all jobs, or those that this client asked for.
        has_list: the server's list has come.
    """

    title = "Jobs"
    size_wh = (620, 520)

    def __init__(self) -> None:
        self.rows: tuple[JobRow, ...] = ()
        self.whose: Whose = "all"
        self.has_list = False

    @property
    def seen(self) -> tuple[JobRow, ...]:
        """Rows that are shown."""
        return tuple(row for row in self.rows if self.whose == "all" or row.is_mine)

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        seen = self.seen
        at_work = sum(row.is_at_work for row in seen)
        with panel(style, self.title, detail=f"{at_work} at work" if at_work else "") as intents:
            options = (("all", "everyone's"), ("mine", "mine"))
            pressed = choice(style, "whose", options, self.whose)
            if pressed is not None:
                self.whose = "mine" if pressed == "mine" else "all"
            if any(not row.is_at_work for row in seen):
                self._clear(style, intents)
            imgui.dummy((1, style.px(2)))
            if not seen:
                small(style, "no jobs so far" if self.has_list else "\N{HORIZONTAL ELLIPSIS}")
                return intents
            room = imgui.get_content_region_avail()
            imgui.begin_child("rows", (room.x, room.y))
            for row in seen:
                intents.extend(_row(style, row))
            imgui.end_child()
        return intents

    def _clear(self, style: Style, intents: list[Intent]) -> None:
        with text_font(style, 14):
            wide = imgui.calc_text_size("clear ended").x + style.px(22)
        imgui.same_line(imgui.get_window_width() - wide - style.px(18))
        if button(style, "clear ended"):
            intents.append(ClearJobs())


def _row(style: Style, row: JobRow) -> list[Intent]:
    """Draw a job over the width; return what is asked for."""
    intents: list[Intent] = []
    corner = imgui.get_cursor_screen_pos()
    wide = imgui.get_content_region_avail().x - style.px(6)
    high = style.px(_HIGH + _LINE_HIGH * len(row.lines))
    ink = imgui.get_window_draw_list()
    left = corner.x + style.px(22)
    right = corner.x + wide
    dot = (corner.x + style.px(8), corner.y + style.px(11))
    if row.state == "queued":
        ink.add_circle(dot, style.px(4), packed(_INK[row.state]), 0, style.px(1.4))
    else:
        ink.add_circle_filled(dot, style.px(4.5), packed(_INK[row.state]))
    right = _end(style, row, (right, corner.y), intents)
    with text_font(style, 14):
        detail_wide = imgui.calc_text_size(row.detail).x
        at = (right - detail_wide - style.px(10), corner.y + style.px(3))
        ink.add_text(at, packed(look.QUIET), row.detail)
    with text_font(style, 15):
        room = at[0] - left - style.px(12)
        title = shortened(row.title, room, lambda one: imgui.calc_text_size(one).x)
        colour = look.BRIGHT if row.is_at_work else look.TEXT
        ink.add_text((left, corner.y + style.px(2)), packed(colour), title)
        if not row.is_mine:
            after = left + imgui.calc_text_size(title).x + style.px(8)
            with text_font(style, 13):
                if after + imgui.calc_text_size("another client's").x < at[0]:
                    ink.add_text(
                        (after, corner.y + style.px(4)), packed(look.QUIET), "another client's"
                    )
    y = corner.y + style.px(27)
    if row.is_at_work:
        imgui.set_cursor_screen_pos((left, y))
        progress(style, row.share, width=wide - style.px(22), colour=_INK[row.state])
        y += style.px(8)
    for line in row.lines:
        imgui.set_cursor_screen_pos((left, y - style.px(2)))
        fitting = shortened(line, wide - style.px(22), lambda one: imgui.calc_text_size(one).x)
        small(style, fitting, colour=look.DANGER if row.state == "failed" else look.MARK)
        y += style.px(_LINE_HIGH)
    imgui.set_cursor_screen_pos(corner)
    imgui.dummy((wide, high - style.px(12 if not row.is_at_work else 4)))
    return intents


def _end(style: Style, row: JobRow, at: tuple[float, float], intents: list[Intent]) -> float:
    """Draw what can be done with a job at the right; return where the room for texts ends."""
    if row.is_at_work:
        side = style.px(22)
        imgui.set_cursor_screen_pos((at[0] - side, at[1]))
        if cross(style, row.id, side):
            intents.append(CancelRun(row.id))
        return at[0] - side
    if not row.goal:
        return at[0]
    with text_font(style, 13):
        wide = imgui.calc_text_size(row.goal).x + style.px(22)
    imgui.set_cursor_screen_pos((at[0] - wide, at[1] - style.px(3)))
    if button(style, row.goal, name=f"goal {row.id}", pixels=13, colour=look.ACCENT):
        intents.append(GoToResult(row.id))
    return at[0] - wide
