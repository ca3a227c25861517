"""A source without a server: a made-up network, answered at once, in the calling thread.

For tests and for looking around offline. What is asked is answered in `arrivals`, in the order it
was asked, so a run is the same every time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from layerwalk_client.source import collection
from layerwalk_client.source.arrivals import (
    Arrival,
    Connected,
    EventArrived,
    FileArrived,
    GradientsArrived,
    ManifestArrived,
    NetworkArrived,
    PictureArrived,
    RecipesArrived,
    RequestFailed,
    SnapshotsArrived,
    StatisticsArrived,
    TilesArrived,
    TrainingArrived,
    ValuesArrived,
    WishTaken,
)
from layerwalk_client.source.ascents import Ascents
from layerwalk_client.source.asking import (
    OVERVIEW_SIDE,
    CancelJob,
    ChannelPicture,
    Fetch,
    Gradients,
    ItemPage,
    ItemPicture,
    Kernels,
    Manifest,
    Maximise,
    Network,
    Overview,
    PutInput,
    Recipes,
    Record,
    ResultFile,
    Sheet,
    Snapshots,
    Statistics,
    Tiles,
    Values,
    Wish,
)
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.source.outcome import Result
from layerwalk_client.source.rehearsal import histograms, metric_point, training_step
from layerwalk_client.source.showcase import (
    DATASET,
    ITEMS,
    ExhibitShowcase,
    PictureShowcase,
    Showcase,
    summary_of,
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
from layerwalk_shared.errors import GoneError, LayerwalkError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetSummary,
    Event,
    InputReference,
    Job,
    JobChanged,
    MetricsPublished,
    NetworkChanged,
    NetworkDescription,
    SessionDescription,
    SnapshotManifest,
    SnapshotsDropped,
    SnapshotTaken,
    TrainingEnded,
    TrainingStepped,
)
from layerwalk_shared.recipes import RECIPES
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
        self._ascents = Ascents(self._showcase)
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
            if self._results.pop(snapshot, None) is None:
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

    def work(self, previews: int = 1) -> bool:
        """Let maximisations go on by so many previews, one job after another; return whether one
        is still at work, or waits."""
        for _ in range(previews if self._ascents.is_busy else 0):
            self._taken += 1
            result, job = self._ascents.advance(f"s{self._taken}", self._taken)
            self._tell(SnapshotTaken(number=self._number(), manifest=result.manifest))
            self._tell(JobChanged(number=self._number(), job=job))
            if not self._ascents.is_busy:
                break
        return self._ascents.is_busy

    def change(self, graph: Graph, reason: str) -> None:
        """Let the network have another graph, as after tracing anew; same input and answer."""
        self._graph = self._showcase.graph = graph
        self._snapshots.clear()
        self._first = self._take(client=None)
        network = summary_of(self._showcase)
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
        """See `Source.submit`: what is put on the input is there by the time its events are read,
        maximisations go on by `work`."""
        methods: dict[type, Callable[[Any], None]] = {
            PutInput: self._put, Maximise: self._begin, CancelJob: self._cancel,
        }  # fmt: skip
        try:
            methods[type(wish)](wish)
        except LayerwalkError as error:
            self._deliver(RequestFailed(wish, error))

    def _put(self, wish: PutInput) -> None:
        image = wish.image
        if isinstance(image, ChannelInput) and image.snapshot in self._results:
            self._given = self._ascents.given(image)
        else:
            self._given = self._showcase.given(wish, lambda snapshot: self._held(snapshot)[1])
        job = Job(
            id=self._job_id(), kind="forward", network=self._showcase.name, state="queued",
            client=self.client,
        )  # fmt: skip
        self._deliver(WishTaken(wish, job))
        manifest = self._take(client=self.client)
        self._tell(SnapshotTaken(number=self._number(), manifest=manifest))
        done = job.model_copy(update={"state": "done", "progress": 1.0, "snapshot": manifest.id})
        self._tell(JobChanged(number=self._number(), job=done))

    def _begin(self, wish: Maximise) -> None:
        job = self._ascents.begin(self._job_id(), wish.request)
        self._deliver(WishTaken(wish, job))
        self._tell(JobChanged(number=self._number(), job=job))

    def _cancel(self, wish: CancelJob) -> None:
        job = self._ascents.cancel(wish.job)
        self._deliver(WishTaken(wish, job))
        self._tell(JobChanged(number=self._number(), job=job))

    def _job_id(self) -> str:
        self._jobs += 1
        return f"j{self._jobs}"

    def arrivals(self) -> list[Arrival]:
        """See `Source.arrivals`."""
        found, self._arrivals = list(self._arrivals), deque()
        return found

    def close(self) -> None:
        """Forget everything."""
        self._arrivals.clear()
        self._snapshots.clear()
        self._ascents.clear()

    def _deliver(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        if self._on_arrival is not None:
            self._on_arrival()

    def _tell(self, event: Event) -> None:
        self._deliver(EventArrived(event))

    def _number(self) -> int:
        self._events += 1
        return self._events

    def _session(self) -> SessionDescription:
        return SessionDescription(
            version="0",
            networks=(summary_of(self._showcase),),
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
            Statistics: self._statistics,
            ItemPage: collection.page,
            Sheet: lambda asked: PictureArrived(asked, collection.sheet(asked)),
            ItemPicture: lambda asked: PictureArrived(asked, synthetic_item(asked.item)),
            Kernels: collection.no_kernels,
            ChannelPicture: self._channel,
            ResultFile: self._file,
        }
        return methods[type(fetch)](fetch)

    @property
    def _results(self) -> dict[str, Result]:
        return self._ascents.results

    def _file(self, fetch: ResultFile) -> FileArrived:
        if fetch.snapshot not in self._results:
            raise GoneError(f"result {fetch.snapshot!r} is not kept")
        return FileArrived(fetch, self._results[fetch.snapshot].file(fetch.form))

    def _channel(self, fetch: ChannelPicture) -> PictureArrived:
        if fetch.snapshot in self._results:
            return PictureArrived(fetch, self._results[fetch.snapshot].pixels(fetch.channel))
        _, values = self._held(fetch.snapshot)
        index = self._graph.index[fetch.node]
        return PictureArrived(fetch, collection.pixels(values.nodes[index], fetch.channel))

    def _tiles(self, fetch: Overview | Tiles) -> TilesArrived:
        if fetch.snapshot in self._results:
            tiles = self._results[fetch.snapshot].tiles(fetch)
            return TilesArrived(fetch.snapshot, tiles, isinstance(fetch, Overview))
        manifest, values = self._held(fetch.snapshot)
        keys: Sequence[TileKey] = (
            overview_keys(self._graph, OVERVIEW_SIDE) if isinstance(fetch, Overview) else fetch.keys
        )
        tiles = tuple(
            make_tile(self._graph, values, key, generation=manifest.generation) for key in keys
        )
        return TilesArrived(fetch.snapshot, tiles, isinstance(fetch, Overview))

    def _values(self, fetch: Values) -> ValuesArrived:
        _, values = self._held(fetch.snapshot)
        found = values.tensor(self._graph, fetch.node)
        return ValuesArrived(
            fetch, found if fetch.row is None else found[fetch.row : fetch.row + 1]
        )

    def _record(self, fetch: Record) -> Arrival:
        if isinstance(fetch, Manifest):
            result = self._results.get(fetch.snapshot)
            found = self._held(fetch.snapshot)[0] if result is None else result.manifest
            return ManifestArrived(fetch, found)
        if isinstance(fetch, Recipes):
            return RecipesArrived(fetch, tuple(RECIPES.values()))
        if isinstance(fetch, Snapshots):
            manifests = [manifest for manifest, _ in self._snapshots.values()]
            manifests += [result.manifest for result in self._results.values()]
            manifests.sort(key=lambda manifest: manifest.generation)
            return SnapshotsArrived(fetch, tuple(manifests))
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

    def _statistics(self, fetch: Statistics) -> StatisticsArrived:
        manifest, values = self._held(fetch.snapshot)
        index = self._graph.index[fetch.node]
        found = collection.statistics(values.nodes[index], fetch.node, manifest.nodes[index])
        return StatisticsArrived(fetch, found)
