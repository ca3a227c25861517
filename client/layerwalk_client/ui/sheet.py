"""What lies over the view is drawn onto: one ImGui draw list, with texts, plates and measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import Intent
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.world.scene import Colour


@dataclass(frozen=True, slots=True)
class Spot:
    """A rectangle over the view that a free pointer operates: pixels from the upper left."""

    left: float
    top: float
    right: float
    bottom: float
    intent: Intent

    def holds(self, pixel: tuple[float, float]) -> bool:
        """Whether a pixel is in it."""
        return self.left <= pixel[0] <= self.right and self.top <= pixel[1] <= self.bottom


class Sheet:
    """Draws onto one ImGui draw list; positions in pixels from the upper left.

    Attributes:
        spots: what a free pointer can operate of what was drawn.
    """

    def __init__(self, style: Style, draw: Any, width: float, height: float) -> None:
        self.style = style
        self.ink = draw
        self.width = width
        self.height = height
        self.margin = style.px(20)
        self.spots: list[Spot] = []

    def measure(self, text: str, design_pixels: float, *, is_bold: bool = False) -> float:
        """Return the width of a text, pixels."""
        font = self.style.bold if is_bold else self.style.regular
        imgui.push_font(font, self.style.text_px(design_pixels))
        wide: float = imgui.calc_text_size(text).x
        imgui.pop_font()
        return wide

    def write(
        self,
        text: str,
        at: tuple[float, float],
        *,
        pixels: float,
        colour: Colour,
        is_bold: bool = False,
        has_shadow: bool = False,
    ) -> None:
        """Write a line; `at` is its upper left corner."""
        font = self.style.bold if is_bold else self.style.regular
        where = (round(at[0]), round(at[1]))
        size = self.style.text_px(pixels)
        if has_shadow:
            dark = packed((0.0, 0.0, 0.0, 0.75))
            for right, down in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
                self.ink.add_text(font, size, (where[0] + right, where[1] + down), dark, text)
        self.ink.add_text(font, size, where, packed(colour), text)

    def plate(
        self, left: float, top: float, right: float, bottom: float, *, radius: float = 8
    ) -> None:
        """Darken a rectangle, so that what is written there can be read."""
        px = self.style.px
        self.ink.add_rect_filled((left, top), (right, bottom), packed(look.SHADE), px(radius))
