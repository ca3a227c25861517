"""The panel of results: what the network answers, how sure it is, and what has changed."""

from __future__ import annotations

from typing import Literal

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button, choice, label
from layerwalk_client.ui.desk_intents import FollowUnit
from layerwalk_client.ui.intents import GoTo, GoToChannel, Intent, OpenMaximise
from layerwalk_client.ui.plots import MINUS
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, short_number, shortened, small, text_font
from layerwalk_client.world.answer import percent
from layerwalk_client.world.scores import Kind, ScoreLine

Measure = Literal["share", "value"]
ROW = 30
_ASKS = {
    "classes": "the strongest classes",
    "areas": "classes by the share of the picture they take",
    "entries": "what may come next",
    "units": "the strongest units",
}
LEAST_CHANGE = 0.0005
"""Of a share: smaller changes are not told."""


class AnswerPanel:
    """Mutable, owned by the main thread.

    Attributes:
        kind: what the output is.
        lines: the strongest classes, then the true one where it is not among them.
        node: index of the node that answers.
        can_maximise: its units can be maximised.
        truth: name of the true class, None where it is not known.
        truth_rank: its place, None where it is not known.
        subject: what lies on the input.
        before: what lay there before, "" for nothing to compare with.
        after: the token after which entries come, "" where it is not known.
        problem: why there is no answer.
        measure: shares, or the values as the network gives them.
        chosen: index of the class that is looked at.
    """

    title = "Answer"
    size_wh = (600, 548)
    is_aside = True

    def __init__(self) -> None:
        self.kind: Kind = "classes"
        self.lines: tuple[ScoreLine, ...] = ()
        self.node = 0
        self.can_maximise = True
        self.truth: str | None = None
        self.truth_rank: int | None = None
        self.subject = ""
        self.before = ""
        self.after = ""
        self.problem = ""
        self.measure: Measure = "share"
        self.chosen: int | None = None

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title) as intents:
            self._heading(style)
            if not self.lines:
                small(style, self.problem or "\N{HORIZONTAL ELLIPSIS}")
                return intents
            if self.kind in ("classes", "entries"):
                values = "logits" if self.kind == "classes" else "scores"
                options = (("share", "probabilities"), ("value", values))
                pressed = choice(style, "measure", options, self.measure)
                if pressed is not None:
                    self.measure = "value" if pressed == "value" else "share"
            imgui.dummy((1, style.px(2)))
            known = {line.index for line in self.lines}
            for place, line in enumerate(self.lines):
                if place and self.lines[place - 1].index not in known:
                    break
                self._row(style, line, self._share_of(line))
            intents.extend(self._foot(style))
        return intents

    def _heading(self, style: Style) -> None:
        wide = imgui.get_content_region_avail().x
        asks = _ASKS[self.kind]
        if self.kind == "entries" and self.after:
            asks = f"what may come after {self.after}"
        told = f"{self.subject}:  {asks}" if self.subject else asks
        small(style, shortened(told, wide, lambda text: imgui.calc_text_size(text).x * 14 / 17))
        if self.truth is None or not self.lines:
            return
        is_right = self.truth_rank == 1
        text = f"right: it is {self.truth}" if is_right else f"wrong: in truth {self.truth}"
        if not is_right and self.truth_rank is not None:
            text += f", rank {self.truth_rank}"
        with text_font(style, 16, is_bold=True):
            imgui.text_colored(imgui.ImVec4(*(look.GOOD if is_right else look.DANGER)), text)

    def _share_of(self, line: ScoreLine) -> tuple[float, float]:
        """Return where a line's bar begins and ends, 0..1: from zero to the value."""
        if self.measure == "share" or self.kind not in ("classes", "entries"):
            if self.kind == "units":
                most = max(abs(one.value) for one in self.lines) or 1.0
                return 0.0, abs(line.value) / most
            return 0.0, line.share
        low = min(0.0, *(one.value for one in self.lines))
        high = max(0.0, *(one.value for one in self.lines))
        span = (high - low) or 1.0
        ends = sorted(((0.0 - low) / span, (line.value - low) / span))
        return ends[0], ends[1]

    def _row(self, style: Style, line: ScoreLine, bar: tuple[float, float]) -> None:
        corner = imgui.get_cursor_screen_pos()
        wide = imgui.get_content_region_avail().x
        high = style.px(ROW)
        if imgui.invisible_button(f"class {line.index}", (wide, high)):
            self.chosen = None if self.chosen == line.index else line.index
        ink = imgui.get_window_draw_list()
        is_chosen = self.chosen == line.index
        if is_chosen or imgui.is_item_hovered():
            ink.add_rect_filled(
                corner, (corner.x + wide, corner.y + high),
                packed(look.FIELD_ACTIVE if is_chosen else look.FIELD), style.px(6),
            )  # fmt: skip
        name_wide, number_wide, change_wide = style.px(190), style.px(74), style.px(86)
        left = corner.x + style.px(10)
        start = left + name_wide
        end = corner.x + wide - number_wide - change_wide
        middle = corner.y + high / 2
        is_wrong = self.truth is not None and not line.is_true and line is self.lines[0]
        colour = look.GOOD if line.is_true else look.DANGER if is_wrong else look.ACCENT
        thick = style.px(5)
        ink.add_rect_filled(
            (start, middle - thick), (end, middle + thick), packed(look.FIELD), style.px(3)
        )
        low, high_end = (start + share * (end - start) for share in bar)
        ink.add_rect_filled(
            (low, middle - thick), (max(low + 1.5, high_end), middle + thick), packed(colour),
            style.px(3),
        )  # fmt: skip
        with text_font(style, 15, is_bold=line is self.lines[0]):
            room = name_wide - style.px(12)
            name = shortened(line.name, room, lambda text: imgui.calc_text_size(text).x)
            top = middle - imgui.get_text_line_height() / 2
            ink.add_text((left, top), packed(look.GOOD if line.is_true else look.TEXT), name)
        with text_font(style, 15):
            text = self._number(line)
            x = end + number_wide - imgui.calc_text_size(text).x
            ink.add_text((x, top), packed(look.BRIGHT), text)
        self._change(style, line, corner.x + wide - style.px(10), middle)
        imgui.set_cursor_screen_pos((corner.x, corner.y + high + style.px(1)))

    def _number(self, line: ScoreLine) -> str:
        is_share = self.measure == "share" and self.kind != "units"
        if is_share or self.kind == "areas":
            return percent(line.share)
        return short_number(line.value).replace("-", MINUS)

    def _change(self, style: Style, line: ScoreLine, right: float, middle: float) -> None:
        """Draw how the share has changed: a mark up or down, and by how much."""
        if line.change is None or abs(line.change) < LEAST_CHANGE:
            return
        ink = imgui.get_window_draw_list()
        is_up = line.change > 0
        colour = packed(look.ACCENT if is_up else look.MARK)
        with text_font(style, 13):
            text = f"{100 * abs(line.change):.1f}"
            wide = imgui.calc_text_size(text).x
            top = middle - imgui.get_text_line_height() / 2
            ink.add_text((right - wide, top), colour, text)
        tip, side = right - wide - style.px(12), style.px(4)
        up = -side if is_up else side
        ink.add_triangle_filled(
            (tip - side, middle - up / 2), (tip + side, middle - up / 2), (tip, middle + up), colour
        )

    def _foot(self, style: Style) -> list[Intent]:
        """Say what a press does, or what can be done with the class that is looked at."""
        intents: list[Intent] = []
        imgui.dummy((1, style.px(2)))
        chosen = next((line for line in self.lines if line.index == self.chosen), None)
        if chosen is None:
            against = f"; changes in points against {self.before}" if self.before else ""
            small(style, f"a press on a line offers more{against}")
            return intents
        if button(style, "go to it", colour=look.ACCENT):
            is_place = self.can_maximise  # entries share a wall without places of their own
            to = GoToChannel(self.node, chosen.index) if is_place else GoTo(self.node)
            intents.append(to)
        if self.can_maximise:
            imgui.same_line(0, style.px(6))
            if button(style, "maximise", colour=look.ACCENT):
                intents.append(OpenMaximise(self.node, chosen.index))
            imgui.same_line(0, style.px(6))
            if button(style, "follow", colour=look.ACCENT):
                intents.append(FollowUnit(self.node, chosen.index))
        imgui.same_line(0, style.px(14))
        label(style, self._story(chosen), width=1)
        imgui.new_line()
        return intents

    def _story(self, line: ScoreLine) -> str:
        told = f"{percent(line.share)}, {short_number(line.value)}".replace("-", MINUS)
        if line.rank_before is not None and self.before:
            told += f"; was rank {line.rank_before}"
        return told
