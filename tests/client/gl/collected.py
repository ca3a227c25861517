"""The panels of pictures and of a channel with made-up data, in all their states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from client.gl.exhibits import draw_panel
from layerwalk_client.app.desks.channel import map_pixels
from layerwalk_client.app.desks.thumbnails import ThumbnailStore
from layerwalk_client.gl.panel import PanelPointer
from layerwalk_client.gl.pictures import Images
from layerwalk_client.source.arrivals import PageArrived, PictureArrived, TidingsArrived
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.source.surveying import Excite, Exciting, Score, Scores, WeightsAround
from layerwalk_client.source.synthetic import synthetic_graph, synthetic_item, synthetic_values
from layerwalk_client.ui.channel import ChannelPanel
from layerwalk_client.ui.channel_view import ChannelView, Maximised, Search
from layerwalk_client.ui.collection import Scoring
from layerwalk_client.ui.dataset import DatasetPanel
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.world.channel_map import ChannelMap, channel_count, channel_map
from layerwalk_shared.messages import (
    ChannelExcitations,
    ChannelWeights,
    DatasetSummary,
    ExciteRequest,
    ScoreRequest,
    ScoreSummary,
)
from layerwalk_shared.receptive import ReceptiveField

Pixels = NDArray[np.uint8]
NETWORK = "synthetic"
SETS = (
    DatasetSummary(
        id="shapes", name="Shapes", count=240,
        classes=("red disc", "green disc", "blue disc", "dark ring", "light ring"),
    ),
    DatasetSummary(id="photographs", name="photographs", count=7),
)  # fmt: skip


class Room:
    """A made-up network, its data set, and the textures of a panel."""

    def __init__(self) -> None:
        self.images = Images()
        self.source = MemorySource()
        self.store = ThumbnailStore(self.source.fetch, self.images)
        self.store.set_datasets(SETS, network=NETWORK)

    def tell(self, fetch: Scores | Exciting | WeightsAround) -> object:
        """Return what is told about surveys."""
        self.arrive()
        self.source.fetch(fetch)
        found = self.source.arrivals()[0]
        assert isinstance(found, TidingsArrived)
        return found.found

    def arrive(self) -> None:
        """Take in thumbnails and items."""
        for one in self.source.arrivals():
            if isinstance(one, PageArrived):
                self.store.take_names(one)
            elif isinstance(one, PictureArrived):
                self.store.take_sheet(one)
                self.store.unpack()

    def close(self) -> None:
        self.store.close()
        self.images.close()


def _pictures(
    change: Callable[[DatasetPanel, Room], None] = lambda _panel, _room: None,
    *,
    scored: int = 0,
    pointer: tuple[float, float] = (5.0, 5.0),
) -> Pixels:
    """Return the panel of pictures, once all that it shows is there."""
    room = Room()
    try:
        if scored:
            request = ScoreRequest(dataset="shapes", first=scored)
            room.source.submit(Score(NETWORK, request))
        panel = DatasetPanel(SETS, room.store)
        summary = room.tell(Scores(NETWORK, "shapes"))
        assert isinstance(summary, ScoreSummary)
        panel.scoring = Scoring(NETWORK, summary)
        change(panel, room)
        for place in range(64):
            if room.store.count(panel.wanted) is None:
                room.arrive()
            if place < (room.store.count(panel.wanted) or 0):
                room.store.item(panel.wanted, place)
                room.arrive()
                room.store.thumbnail(panel.wanted, place)
                room.arrive()
        return draw_panel(panel, [PanelPointer(pointer)] * 4)
    finally:
        room.close()


def _scoring(panel: DatasetPanel, room: Room) -> None:
    panel.scoring = replace(panel.scoring, job="j1", share=0.25, progress="60 of 240, 0:41 to go")


def _wrong_first(panel: DatasetPanel, room: Room) -> None:
    panel.order = "wrong-first"
    panel.grid.columns = 9
    panel.grid.choose(10, 240)


def _typing(panel: DatasetPanel, room: Room) -> None:
    panel.type_text("disc")


def _view(room: Room, node: str, channel: int, *, searched: bool, made: bool) -> ChannelView:
    """Return a channel of the made-up network."""
    graph = synthetic_graph()
    index = graph.index[node]
    described = graph.nodes[index]
    values = synthetic_values(graph, np.asarray(synthetic_item(4), np.float32) / 255)
    tensor = values.tensor(graph, node)
    found = channel_map(tensor, described, channel)
    weights = room.tell(WeightsAround(NETWORK, node, channel))
    assert isinstance(weights, ChannelWeights)
    if searched:
        request = ExciteRequest(dataset="shapes", nodes=(node,))
        room.source.submit(Excite(NETWORK, request))
    exciting = room.tell(Exciting(NETWORK, node, channel, "shapes"))
    assert isinstance(exciting, ChannelExcitations)
    items = tuple(one.item for one in exciting.by_maximum)
    for place in range(len(items)):
        room.store.picture("shapes", items, place)
        room.arrive()
    is_map = described.view == "maps"
    return ChannelView(
        graph,
        described,
        index,
        channel,
        channel_count(described),
        name="" if is_map else "blue bar",
        map=found,
        picture=_texture(room, found),
        weights=weights,
        field=ReceptiveField(
            input="input", size_hw=(15, 15), stride_hw=(2, 2), start_hw=(-7, -7)
        ) if is_map else None,
        sees_all=not is_map,
        picture_hw=(64, 64),
        search=Search(
            (("shapes", "Shapes"), ("photographs", "photographs")), "shapes", exciting,
            by_maximum=tuple(room.store.picture("shapes", items, at) for at in range(len(items))),
        ),
        maximised=Maximised(_print(room), "proxygrad: 7.456") if made else None,
        can_maximise=True,
    )  # fmt: skip


def _texture(room: Room, found: ChannelMap) -> Picture:
    pixels = map_pixels(found, "coolblack")
    return Picture(room.images.make(pixels, is_smooth=False), size_wh=pixels.shape[1::-1])


def _print(room: Room) -> Picture:
    return Picture(room.images.make(synthetic_item(11), is_smooth=True), size_wh=(64, 64))


def _channel(
    node: str,
    channel: int,
    *,
    searched: bool = True,
    made: bool = True,
    change: Callable[[ChannelView], ChannelView] = lambda view: view,
    pointer: tuple[float, float] = (5.0, 5.0),
) -> Pixels:
    room = Room()
    try:
        panel = ChannelPanel(change(_view(room, node, channel, searched=searched, made=made)))
        return draw_panel(panel, [PanelPointer(pointer)] * 4)
    finally:
        room.close()


def _at_work(view: ChannelView) -> ChannelView:
    search = replace(view.search, job="j4", share=0.4, progress="96 of 240, 0:08 to go")
    return replace(view, search=search, map=None, picture=None, weights=None)


COLLECTED: dict[str, Callable[[], Pixels]] = {
    "pictures-unscored": _pictures,
    "pictures-scoring": lambda: _pictures(_scoring, scored=60),
    "pictures-wrong": lambda: _pictures(_wrong_first, scored=240),
    "pictures-typing": lambda: _pictures(_typing),
    "channel": lambda: _channel("block1.conv2", 7, pointer=(120.0, 150.0)),
    "channel-unit": lambda: _channel("fc", 5, made=False, searched=False),
    "channel-at-work": lambda: _channel("block1.conv2", 7, made=False, change=_at_work),
}
