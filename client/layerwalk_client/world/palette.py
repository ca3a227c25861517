"""Colours of everything that is not data, by role and theme; sRGB 0..1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from layerwalk_client.world.scene import Colour

Theme = Literal["dark", "paper"]


def colour_from_hex(text: str, *, alpha: float = 1.0) -> Colour:
    """Return the colour written `#RRGGBB` or `#RRGGBBAA` (its alpha times `alpha`)."""
    digits = text.removeprefix("#")
    parts = [int(digits[place : place + 2], 16) / 255 for place in range(0, len(digits), 2)]
    own_alpha = parts[3] if len(parts) == 4 else 1.0
    return parts[0], parts[1], parts[2], own_alpha * alpha


@dataclass(frozen=True, slots=True)
class Palette:
    """One colour for each role.

    Attributes:
        name, detail: a wall's name; its shape and kind.
        back: name on the back of a wall.
        group: name of a group on its plot.
        operation: operation of a join, on the floor.
        warning: why there is nothing to see.
        panel, panel_border, panel_text: boards that carry text.
        accent, good, danger: bars, the right answer, failures.
        mark: a frame around something.
        track: the part of a bar that is not filled.
        wall, wall_border: what pictures hang on.
    """

    name: Colour
    detail: Colour
    back: Colour
    group: Colour
    operation: Colour
    warning: Colour
    panel: Colour
    panel_border: Colour
    panel_text: Colour
    accent: Colour
    good: Colour
    danger: Colour
    mark: Colour
    track: Colour
    wall: Colour
    wall_border: Colour


PALETTES: dict[Theme, Palette] = {
    "dark": Palette(
        name=colour_from_hex("#E8EDF5"),
        detail=colour_from_hex("#8A97AB"),
        back=colour_from_hex("#7E8CA4"),
        group=colour_from_hex("#8A97AB"),
        operation=colour_from_hex("#8797B1"),
        warning=colour_from_hex("#FFB454"),
        panel=colour_from_hex("#0D121BF2"),
        panel_border=colour_from_hex("#1D2737"),
        panel_text=colour_from_hex("#D7DEEA"),
        accent=colour_from_hex("#4FB6FF"),
        good=colour_from_hex("#5BD69B"),
        danger=colour_from_hex("#FF6B6B"),
        mark=colour_from_hex("#FFB454"),
        track=colour_from_hex("#172131"),
        wall=colour_from_hex("#070A10"),
        wall_border=colour_from_hex("#1D2737"),
    ),
    "paper": Palette(
        name=colour_from_hex("#1B2330"),
        detail=colour_from_hex("#505A69"),
        back=colour_from_hex("#636A76"),
        group=colour_from_hex("#505A69"),
        operation=colour_from_hex("#505A69"),
        warning=colour_from_hex("#8F4C00"),
        panel=colour_from_hex("#FFFFFF"),
        panel_border=colour_from_hex("#C9C3B6"),
        panel_text=colour_from_hex("#1B2330"),
        accent=colour_from_hex("#1A72B4"),
        good=colour_from_hex("#18794B"),
        danger=colour_from_hex("#B83333"),
        mark=colour_from_hex("#AD6500"),
        track=colour_from_hex("#ECE8DF"),
        wall=colour_from_hex("#FFFFFF"),
        wall_border=colour_from_hex("#C9C3B6"),
    ),
}
