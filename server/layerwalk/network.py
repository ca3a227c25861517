"""One served network: its frozen description, and the twin that only the model thread touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from layerwalk.answers import top_classes
from layerwalk.candidate import Candidate
from layerwalk.inputkinds import spec_of
from layerwalk.inputs.prepared import Argument, PreparedInput
from layerwalk.nodeviews import chosen_views, shown_as
from layerwalk.snapshots import Snapshot, fitting_view
from layerwalk.tracking import Recorder, Recording, Trace, freeze, trace
from layerwalk.twin import (
    Care,
    Example,
    initialise,
    is_whole,
    main_weight,
    own_weights,
    parameter_names,
    slot_names,
    weights_of,
)
from layerwalk_shared.errors import NotFoundError, nearest_hint
from layerwalk_shared.graph import Graph, View
from layerwalk_shared.messages import (
    InputSpec,
    NetworkDescription,
    NetworkSummary,
    NodeStatistics,
    SnapshotManifest,
)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network as the session keeps it.

    Attributes:
        id, name: of this session; for people.
        trace: graph, detail, error.
        input: what it takes.
        example: arguments of one forward pass; model thread only.
        classes: names of the outputs, or ().
        parameters: learned values.
        weights: module path -> name -> values, read-only, as they were when it was traced.
        recorder: runs the twin; model thread only.
        twin: what is run; model thread only, or while `care` holds it still.
        care: how it is run.
        arguments: name -> what an input can be put on: ids of input nodes, names and paths of
            arguments; the one that is shown by "" too.
        views: node id -> how a person wishes it to be shown.
        graph: of the trace, shown as `views` says.
    """

    id: str
    name: str
    trace: Trace
    input: InputSpec
    example: Example
    classes: tuple[str, ...]
    parameters: int
    weights: Mapping[str, Mapping[str, NDArray[np.generic]]]
    recorder: Recorder
    twin: nn.Module
    care: Care
    first: PreparedInput
    arguments: Mapping[str, Argument]
    views: Mapping[str, View] = field(default_factory=dict)
    graph: Graph = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", shown_as(self.trace.graph, self.views))

    def with_view(self, node_id: str, view: View | None) -> Network:
        """Return this network with a node shown another way; None: as it is guessed.

        Raises:
            NotFoundError: there is no such node; names the nearest.
            InvalidRequestError: the view cannot show its shape; the message lists those that can.
        """
        self.graph.node(node_id)
        kept = {key: value for key, value in self.views.items() if key != node_id}
        chosen = {} if view is None else chosen_views(self.trace.graph, {node_id: view})
        return replace(self, views=kept | chosen)

    def summary(self) -> NetworkSummary:
        return NetworkSummary(
            id=self.id,
            name=self.name,
            nodes=len(self.graph.nodes),
            classes=len(self.classes),
            parameters=self.parameters,
        )

    def describe(self, snapshot: SnapshotManifest | None) -> NetworkDescription:
        """Return the network whole, with the snapshot that everyone sees first."""
        return NetworkDescription(
            id=self.id,
            name=self.name,
            graph=self.graph,
            input=self.input,
            classes=self.classes,
            detail=self.trace.detail,
            parameters=self.parameters,
            snapshot=snapshot,
            error=self.trace.error,
        )

    def node_index(self, node_id: str) -> int:
        """Return the index of a node.

        Raises:
            NotFoundError: there is none of that id; names the nearest.
        """
        self.graph.node(node_id)
        return self.graph.index[node_id]

    def argument(self, name: str | None) -> Argument:
        """Return the argument of that name; the one that is shown for None.

        Raises:
            NotFoundError: there is none.
        """
        found = self.arguments.get(name or "")
        if found is None:
            known = [one for one in self.arguments if one]
            raise NotFoundError(
                f"argument {name!r} is not one of network {self.id!r} ({', '.join(known)})"
                + nearest_hint(name or "", known)
            )
        return found

    def node_weights(self, node_id: str) -> NDArray[np.generic]:
        """Return the weights of the module that a node is the output of, read-only.

        Raises:
            NotFoundError: no such node, or nothing learned stands behind it.
        """
        node = self.graph.node(node_id)
        arrays = self.weights.get(node.module) if node.kind == "module" else None
        if not arrays:
            raise NotFoundError(f"node {node_id!r} ({node.operation}) has no weights")
        with self.care.reading() as is_live:
            if is_live:
                arrays = own_weights(self.twin.get_submodule(node.module))
        return main_weight(arrays)

    def run(
        self,
        prepared: PreparedInput,
        *,
        snapshot_id: str,
        generation: int,
        client: str | None,
        step: int | None = None,
    ) -> tuple[Snapshot, Recording]:
        """Run the twin on an input and freeze every value; model thread only.

        Args:
            prepared: the input.
            snapshot_id, generation: of the snapshot.
            client: who asked.
            step: of the training, where the run shows one.

        Returns:
            The snapshot, and the recording it was made of.
        """
        args, kwargs = self.example.with_values(prepared.values, prepared.slot)
        with self.care.running():
            recording = self.recorder.record(args, kwargs)
            frozen = freeze(recording, self.graph)
        manifest = SnapshotManifest(
            id=snapshot_id,
            network=self.id,
            generation=generation,
            input=prepared.reference,
            client=client,
            step=step,
            nodes=frozen.statistics,
            top=top_classes(recording.outputs, self.classes),
            error=recording.error or _departure(frozen.statistics, recording.departure),
        )
        return Snapshot(manifest, self.graph, frozen.values, self.input), recording

    def traced_again(self) -> Network:
        """Return this network with the graph that it has now; model thread only."""
        with self.care.tracing():
            traced = trace(
                self.twin, self.example.args, self.example.kwargs, detail=self.trace.detail
            )
        recorder = Recorder(self.twin, self.care.settled(traced))
        nodes = {node.id: node for node in traced.graph.nodes}
        kept = {
            key: view
            for key, view in self.views.items()
            if key in nodes and fitting_view(view, nodes[key].shape) == view
        }
        return replace(
            self, trace=traced, weights=weights_of(self.twin), recorder=recorder, views=kept
        )


