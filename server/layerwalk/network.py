"""One served network: its frozen description, and the twin that only the model thread touches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from layerwalk.answers import top_classes
from layerwalk.candidate import Candidate
from layerwalk.edits import Edits
from layerwalk.inputkinds import spec_of
from layerwalk.inputs.prepared import Argument, PreparedInput, Slot, prepared
from layerwalk.nodeviews import chosen_views, shown_as
from layerwalk.snapshots import Snapshot, fitting_view
from layerwalk.tracking import Recorder, Recording, Trace, freeze, receptive_fields, trace
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
from layerwalk_shared.errors import InvalidRequestError, NotFoundError, nearest_hint
from layerwalk_shared.graph import Graph, View
from layerwalk_shared.messages import (
    EditedNode,
    InputReference,
    InputSpec,
    NamedInput,
    NetworkDescription,
    NetworkSummary,
    NodeStatistics,
    SnapshotManifest,
)
from layerwalk_shared.receptive import ReceptiveField

_NODE_NAME = re.compile(r"input(:\d+)?")


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
        inputs: name -> what lay on it when the network was added, one for each argument, the shown
            one first.
        edits: of the twin's weights; model thread only.
        receptive: of each node, what it sees of an input picture; None: all of it, or no rule tells.
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
    inputs: Mapping[str, PreparedInput]
    edits: Edits
    receptive: tuple[ReceptiveField | None, ...] = ()
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
            inputs=tuple(
                NamedInput(
                    name=name,
                    node=self.input_node(self.arguments[name]),
                    spec=self.arguments[name].spec,
                )
                for name in self.inputs
            ),
            classes=self.classes,
            detail=self.trace.detail,
            parameters=self.parameters,
            snapshot=snapshot,
            error=self.trace.error,
            receptive=self.receptive,
            edited=self.edited(),
        )

    def edited(self) -> tuple[EditedNode, ...]:
        """Return the nodes whose weights are edited, in the graph's order."""
        found = []
        for node in self.graph.nodes:
            edits, is_replaced = self.edits.edits_of(node.module)
            if node.kind == "module" and (edits or is_replaced):
                found.append(EditedNode(node=node.id, edits=edits, is_replaced=is_replaced))
        return tuple(found)

    def check_own_twin(self) -> None:
        """Raise `InvalidRequestError` where what is run is the user's own model."""
        if self.care.is_shared:
            raise InvalidRequestError(
                f"network {self.id!r} is run as the user's own model, which could not be copied; its "
                "weights are not changed"
            )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the twin as it is to be run: its weights still, with the edits on them; model thread."""
        with self.care.running():
            self.edits.lay()
            yield

    def inputs_of(self, snapshot: Snapshot) -> tuple[PreparedInput, ...]:
        """Return what lay on the arguments when a snapshot of a run was taken."""
        found = []
        lying = snapshot.manifest.inputs or (snapshot.manifest.input,)
        for (name, first), reference in zip(self.inputs.items(), lying, strict=False):
            node = self.input_node(self.arguments[name])
            values = None if node is None else snapshot.values[self.graph.index[node]]
            found.append(first if values is None else PreparedInput(values, reference, first.slot))
        return tuple(found)

    def input_node(self, argument: Argument) -> str | None:
        """Return the id of the input node of an argument."""
        for name, one in self.arguments.items():
            index = self.graph.index.get(name)
            if one is argument and index is not None and self.graph.nodes[index].kind == "input":
                return name
        return None

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

    def example_on(self, name: str | None) -> PreparedInput:
        """Return what lay on an argument when the network was added.

        Raises:
            NotFoundError: there is no such argument.
        """
        slot = self.argument(name).slot
        return next(one for one in self.inputs.values() if one.slot == slot)

    def node_weights(self, node_id: str) -> NDArray[np.generic]:
        """Return the weights of the module that a node is the output of, read-only.

        Raises:
            NotFoundError: no such node, or nothing learned stands behind it.
        """
        path = self.module_of(node_id)
        with self.care.reading() as is_live:
            is_edited = path in self.edits.paths
            if not (is_live or is_edited):
                return main_weight(self.weights[path])
            return main_weight(own_weights(self.twin.get_submodule(path)))

    def module_of(self, node_id: str) -> str:
        """Return the path of the module that a node is the output of, which has weights.

        Raises:
            NotFoundError: no such node, or nothing learned stands behind it.
        """
        node = self.graph.node(node_id)
        if node.kind != "module" or not self.weights.get(node.module):
            raise NotFoundError(f"node {node_id!r} ({node.operation}) has no weights")
        return node.module

    def run(
        self,
        prepared: PreparedInput,
        *,
        snapshot_id: str,
        generation: int,
        client: str | None,
        step: int | None = None,
        beside: Sequence[PreparedInput] = (),
    ) -> tuple[Snapshot, Recording]:
        """Run the twin on an input and freeze every value; model thread only.

        Args:
            prepared: the input.
            snapshot_id, generation: of the snapshot.
            client: who asked.
            step: of the training, where the run shows one.
            beside: what lies on other arguments; the rest is as in the example.

        Returns:
            The snapshot, and the recording it was made of.
        """
        example = self.example.with_inputs((*beside, prepared))
        lying = {one.slot or self.example.slot: one.reference for one in (*beside, prepared)}
        with self.running():
            recording = self.recorder.record(example.args, dict(example.kwargs))
            frozen = freeze(recording, self.graph)
        manifest = SnapshotManifest(
            id=snapshot_id,
            network=self.id,
            generation=generation,
            input=prepared.reference,
            inputs=tuple(
                lying.get(one.slot or self.example.slot, one.reference)
                for one in self.inputs.values()
            ),
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
            self,
            trace=traced,
            weights=weights_of(self.twin),
            recorder=recorder,
            receptive=receptive_fields(traced, self.twin),
            views=kept,
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
    arguments = _arguments(candidate, traced.graph)
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
        arguments=arguments,
        inputs=_inputs(arguments, example, candidate.first),
        edits=Edits(twin),
        receptive=receptive_fields(traced, twin),
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
        words = candidate.tokenizer if is_shown or spec.vocabulary is not None else None
        if spec.kind == "text":
            spec = spec.model_copy(update={"has_tokenizer": words is not None})
        made = Argument(spec, is_whole(tensor), words if spec.kind == "text" else None, slot)
        names = [inputs[place]] if len(inputs) == len(slots) else []
        for name in (*([""] if is_shown else []), *names, *slot_names(slot, parameters)):
            found.setdefault(name, made)
    return found


def _inputs(
    arguments: Mapping[str, Argument], example: Example, first: PreparedInput
) -> dict[str, PreparedInput]:
    """Return the name of each argument -> what lies on it, the shown one first.

    What forward calls it says more than the id of an input node.
    """
    found: dict[str, PreparedInput] = {}
    names: dict[Slot, list[str]] = {}
    for name, argument in arguments.items():
        if name:
            names.setdefault(argument.slot or example.slot, []).append(name)
    for slot in sorted(names, key=lambda slot: slot != example.slot):
        name = min(names[slot], key=_says_little)
        values = example.tensor(slot)[0].cpu().numpy()
        reference = InputReference(kind="example", title="example")
        is_shown = slot == example.slot
        found[name] = first if is_shown else prepared(values, arguments[name], reference)
    return found


def _says_little(name: str) -> int:
    """Rank a name of an argument: what forward calls it, the id of a node, a position."""
    return 2 if name[0].isdigit() else int(_NODE_NAME.fullmatch(name) is not None)
