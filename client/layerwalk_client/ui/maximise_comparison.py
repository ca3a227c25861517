"""Runs of one node side by side: rows are units, columns runs, the best of a row is marked."""

from __future__ import annotations

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import ENTRY_HIGH, button, cross, pictured
from layerwalk_client.ui.drafts import Order, units_text
from layerwalk_client.ui.intents import CompareRun, Intent, Maximise
from layerwalk_client.ui.maximise_results import STATES, minus
from layerwalk_client.ui.studio import Column, Comparison, Pictured, Studio
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, small, text_font
from layerwalk_shared.messages import MaximiseRequest

RECIPES = ("walk", "proxygrad", "fourier", "maco")
SEEDS = 3
UNITS = 8
"""Units that are compared where the form asks for all of more."""
_LEFT = 46
_LARGEST = 104


def compared_recipes(request: MaximiseRequest, count: int) -> tuple[MaximiseRequest, ...]:
    """Return the requests that compare recipes: the same units, objective, start and seed."""
    units = compared_units(request, count)
    return tuple(request.model_copy(update={"recipe": name, "channels": units}) for name in RECIPES)


def compared_seeds(request: MaximiseRequest, count: int) -> tuple[MaximiseRequest, ...]:
    """Return the requests that compare seeds, from the form's on."""
    units = compared_units(request, count)
    return tuple(
        request.model_copy(update={"seed": request.seed + k, "channels": units})
        for k in range(SEEDS)
    )


def compared_units(request: MaximiseRequest, count: int) -> tuple[int, ...] | None:
    """Return the units of the form, the first few of them where it asks for all."""
    if request.channels is not None or not request.objective.has_units or count <= UNITS:
        return request.channels
    return tuple(range(UNITS))


def draw_comparison(style: Style, studio: Studio, order: Order, *, below: float) -> list[Intent]:
    """Draw the comparison; `below`: pixels to leave free under it."""
    intents: list[Intent] = []
    count = studio.subject.units
    request = order.request
    is_on = request is not None
    if button(style, "compare recipes", is_on=is_on) and request is not None:
        intents.append(Maximise(compared_recipes(request, count), compares=True))
    imgui.same_line(0, style.px(6))
    if button(style, f"compare {SEEDS} seeds", is_on=is_on) and request is not None:
        intents.append(Maximise(compared_seeds(request, count), compares=True))
    imgui.same_line(0, style.px(12))
    _told(style, request, count)
    comparison = studio.comparison
    if not comparison.columns:
        small(style, "or mark runs of the results with \N{LEFT DOUBLE QUOTATION MARK}compare"
              "\N{RIGHT DOUBLE QUOTATION MARK}")  # fmt: skip
        return intents
    room = imgui.get_content_region_avail()
    wide = (room.x - style.px(_LEFT + 12)) / max(2, len(comparison.columns))
    intents += _heads(style, comparison, wide)
    imgui.begin_child("comparison", (room.x, imgui.get_content_region_avail().y - below))
    side = min(style.px(_LARGEST), wide - style.px(10))
    for unit in comparison.units:
        _row(style, comparison, unit, wide=wide, side=side)
    imgui.end_child()
    return intents


def _told(style: Style, request: MaximiseRequest | None, count: int) -> None:
    corner = imgui.get_cursor_screen_pos()
    text = "the form must be put right first"
    if request is not None:
        units = compared_units(request, count)
        text = "all channels" if units is None else f"channels {units_text(units)}"
        if not request.objective.has_units:
            text = "the whole layer"
    with text_font(style, 14):
        imgui.get_window_draw_list().add_text(
            (corner.x, corner.y + style.px(6)), packed(look.QUIET), text
        )
    imgui.dummy((1, style.px(ENTRY_HIGH)))


def _heads(style: Style, comparison: Comparison, wide: float) -> list[Intent]:
    intents: list[Intent] = []
    corner = imgui.get_cursor_screen_pos()
    ink = imgui.get_window_draw_list()
    high = style.px(36)
    for place, column in enumerate(comparison.columns):
        left = corner.x + style.px(_LEFT) + place * wide
        run = column.run
        ink.add_circle_filled(
            (left + style.px(4), corner.y + style.px(9)), style.px(3.5), packed(STATES[run.state])
        )
        ink.push_clip_rect((left, corner.y), (left + wide - style.px(26), corner.y + high), True)
        with text_font(style, 14):
            at = (left + style.px(12), corner.y)
            ink.add_text(at, packed(look.BRIGHT), run.label)
        with text_font(style, 12):
            at = (left + style.px(12), corner.y + style.px(18))
            ink.add_text(at, packed(look.QUIET), _state(column))
        ink.pop_clip_rect()
        imgui.set_cursor_screen_pos((left + wide - style.px(26), corner.y))
        if cross(style, f"column {run.id}", style.px(20)):
            intents.append(CompareRun(run.id))
    imgui.set_cursor_screen_pos(corner)
    imgui.dummy((1, high - imgui.get_style().item_spacing.y + style.px(2)))
    return intents


def _state(column: Column) -> str:
    run = column.run
    if run.state == "done":
        mean = "" if run.mean is None else f", mean {minus(short_number(run.mean))}"
        return f"seed {run.seed}{mean}"
    if run.state == "running":
        return f"step {run.step} / {run.steps}"
    return f"seed {run.seed}, {run.state}"


def _row(
    style: Style, comparison: Comparison, unit: int | None, *, wide: float, side: float
) -> None:
    corner = imgui.get_cursor_screen_pos()
    best = comparison.best(unit)
    ink = imgui.get_window_draw_list()
    with text_font(style, 14):
        name = "layer" if unit is None else str(unit)
        middle = corner.y + side / 2 - imgui.get_text_line_height() / 2
        ink.add_text((corner.x, middle), packed(look.QUIET), name)
    for place, column in enumerate(comparison.columns):
        left = corner.x + style.px(_LEFT) + place * wide
        one = column.cells.get(unit)
        imgui.set_cursor_screen_pos((left, corner.y))
        pictured(style, f"{column.run.id} {unit}", None if one is None else one.picture, side=side)
        if one is not None:
            _reached(style, one, (left, corner.y + side), is_best=place == best)
        if place == best:
            end = (left + side, corner.y + side)
            edge = packed(look.GOOD, 0.9)
            ink.add_rect((left, corner.y), end, edge, style.px(3), max(1.5, style.px(2)))
    imgui.set_cursor_screen_pos(corner)
    imgui.dummy((1, side + style.px(26) - imgui.get_style().item_spacing.y))


def _reached(style: Style, one: Pictured, at: tuple[float, float], *, is_best: bool) -> None:
    with text_font(style, 13, is_bold=is_best):
        text = minus(short_number(one.activation))
        if is_best:
            text += "  best"
        colour = look.GOOD if is_best else look.MARK if one.note else look.TEXT
        imgui.get_window_draw_list().add_text(
            (at[0] + style.px(1), at[1] + style.px(2)), packed(colour), text
        )
