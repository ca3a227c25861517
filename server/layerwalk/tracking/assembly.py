"""From the nodes and groups that were found to a Graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from layerwalk.tracking.drafts import GroupDraft, NodeDraft
from layerwalk.tracking.runs import find_runs
from layerwalk.tracking.viewing import guess_views
from layerwalk_shared.graph import Edge, Graph, Group, Node, View, make_graph
from layerwalk_shared.views import picture_shape

PLAIN_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})


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
    views = guess_views(drafts)
    nodes = tuple(_node(draft, _nearest(draft.group, kept), views[draft]) for draft in drafts)
    edges = tuple(
        Edge(source=source.id, target=draft.id, slot=slot)
        for draft in drafts
        for source, slot in dict.fromkeys(draft.predecessors)
    )
    parents = {draft: _nearest(draft.parent, kept) for draft in kept}
    firsts = find_runs(drafts, parents)
    groups = tuple(_group(draft, parents[draft], firsts.get(draft)) for draft in kept)
    return make_graph(nodes, edges, groups)


def _node(draft: NodeDraft, group: GroupDraft | None, view: View) -> Node:
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
        attributes=draft.attributes,
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


def _group(draft: GroupDraft, parent: GroupDraft | None, first: GroupDraft | None) -> Group:
    return Group(
        id=draft.id,
        name=draft.name,
        kind=draft.kind,
        operation=draft.operation,
        parent=parent.id if parent is not None else None,
        run=first.id if first is not None else None,
    )
