"""The catalogue: what is shown of data sets, so that a page of ten thousand items is quick."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk.inputs.datasets import Dataset, checked_item, name_and_label
from layerwalk.inputs.pictures import Picture, fit
from layerwalk.surveys.scores import BROKEN, NOT_YET, Scores
from layerwalk_shared.errors import DatasetError, InvalidRequestError, nearest_hint
from layerwalk_shared.messages import ItemOrder

KEPT_ORDERS = 32
"""Arrangements that are kept, so that the next page need not sort again."""


@dataclass(frozen=True, slots=True)
class Names:
    """Name and label of every item; of one that cannot be read, its number and None."""

    names: tuple[str, ...]
    labels: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which items are wanted, in which order.

    Attributes:
        label: only items of that class.
        text: only items whose name or class contains it; case does not count.
        order: by what.
    """

    label: str | None = None
    text: str = ""
    order: ItemOrder = "index"


class Catalogue:
    """Names, arrangements and thumbnails. Mutable, shared by all threads.

    Args:
        dataset: gives a data set by its id.
        budget_bytes: of thumbnails that are kept.
    """

    def __init__(self, dataset: Callable[[str], Dataset], *, budget_bytes: int) -> None:
        self._dataset = dataset
        self._budget = budget_bytes
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._names: dict[str, Names] = {}
        self._orders: OrderedDict[tuple[object, ...], tuple[Scores | None, NDArray[np.intp]]] = (
            OrderedDict()
        )
        self._thumbnails: OrderedDict[tuple[str, int, int], Picture] = OrderedDict()
        self._held = 0

    def arranged(self, dataset_id: str, wish: Wish, scores: Scores | None) -> NDArray[np.intp]:
        """Return the indices of the items that are wanted, in order; read-only.

        Args:
            dataset_id: which data set.
            wish: which of its items.
            scores: of a network; needed for every order but that of the index.

        Raises:
            NotFoundError: there is no such data set.
            InvalidRequestError: it has no such class, or scores are needed.
        """
        dataset = self._dataset(dataset_id)
        if scores is None and wish.order != "index":
            raise InvalidRequestError(
                f"order {wish.order!r} needs the scores of a network: name it by `network=`, and "
                "score the data set first"
            )
        if wish.label is not None and dataset.classes and wish.label not in dataset.classes:
            raise InvalidRequestError(
                f"class {wish.label!r} is none of data set {dataset.name!r}"
                + nearest_hint(wish.label, dataset.classes)
            )
        used = None if wish.order == "index" else scores
        key = (dataset_id, wish)
        with self._lock:
            known = self._orders.get(key)
            if known is not None and known[0] is used:
                self._orders.move_to_end(key)
                return known[1]
        found = _filtered(self._all_names(dataset_id, dataset), wish, len(dataset))
        if used is not None:
            found = found[_sorted(used, found, wish.order)]
        found.flags.writeable = False
        with self._lock:
            self._orders[key] = used, found
            self._orders.move_to_end(key)
            if len(self._orders) > KEPT_ORDERS:
                self._orders.popitem(last=False)
        return found

    def named(self, dataset_id: str, index: int) -> tuple[str, str | None]:
        """Return (name, label) of an item; of one that cannot be read its number, and None."""
        with self._lock:
            names = self._names.get(dataset_id)
        if names is not None:
            return names.names[index], names.labels[index]
        return _named(self._dataset(dataset_id), index)

    def thumbnail(self, dataset_id: str, index: int, *, side: int) -> Picture | None:
        """Return an item as a square `[side, side, 3]`; None where it cannot be read.

        Raises:
            NotFoundError: there is no such data set or item.
        """
        key = (dataset_id, index, side)
        with self._lock:
            if (found := self._thumbnails.get(key)) is not None:
                self._thumbnails.move_to_end(key)
                return found
        try:
            item = checked_item(self._dataset(dataset_id), index)
        except DatasetError:  # one broken file does not take the sheet away; its cell says so
            return None
        made = fit(item.image, (side, side), colours=3)
        with self._lock:
            if key not in self._thumbnails:
                self._thumbnails[key] = made
                self._held += made.nbytes
            while self._held > self._budget and self._thumbnails:
                _, gone = self._thumbnails.popitem(last=False)
                self._held -= gone.nbytes
        return made

    def _all_names(self, dataset_id: str, dataset: Dataset) -> Callable[[], Names]:
        """Return what gives all names, read once, where they are needed at all."""

        def read() -> Names:
            with self._reading:  # one thread reads, others wait for what it finds
                with self._lock:
                    known = self._names.get(dataset_id)
                if known is None:
                    pairs = [_named(dataset, index) for index in range(len(dataset))]
                    known = Names(
                        tuple(name for name, _ in pairs), tuple(label for _, label in pairs)
                    )
                    with self._lock:
                        self._names[dataset_id] = known
                return known

        return read


def _named(dataset: Dataset, index: int) -> tuple[str, str | None]:
    try:
        return name_and_label(dataset, index)
    except DatasetError:
        return f"item {index}", None


def _filtered(names: Callable[[], Names], wish: Wish, count: int) -> NDArray[np.intp]:
    is_in = np.ones(count, np.bool_)
    if wish.label is not None:
        is_in &= np.array([label == wish.label for label in names().labels], np.bool_)
    if text := wish.text.casefold():
        known = names()
        pairs = zip(known.names, known.labels, strict=True)
        is_in &= np.array(
            [text in name.casefold() or text in (label or "").casefold() for name, label in pairs],
            np.bool_,
        )
    return np.flatnonzero(is_in)


def _sorted(scores: Scores, items: NDArray[np.intp], order: ItemOrder) -> NDArray[np.intp]:
    """Return places in `items`, as they are to be shown; equals stay in order.

    Wrong first: the surest mistake first; then what is not compared; then what is right, the least
    sure first. Right first is the very reverse of that, but for the items not compared. Least sure
    first: by the probability of the answer. What has no answer comes last.
    """
    probability = scores.probability[items].astype(np.float64)
    compared, right = scores.is_compared[items], scores.is_right[items]
    has_none = (scores.predicted[items] == NOT_YET) | (scores.predicted[items] <= BROKEN)
    if order == "least-sure":
        rank, key = np.zeros(len(items)), probability
    else:
        sureness = np.where(right, probability, -probability)
        rank = np.where(compared, np.where(right, 2, 0), 1)
        key = np.where(compared, sureness, 0.0)
        if order == "right-first":
            rank, key = 2 - rank, -key
    rank = np.where(has_none, 3, rank)
    return np.lexsort((items, np.where(has_none, 0.0, key), rank))
