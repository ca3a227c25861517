"""What the panel of a node tells of its values, its weights and its gradients: numbers, bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.histograms import Bars, histogram, number_table, scale_choice, told_bar
from layerwalk_client.ui.plots import MINUS
from layerwalk_client.ui.style import Style
from layerwalk_client.ui.widgets import short_number, shortened, small
from layerwalk_client.world.scene import Colour
from layerwalk_shared.messages import ValueStatistics
from layerwalk_shared.training import GRADIENT_BINS

DEAD_LISTED = 24
"""Channels that are dead, listed by number at most."""


@dataclass(frozen=True, slots=True)
class GradientFacts:
    """What a training told of a node at one step.

    Attributes:
        step: its number.
        counts: of log10 |g| in `GRADIENT_BINS`; None while on their way.
        zeros: gradients that are exactly zero.
        norm, weight, update: see `layerwalk_shared.training.NodeTraining`.
    """

    step: int
    counts: tuple[int, ...] | None = None
    zeros: int = 0
    norm: float | None = None
    weight: float | None = None
    update: float | None = None


def values_tab(style: Style, found: ValueStatistics, *, what: str, is_log: bool) -> bool:
    """Draw numbers and histogram of values or weights; return whether counts are logarithmic.

    Args:
        what: "channels" or "filters".
    """
    count = max(1, len(found.channels.mean))
    dead = len(found.dead_channels)
    rows: list[tuple[str, str, Colour]] = [
        ("minimum", short_number(found.minimum), look.BRIGHT),
        ("maximum", short_number(found.maximum), look.BRIGHT),
        ("mean", short_number(found.mean), look.BRIGHT),
        ("deviation", short_number(found.std), look.BRIGHT),
        ("zeros", f"{100 * found.zeros:.1f} %", look.BRIGHT),
        (f"dead {what}", f"{dead} of {count}", look.MARK if dead else look.BRIGHT),
    ]
    if found.not_finite:
        rows.append(("not finite", str(found.not_finite), look.DANGER))
    number_table(style, "numbers", rows)
    bars = Bars(found.histogram.counts, found.histogram.edges)
    is_log, hovered = _counted(style, bars, is_log=is_log, foot=26)
    lowest, highest = short_number(found.minimum), short_number(found.maximum)
    if hovered is not None:
        small(style, told_bar(bars, hovered), colour=look.MARK)
    elif dead:
        _dead(style, found.dead_channels, what)
    else:
        small(style, f"counts of values from {lowest} to {highest}".replace("-", MINUS))
    return is_log


def gradients_tab(style: Style, found: GradientFacts, *, is_log: bool) -> bool:
    """Draw numbers and histogram of gradients; return whether counts are logarithmic."""
    rows: list[tuple[str, str, Colour]] = [
        ("norm", _told(found.norm), look.BRIGHT),
        ("of the weights", _told(found.weight), look.BRIGHT),
        ("update over weight", _told(found.update), look.BRIGHT),
        ("exactly zero", str(found.zeros), look.BRIGHT),
    ]
    number_table(style, "gradient numbers", rows)
    if found.counts is None:
        small(style, "\N{HORIZONTAL ELLIPSIS}")
        return is_log
    low, high, bins = GRADIENT_BINS
    step = (high - low) / bins
    bars = Bars(found.counts, [low + step * place for place in range(bins + 1)])
    is_log, hovered = _counted(style, bars, is_log=is_log, foot=26)
    if hovered is not None:
        small(style, f"{told_bar(bars, hovered)} (log10 |g|)", colour=look.MARK)
    else:
        small(style, f"log10 of the gradients' absolute values, step {found.step}")
    return is_log


def _counted(style: Style, bars: Bars, *, is_log: bool, foot: float) -> tuple[bool, int | None]:
    """Draw a histogram in the room that is left, the switch of its scale above it at the right."""
    wide = imgui.get_content_region_avail().x
    imgui.dummy((1, style.px(2)))
    is_log = scale_choice(style, "scale", is_log=is_log)
    high = imgui.get_content_region_avail().y - style.px(foot)
    size = (wide, max(style.px(60), high))
    _, hovered = histogram(style, "histogram", bars, size, is_log=is_log)
    return is_log, hovered


def _dead(style: Style, dead: Sequence[int], what: str) -> None:
    listed = ", ".join(str(one) for one in dead[:DEAD_LISTED])
    more = "" if len(dead) <= DEAD_LISTED else " \N{HORIZONTAL ELLIPSIS}"
    text = f"dead {what}: {listed}{more}"
    wide = imgui.get_content_region_avail().x
    fitting = shortened(text, wide, lambda one: imgui.calc_text_size(one).x * 14 / 17)
    small(style, fitting, colour=look.MARK)


def _told(value: float | None) -> str:
    return "\N{EM DASH}" if value is None else short_number(value)
