"""The results of a node: the list of runs, one run's pictures, what the network makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.controls import ENTRY_HIGH, button, choice, combo, label, pictured
from layerwalk_client.ui.intents import (
    ChooseRun,
    CompareRun,
    ExportRun,
    Intent,
    LookAt,
    PickPicture,
    PutPicture,
    RepeatRun,
    ShowOnWall,
)
from layerwalk_client.ui.studio import Pictured, Run, Shown, Studio
from layerwalk_client.ui.style import SMALL_PIXELS, Style, packed
from layerwalk_client.ui.widgets import short_number, shortened, small, text_font
from layerwalk_client.world.answer import percent
from layerwalk_client.world.scene import Colour

ROWS = 4
"""Runs in the list before it scrolls."""
WALL_MODES = (("values", "values"), ("images", "images"), ("both", "both"))
STATES: dict[str, Colour] = {
    "queued": look.QUIET, "running": look.ACCENT, "done": look.GOOD, "failed": look.DANGER,
    "cancelled": look.MARK,
}  # fmt: skip
_ROW_HIGH = 26
_SIDE = 74


def draw_results(style: Style, studio: Studio, *, below: float) -> list[Intent]:
    """Draw the results; `below`: pixels to leave free under them."""
    if not studio.runs:
        imgui.text_unformatted("No run of this node yet.")
        small(style, "make one; its pictures grow here and on the wall")
        return []
    intents = _list(style, studio)
    shown = studio.shown
    if shown is None:
        small(style, "choose one to see its pictures")
        return intents
    intents += _scrubber(style, shown)
    room = imgui.get_content_region_avail()
    foot = style.px(ENTRY_HIGH + 8 + 2 * 20)
    high = max(style.px(60), room.y - below - foot)
    facts = style.px(206)
    corner = imgui.get_cursor_screen_pos()
    imgui.begin_child("pictures", (room.x - facts - style.px(14), high))
    intents += _grid(style, shown)
    imgui.end_child()
    imgui.set_cursor_screen_pos((corner.x + room.x - facts, corner.y))
    imgui.begin_child("facts", (facts, high))
    if shown.picture is not None:
        _facts(style, shown.picture, high)
    imgui.end_child()
    imgui.set_cursor_screen_pos((corner.x, corner.y + high + style.px(6)))
    return intents + _acts(style, studio, shown)


def _list(style: Style, studio: Studio) -> list[Intent]:
    intents: list[Intent] = []
    chosen = "" if studio.shown is None else studio.shown.run.id
    compared = {column.run.id for column in studio.comparison.columns}
    rows = min(ROWS, len(studio.runs))
    imgui.begin_child("runs", (0, style.px(rows * _ROW_HIGH + 2)))
    for run in studio.runs:
        intents += _run(style, run, is_chosen=run.id == chosen, is_compared=run.id in compared)
    imgui.end_child()
    return intents


def _run(style: Style, run: Run, *, is_chosen: bool, is_compared: bool) -> list[Intent]:
    intents: list[Intent] = []
    corner = imgui.get_cursor_screen_pos()
    wide, high = imgui.get_content_region_avail().x, style.px(_ROW_HIGH)
    chip = style.px(84)
    if imgui.invisible_button(f"run {run.id}", (wide - chip, high)):
        intents.append(ChooseRun(run.id))
    is_hot = imgui.is_item_hovered()
    ink = imgui.get_window_draw_list()
    if is_chosen or is_hot:
        ground = look.FIELD if is_chosen else look.FIELD_HOVER
        ink.add_rect_filled(
            corner, (corner.x + wide - chip, corner.y + high - 2), packed(ground), style.px(5)
        )
    middle = corner.y + high / 2 - 1
    ink.add_circle_filled(
        (corner.x + style.px(10), middle), style.px(3.5), packed(STATES[run.state])
    )
    at = f"step {run.step}" if run.state != "done" else f"{run.steps} steps"
    mean = "" if run.mean is None else f"mean {short_number(run.mean)}"
    with text_font(style, 14):
        top = middle - imgui.get_text_line_height() / 2
        columns = ((22, run.label, look.BRIGHT if is_chosen else look.TEXT, 146),)
        columns += (  # type: ignore[assignment]
            (174, f"seed {run.seed}", look.QUIET, 74),
            (250, at, look.QUIET, 78),
            (330, mean, look.TEXT, 96),
            (428, run.when, look.QUIET, 50),
        )
        for left, text, colour, most in columns:
            x = corner.x + style.px(left)
            ink.push_clip_rect((x, corner.y), (x + style.px(most), corner.y + high), True)
            ink.add_text((x, top), packed(colour), text)
            ink.pop_clip_rect()
    imgui.set_cursor_screen_pos((corner.x + wide - chip + style.px(8), corner.y))
    if imgui.invisible_button(f"compare {run.id}", (chip - style.px(8), high)):
        intents.append(CompareRun(run.id))
    colour = look.ACCENT if is_compared else look.BRIGHT if imgui.is_item_hovered() else look.QUIET
    dot = (corner.x + wide - chip + style.px(16), middle)
    if is_compared:
        ink.add_circle_filled(dot, style.px(4), packed(colour))
    else:
        ink.add_circle(dot, style.px(4), packed(colour), 0, style.px(1.2))
    with text_font(style, 13):
        top = middle - imgui.get_text_line_height() / 2
        ink.add_text((dot[0] + style.px(9), top), packed(colour), "compare")
    imgui.set_cursor_screen_pos((corner.x, corner.y))
    imgui.dummy((wide, high - imgui.get_style().item_spacing.y))
    return intents


def _scrubber(style: Style, shown: Shown) -> list[Intent]:
    """Draw the steps that can be looked at on a line; return what was asked for."""
    if not shown.marks:
        small(style, "no picture of it yet")
        return []
    last = len(shown.marks) - 1
    at = min(shown.at, last)
    corner = imgui.get_cursor_screen_pos()
    wide, high = imgui.get_content_region_avail().x, style.px(22)
    text, inset = style.px(132), style.px(8)
    imgui.invisible_button("scrub", (wide - text, high))
    ink = imgui.get_window_draw_list()
    left, right = corner.x + inset, corner.x + wide - text - inset
    middle = corner.y + high / 2
    places = [left + (right - left) * mark / max(1, shown.run.steps) for mark in shown.marks]
    found = at
    if imgui.is_item_active():
        pointer = imgui.get_mouse_pos().x
        found = min(range(last + 1), key=lambda k: abs(places[k] - pointer))
    ink.add_line((left, middle), (right, middle), packed(look.BORDER), max(1.0, style.px(2)))
    ink.add_line((left, middle), (places[at], middle), packed(look.ACCENT), max(1.0, style.px(2)))
    for place in places:
        tall = style.px(4)
        ink.add_line(
            (place, middle - tall), (place, middle + tall), packed(look.ACCENT, 0.8),
            max(1.0, style.px(1.4)),
        )  # fmt: skip
    is_hot = imgui.is_item_hovered() or imgui.is_item_active()
    colour = look.BRIGHT if is_hot else look.MARK if at < last else look.ACCENT
    ink.add_circle_filled((places[at], middle), style.px(6.5), packed(colour))
    with text_font(style, 14):
        told = f"step {shown.marks[at]} of {shown.run.steps}"
        x = corner.x + wide - imgui.calc_text_size(told).x
        ink.add_text((x, middle - imgui.get_text_line_height() / 2), packed(look.TEXT), told)
    return [LookAt(mark=found)] if found != at else []


def _grid(style: Style, shown: Shown) -> list[Intent]:
    intents: list[Intent] = []
    gap, caption = style.px(6), style.px(18)
    wide = imgui.get_content_region_avail().x
    count = len(shown.pictures)
    side = style.px(_SIDE if count > 4 else 2 * _SIDE - 10)
    columns = max(1, int((wide + gap) // (side + gap)))
    clipper = imgui.ListClipper()
    clipper.begin(-(-count // columns), side + caption + gap)
    while clipper.step():
        for row in range(clipper.display_start, clipper.display_end):
            corner = imgui.get_cursor_screen_pos()
            for column, one in enumerate(shown.pictures[row * columns : (row + 1) * columns]):
                imgui.set_cursor_screen_pos((corner.x + column * (side + gap), corner.y))
                is_chosen = one.place == shown.place
                if pictured(style, f"{one.place}", one.picture, side=side, is_chosen=is_chosen):
                    intents.append(LookAt(picture=one.place))
                _caption(style, one, (corner.x + column * (side + gap), corner.y + side), side)
            imgui.set_cursor_screen_pos((corner.x, corner.y))
            spacing = imgui.get_style().item_spacing.y
            imgui.dummy((wide, side + caption + gap - spacing))
    clipper.end()
    return intents


def _caption(style: Style, one: Pictured, at: tuple[float, float], side: float) -> None:
    ink = imgui.get_window_draw_list()
    with text_font(style, 13):
        top = at[1] + style.px(1)
        name = "layer" if one.unit is None else str(one.unit)
        ink.add_text((at[0] + 1, top), packed(look.QUIET), name)
        text = minus(short_number(one.activation))
        wide = imgui.calc_text_size(text).x
        colour = look.MARK if one.note else look.TEXT
        ink.add_text((at[0] + side - wide - 1, top), packed(colour), text)


def _facts(style: Style, one: Pictured, high: float) -> None:
    side = max(style.px(60), min(style.px(130), high - style.px(118)))
    pictured(style, "large", one.picture, side=side)
    name = "the whole layer" if one.unit is None else f"unit {one.unit}"
    with text_font(style, 15, is_bold=True):
        imgui.text_colored(imgui.ImVec4(*look.BRIGHT), name)
        imgui.same_line()
        imgui.text_colored(imgui.ImVec4(*look.ACCENT), minus(short_number(one.activation)))
    if one.rival is not None:
        unit, value = one.rival
        ratio = "" if one.ratio is None else f"   ratio {one.ratio:.2f}"
        small(style, f"next: unit {unit}  {minus(short_number(value))}{ratio}")
    if one.is_cached:
        small(style, "made earlier, from the cache")
    _answers(style, one)
    if one.note:
        imgui.push_text_wrap_pos(0.0)
        imgui.push_style_color(imgui.Col_.text, imgui.ImVec4(*look.MARK))
        with text_font(style, 13):
            imgui.text_wrapped(one.note)
        imgui.pop_style_color()
        imgui.pop_text_wrap_pos()


def _answers(style: Style, one: Pictured) -> None:
    wide = imgui.get_content_region_avail().x
    ink = imgui.get_window_draw_list()
    for answer in one.answers[:3]:
        corner = imgui.get_cursor_screen_pos()
        high = style.px(20)
        with text_font(style, 13):
            told = percent(answer.probability)
            room = wide - imgui.calc_text_size(told).x - style.px(10)
            end = (corner.x + wide, corner.y + high - style.px(3))
            ink.add_rect_filled(corner, end, packed(look.FIELD), style.px(3))
            share = (corner.x + wide * max(0.0, min(1.0, answer.probability)), end[1])
            ink.add_rect_filled(corner, share, packed(look.ACCENT, 0.35), style.px(3))
            top = corner.y + style.px(1)
            ink.push_clip_rect(corner, (corner.x + room, end[1]), True)
            ink.add_text((corner.x + style.px(5), top), packed(look.TEXT), answer.name)
            ink.pop_clip_rect()
            ink.add_text((corner.x + room + style.px(5), top), packed(look.BRIGHT), told)
        imgui.dummy((wide, high - imgui.get_style().item_spacing.y))


def _acts(style: Style, studio: Studio, shown: Shown) -> list[Intent]:
    """Draw what can be done with the run and its picture."""
    intents: list[Intent] = []
    has_picture = shown.picture is not None
    mode = choice(style, "wall", WALL_MODES, shown.wall)
    if mode is not None:
        intents.append(ShowOnWall(mode))  # type: ignore[arg-type]  # one of WALL_MODES
    imgui.same_line(0, style.px(12))
    if button(style, "pick up", is_on=has_picture):
        intents.append(PickPicture())
    imgui.same_line(0, style.px(6))
    intents += _put(style, studio.networks, is_on=has_picture)
    imgui.same_line(0, style.px(6))
    if button(style, "again"):
        intents.append(RepeatRun())
    imgui.same_line(0, style.px(14))
    label(style, "save", width=style.px(36))
    for form, text in (("png", "PNG"), ("npz", "NPZ")):
        if button(style, text, is_on=bool(shown.marks)):
            intents.append(ExportRun(form))  # type: ignore[arg-type]  # one of these two
        imgui.same_line(0, style.px(6))
    imgui.new_line()
    with text_font(style, SMALL_PIXELS):
        room = imgui.get_content_region_avail().x
        said = shortened(shown.said, room, lambda text: imgui.calc_text_size(text).x)
    small(style, said or " ", colour=look.DANGER if shown.is_wrong else look.QUIET)
    if shown.fired:
        small(style, shown.fired, colour=look.GOOD if shown.fires else look.MARK)
    return intents


def _put(style: Style, networks: Sequence[tuple[str, str]], *, is_on: bool) -> list[Intent]:
    if not networks:
        return []
    if len(networks) == 1:
        pressed = button(style, "put on input", is_on=is_on)
        return [PutPicture(networks[0][0])] if pressed else []
    options = [(key, f"input of {name}", "") for key, name in networks]
    found = combo(style, "put", options, "put on \N{HORIZONTAL ELLIPSIS}", width=style.px(96))
    return [PutPicture(found)] if found is not None and is_on else []


def minus(text: str) -> str:
    """Return a number with a real minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")
