"""Runs of equal blocks: groups that do the same, with weights of the same shapes, in a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from itertools import pairwise

from layerwalk.tracking.drafts import GroupDraft, NodeDraft


def find_runs(
    nodes: list[NodeDraft], parents: Mapping[GroupDraft, GroupDraft | None]
) -> dict[GroupDraft, GroupDraft]:
    """Return the groups that repeat, with the first group of their run.

    Groups repeat where they follow each other under one parent with nothing of the parent between
    them, and have the same operations, edges among themselves, inner groups and shapes of weights.

    Args:
        nodes: of a graph, in order.
        parents: every group of it -> the group around it.
    """
    innermost = {node: _nearest(node.group, parents) for node in nodes}
    members: dict[GroupDraft, list[int]] = defaultdict(list)
    for position, node in enumerate(nodes):
        for group in _around(innermost[node], parents):
            members[group].append(position)
    siblings: dict[GroupDraft | None, list[GroupDraft]] = defaultdict(list)
    for group in sorted(members, key=lambda one: members[one][0]):
        siblings[parents[group]].append(group)
    place = {node: position for position, node in enumerate(nodes)}
    firsts: dict[GroupDraft, GroupDraft] = {}
    for row in siblings.values():
        for before, group in pairwise(row):
            last, first = members[before][-1], members[group][0]
            if last + 1 != first or len(members[before]) != len(members[group]):
                continue
            if _looks(before, members[before], nodes, place, innermost) == _looks(
                group, members[group], nodes, place, innermost
            ):
                firsts[group] = firsts.setdefault(before, before)
    return firsts


def _looks(
    group: GroupDraft,
    members: list[int],
    nodes: list[NodeDraft],
    place: Mapping[NodeDraft, int],
    innermost: Mapping[NodeDraft, GroupDraft | None],
) -> Hashable:
    """Return what two groups have to share to be equal."""
    within = {position: count for count, position in enumerate(members)}
    inner: dict[GroupDraft | None, int] = {}
    parts: list[Hashable] = []
    for position in members:
        node = nodes[position]
        read = (
            (within[place[source]], slot)
            for source, slot in dict.fromkeys(node.predecessors)
            if place.get(source) in within
        )
        number = inner.setdefault(innermost[node], len(inner))
        parts.append((node.kind, node.operation, node.weights, number, tuple(sorted(read))))
    return group.kind, group.operation, group.weights, tuple(parts)


def _nearest(
    group: GroupDraft | None, parents: Mapping[GroupDraft, GroupDraft | None]
) -> GroupDraft | None:
    while group is not None and group not in parents:
        group = group.parent
    return group


def _around(
    group: GroupDraft | None, parents: Mapping[GroupDraft, GroupDraft | None]
) -> Iterable[GroupDraft]:
    while group is not None:
        yield group
        group = parents[group]
