"""Data sets to pick inputs from."""

from __future__ import annotations

from layerwalk_shared.graph import Frozen, NonNegative


class DatasetSummary(Frozen):
    """A data set to pick inputs from."""

    id: str
    name: str
    count: NonNegative
    classes: tuple[str, ...] = ()


class DatasetList(Frozen):
    datasets: tuple[DatasetSummary, ...]


class DatasetItem(Frozen):
    """One picture of a data set."""

    index: NonNegative
    name: str
    label: str | None = None


class DatasetPage(Frozen):
    dataset: str
    offset: NonNegative
    total: NonNegative
    items: tuple[DatasetItem, ...]
