"""The panel of pictures: data sets, a filter by class, thousands of thumbnails to scroll."""

from __future__ import annotations

from collections.abc import Sequence

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.intents import Intent, PickItem
from layerwalk_client.ui.pictures import Thumbnails
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.ui.widgets import panel, small, text_font
from layerwalk_shared.messages import DatasetSummary

ALL = "all classes"


class DatasetPanel:
    """Mutable, owned by the main thread: the chosen data set and class."""

    title = "Pictures"
    size_wh = (720, 560)

    def __init__(self, datasets: Sequence[DatasetSummary], thumbnails: Thumbnails) -> None:
        self._datasets = tuple(datasets)
        self._thumbnails = thumbnails
        self.chosen = 0
        self.label: str | None = None
        self._scroll = 0.0

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel; only rows in view are made."""
        with panel(style, self.title) as intents:
            if not self._datasets:
                imgui.text_unformatted("The server has no data set.")
                small(style, "start it with --data FOLDER, or drop an image file on the window")
                return intents
            dataset = self._datasets[self.chosen]
            self._choices(style, dataset)
            intents.extend(self._grid(style, self._datasets[self.chosen]))
        return intents

    def _choices(self, style: Style, dataset: DatasetSummary) -> None:
        imgui.push_item_width(style.px(240))
        if imgui.begin_combo("##dataset", f"{dataset.name}  ({dataset.count})"):
            for place, one in enumerate(self._datasets):
                pressed, _ = imgui.selectable(
                    f"{one.name}  ({one.count})##{place}", place == self.chosen
                )
                if pressed:
                    self.chosen = place
                    self.label = None
                    self._scroll = 0.0
            imgui.end_combo()
        if dataset.classes:
            imgui.same_line()
            if imgui.begin_combo("##class", self.label or ALL):
                for place, label in enumerate((None, *dataset.classes)):
                    pressed, _ = imgui.selectable(f"{label or ALL}##{place}", label == self.label)
                    if pressed:
                        self.label = label
                imgui.end_combo()
        imgui.pop_item_width()

    def _grid(self, style: Style, dataset: DatasetSummary) -> list[Intent]:
        intents: list[Intent] = []
        items = self._thumbnails.items_of(dataset.id, self.label)
        side, gap = style.px(88), style.px(6)
        caption = style.px(20)
        imgui.begin_child(f"grid {dataset.id} {self.label}", (0, 0))
        if imgui.get_frame_count() <= 2:  # it was open before: where it was left
            imgui.set_scroll_y(self._scroll * style.scale)
        else:
            self._scroll = imgui.get_scroll_y() / style.scale
        wide = imgui.get_content_region_avail().x
        columns = max(1, int((wide + gap) // (side + gap)))
        rows = -(-len(items) // columns)
        clipper = imgui.ListClipper()
        clipper.begin(rows, side + caption + gap)
        while clipper.step():
            for row in range(clipper.display_start, clipper.display_end):
                top = imgui.get_cursor_screen_pos()
                for column in range(min(columns, len(items) - row * columns)):
                    item = items[row * columns + column]
                    imgui.set_cursor_screen_pos((top.x + column * (side + gap), top.y))
                    if self._cell(style, dataset, item, side):
                        name = self._thumbnails.name(dataset.id, item)
                        intents.append(PickItem(dataset.id, item, name or f"item {item}"))
                imgui.set_cursor_screen_pos((top.x, top.y))
                imgui.dummy((wide, side + caption + gap - imgui.get_style().item_spacing.y))
        clipper.end()
        if not items:
            small(style, "nothing of that class is known yet")
        imgui.end_child()
        return intents

    def _cell(self, style: Style, dataset: DatasetSummary, item: int, side: float) -> bool:
        corner = imgui.get_cursor_screen_pos()
        is_pressed: bool = imgui.invisible_button(f"item {item}", (side, side + style.px(20)))
        is_hot = imgui.is_item_hovered()
        draw = imgui.get_window_draw_list()
        end = (corner.x + side, corner.y + side)
        picture = self._thumbnails.thumbnail(dataset.id, item)
        if picture is None:
            draw.add_rect_filled(corner, end, packed(look.FIELD), style.px(4))
        else:
            draw.add_image_rounded(
                imgui.ImTextureRef(picture.texture), corner, end, picture.uv0, picture.uv1,
                packed((1.0, 1.0, 1.0, 1.0)), style.px(4),
            )  # fmt: skip
        if is_hot:
            draw.add_rect(corner, end, packed(look.MARK), style.px(4), max(1.5, style.px(2)))
        with text_font(style, 13):
            name = _shortened(self._thumbnails.name(dataset.id, item), side)
            draw.add_text(
                (corner.x, corner.y + side + style.px(2)),
                packed(look.BRIGHT if is_hot else look.QUIET),
                name,
            )
        return is_pressed


def _shortened(text: str, width: float) -> str:
    """Return `text`, its end replaced by an ellipsis where it is wider than `width`."""
    if imgui.calc_text_size(text).x <= width:
        return text
    while text and imgui.calc_text_size(text + "…").x > width:
        text = text[:-1]
    return text + "…"
