"""Thumbnails by pages: one sheet request brings many, a page that is no longer seen may go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.source.arrivals import PageArrived, PictureArrived
from layerwalk_client.source.asking import Fetch, ItemPage, Sheet
from layerwalk_client.ui.pictures import Picture
from layerwalk_shared.messages import DatasetItem, DatasetSummary
from layerwalk_shared.views import grid_shape

PAGE_ITEMS = 64
SIDE = 96
"""Pixels of a thumbnail: what the panel shows at scale 1, so that it is sharp."""
KEPT_PAGES = 32
NAMES_PER_FETCH = 500


class Textures(Protocol):
    """Where pixels become textures: `gl` on a screen, a fake in tests."""

    def make(self, pixels: NDArray[np.uint8], *, is_smooth: bool) -> int:
        """Return the name of a new texture of `[H, W, 3]` pixels."""

    def drop(self, texture: int) -> None:
        """Release a texture."""


class ThumbnailStore:
    """Thumbnails and names of data set items. Mutable, owned by the main thread.

    Args:
        fetch: asks the source for something.
        textures: makes textures of sheets.
    """

    def __init__(self, fetch: Callable[[Fetch], None], textures: Textures) -> None:
        self._fetch = fetch
        self._textures = textures
        self._counts: dict[str, int] = {}
        self._pages: OrderedDict[tuple[str, int], tuple[int, tuple[int, int]]] = OrderedDict()
        self._asked: set[Fetch] = set()
        self._items: dict[str, dict[int, DatasetItem]] = {}
        self._labelled: dict[tuple[str, str], list[int]] = {}

    def set_datasets(self, datasets: Sequence[DatasetSummary]) -> None:
        """Say what data sets there are; what was known of others, or of another server, goes."""
        self.close()
        self._counts = {dataset.id: dataset.count for dataset in datasets}

    def thumbnail(self, dataset: str, item: int) -> Picture | None:
        """Return the thumbnail, or None while it is on its way."""
        page, place = divmod(item, PAGE_ITEMS)
        held = self._pages.get((dataset, page))
        if held is None:
            self._ask(Sheet(dataset, page * PAGE_ITEMS, self._in_page(dataset, page), SIDE))
            return None
        self._pages.move_to_end((dataset, page))
        texture, (rows, columns) = held
        row, column = divmod(place, columns)
        return Picture(
            texture,
            (column / columns, row / rows),
            ((column + 1) / columns, (row + 1) / rows),
            (SIDE, SIDE),
        )

    def name(self, dataset: str, item: int) -> str:
        """Return the item's label and name for people, "" while they are on their way."""
        found = self._items.get(dataset, {}).get(item)
        if found is None:
            self._ask_names(dataset, item // NAMES_PER_FETCH)
            return ""
        return found.label or found.name

    def items_of(self, dataset: str, label: str | None) -> range | list[int]:
        """Return the items with that label as far as they are known; None: all."""
        count = self._counts.get(dataset, 0)
        if label is None:
            return range(count)
        if len(self._items.get(dataset, {})) < count:
            for page in range(-(-count // NAMES_PER_FETCH)):
                self._ask_names(dataset, page)
        return self._labelled.setdefault((dataset, label), [])

    def take_sheet(self, arrival: PictureArrived) -> bool:
        """Keep a sheet that has arrived; return whether it was one."""
        fetch = arrival.fetch
        if not isinstance(fetch, Sheet) or fetch not in self._asked:
            return False
        self._asked.discard(fetch)
        rows, columns = grid_shape(fetch.limit)
        texture = self._textures.make(arrival.pixels, is_smooth=True)
        self._pages[fetch.dataset, fetch.offset // PAGE_ITEMS] = (texture, (rows, columns))
        while len(self._pages) > KEPT_PAGES:
            _, (dropped, _) = self._pages.popitem(last=False)
            self._textures.drop(dropped)
        return True

    def take_names(self, arrival: PageArrived) -> None:
        """Keep names and labels that have arrived."""
        if arrival.fetch not in self._asked:
            return
        items = self._items.setdefault(arrival.page.dataset, {})
        for item in arrival.page.items:
            if item.index not in items:
                items[item.index] = item
                if item.label is not None:
                    self._labelled.setdefault((arrival.page.dataset, item.label), []).append(
                        item.index
                    )
        for (dataset, _), indices in self._labelled.items():
            if dataset == arrival.page.dataset:
                indices.sort()

    def forget(self, fetch: Fetch) -> None:
        """Note that something asked for did not come; it is asked for again when it is seen."""
        self._asked.discard(fetch)

    def close(self) -> None:
        """Release every texture and forget everything."""
        for texture, _ in self._pages.values():
            self._textures.drop(texture)
        self._pages.clear()
        self._asked.clear()
        self._items.clear()
        self._labelled.clear()

    def _in_page(self, dataset: str, page: int) -> int:
        return max(1, min(PAGE_ITEMS, self._counts.get(dataset, 0) - page * PAGE_ITEMS))

    def _ask_names(self, dataset: str, page: int) -> None:
        self._ask(ItemPage(dataset, page * NAMES_PER_FETCH, NAMES_PER_FETCH))

    def _ask(self, fetch: Fetch) -> None:
        if fetch not in self._asked:
            self._asked.add(fetch)
            self._fetch(fetch)
