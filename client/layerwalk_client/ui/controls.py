"""Controls of panels with much to set: fields to write in, choices in a row, buttons, progress.

Each is drawn with ImGui's draw lists over an invisible button, so that all look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import text_font
from layerwalk_client.world.scene import Colour

ENTRY_HIGH = 28
"""Height of fields and choices, design pixels."""
LONGEST = 200
"""Characters of a field."""


@dataclass(slots=True)
class Writing:
    """Which field letters go to. Mutable, owned by the main thread.

    Attributes:
        path: the field; None: no field is written in.
        text: what stands there by now.
        is_fresh: nothing was typed yet: the first letter replaces all.
    """

    path: str | None = None
    text: str = ""
    is_fresh: bool = True

    def begin(self, path: str, text: str) -> None:
        """Write in a field."""
        self.is_fresh = self.path != path
        self.path, self.text = path, text

    def end(self) -> None:
        """Write no more."""
        self.path = None

    def type_text(self, text: str) -> None:
        """Add letters, the first instead of what was there."""
        self.text = ("" if self.is_fresh else self.text)[: LONGEST - len(text)] + text
        self.is_fresh = False

    def erase(self) -> None:
        """Take the last letter away, or all that was there."""
        self.text = "" if self.is_fresh else self.text[:-1]
        self.is_fresh = False


def entry(
    style: Style,
    path: str,
    text: str,
    *,
    writing: Writing,
    width: float,
    is_wrong: bool = False,
    hint: str = "",
) -> bool:
    """Draw a field; a press begins to write in it.

    Args:
        path: its name.
        text: what stands in it.
        writing: which field is written in.
        width: pixels.
        is_wrong: what stands there is refused.
        hint: stands there while it is empty.

    Returns:
        Whether it was pressed.
    """
    corner = imgui.get_cursor_screen_pos()
    high = style.px(ENTRY_HIGH)
    is_pressed: bool = imgui.invisible_button(f"entry {path}", (width, high))
    if is_pressed:
        writing.begin(path, text)
    is_here = writing.path == path
    ink = imgui.get_window_draw_list()
    end = (corner.x + width, corner.y + high)
    is_hot = imgui.is_item_hovered()
    ink.add_rect_filled(
        corner, end, packed(look.FIELD_HOVER if is_hot or is_here else look.FIELD), style.px(6)
    )
    edge = look.DANGER if is_wrong else look.ACCENT
    if is_here or is_wrong:
        ink.add_rect(corner, end, packed(edge), style.px(6), max(1.0, style.px(1.3)))
    with text_font(style, 15):
        inner = width - style.px(18)
        shown = text or ("" if is_here else hint)
        wide = imgui.calc_text_size(shown).x
        cut = max(0.0, wide - inner) if is_here else 0.0  # the end is in view while one writes
        left = corner.x + style.px(9) - cut
        top = corner.y + (high - imgui.get_text_line_height()) / 2
        ink.push_clip_rect((corner.x + style.px(6), corner.y), (end[0] - style.px(4), end[1]), True)
        if is_here and writing.is_fresh and text:
            low = corner.y + high - style.px(5)
            ink.add_rect_filled(
                (left - 2, corner.y + style.px(5)), (left + wide + 2, low), packed(look.ACCENT, 0.3)
            )
        ink.add_text((left, top), packed(look.BRIGHT if text else look.QUIET), shown)
        if is_here and not (writing.is_fresh and text):
            x = left + wide + style.px(1)
            ink.add_line(
                (x, corner.y + style.px(6)), (x, end[1] - style.px(6)), packed(look.ACCENT),
                max(1.0, style.px(1.2)),
            )  # fmt: skip
        ink.pop_clip_rect()
    return is_pressed


def choice(
    style: Style, name: str, options: Sequence[tuple[str, str]], chosen: str, *, pixels: float = 14
) -> str | None:
    """Draw options (key, text) side by side, one of them chosen; return the key that was pressed."""
    pressed: str | None = None
    corner = imgui.get_cursor_screen_pos()
    high = style.px(ENTRY_HIGH)
    ink = imgui.get_window_draw_list()
    with text_font(style, pixels):
        wides = [imgui.calc_text_size(text).x + style.px(20) for _, text in options]
        end = (corner.x + sum(wides), corner.y + high)
        ink.add_rect_filled(corner, end, packed(look.FIELD), style.px(6))
        left = corner.x
        for (key, text), wide in zip(options, wides, strict=True):
            imgui.set_cursor_screen_pos((left, corner.y))
            if imgui.invisible_button(f"{name} {key}", (wide, high)) and key != chosen:
                pressed = key
            is_chosen, is_hot = key == chosen, imgui.is_item_hovered()
            if is_chosen or is_hot:
                ground = look.FIELD_ACTIVE if is_chosen else look.FIELD_HOVER
                inset = style.px(2)
                ink.add_rect_filled(
                    (left + inset, corner.y + inset), (left + wide - inset, end[1] - inset),
                    packed(ground), style.px(5),
                )  # fmt: skip
            top = corner.y + (high - imgui.get_text_line_height()) / 2
            colour = look.BRIGHT if is_chosen else look.TEXT if is_hot else look.QUIET
            ink.add_text((left + style.px(10), top), packed(colour), text)
            left += wide
    imgui.set_cursor_screen_pos(corner)
    imgui.dummy((sum(wides), high))
    return pressed


def button(
    style: Style, text: str, *, is_main: bool = False, is_on: bool = True, width: float = 0.0,
    name: str = "", pixels: float = 14, colour: Colour | None = None,
) -> bool:  # fmt: skip
    """Draw a button; return whether it was pressed while it could be.

    Args:
        text: on it.
        is_main: what the panel is for.
        is_on: it can be pressed.
        width: pixels; 0: as the text needs.
        name: tells equal texts apart.
        pixels: height of the text, design pixels.
        colour: of the text.
    """
    high = style.px(ENTRY_HIGH)
    with text_font(style, pixels, is_bold=is_main):
        wide = max(width, imgui.calc_text_size(text).x + style.px(22))
        corner = imgui.get_cursor_screen_pos()
        is_pressed: bool = imgui.invisible_button(f"button {name or text}", (wide, high))
        is_hot, is_down = imgui.is_item_hovered() and is_on, imgui.is_item_active() and is_on
        ink = imgui.get_window_draw_list()
        end = (corner.x + wide, corner.y + high)
        if is_main and is_on:
            ink.add_rect_filled(
                corner, end, packed(look.ACCENT, 0.78 if is_down else 1.0 if is_hot else 0.9),
                style.px(6),
            )  # fmt: skip
        else:
            ground = look.FIELD_ACTIVE if is_down else look.FIELD_HOVER if is_hot else look.FIELD
            ink.add_rect_filled(corner, end, packed(ground), style.px(6))
        ink_colour = look.PANEL if is_main and is_on else colour or look.TEXT
        size = imgui.calc_text_size(text)
        at = (corner.x + (wide - size.x) / 2, corner.y + (high - size.y) / 2)
        ink.add_text(at, packed(ink_colour, 1.0 if is_on else 0.4), text)
    return is_pressed and is_on


def cross(style: Style, name: str, side: float) -> bool:
    """Draw a small cross that takes something away; return whether it was pressed."""
    corner = imgui.get_cursor_screen_pos()
    is_pressed: bool = imgui.invisible_button(f"cross {name}", (side, side))
    is_hot = imgui.is_item_hovered()
    ink = imgui.get_window_draw_list()
    if is_hot:
        end = (corner.x + side, corner.y + side)
        ink.add_rect_filled(corner, end, packed(look.FIELD_HOVER), style.px(5))
    colour = packed(look.DANGER if is_hot else look.QUIET)
    low, high = side * 0.33, side * 0.67
    for start, stop in (((low, low), (high, high)), ((low, high), (high, low))):
        ink.add_line(
            (corner.x + start[0], corner.y + start[1]), (corner.x + stop[0], corner.y + stop[1]),
            colour, max(1.2, style.px(1.4)),
        )  # fmt: skip
    return is_pressed


def dice(style: Style, name: str) -> bool:
    """Draw a die of five; return whether it was pressed."""
    side = style.px(ENTRY_HIGH)
    corner = imgui.get_cursor_screen_pos()
    is_pressed: bool = imgui.invisible_button(f"dice {name}", (side, side))
    is_hot = imgui.is_item_hovered()
    ink = imgui.get_window_draw_list()
    end = (corner.x + side, corner.y + side)
    ink.add_rect_filled(
        corner, end, packed(look.FIELD_HOVER if is_hot else look.FIELD), style.px(6)
    )
    colour = packed(look.BRIGHT if is_hot else look.QUIET)
    for x, y in ((0.3, 0.3), (0.7, 0.3), (0.5, 0.5), (0.3, 0.7), (0.7, 0.7)):
        ink.add_circle_filled((corner.x + side * x, corner.y + side * y), style.px(2.1), colour)
    return is_pressed


def progress(style: Style, share: float, *, width: float, colour: Colour = look.ACCENT) -> None:
    """Draw how much is done as a thin bar."""
    corner = imgui.get_cursor_screen_pos()
    high = style.px(4)
    ink = imgui.get_window_draw_list()
    ink.add_rect_filled(corner, (corner.x + width, corner.y + high), packed(look.FIELD), high / 2)
    if share > 0:
        end = (corner.x + max(high, width * min(1.0, share)), corner.y + high)
        ink.add_rect_filled(corner, end, packed(colour), high / 2)
    imgui.dummy((width, high))


def pictured(
    style: Style, name: str, picture: Picture | None, *, side: float, is_chosen: bool = False
) -> bool:
    """Draw a picture in a square that can be pressed; return whether it was."""
    corner = imgui.get_cursor_screen_pos()
    is_pressed: bool = imgui.invisible_button(f"picture {name}", (side, side))
    is_hot = imgui.is_item_hovered()
    ink = imgui.get_window_draw_list()
    end = (corner.x + side, corner.y + side)
    if picture is None:
        ink.add_rect_filled(corner, end, packed(look.FIELD, 0.7), style.px(3))
    else:
        wide, high = picture.size_wh
        factor = side / max(wide, high, 1)
        left = corner.x + (side - wide * factor) / 2
        top = corner.y + (side - high * factor) / 2
        ink.add_image(
            imgui.ImTextureRef(picture.texture), (left, top),
            (left + wide * factor, top + high * factor), picture.uv0, picture.uv1,
            packed((1.0, 1.0, 1.0, 1.0)),
        )  # fmt: skip
    if is_chosen or is_hot:
        alpha = 1.0 if is_chosen else 0.5
        ink.add_rect(corner, end, packed(look.MARK, alpha), style.px(3), max(1.5, style.px(2)))
    return is_pressed


def combo(
    style: Style, name: str, options: Sequence[tuple[str, str, str]], chosen: str, *, width: float
) -> str | None:
    """Draw a list that opens: (key, text, quiet remark); return the key that was pressed."""
    pressed: str | None = None
    texts = {key: text for key, text, _ in options}
    with text_font(style, 15):
        padding = imgui.ImVec2(
            style.px(9), (style.px(ENTRY_HIGH) - imgui.get_text_line_height()) / 2
        )
        imgui.push_style_var(imgui.StyleVar_.frame_padding, padding)
        imgui.push_item_width(width)
        if imgui.begin_combo(
            f"##{name}", texts.get(chosen, chosen), imgui.ComboFlags_.height_large
        ):
            column = max(imgui.calc_text_size(text).x for text in texts.values()) + style.px(18)
            for key, text, remark in options:
                was_pressed, _ = imgui.selectable(f"{text}##{name} {key}", key == chosen)
                if was_pressed and key != chosen:
                    pressed = key
                if remark:
                    imgui.same_line(column)
                    with text_font(style, 13):
                        imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*look.QUIET))
                        imgui.text_unformatted(remark)
                        imgui.pop_style_color()
            imgui.end_combo()
        imgui.pop_item_width()
        imgui.pop_style_var()
    return pressed


def label(style: Style, text: str, *, width: float, colour: Colour = look.QUIET) -> None:
    """Write what a control on the same line is, at the control's height."""
    corner = imgui.get_cursor_screen_pos()
    high = style.px(ENTRY_HIGH)
    with text_font(style, 14):
        ink = imgui.get_window_draw_list()
        top = corner.y + (high - imgui.get_text_line_height()) / 2
        ink.add_text((corner.x, top), packed(colour), text)
    imgui.dummy((width, high))
    imgui.same_line(0, 0)


def nudged(text: str, by: int, *, is_counted: bool = False) -> str:
    """Return a number in a text one step up or down: counted ones by 1, others by a fifth.

    What is no number stays.
    """
    try:
        value = float(text)
    except ValueError:
        return text
    if is_counted:
        return str(max(0, round(value) + by))
    is_whole = value.is_integer() and abs(value) >= 10
    if value == 0:
        return "0.01" if by > 0 else "0"
    found = float(f"{value * (1.2 if by > 0 else 1 / 1.2):.2g}")
    return str(round(found)) if is_whole else f"{found:.10g}"
