"""What is explained: one unit of one node, as one number for each item of a batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from layerwalk.maximisation.objectives import Place
from layerwalk.maximisation.truncated import place_of
from layerwalk.tracking import Trace
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph
from layerwalk_shared.recipes import checked_units


@dataclass(frozen=True, slots=True)
class Target:
    """A unit: the mean of its positions, or its value at one of them.

    Attributes:
        place: how the tensor of its node is read.
        unit: which; None: the strongest.
        position: along the axes that are not the units'; None: the mean of all.
    """

    place: Place
    unit: int | None = None
    position: tuple[int, ...] | None = None

    @property
    def node(self) -> str:
        return self.place.node

    def values(self, tensor: Tensor) -> Tensor:
        """Return what every unit reaches, `[N, units]` in the precision of the network.

        Args:
            tensor: of the node, with its batch axis.
        """
        by_unit = self.place.by_unit(tensor)
        if self.position is None:
            return by_unit.mean(2) if by_unit.shape[2] > 1 else by_unit[..., 0]
        return by_unit[..., self.place.spot(self.position)]

    def settled(self, tensor: Tensor) -> Target:
        """Return the target with its unit: the strongest for the first item, if none was named."""
        if self.unit is not None:
            return self
        strongest = int(torch.nan_to_num(self.values(tensor.detach())[0].float()).argmax())
        return Target(self.place, strongest, self.position)

    def value(self, tensor: Tensor) -> Tensor:
        """Return what the unit reaches, `[N]`; it must be settled."""
        assert self.unit is not None
        return self.values(tensor)[:, self.unit]


def target_of(
    graph: Graph,
    traced: Trace,
    *,
    node: str | None = None,
    unit: int | None = None,
    position: tuple[int, ...] | None = None,
) -> Target:
    """Return the target that is meant.

    Args:
        graph: of the trace, with the views that units go by.
        traced: of the model.
        node: id; None: what the network answers with.
        unit: of the node; None: the strongest.
        position: of a single value.

    Raises:
        NotFoundError: no such node or unit.
        InvalidRequestError: the network has no answer, the node is an input or has no values, or
            it has no such position.
    """
    if node is None:
        if not traced.outputs:
            why = f": {traced.error}" if traced.error else ""
            raise InvalidRequestError(f"the network has no answer that could be explained{why}")
        node = traced.outputs[0]
    graph.node(node)
    kind = traced.plan.captures[node].kind
    if kind in ("input", "none"):
        what = "an input" if kind == "input" else "not reached by forward"
        raise InvalidRequestError(f"node {node!r} is {what}: nothing comes together there")
    place = place_of(graph, traced, node)
    if unit is not None:
        checked_units([unit], count=place.units, node=node, most=1)
    if position is not None:
        place.spot(position)
    return Target(place, unit, position)


def upstream(graph: Graph, node: str) -> frozenset[str]:
    """Return the ids of all nodes that a node comes from, itself included."""
    found = {node}
    waiting = [node]
    while waiting:
        for source in graph.predecessors[waiting.pop()]:
            if source not in found:
                found.add(source)
                waiting.append(source)
    return frozenset(found)
