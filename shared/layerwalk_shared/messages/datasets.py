"""Data sets to pick inputs from."""

from __future__ import annotations

from typing import Literal

from pydantic import FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative
from layerwalk_shared.messages.surveys import SurveyState

ItemOrder = Literal["index", "wrong-first", "right-first", "least-sure"]
"""All but the first need the scores of a network."""


class DatasetSummary(Frozen):
    """A data set to pick inputs from."""

    id: str
    name: str
    count: NonNegative
    classes: tuple[str, ...] = ()


class DatasetList(Frozen):
    datasets: tuple[DatasetSummary, ...]


class DatasetItem(Frozen):
    """One item of a data set.

    `prediction`, its `probability` and `is_right` come from the scores of the network that was asked
    for; None where they are not known.
    """

    index: NonNegative
    name: str
    label: str | None = None
    prediction: str | None = None
    probability: FiniteFloat | None = None
    is_right: bool | None = None


class DatasetPage(Frozen):
    """Some of the items that were asked for, in their order.

    `total` counts all that pass the filters; `scores` is the state of the scores of the network
    that was asked for.
    """

    dataset: str
    offset: NonNegative
    total: NonNegative
    items: tuple[DatasetItem, ...]
    scores: SurveyState = "none"
