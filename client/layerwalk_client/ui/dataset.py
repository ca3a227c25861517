"""The panel of pictures: data sets, filters by class and name, orders by how right a network is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.collection import Scoring
from layerwalk_client.ui.controls import Writing, button, choice, combo, cross, entry, progress
from layerwalk_client.ui.intents import (
    CancelSurvey,
    Intent,
    PickItem,
    ScoreDataset,
)
from layerwalk_client.ui.item_grid import ItemGrid, file_name
from layerwalk_client.ui.pictures import Thumbnails, Wanted
from layerwalk_client.ui.style import Style
from layerwalk_client.ui.widgets import panel, shortened_end, small, text_font
from layerwalk_shared.messages import DatasetItem, DatasetSummary, ItemOrder

ORDERS: dict[ItemOrder, str] = {
    "index": "in order",
    "wrong-first": "wrong first",
    "right-first": "right first",
    "least-sure": "least sure first",
}
SUGGESTED = 7
"""Classes at most that are offered while one types."""
SWITCHED = 4
"""Data sets up to this many stand side by side; more are a list."""
LONGEST = 60
ROW = 28


class DatasetPanel:
    """Mutable, owned by the main thread: the data set that is shown, and what of it.

    Attributes:
        datasets: that there are.
        chosen: place of the one that is shown.
        label: class that is shown; None: all.
        text: part of the names that are shown, or the beginning of a class.
        order: of the items.
        scoring: what is known of right and wrong.
    """

    title = "Pictures"
    size_wh = (940, 580)
    takes_text = True

    def __init__(self, datasets: Sequence[DatasetSummary], thumbnails: Thumbnails) -> None:
        self.datasets = tuple(datasets)
        self._thumbnails = thumbnails
        self.chosen = 0
        self.label: str | None = None
        self.text = ""
        self.order: ItemOrder = "index"
        self.scoring = Scoring()
        self.grid = ItemGrid(thumbnails)

    @property
    def dataset(self) -> DatasetSummary | None:
        """The data set that is shown."""
        return self.datasets[self.chosen] if self.datasets else None

    @property
    def wanted(self) -> Wanted:
        """What of it is shown."""
        dataset = self.dataset
        order = self.order if self.scoring.has_scores else "index"
        return Wanted("" if dataset is None else dataset.id, self.label, self.text.strip(), order)

    def suggestions(self) -> list[str]:
        """Return the classes that fit what was typed: those that begin with it first."""
        text = self.text.strip().casefold()
        if not text or self.dataset is None or self.label is not None:
            return []
        fitting = [one for one in self.dataset.classes if text in one.casefold()]
        fitting.sort(key=lambda one: not one.casefold().startswith(text))
        return fitting

    def choose(self, place: int) -> None:
        """Show another data set."""
        if place != self.chosen:
            self.chosen = place
            self.label, self.text = None, ""
            self.grid.begin()

    def show_class(self, label: str | None) -> None:
        """Show the items of a class alone; None: of all."""
        self.label, self.text = label, ""
        self.grid.begin()

    # Keys.

    def type_text(self, text: str) -> None:
        """Add to the text."""
        self.text = (self.text + text)[:LONGEST]
        self.grid.begin()

    def erase(self) -> None:
        """Take the last letter away, or else the class."""
        if not self.text:
            self.show_class(None)
            return
        self.text = self.text[:-1]
        self.grid.begin()

    def complete(self) -> None:
        """Take the first class that fits."""
        if found := self.suggestions():
            self.show_class(found[0])

    def step(self, by: int) -> None:
        """Choose the item a row down, or up."""
        self.grid.move(0, by, self._count())

    def turn(self, by: int) -> None:
        """Choose the next item, or the one before."""
        self.grid.move(by, 0, self._count())

    def go_end(self, *, is_last: bool) -> None:
        """Choose the first or the last item."""
        self.grid.choose(-1 if is_last else 0, self._count())

    def enter(self) -> list[Intent]:
        """Pick up the chosen item; where none is chosen, the only one that there is."""
        place = self.grid.chosen
        if place is None and self._count() == 1:
            place = 0
        return [] if place is None else self._pick(place)

    def _count(self) -> int:
        return self._thumbnails.count(self.wanted) or 0

    def _pick(self, place: int) -> list[Intent]:
        item = self._thumbnails.item(self.wanted, place)
        if item is None and self.wanted == Wanted(self.wanted.dataset):
            return [PickItem(self.wanted.dataset, place, f"item {place}")]
        if item is None:
            return []
        return [PickItem(self.wanted.dataset, item.index, item.label or file_name(item.name))]

    # Drawing.

    def draw(self, style: Style) -> list[Intent]:
        """Draw the panel."""
        dataset = self.dataset
        with panel(style, self.title) as intents:
            if dataset is None:
                imgui.text_unformatted("The server has no data set.")
                small(style, "start it with --data FOLDER, or drop an image file on the window")
                return intents
            self._sources(style)
            self._filters(style)
            if self.text:
                self._suggest(style)
            else:
                intents.extend(self._scores(style, dataset))
            intents.extend(self._items(style))
        return intents

    def _sources(self, style: Style) -> None:
        """The data sets beside the title, side by side or as a list."""
        below = imgui.get_cursor_pos()
        imgui.set_cursor_pos((style.px(118), style.px(12)))
        if len(self.datasets) < 2:
            imgui.set_cursor_pos_y(style.px(18))
            small(style, self.datasets[0].name)
            imgui.set_cursor_pos(below)
            return
        told = [(str(place), one.name, f"{one.count}") for place, one in enumerate(self.datasets)]
        if len(told) <= SWITCHED:
            pressed = choice(
                style, "sets", [(key, name[:28]) for key, name, _ in told], str(self.chosen)
            )
        else:
            pressed = combo(style, "sets", told, str(self.chosen), width=style.px(280))
        if pressed is not None:
            self.choose(int(pressed))
        imgui.set_cursor_pos(below)

    def _filters(self, style: Style) -> None:
        wide = style.px(250)
        if self.label is not None:
            with text_font(style, 14):
                name = shortened_end(
                    self.label, wide - style.px(40), lambda one: imgui.calc_text_size(one).x
                )
            if button(style, name, colour=look.ACCENT, name="label"):
                self.show_class(None)
            imgui.same_line(0, style.px(4))
            if cross(style, "label", style.px(ROW)):
                self.show_class(None)
        else:
            entry(
                style, "filter", self.text, writing=Writing("filter" if self.text else None, self.text, is_fresh=False),
                width=wide, hint="type a class or a name",
            )  # fmt: skip
        imgui.same_line(0, style.px(14))
        if self.scoring.has_scores:
            pressed = choice(style, "order", list(ORDERS.items()), self.order)
            for order in get_args(ItemOrder):
                if pressed == order:
                    self.order = order
                    self.grid.begin()
            imgui.same_line(0, style.px(14))
        self._tell_count(style)

    def _tell_count(self, style: Style) -> None:
        count = self._thumbnails.count(self.wanted)
        dataset = self.dataset
        if count is None or dataset is None:
            text = "…"
        elif self.wanted == Wanted(self.wanted.dataset, order=self.wanted.order):
            text = f"{dataset.count} pictures"
        else:
            text = f"{count} of {dataset.count}"
        with text_font(style, 14):
            right = imgui.get_window_width() - style.px(18) - imgui.calc_text_size(text).x
        imgui.set_cursor_pos_x(max(imgui.get_cursor_pos_x(), right))
        imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + style.px(6))
        small(style, text)

    def _suggest(self, style: Style) -> None:
        """Offer the classes that fit what is typed, in the place of the scores."""
        found = self.suggestions()
        corner = imgui.get_cursor_screen_pos()
        if not found:
            imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + style.px(6))
            small(style, "no class of that name; names are searched")
        room = imgui.get_content_region_avail().x - style.px(90)
        used = 0.0
        for place, name in enumerate(found[:SUGGESTED]):
            with text_font(style, 14):
                used += imgui.calc_text_size(name).x + style.px(28)
            if place and used > room:
                break
            if place:
                imgui.same_line(0, style.px(6))
            colour = look.ACCENT if place == 0 else look.TEXT
            if button(style, name, name=f"class {name}", colour=colour):
                self.show_class(name)
            if place == 0:
                imgui.same_line(0, style.px(8))
                imgui.align_text_to_frame_padding()
                small(style, "Tab")
                used += style.px(34)
        imgui.set_cursor_screen_pos((corner.x, corner.y + style.px(ROW + 4)))
        imgui.dummy((1, 1))

    def _scores(self, style: Style, dataset: DatasetSummary) -> list[Intent]:
        """How right the network is; a button to find out, or how far that is."""
        intents: list[Intent] = []
        scoring, corner = self.scoring, imgui.get_cursor_screen_pos()
        summary = scoring.summary
        is_stale = summary is not None and summary.state == "stale"
        if scoring.job is not None:
            imgui.begin_group()
            imgui.dummy((1, style.px(4)))
            progress(style, scoring.share, width=style.px(220))
            imgui.end_group()
            imgui.same_line(0, style.px(12))
            self._line(style, "  ".join((scoring.progress, scoring.line())))
            imgui.same_line(0, style.px(8))
            if cross(style, "scoring", style.px(ROW)):
                intents.append(CancelSurvey(scoring.job))
        else:
            is_done = summary is not None and summary.is_whole and not is_stale
            if not is_done and summary is not None:
                text = "score again" if is_stale else "go on" if scoring.has_scores else "score"
                if button(
                    style, f"{text} with {scoring.network}", colour=look.ACCENT, name="score"
                ):
                    intents.append(ScoreDataset(dataset.id))
                imgui.same_line(0, style.px(12))
            note = summary.note if summary is not None else None
            if scoring.problem:
                self._line(style, scoring.problem, is_warning=True)
            elif is_stale:
                self._line(style, f"{scoring.line()}   before the weights changed", is_warning=True)
            elif scoring.has_scores:
                who = f"{scoring.network}   " if is_done else ""
                self._line(style, f"{who}{scoring.line()}" + (f"   {note}" if note else ""))
            elif summary is not None:
                self._line(style, "tells right and wrong, and the least sure")
        imgui.set_cursor_screen_pos((corner.x, corner.y + style.px(ROW + 4)))
        imgui.dummy((1, 1))
        return intents

    def _line(self, style: Style, text: str, *, is_warning: bool = False) -> None:
        imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + style.px(6))
        room = imgui.get_window_width() - imgui.get_cursor_pos_x() - style.px(60)
        with text_font(style, 14):
            text = shortened_end(text, room, lambda one: imgui.calc_text_size(one).x)
        small(style, text, colour=look.MARK if is_warning else look.QUIET)

    def _items(self, style: Style) -> list[Intent]:
        intents: list[Intent] = []
        wanted = self.wanted
        count = self._thumbnails.count(wanted)
        footer = style.px(26)
        height = imgui.get_content_region_avail().y - footer
        problem = self._thumbnails.problem(wanted)
        pressed = self.grid.draw(style, wanted, count or 0, height=height)
        if pressed is not None:
            self.grid.chosen = pressed
            intents += self._pick(pressed)
        place = self.grid.told
        item = None if place is None or not count else self._thumbnails.item(wanted, place)
        if problem:
            small(style, problem, colour=look.MARK)
        elif item is not None:
            self._tell_item(style, item)
        elif count == 0:
            small(style, "nothing fits: Backspace takes the filter away", colour=look.MARK)
        else:
            small(style, "arrows and Enter pick, a click too; letters find classes and names")
        return intents

    def _tell_item(self, style: Style, item: DatasetItem) -> None:
        """One line at the bottom: name, label, what the network says."""
        room = imgui.get_content_region_avail().x
        small(style, shortened_end(file_name(item.name), room * 0.4, _wide(style)))
        if item.label:
            imgui.same_line(0, style.px(14))
            small(style, item.label, colour=look.TEXT)
        if item.prediction is not None and item.probability is not None:
            colour = {True: look.GOOD, False: look.DANGER, None: look.ACCENT}[item.is_right]
            imgui.same_line(0, style.px(14))
            small(style, f"{item.prediction}   {100 * item.probability:.0f} %", colour=colour)


def _wide(style: Style) -> Callable[[str], float]:
    def measure(text: str) -> float:
        with text_font(style, 14):
            return float(imgui.calc_text_size(text).x)

    return measure
