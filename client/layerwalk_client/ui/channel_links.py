"""The weights around a channel as small kernels: blue takes away, white adds, the strongest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import ClosePanel, GoToChannel, Intent
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, shortened_end, small, text_font
from layerwalk_client.world.scene import Colour
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import ChannelLink

SIDE = 38
GAP = 7
LABEL = 15
AWAY = (0x5A / 255, 0xA9 / 255, 1.0, 1.0)
DEEP = (0x0B / 255, 0x3B / 255, 1.0, 1.0)


def links(
    style: Style,
    graph: Graph,
    found: Sequence[ChannelLink],
    *,
    title: str,
    count: int,
    rows: int,
    name: str,
) -> list[Intent]:
    """Draw the strongest links of one kind; a press flies to the channel at the other end."""
    intents: list[Intent] = []
    ends = list(dict.fromkeys(link.node for link in found))
    told = f"{count} of {ends[0]}" if len(ends) == 1 else f"{count} of {len(ends)} layers"
    wide = imgui.get_content_region_avail().x
    with text_font(style, 14):
        told = shortened_end(
            told, wide - imgui.calc_text_size(title).x - style.px(14),
            lambda one: imgui.calc_text_size(one).x,
        )  # fmt: skip
    small(style, title, colour=look.TEXT)
    imgui.same_line(0, style.px(10))
    small(style, told)
    side, gap = style.px(SIDE), style.px(GAP)
    columns = max(1, int((wide + gap) // (side + gap)))
    limit = max((_largest(link) for link in found), default=0.0) or 1.0
    corner = imgui.get_cursor_screen_pos()
    shown = found[: columns * rows]
    for place, link in enumerate(shown):
        row, column = divmod(place, columns)
        at = (
            corner.x + column * (side + gap),
            corner.y + row * (side + style.px(LABEL) + gap / 2),
        )
        imgui.set_cursor_screen_pos(at)
        if _link(style, link, side, limit, f"{name} {place}") and link.node in graph.index:
            intents += [GoToChannel(graph.index[link.node], link.channel), ClosePanel()]
    drawn = max(1, -(-len(shown) // columns))
    imgui.set_cursor_screen_pos(corner)
    imgui.dummy((wide, drawn * (side + style.px(LABEL) + gap / 2)))
    return intents


def _link(style: Style, link: ChannelLink, side: float, limit: float, name: str) -> bool:
    corner = imgui.get_cursor_screen_pos()
    is_pressed: bool = imgui.invisible_button(name, (side, side + style.px(LABEL)))
    is_hot = imgui.is_item_hovered()
    ink = imgui.get_window_draw_list()
    _kernel(ink, corner, side, link, limit)
    if is_hot:
        ink.add_rect(
            (corner.x - 1, corner.y - 1), (corner.x + side + 1, corner.y + side + 1),
            packed(look.MARK, 0.7), style.px(2), max(1.5, style.px(1.6)),
        )  # fmt: skip
        _tip(style, link)
    with text_font(style, 12):
        text = str(link.channel)
        x = corner.x + (side - imgui.calc_text_size(text).x) / 2
        ink.add_text((x, corner.y + side + 1), packed(look.BRIGHT if is_hot else look.QUIET), text)
    return is_pressed


def _tip(style: Style, link: ChannelLink) -> None:
    if imgui.begin_tooltip():
        small(style, f"{link.node}   channel {link.channel}", colour=look.BRIGHT)
        small(style, f"norm {short_number(link.norm)}   sum {short_number(link.total)}")
        if link.layer != link.node:
            small(style, f"weights of {link.layer}")
        imgui.end_tooltip()


def _kernel(ink: Any, corner: Any, side: float, link: ChannelLink, limit: float) -> None:
    """Draw a kernel's weights as squares; of one too large to be told its sum alone."""
    ink.add_rect_filled(
        (corner.x, corner.y), (corner.x + side, corner.y + side), packed((0.0, 0.0, 0.0, 1.0))
    )
    values = link.kernel or (math.copysign(link.norm, link.total),)
    rows, columns = _grid(link.shape, len(values))
    unit = side / max(rows, columns)
    left, top = (side - unit * columns) / 2, (side - unit * rows) / 2
    for place, value in enumerate(values):
        row, column = divmod(place, columns)
        x, y = corner.x + left + column * unit, corner.y + top + row * unit
        ink.add_rect_filled((x, y), (x + unit, y + unit), packed(_colour(value / limit)))


def _grid(shape: Sequence[int], count: int) -> tuple[int, int]:
    if len(shape) == 2 and shape[0] * shape[1] == count:
        return shape[0], shape[1]
    columns = math.isqrt(max(0, count - 1)) + 1
    return -(-count // columns), columns


def _largest(link: ChannelLink) -> float:
    return max((abs(value) for value in link.kernel), default=link.norm)


def _colour(share: float) -> Colour:
    """Return the walls' own colours: black at 0, white at +1, blue and then light blue below."""
    share = max(-1.0, min(1.0, share))
    if share >= 0:
        return (share, share, share, 1.0)
    deep = min(1.0, -2 * share)
    light = max(0.0, -2 * share - 1)
    red, green, blue = (
        deep * one * (1 - light) + light * other
        for one, other in zip(DEEP[:3], AWAY[:3], strict=True)
    )
    return (red, green, blue, 1.0)
