"""What the panel of a channel shows, as frozen data that its desk renews."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_client.ui.pictures import Picture
from layerwalk_client.world.channel_map import ChannelMap
from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.messages import ChannelExcitations, ChannelWeights
from layerwalk_shared.receptive import ReceptiveField


@dataclass(frozen=True, slots=True)
class Maximised:
    """The picture that excites the channel most, as it was made.

    `line` tells by what and how far it came.
    """

    picture: Picture | None
    line: str


@dataclass(frozen=True, slots=True)
class Search:
    """The search for the items of a data set that excite a channel.

    Attributes:
        datasets: id and name of each that there is.
        dataset: id of the one that is shown.
        found: what is known; None while it is on its way.
        pictures: of the items by maximum, and by mean, None while on their way.
        job: of a search at work.
        share, progress: how far it is.
        problem: why the last one failed.
    """

    datasets: tuple[tuple[str, str], ...] = ()
    dataset: str = ""
    found: ChannelExcitations | None = None
    by_maximum: tuple[Picture | None, ...] = ()
    by_mean: tuple[Picture | None, ...] = ()
    job: str | None = None
    share: float = 0.0
    progress: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ChannelView:
    """One channel.

    Attributes:
        graph: that the node stands in.
        node: whose channel.
        index: of the node.
        channel, count: which, of how many.
        name: of the class that it stands for, "" where it stands for none.
        map: its values; None while on their way.
        picture: of the map; None while there is none.
        problem: why something is missing.
        weights: around it; None while on their way.
        field: what a value sees of the input; None: not known, or all of it.
        sees_all: it sees all of it.
        picture_hw: rows and columns of the input, where it is a picture.
        search: items that excite it.
        maximised: a picture that was made for it.
        can_maximise: it can be climbed.
        is_silenced: its weights were set to zero in the server's copy.
    """

    graph: Graph
    node: Node
    index: int
    channel: int
    count: int
    name: str = ""
    map: ChannelMap | None = None
    picture: Picture | None = None
    problem: str = ""
    weights: ChannelWeights | None = None
    field: ReceptiveField | None = None
    sees_all: bool = False
    picture_hw: tuple[int, int] | None = None
    search: Search = Search()
    maximised: Maximised | None = None
    can_maximise: bool = False
    is_silenced: bool = False
