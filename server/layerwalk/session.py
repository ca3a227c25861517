"""The session: networks, data sets, snapshots, jobs and events of one server.

It is the one mutable object of the server. Every input makes a snapshot of its own: there is no
current input, so clients that show different things never see each other's.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from torch import nn

from layerwalk.attributions import Attributions
from layerwalk.candidate import make_candidate
from layerwalk.catalogue import Catalogue
from layerwalk.comparisons import Comparisons
from layerwalk.editing import Editing
from layerwalk.events import EventLog
from layerwalk.gallery import Gallery
from layerwalk.inputrequests import prepare_request
from layerwalk.inputs.datasets import Dataset
from layerwalk.inputs.prepared import Argument, PreparedInput, from_file
from layerwalk.jobs import JobHandle, JobQueue
from layerwalk.limits import Limits
from layerwalk.network import Network
from layerwalk.networks import Networks
from layerwalk.register import Register
from layerwalk.results import ResultCache
from layerwalk.snapshots import Snapshot
from layerwalk.studio import Studio
from layerwalk.surveyor import Surveyor
from layerwalk.tilestore import TileStore
from layerwalk.tracking import Detail, Recording
from layerwalk.twin import Care, check_device
from layerwalk_shared.graph import Node, View
from layerwalk_shared.messages import (
    DatasetSummary,
    ExampleInput,
    InputRequest,
    InputSpec,
    Job,
    JobChanged,
    NetworkDescription,
    SessionDescription,
    SnapshotManifest,
)


class Session:
    """What one server knows and does.

    Mutable, shared by all threads. Its lock guards the tables of networks, data sets and snapshots;
    models run on the model thread (`jobs`) alone.

    Attributes:
        id: no other session's.
        limits: what it was made with.
        events: what has changed, numbered.
        jobs: the model thread.
        tiles: ready tiles.
        gallery: snapshots, and the histories of trainings.
        studio: takes maximisations.
        comparisons: of two snapshots each.
        surveyor: takes whole data sets through networks.
        catalogue: what is shown of data sets.
        attributions: takes questions of what made a unit strong.
        editing: takes changes of the weights of twins.

    Args:
        limits: how much of anything it takes.
        device: where twins live, as torch names it.
        on_start: called first on every thread that works for it, and for its servers.
        cache: where finished maximisations are kept; the caller closes it. None: nowhere.

    Raises:
        ModelError: there is no such device.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        device: str = "cpu",
        on_start: Callable[[], object] = lambda: None,
        cache: ResultCache | None = None,
    ) -> None:
        check_device(device)
        self.id = secrets.token_hex(4)
        self.limits = limits or Limits()
        self.events = EventLog(kept=self.limits.kept_events)
        self.tiles = TileStore(budget_bytes=self.limits.tile_bytes, on_start=on_start)
        self.on_start = on_start
        self._device = device
        self._lock = threading.RLock()
        self.gallery = Gallery(
            self.limits, stamp=self.id, events=self.events, tiles=self.tiles, lock=self._lock
        )
        self._networks = Networks(self.gallery, events=self.events, lock=self._lock)
        self.comparisons = Comparisons(
            self.gallery,
            called=lambda network: (self.network(network).name, self.network(network).classes),
            lock=self._lock,
            most=self.limits.comparisons,
        )
        self._datasets: Register[Dataset] = Register("data set", letter="d", lock=self._lock)
        self._is_closed = False
        self.jobs = JobQueue(
            limit=self.limits.queued_jobs,
            kept=self.limits.kept_jobs,
            on_change=lambda job: self.events.publish(JobChanged, job=job),
            on_start=on_start,
        )

        self.studio = Studio(
            networks=self._networks,
            gallery=self.gallery,
            jobs=self.jobs,
            limits=self.limits,
            prepare=self._prepared,
            datasets=lambda: [dataset for _, dataset in self._datasets.items()],
            cache=cache,
            device=device,
        )
        self.attributions = Attributions(
            networks=self._networks, gallery=self.gallery, jobs=self.jobs, limits=self.limits
        )
        self.editing = Editing(self._networks, self.jobs)

        self.surveyor = Surveyor(
            networks=self._networks,
            jobs=self.jobs,
            limits=self.limits,
            dataset=self.dataset,
            on_start=on_start,
        )
        self.catalogue = Catalogue(self.dataset, budget_bytes=self.limits.thumbnail_bytes)

    def add_network(
        self,
        model: nn.Module,
        example: object = None,
        *,
        name: str | None = None,
        classes: Sequence[str] = (),
        input_spec: InputSpec | None = None,
        detail: Detail | None = None,
        views: Mapping[str, View] | None = None,
        argument: int | str | None = None,
        tokenizer: object = None,
        vocabulary: Sequence[str] | None = None,
        first: InputRequest | None = None,
        care: Care | None = None,
    ) -> str:
        """Copy a model, trace the copy, take its first snapshot; return the network's id.

        Args:
            model: any module; it is not changed and may be trained on.
            example: a tensor `[N, ...]`, or a tuple or mapping of arguments; tensors may also lie
                in tuples, lists and dicts among them. Without it, noise of `input_spec.shape`.
            name: for people; the class name by default.
            classes: names of the outputs.
            input_spec: kind, shape and normalisation of the input; read off the example by
                default.
            detail: of the graph: "trackers", "modules" or "operations".
            views: node id or pattern of ids (`blocks.*.attn`) -> how it is shown, where that is
                not as guessed; see `chosen_views`.
            argument: which tensor of the example is the input that is shown: position, name, or
                path such as `batch.pixels`; the first by default.
            tokenizer: of a text: a callable str -> ids, or what Hugging Face calls one; see
                `as_tokenizer`.
            vocabulary: of a tokenizer that does not know it: id -> string.
            first: what the first snapshot shows; the example by default.
            care: how the model is copied and run, where it trains meanwhile.

        Raises:
            InputError: neither an example nor an input_spec, or they contradict each other.
            InvalidRequestError: the tokenizer is none, or a view shows none of its nodes.
            ModelError: the model cannot be copied. One whose forward raises is served up to there.
            ClosedError: the session is closed.
        """
        candidate = make_candidate(
            model,
            example,
            device=self._device,
            name=name,
            classes=classes,
            input_spec=input_spec,
            detail=detail,
            views=views,
            argument=argument,
            tokenizer=tokenizer,
            vocabulary=vocabulary,
            first=None
            if first is None or isinstance(first, ExampleInput)
            else lambda taker: self._prepared(first, taker),
            care=care,
        )
        return self.jobs.call(lambda: self._networks.add(candidate))

    def add_dataset(self, dataset: Dataset) -> str:
        """Offer a data set to pick inputs from; return its id."""
        dataset_id = self._datasets.reserve()
        self._datasets.put(dataset_id, dataset)
        return dataset_id

    def describe(self) -> SessionDescription:
        """Return one consistent cut: all that there is at one event number."""
        with self._lock:
            return SessionDescription(
                version=_version(),
                networks=tuple(network.summary() for network in self.networks()),
                datasets=self.datasets(),
                last_event=self.events.last,
            )

    def describe_network(self, network_id: str) -> NetworkDescription:
        """Return a network whole, with its newest snapshot that belongs to no client.

        Raises:
            NotFoundError: there is no such network.
        """
        with self._lock:
            shared = self.gallery.shared(network_id)
            return self.network(network_id).describe(shared.manifest if shared else None)

    def network(self, network_id: str) -> Network:
        """Return a network.

        Raises:
            NotFoundError: there is no such network.
        """
        return self._networks.get(network_id)

    def networks(self) -> tuple[Network, ...]:
        """Return all networks, in the order they were added."""
        return self._networks.all()

    def dataset(self, dataset_id: str) -> Dataset:
        """Return a data set.

        Raises:
            NotFoundError: there is no such data set.
        """
        return self._datasets.get(dataset_id)

    def datasets(self) -> tuple[DatasetSummary, ...]:
        """Return what data sets there are."""
        return tuple(
            DatasetSummary(
                id=key, name=dataset.name, count=len(dataset), classes=tuple(dataset.classes)
            )
            for key, dataset in self._datasets.items()
        )

    def snapshot(self, snapshot_id: str) -> Snapshot:
        """Return a snapshot; one that is only on disk is brought back.

        Raises:
            GoneError: it was dropped to keep within memory.
            NotFoundError: there is no such snapshot.
        """
        return self.gallery.get(snapshot_id)

    def snapshots(self, network_id: str) -> tuple[SnapshotManifest, ...]:
        """Return the manifests of a network's snapshots, oldest first.

        Raises:
            NotFoundError: there is no such network.
        """
        with self._lock:
            self.network(network_id)
            return tuple(snapshot.manifest for snapshot in self.gallery.of(network_id))

    def put_file(
        self,
        network_id: str,
        data: bytes,
        *,
        media_type: str,
        client: str | None = None,
        title: str | None = None,
        argument: str | None = None,
    ) -> Job:
        """Put a file on an argument of a network, the shown one by default.

        What the client put on the other arguments stays; without a client they are as in the
        example. The job ends with a snapshot.

        Args:
            network_id: which network.
            data: an image, NPY, WAV or CSV file, or text in UTF-8.
            media_type: what it is; `application/octet-stream`: told by its first bytes.
            client: who asks.
            title: for people.
            argument: id of an input node, or name of an argument.

        Raises:
            NotFoundError, InputError, TooLargeError, BusyError: see `from_file`, `JobQueue`.
        """
        made = from_file(
            data,
            self.network(network_id).argument(argument),
            media_type=media_type,
            largest_side=self.limits.image_side,
            title=title,
        )
        return self._run(network_id, made, client)

    def put(
        self,
        network_id: str,
        request: InputRequest,
        *,
        client: str | None = None,
        argument: str | None = None,
    ) -> Job:
        """Put a data set's item, noise, a channel, words or the example on an argument of a network.

        Raises:
            NotFoundError, GoneError, InputError, DatasetError, BusyError: as the request says.
        """
        network = self.network(network_id)
        if isinstance(request, ExampleInput):
            made = network.example_on(argument)
        else:
            made = self._prepared(request, network.argument(argument))
        return self._run(network_id, made, client)

    def show_as(self, network_id: str, node_id: str, view: View | None) -> Node:
        """Show a node another way, for everyone; None restores the guess. Return it as shown now.

        See `Networks.show_as` for what comes of it.

        Raises:
            NotFoundError: there is no such network or node; names the nearest.
            InvalidRequestError: the view cannot show the node's shape; names those that can.
        """
        return self._networks.show_as(network_id, node_id, view)

    def close(self) -> None:
        """End all threads, let go who waits; a closed session answers no more work."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self.events.close()
        self.jobs.close()
        self.tiles.close()
        self._networks.close()

    def take_step(self, network_id: str, step: int) -> tuple[Network, Snapshot, Recording]:
        """Take the snapshot of a training step; model thread only; see `Networks.take_step`."""
        return self._networks.take_step(network_id, step)

    def trace_again(self, network_id: str, reason: str) -> Network:
        """Trace a network anew; model thread only; see `Networks.trace_again`."""
        return self._networks.trace_again(network_id, reason)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepared(self, request: InputRequest, argument: Argument) -> PreparedInput:
        return prepare_request(
            request,
            argument,
            dataset=self.dataset,
            gallery=self.gallery,
            largest_side=self.limits.image_side,
        )

    def _run(self, network_id: str, prepared: PreparedInput, client: str | None) -> Job:
        self.network(network_id)

        def work(handle: JobHandle) -> str:
            handle.check()
            snapshot, _ = self._networks.take(network_id, prepared, client=client)
            self.gallery.warm(snapshot)
            return snapshot.id

        return self.jobs.submit("forward", network_id, work=work, client=client)


def _version() -> str:
    try:
        return version("layerwalk")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
