"""What the client knows of the served network, changed only by what arrives from the source."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from layerwalk_client.app.maximising.results import Results
from layerwalk_client.app.stage.album import KEPT_BYTES
from layerwalk_client.app.stage.changes import NOTHING, Changes, unfit_tile
from layerwalk_client.app.stage.ledger import JobLedger
from layerwalk_client.app.stage.recent import Recent
from layerwalk_client.app.stage.showing import Showing
from layerwalk_client.app.stage.training import TrainingRecord
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import (
    Arrival,
    Connected,
    ConnectionLost,
    EventArrived,
    GradientsArrived,
    ManifestArrived,
    NetworkArrived,
    RequestFailed,
    SnapshotsArrived,
    TilesArrived,
    TrainingArrived,
    WishTaken,
)
from layerwalk_client.source.asking import (
    Fetch,
    Manifest,
    Maximise,
    Network,
    Overview,
    Snapshots,
    Tiles,
    Training,
    Wish,
)
from layerwalk_shared.errors import GoneError, LayerwalkError, error_from_problem
from layerwalk_shared.messages import (
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

PICTURE_BYTES = 128 * 2**20
"""For tiles of results, where nothing else is said."""


class SceneState:
    """Mutable, owned by the main thread.

    Args:
        cache: where tiles are held.
        client: id of this client; snapshots of other clients are not followed.
        kept_bytes: for overviews of a training's steps beside the one shown.
        pictures: where tiles of results are held.
    """

    def __init__(
        self,
        cache: TileCache,
        *,
        client: str,
        kept_bytes: int = KEPT_BYTES,
        pictures: TileCache | None = None,
    ) -> None:
        self._cache = cache
        self._client = client
        self._epoch = 0
        self._showing = Showing(cache, self.place, kept_bytes=kept_bytes)
        self.session: SessionDescription | None = None
        self.network: NetworkDescription | None = None
        self.training = TrainingRecord()
        self.results = Results()
        self.ledger = JobLedger()
        self.recent = Recent()
        self._pictures = TileCache(PICTURE_BYTES) if pictures is None else pictures
        self.lost: ConnectionLost | None = None
        self._change = ""
        self._held_back: SnapshotManifest | None = None
        self._jobs: dict[str, Job] = {}
        self._ended: deque[str] = deque(maxlen=64)
        self._sending = 0

    @property
    def shown(self) -> SnapshotManifest | None:
        """The snapshot that is shown."""
        return self._showing.shown

    @property
    def coming(self) -> SnapshotManifest | None:
        """The snapshot whose overview is on its way."""
        return self._showing.coming

    @property
    def chosen(self) -> int | None:
        """Number of the training's step that is looked at; None: live."""
        return None if self._showing.chosen is None else self._showing.chosen.step

    @property
    def is_chosen_gone(self) -> bool:
        """Whether the step that is looked at has no snapshot any more: what is shown is another."""
        step = None if self.chosen is None else self.training.step(self.chosen)
        is_shown = step is not None and self.shown is not None and self.shown.step == step.step
        return step is not None and step.snapshot is None and not is_shown

    @property
    def is_connected(self) -> bool:
        """Whether there is a server, as far as is known."""
        return self._epoch > 0 and self.lost is None

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Jobs of this client, and of nobody, that have not ended and lead to a new picture of the
        network; maximisations are in `results`."""
        return self._jobs

    @property
    def pictures(self) -> TileCache:
        """Tiles of results."""
        return self._pictures

    @property
    def is_busy(self) -> bool:
        """Whether a wish of this client is on its way to a new picture."""
        return bool(self._jobs) or self._sending > 0 or self.coming is not None

    def place(self, snapshot: str) -> str:
        """Return the cache's name for a snapshot: ids of different connections stay apart."""
        return f"{self._epoch}/{snapshot}"

    def note_sent(self) -> None:
        """Note that a wish was submitted; its answer comes as an arrival."""
        self._sending += 1

    def choose_step(self, number: int | None) -> Changes:
        """Look at a served step of the training (None: follow the newest).

        What is held is shown at once; else the picture stays until the step's overview is there.
        A step that was not served changes nothing.
        """
        step = None if number is None else self.training.step(number)
        if number is not None and step is None:
            return NOTHING
        return self._showing.choose(step)

    def look_at(self, manifest: SnapshotManifest) -> Changes:
        """Show a snapshot of the network again; the next input of this client ends that."""
        return self._showing.hold(manifest)

    def apply(self, arrival: Arrival) -> Changes:
        """Take one arrival in; return what it changed."""
        self.ledger.take(arrival)
        handlers: dict[type, Callable[[Any], Changes]] = {
            Connected: self._connect,
            ConnectionLost: self._lose,
            EventArrived: self._take_event,
            TilesArrived: self._take_tiles,
            WishTaken: self._take_job,
            RequestFailed: self._fail,
            ManifestArrived: self._take_manifest,
            NetworkArrived: self._change_network,
            TrainingArrived: self._take_training,
            GradientsArrived: self._take_gradients,
            SnapshotsArrived: self._take_snapshots,
        }
        handler = handlers.get(type(arrival))
        return NOTHING if handler is None else handler(arrival)

    # Connections.

    def _lose(self, arrival: ConnectionLost) -> Changes:
        self.lost = arrival
        self._jobs.clear()
        self.results.lose()
        return Changes(is_status=True, is_results=True)

    def _connect(self, arrival: Connected) -> Changes:
        is_other = self.network is None or (
            self.network.model_copy(update={"snapshot": None})
            != arrival.network.model_copy(update={"snapshot": None})
        )
        self._epoch = arrival.epoch
        self._sending = 0
        self._jobs.clear()
        self._ended.clear()
        self.lost = None
        self.session = arrival.session
        self._begin(arrival.network, keeps_picture=not is_other, is_same=False)
        return Changes(
            is_new_network=is_other,
            is_status=True,
            is_training=True,
            is_results=True,
            fetches=(Training(arrival.network.id), Snapshots(arrival.network.id)),
        )

    def _begin(self, network: NetworkDescription, *, keeps_picture: bool, is_same: bool) -> None:
        self.network = network
        self.training = TrainingRecord()
        self.recent.begin(network.snapshot)
        self.results.begin(network.graph)
        for place in self._pictures.snapshots():
            self._pictures.drop(place)
        self._change = ""
        self._showing.begin(
            network.snapshot,
            nodes=len(network.graph.nodes),
            keeps_picture=keeps_picture,
            is_same=is_same,
        )

    # Events.

    def _take_event(self, arrival: EventArrived) -> Changes:
        event = arrival.event
        if isinstance(event, SnapshotTaken):
            return self._follow(event.manifest)
        if isinstance(event, JobChanged):
            return self._note_job(event.job)
        if isinstance(event, SnapshotsDropped):
            self.training.forget_snapshots(self._showing.drop(event.snapshots))
            self.recent.forget(event.snapshots)
            has_gone = self._drop_results(event.snapshots)
            return Changes(is_training=True, is_results=has_gone)
        if isinstance(event, NetworkChanged):
            return self._hear_of_change(event)
        if isinstance(event, MetricsPublished | TrainingStepped | TrainingEnded):
            return self._train(event)
        return NOTHING

    def _follow(self, manifest: SnapshotManifest) -> Changes:
        if self.network is None or manifest.network != self.network.id:
            return NOTHING
        if manifest.client not in (None, self._client):
            return NOTHING
        if manifest.maximised is not None:
            return Changes(is_results=self.results.take(manifest))
        if manifest.attributed is not None:
            return NOTHING
        if self._change:
            self._held_back = manifest  # of the new graph, which is on its way
            return NOTHING
        self.recent.note(manifest)
        return self._showing.follow(manifest, is_own=manifest.client is not None)

    def _train(self, event: MetricsPublished | TrainingStepped | TrainingEnded) -> Changes:
        if self.network is None or event.network != self.network.id:
            return NOTHING
        if isinstance(event, MetricsPublished):
            self.training.begin()
            self.training.add_points(event.points)
        elif isinstance(event, TrainingStepped):
            self.training.begin()
            self.training.add_step(event.step)
        else:
            self.training.end()
        return Changes(is_training=True)

    def _hear_of_change(self, event: NetworkChanged) -> Changes:
        if self.network is None or event.network.id != self.network.id:
            return NOTHING
        self._change = event.reason or "the network has changed"
        return Changes(is_status=True, fetches=(Network(event.network.id),))

    # Jobs.

    def _take_job(self, arrival: WishTaken) -> Changes:
        self._sending = max(0, self._sending - 1)
        if isinstance(arrival.wish, Maximise):
            if self.network is not None and arrival.job.network == self.network.id:
                self.results.follow(arrival.job)
            return Changes(is_status=True, is_results=True)
        self._note_job(arrival.job)
        return Changes(is_status=True)

    def _note_job(self, job: Job) -> Changes:
        is_ours = job.client in (None, self._client)
        if self.network is None or job.network != self.network.id or not is_ours:
            return NOTHING
        if job.kind == "maximise":
            self.results.note_job(job)
            return Changes(is_status=True, is_results=True, failure=_failure(job))
        if job.kind in ("attribute", "score", "excite"):
            return Changes(is_status=True, failure=_failure(job))
        if job.state in ("queued", "running"):
            if job.id in self._ended:  # its events were quicker than the answer to the wish
                return NOTHING
            self._jobs[job.id] = job
            return Changes(is_status=True)
        self._jobs.pop(job.id, None)
        self._ended.append(job.id)
        return Changes(is_status=True, failure=_failure(job))

    # What was fetched.

    def _take_tiles(self, arrival: TilesArrived) -> Changes:
        if self.coming is not None and arrival.snapshot == self.coming.id and arrival.is_overview:
            return self._showing.take_overview(arrival)
        result = self.results.manifest(arrival.snapshot)
        manifest, cache = (self.shown, self._cache) if result is None else (result, self._pictures)
        if manifest is None or arrival.snapshot != manifest.id:
            return NOTHING
        problem = unfit_tile(arrival.tiles, manifest)
        if problem is not None:
            return Changes(failure=problem)
        for tile in arrival.tiles:
            cache.put(self.place(arrival.snapshot), tile, is_pinned=arrival.is_overview)
        if result is not None:
            return Changes(is_results=True)
        return Changes(tiles=frozenset((t.key.node, t.key.block) for t in arrival.tiles))

    def _drop_results(self, snapshots: Iterable[str]) -> bool:
        gone = self.results.drop(snapshots)
        for snapshot in gone:
            self._pictures.drop(self.place(snapshot))
        return bool(gone)

    def _take_snapshots(self, arrival: SnapshotsArrived) -> Changes:
        if self.network is None or arrival.fetch.network != self.network.id:
            return NOTHING
        self.results.load(arrival.manifests)
        return Changes(is_results=True)

    def _take_manifest(self, arrival: ManifestArrived) -> Changes:
        if self.network is None or arrival.manifest.network != self.network.id:
            return NOTHING
        return self._showing.take_manifest(arrival.manifest)

    def _take_training(self, arrival: TrainingArrived) -> Changes:
        if self.network is None or arrival.history.network != self.network.id:
            return NOTHING
        self.training.load(arrival.history)
        return Changes(is_training=True)

    def _take_gradients(self, arrival: GradientsArrived) -> Changes:
        if self.network is None or arrival.fetch.network != self.network.id:
            return NOTHING
        self.training.take_gradients(arrival.histograms)
        return Changes(is_training=True)

    def _change_network(self, arrival: NetworkArrived) -> Changes:
        """Take the network's new description; snapshots of the old graph are of no use now."""
        if self.network is None or arrival.network.id != self.network.id:
            return NOTHING
        notice, manifest = self._change, arrival.network.snapshot
        self._begin(arrival.network, keeps_picture=False, is_same=True)
        fetches: tuple[Fetch, ...] = (Training(arrival.network.id), Snapshots(arrival.network.id))
        if manifest is not None:
            fetches = (Overview(manifest.id), *fetches)
        held, self._held_back = self._held_back, None
        if held is not None and len(held.nodes) == len(arrival.network.graph.nodes):
            fetches += self._follow(held).fetches
        return Changes(
            is_new_graph=True, is_status=True, is_training=True, fetches=fetches, notice=notice
        )

    def _fail(self, arrival: RequestFailed) -> Changes:
        request = arrival.request
        if isinstance(request, Wish):
            self._sending = max(0, self._sending - 1)
            return Changes(is_status=True, failure=arrival.error)
        if isinstance(request, Network):
            self._change = ""
            return Changes(is_status=True, failure=arrival.error)
        is_gone = isinstance(arrival.error, GoneError)
        lost = (request.snapshot,) if isinstance(request, Manifest | Overview | Tiles) else ()
        if is_gone and self._drop_results(lost):
            return Changes(is_results=True)
        if is_gone and isinstance(request, Manifest | Overview):
            self.training.forget_snapshots((request.snapshot,))
        if (
            isinstance(request, Overview)
            and self.coming is not None
            and request.snapshot == self.coming.id
        ):
            fetches, has_next = self._showing.lose_overview()
            failure = None if is_gone or has_next else arrival.error
            return Changes(is_status=True, is_training=is_gone, fetches=fetches, failure=failure)
        return Changes(is_training=True) if isinstance(request, Manifest | Overview) else NOTHING


def _failure(job: Job) -> LayerwalkError | None:
    """Return why a job failed, None where it did not."""
    if job.state != "failed" or job.problem is None:
        return None
    return error_from_problem(job.problem)
