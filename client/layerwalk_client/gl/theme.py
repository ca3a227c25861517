"""Colours of what the renderer draws by itself: sky, floor, walls without data, ribbons, marks."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Literal

from layerwalk_shared.colours import rgb

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Theme:
    """sRGB 0..1 of each role.

    Attributes:
        sky_top, sky_horizon, sky_glow: the gradient behind everything, and its light along the
            horizon, which is strongest where the data go; the floor fades into it.
        floor, line: the floor and what its lines are made of.
        line_fine, line_coarse: opacity of the lines each metre and each ten metres.
        plot, plot_border: a group's ground.
        plot_opacity: of the ground.
        wall, wall_border, wall_back, wall_empty: backing, its border, what is seen from behind, a
            picture whose values are not there.
        reflection: how much of a wall the floor shows at a glancing angle, 0..1.
        ribbon, towards, away: edges; into the selection, out of it.
        mark: frames of selection and hover.
    """

    sky_top: Rgb
    sky_horizon: Rgb
    sky_glow: Rgb
    floor: Rgb
    line: Rgb
    line_fine: float
    line_coarse: float
    plot: Rgb
    plot_border: Rgb
    plot_opacity: float
    wall: Rgb
    wall_border: Rgb
    wall_back: Rgb
    wall_empty: Rgb
    reflection: float
    ribbon: Rgb
    towards: Rgb
    away: Rgb
    mark: Rgb


_COLOURS: dict[str, dict[str, str | float]] = {
    "dark": {
        "sky_top": "#05070B", "sky_horizon": "#0C121D", "sky_glow": "#18304E",
        "floor": "#0A0E15", "line": "#FFFFFF",
        "line_fine": 0.04, "line_coarse": 0.09, "plot": "#101724", "plot_border": "#24324A",
        "plot_opacity": 0.85, "wall": "#070A10", "wall_border": "#1D2737",
        "wall_back": "#0D131D", "wall_empty": "#0B1018", "reflection": 0.9,
        "ribbon": "#2B3A55", "towards": "#4FB6FF", "away": "#FFB454", "mark": "#FFB454",
    },
    "paper": {
        "sky_top": "#FBFAF7", "sky_horizon": "#F1EEE7", "sky_glow": "#FFFDF8",
        "floor": "#F6F4EF", "line": "#000000",
        "line_fine": 0.05, "line_coarse": 0.11, "plot": "#ECE8DF", "plot_border": "#CFC8B8",
        "plot_opacity": 0.85, "wall": "#FFFFFF", "wall_border": "#C9C3B6",
        "wall_back": "#EFEBE2", "wall_empty": "#F3F0EA", "reflection": 0.25,
        "ribbon": "#B9B2A2", "towards": "#1A72B4", "away": "#AD6500", "mark": "#AD6500",
    },
}  # fmt: skip


@cache
def theme(name: Literal["dark", "paper"]) -> Theme:
    """Return the theme of that name."""
    values: dict[str, Rgb | float] = {}
    for item in fields(Theme):
        value = _COLOURS[name][item.name]
        if isinstance(value, str):
            red, green, blue = rgb(value)
            values[item.name] = (red / 255, green / 255, blue / 255)
        else:
            values[item.name] = value
    return Theme(**values)  # type: ignore[arg-type]
