"""What may be asked about whole data sets and about one channel: fetches, and wishes for surveys."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from layerwalk_shared.messages import ExciteRequest, ItemOrder, ScoreRequest


@dataclass(frozen=True, slots=True)
class Listing:
    """Which items of a data set, in which order.

    Attributes:
        dataset: its id.
        label: only items of that class.
        text: only items whose name or class contains it.
        order: by what.
        network: whose scores the items are told with.
    """

    dataset: str
    label: str | None = None
    text: str = ""
    order: ItemOrder = "index"
    network: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is every item, in the order of the index."""
        return self.label is None and not self.text and self.order == "index"


@dataclass(frozen=True, slots=True)
class ItemPage:
    """What is told of `limit` items of a listing, from place `offset` on."""

    listing: Listing
    offset: int
    limit: int

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class Sheet:
    """Thumbnails of some items, `side` pixels each, in one picture."""

    dataset: str
    items: tuple[int, ...]
    side: int

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class Scores:
    """How right a network is about a data set."""

    network: str
    dataset: str

    priority = 2

    @property
    def slot(self) -> Hashable:
        return self


@dataclass(frozen=True, slots=True)
class Exciting:
    """The items of a data set that excite a channel most."""

    network: str
    node: str
    channel: int
    dataset: str
    most: int = 24

    priority = 2

    @property
    def slot(self) -> Hashable:
        return Exciting


@dataclass(frozen=True, slots=True)
class WeightsAround:
    """The weights from and to the neighbours of a channel."""

    network: str
    node: str
    channel: int
    most: int = 24

    priority = 2

    @property
    def slot(self) -> Hashable:
        return WeightsAround


Told = Scores | Exciting | WeightsAround
"""Fetches that one message answers."""


@dataclass(frozen=True, slots=True)
class Score:
    """Score a data set with a network."""

    network: str
    request: ScoreRequest


@dataclass(frozen=True, slots=True)
class Excite:
    """Find the items that excite the channels of some nodes of a network most."""

    network: str
    request: ExciteRequest


Survey = Score | Excite
"""Wishes for long goes through a data set."""
