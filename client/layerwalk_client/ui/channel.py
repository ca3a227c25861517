"""The panel of one channel: its map with every value, what excites it, the weights around it."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.channel_links import links
from layerwalk_client.ui.channel_search import SearchPart
from layerwalk_client.ui.channel_view import ChannelView
from layerwalk_client.ui.controls import button
from layerwalk_client.ui.intents import (
    FollowChannel,
    Intent,
    OpenChannel,
    OpenMaximise,
    SilenceChannel,
)
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import bars, panel, short_number, shortened, small, text_font
from layerwalk_client.world.terms import shape_line

MAP_SIDE = 296
GRID_FROM = 5.0
"""Pixels of a cell from which on a grid tells cells apart."""
COLUMN_GAP = 22
RIGHT = 286
STILL = imgui.WindowFlags_.no_scrollbar | imgui.WindowFlags_.no_scroll_with_mouse


class ChannelPanel:
    """Mutable, owned by the main thread: the channel that it is about.

    Attributes:
        view: what is shown; its desk renews it.
        search: by which measure items are ranked.
    """

    size_wh = (960, 580)

    def __init__(self, view: ChannelView) -> None:
        self.view = view
        self.search = SearchPart()
        self.hovered: tuple[int, int] | None = None

    @property
    def title(self) -> str:
        name = f"   {self.view.name}" if self.view.name else ""
        return f"{self.view.node.id}   channel {self.view.channel}{name}"

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel in three columns."""
        view = self.view
        with panel(style, self.title) as intents:
            intents.extend(self._head(style))
            top = imgui.get_cursor_pos()
            height = imgui.get_content_region_avail().y
            left = style.px(MAP_SIDE)
            gap, right = style.px(COLUMN_GAP), style.px(RIGHT)
            imgui.begin_child("map", (left, height), window_flags=STILL)
            self._map(style)
            imgui.end_child()
            middle = imgui.get_window_width() - top.x * 2 - left - right - 2 * gap
            imgui.set_cursor_pos((top.x + left + gap, top.y))
            imgui.begin_child("search", (middle, height), window_flags=STILL)
            intents.extend(self.search.draw(style, view))
            imgui.end_child()
            imgui.set_cursor_pos((top.x + left + middle + 2 * gap, top.y))
            imgui.begin_child("weights", (right, height), window_flags=STILL)
            intents.extend(self._weights(style))
            imgui.end_child()
        return intents

    def _head(self, style: Style) -> list[Intent]:
        """What it is, and the channels beside it."""
        intents: list[Intent] = []
        view = self.view
        facts = [view.node.operation, shape_line(view.node)]
        if view.field is not None:
            high, wide = view.field.size_hw
            facts.append(f"sees {wide} × {high} pixels, a step of {view.field.stride_hw[1]}")
        elif view.sees_all:
            facts.append("sees the whole input")
        if view.is_silenced:
            facts.append("silenced")
        after = imgui.get_cursor_pos()
        acts = view.node.kind != "input"
        where = imgui.get_window_width() - style.px(396 if acts else 164)
        imgui.set_cursor_pos((where, style.px(12)))
        if acts:
            if button(style, "follow the signal", name="follow", pixels=13, width=style.px(124)):
                intents.append(FollowChannel(view.index, view.channel))
            imgui.same_line(0, style.px(6))
            text = "let it speak" if view.is_silenced else "silence it"
            if button(style, text, name="silence", pixels=13, width=style.px(92)):
                intents.append(SilenceChannel(view.index, view.channel))
            imgui.same_line(0, style.px(6))
        for by, text in ((-1, "before"), (1, "next")):
            beside = view.channel + by
            is_on = 0 <= beside < view.count
            if button(style, text, is_on=is_on, name=f"beside {by}", pixels=13):
                intents.append(OpenChannel(view.index, beside))
            imgui.same_line(0, style.px(6))
        imgui.set_cursor_pos(after)
        room = imgui.get_content_region_avail().x
        text = "   ".join(fact for fact in facts if fact)
        with text_font(style, 14):
            text = shortened(text, room, lambda one: imgui.calc_text_size(one).x)
        small(style, text)
        imgui.dummy((1, style.px(2)))
        return intents

    # The map.

    def _map(self, style: Style) -> None:
        view = self.view
        side = style.px(MAP_SIDE)
        corner = imgui.get_cursor_screen_pos()
        ink = imgui.get_window_draw_list()
        found, self.hovered = view.map, None
        ink.add_rect_filled(
            (corner.x, corner.y), (corner.x + side, corner.y + side), packed(look.FIELD, 0.5),
            style.px(3),
        )  # fmt: skip
        imgui.invisible_button("map", (side, side))
        if found is None or view.picture is None:
            small(style, view.problem or "\N{HORIZONTAL ELLIPSIS}", colour=look.MARK)
            return
        rows, columns = found.values.shape
        if found.values.size == 1:
            self._single(style, corner, float(found.values[0, 0]))
            return
        unit = side / max(rows, columns)
        left = corner.x + (side - unit * columns) / 2
        top = corner.y + (side - unit * rows) / 2
        ink.add_image(
            imgui.ImTextureRef(view.picture.texture), (left, top),
            (left + unit * columns, top + unit * rows), view.picture.uv0, view.picture.uv1,
            packed((1.0, 1.0, 1.0, 1.0)),
        )  # fmt: skip
        if unit >= style.px(GRID_FROM):
            self._grid(ink, (left, top), unit, (rows, columns))
        if imgui.is_item_hovered():
            mouse = imgui.get_mouse_pos()
            row, column = int((mouse.y - top) // unit), int((mouse.x - left) // unit)
            if 0 <= row < rows and 0 <= column < columns:
                self.hovered = (row, column)
                ink.add_rect(
                    (left + column * unit, top + row * unit),
                    (left + (column + 1) * unit, top + (row + 1) * unit),
                    packed(look.MARK), 0.0, max(1.5, style.px(1.6)),
                )  # fmt: skip
        self._numbers(style)

    @staticmethod
    def _single(style: Style, corner: Any, value: float) -> None:
        """One value alone is a number, not a picture."""
        side = style.px(MAP_SIDE)
        with text_font(style, 44):
            text = f"{value:.5g}"
            size = imgui.calc_text_size(text)
            at = (corner.x + (side - size.x) / 2, corner.y + (side - size.y) / 2)
            imgui.get_window_draw_list().add_text(at, packed(look.BRIGHT), text)
        small(style, "one value for the whole input")

    @staticmethod
    def _grid(ink: Any, at: tuple[float, float], unit: float, shape: tuple[int, int]) -> None:
        rows, columns = shape
        left, top = at
        colour = packed((1.0, 1.0, 1.0, 0.09))
        for row in range(rows + 1):
            y = top + row * unit
            ink.add_line((left, y), (left + columns * unit, y), colour, 1.0)
        for column in range(columns + 1):
            x = left + column * unit
            ink.add_line((x, top), (x, top + rows * unit), colour, 1.0)

    def _numbers(self, style: Style) -> None:
        """The value under the pointer, else the channel's numbers; its histogram."""
        found = self.view.map
        assert found is not None
        numbers = found.numbers()
        if self.hovered is not None:
            row, column = self.hovered
            place = found.position(row, column)
            if place is None:
                small(style, "no value")
            else:
                where = ", ".join(map(str, place))
                value = float(found.values[row, column])
                told = f"{where}   " if where else ""
                small(style, f"{told}{value:.6g}", colour=look.MARK)
        elif numbers is None:
            small(style, "no value is a number", colour=look.MARK)
        else:
            low, high, mean = map(short_number, numbers)
            small(style, f"min {low}   max {high}   mean {mean}")
        counts, edges = found.histogram()
        wide = imgui.get_content_region_avail().x
        high_px = max(style.px(24), imgui.get_content_region_avail().y - style.px(30))
        hovered = bars(style, counts, size_wh=(wide, high_px), colour=look.ACCENT)
        if hovered is not None and edges:
            text = f"{counts[hovered]} from {short_number(edges[hovered])} to"
            small(style, f"{text} {short_number(edges[hovered + 1])}", colour=look.MARK)
        elif edges:
            small(style, f"{short_number(edges[0])} to {short_number(edges[-1])}")

    # What it comes from, where it goes, what was made for it.

    def _weights(self, style: Style) -> list[Intent]:
        intents = self._maximised(style)
        view, found = self.view, self.view.weights
        imgui.dummy((1, style.px(4)))
        if found is None:
            small(style, "\N{HORIZONTAL ELLIPSIS}")
            return intents
        if found.incoming:
            bias = "" if found.bias is None else f"   bias {short_number(found.bias)}"
            intents += links(
                style, view.graph, found.incoming, title="comes from",
                count=found.incoming_count, rows=2, name="in",
            )  # fmt: skip
            small(style, f"norm {short_number(found.norm)}{bias}")
        else:
            small(style, "comes from", colour=look.TEXT)
            small(style, "no layer of weights stands right before it")
        imgui.dummy((1, style.px(3)))
        if found.outgoing:
            intents += links(
                style, view.graph, found.outgoing, title="goes to", count=found.outgoing_count,
                rows=2, name="out",
            )  # fmt: skip
        else:
            small(style, "goes to", colour=look.TEXT)
            small(style, "no layer of weights reads it")
        return intents

    def _maximised(self, style: Style) -> list[Intent]:
        intents: list[Intent] = []
        view = self.view
        side = style.px(112)
        corner = imgui.get_cursor_screen_pos()
        ink = imgui.get_window_draw_list()
        end = (corner.x + side, corner.y + side)
        made = view.maximised
        picture = None if made is None else made.picture
        ink.add_rect_filled(corner, end, packed(look.FIELD, 0.5), style.px(5))
        if picture is not None:
            ink.add_image_rounded(
                imgui.ImTextureRef(picture.texture), corner, end, picture.uv0, picture.uv1,
                packed((1.0, 1.0, 1.0, 1.0)), style.px(5),
            )  # fmt: skip
        imgui.dummy((side, side))
        below = imgui.get_cursor_pos()
        imgui.set_cursor_screen_pos((corner.x + side + style.px(12), corner.y + style.px(2)))
        imgui.begin_group()
        small(style, "maximised", colour=look.TEXT)
        imgui.push_text_wrap_pos(0.0)
        small(style, made.line if made is not None else "no picture was made for it")
        imgui.pop_text_wrap_pos()
        if view.can_maximise:
            text = "make another" if made is not None else "make one"
            if button(style, text, colour=look.ACCENT, name="maximise", pixels=13):
                intents.append(OpenMaximise(view.index, view.channel))
        imgui.end_group()
        imgui.set_cursor_pos(below)
        return intents
