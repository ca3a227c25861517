"""Nodes and groups while they are being found, and how they become a Graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from layerwalk_shared.graph import Edge, Graph, Group, Node, NodeKind, View, make_graph
from layerwalk_shared.views import guess_view, picture_shape

PLAIN_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})


@dataclass(slots=True, eq=False)
class GroupDraft:
    id: str
    name: str
    kind: Literal["module", "marker"]
    operation: str
    parent: GroupDraft | None


@dataclass(frozen=True, slots=True)
class Capture:
    """Where a node's value is to be had: which call of what, and which of the tensors it gave.

    `path` is the module the call is of (`kind` "module"), or happened in ("operation", with its
    `name`), or "" ("input"). `output` counts the tensors of the result.
    """

    kind: Literal["input", "module", "operation", "none"]
    path: str = ""
    name: str = ""
    call: int = 1
    output: int = 0


@dataclass(slots=True, eq=False)
class NodeDraft:
    """A node that was found."""

    id: str
    name: str
    kind: NodeKind
    operation: str
    module: str
    group: GroupDraft | None = None
    predecessors: list[tuple[NodeDraft, int]] = field(default_factory=list)
    capture: Capture = Capture("none")
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    view: View | None = None
    batch_axis: int | None = None
    parameters: int = 0
    error: str | None = None

    def become(self, other: NodeDraft) -> None:
        """Take over what `other` is; who points to this draft points to the other then."""
        self.id, self.name, self.kind = other.id, other.name, other.kind
        self.operation, self.module = other.operation, other.module


def batch_axis(shape: Iterable[int], batch: int) -> int | None:
    """Return which axis of a tensor counts the items of a batch of size `batch`.

    The first, or the second of three or more (time first, as recurrent modules like it), or None
    where neither has that size.
    """
    sizes = tuple(shape)
    if sizes[:1] == (batch,):
        return 0
    return 1 if len(sizes) >= 3 and sizes[1] == batch else None


def without_axis(shape: Iterable[int], axis: int | None) -> tuple[int, ...]:
    """Return the shape without that axis."""
    return tuple(size for position, size in enumerate(shape) if position != axis)


def type_name(dtype: torch.dtype) -> str:
    """Return torch's name of an element type, without "torch."."""
    return str(dtype).removeprefix("torch.")


def describe_tensor(draft: NodeDraft, tensor: Tensor, *, batch: int) -> None:
    """Fill in what the tensor says of the node."""
    draft.batch_axis = batch_axis(tensor.shape, batch)
    draft.shape = without_axis(tensor.shape, draft.batch_axis)
    draft.dtype = type_name(tensor.dtype)


def assemble(
    drafts: list[NodeDraft], *, keeps_dead_ends: bool, outputs: tuple[NodeDraft, ...]
) -> Graph:
    """Return the graph of the nodes found.

    Operations whose value leads nowhere (a sum that only a branch of the Python code looked at)
    are left out unless `keeps_dead_ends`. Groups that hold fewer than two nodes are left out, and
    so is a plain container that is all of its parent, or all that it holds.
    """
    if not keeps_dead_ends:
        drafts = _without_dead_ends(drafts, outputs)
    kept = _kept_groups(drafts)
    nodes = tuple(_node(draft, _nearest(draft.group, kept)) for draft in drafts)
    edges = tuple(
        Edge(source=source.id, target=draft.id, slot=slot)
        for draft in drafts
        for source, slot in dict.fromkeys(draft.predecessors)
    )
    return make_graph(nodes, edges, tuple(_group(draft, kept) for draft in kept))


def _node(draft: NodeDraft, group: GroupDraft | None) -> Node:
    view = draft.view or guess_view(draft.shape)
    channels, height, width = picture_shape(view, draft.shape)
    return Node(
        id=draft.id,
        name=draft.name,
        kind=draft.kind,
        operation=draft.operation,
        module=draft.module,
        group=group.id if group is not None else None,
        shape=draft.shape,
        dtype=draft.dtype,
        view=view,
        channels=channels,
        height=height,
        width=width,
        parameters=draft.parameters,
        error=draft.error,
    )


def _without_dead_ends(drafts: list[NodeDraft], outputs: tuple[NodeDraft, ...]) -> list[NodeDraft]:
    used: set[NodeDraft] = set(outputs)
    kept: list[NodeDraft] = []
    for draft in reversed(drafts):
        if draft.kind == "operation" and draft.error is None and draft not in used:
            continue
        kept.append(draft)
        used.update(source for source, _ in draft.predecessors)
    return kept[::-1]


def _chain(group: GroupDraft | None) -> Iterator[GroupDraft]:
    while group is not None:
        yield group
        group = group.parent


def _kept_groups(drafts: list[NodeDraft]) -> dict[GroupDraft, None]:
    """Return the groups that stay, outer ones first."""
    counts = Counter(group for draft in drafts for group in _chain(draft.group))
    depth_first = sorted(counts, key=lambda group: len(list(_chain(group))))
    kept = {group: None for group in depth_first if counts[group] > 1 or group.kind == "marker"}
    for group in list(kept):
        parent = _nearest(group.parent, kept)
        if parent is None or counts[parent] != counts[group]:
            continue
        for redundant in (group, parent):
            if redundant.kind == "module" and redundant.operation in PLAIN_CONTAINERS:
                del kept[redundant]
                break
    return kept


def _nearest(group: GroupDraft | None, kept: dict[GroupDraft, None]) -> GroupDraft | None:
    while group is not None and group not in kept:
        group = group.parent
    return group


def _group(draft: GroupDraft, kept: dict[GroupDraft, None]) -> Group:
    parent = _nearest(draft.parent, kept)
    return Group(
        id=draft.id,
        name=draft.name,
        kind=draft.kind,
        operation=draft.operation,
        parent=parent.id if parent is not None else None,
    )
