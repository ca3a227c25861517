"""Every text can be read: contrast against each ground it may stand on, by WCAG 2.2, level AA."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from layerwalk_client.gl.theme import theme
from layerwalk_client.ui import style
from layerwalk_client.world.palette import PALETTES

TEXT, LARGE = 4.5, 3.0
"""Ratios that AA asks of text, and of large text, lines and marks (criteria 1.4.3 and 1.4.11)."""


def luminance(colour: Sequence[float]) -> float:
    """Return the relative luminance of an sRGB colour 0..1 (WCAG 2.2, definitions)."""
    values = np.array(colour[:3], float)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def over(colour: Sequence[float], ground: Sequence[float]) -> tuple[float, ...]:
    """Return what is seen of a colour with an alpha upon a ground."""
    alpha = colour[3] if len(colour) > 3 else 1.0
    return tuple(alpha * a + (1 - alpha) * b for a, b in zip(colour[:3], ground[:3], strict=True))


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast((0.5, 0.2, 0.9), (0.5, 0.2, 0.9)) == 1
    grey = tuple(value / 255 for value in (0x76, 0x76, 0x76))
    assert contrast(grey, (1, 1, 1)) == pytest.approx(4.54, abs=0.005)  # the known last grey of AA


@pytest.mark.parametrize("name", ["dark", "paper"])
def test_names_in_the_world_can_be_read_on_sky_floor_and_plots(name: str) -> None:
    palette, look = PALETTES[name], theme(name)  # type: ignore[index,arg-type]
    nested = tuple(
        0.5 * plot + 0.5 * border for plot, border in zip(look.plot, look.plot_border, strict=True)
    )
    grounds = {
        "sky": look.sky_top, "horizon": look.sky_horizon, "glow": look.sky_glow,
        "floor": look.floor, "plot": look.plot, "nested plot": nested, "wall": look.wall,
    }  # fmt: skip
    for role, ground in itertools.product(
        ("name", "detail", "group", "operation", "warning"), grounds
    ):
        found = contrast(getattr(palette, role), grounds[ground])
        assert found >= TEXT, f"{role} on {ground}: {found:.2f}"


@pytest.mark.parametrize("name", ["dark", "paper"])
def test_names_on_backs_and_boards_can_be_read(name: str) -> None:
    palette, look = PALETTES[name], theme(name)  # type: ignore[index,arg-type]
    assert contrast(palette.back, look.wall_back) >= TEXT
    panel = over(palette.panel, look.floor)
    for role in ("panel_text", "detail", "accent", "good", "danger", "warning"):
        found = contrast(getattr(palette, role), panel)
        assert found >= TEXT, f"{role} on a board: {found:.2f}"


@pytest.mark.parametrize("name", ["dark", "paper"])
def test_marks_and_lit_edges_stand_out(name: str) -> None:
    look = theme(name)  # type: ignore[arg-type]
    for role in ("towards", "away", "mark"):
        for ground in (look.floor, look.plot, look.sky_glow, look.wall):
            found = contrast(getattr(look, role), ground)
            assert found >= LARGE, f"{role}: {found:.2f}"
    for colour in (look.towards, look.away):
        assert contrast(colour, look.ribbon) >= 1.5


@pytest.mark.parametrize("role", ["TEXT", "BRIGHT", "QUIET", "ACCENT", "MARK", "GOOD", "DANGER"])
def test_texts_of_panels_can_be_read(role: str) -> None:
    colour = getattr(style, role)
    panel = over(style.PANEL, (1.0, 1.0, 1.0))  # before white data
    for ground, value in (("panel", panel), ("field", style.FIELD)):
        found = contrast(colour, value)
        assert found >= TEXT, f"{role} on {ground}: {found:.2f}"


def test_texts_over_the_world_can_be_read_even_before_white() -> None:
    shade = over(style.SHADE, (1.0, 1.0, 1.0))
    assert contrast(style.TEXT, shade) >= TEXT
    assert contrast(style.BRIGHT, shade) >= TEXT
    assert contrast(style.QUIET, over(style.SHADE, theme("paper").floor)) >= LARGE


def test_buttons_under_the_pointer_can_be_read() -> None:
    for ground in (style.FIELD_HOVER, style.FIELD_ACTIVE):
        assert contrast(style.TEXT, ground) >= TEXT


def test_curves_stand_out_from_their_panel() -> None:
    for colour in style.SERIES:
        assert contrast(colour, style.PANEL) >= LARGE
