"""Thumbnails come by pages, each asked for once, and leave no texture behind."""

import numpy as np
import pytest

from layerwalk_client.app.thumbnails import KEPT_PAGES, PAGE_ITEMS, SIDE, ThumbnailStore
from layerwalk_client.source.arrivals import PageArrived, PictureArrived
from layerwalk_client.source.asking import ItemPage, Sheet
from layerwalk_shared.messages import DatasetItem, DatasetPage, DatasetSummary


class FakeTextures:
    def __init__(self):
        self.live = set()
        self.made = 0

    def make(self, pixels, *, is_smooth):
        self.made += 1
        self.live.add(self.made)
        return self.made

    def drop(self, texture):
        self.live.remove(texture)


@pytest.fixture
def store():
    asked = []
    textures = FakeTextures()
    made = ThumbnailStore(asked.append, textures)
    made.set_datasets([DatasetSummary(id="d", name="D", count=10_000, classes=("a", "b"))])
    made.asked, made.textures = asked, textures
    return made


def sheet(fetch):
    side = 8 * SIDE
    return PictureArrived(fetch, np.zeros((side, side, 3), np.uint8))


def test_one_request_brings_a_page(store):
    for item in range(PAGE_ITEMS):
        assert store.thumbnail("d", item) is None
    assert store.asked == [Sheet("d", 0, PAGE_ITEMS, SIDE)]
    assert store.take_sheet(sheet(store.asked[0]))
    picture = store.thumbnail("d", 9)  # second row, second column of 8 x 8
    assert (picture.uv0, picture.uv1) == ((1 / 8, 1 / 8), (2 / 8, 2 / 8))
    assert len(store.asked) == 1


def test_the_last_page_is_as_short_as_it_is(store):
    store.thumbnail("d", 9_999)
    assert store.asked == [Sheet("d", 9_984, 16, SIDE)]
    store.take_sheet(sheet(store.asked[0]))
    assert store.thumbnail("d", 9_999).uv1 == (1, 1)


def test_pages_long_unseen_go_and_their_textures_too(store):
    for page in range(KEPT_PAGES + 5):
        store.thumbnail("d", page * PAGE_ITEMS)
        store.take_sheet(sheet(store.asked[-1]))
    assert len(store.textures.live) == KEPT_PAGES
    assert store.thumbnail("d", 0) is None
    store.close()
    assert store.textures.live == set()


def test_a_page_that_failed_is_asked_for_again(store):
    store.thumbnail("d", 0)
    store.forget(store.asked[0])
    store.thumbnail("d", 0)
    assert len(store.asked) == 2


def test_a_filter_finds_the_items_of_its_class(store):
    store.set_datasets([DatasetSummary(id="d", name="D", count=6, classes=("a", "b"))])
    assert store.items_of("d", "b") == []
    fetch = store.asked[-1]
    assert isinstance(fetch, ItemPage)
    items = tuple(DatasetItem(index=k, name=f"n{k}", label="ab"[k % 2]) for k in range(6))
    store.take_names(PageArrived(fetch, DatasetPage(dataset="d", offset=0, total=6, items=items)))
    assert store.items_of("d", "b") == [1, 3, 5]
    assert store.items_of("d", None) == range(6)
    assert store.name("d", 2) == "a"


def test_another_servers_data_sets_forget_the_old_ones(store):
    store.thumbnail("d", 0)
    late = store.asked[0]
    store.set_datasets([])
    assert not store.take_sheet(sheet(late))
    assert store.textures.live == set()
