"""Thumbnails by pages: one sheet request brings many, a page that is no longer seen may go."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.source.arrivals import PageArrived, PictureArrived, RequestFailed
from layerwalk_client.source.asking import Fetch
from layerwalk_client.source.surveying import ItemPage, Listing, Sheet
from layerwalk_client.ui.pictures import Picture, Wanted
from layerwalk_shared.messages import DatasetItem, DatasetSummary
from layerwalk_shared.views import grid_shape

PAGE_ITEMS = 36
"""Of one sheet: few enough that its texture is made within a frame, on a processor too."""
SIDE = 128
"""Pixels of a thumbnail: sharp in a window 1000 pixels high."""
KEPT_PAGES = 56
SHEETS_AT_ONCE = 3
"""Sheets on their way at most: while one scrolls fast, what is passed by is not asked for."""
ITEMS_PER_FETCH = 8 * PAGE_ITEMS
KEPT_LISTINGS = 16


class Textures(Protocol):
    """Where pixels become textures: `gl` on a screen, a fake in tests."""

    def make(self, pixels: NDArray[np.uint8], *, is_smooth: bool) -> int:
        """Return the name of a new texture of `[H, W, 3]` pixels."""

    def drop(self, texture: int) -> None:
        """Release a texture."""


class _Known:
    """What is known of one listing: pages of items, how many there are, what went wrong."""

    def __init__(self, count: int | None) -> None:
        self.count = count
        self.pages: dict[int, tuple[DatasetItem, ...]] = {}
        self.old: set[int] = set()
        self.problem = ""


class ThumbnailStore:
    """Thumbnails and names of data set items. Mutable, owned by the main thread.

    Args:
        fetch: asks the source for something.
        textures: makes textures of sheets.

    Attributes:
        network: whose scores items are told with; None: nobody's.
    """

    def __init__(self, fetch: Callable[[Fetch], None], textures: Textures) -> None:
        self._fetch = fetch
        self._textures = textures
        self.network: str | None = None
        self._counts: dict[str, int] = {}
        self._sheets: OrderedDict[tuple[str, tuple[int, ...]], int] = OrderedDict()
        self._asked: set[Fetch] = set()
        self._packed: deque[tuple[Sheet, NDArray[np.uint8]]] = deque()
        self._known: OrderedDict[Listing, _Known] = OrderedDict()

    def set_datasets(
        self, datasets: Sequence[DatasetSummary], *, network: str | None = None
    ) -> None:
        """Say what data sets there are; what was known of others, or of another server, goes."""
        self.close()
        self.network = network
        self._counts = {dataset.id: dataset.count for dataset in datasets}

    def count(self, wanted: Wanted) -> int | None:
        """Return how many items there are, None while that is not known."""
        known = self._listing(wanted)[1]
        if known.count is None:
            self._page(wanted, 0)
        return known.count

    def item(self, wanted: Wanted, place: int) -> DatasetItem | None:
        """Return what is told of an item, None while it is on its way."""
        number, at = divmod(place, ITEMS_PER_FETCH)
        page = self._page(wanted, number)
        return page[at] if page is not None and at < len(page) else None

    def thumbnail(self, wanted: Wanted, place: int) -> Picture | None:
        """Return the thumbnail, None while it is on its way."""
        page, at = divmod(place, PAGE_ITEMS)
        items = self._items(wanted, page)
        return None if items is None else self.picture(wanted.dataset, items, at)

    def picture(self, dataset: str, items: tuple[int, ...], at: int) -> Picture | None:
        """Return one of several thumbnails that come as one sheet, None while it is on its way."""
        if at >= len(items):
            return None
        texture = self._sheets.get((dataset, items))
        if texture is None:
            self._ask(Sheet(dataset, items, SIDE))
            return None
        self._sheets.move_to_end((dataset, items))
        rows, columns = grid_shape(len(items))
        row, column = divmod(at, columns)
        return Picture(
            texture,
            (column / columns, row / rows),
            ((column + 1) / columns, (row + 1) / rows),
            (SIDE, SIDE),
        )

    def problem(self, wanted: Wanted) -> str:
        """Return why nothing comes, "" where nothing is wrong."""
        return self._listing(wanted)[1].problem

    def renew_scores(self) -> None:
        """Ask anew for what is told with scores, when it is seen; until then the old stays."""
        for known in self._known.values():
            known.old |= known.pages.keys()
            known.problem = ""

    def take_sheet(self, arrival: PictureArrived) -> bool:
        """Keep a sheet that has arrived, to be unpacked; return whether it was one."""
        fetch = arrival.fetch
        if not isinstance(fetch, Sheet) or fetch not in self._asked:
            return False
        self._packed.append((fetch, arrival.pixels))
        return True

    def unpack(self) -> bool:
        """Make a texture of one sheet that has arrived; call it once a frame. Return whether there
        was one."""
        if not self._packed:
            return False
        fetch, pixels = self._packed.popleft()
        self._asked.discard(fetch)
        self._sheets[fetch.dataset, fetch.items] = self._textures.make(pixels, is_smooth=True)
        while len(self._sheets) > KEPT_PAGES:
            _, dropped = self._sheets.popitem(last=False)
            self._textures.drop(dropped)
        return True

    def take_names(self, arrival: PageArrived) -> None:
        """Keep names, labels and answers that have arrived."""
        fetch = arrival.fetch
        known = self._known.get(fetch.listing)
        if fetch not in self._asked or known is None:
            return
        self._asked.discard(fetch)
        number = fetch.offset // ITEMS_PER_FETCH
        known.pages[number] = arrival.page.items
        known.old.discard(number)
        known.count = arrival.page.total
        known.problem = ""

    def forget(self, failed: RequestFailed) -> None:
        """Note that something asked for did not come.

        A sheet is asked for again when it is seen; of a listing its problem is told.
        """
        request = failed.request
        self._asked.discard(request)
        if isinstance(request, ItemPage) and request.listing in self._known:
            known = self._known[request.listing]
            known.problem = " ".join(str(failed.error).split())
            known.count = known.count or 0

    def close(self) -> None:
        """Release every texture and forget everything."""
        for texture in self._sheets.values():
            self._textures.drop(texture)
        self._sheets.clear()
        self._packed.clear()
        self._asked.clear()
        self._known.clear()

    def _listing(self, wanted: Wanted) -> tuple[Listing, _Known]:
        listing = Listing(
            wanted.dataset, wanted.label, wanted.text, wanted.order, network=self.network
        )
        known = self._known.get(listing)
        if known is None:
            count = self._counts.get(wanted.dataset, 0) if listing.is_whole else None
            known = self._known[listing] = _Known(count)
            while len(self._known) > KEPT_LISTINGS:
                self._known.popitem(last=False)
        self._known.move_to_end(listing)
        return listing, known

    def _page(self, wanted: Wanted, number: int) -> tuple[DatasetItem, ...] | None:
        listing, known = self._listing(wanted)
        page = known.pages.get(number)
        if (page is None or number in known.old) and not known.problem:
            self._ask(ItemPage(listing, number * ITEMS_PER_FETCH, ITEMS_PER_FETCH))
        return page

    def _items(self, wanted: Wanted, page: int) -> tuple[int, ...] | None:
        """Return the items of a page of thumbnails."""
        listing, known = self._listing(wanted)
        first = page * PAGE_ITEMS
        if listing.is_whole and known.count is not None:
            return tuple(range(first, min(first + PAGE_ITEMS, known.count)))
        number, at = divmod(first, ITEMS_PER_FETCH)
        found = self._page(wanted, number)
        if found is None:
            return None
        return tuple(one.index for one in found[at : at + PAGE_ITEMS])

    def _ask(self, fetch: Fetch) -> None:
        if fetch in self._asked:
            return
        is_sheet = isinstance(fetch, Sheet)
        if is_sheet and sum(isinstance(one, Sheet) for one in self._asked) >= SHEETS_AT_ONCE:
            return
        self._asked.add(fetch)
        self._fetch(fetch)
