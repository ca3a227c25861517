"""What lies over the view: crosshair, readout, legend, banner, hints, the image in the hand.

Drawn from one frozen description, so that it is drawn anew only when that has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.choices import Choices, draw_choices
from layerwalk_client.ui.compared_line import ComparedLine, draw_compared, draw_split
from layerwalk_client.ui.guide_card import GuideCard, draw_guide
from layerwalk_client.ui.intents import Intent
from layerwalk_client.ui.magnified import Magnified, draw_magnified
from layerwalk_client.ui.minimap import MapShown, draw_map
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.sheet import Sheet, Spot
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.whereabouts import draw_whereabouts
from layerwalk_client.ui.widgets import gradient
from layerwalk_client.world.legend import Legend
from layerwalk_client.world.scene import Colour
from layerwalk_client.world.whereabouts import Whereabouts

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Readout:
    """What the pointer is on.

    Attributes:
        node: id, or a sentence such as "the input: click puts the picture there".
        facts: operation, shape.
        place: channel and position, "" for a wall as a whole.
        value: the number, "" where there is none; "~" before it where it is not the exact one.
    """

    node: str
    facts: str = ""
    place: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """One line of the first minute: keys, what they do, whether it was done."""

    keys: str
    text: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """The image in the hand; `glass` says how it is seen where it is magnified."""

    picture: Picture | None
    title: str
    note: str = ""
    is_magnified: bool = False
    glass: Magnified | None = None


@dataclass(frozen=True, slots=True)
class Hud:
    """Everything over the view, in one frozen piece.

    Attributes:
        title, detail: upper left: the network; what is on its input and what it says.
        whereabouts: in place of the title: where one is.
        compared: below that, what is compared.
        map: the plan in the corner, None: hidden.
        choices: a question that a digit answers.
        hot: of what can be operated there, what the pointer is on.
        readout: lower middle.
        legend: lower left.
        banner: why there is no server, "" when there is.
        message: something that has just happened, "" when nothing.
        is_warning: the message is about a failure.
        progress: text and share (0..1) of work under way.
        followed: the unit whose signal is followed.
        recording: how long the camera's way has been recorded, "" when it is not.
        hints: of the first minute.
        guide: what the guided tour tells.
        carried: the image in the hand.
        cross: where the crosshair is in -1..1, None: hidden.
        is_hot: the crosshair is on something that can be operated.
        is_split: the view is in two.
        is_plain: leave all texts away.
    """

    title: str = ""
    detail: str = ""
    whereabouts: Whereabouts | None = None
    compared: ComparedLine | None = None
    hot: Intent | None = None
    map: MapShown | None = None
    choices: Choices | None = None
    readout: Readout | None = None
    legend: Legend | None = None
    banner: str = ""
    message: str = ""
    is_warning: bool = False
    progress: tuple[str, float] | None = None
    recording: str = ""
    followed: str = ""
    hints: tuple[Hint, ...] = ()
    guide: GuideCard | None = None
    carried: Carried | None = None
    cross: tuple[float, float] | None = None
    is_hot: bool = False
    is_split: bool = False
    is_plain: bool = False


def draw_hud(style: Style, hud: Hud) -> tuple[Spot, ...]:
    """Draw over the whole of the current ImGui display; return what can be operated there."""
    size = imgui.get_io().display_size
    sheet = _Sheet(style, imgui.get_background_draw_list(), size.x, size.y)
    if hud.carried is not None:
        sheet.carried(hud.carried)
    if hud.is_split:
        draw_split(sheet)
    if not hud.is_plain:
        _draw_texts(sheet, hud)
    if hud.recording:
        sheet.recording("" if hud.is_plain else hud.recording)
    _notices(sheet, hud)
    if hud.cross is not None and not (hud.carried and hud.carried.is_magnified):
        sheet.cross(hud.cross, is_hot=hud.is_hot)
    return tuple(sheet.spots)


def _notices(sheet: _Sheet, hud: Hud) -> None:
    """Draw what has just happened, and why there is no server."""
    if hud.message:
        sheet.line(
            hud.message,
            sheet.height * 0.16,
            colour=look.MARK if hud.is_warning else look.BRIGHT,
        )
    if hud.banner:
        sheet.banner(hud.banner)


def _draw_texts(sheet: _Sheet, hud: Hud) -> None:
    """Draw what is left away on plain pictures."""
    sheet.heading(hud)
    if hud.map is not None:
        draw_map(sheet, hud.map)
    if hud.choices is not None:
        draw_choices(sheet, hud.choices)
    taken = 0.0
    if hud.legend is not None:
        taken = sheet.legend(hud.legend)
    if hud.readout is not None:
        sheet.readout(hud.readout, taken)
    if hud.progress is not None:
        sheet.progress(*hud.progress, is_lower=bool(hud.recording))
    if hud.hints:
        sheet.hints(hud.hints)
    if hud.guide is not None:
        draw_guide(sheet, hud.guide, hot=hud.hot)


class _Sheet(Sheet):
    """The parts of the HUD."""

    def heading(self, hud: Hud) -> None:
        top = self.margin * 0.8
        if hud.whereabouts is not None:
            draw_whereabouts(self, hud.whereabouts, hot=hud.hot)
        elif hud.title:
            self.write(
                hud.title,
                (self.margin, top),
                pixels=19,
                colour=look.BRIGHT,
                is_bold=True,
                has_shadow=True,
            )
        if hud.detail:
            self.write(
                hud.detail,
                (self.margin, top + self.style.px(26)),
                pixels=15,
                colour=look.QUIET,
                has_shadow=True,
            )
        below = top + self.style.px(50)
        if hud.compared is not None:
            draw_compared(self, hud.compared, top=below)
        elif hud.followed:
            self.write(
                hud.followed,
                (self.margin, below),
                pixels=15,
                colour=look.ACCENT,
                has_shadow=True,
            )

    def legend(self, legend: Legend) -> float:
        """Draw the colour bar; return how far it reaches to the right."""
        px = self.style.px
        wide, high = px(190), px(8)
        left, top = self.margin + px(10), self.height - self.margin - px(34)
        if not legend.ticks:
            top += px(18)
        bottom = self.height - self.margin
        text = f"{legend.name}   {legend.range_text}" if legend.name else legend.range_text
        room = max(wide, self.measure(text, 13))
        self.plate(left - px(10), top - px(26), left + room + px(10), bottom)
        self.write(text, (left, top - px(20)), pixels=13, colour=look.QUIET)
        gradient(self.ink, imgui.ImVec2(left, top), (wide, high), name=legend.table)
        zero = legend.place_of_zero
        for tick in legend.ends:
            text_wide = self.measure(tick.text, 13)
            middle = wide * (zero + (1 - zero) * tick.share)
            at = left + min(max(0.0, middle - text_wide / 2), wide - text_wide)
            self.write(tick.text, (at, top + high + px(4)), pixels=13, colour=look.TEXT)
        return left + room + px(10)

    def readout(self, readout: Readout, taken: float) -> None:
        """Draw what the pointer is on, in the middle, or beside what is `taken` at the left."""
        px = self.style.px
        parts = [
            (readout.node, 17.0, look.BRIGHT, True),
            (readout.facts, 15.0, look.QUIET, False),
            (readout.place, 15.0, look.TEXT, False),
            (readout.value.replace("-", MINUS), 17.0, look.MARK, True),
        ]
        shown = [part for part in parts if part[0]]
        widths = [self.measure(text, size, is_bold=bold) for text, size, _, bold in shown]
        gap = px(18)
        total = sum(widths) + gap * (len(shown) - 1)
        left = max((self.width - total) / 2, taken + px(28))
        top = self.height - self.margin - px(34)
        self.plate(left - px(16), top, left + total + px(16), top + px(34))
        for (text, size, colour, bold), wide in zip(shown, widths, strict=True):
            self.write(
                text,
                (left, top + px(17) - self.style.text_px(size) * 0.56),
                pixels=size,
                colour=colour,
                is_bold=bold,
            )
            left += wide + gap

    def recording(self, text: str) -> None:
        """Draw the red dot, and the time before it, in the upper right corner."""
        px = self.style.px
        dot = (self.width - self.margin - px(5), self.margin + px(9))
        self.ink.add_circle_filled(dot, px(5), packed(look.DANGER))
        left = dot[0] - px(14) - self.measure(text, 14)
        self.write(text, (left, self.margin), pixels=14, colour=look.TEXT, has_shadow=True)

    def progress(self, text: str, share: float, *, is_lower: bool) -> None:
        px = self.style.px
        wide = px(220)
        left, top = self.width - self.margin - wide, self.margin + (px(30) if is_lower else 0)
        self.write(text, (left, top), pixels=14, colour=look.TEXT, has_shadow=True)
        top += px(22)
        self.ink.add_rect_filled((left, top), (left + wide, top + px(3)), packed(look.FIELD), px(2))
        self.ink.add_rect_filled(
            (left, top),
            (left + max(px(3), wide * min(1.0, max(0.0, share))), top + px(3)),
            packed(look.ACCENT),
            px(2),
        )

    def hints(self, hints: tuple[Hint, ...]) -> None:
        px = self.style.px
        keys_wide = max(self.measure(hint.keys, 15, is_bold=True) for hint in hints)
        text_wide = max(self.measure(hint.text, 15) for hint in hints)
        row = px(25)
        left = self.margin + px(20)
        top = self.height - self.margin - px(96) - row * len(hints)
        self.plate(
            left - px(20),
            top - px(12),
            left + keys_wide + px(18) + text_wide + px(20),
            top + row * len(hints) + px(8),
            radius=10,
        )
        for hint in hints:
            quiet = 0.35 if hint.is_done else 1.0
            bright = (*look.ACCENT[:3], quiet)
            plain = (*look.TEXT[:3], quiet)
            right = left + keys_wide - self.measure(hint.keys, 15, is_bold=True)
            self.write(hint.keys, (right, top), pixels=15, colour=bright, is_bold=True)
            self.write(hint.text, (left + keys_wide + px(18), top), pixels=15, colour=plain)
            top += row

    def line(self, text: str, top: float, *, colour: Colour) -> None:
        px = self.style.px
        wide = self.measure(text, 17)
        left = (self.width - wide) / 2
        self.plate(left - px(18), top - px(9), left + wide + px(18), top + px(29))
        self.write(text, (left, top), pixels=17, colour=colour)

    def banner(self, text: str) -> None:
        px = self.style.px
        wide = self.measure(text, 16)
        left, top = (self.width - wide) / 2, px(14)
        box = ((left - px(34), top), (left + wide + px(20), top + px(36)))
        self.ink.add_rect_filled(*box, packed((0.16, 0.05, 0.06, 0.94)), px(8))
        self.ink.add_rect(*box, packed(look.DANGER, 0.7), px(8), 1.0)
        dot = (left - px(17), top + px(18))
        self.ink.add_circle_filled(dot, px(5), packed(look.DANGER))
        self.write(text, (left, top + px(9)), pixels=16, colour=look.BRIGHT)

    def cross(self, at: tuple[float, float], *, is_hot: bool) -> None:
        px = self.style.px
        centre = ((at[0] + 1) / 2 * self.width, (1 - at[1]) / 2 * self.height)
        self.ink.add_circle_filled(centre, px(3.6), packed((0.0, 0.0, 0.0, 0.55)))
        self.ink.add_circle_filled(centre, px(2.4), packed(look.BRIGHT))
        if is_hot:
            self.ink.add_circle(centre, px(9), packed((0.0, 0.0, 0.0, 0.5)), 0, px(3.2))
            self.ink.add_circle(centre, px(9), packed(look.MARK), 0, px(1.6))

    def carried(self, carried: Carried) -> None:
        px = self.style.px
        if carried.is_magnified:
            shade = packed((0.02, 0.03, 0.04, 0.9))
            self.ink.add_rect_filled((0, 0), (self.width, self.height), shade)
            if carried.picture is not None and carried.glass is not None:
                draw_magnified(
                    self, carried.picture, carried.glass, title=carried.title, note=carried.note
                )
            return
        side = px(190)
        right, bottom = self.width - self.margin, self.height - self.margin
        width, height = side, side
        if carried.picture is not None:
            wide, high = carried.picture.size_wh
            width, height = side * wide / max(wide, high), side * high / max(wide, high)
        left, top = right - width, bottom - height - px(24)
        box = ((left, top), (right, top + height))
        edge = px(6)
        self.plate(left - edge, top - edge, right + edge, bottom + edge * 0.6)
        if carried.picture is None:
            self.ink.add_rect_filled(*box, packed(look.FIELD), px(3))
        else:
            picture = carried.picture
            self.ink.add_image(
                imgui.ImTextureRef(picture.texture), *box, picture.uv0, picture.uv1,
                packed((1.0, 1.0, 1.0, 0.94)),
            )  # fmt: skip
        self.ink.add_rect(*box, packed(look.ACCENT, 0.85), 0.0, max(1.0, px(1.2)))
        self.write(
            _fitting(carried.title, width, lambda text: self.measure(text, 14)),
            (left, top + height + px(5)),
            pixels=14,
            colour=look.TEXT,
        )


def _fitting(text: str, width: float, measure: Any) -> str:
    """Return `text`, its end replaced by an ellipsis where it is wider than `width`."""
    if measure(text) <= width:
        return text
    while text and measure(text + "…") > width:
        text = text[:-1]
    return text + "…"
