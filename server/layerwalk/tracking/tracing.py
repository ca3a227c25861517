"""`trace`: from a model and an example to its graph, and to what a recorder needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from torch import nn

from layerwalk.tracking.assembly import assemble
from layerwalk.tracking.calls import ModuleTree
from layerwalk.tracking.drafts import Capture, NodeDraft
from layerwalk.tracking.inputs import Arguments, copy_arguments
from layerwalk.tracking.modules import TrackerModule
from layerwalk.tracking.nesting import leaves
from layerwalk.tracking.operations import Detail
from layerwalk.tracking.provenance import union
from layerwalk.tracking.resting import at_rest, held_tensors
from layerwalk.tracking.running import Key, error_text
from layerwalk.tracking.standins import StandIns, watchable
from layerwalk.tracking.tracer import Tracer
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph, View

DETAILS: tuple[Detail, ...] = ("trackers", "modules", "operations")


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """What a recorder needs beside the graph.

    Attributes:
        captures: node id -> where its value is to be had.
        copied: ids of nodes whose values must be copied when they are seen: their memory is
            written in place later, or the model keeps it.
        batch_axes: node id -> axis of its tensor that counts the items of a batch, or None.
        module_calls: module path -> calls of it; `operations`: (module path, operation) -> calls.
        order: calls that gave nodes, in the order in which they ended.
        buffers: names of the buffers that forward changes.
        draws_random: forward draws random numbers even in eval mode.
    """

    captures: Mapping[str, Capture]
    copied: frozenset[str]
    batch_axes: Mapping[str, int | None]
    module_calls: Mapping[str, int]
    operations: Mapping[tuple[str, str], int]
    order: tuple[Key, ...]
    buffers: tuple[str, ...]
    draws_random: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """What one watched forward pass found.

    Attributes:
        graph: nodes, edges, groups; up to where forward raised, if it did.
        detail: which operations are nodes.
        error: what forward raised, and where; None if it did not.
        outputs: ids of the nodes that the returned tensors come from.
        plan: for the recorder.
    """

    graph: Graph
    detail: Detail
    error: str | None
    outputs: tuple[str, ...]
    plan: CapturePlan


def trace(
    model: nn.Module,
    args: object,
    kwargs: Mapping[str, Any] | None = None,
    *,
    detail: Detail | None = None,
    input_views: Mapping[str, View] | None = None,
) -> Trace:
    """Run `model(*args, **kwargs)` once and return its graph.

    The model runs in eval mode without gradients, on copies of the tensors given. Afterwards
    training flags, buffers and random states are as before, and no hook is left. A forward that
    raises is no error here: its graph ends there, and `Trace.error` says why.

    Args:
        model: any module.
        args: positional arguments, batch axis first; a lone tensor counts as one.
        kwargs: arguments by name.
        detail: "trackers" (inputs and TrackerModules), "modules" (leaf modules, and operations
            outside of them that compute or join), "operations" (every operation that gives a
            tensor). Default: "trackers" where the model has a TrackerModule, else "modules".
        input_views: node id of an input -> how it is shown. Default: tensors `[B, 3 or 1, H, W]`
            are images, others as `guess_view` says.

    Raises:
        InputError: the example holds no tensor.
        ModelError: the model is TorchScript as a whole, so nothing inside it can be watched.
        InvalidRequestError: no such detail, or a view for an input that there is not.
    """
    if detail is None:
        has_trackers = any(isinstance(module, TrackerModule) for module in model.modules())
        detail = "trackers" if has_trackers else "modules"
    if detail not in DETAILS:
        raise InvalidRequestError(f"detail {detail!r}, expected one of {', '.join(DETAILS)}")
    model = watchable(model)
    arguments = copy_arguments(args, kwargs)
    with StandIns(model):
        return _watched(model, arguments, detail=detail, input_views=dict(input_views or {}))


def _watched(
    model: nn.Module, arguments: Arguments, *, detail: Detail, input_views: dict[str, View]
) -> Trace:
    tree = ModuleTree(model)
    tracer = Tracer(tree, detail, batch=arguments.batch)
    for name, tensor in arguments.tensors:
        node_id = f"{name}:input" if name in tree.modules else name
        is_picture = tensor.ndim == 4 and tensor.shape[1] in (1, 3)
        view = input_views.pop(node_id, "image" if is_picture else None)
        draft = NodeDraft(node_id, node_id, "input", "input", "", capture=Capture("input"))
        draft.view = view
        tracer.add_input(draft, tensor)
    if input_views:
        known = ", ".join(draft.id for draft in tracer.drafts)
        raise InvalidRequestError(f"view for input {min(input_views)!r}; the inputs are {known}")
    modules = dict(model.named_modules())
    sources: tuple[NodeDraft, ...] = ()
    message = None
    with at_rest(modules, keeps_random=True) as disturbance, ExitStack() as watching:
        watching.enter_context(tracer.watching())
        try:
            output = model(*arguments.args, **arguments.kwargs)
        except Exception as raised:  # noqa: BLE001 - told in Trace.error and at the node
            tracer.add_failure(raised)
            message = error_text(raised)
        else:
            watching.close()
            sources = union(tracer.provenance.sources(tensor) for tensor in leaves(output))
    copied = set(tracer.provenance.spoilt)
    for tensor in held_tensors(modules):
        copied.update(tracer.provenance.shown_beside(tensor))
    graph = assemble(
        tracer.drafts, keeps_dead_ends=detail == "operations" or not sources, outputs=sources
    )
    drafts = [draft for draft in tracer.drafts if draft.id in graph.index]
    plan = CapturePlan(
        captures={draft.id: draft.capture for draft in drafts},
        copied=frozenset(draft.id for draft in drafts if draft in copied),
        batch_axes={draft.id: draft.batch_axis for draft in drafts},
        module_calls=dict(tracer.stack.counts),
        operations=dict(tracer.operation_counts),
        order=tuple(tracer.order),
        buffers=disturbance.buffers,
        draws_random=disturbance.random,
    )
    return Trace(graph, detail, message, tuple(source.id for source in sources), plan)
