"""A grid of thumbnails that scrolls through any number of items; only rows in view are made."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.pictures import Picture, Thumbnails, Wanted
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import shortened_end, text_font
from layerwalk_shared.messages import DatasetItem

SIDE = 92
GAP = 8
CAPTION = 20
WHITE = (1.0, 1.0, 1.0, 1.0)
KEPT_CAPTIONS = 2000


class ItemGrid:
    """Mutable, owned by the main thread: where it is scrolled to, and which place is chosen.

    Attributes:
        chosen: place of the item that the arrow keys have chosen; None: none.
        hovered: place under the pointer, as it was drawn last.
        told: place that was chosen or pointed at last.
        columns: of the grid, as it was drawn last.
    """

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails
        self.chosen: int | None = None
        self.hovered: int | None = None
        self.told: int | None = None
        self.columns = 1
        self._rows_in_view = 1
        self._scroll = 0.0
        self._frames = 0
        self._follows = False
        self._captions: dict[tuple[str, int], str] = {}

    def begin(self) -> None:
        """Go to the top, nothing chosen: other items are shown."""
        self.chosen = self.hovered = self.told = None
        self._scroll, self._frames = 0.0, 0

    def reopen(self) -> None:
        """Stand where one was, in a texture that has just been made."""
        self._frames = 0

    def move(self, right: int, down: int, count: int) -> None:
        """Choose the item beside the chosen one, or a row or a page on."""
        if count <= 0:
            return
        if self.chosen is None:
            self.chosen = round(self._scroll / (SIDE + CAPTION + GAP)) * self.columns
        else:
            self.chosen += right + down * self.columns
        self.told = self.chosen = max(0, min(count - 1, self.chosen))
        self._follows = True

    def choose(self, place: int, count: int) -> None:
        """Choose an item; negative places count from the end."""
        if count > 0:
            self.chosen = max(0, min(count - 1, place if place >= 0 else count + place))
            self.told = self.chosen
            self._follows = True

    def draw(self, style: Style, wanted: Wanted, count: int, *, height: float) -> int | None:
        """Draw the items in view; return the place of one that was pressed."""
        pressed: int | None = None
        before, self.hovered = self.hovered, None
        side, gap = style.px(SIDE), style.px(GAP)
        step = side + style.px(CAPTION) + gap
        imgui.begin_child("items", (0, height))
        wide = imgui.get_content_region_avail().x
        self.columns = max(1, int((wide + gap) // (side + gap)))
        gap_x = (wide - self.columns * side) / max(1, self.columns - 1) if self.columns > 1 else gap
        gap_x = min(gap_x, 2.5 * gap)
        rows = -(-count // self.columns)
        self._place_scroll(style, rows, step, height)
        clipper = imgui.ListClipper()
        clipper.begin(rows, step)
        while clipper.step():
            for row in range(clipper.display_start, clipper.display_end):
                top = imgui.get_cursor_screen_pos()
                for column in range(min(self.columns, count - row * self.columns)):
                    place = row * self.columns + column
                    imgui.set_cursor_screen_pos((top.x + column * (side + gap_x), top.y))
                    if self._cell(style, wanted, place, side):
                        pressed = place
                imgui.set_cursor_screen_pos((top.x, top.y))
                imgui.dummy((wide, step - imgui.get_style().item_spacing.y))
        clipper.end()
        imgui.end_child()
        if self.hovered != before:
            self.told = self.chosen if self.hovered is None else self.hovered
        return pressed

    def _place_scroll(self, style: Style, rows: int, step: float, height: float) -> None:
        self._frames += 1
        if self._frames <= 2:  # it was open before, or begins anew
            imgui.set_scroll_y(self._scroll * style.scale)
            return
        at = imgui.get_scroll_y()
        if self._follows and self.chosen is not None:
            self._follows = False
            top = self.chosen // self.columns * step
            at = max(min(at, top), top + step - height)
            at = max(0.0, min(at, rows * step - height))
            imgui.set_scroll_y(at)
        self._scroll = at / style.scale

    def _cell(self, style: Style, wanted: Wanted, place: int, side: float) -> bool:
        corner = imgui.get_cursor_screen_pos()
        is_pressed: bool = imgui.invisible_button(f"item {place}", (side, side + style.px(CAPTION)))
        is_hot = imgui.is_item_hovered()
        if is_hot:
            self.hovered = place
        ink = imgui.get_window_draw_list()
        item = self._thumbnails.item(wanted, place)
        draw_thumbnail(style, ink, corner, side, self._thumbnails.thumbnail(wanted, place))
        if item is not None and item.is_right is not None:
            verdict(style, ink, (corner.x + side, corner.y), is_right=item.is_right)
        is_chosen = place == self.chosen
        if is_hot or is_chosen:
            ink.add_rect(
                corner, (corner.x + side, corner.y + side),
                packed(look.MARK, 1.0 if is_chosen else 0.6), style.px(5), max(1.5, style.px(2)),
            )  # fmt: skip
        if item is not None:
            with text_font(style, 13):
                ink.add_text(
                    (corner.x + style.px(1), corner.y + side + style.px(2)),
                    packed(look.BRIGHT if is_hot or is_chosen else look.QUIET),
                    self._caption(item, side),
                )
        return is_pressed

    def _caption(self, item: DatasetItem, side: float) -> str:
        """Return label or name, cut to the width; measured once."""
        text = item.label or file_name(item.name)
        key = (text, round(side))
        if key not in self._captions:
            if len(self._captions) > KEPT_CAPTIONS:
                self._captions.clear()
            self._captions[key] = shortened_end(text, side, lambda one: imgui.calc_text_size(one).x)
        return self._captions[key]


def draw_thumbnail(
    style: Style, ink: Any, corner: Any, side: float, picture: Picture | None
) -> None:
    """Draw a thumbnail, or the empty square while it is on its way."""
    end = (corner.x + side, corner.y + side)
    if picture is None:
        ink.add_rect_filled(corner, end, packed(look.FIELD, 0.75), style.px(5))
        return
    ink.add_image_rounded(
        imgui.ImTextureRef(picture.texture), corner, end, picture.uv0, picture.uv1,
        packed(WHITE), style.px(5),
    )  # fmt: skip


def verdict(style: Style, ink: Any, corner: tuple[float, float], *, is_right: bool) -> None:
    """Draw the mark of a right or a wrong answer in the upper right of a square."""
    x, y = corner[0] - style.px(13), corner[1] + style.px(13)
    unit = style.px(1)
    ink.add_circle_filled((x, y), 9 * unit, packed(look.PANEL, 0.86), 24)
    thick = max(1.5, 1.8 * unit)
    colour = packed(look.GOOD if is_right else look.DANGER)
    if is_right:
        ink.add_line((x - 4 * unit, y), (x - 1 * unit, y + 3.4 * unit), colour, thick)
        ink.add_line(
            (x - 1 * unit, y + 3.4 * unit), (x + 4.4 * unit, y - 3.6 * unit), colour, thick
        )
    else:
        arm = 3.3 * unit
        ink.add_line((x - arm, y - arm), (x + arm, y + arm), colour, thick)
        ink.add_line((x - arm, y + arm), (x + arm, y - arm), colour, thick)


def file_name(name: str) -> str:
    """Return the last part of a path."""
    return name.rpartition("/")[2]
