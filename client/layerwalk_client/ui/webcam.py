"""The panel of the camera: its live picture; take it in the hand, put it on the input, or let the
network see all the time."""

from __future__ import annotations

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import button
from layerwalk_client.ui.intents import Intent, PutFrame, SetLive, SetMirrored, TakeFrame
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, small

PICTURE_WH = (448, 336)


class WebcamPanel:
    """Mutable, owned by the main thread.

    Attributes:
        picture: the camera's, None while there is none.
        problem: why there is none, or why it cannot be put on the input.
        is_live: every picture goes to the input that can be answered.
        is_mirrored: left is right, as in a mirror.
        line: what is going on.
    """

    title = "Camera"
    size_wh = (484, 490)

    def __init__(self) -> None:
        self.picture: Picture | None = None
        self.problem = ""
        self.is_live = False
        self.is_mirrored = True
        self.line = ""

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        with panel(style, self.title) as intents:
            self._picture(style)
            imgui.dummy((1, style.px(4)))
            has_picture = self.picture is not None
            if button(style, "take it", is_on=has_picture):
                intents.append(TakeFrame())
            imgui.same_line()
            if button(style, "onto the input", is_on=has_picture):
                intents.append(PutFrame())
            imgui.same_line()
            text = "stop" if self.is_live else "live"
            if button(style, text, is_main=True, is_on=has_picture or self.is_live):
                intents.append(SetLive(not self.is_live))
            imgui.same_line(0, style.px(22))
            mirrored = "mirrored" if self.is_mirrored else "as it is"
            colour = look.ACCENT if self.is_mirrored else look.TEXT
            if button(style, mirrored, colour=colour):
                intents.append(SetMirrored(not self.is_mirrored))
            if self.line:
                small(style, self.line)
        return intents

    def _picture(self, style: Style) -> None:
        corner = imgui.get_cursor_screen_pos()
        wide, high = (style.px(side) for side in PICTURE_WH)
        ink = imgui.get_window_draw_list()
        end = (corner.x + wide, corner.y + high)
        ink.add_rect_filled(corner, end, packed(look.FIELD), style.px(6))
        if self.picture is not None:
            own_wide, own_high = self.picture.size_wh
            factor = min(wide / own_wide, high / own_high)
            left = corner.x + (wide - own_wide * factor) / 2
            top = corner.y + (high - own_high * factor) / 2
            box = ((left, top), (left + own_wide * factor, top + own_high * factor))
            uv0, uv1 = self.picture.uv0, self.picture.uv1
            if self.is_mirrored:
                uv0, uv1 = (uv1[0], uv0[1]), (uv0[0], uv1[1])
            texture = imgui.ImTextureRef(self.picture.texture)
            ink.add_image(texture, *box, uv0, uv1, packed((1.0, 1.0, 1.0, 1.0)))
            if self.is_live:
                dot = (box[0][0] + style.px(14), box[0][1] + style.px(14))
                ink.add_circle_filled(dot, style.px(5), packed(look.DANGER))
        imgui.dummy((wide, high))
        text = self.problem or ("" if self.picture is not None else "the camera wakes up")
        if text:
            after = imgui.get_cursor_screen_pos()
            room = wide - style.px(40)
            size = imgui.calc_text_size(text, False, room)
            imgui.set_cursor_screen_pos(
                (corner.x + (wide - min(size.x, room)) / 2, corner.y + (high - size.y) / 2)
            )
            imgui.push_text_wrap_pos(imgui.get_cursor_pos().x + room)
            colour = look.MARK if self.problem else look.QUIET
            imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*colour))
            imgui.text_unformatted(text)
            imgui.pop_style_color()
            imgui.pop_text_wrap_pos()
            imgui.set_cursor_screen_pos(after)
            imgui.dummy((0, 0))
