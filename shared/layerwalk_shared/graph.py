"""The graph of a network: nodes in the order they ran, edges of data flow, nested groups; frozen.

Pydantic models, because graphs travel; checked whole on construction, so a Graph that exists is
consistent: no duplicates, no loose ends, edges only forward in the order of execution (hence no
cycles), groups a forest.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    model_validator,
)

from layerwalk_shared.errors import GraphError, NotFoundError, nearest_hint

View = Literal[
    "image",
    "maps",
    "vector",
    "tokens",
    "grid",
    "sequence",
    "attention",
    "volume",
    "frames",
    "pictures",
]
"""How a tensor is shown; what each does with a shape says `layerwalk_shared.views.picture_shape`."""
NodeKind = Literal["input", "module", "operation", "tracker"]
NonNegative = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Scalar = bool | int | FiniteFloat | str
Attribute = Scalar | tuple[Scalar, ...]
"""What a module or a call was set up with: `3`, `0.01`, `"tanh"`, `(3, 3)`."""


class Frozen(BaseModel):
    """Base of everything that crosses the wire: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Node(Frozen):
    """One place in the model whose output is shown.

    Attributes:
        id: stable in the life of the session: module path (`layer1.0.conv1`, second call
            `relu:2`), or module path and operation (`layer1.0.add`, `cat:3`), or `input`.
        name: short label for a wall.
        kind: input, module, operation or tracker.
        operation: what made the value: class name of the module (`Conv2d`) or operation (`add`).
        module: path of the module the node is the output of, or it happened in; "" is the root.
        group: id of the innermost group, or None.
        shape: shape of the tensor without the batch axis.
        dtype: torch's name of the element type, without "torch.".
        view: how it is shown.
        channels: pictures on the wall.
        height: rows of one picture at level 0.
        width: columns of one picture at level 0.
        parameters: learned values of the module itself (not of its children).
        attributes: what the module or the call was set up with (`kernel_size`, `negative_slope`,
            `dim`), by torch's own names; `bias` says whether there is one.
        error: why the model stopped here, where it did.
    """

    id: str
    name: str
    kind: NodeKind
    operation: str
    module: str = ""
    group: str | None = None
    shape: tuple[NonNegative, ...]
    dtype: str = "float32"
    view: View
    channels: Positive
    height: Positive
    width: Positive
    parameters: NonNegative = 0
    attributes: Mapping[str, Attribute] = Field(default_factory=dict)
    error: str | None = None

    @property
    def shape_hw(self) -> tuple[int, int]:
        return self.height, self.width


class Edge(Frozen):
    """Data flows from node `source` to node `target` (ids), as its argument number `slot`."""

    source: str
    target: str
    slot: NonNegative = 0


class Group(Frozen):
    """Nodes that belong together.

    Attributes:
        id: stable in the life of the session: the module path, or the marker's name.
        name: for the plot on the floor.
        kind: of a module, or between two markers.
        operation: class name of the module.
        parent: id of the group around it, or None.
        run: id of the first group of a run of equal blocks (same operations, same edges among
            themselves, same shapes of weights) that follow each other under one parent, itself
            included; None where the block is not one of at least two.
    """

    id: str
    name: str
    kind: Literal["module", "marker"] = "module"
    operation: str = ""
    parent: str | None = None
    run: str | None = None


class Graph(Frozen):
    """Nodes in execution order, edges, groups. `nodes[i]` has index i, which tiles speak of."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Graph:
        order = _unique({}, (node.id for node in self.nodes), "node")
        groups = _unique({}, (group.id for group in self.groups), "group")
        seen: set[tuple[str, str, int]] = set()
        for edge in self.edges:
            for end in (edge.source, edge.target):
                if end not in order:
                    raise ValueError(
                        f"edge {edge.source!r} -> {edge.target!r}: no node {end!r}"
                        + nearest_hint(end, order)
                    )
            if order[edge.source] >= order[edge.target]:
                raise ValueError(
                    f"edge {edge.source!r} -> {edge.target!r} runs against the order of execution "
                    f"({order[edge.source]} -> {order[edge.target]}): a cycle"
                )
            key = (edge.source, edge.target, edge.slot)
            if key in seen:
                raise ValueError(f"edge {edge.source!r} -> {edge.target!r} stands twice")
            seen.add(key)
        for node in self.nodes:
            if node.group is not None and node.group not in groups:
                raise ValueError(f"node {node.id!r}: no group {node.group!r}")
        _check_nesting(self.groups)
        return self

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Node id -> position in `nodes`."""
        return {node.id: position for position, node in enumerate(self.nodes)}

    @cached_property
    def predecessors(self) -> Mapping[str, tuple[str, ...]]:
        """Node id -> ids of the nodes it reads, by slot."""
        found: dict[str, list[Edge]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.target].append(edge)
        return {
            target: tuple(edge.source for edge in sorted(edges, key=lambda edge: edge.slot))
            for target, edges in found.items()
        }

    @cached_property
    def successors(self) -> Mapping[str, tuple[str, ...]]:
        """Node id -> ids of the nodes that read it, in order of execution."""
        found: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            if edge.target not in found[edge.source]:
                found[edge.source].append(edge.target)
        return {
            source: tuple(sorted(targets, key=self.index.__getitem__))
            for source, targets in found.items()
        }

    def node(self, node_id: str) -> Node:
        """Return the node with that id.

        Raises:
            NotFoundError: there is none; the message names the nearest id.
        """
        position = self.index.get(node_id)
        if position is None:
            raise NotFoundError(
                f"node {node_id!r} is not in the graph ({len(self.nodes)} nodes"
                + nearest_hint(node_id, self.index)
                + ")"
            )
        return self.nodes[position]


def _unique(order: dict[str, int], ids: object, what: str) -> dict[str, int]:
    for position, item in enumerate(ids):  # type: ignore[arg-type,var-annotated]
        if item in order:
            raise ValueError(f"{what} {item!r} stands twice (places {order[item]} and {position})")
        order[item] = position
    return order


def _check_nesting(groups: tuple[Group, ...]) -> None:
    parents = {group.id: group.parent for group in groups}
    for group in groups:
        if group.run is not None and parents.get(group.run, "") != group.parent:
            raise ValueError(f"group {group.id!r}: no group {group.run!r} beside it to repeat")
    for group in groups:
        chain: set[str] = set()
        step: str | None = group.id
        while step is not None:
            if step in chain:
                raise ValueError(f"group {group.id!r} contains itself")
            chain.add(step)
            if step not in parents:
                raise ValueError(f"group {group.id!r}: no parent group {step!r}")
            step = parents[step]


def make_graph(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...] = (), groups: tuple[Group, ...] = ()
) -> Graph:
    """Return the checked graph.

    Raises:
        GraphError: duplicates, loose edges or groups, cycles.
    """
    try:
        return Graph(nodes=nodes, edges=edges, groups=groups)
    except ValidationError as error:
        raise GraphError("; ".join(str(item["msg"]) for item in error.errors())) from error
