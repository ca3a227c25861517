"""Groups as rectangles on the floor, nested, each around nothing but its own walls.

A group whose walls lie together becomes one plot. Where another wall would stand on it (a module
that is called again later, a branch between two of its own), it falls into several plots of the
same name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from layerwalk_client.world.lanes import Path
from layerwalk_client.world.ranks import Ranks
from layerwalk_shared.graph import Graph

ROOM = 0.2
"""Metres of floor that stay free between the plots of two ranks."""


@dataclass(frozen=True, slots=True)
class Area:
    """A plot in floor coordinates; `depth` 0 is outermost, `rank` that of its first wall."""

    group: int
    rank: int
    depth: int
    left: float
    right: float
    near: float
    far: float


def group_paths(graph: Graph) -> tuple[Path, ...]:
    """Return the groups of each node that are worth a plot, by index, outermost first.

    A group of one node says what the node says; a group with the very nodes of the one around it
    says nothing more: neither gets a plot.
    """
    index = {group.id: place for place, group in enumerate(graph.groups)}
    chains: dict[str | None, Path] = {None: ()}

    def chain(group_id: str) -> Path:
        if group_id not in chains:
            parent = graph.groups[index[group_id]].parent
            chains[group_id] = (*(chain(parent) if parent is not None else ()), index[group_id])
        return chains[group_id]

    full = [chain(node.group) if node.group is not None else () for node in graph.nodes]
    counts: dict[int, int] = {}
    for path in full:
        for group in path:
            counts[group] = counts.get(group, 0) + 1
    kept: dict[int, bool] = {}
    for path in full:
        for place, group in enumerate(path):
            outer = counts[path[place - 1]] if place else -1
            kept[group] = counts[group] > 1 and counts[group] != outer
    return tuple(tuple(group for group in path if kept[group]) for path in full)


def _reach(order: Ranks, paths: Sequence[Path]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the first and the last rank of each group."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for node, path in enumerate(paths):
        for group in path:
            first[group] = min(first.get(group, order.count), order.of_node[node])
            last[group] = max(last.get(group, -1), order.of_node[node])
    return first, last


def groups_open(order: Ranks, paths: Sequence[Path]) -> list[int]:
    """Return how many groups have walls both up to and past each rank: a turn there breaks them."""
    first, last = _reach(order, paths)
    counts = [0] * order.count
    for group, start in first.items():
        for rank in range(start, last[group]):
            counts[rank] += 1
    return counts


def margins_needed(order: Ranks, paths: Sequence[Path]) -> tuple[list[int], list[int]]:
    """Return how many margins the plots that begin, and that end, at each rank need."""
    first, last = _reach(order, paths)
    begins, ends = [0] * order.count, [0] * order.count
    for node, path in enumerate(paths):
        rank = order.of_node[node]
        for place, group in enumerate(path):
            if first[group] == rank:
                begins[rank] = max(begins[rank], len(path) - place)
            if last[group] == rank:
                ends[rank] = max(ends[rank], len(path) - place)
    return begins, ends


@dataclass(frozen=True, slots=True)
class Ground:
    """Where walls and tracks lie: what plots must enclose, and must not.

    Attributes:
        boxes: of each node: (left, right, along) of its wall.
        rooms: of each rank: floor that plots may take (before, behind) its walls.
        tracks: (lateral, first rank, last rank, groups that hold both ends) of ribbons beside.
    """

    boxes: Sequence[tuple[float, float, float]]
    rooms: Sequence[tuple[float, float]]
    tracks: Sequence[tuple[float, int, int, Path]]


def areas(
    order: Ranks,
    paths: Sequence[Path],
    ground: Ground,
    *,
    runs: Iterable[tuple[int, int]],
    margin: float,
) -> tuple[Area, ...]:
    """Return the plots, outer before inner.

    Args:
        runs: (first, last) rank of each leg; no plot reaches over two.
        margin: around walls, for each level of nesting.
    """
    members: dict[int, list[int]] = {}
    depths: dict[int, int] = {}
    for node, path in enumerate(paths):
        for depth, group in enumerate(path):
            members.setdefault(group, []).append(node)
            depths[group] = depth
    chain_of = {node: number for number, chain in enumerate(order.chains) for node in chain}
    by_rank: dict[int, list[int]] = {}
    for node, rank in enumerate(order.of_node):
        by_rank.setdefault(rank, []).append(node)
    builder = _Builder(order, paths, ground, margin, chain_of, by_rank)
    found: list[Area] = []
    for group in sorted(members, key=lambda group: (depths[group], members[group][0])):
        for first, last in runs:
            inside = [node for node in members[group] if first <= order.of_node[node] <= last]
            if inside:
                found += builder.pieces(group, depths[group], inside)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Builder:
    order: Ranks
    paths: Sequence[Path]
    ground: Ground
    margin: float
    chain_of: Mapping[int, int]
    by_rank: Mapping[int, list[int]]

    def pieces(self, group: int, depth: int, nodes: list[int]) -> list[Area]:
        area = self._area(group, depth, nodes)
        if len(nodes) == 1 or not self._has_stranger(area, nodes):
            return [area]
        halves = self._halves(nodes)
        return [piece for half in halves for piece in self.pieces(group, depth, half)]

    def _area(self, group: int, depth: int, nodes: list[int]) -> Area:
        lefts, rights, nears, fars = [], [], [], []
        for node in nodes:
            left, right, along = self.ground.boxes[node]
            before, behind = self.ground.rooms[self.order.of_node[node]]
            levels = len(self.paths[node])
            aside = self.margin * (levels - depth)
            lefts.append(left - aside)
            rights.append(right + aside)
            share = (levels - depth) / levels
            nears.append(along - min(aside, before * share))
            fars.append(along + min(aside, behind * share))
        ranks = {self.order.of_node[node] for node in nodes}
        for lateral, first, last, path in self.ground.tracks:
            if group in path and first in ranks and last in ranks:
                aside = self.margin * (len(path) - depth)
                lefts.append(lateral - aside)
                rights.append(lateral + aside)
        return Area(group, min(ranks), depth, min(lefts), max(rights), min(nears), max(fars))

    def _has_stranger(self, area: Area, nodes: list[int]) -> bool:
        own = set(nodes)
        ranks = [self.order.of_node[node] for node in nodes]
        for rank in range(min(ranks), max(ranks) + 1):
            for node in self.by_rank[rank]:
                if node in own or area.group in self.paths[node]:
                    continue
                left, right, along = self.ground.boxes[node]
                if area.left < right and left < area.right and area.near <= along <= area.far:
                    return True
        return False

    def _halves(self, nodes: list[int]) -> list[list[int]]:
        """Part by lanes where there are several, else at the widest hole between ranks."""
        lanes: dict[int, list[int]] = {}
        for node in nodes:
            lanes.setdefault(self.chain_of.get(node, -1), []).append(node)
        if len(lanes) > 1:
            return list(lanes.values())
        line = sorted(nodes, key=lambda node: self.order.of_node[node])
        holes = [
            self.order.of_node[two] - self.order.of_node[one]
            for one, two in itertools.pairwise(line)
        ]
        cut = holes.index(max(holes)) + 1 if max(holes) > 1 else len(line) // 2
        return [line[:cut], line[cut:]]
