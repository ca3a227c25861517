"""`snapshot`: graph and values of a model in one call, without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from torch import nn

from layerwalk.tracking.freeze import FrozenValues, freeze
from layerwalk.tracking.operations import Detail
from layerwalk.tracking.recorder import Recorder
from layerwalk.tracking.tracing import trace
from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.messages import NodeStatistics


@dataclass(frozen=True, slots=True)
class NodeValues:
    """One node with its values: a read-only array without batch axis; None if not reached."""

    node: Node
    values: NDArray[Any] | None
    statistics: NodeStatistics


@dataclass(frozen=True, slots=True)
class Glance:
    """What `snapshot` returns: `glance["layer1.0.conv1"].values`.

    Attributes:
        graph: the traced graph.
        frozen: values and statistics, aligned with `graph.nodes`.
        outputs: whatever forward returned, with the batch axis.
        error: what forward raised, or None.
    """

    graph: Graph
    frozen: FrozenValues
    outputs: Any
    error: str | None

    def __getitem__(self, node_id: str) -> NodeValues:
        """Return the node with that id.

        Raises:
            NotFoundError: there is none; the message names the nearest id.
        """
        node = self.graph.node(node_id)
        index = self.graph.index[node_id]
        return NodeValues(node, self.frozen.values[index], self.frozen.statistics[index])


def snapshot(
    model: nn.Module,
    args: object,
    kwargs: Mapping[str, Any] | None = None,
    *,
    detail: Detail | None = None,
    batch_item: int = 0,
) -> Glance:
    """Return the graph of `model` and the values of every node for one input.

    Args:
        model: any module; afterwards it is as it was.
        args: a tensor with batch axis, or a tuple of positional arguments.
        kwargs: arguments by name.
        detail: see `trace`.
        batch_item: which item of the batch.

    Raises:
        InputError: no tensor among the arguments.
        InvalidRequestError: no such detail or batch item.
    """
    traced = trace(model, args, kwargs, detail=detail)
    with Recorder(model, traced) as recorder:
        recording = recorder.record(args, kwargs)
    frozen = freeze(recording, traced.graph, batch_item=batch_item)
    return Glance(traced.graph, frozen, recording.outputs, recording.error)
