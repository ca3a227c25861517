"""The panel of what made the answer: a map over the input by one of four methods, or its tokens."""

from __future__ import annotations

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import choice
from layerwalk_client.ui.intents import AskSaliency, Intent
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, short_number, shortened, small, text_font
from layerwalk_shared.messages import AttributionMethod

METHODS: tuple[tuple[AttributionMethod, str], ...] = (
    ("integrated-gradients", "integrated gradients"),
    ("gradient-x-input", "gradient \N{MULTIPLICATION SIGN} input"),
    ("gradcam", "Grad-CAM"),
    ("occlusion", "occlusion"),
)
MOST_TOKENS = 18
MINUS = "\N{MINUS SIGN}"
_ROW = 20


class SaliencyPanel:
    """Mutable, owned by the main thread.

    Attributes:
        method: how.
        subject: the unit that is explained, and what it reaches.
        picture: the map; None: there is none yet.
        tokens: of a text: what each reads and gave, -1..1.
        problem: why there is none.
        share: of the work that is done; None: no work.
    """

    title = "What made it"
    size_wh = (520, 600)

    def __init__(self) -> None:
        self.method: AttributionMethod = METHODS[0][0]
        self.subject = ""
        self.detail = ""
        self.picture: Picture | None = None
        self.tokens: tuple[tuple[str, float], ...] = ()
        self.problem = ""
        self.share: float | None = None

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title, detail=self.subject) as intents:
            pressed = choice(style, "method", METHODS, self.method, pixels=13)
            if pressed is not None:
                self.method = next(key for key, _ in METHODS if key == pressed)
                intents.append(AskSaliency(self.method))
            imgui.dummy((1, style.px(2)))
            if self.problem:
                self._problem(style)
                return intents
            if self.share is not None:
                small(style, f"at work   {100 * self.share:.0f} %")
            elif self.detail:
                small(style, self.detail)
            imgui.dummy((1, style.px(2)))
            if self.picture is not None:
                self._map(style, self.picture)
            for text, strength in self.tokens[:MOST_TOKENS]:
                _token(style, text, strength)
        return intents

    def _problem(self, style: Style) -> None:
        imgui.push_text_wrap_pos(0.0)
        small(style, self.problem, colour=look.MARK)
        imgui.pop_text_wrap_pos()

    def _map(self, style: Style, picture: Picture) -> None:
        room = imgui.get_content_region_avail()
        wide, high = picture.size_wh
        legend = style.px(30)
        factor = min(room.x / max(wide, 1), (room.y - legend) / max(high, 1))
        corner = imgui.get_cursor_screen_pos()
        left = corner.x + (room.x - wide * factor) / 2
        end = (left + wide * factor, corner.y + high * factor)
        ink = imgui.get_window_draw_list()
        ink.add_image_rounded(
            imgui.ImTextureRef(picture.texture), (left, corner.y), end, picture.uv0, picture.uv1,
            packed((1.0, 1.0, 1.0, 1.0)), style.px(4),
        )  # fmt: skip
        with text_font(style, 13):
            y = end[1] + style.px(8)
            x = left
            for colour, text in ((look.ACCENT, "made it stronger"), (look.MARK, "weaker")):
                ink.add_rect_filled(
                    (x, y + style.px(3)), (x + style.px(11), y + style.px(14)), packed(colour),
                    style.px(2),
                )  # fmt: skip
                ink.add_text((x + style.px(18), y), packed(look.QUIET), text)
                x += style.px(34) + imgui.calc_text_size(text).x
        imgui.dummy((room.x, end[1] - corner.y + legend))


def _token(style: Style, text: str, strength: float) -> None:
    """Draw a token with a bar to the right for what made the unit stronger, to the left for weaker."""
    corner = imgui.get_cursor_screen_pos()
    wide = imgui.get_content_region_avail().x
    ink = imgui.get_window_draw_list()
    name_room = wide * 0.38
    middle = corner.x + name_room + (wide - name_room) / 2
    reach = (wide - name_room) / 2 - style.px(4)
    with text_font(style, 14):
        fitting = shortened(text, name_room - style.px(8), lambda one: imgui.calc_text_size(one).x)
        ink.add_text((corner.x, corner.y + style.px(1)), packed(look.TEXT), fitting)
    top, bottom = corner.y + style.px(5), corner.y + style.px(14)
    ink.add_line((middle, corner.y), (middle, corner.y + style.px(_ROW)), packed(look.FIELD), 1.0)
    end = middle + strength * reach
    colour = look.ACCENT if strength > 0 else look.MARK
    ink.add_rect_filled((min(middle, end), top), (max(middle, end), bottom), packed(colour), 2.0)
    imgui.dummy((wide, style.px(_ROW)))


def value_line(value: float, baseline: float | None) -> str:
    """Return what the unit reaches, and without the input, for people."""
    text = f"reaches {short_number(value)}"
    if baseline is not None:
        text += f"   {short_number(baseline)} without the input"
    return text.replace("-", MINUS)
