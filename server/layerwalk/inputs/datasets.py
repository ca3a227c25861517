"""Data sets to pick inputs from: what the server needs of one, and how a name becomes one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from layerwalk.inputs.files import Content, open_files
from layerwalk_shared.errors import DatasetError, NotFoundError

OPENER = ("layerwalk_models.datasets", "open_dataset")
"""Module and function that open a data set by its name; reached by name, as a user's file is."""


class Item(Protocol):
    """One picture: `image` uint8 `[H, W, 3]` or `[H, W]`; `label` a class name or its index.

    Where `image` only shows what a file holds (a text, a sound), the item also has `content`.
    """

    @property
    def name(self) -> str: ...
    @property
    def image(self) -> NDArray[np.uint8]: ...
    @property
    def label(self) -> str | int | None: ...


class Dataset(Protocol):
    """An ordered collection of labelled pictures; asked from several threads at once.

    It may also have `names` and `labels`, aligned with its items, so that a page of names need not
    read the pictures; and `media_type`, of the `content` of its items where they are no pictures.
    """

    @property
    def name(self) -> str: ...
    @property
    def classes(self) -> Sequence[str]: ...
    def __len__(self) -> int: ...
    def item(self, i: int, /) -> Item: ...


def open_dataset(spec: str) -> Dataset:
    """Return the data set that `spec` names: FOLDER, IDX file, `digits`, `dashes` or `samples`.

    A folder of .txt, .wav or .csv files without pictures is one of texts, sounds or tables.

    Raises:
        DatasetError: there is no such data set, or it cannot be read.
    """
    try:
        files = open_files(Path(spec)) if Path(spec).is_dir() else None
    except (OSError, DatasetError) as error:
        raise DatasetError(f"data set {spec!r}: {error}") from error
    if files is not None:
        return files
    module, name = OPENER
    try:
        opener: Callable[[str], Dataset] = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise DatasetError(
            f"data set {spec!r}: {error.name} is not installed: pip install 'layerwalk[models]'"
        ) from error
    try:
        return opener(spec)
    except (OSError, ValueError) as error:
        raise DatasetError(f"data set {spec!r}: {error}") from error


def checked_item(dataset: Dataset, index: int) -> Item:
    """Return item `index` of a data set.

    Raises:
        NotFoundError: it has no such item.
        DatasetError: the item cannot be read, or is no picture.
    """
    if not 0 <= index < len(dataset):
        raise NotFoundError(
            f"item {index} is not in data set {dataset.name!r} (0 to {len(dataset) - 1})"
        )
    try:
        item = dataset.item(index)
    except (OSError, ValueError) as error:
        raise DatasetError(f"item {index} of data set {dataset.name!r}: {error}") from error
    image = item.image
    is_picture = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not is_picture or image.size == 0:
        raise DatasetError(
            f"item {index} of data set {dataset.name!r}: {image.dtype} of shape {image.shape}, "
            "expected uint8 [H, W] or [H, W, 3]"
        )
    return item


def content_of(item: Item) -> Content | None:
    """Return what an item's file holds; None where the item is a picture."""
    content: Content | None = getattr(item, "content", None)
    return content


def label_of(dataset: Dataset, item: Item) -> str | None:
    """Return the name of an item's class, where it has one."""
    return _label_name(dataset, item.label)


def name_and_label(dataset: Dataset, index: int) -> tuple[str, str | None]:
    """Return (name, label) of an item, without its picture where the data set can.

    Raises:
        NotFoundError, DatasetError: see `checked_item`.
    """
    names: Sequence[str] | None = getattr(dataset, "names", None)
    labels: Sequence[str | int | None] | None = getattr(dataset, "labels", None)
    if names is None or labels is None:
        item = checked_item(dataset, index)
        return item.name, label_of(dataset, item)
    return names[index], _label_name(dataset, labels[index])


def _label_name(dataset: Dataset, label: str | int | None) -> str | None:
    return dataset.classes[label] if isinstance(label, int) else label
