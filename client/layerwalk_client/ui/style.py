"""How panels look: colours by role, two weights of one typeface, sizes by one scale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imgui_bundle
from imgui_bundle import imgui

from layerwalk_client.world.scene import Colour

TEXT_PIXELS = 17
SMALL_PIXELS = 14
TITLE_PIXELS = 20
"""Heights of text at scale 1 (a window 720 pixels high)."""


def _rgb(text: str, alpha: float = 1.0) -> Colour:
    red, green, blue = (int(text[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return (red, green, blue, alpha)


PANEL = _rgb("#0D121B", 0.97)
FIELD = _rgb("#172131")
FIELD_HOVER = _rgb("#20304A")
FIELD_ACTIVE = _rgb("#2A4061")
BORDER = _rgb("#24324A")
TEXT = _rgb("#D7DEEA")
BRIGHT = _rgb("#E8EDF5")
QUIET = _rgb("#8A97AB")
ACCENT = _rgb("#4FB6FF")
MARK = _rgb("#FFB454")
GOOD = _rgb("#5BD69B")
DANGER = _rgb("#FF6B6B")
SHADE = _rgb("#05070B", 0.78)
SERIES = (ACCENT, MARK, GOOD, _rgb("#E58BC4"), _rgb("#B9A5FF"), _rgb("#F2E36B"), _rgb("#9FB0C6"))
"""Lines in one plot; told apart by colour-blind eyes by their brightness, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """The fonts of one ImGui context, and the scale of all sizes.

    Attributes:
        regular, bold: ImGui fonts, valid in the context they were made in.
        scale: pixels of the target per pixel of the design (720 high).
    """

    regular: Any
    bold: Any
    scale: float

    def px(self, design_pixels: float) -> float:
        """Return a size of the design in pixels of the target."""
        return design_pixels * self.scale

    def text_px(self, design_pixels: float) -> float:
        """Return a height of text in whole pixels, so that it is sharp."""
        return max(9.0, float(round(design_pixels * self.scale)))


def font_folder() -> Path:
    """Return where the typeface lies that comes with imgui-bundle."""
    return Path(imgui_bundle.__file__).parent / "assets" / "fonts" / "Roboto"


def make_style(scale: float) -> Style:
    """Set up the current ImGui context's fonts, colours and sizes; call once for each context."""
    io = imgui.get_io()
    folder = font_folder()
    size = float(round(TEXT_PIXELS * scale))
    regular = io.fonts.add_font_from_file_ttf(str(folder / "Roboto-Regular.ttf"), size)
    bold = io.fonts.add_font_from_file_ttf(str(folder / "Roboto-Bold.ttf"), size)
    style = imgui.get_style()
    style.window_rounding = 10 * scale
    style.child_rounding = 6 * scale
    style.frame_rounding = 6 * scale
    style.grab_rounding = 6 * scale
    style.scrollbar_rounding = 6 * scale
    style.scrollbar_size = 10 * scale
    style.window_border_size = 1
    style.frame_border_size = 0
    style.window_padding = imgui.ImVec2(18 * scale, 14 * scale)
    style.frame_padding = imgui.ImVec2(10 * scale, 6 * scale)
    style.item_spacing = imgui.ImVec2(10 * scale, 8 * scale)
    style.grab_min_size = 14 * scale
    for role, colour in _COLOURS.items():
        style.set_color_(getattr(imgui.Col_, role), imgui.ImVec4(*colour))
    return Style(regular, bold, scale)


def packed(colour: Colour, alpha: float = 1.0) -> int:
    """Return a colour as ImGui packs it for its draw lists."""
    red, green, blue, own_alpha = colour
    value: int = imgui.get_color_u32(imgui.ImVec4(red, green, blue, own_alpha * alpha))
    return value


_COLOURS: dict[str, Colour] = {
    "text": TEXT,
    "text_disabled": QUIET,
    "window_bg": PANEL,
    "child_bg": (0.0, 0.0, 0.0, 0.0),
    "popup_bg": _rgb("#121A27", 0.98),
    "border": BORDER,
    "frame_bg": FIELD,
    "frame_bg_hovered": FIELD_HOVER,
    "frame_bg_active": FIELD_ACTIVE,
    "button": FIELD,
    "button_hovered": FIELD_HOVER,
    "button_active": FIELD_ACTIVE,
    "header": FIELD,
    "header_hovered": FIELD_HOVER,
    "header_active": FIELD_ACTIVE,
    "check_mark": ACCENT,
    "slider_grab": ACCENT,
    "slider_grab_active": BRIGHT,
    "scrollbar_bg": (0.0, 0.0, 0.0, 0.0),
    "scrollbar_grab": BORDER,
    "scrollbar_grab_hovered": FIELD_ACTIVE,
    "scrollbar_grab_active": ACCENT,
    "separator": BORDER,
    "text_selected_bg": _rgb("#4FB6FF", 0.35),
    "nav_cursor": (0.0, 0.0, 0.0, 0.0),
    "plot_histogram": ACCENT,
}
