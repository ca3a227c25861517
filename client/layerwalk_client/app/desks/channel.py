"""Keeps the panel of a channel up to date: values, weights, exciting items, maximised pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.desks.browsing import progress_of
from layerwalk_client.app.desks.thumbnails import Textures, ThumbnailStore
from layerwalk_client.app.maximising.prints import Prints
from layerwalk_client.app.maximising.results import maximised_of
from layerwalk_client.app.maximising.studio_views import held_by
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.app.stage.surveys import at_work, ended
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import (
    Arrival,
    PictureArrived,
    RequestFailed,
    TidingsArrived,
    ValuesArrived,
)
from layerwalk_client.source.asking import Values
from layerwalk_client.source.surveying import Excite, Exciting, Sheet, WeightsAround
from layerwalk_client.ui.channel import ChannelPanel
from layerwalk_client.ui.channel_view import ChannelView, Maximised, Search
from layerwalk_client.ui.intents import (
    FindExciting,
    FollowChannel,
    Intent,
    SearchIn,
    SilenceChannel,
)
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.world.channel_map import ChannelMap, channel_count, channel_map, row_of
from layerwalk_client.world.edited import silencing_node
from layerwalk_shared.colours import paint
from layerwalk_shared.messages import (
    ChannelExcitations,
    ChannelWeights,
    EditedNode,
    ExciteRequest,
    NetworkDescription,
)
from layerwalk_shared.receptive import ReceptiveField

LOOKED_AT = 10
"""While a data set is searched, what is known so far is asked for so many times."""


class ChannelDesk:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose network, snapshot and results the panel is about.
        source: is asked for values, weights and items.
        images: makes textures.
        thumbnails: of data set items.
        table: tells the colour table of the walls.
        edited: tells the nodes whose weights are edited.
        silence: silences a channel (node, channel), or lets it speak again.
        follow: follows the signal to a channel.
        clock: seconds, only forward.
    """

    kind = "channel"

    def __init__(
        self,
        stage: Stage,
        source: Source,
        images: Textures,
        thumbnails: ThumbnailStore,
        *,
        table: Callable[[], str],
        edited: Callable[[], tuple[EditedNode, ...]] = tuple,
        silence: Callable[[int, int], object] = lambda _node, _channel: None,
        follow: Callable[[int, int], object] = lambda _node, _channel: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stage, self._source, self._images = stage, source, images
        self._thumbnails, self._table = thumbnails, table
        self._edited, self._silence, self._follow = edited, silence, follow
        self._seen: tuple[EditedNode, ...] = ()
        self._prints = Prints(source.fetch, held_by(stage), images, clock=clock)
        self._panel: ChannelPanel | None = None
        self._dataset = ""
        self._texture: int | None = None
        self._painted: object = None
        self._snapshot: str | None = None
        self._looked: object = None

    def content(self, *, node: int | None, unit: int | None) -> ChannelPanel | None:
        """Return the panel about a channel; the one that is open turns to it."""
        network = self._stage.network
        if network is None or node is None or unit is None:
            return None
        described = network.graph.nodes[node]
        count = channel_count(described)
        if not 0 <= unit < count:
            return None
        view = ChannelView(
            network.graph, described, node, unit, count,
            name=network.classes[unit] if described.shape == (len(network.classes),) else "",
            field=_field(network, node), sees_all=_sees_all(network, node), picture_hw=_picture_hw(network),
            search=self._first_search(), can_maximise=described.kind != "input",
        )  # fmt: skip
        if self._panel is None:
            self._panel = ChannelPanel(view)
        self._panel.view = view
        self._snapshot = self._looked = self._painted = None
        self._source.fetch(WeightsAround(network.id, described.id, unit))
        self.refresh()
        return self._panel

    def refresh(self) -> bool:
        """Follow the picture that is shown, searches at work and results; return whether
        something changed."""
        panel, network = self._panel, self._stage.network
        if panel is None or network is None or panel.view.index >= len(network.graph.nodes):
            return False
        before = panel.view
        self._thumbnails.unpack()
        self._follow_edits(panel, network)
        self._follow_values(panel)
        self._follow_search(panel, network)
        panel.view = replace(panel.view, maximised=self._maximised(panel.view))
        self._paint(panel)
        return (
            panel.view.is_silenced != before.is_silenced
            or panel.view.maximised != before.maximised
            or panel.view.search != before.search
            or (panel.view.map is not before.map or panel.view.picture is not before.picture)
        )

    def take(self, arrival: Arrival) -> bool:
        """Take in values, weights and items."""
        panel = self._panel
        if panel is None:
            return False
        if isinstance(arrival, ValuesArrived):
            return self._take_values(panel, arrival)
        if isinstance(arrival, TidingsArrived):
            return self._take_tidings(panel, arrival)
        if isinstance(arrival, PictureArrived):
            return isinstance(arrival.fetch, Sheet)
        return isinstance(arrival, RequestFailed) and self._fail(panel, arrival)

    def carry_out(self, intent: Intent) -> bool:
        """Look for exciting items, here or in another data set."""
        network, panel = self._stage.network, self._panel
        if isinstance(intent, SilenceChannel | FollowChannel):
            act = self._silence if isinstance(intent, SilenceChannel) else self._follow
            act(intent.node, intent.channel)
            return True
        if isinstance(intent, FindExciting):
            if network is not None:
                request = ExciteRequest(dataset=intent.dataset, nodes=(intent.node,))
                self._stage.submit(Excite(network.id, request))
            return True
        if isinstance(intent, SearchIn):
            self._dataset = intent.dataset
            if panel is not None:
                panel.view = replace(panel.view, search=self._first_search())
                self._looked = None
                self.refresh()
            return True
        return False

    def renew(self) -> None:
        """Forget what belonged to another network."""
        self._panel = self._snapshot = self._looked = self._painted = None
        self._dataset = ""
        self._prints.close()
        self._drop()

    def close(self) -> None:
        """Release every texture."""
        self._prints.close()
        self._drop()

    # What is followed.

    def _follow_edits(self, panel: ChannelPanel, network: NetworkDescription) -> None:
        """Tell whether the channel is silenced; its weights are others once something was edited."""
        edited, view = self._edited(), panel.view
        maker = silencing_node(network.graph, view.index)
        name = None if maker is None else network.graph.nodes[maker].id
        silenced: tuple[int, ...] = next((one.silenced for one in edited if one.node == name), ())
        panel.view = replace(view, is_silenced=view.channel in silenced)
        if edited != self._seen:
            self._seen = edited
            self._looked = None  # what excites it is of other weights by now
            self._source.fetch(WeightsAround(network.id, view.node.id, view.channel))

    def _follow_values(self, panel: ChannelPanel) -> None:
        shown, view = self._stage.shown, panel.view
        if shown is None or shown.id == self._snapshot:
            return
        self._snapshot = shown.id
        if not shown.nodes[view.index].has_values:
            panel.view = replace(view, map=None, problem=view.node.error or "it has no values")
            return
        row = row_of(view.node, view.channel)
        self._source.fetch(Values(shown.id, view.node.id, row, "channel"))

    def _follow_search(self, panel: ChannelPanel, network: NetworkDescription) -> None:
        view = panel.view
        search = view.search
        if not search.dataset:
            return
        jobs = self._stage.state.ledger.jobs
        about = (network.id, search.dataset, view.node.id)
        job, last = at_work(jobs, "excite", *about), ended(jobs, "excite", *about)
        shown = self._stage.shown
        looked = (
            *about, view.channel, None if last is None else last.id,
            None if job is None else int(job.progress * LOOKED_AT),
            None if shown is None else shown.step,
        )  # fmt: skip
        if looked != self._looked:
            self._looked = looked
            self._source.fetch(Exciting(network.id, view.node.id, view.channel, search.dataset))
        problem = ""
        if last is not None and last.state == "failed" and last.problem is not None:
            problem = " ".join(str(last.problem.get("detail", "")).split())
        found = search.found
        panel.view = replace(
            view,
            search=replace(
                search,
                job=None if job is None else job.id,
                share=0.0 if job is None else job.progress,
                progress="" if job is None else progress_of(job),
                problem="" if job is not None else problem,
                by_maximum=self._pictures(search.dataset, found, "by_maximum"),
                by_mean=self._pictures(search.dataset, found, "by_mean"),
            ),
        )

    def _pictures(
        self, dataset: str, found: ChannelExcitations | None, measure: str
    ) -> tuple[Picture | None, ...]:
        """Return the thumbnails of ranked items, which come as one sheet."""
        if found is None:
            return ()
        items = tuple(one.item for one in getattr(found, measure))
        return tuple(self._thumbnails.picture(dataset, items, place) for place in range(len(items)))

    def _maximised(self, view: ChannelView) -> Maximised | None:
        """Return the newest picture that was made for the channel."""
        for run in self._stage.state.results.runs(view.node.id):
            if run.newest is None:
                continue
            told = maximised_of(run.newest)
            place = next(
                (at for at, one in enumerate(told.images) if one.channel == view.channel), None
            )
            if place is not None and told.objective.has_units:
                picture = self._prints.picture(run.newest, node=view.index, place=place)
                reached = told.images[place].activation
                far = "" if told.is_final else f", step {told.step} of {told.steps}"
                line = f"{told.recipe.name}{far}"
                return Maximised(picture, line if reached is None else f"{line}: {reached:.4g}")
        return None

    def _first_search(self) -> Search:
        session = self._stage.state.session
        datasets = () if session is None else tuple((one.id, one.name) for one in session.datasets)
        ids = [key for key, _ in datasets]
        shown = self._stage.shown
        wanted = self._dataset or (shown.input.dataset if shown is not None else None) or ""
        return Search(datasets, wanted if wanted in ids else ids[0] if ids else "")

    # What arrives.

    def _take_values(self, panel: ChannelPanel, arrival: ValuesArrived) -> bool:
        fetch, view = arrival.fetch, panel.view
        wanted = (self._snapshot, view.node.id, row_of(view.node, view.channel), "channel")
        if (fetch.snapshot, fetch.node, fetch.row, fetch.purpose) != wanted:
            return False
        made = channel_map(arrival.values, view.node, view.channel)
        panel.view = replace(view, map=made, problem="")
        self._paint(panel)
        return True

    def _take_tidings(self, panel: ChannelPanel, arrival: TidingsArrived) -> bool:
        view, found = panel.view, arrival.found
        if isinstance(found, ChannelWeights):
            if (found.node, found.channel) != (view.node.id, view.channel):
                return False
            panel.view = replace(view, weights=found)
            return True
        if isinstance(found, ChannelExcitations):
            about = (found.node, found.channel, found.dataset)
            if about != (view.node.id, view.channel, view.search.dataset):
                return False
            panel.view = replace(view, search=replace(view.search, found=found))
            self.refresh()
            return True
        return False

    def _fail(self, panel: ChannelPanel, arrival: RequestFailed) -> bool:
        request, said = arrival.request, " ".join(str(arrival.error).split())
        view = panel.view
        if isinstance(request, Values) and request.purpose == "channel":
            panel.view = replace(view, problem=said)
        elif isinstance(request, WeightsAround):
            nothing = ChannelWeights(node=view.node.id, channel=view.channel)
            panel.view = replace(view, weights=nothing)
        elif isinstance(request, Exciting | Excite):
            panel.view = replace(view, search=replace(view.search, problem=said))
        else:
            return False
        return True

    # The texture.

    def _paint(self, panel: ChannelPanel) -> None:
        """Paint the map anew where it, or the colour table, is another."""
        found, table = panel.view.map, self._table()
        if found is None or self._painted == (id(found), table):
            return
        self._drop()
        self._painted = (id(found), table)
        pixels = map_pixels(found, table)
        self._texture = self._images.make(pixels, is_smooth=False)
        high, wide = pixels.shape[:2]
        panel.view = replace(panel.view, picture=Picture(self._texture, size_wh=(wide, high)))

    def _drop(self) -> None:
        if self._texture is not None:
            self._images.drop(self._texture)
            self._texture = None
        if self._panel is not None:
            self._panel.view = replace(self._panel.view, picture=None)


def map_pixels(found: ChannelMap, table: str) -> NDArray[np.uint8]:
    """Return the colours of a channel, a pixel a value, by its own largest magnitude."""
    limit = found.limit or 1.0
    return paint(np.nan_to_num(found.values / limit), table)


def _field(network: NetworkDescription, node: int) -> ReceptiveField | None:
    return network.receptive[node] if node < len(network.receptive) else None


def _sees_all(network: NetworkDescription, node: int) -> bool:
    is_told = node < len(network.receptive)
    return is_told and network.receptive[node] is None and network.graph.nodes[node].kind != "input"


def _picture_hw(network: NetworkDescription) -> tuple[int, int] | None:
    shape = network.input.shape
    is_picture = network.input.kind == "image" and len(shape) == 3
    return (int(shape[1]), int(shape[2])) if is_picture else None