def _departure(nodes: Sequence[NodeStatistics], departure: str | None) -> str | None:
    """Return how forward departed from its trace, where nodes are empty by that."""
    missing = sum(not node.has_values for node in nodes)
    if departure is None or not missing:
        return None
    return f"{departure}; {missing} nodes have no values"


def make_network(candidate: Candidate, network_id: str) -> Network:
    """Trace the twin of a candidate and make it ready to record; model thread only.

    Raises:
        InvalidRequestError: a view shows none of its nodes.
        ModelError: it has lazy modules that its example does not initialise.
    """
    twin, example, care = candidate.twin, candidate.example, candidate.care
    if not care.is_shared:
        initialise(twin, example)
    with care.tracing():
        traced = trace(twin, example.args, example.kwargs, detail=candidate.detail)
    return Network(
        id=network_id,
        name=candidate.name,
        trace=traced,
        input=candidate.input,
        example=example,
        classes=candidate.classes,
        parameters=sum(parameter.numel() for parameter in twin.parameters()),
        weights=weights_of(twin),
        recorder=Recorder(twin, care.settled(traced)),
        twin=twin,
        care=care,
        first=candidate.first,
        arguments=_arguments(candidate, traced.graph),
        views=chosen_views(traced.graph, candidate.views),
    )


def _arguments(candidate: Candidate, graph: Graph) -> dict[str, Argument]:
    """Return name -> what an input can be put on; the shown one, called "" too, first."""
    twin, example = candidate.twin, candidate.example
    parameters = parameter_names(twin)
    inputs = [node.id for node in graph.nodes if node.kind == "input"]
    slots = example.slots
    found: dict[str, Argument] = {}
    for place, slot in enumerate(slots):
        tensor = example.tensor(slot)
        is_shown = slot == example.slot
        if not is_shown and (tensor.ndim < 2 or tensor.shape[0] != 1 or tensor.numel() == 0):
            continue
        spec = candidate.input if is_shown else spec_of(example, slot=slot, model=twin)
        tokenizer = candidate.tokenizer if spec.kind == "text" else None
        made = Argument(spec, is_whole(tensor), tokenizer, slot)
        names = [inputs[place]] if len(inputs) == len(slots) else []
        for name in (*([""] if is_shown else []), *names, *slot_names(slot, parameters)):
            found.setdefault(name, made)
    return found
