"""Whole data sets through a network: how right it is, and what excites its channels most."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative, Positive

SurveyState = Literal["none", "fresh", "stale"]
"""Whether there is a result, and whether the weights are still those that it is of."""
MOST_NODES = 64
"""Nodes whose strongest items are looked for in one go through a data set."""


class ScoreRequest(Frozen):
    """Score the items of a data set with a network; `first`: only so many, from the beginning."""

    dataset: str
    first: Positive | None = None


class ClassRate(Frozen):
    """Of the items of one class: how many were compared, how many of those are right."""

    name: str
    compared: NonNegative
    right: NonNegative


class ScoreSummary(Frozen):
    """How right a network is about a data set, as far as it was scored.

    Attributes:
        state: `stale`: the weights are others by now.
        count: items of the data set.
        scored: of which the network has answered.
        unreadable: that cannot be read or put on the network.
        compared: scored items whose label is a class of the network.
        right: of those compared.
        note: why some or all are not compared.
        classes: of the items compared, by label, in the order of the network's classes.
    """

    network: str
    dataset: str
    state: SurveyState
    count: NonNegative
    scored: NonNegative = 0
    unreadable: NonNegative = 0
    compared: NonNegative = 0
    right: NonNegative = 0
    note: str | None = None
    classes: tuple[ClassRate, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every item was looked at."""
        return self.state != "none" and self.scored + self.unreadable == self.count


class ExciteRequest(Frozen):
    """Find the items of a data set that excite each channel of some nodes most.

    `first`: only so many items are looked at, from the beginning.
    """

    dataset: str
    nodes: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_NODES)]
    first: Positive | None = None


class ExcitingItem(Frozen):
    """An item of a data set, and what it does to a channel.

    Attributes:
        item: its index.
        value: the channel's largest value, or its mean.
        position: where the largest value stands, in the node's axes without the channels'.
    """

    item: NonNegative
    name: str
    label: str | None = None
    value: FiniteFloat
    position: tuple[NonNegative, ...] = ()


class ChannelExcitations(Frozen):
    """The items that excite one channel most, strongest first; equals in the order of items.

    Attributes:
        state: as of `ScoreSummary`.
        count: items of the data set.
        scanned: items looked at, from the beginning.
        unreadable: of those, left out because they cannot be read or put on the network.
        positions: sizes of the node's axes without the channels'.
        by_maximum: by the largest value over all positions.
        by_mean: by the mean over all positions.
    """

    network: str
    node: str
    channel: NonNegative
    dataset: str
    state: SurveyState
    count: NonNegative
    scanned: NonNegative = 0
    unreadable: NonNegative = 0
    positions: tuple[NonNegative, ...] = ()
    by_maximum: tuple[ExcitingItem, ...] = ()
    by_mean: tuple[ExcitingItem, ...] = ()
