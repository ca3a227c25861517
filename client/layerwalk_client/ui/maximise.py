"""The panel of maximisation: a form, the results of a node, results side by side, what is under way."""

from __future__ import annotations

from typing import Literal

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import Writing, choice, cross, progress
from layerwalk_client.ui.drafts import Draft, Subject
from layerwalk_client.ui.intents import CancelRun, Intent
from layerwalk_client.ui.maximise_comparison import draw_comparison
from layerwalk_client.ui.maximise_form import Form
from layerwalk_client.ui.maximise_results import draw_results
from layerwalk_client.ui.studio import JobLine, Studio
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, small, text_font

Tab = Literal["form", "results", "compare"]
JOBS_SHOWN = 3
_JOB_HIGH = 36


class MaximisePanel:
    """Mutable, owned by the main thread: the draft, the tab, the field that is written in.

    Args:
        subject: what is maximised.
    """

    title = "Maximise"
    size_wh = (600, 576)
    is_aside = True

    def __init__(self, subject: Subject) -> None:
        self.studio = Studio(subject)
        self.form = Form()
        self.tab: Tab = "form"

    def load(self, draft: Draft) -> None:
        """Let the form be this draft, and show it."""
        self.form.draft = draft
        self.form.writing.end()
        self.tab = "form"

    # Letters.

    @property
    def takes_text(self) -> bool:
        """Whether letters are written in a field."""
        return self.form.writing.path is not None

    @property
    def text(self) -> str:
        """What stands in the field that is written in."""
        return self.form.writing.text

    def type_text(self, text: str) -> None:
        """Add to the field."""
        self.form.write(lambda writing: writing.type_text(text))

    def erase(self) -> None:
        """Take the last letter away."""
        self.form.write(Writing.erase)

    def complete(self) -> None:
        """Leave the field."""
        self.form.writing.end()

    def step(self, by: int) -> None:
        """Make the number in the field smaller (1: down) or larger."""
        self.form.nudge(-by)

    def enter(self) -> list[Intent]:
        """Leave the field; nothing begins by it."""
        self.form.writing.end()
        return []

    # Drawing.

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        studio = self.studio
        subject = studio.subject
        count = f"{subject.units} unit{'s' * (subject.units != 1)}"
        with panel(style, self.title, detail=f"{subject.node}   {count}") as intents:
            if imgui.get_mouse_pos().x < -1e6 or self.tab != "form":
                self.form.writing.end()  # whoever points elsewhere walks again
            runs = f"results {len(studio.runs)}" if studio.runs else "results"
            pressed = choice(
                style, "tab", (("form", "make"), ("results", runs), ("compare", "compare")),
                self.tab, pixels=15,
            )  # fmt: skip
            if pressed is not None:
                self.tab = pressed  # type: ignore[assignment]  # one of the keys above
            imgui.dummy((1, style.px(1)))
            below = self._jobs_height(style)
            if self.tab == "form":
                intents.extend(self.form.draw(style, subject, below=below))
            elif self.tab == "results":
                intents.extend(draw_results(style, studio, below=below))
            else:
                order = self.form.order(subject)
                intents.extend(draw_comparison(style, studio, order, below=below))
            intents.extend(self._jobs(style))
        return intents

    def _jobs_height(self, style: Style) -> float:
        studio = self.studio
        high = _JOB_HIGH * min(JOBS_SHOWN, len(studio.jobs))
        high += 18 * (len(studio.jobs) > JOBS_SHOWN)
        high += 18 * sum(bool(job.notes) for job in studio.jobs[:JOBS_SHOWN])
        high += 22 * bool(studio.failure)
        return style.px(high + 14 * bool(high))

    def _jobs(self, style: Style) -> list[Intent]:
        """Draw what is under way, and what went wrong."""
        studio = self.studio
        intents: list[Intent] = []
        if not studio.jobs and not studio.failure:
            return intents
        room = imgui.get_content_region_avail()
        size = imgui.get_window_size()
        top = imgui.get_window_pos().y + size.y - style.px(12) - self._jobs_height(style)
        left = imgui.get_cursor_screen_pos().x
        ink = imgui.get_window_draw_list()
        ink.add_line((left, top), (left + room.x, top), packed(look.BORDER), 1.0)
        y = top + style.px(10)
        for job in studio.jobs[:JOBS_SHOWN]:
            imgui.set_cursor_screen_pos((left, y))
            if _job_line(style, job, room.x):
                intents.append(CancelRun(job.id))
            y += style.px(_JOB_HIGH + 18 * bool(job.notes))
        imgui.set_cursor_screen_pos((left, y))
        if len(studio.jobs) > JOBS_SHOWN:
            small(style, f"and {len(studio.jobs) - JOBS_SHOWN} more that wait")
        if studio.failure:
            small(style, studio.failure, colour=look.DANGER)
        imgui.dummy((1, 1))
        return intents


def _job_line(style: Style, job: JobLine, width: float) -> bool:
    """Draw a job; return whether it is to be cancelled."""
    corner = imgui.get_cursor_screen_pos()
    side = style.px(22)
    ink = imgui.get_window_draw_list()
    with text_font(style, 14):
        ink.add_text(corner, packed(look.BRIGHT if job.is_running else look.TEXT), job.title)
        wide = imgui.calc_text_size(job.detail).x
        at = (corner.x + width - side - style.px(10) - wide, corner.y)
        ink.add_text(at, packed(look.TEXT if job.is_running else look.QUIET), job.detail)
    imgui.set_cursor_screen_pos((corner.x + width - side, corner.y))
    is_pressed = cross(style, job.id, side)
    imgui.set_cursor_screen_pos((corner.x, corner.y + style.px(21)))
    progress(style, job.share, width=width - side - style.px(10))
    if job.notes:
        imgui.set_cursor_screen_pos((corner.x, corner.y + style.px(29)))
        more = f"   and {len(job.notes) - 1} more" if len(job.notes) > 1 else ""
        small(style, job.notes[0] + more, colour=look.MARK)
    return is_pressed
