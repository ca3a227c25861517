"""Thumbnails come by pages, each asked for once, and leave no texture behind."""

import numpy as np
import pytest

from layerwalk_client.app.desks.thumbnails import (
    ITEMS_PER_FETCH,
    KEPT_PAGES,
    PAGE_ITEMS,
    SHEETS_AT_ONCE,
    SIDE,
    ThumbnailStore,
)
from layerwalk_client.source.arrivals import PageArrived, PictureArrived, RequestFailed
from layerwalk_client.source.surveying import ItemPage, Listing, Sheet
from layerwalk_client.ui.pictures import Wanted
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import DatasetItem, DatasetPage, DatasetSummary

ALL = Wanted("d")
WRONG = Wanted("d", order="wrong-first")


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
    datasets = [DatasetSummary(id="d", name="D", count=10_000, classes=("a", "b"))]
    made.set_datasets(datasets, network="n1")
    made.asked, made.textures = asked, textures
    return made


def sheets(store):
    return [one for one in store.asked if isinstance(one, Sheet)]


def sheet(fetch):
    side = 6 * SIDE
    return PictureArrived(fetch, np.zeros((side, side, 3), np.uint8))


def page(fetch, indices, *, total, scores="none"):
    items = tuple(DatasetItem(index=k, name=f"n{k}", label="ab"[k % 2]) for k in indices)
    told = DatasetPage(dataset="d", offset=fetch.offset, total=total, items=items, scores=scores)
    return PageArrived(fetch, told)


def test_one_request_brings_a_page(store):
    for place in range(PAGE_ITEMS):
        assert store.thumbnail(ALL, place) is None
    assert store.asked == [Sheet("d", tuple(range(PAGE_ITEMS)), SIDE)]
    assert store.take_sheet(sheet(store.asked[0]))
    assert store.thumbnail(ALL, 7) is None  # until it is unpacked, one in a frame
    assert store.unpack()
    assert not store.unpack()
    picture = store.thumbnail(ALL, 7)  # second row, second column of 6 x 6
    assert (picture.uv0, picture.uv1) == ((1 / 6, 1 / 6), (2 / 6, 2 / 6))
    assert len(store.asked) == 1


def test_the_last_page_is_as_short_as_it_is(store):
    store.thumbnail(ALL, 9_999)
    assert store.asked == [Sheet("d", tuple(range(9_972, 10_000)), SIDE)]
    store.take_sheet(sheet(store.asked[0]))
    store.unpack()
    assert store.thumbnail(ALL, 9_999).uv1 == (4 / 6, 1)


def test_pages_long_unseen_go_and_their_textures_too(store):
    for number in range(KEPT_PAGES + 5):
        store.thumbnail(ALL, number * PAGE_ITEMS)
        store.take_sheet(sheet(store.asked[-1]))
        store.unpack()
    assert len(store.textures.live) == KEPT_PAGES
    assert store.thumbnail(ALL, 0) is None
    store.close()
    assert store.textures.live == set()


def test_pages_that_are_scrolled_past_are_not_asked_for(store):
    for number in range(150):
        store.thumbnail(ALL, number * PAGE_ITEMS)
    assert len(store.asked) == SHEETS_AT_ONCE
    store.take_sheet(sheet(store.asked[0]))
    store.unpack()
    store.thumbnail(ALL, 149 * PAGE_ITEMS)  # what is seen when there is room again
    assert store.asked[-1].items[0] == 149 * PAGE_ITEMS


def test_a_page_that_failed_is_asked_for_again(store):
    store.thumbnail(ALL, 0)
    store.forget(RequestFailed(store.asked[0], InvalidRequestError("no")))
    store.thumbnail(ALL, 0)
    assert len(store.asked) == 2


def test_what_is_filtered_or_sorted_is_asked_of_the_server(store):
    assert store.count(WRONG) is None
    assert store.thumbnail(WRONG, 0) is None
    assert store.asked == [
        ItemPage(Listing("d", order="wrong-first", network="n1"), 0, ITEMS_PER_FETCH)
    ]
    store.take_names(page(store.asked[0], [7, 3, 5], total=3))
    assert store.count(WRONG) == 3
    assert store.item(WRONG, 1).name == "n3"
    assert store.thumbnail(WRONG, 0) is None
    assert store.asked[-1] == Sheet("d", (7, 3, 5), SIDE)
    assert store.count(ALL) == 10_000


def test_when_scores_change_the_old_is_shown_until_the_new_is_there(store):
    store.item(ALL, 0)
    store.take_names(page(store.asked[0], range(4), total=10_000))
    store.renew_scores()
    assert len(store.asked) == 1
    assert store.item(ALL, 2).name == "n2"
    assert store.asked[1] == store.asked[0]
    store.item(ALL, 3)
    assert len(store.asked) == 2
    fresh = DatasetItem(index=2, name="n2", prediction="b", probability=0.5, is_right=False)
    told = DatasetPage(dataset="d", offset=0, total=10_000, items=(fresh,) * 4, scores="fresh")
    store.take_names(PageArrived(store.asked[1], told))
    assert store.item(ALL, 2).is_right is False
    assert len(store.asked) == 2


def test_a_listing_that_fails_says_why_and_is_asked_anew_with_other_scores(store):
    store.count(WRONG)
    store.forget(RequestFailed(store.asked[0], InvalidRequestError("score it first")))
    assert store.problem(WRONG) == "score it first"
    assert store.count(WRONG) == 0
    assert len(store.asked) == 1
    store.renew_scores()
    store.item(WRONG, 0)
    assert len(store.asked) == 2


def test_another_servers_data_sets_forget_the_old_ones(store):
    store.thumbnail(ALL, 0)
    late = store.asked[0]
    store.set_datasets([])
    assert not store.take_sheet(sheet(late))
    assert store.textures.live == set()
