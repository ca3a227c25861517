"""The session: networks, data sets, snapshots, jobs and events of one server.

It is the one mutable object of the server. Every input makes a snapshot of its own: there is no
current input, so clients that show different things never see each other's.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

import torch
from torch import nn

from layerwalk.events import EventLog
from layerwalk.gallery import Gallery
from layerwalk.inputkinds import complete_spec, spec_of
from layerwalk.inputs.datasets import Dataset
from layerwalk.inputs.placed import Placed
from layerwalk.inputs.prepared import (
    Argument,
    PreparedInput,
    from_channel,
    from_file,
    from_item,
    from_noise,
    from_text,
    prepared,
)
from layerwalk.inputs.texts import Tokenizer, as_tokenizer
from layerwalk.jobs import JobHandle, JobQueue
from layerwalk.limits import Limits
from layerwalk.network import Network, make_network
from layerwalk.nodeviews import shown_again
from layerwalk.snapshots import Snapshot
from layerwalk.tilestore import TileStore
from layerwalk.tracking import Detail, Recording
from layerwalk.twin import Care, Example, check_device, make_example, parameter_names
from layerwalk_shared.errors import InputError, NotFoundError
from layerwalk_shared.graph import Node, View
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetInput,
    DatasetSummary,
    ExampleInput,
    InputReference,
    InputRequest,
    InputSpec,
    Job,
    JobChanged,
    NetworkAdded,
    NetworkChanged,
    NetworkDescription,
    NoiseInput,
    SessionDescription,
    SnapshotManifest,
    TextInput,
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

    Args:
        limits: how much of anything it takes.
        device: where twins live, as torch names it.
        on_start: called first on every thread that works for it, and for its servers.

    Raises:
        ModelError: there is no such device.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        device: str = "cpu",
        on_start: Callable[[], object] = lambda: None,
    ) -> None:
        check_device(device)
        self.id = secrets.token_hex(4)
        self.limits = limits or Limits()
        self.events = EventLog(kept=self.limits.kept_events)
        self.tiles = TileStore(budget_bytes=self.limits.tile_bytes, on_start=on_start)
        self.on_start = on_start
        self._device = device
        self._networks: dict[str, Network] = {}
        self._datasets: dict[str, Dataset] = {}
        self._lock = threading.RLock()
        self.gallery = Gallery(
            self.limits, stamp=self.id, events=self.events, tiles=self.tiles, lock=self._lock
        )
        self._network_count = 0
        self._placed = Placed()
        self._is_closed = False
        self.jobs = JobQueue(
            limit=self.limits.queued_jobs,
            kept=self.limits.kept_jobs,
            on_change=lambda job: self.events.publish(JobChanged, job=job),
            on_start=on_start,
        )

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
        words = None if tokenizer is None else as_tokenizer(tokenizer, vocabulary)
        shown = None
        if example is None:
            if input_spec is None:
                raise InputError("an example input or an input_spec is needed to run the model")
            input_spec = complete_spec(input_spec, model=model, tokenizer=words)
            noisy = Argument(input_spec, input_spec.kind == "text", words)
            shown = from_noise(NoiseInput(), noisy)
            example = torch.from_numpy(shown.values)[None]
        arguments = make_example(
            example, device=self._device, argument=argument, parameters=parameter_names(model)
        )
        spec = input_spec or spec_of(arguments, model=model)
        shape = tuple(arguments.shown.shape[1:])
        if shape != spec.shape:
            raise InputError(f"the example has shape {list(shape)}, input_spec {list(spec.shape)}")
        spec = complete_spec(spec, model=model, tokenizer=words, example=arguments)
        taker = Argument(spec, arguments.is_integer, words, arguments.slot)
        if first is not None and not isinstance(first, ExampleInput):
            shown = self._prepare(first, taker)
        elif shown is None:
            values = arguments.shown[0].cpu().numpy()
            shown = prepared(values, taker, InputReference(kind="example", title="example"))
        care = care or Care()
        twin = care.twin(model, device=self._device)
        return self.jobs.call(
            lambda: self._begin(
                twin,
                arguments,
                shown=shown,
                name=name or type(model).__name__,
                spec=spec,
                classes=classes,
                detail=detail,
                views=views,
                tokenizer=words,
                care=care,
            )
        )

    def add_dataset(self, dataset: Dataset) -> str:
        """Offer a data set to pick inputs from; return its id."""
        with self._lock:
            dataset_id = f"d{len(self._datasets) + 1}"
            self._datasets[dataset_id] = dataset
            return dataset_id

    def describe(self) -> SessionDescription:
        """Return one consistent cut: all that there is at one event number."""
        with self._lock:
            return SessionDescription(
                version=_version(),
                networks=tuple(network.summary() for network in self._networks.values()),
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
        with self._lock:
            return _known(self._networks, network_id, "network")

    def networks(self) -> tuple[Network, ...]:
        """Return all networks, in the order they were added."""
        with self._lock:
            return tuple(self._networks.values())

    def dataset(self, dataset_id: str) -> Dataset:
        """Return a data set.

        Raises:
            NotFoundError: there is no such data set.
        """
        with self._lock:
            return _known(self._datasets, dataset_id, "data set")

    def datasets(self) -> tuple[DatasetSummary, ...]:
        """Return what data sets there are."""
        with self._lock:
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
            made = self._prepare(request, network.argument(argument))
        return self._run(network_id, made, client)

    def show_as(self, network_id: str, node_id: str, view: View | None) -> Node:
        """Show a node another way, for everyone; None restores the guess. Return it as shown now.

        Snapshots stay as they are. The newest of the network, and the newest of each client, come
        once more as new ones of the same values, shown the new way.

        Raises:
            NotFoundError: there is no such network or node; names the nearest.
            InvalidRequestError: the view cannot show the node's shape; names those that can.
        """
        again: list[Snapshot] = []
        with self._lock:
            before = self.network(network_id)
            network = before.with_view(node_id, view)
            node = network.graph.node(node_id)
            self._networks[network_id] = network
            if node != before.graph.node(node_id):
                reason = f"{node_id} is shown as {node.view}"
                self.events.publish(NetworkChanged, network=network.summary(), reason=reason)
                newest = {one.manifest.client: one for one in self.gallery.of(network_id)}
                for one in sorted(newest.values(), key=lambda one: one.generation):
                    new_id, generation = self.gallery.reserve()
                    made = shown_again(
                        one, network.graph, snapshot_id=new_id, generation=generation
                    )
                    again.append(self._keep(made))
        for one in again:
            self.gallery.warm(one)
        return node

    def close(self) -> None:
        """End all threads, let go who waits; a closed session answers no more work."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self.events.close()
        self.jobs.close()
        self.tiles.close()
        for network in self.networks():
            network.recorder.close()

    def take_step(self, network_id: str, step: int) -> tuple[Network, Snapshot, Recording]:
        """Take the snapshot of a training step, keep it and tell of it; model thread only.

        It shows what the network was first shown with.

        A network that took another way than when it was traced is not told of here; see
        `trace_again`.

        Raises:
            NotFoundError: there is no such network.
        """
        network = self.network(network_id)
        snapshot, recording = self._take(network, network.first, client=None, step=step)
        snapshot = self._keep(snapshot)
        return network, snapshot, recording

    def trace_again(self, network_id: str, reason: str) -> Network:
        """Trace a network anew and tell that its graph is another; model thread only.

        Snapshots of the former graph are dropped: nobody could tell their nodes.

        Raises:
            NotFoundError: there is no such network.
            ModelError: it cannot be traced.
        """
        network = self.network(network_id).traced_again()
        with self._lock:
            before = self._networks[network_id]
            self._networks[network_id] = network
            self.events.publish(NetworkChanged, network=network.summary(), reason=reason)
            self.gallery.clear(network_id, before.graph, network.graph)
        before.recorder.close()
        return network

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(
        self,
        twin: nn.Module,
        example: Example,
        *,
        shown: PreparedInput,
        name: str,
        spec: InputSpec,
        classes: Sequence[str],
        detail: Detail | None,
        views: Mapping[str, View] | None,
        tokenizer: Tokenizer | None,
        care: Care,
    ) -> str:
        with self._lock:
            self._network_count += 1
            network_id = f"n{self._network_count}"
        network = make_network(
            twin,
            example,
            network_id=network_id,
            name=name,
            first=shown,
            input_spec=spec,
            classes=classes,
            detail=detail,
            views=views,
            tokenizer=tokenizer,
            care=care,
        )
        snapshot, _ = self._take(network, shown, client=None)
        with self._lock:
            self._networks[network_id] = network
            self.events.publish(NetworkAdded, network=network.summary())
            snapshot = self._keep(snapshot)
        self.gallery.warm(snapshot)
        return network_id

    def _prepare(
        self, request: DatasetInput | NoiseInput | ChannelInput | TextInput, argument: Argument
    ) -> PreparedInput:
        if isinstance(request, DatasetInput):
            dataset = self.dataset(request.dataset)
            side = self.limits.image_side
            return from_item(request.dataset, dataset, request.item, argument, largest_side=side)
        if isinstance(request, ChannelInput):
            snapshot = self.snapshot(request.snapshot)
            node = self.network(snapshot.manifest.network).node_index(request.node)
            return from_channel(snapshot, node, request.channel, argument)
        if isinstance(request, TextInput):
            return from_text(request.text, argument)
        return from_noise(request, argument)

    def _run(self, network_id: str, prepared: PreparedInput, client: str | None) -> Job:
        self.network(network_id)

        def work(handle: JobHandle) -> str:
            handle.check()
            network = self.network(network_id)
            lying = self._placed.put(network_id, client, prepared, shown=network.example.slot)
            beside = tuple(one for one in lying if one is not prepared)
            snapshot, _ = self._take(network, prepared, client=client, beside=beside)
            snapshot = self._keep(snapshot)
            self.gallery.warm(snapshot)
            return snapshot.id

        return self.jobs.submit("forward", network_id, work=work, client=client)

    def _keep(self, snapshot: Snapshot) -> Snapshot:
        """Keep a snapshot and tell of it; return it, shown as is wished now."""
        with self._lock:
            graph = self.network(snapshot.manifest.network).graph
            if snapshot.graph is not graph and snapshot.graph.index == graph.index:
                snapshot = shown_again(
                    snapshot, graph, snapshot_id=snapshot.id, generation=snapshot.generation
                )
            self.gallery.put(snapshot)
        return snapshot

    def _take(
        self,
        network: Network,
        prepared: PreparedInput,
        *,
        client: str | None,
        step: int | None = None,
        beside: Sequence[PreparedInput] = (),
    ) -> tuple[Snapshot, Recording]:
        snapshot_id, generation = self.gallery.reserve()
        return network.run(
            prepared,
            snapshot_id=snapshot_id,
            generation=generation,
            client=client,
            step=step,
            beside=beside,
        )


T = TypeVar("T")


def _known(table: Mapping[str, T], key: str, what: str) -> T:
    found = table.get(key)
    if found is None:
        known = ", ".join(table) or "none"
        raise NotFoundError(f"{what} {key!r} does not exist (there are: {known})")
    return found


def _version() -> str:
    try:
        return version("layerwalk")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
