"""A source without a server: a made-up network, answered at once, in the calling thread.

For tests and for looking around offline. What is asked is answered in `arrivals`, in the order it
was asked, so a run is the same every time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from layerwalk_client.source.arrivals import (
    Arrival,
    Connected,
    EventArrived,
    GradientsArrived,
    ManifestArrived,
    NetworkArrived,
    PageArrived,
    PictureArrived,
    RequestFailed,
    StatisticsArrived,
    TilesArrived,
    TrainingArrived,
    ValuesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import (
    OVERVIEW_SIDE,
    Fetch,
    Gradients,
    ItemPage,
    ItemPicture,
    Kernels,
    Manifest,
    Network,
    Overview,
    PutInput,
    Record,
    Sheet,
    Statistics,
    Tiles,
    Values,
    Wish,
)
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.source.rehearsal import histograms, metric_point, training_step
from layerwalk_client.source.showcase import (
    DATASET,
    ITEMS,
    ExhibitShowcase,
    PictureShowcase,
    Showcase,
)
from layerwalk_client.source.synthetic import (
    CLASSES,
    Floats,
    SyntheticValues,
    make_tile,
    node_statistics,
    overview_keys,
    synthetic_item,
)
from layerwalk_shared.errors import GoneError, LayerwalkError, NotFoundError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    ChannelStatistics,
    DatasetItem,
    DatasetPage,
    DatasetSummary,
    Event,
    Histogram,
    InputReference,
    Job,
    JobChanged,
    MetricsPublished,
    NetworkChanged,
    NetworkDescription,
    NetworkSummary,
    SessionDescription,
    SnapshotManifest,
    SnapshotsDropped,
    SnapshotTaken,
    TrainingEnded,
    TrainingStepped,
    ValueStatistics,
)
from layerwalk_shared.tiles import TileKey
from layerwalk_shared.training import MetricPoint, TrainingHistory, TrainingStep

NETWORK = PictureShowcase.name


class MemorySource:
    """A made-up network as a source. Mutable, owned by the main thread; no thread, no socket.

    Args:
        exhibit: name of the exhibit to show; "" is the convolutional network.
        on_arrival: called after each arrival.
    """

    def __init__(self, exhibit: str = "", *, on_arrival: Callable[[], None] | None = None) -> None:
        self._showcase: Showcase = (
            ExhibitShowcase(EXHIBITS[exhibit]()) if exhibit else PictureShowcase()
        )
        self._graph: Graph = self._showcase.graph
        self._on_arrival = on_arrival
        self._arrivals: deque[Arrival] = deque()
        self._snapshots: dict[str, tuple[SnapshotManifest, SyntheticValues]] = {}
        self._events = 0
        self._jobs = 0
        self._taken = 0
        self._first: SnapshotManifest | None = None
        self._given: tuple[Floats, InputReference] = self._showcase.first()
        self._points: list[MetricPoint] = []
        self._steps: list[TrainingStep] = []
        self._is_training = False

    @property
    def client(self) -> str:
        """Id of this client."""
        return "memory"

    @property
    def address(self) -> str:
        """What stands where a URL would."""
        return "memory"

    def open(self) -> None:
        """Deliver Connected and the overview of the first picture."""
        self._first = self._take(client=None)
        self._deliver(Connected(self._session(), self._network(), 1))
        self.fetch(Overview(self._first.id))

    # The made-up training, which a test or a demo lets go on.

    def train(self, steps: Sequence[int], *, serves: Sequence[int] = ()) -> None:
        """Let a training go on: publish metrics of `steps`, then take snapshots of `serves`."""
        self._is_training = True
        points = tuple(metric_point(step) for step in steps)
        if points:
            self._points += points
            self._tell(
                MetricsPublished(number=self._number(), network=self._showcase.name, points=points)
            )
        for step in serves:
            manifest = self._take(client=None, step=step)
            self._tell(SnapshotTaken(number=self._number(), manifest=manifest))
            served = training_step(self._graph, step, manifest.id)
            self._steps.append(served)
            self._tell(
                TrainingStepped(number=self._number(), network=self._showcase.name, step=served)
            )

    def drop(self, snapshots: Sequence[str]) -> None:
        """Let snapshots go, as a server does that is short of memory."""
        for snapshot in snapshots:
            self._snapshots.pop(snapshot)
        self._steps = [
            step.model_copy(update={"snapshot": None}) if step.snapshot in snapshots else step
            for step in self._steps
        ]
        self._tell(SnapshotsDropped(number=self._number(), snapshots=tuple(snapshots)))

    def end_training(self) -> None:
        """Let the training close its viewer."""
        self._is_training = False
        self._tell(TrainingEnded(number=self._number(), network=self._showcase.name))

    def change(self, graph: Graph, reason: str) -> None:
        """Let the network have another graph, as after tracing anew; same input and answer."""
        self._graph = self._showcase.graph = graph
        self._snapshots.clear()
        self._first = self._take(client=None)
        network = self._summary()
        self._tell(NetworkChanged(number=self._number(), network=network, reason=reason))

    def want(self, batches: Sequence[Tiles]) -> None:
        """See `Source.want`."""
        for batch in batches:
            self.fetch(batch)

    def fetch(self, fetch: Fetch) -> None:
        """See `Source.fetch`."""
        try:
            self._deliver(self._answer(fetch))
        except LayerwalkError as error:
            self._deliver(RequestFailed(fetch, error))

    def submit(self, wish: Wish) -> None:
        """See `Source.submit`: the job is done by the time its events are read."""
        if not isinstance(wish, PutInput):
            error = NotFoundError(f"job {wish.job!r} is not running")
            self._deliver(RequestFailed(wish, error))
            return
        try:
            self._given = self._showcase.given(wish, lambda snapshot: self._held(snapshot)[1])
        except LayerwalkError as error:
            self._deliver(RequestFailed(wish, error))
            return
        self._jobs += 1
        job = Job(
            id=f"j{self._jobs}", kind="forward", network=self._showcase.name, state="queued",
            client=self.client,
        )  # fmt: skip
        self._deliver(WishTaken(wish, job))
        manifest = self._take(client=self.client)
        self._tell(SnapshotTaken(number=self._number(), manifest=manifest))
        done = job.model_copy(update={"state": "done", "progress": 1.0, "snapshot": manifest.id})
        self._tell(JobChanged(number=self._number(), job=done))

    def arrivals(self) -> list[Arrival]:
        """See `Source.arrivals`."""
        found = list(self._arrivals)
        self._arrivals.clear()
        return found

    def close(self) -> None:
        """Forget everything."""
        self._arrivals.clear()
        self._snapshots.clear()

    def _deliver(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        if self._on_arrival is not None:
            self._on_arrival()

    def _tell(self, event: Event) -> None:
        self._deliver(EventArrived(event))

    def _number(self) -> int:
        self._events += 1
        return self._events

    def _summary(self) -> NetworkSummary:
        return NetworkSummary(
            id=self._showcase.name,
            name=self._showcase.name,
            nodes=len(self._graph.nodes),
            classes=len(self._showcase.classes),
            parameters=0,
        )

    def _session(self) -> SessionDescription:
        return SessionDescription(
            version="0",
            networks=(self._summary(),),
            datasets=(DatasetSummary(id=DATASET, name="Shapes", count=ITEMS, classes=CLASSES),),
            last_event=self._events,
        )

    def _network(self) -> NetworkDescription:
        return NetworkDescription(
            id=self._showcase.name,
            name=self._showcase.name,
            graph=self._graph,
            input=self._showcase.input,
            classes=self._showcase.classes,
            snapshot=self._first,
        )

    def _take(self, *, client: str | None, step: int | None = None) -> SnapshotManifest:
        """Run what is on the input through the network, as it is at a step of its training."""
        given, reference = self._given
        if step is None and self._steps:
            values = self._showcase.forward(given, step=self._steps[-1].step)
        else:
            values = self._showcase.forward(given, step=step or 0)
        self._taken += 1
        manifest = SnapshotManifest(
            id=f"s{self._taken}", network=self._showcase.name, generation=self._taken,
            input=reference, step=step, client=client,
            nodes=node_statistics(self._graph, values), top=values.top,
        )  # fmt: skip
        self._snapshots[manifest.id] = (manifest, values)
        return manifest

    def _held(self, snapshot: str) -> tuple[SnapshotManifest, SyntheticValues]:
        if snapshot not in self._snapshots:
            raise GoneError(f"snapshot {snapshot!r} is not kept")
        return self._snapshots[snapshot]

    def _answer(self, fetch: Fetch) -> Arrival:
        if isinstance(fetch, Record):
            return self._record(fetch)
        methods: dict[type, Callable[[Any], Arrival]] = {
            Overview: self._tiles,
            Tiles: self._tiles,
            Values: self._values,
            Statistics: lambda asked: StatisticsArrived(asked, self._statistics(asked)),
            ItemPage: _page,
            Sheet: lambda asked: PictureArrived(asked, _sheet(asked)),
            ItemPicture: lambda asked: PictureArrived(asked, synthetic_item(asked.item)),
            Kernels: _no_kernels,
        }
        return methods[type(fetch)](fetch)

    def _tiles(self, fetch: Overview | Tiles) -> TilesArrived:
        manifest, values = self._held(fetch.snapshot)
        keys: Sequence[TileKey] = (
            overview_keys(self._graph, OVERVIEW_SIDE) if isinstance(fetch, Overview) else fetch.keys
        )
        tiles = tuple(
            make_tile(self._graph, values, key, generation=manifest.generation) for key in keys
        )
        return TilesArrived(fetch.snapshot, tiles, isinstance(fetch, Overview))

    def _values(self, fetch: Values) -> ValuesArrived:
        found = self._tensor(fetch)
        return ValuesArrived(
            fetch, found if fetch.row is None else found[fetch.row : fetch.row + 1]
        )

    def _record(self, fetch: Record) -> Arrival:
        if isinstance(fetch, Manifest):
            return ManifestArrived(fetch, self._held(fetch.snapshot)[0])
        if isinstance(fetch, Network):
            return NetworkArrived(fetch, self._network())
        if isinstance(fetch, Gradients):
            return GradientsArrived(fetch, histograms(self._graph, fetch.step))
        history = TrainingHistory(
            network=self._showcase.name,
            metrics=tuple(self._points),
            steps=tuple(self._steps),
            is_running=self._is_training,
        )
        return TrainingArrived(fetch, history)

    def _tensor(self, fetch: Values) -> Floats:
        _, values = self._held(fetch.snapshot)
        index = self._graph.index[fetch.node]
        if values.tensors:
            return values.tensors[index]
        node, found = self._graph.nodes[index], values.nodes[index]
        if node.view == "image":
            return found.transpose(2, 0, 1)
        return found.reshape(-1)[: node.shape[0]] if node.view == "vector" else found

    def _statistics(self, fetch: Statistics) -> ValueStatistics:
        manifest, values = self._held(fetch.snapshot)
        index = self._graph.index[fetch.node]
        found, numbers = values.nodes[index], manifest.nodes[index]
        counts, edges = np.histogram(found, bins=64)
        planes = found if found.ndim == 3 and fetch.node != "input" else found[None]
        flat = planes.reshape(len(planes), -1)
        return ValueStatistics(
            node=fetch.node,
            shape=numbers.shape,
            minimum=numbers.minimum,
            maximum=numbers.maximum,
            mean=numbers.mean,
            std=numbers.std,
            zeros=numbers.zeros,
            not_finite=0,
            histogram=Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist())),
            channels=ChannelStatistics(
                minimum=tuple(flat.min(axis=1).tolist()),
                maximum=tuple(flat.max(axis=1).tolist()),
                mean=tuple(flat.mean(axis=1).tolist()),
                std=tuple(flat.std(axis=1).tolist()),
                zeros=tuple((flat == 0).mean(axis=1).tolist()),
            ),
        )


def _page(fetch: ItemPage) -> PageArrived:
    items = tuple(
        DatasetItem(index=k, name=f"shapes {k}", label=CLASSES[k % len(CLASSES)])
        for k in range(fetch.offset, min(ITEMS, fetch.offset + fetch.limit))
    )
    page = DatasetPage(dataset=DATASET, offset=fetch.offset, total=ITEMS, items=items)
    return PageArrived(fetch, page)


def _no_kernels(fetch: Kernels) -> Arrival:
    raise NotFoundError(f"node {fetch.node!r} has no weights")


def _sheet(fetch: Sheet) -> NDArray[np.uint8]:
    """Return thumbnails in rows of `ceil(sqrt(n))`, black where there is no item."""
    count = max(1, min(fetch.limit, ITEMS - fetch.offset))
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.zeros((rows * fetch.side, columns * fetch.side, 3), np.uint8)
    for place in range(count):
        row, column = divmod(place, columns)
        picture = Image.fromarray(synthetic_item(fetch.offset + place))
        small = np.asarray(picture.resize((fetch.side, fetch.side)))
        sheet[
            row * fetch.side : (row + 1) * fetch.side,
            column * fetch.side : (column + 1) * fetch.side,
        ] = small
    return sheet
