"""Attributions that are asked for become jobs, and what is found a snapshot like any other."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from torch import Tensor

from layerwalk.attribution.channels import channel_sums, item_of
from layerwalk.attribution.found import Found
from layerwalk.attribution.question import Question, argument_of
from layerwalk.attribution.target import target_of
from layerwalk.gallery import Gallery
from layerwalk.jobs import JobHandle, JobQueue
from layerwalk.limits import Limits
from layerwalk.network import Network
from layerwalk.networks import Networks
from layerwalk.snapshots import Snapshot
from layerwalk.tracking import Recording, freeze
from layerwalk_shared.contributions import Contributions, contributions_of
from layerwalk_shared.errors import GoneError, InvalidRequestError, ModelError
from layerwalk_shared.messages import Attributed, AttributeRequest, Job, SnapshotManifest

MAPS_SHARE = 0.5
"""Of the memory that snapshots are given, for the maps of one attribution; where they are more, only
the sums over channels are kept."""


class Attributions:
    """Takes requests for attributions. Any thread asks; the work is the model thread's.

    Args:
        networks: that are served.
        gallery: where snapshots come from and go to.
        jobs: the model thread.
        limits: how much of anything.
    """

    def __init__(
        self, *, networks: Networks, gallery: Gallery, jobs: JobQueue, limits: Limits
    ) -> None:
        self._networks, self._gallery, self._jobs = networks, gallery, jobs
        self._limits = limits

    def submit(
        self, network_id: str, request: AttributeRequest, *, client: str | None = None
    ) -> Job:
        """Queue an attribution; any thread. What can be wrong with it is said before it begins.

        Raises:
            NotFoundError: no such network, snapshot, node or unit.
            GoneError: the snapshot was dropped.
            InvalidRequestError: nothing passes a gradient, or the request does not fit the network.
            ModelError: forward raised.
            BusyError, ClosedError: see `JobQueue`.
        """
        network = self._networks.get(network_id)
        explained = self._explained(network, request.snapshot)
        question = _question(network, explained, request)
        self._jobs.call(question.check)

        def work(handle: JobHandle) -> str:
            return self._answer(handle, question, explained, network_id, client=client)

        return self._jobs.submit(
            "attribute",
            network_id,
            work=work,
            client=client,
            node=question.target.node,
            priority=request.priority,
        )

    def _explained(self, network: Network, wish: str | None) -> Snapshot:
        """Return the snapshot whose input is explained."""
        found = self._gallery.shared(network.id) if wish is None else self._gallery.get(wish)
        if found is None:
            raise GoneError(f"network {network.id!r} has no snapshot; put something on its input")
        if found.manifest.network != network.id:
            raise InvalidRequestError(
                f"snapshot {found.id!r} is of network {found.manifest.network!r}, not {network.id!r}"
            )
        if not found.manifest.is_run:
            raise InvalidRequestError(
                f"snapshot {found.id!r} is no run of the network; put its picture on the input, and "
                "ask of the snapshot that comes of it"
            )
        return found

    def _answer(
        self,
        handle: JobHandle,
        question: Question,
        explained: Snapshot,
        network_id: str,
        *,
        client: str | None,
    ) -> str:
        network = self._networks.get(network_id)
        if network.trace is not question.traced:
            raise GoneError(
                f"network {network_id!r} was traced again since this was asked for; ask again"
            )
        with network.care.reading() as is_live:
            is_changing = is_live and question.is_copied
        if is_changing:  # all steps are of the same weights
            with network.running():
                model = copy.deepcopy(network.twin)
            question = replace(question, model=model, running=nullcontext)
        revision = network.edits.revision
        for step in question.answer():
            if step.found is not None:
                return self._keep(handle, question, step.found, explained, client=client)
            handle.progress(step.step / step.steps, step=step.step, steps=step.steps)
            handle.give_way()
            if network.edits.revision != revision:
                raise GoneError("the weights were changed meanwhile; ask again")
        raise ModelError("the attribution came to no end")

    def _keep(
        self,
        handle: JobHandle,
        question: Question,
        found: Found,
        explained: Snapshot,
        *,
        client: str | None,
    ) -> str:
        network = self._networks.get(explained.manifest.network)
        graph = question.graph
        size = sum(one.numel() * 4 for one in found.maps.values())
        has_maps = size <= MAPS_SHARE * self._limits.snapshot_bytes
        if not has_maps:
            handle.progress(
                0.0, note=f"the maps are {size} bytes; only the sums over channels are kept"
            )
        frozen = freeze(_recording(question, found.maps if has_maps else {}), graph)
        snapshot_id, generation = self._gallery.reserve()
        unit = found.target.unit
        assert unit is not None
        is_answer = found.target.node in question.traced.outputs
        named = is_answer and len(network.classes) == found.target.place.units
        before = explained.manifest
        manifest = SnapshotManifest(
            id=snapshot_id,
            network=before.network,
            generation=generation,
            input=before.input,
            inputs=before.inputs,
            step=before.step,
            client=client,
            nodes=frozen.statistics,
            attributed=Attributed(
                job=handle.id,
                node=found.target.node,
                unit=unit,
                position=found.target.position,
                name=network.classes[unit] if named else None,
                value=_finite(found.value),
                method=question.method,
                snapshot=before.id,
                layer=found.layer,
                argument=found.argument,
                baseline=None if found.baseline is None else _finite(found.baseline),
                has_contributions=found.edges is not None,
                has_maps=has_maps,
            ),
        )
        made = Snapshot(
            manifest, graph, frozen.values, network.input, _contributions(question, found)
        )
        self._gallery.put(made)
        if has_maps:
            self._gallery.warm(made)
        return snapshot_id


def _question(network: Network, explained: Snapshot, request: AttributeRequest) -> Question:
    example = network.example.with_inputs(network.inputs_of(explained))
    names = {
        name: node
        for name, argument in network.arguments.items()
        if name and (node := network.input_node(argument)) is not None
    }
    graph = network.graph
    return Question(
        network.twin,
        example,
        network.trace,
        graph,
        target_of(
            graph,
            network.trace,
            node=request.node,
            unit=request.unit,
            position=request.position,
        ),
        request.method,
        argument_of(graph, example, request.argument, names=names),
        layer=request.layer,
        steps=request.steps,
        window=request.window,
        stride=request.stride,
        is_copied=not network.care.is_shared,
        running=network.running,
    )


def _recording(question: Question, maps: Mapping[str, Tensor]) -> Recording:
    return Recording(
        maps,
        None,
        None,
        departure=None,
        batch=1,
        batch_axes=question.traced.plan.batch_axes,
    )


def _contributions(question: Question, found: Found) -> Contributions | None:
    """Return the sums over the channels of all nodes, of a signal."""
    if found.edges is None:
        return None
    axes = question.traced.plan.batch_axes
    channels = []
    for node in question.graph.nodes:
        tensor = found.maps.get(node.id)
        if tensor is None:
            channels.append(np.zeros(node.channels, np.float32))
            continue
        item = item_of(tensor, axes.get(node.id, 0), axes=len(node.shape))
        view = "maps" if node.view == "image" and item.ndim >= 3 else node.view
        channels.append(channel_sums(item, view, node.channels))
    reached = [node.id in found.maps for node in question.graph.nodes]
    return contributions_of(channels, reached, found.edges)


def _finite(value: float) -> float:
    return float(np.nan_to_num(value))
