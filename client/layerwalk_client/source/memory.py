"""A source without a server: a made-up network, answered at once, in the calling thread.

For tests and for looking around offline. What is asked is answered in `arrivals`, in the order it
was asked, so a run is the same every time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from layerwalk_client.source import collection, made_up
from layerwalk_client.source.arrivals import (
    Arrival,
    ClimbArrived,
    Connected,
    EventArrived,
    GradientsArrived,
    JobsArrived,
    ManifestArrived,
    NetworkArrived,
    PictureArrived,
    RecipesArrived,
    RequestFailed,
    SnapshotsArrived,
    TrainingArrived,
    WishTaken,
)
from layerwalk_client.source.ascents import Ascents
from layerwalk_client.source.asking import (
    SECOND,
    CancelJob,
    ChannelPicture,
    Climb,
    Compare,
    EndComparison,
    Fetch,
    Gradients,
    ItemPicture,
    Jobs,
    Manifest,
    Maximise,
    Network,
    Overview,
    PutInput,
    Recipes,
    Record,
    Snapshots,
    Statistics,
    Tiles,
    Training,
    Values,
    Weights,
    WeightStatistics,
    Wish,
)
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.source.files import NodeFile, ResultFile
from layerwalk_client.source.made_up_surveys import MadeUpSurveys
from layerwalk_client.source.rehearsal import histograms, metric_point, training_step
from layerwalk_client.source.showcase import (
    ExhibitShowcase,
    PictureShowcase,
    Showcase,
    summary_of,
)
from layerwalk_client.source.surveying import Excite, ItemPage, Score, Sheet, Survey, Told
from layerwalk_client.source.synthetic import (
    Floats,
    node_statistics,
    synthetic_item,
)
from layerwalk_client.source.vault import Vault
from layerwalk_shared.errors import InvalidRequestError, LayerwalkError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import (
    ChannelInput,
    Event,
    InputReference,
    Job,
    JobChanged,
    MetricsPublished,
    NetworkChanged,
    NetworkDescription,
    SnapshotInput,
    SnapshotManifest,
    SnapshotsDropped,
    SnapshotTaken,
    TrainingEnded,
    TrainingStepped,
)
from layerwalk_shared.messages import Climb as ClimbMessage
from layerwalk_shared.recipes import RECIPES, unit_count
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
        self._ascents = Ascents(self._showcase)
        self._surveys = MadeUpSurveys(self._showcase.name, self._showcase.classes)
        self._vault = Vault(self._graph, self._ascents.results)
        self._events = 0
        self._jobs = 0
        self._told_jobs: dict[str, Job] = {}
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
        session = collection.session(summary_of(self._showcase), last_event=self._events)
        self._deliver(Connected(session, self._network(), 1))
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
            if self._ascents.results.pop(snapshot, None) is None:
                self._vault.runs.pop(snapshot)
        self._steps = [
            step.model_copy(update={"snapshot": None}) if step.snapshot in snapshots else step
            for step in self._steps
        ]
        self._tell(SnapshotsDropped(number=self._number(), snapshots=tuple(snapshots)))

    def forget(self, *, keeps: int) -> None:
        """Let all snapshots go but the first and the newest `keeps`."""
        old = list(self._vault.runs)[1:-keeps]
        if old:
            self.drop(old)

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
        self._graph = self._showcase.graph = self._vault.graph = graph
        self._vault.runs.clear()
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
            Score: self._survey, Excite: self._survey,
        }  # fmt: skip
        try:
            methods.get(type(wish), _refuse)(wish)
        except LayerwalkError as error:
            self._deliver(RequestFailed(wish, error))

    def _put(self, wish: PutInput) -> None:
        image, client = wish.image, self.client + SECOND * wish.is_second
        if isinstance(image, SnapshotInput):
            manifest, values = self._vault.held(image.snapshot)
            given = values.picture, manifest.input
        elif isinstance(image, ChannelInput) and image.snapshot in self._ascents.results:
            given = self._ascents.given(image)
        else:
            given = self._showcase.given(wish, lambda snapshot: self._vault.held(snapshot)[1])
        if not wish.is_second:
            self._given = given
        job = Job(
            id=self._job_id(), kind="forward", network=self._showcase.name, state="queued",
            client=client,
        )  # fmt: skip
        self._deliver(WishTaken(wish, job))
        manifest = self._take(client=client, given=given)
        self._tell(SnapshotTaken(number=self._number(), manifest=manifest))
        done = job.model_copy(update={"state": "done", "progress": 1.0, "snapshot": manifest.id})
        self._tell(JobChanged(number=self._number(), job=done))

    def _begin(self, wish: Maximise) -> None:
        job = self._ascents.begin(self._job_id(), wish.request)
        self._deliver(WishTaken(wish, job))
        self._tell(JobChanged(number=self._number(), job=job))

    def _survey(self, wish: Survey) -> None:
        self._surveys.take(wish)
        job = Job(
            id=self._job_id(), kind="excite" if isinstance(wish, Excite) else "score",
            network=self._showcase.name, state="done", client=self.client, progress=1.0,
            dataset=wish.request.dataset,
            node=wish.request.nodes[0] if isinstance(wish, Excite) else None,
        )  # fmt: skip
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
        self._vault.runs.clear()
        self._ascents.clear()

    def _deliver(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        if self._on_arrival is not None:
            self._on_arrival()

    def _tell(self, event: Event) -> None:
        if isinstance(event, JobChanged):
            self._told_jobs[event.job.id] = event.job
        self._deliver(EventArrived(event))

    def _number(self) -> int:
        self._events += 1
        return self._events

    def _network(self) -> NetworkDescription:
        return NetworkDescription(
            id=self._showcase.name,
            name=self._showcase.name,
            graph=self._graph,
            input=self._showcase.input,
            classes=self._showcase.classes,
            snapshot=self._first,
        )

    def _take(
        self,
        *,
        client: str | None,
        step: int | None = None,
        given: tuple[Floats, InputReference] | None = None,
    ) -> SnapshotManifest:
        """Run what is given, else on the input, through the network, as it is at a step of its
        training."""
        lying, reference = given or self._given
        if step is None and self._steps:
            values = self._showcase.forward(lying, step=self._steps[-1].step)
        else:
            values = self._showcase.forward(lying, step=step or 0)
        self._taken += 1
        manifest = SnapshotManifest(
            id=f"s{self._taken}", network=self._showcase.name, generation=self._taken,
            input=reference, step=step, client=client,
            nodes=node_statistics(self._graph, values), top=values.top,
        )  # fmt: skip
        self._vault.runs[manifest.id] = (manifest, values)
        return manifest

    def _answer(self, fetch: Fetch) -> Arrival:
        if isinstance(fetch, Record):
            return self._record(fetch)
        if isinstance(fetch, Told):
            return self._surveys.tell(self._graph, fetch)
        methods: dict[type, Callable[[Any], Arrival]] = {
            Overview: self._vault.tiles,
            Tiles: self._vault.tiles,
            Values: self._vault.values,
            Statistics: self._vault.statistics,
            ItemPage: self._surveys.page,
            Sheet: lambda asked: PictureArrived(asked, collection.sheet(asked)),
            ItemPicture: lambda asked: PictureArrived(asked, synthetic_item(asked.item)),
            WeightStatistics: lambda asked: made_up.weight_statistics(self._graph, asked),
            Weights: lambda asked: made_up.weights(self._graph, asked),
            ChannelPicture: self._vault.channel,
            ResultFile: self._vault.file,
            NodeFile: self._vault.node_file,
        }
        return methods[type(fetch)](fetch)

    def _record(self, fetch: Record) -> Arrival:
        if isinstance(fetch, Manifest):
            return ManifestArrived(fetch, self._vault.manifest(fetch.snapshot))
        if isinstance(fetch, Compare | EndComparison):
            self._taken += 1
            return self._vault.compare(fetch, generation=self._taken)
        methods: dict[type, Callable[[Any], Arrival]] = {
            Jobs: lambda asked: JobsArrived(asked, tuple(self._told_jobs.values())),
            Climb: self._climb,
            Recipes: lambda asked: RecipesArrived(asked, tuple(RECIPES.values())),
            Snapshots: lambda asked: SnapshotsArrived(asked, self._vault.manifests()),
            Network: lambda asked: NetworkArrived(asked, self._network()),
            Gradients: lambda asked: GradientsArrived(asked, histograms(self._graph, asked.step)),
            Training: self._training,
        }
        return methods[type(fetch)](fetch)

    def _climb(self, fetch: Climb) -> ClimbArrived:
        node = self._graph.node(fetch.node)
        units = unit_count(node.view, node.shape)
        climb = ClimbMessage(node=node.id, units=units, batch=units, precision="float32")
        return ClimbArrived(fetch, climb)

    def _training(self, fetch: Training) -> TrainingArrived:
        history = TrainingHistory(
            network=self._showcase.name,
            metrics=tuple(self._points),
            steps=tuple(self._steps),
            is_running=self._is_training,
        )
        return TrainingArrived(fetch, history)


def _refuse(wish: Wish) -> None:
    """Say that a wish needs a network that runs.

    Raises:
        InvalidRequestError: always.
    """
    raise InvalidRequestError(
        f"{type(wish).__name__}: nothing runs behind these pictures; a server is needed for that"
    )
