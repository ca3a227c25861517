"""`snapshot`: graph and values of a model in one call, without a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from torch import nn

from layerwalk.pyramid import make_pictures
from layerwalk.tracking.freeze import FrozenValues, freeze
from layerwalk.tracking.operations import Detail
from layerwalk.tracking.recorder import Recorder
from layerwalk.tracking.tracing import trace
from layerwalk_shared.colours import DEFAULT_TABLE, describe_table
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.inline import InlinePicture
from layerwalk_shared.messages import InputSpec, NodeStatistics

INLINE_CHANNELS = 64
"""A notebook shows so many channels of a node unasked."""


@dataclass(frozen=True, slots=True)
class NodeValues:
    """One node with its values: a read-only array without batch axis; None if not reached."""

    node: Node
    values: NDArray[Any] | None
    statistics: NodeStatistics

    def show(
        self,
        channels: Sequence[int] | None = None,
        *,
        table: str = DEFAULT_TABLE,
        percentile: float = 99.0,
    ) -> InlinePicture:
        """Return the channels side by side as a picture that a notebook shows.

        Args:
            channels: which, in this order; None: all of them.
            table: colour table.
            percentile: of the node's magnitudes that gets the table's end.

        Raises:
            NotFoundError: the model did not get here, or there is no such channel.
            InvalidRequestError: no channel, or no such table.
            TooLargeError: the picture would be too large.
        """
        describe_table(table)
        if self.values is None:
            raise NotFoundError(f"node {self.node.id!r} has no values: the model did not get there")
        spec = InputSpec(kind="image", shape=(1,))
        pictures = make_pictures(self.values, view=self.node.view, input_spec=spec)
        count = self.statistics.pictures[0]
        chosen = list(range(count) if channels is None else channels)
        # Drawing takes Pillow, and a training script that never draws does without.
        from layerwalk.mappages import Looks, check_chosen, draw_page, percentile_end

        check_chosen(chosen, count, node=self.node.id)
        facts = [
            self.node.operation,
            " x ".join(map(str, self.statistics.shape)) or "a number",
            f"{len(chosen)} of {count} channels",
        ]
        end = 1.0 if pictures.is_image else percentile_end(self.values, percentile)
        looks = Looks(table, "percentile", percentile=percentile)
        return InlinePicture(
            draw_page(pictures, chosen, title=self.node.id, facts=facts, looks=looks, ends=end)
        )

    def _repr_png_(self) -> bytes | None:
        """Return what a notebook shows: the first channels; None where there are no values."""
        if self.values is None:
            return None
        return self.show(range(min(INLINE_CHANNELS, self.statistics.pictures[0]))).png


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
