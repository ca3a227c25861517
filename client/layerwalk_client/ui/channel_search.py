"""The items of a data set that excite a channel most, each with the place that does."""

from __future__ import annotations

from typing import Any, Literal

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.channel_view import ChannelView
from layerwalk_client.ui.controls import button, choice, combo, cross, progress
from layerwalk_client.ui.intents import (
    CancelSurvey,
    FindExciting,
    Intent,
    PickItem,
    PutOn,
    SearchIn,
)
from layerwalk_client.ui.item_grid import draw_thumbnail, file_name
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import short_number, shortened_end, small, text_font
from layerwalk_shared.messages import DatasetInput, ExcitingItem

Measure = Literal["maximum", "mean"]
COLUMNS = 4
GAP = 6
LABEL = 15
FOOTER = 23
LARGE_SHARE = 0.5
"""A receptive field of a larger share of the picture is marked by a dot alone."""


class SearchPart:
    """Mutable, owned by the main thread: by which measure items are ranked."""

    def __init__(self) -> None:
        self.measure: Measure = "maximum"

    def draw(self, style: Style, view: ChannelView) -> list[Intent]:
        """Draw controls and items."""
        search = view.search
        intents: list[Intent] = []
        small(style, "excites it most", colour=look.TEXT)
        if not search.datasets:
            small(style, "the server has no data set")
            return intents
        pressed = choice(
            style, "measure", [("maximum", "by maximum"), ("mean", "by mean")], self.measure,
            pixels=13,
        )  # fmt: skip
        if pressed == "maximum":
            self.measure = "maximum"
        elif pressed == "mean":
            self.measure = "mean"
        if len(search.datasets) > 1:
            imgui.same_line(0, style.px(8))
            room = imgui.get_content_region_avail().x
            options = [(key, name, "") for key, name in search.datasets]
            chosen = combo(style, "search", options, search.dataset, width=room)
            if chosen is not None:
                intents.append(SearchIn(chosen))
        intents += self._state(style, view)
        left = imgui.get_content_region_avail().y - style.px(FOOTER)
        intents += self._items(style, view, height=left)
        return intents

    def _state(self, style: Style, view: ChannelView) -> list[Intent]:
        search, found = view.search, view.search.found
        intents: list[Intent] = []
        corner = imgui.get_cursor_screen_pos()
        if search.job is not None:
            imgui.dummy((1, style.px(1)))
            corner = imgui.get_cursor_screen_pos()
            progress(style, search.share, width=style.px(90))
            imgui.same_line(0, style.px(10))
            imgui.set_cursor_screen_pos((corner.x + style.px(100), corner.y - style.px(5)))
            small(style, search.progress)
            imgui.same_line(0, style.px(6))
            side = style.px(22)
            imgui.set_cursor_screen_pos((imgui.get_cursor_screen_pos().x, corner.y - style.px(8)))
            if cross(style, "search", side):
                intents.append(CancelSurvey(search.job))
            imgui.set_cursor_screen_pos((corner.x, corner.y + style.px(18)))
            imgui.dummy((1, 1))
            return intents
        is_old = found is not None and found.state == "stale"
        is_part = found is not None and found.state == "fresh" and found.scanned < found.count
        if found is not None and (found.state == "none" or is_old or is_part):
            text = "look again" if is_old else "look at all" if is_part else "look for them"
            if button(style, text, colour=look.ACCENT, name="look", pixels=13):
                intents.append(FindExciting(view.node.id, search.dataset))
            imgui.same_line(0, style.px(10))
            imgui.align_text_to_frame_padding()
        if search.problem:
            imgui.push_text_wrap_pos(0.0)
            small(style, search.problem, colour=look.MARK)
            imgui.pop_text_wrap_pos()
        elif found is None:
            small(style, "\N{HORIZONTAL ELLIPSIS}")
        elif found.state == "none":
            small(style, f"one go for all {view.count} channels")
        elif is_old:
            small(style, "before the weights changed", colour=look.MARK)
        else:
            small(style, f"of {found.scanned} looked at")
        return intents

    def _items(self, style: Style, view: ChannelView, *, height: float) -> list[Intent]:
        intents: list[Intent] = []
        search, found = view.search, view.search.found
        if found is None:
            return intents
        is_mean = self.measure == "mean"
        items = found.by_mean if is_mean else found.by_maximum
        pictures = search.by_mean if is_mean else search.by_maximum
        wide = imgui.get_content_region_avail().x
        gap = style.px(GAP)
        side = (wide - (COLUMNS - 1) * gap) / COLUMNS
        step = side + style.px(LABEL) + gap / 2
        rows = max(1, int(height // step))
        corner = imgui.get_cursor_screen_pos()
        hovered: ExcitingItem | None = None
        for place, item in enumerate(items[: rows * COLUMNS]):
            row, column = divmod(place, COLUMNS)
            imgui.set_cursor_screen_pos((corner.x + column * (side + gap), corner.y + row * step))
            picture = pictures[place] if place < len(pictures) else None
            is_hot, asked = self._item(style, view, item, picture, side)
            intents += asked
            hovered = item if is_hot else hovered
        imgui.set_cursor_screen_pos((corner.x, corner.y + rows * step))
        imgui.dummy((1, 1))
        if hovered is not None:
            with text_font(style, 14):
                text = shortened_end(
                    f"{hovered.label or file_name(hovered.name)}   at {_place(hovered)}", wide,
                    lambda one: imgui.calc_text_size(one).x,
                )  # fmt: skip
            small(style, text)
        elif items:
            small(style, "a click picks up, two put on the input")
        return intents

    def _item(
        self,
        style: Style,
        view: ChannelView,
        item: ExcitingItem,
        picture: Picture | None,
        side: float,
    ) -> tuple[bool, list[Intent]]:
        intents: list[Intent] = []
        corner = imgui.get_cursor_screen_pos()
        is_pressed = imgui.invisible_button(f"exciting {item.item}", (side, side))
        is_hot = imgui.is_item_hovered()
        ink = imgui.get_window_draw_list()
        draw_thumbnail(style, ink, corner, side, picture)
        if picture is not None:
            _mark(style, ink, corner, side, view=view, item=item)
        if is_hot:
            ink.add_rect(
                corner, (corner.x + side, corner.y + side), packed(look.MARK, 0.6), style.px(5),
                max(1.5, style.px(2)),
            )  # fmt: skip
        with text_font(style, 12):
            ink.add_text(
                (corner.x + 1, corner.y + side + style.px(1)),
                packed(look.BRIGHT if is_hot else look.QUIET),
                short_number(item.value),
            )
        title = item.label or file_name(item.name)
        dataset = view.search.dataset
        if is_hot and imgui.is_mouse_double_clicked(imgui.MouseButton_.left):
            intents.append(PutOn(DatasetInput(dataset=dataset, item=item.item), title))
        elif is_pressed:
            intents.append(PickItem(dataset, item.item, title))
        return is_hot, intents


def _mark(
    style: Style, ink: Any, corner: Any, side: float, *, view: ChannelView, item: ExcitingItem
) -> None:
    """Mark what of the picture the largest value sees, or where it stands."""
    found = view.search.found
    if found is None or len(found.positions) != 2 or len(item.position) != 2:
        return
    colour, thick = packed(look.MARK), max(1.0, style.px(1.3))
    if view.field is not None and view.picture_hw is not None:
        high, wide = view.picture_hw
        top, left, bottom, right = view.field.at(item.position[0], item.position[1], (high, wide))
        if 0 < (bottom - top) * (right - left) < LARGE_SHARE * high * wide:
            ink.add_rect(
                (corner.x + side * left / wide, corner.y + side * top / high),
                (corner.x + side * right / wide, corner.y + side * bottom / high),
                colour, 0.0, thick,
            )  # fmt: skip
            return
    rows, columns = found.positions
    x = corner.x + side * (item.position[1] + 0.5) / columns
    y = corner.y + side * (item.position[0] + 0.5) / rows
    ink.add_circle((x, y), style.px(4), packed(look.PANEL), 20, thick * 2)
    ink.add_circle((x, y), style.px(4), colour, 20, thick)


def _place(item: ExcitingItem) -> str:
    return ", ".join(map(str, item.position)) or "its one value"
