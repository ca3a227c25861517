"""Where things stand beside each other: walls on lanes, long ribbons on tracks.

The main line keeps to lane 0. Chains take lanes to its right, each as near as what stands at its
ranks allows, so a lane is no wider than it must be. Ribbons that skip walls of the main line run
on tracks to the left of it, short ones inside long ones; ribbons from or to a chain run on the
right. Lateral coordinates: metres to the right of the main line, looking along the data flow.

Whatever belongs to a group keeps its neighbours out of the group's plot, margins included: all
ends are remembered for each group as well as for each wall.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from layerwalk_client.world.options import LayoutOptions
from layerwalk_client.world.ranks import Links, Ranks

Path = tuple[int, ...]
"""Groups that something is in, by index, outermost first."""
SWEEPS = 4
"""Rounds of reordering; more changed nothing on any of the five kinds of network."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Attributes:
    lateral: of each node's wall.
    tracks: (source, target) -> lateral coordinate of the track its ribbon runs on; an edge to
        the next rank has none.
    """

    lateral: tuple[float, ...]
    tracks: Mapping[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class _Item:
    """What is placed as one: a chain, or a ribbon's track; entries are (rank, half width, path)."""

    nodes: tuple[int, ...]
    edges: tuple[tuple[int, int], ...]
    entries: tuple[tuple[int, float, Path], ...]
    span: tuple[int, int]
    neighbours: tuple[int, ...]


def common(paths: Sequence[Path]) -> Path:
    """Return the groups that all of `paths` begin with."""
    shortest = min(paths, key=len)
    for place, group in enumerate(shortest):
        if any(path[place] != group for path in paths):
            return shortest[:place]
    return shortest


def lanes(
    order: Ranks,
    near: Links,
    *,
    halves: Sequence[float],
    paths: Sequence[Path],
    options: LayoutOptions,
) -> Lanes:
    """Return the lateral coordinate of every wall and of every track.

    Args:
        halves: half the width of each node's wall, metres.
        paths: the groups of each node.
    """
    sides, skips = _split_edges(order, near)
    chains = [
        _chain_item(chain, order, near=near, halves=halves, paths=paths, options=options)
        for chain in order.chains
    ]
    buses = [_bus_item(edges, order, paths, options) for edges in sides]
    items = sorted(chains + buses, key=_sibling_key)
    best: tuple[float, _Ground] | None = None
    for _ in range(SWEEPS if len(items) > 1 else 1):
        ground = _Ground(order, halves, paths, options)
        for item in items:
            ground.place_right(item)
        cost = _cost(ground, near)
        if best is None or cost < best[0] - 1e-9:
            best = cost, ground
        pulls = {
            id(item): sum(ground.lateral[one] for one in item.neighbours)
            / max(1, len(item.neighbours))
            for item in items
        }
        reordered = sorted(items, key=lambda item: (*_sibling_key(item)[:2], pulls[id(item)]))
        if reordered == items:
            break
        items = reordered
    assert best is not None
    ground = best[1]
    ground.measure_left()
    skip_items = [_bus_item(edges, order, paths, options) for edges in skips]
    for item in sorted(skip_items, key=_sibling_key):
        ground.place_left(item)
    return Lanes(tuple(ground.lateral), ground.tracks)


def _sibling_key(item: _Item) -> tuple[int, int, int]:
    first, last = item.span
    return last - first, first, item.nodes[0] if item.nodes else item.edges[0][0]


def _split_edges(
    order: Ranks, near: Links
) -> tuple[list[list[tuple[int, int]]], list[list[tuple[int, int]]]]:
    """Return the long edges of each source that need a track: on the right, on the left.

    Edges along a chain, and from its last node on, run on the chain's own lane.
    """
    main = frozenset(order.main)
    follows = {one: two for chain in order.chains for one, two in itertools.pairwise(chain)}
    lasts = {chain[-1] for chain in order.chains}
    sides: list[list[tuple[int, int]]] = []
    skips: list[list[tuple[int, int]]] = []
    for source, targets in enumerate(near.after):
        right, left = [], []
        for target in targets:
            if order.of_node[target] - order.of_node[source] == 1:
                continue
            if source in main and target in main:
                left.append((source, target))
            elif source not in lasts and follows.get(source) != target:
                right.append((source, target))
        if right:
            sides.append(right)
        if left:
            skips.append(left)
    return sides, skips


def _chain_item(
    chain: tuple[int, ...],
    order: Ranks,
    *,
    near: Links,
    halves: Sequence[float],
    paths: Sequence[Path],
    options: LayoutOptions,
) -> _Item:
    """A chain with the floor that its own long ribbons take between and behind its walls."""
    rank = order.of_node
    narrow = options.track / 2
    entries: list[tuple[int, float, Path]] = []
    edges: list[tuple[int, int]] = []
    for one, two in itertools.pairwise(chain):
        entries.append((rank[one], halves[one], paths[one]))
        if rank[two] - rank[one] > 1:
            edges.append((one, two))
            between = common([paths[one], paths[two]])
            entries += [(step, narrow, between) for step in range(rank[one] + 1, rank[two])]
    last = chain[-1]
    entries.append((rank[last], halves[last], paths[last]))
    far = [target for target in near.after[last] if rank[target] - rank[last] > 1]
    if far:
        edges += [(last, target) for target in far]
        end = max(rank[target] for target in far)
        behind = common([paths[last], *(paths[target] for target in far)])
        entries += [(step, narrow, behind) for step in range(rank[last] + 1, end)]
    inside = frozenset(chain)
    neighbours = [
        other
        for node in chain
        for other in (*near.before[node], *near.after[node])
        if other not in inside
    ]
    ranks_met = [rank[other] for other in neighbours] + [rank[node] for node in chain]
    span = min(ranks_met), max(ranks_met)
    return _Item(chain, tuple(edges), tuple(entries), span, tuple(neighbours))


def _bus_item(
    edges: list[tuple[int, int]], order: Ranks, paths: Sequence[Path], options: LayoutOptions
) -> _Item:
    """All long ribbons of one source on one track."""
    rank = order.of_node
    source, ends = edges[0][0], [target for _, target in edges]
    last = max(rank[target] for target in ends)
    path = common([paths[source], *(paths[target] for target in ends)])
    entries = [(step, options.track / 2, path) for step in range(rank[source] + 1, last)]
    return _Item((), tuple(edges), tuple(entries), (rank[source], last), (source, *ends))


def _cost(ground: _Ground, near: Links) -> float:
    """How far ribbons go aside, all in all."""
    total = 0.0
    for source, targets in enumerate(near.after):
        for target in targets:
            start, end = ground.lateral[source], ground.lateral[target]
            track = ground.tracks.get((source, target), start)
            total += abs(track - start) + abs(end - track)
    return total


class _Ground:
    """The floor while it is filled: mutable, owned by one call of `lanes`."""

    def __init__(
        self, order: Ranks, halves: Sequence[float], paths: Sequence[Path], options: LayoutOptions
    ) -> None:
        self._rank, self._halves, self._paths = order.of_node, halves, paths
        self._aisle, self._margin, self._track = options.aisle, options.margin, options.track
        self.lateral = [0.0] * len(paths)
        self.tracks: dict[tuple[int, int], float] = {}
        count = max(order.of_node, default=-1) + 1
        self._at_rank: list[list[tuple[float, Path]]] = [[] for _ in range(count)]
        self._right: dict[int, float] = {}
        self._left: dict[int, float] = {}
        parents: dict[int, int] = {}
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for node, path in enumerate(paths):
            for place, group in enumerate(path):
                parents[group] = path[place - 1] if place else -1
                first[group] = min(first.get(group, count), self._rank[node])
                last[group] = max(last.get(group, -1), self._rank[node])
        self._open: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        """For each rank the (group, its parent or -1) whose plots lie there."""
        for group, parent in parents.items():
            for step in range(first[group], last[group] + 1):
                self._open[step].append((group, parent))
        offset = options.stagger
        pattern = (-offset, 0.0, offset, 0.0)
        for step, node in enumerate(order.main):
            self.lateral[node] = pattern[step % 4]
            self._fill_right(step, self.lateral[node] + halves[node], paths[node])

    def place_right(self, item: _Item) -> None:
        """Put a chain or a track as far left as what stands there allows."""
        place = max(self._free_right(*entry) for entry in item.entries)
        for rank, half, path in item.entries:
            self._fill_right(rank, place + half, path)
        for node in item.nodes:
            self.lateral[node] = place
        for edge in item.edges:
            self.tracks[edge] = place

    def _free_right(self, rank: int, half: float, path: Path) -> float:
        inside = frozenset(path)
        depth = {group: place for place, group in enumerate(path)}
        lowest = half
        for edge, other in self._at_rank[rank]:
            if len(other) <= len(path) and path[: len(other)] == other:
                own = self._margin * (len(path) - len(other))
                lowest = max(lowest, edge + own + self._aisle + half)
        for group, parent in self._open[rank]:
            if (
                group in inside
                or group not in self._right
                or (parent >= 0 and parent not in inside)
            ):
                continue
            shared = depth[parent] + 1 if parent >= 0 else 0
            own = self._margin * (len(path) - shared)
            lowest = max(lowest, self._right[group] + own + self._aisle / 2 + half)
        return lowest

    def _fill_right(self, rank: int, edge: float, path: Path) -> None:
        self._at_rank[rank].append((edge, path))
        for place, group in enumerate(path):
            end = edge + self._margin * (len(path) - place)
            self._right[group] = max(self._right.get(group, end), end)

    def measure_left(self) -> None:
        """Take the left ends of all walls and tracks, once the right side is full."""
        self._at_rank = [[] for _ in self._at_rank]
        for node, path in enumerate(self._paths):
            self._fill_left(self._rank[node], self.lateral[node] - self._halves[node], path)

    def place_left(self, item: _Item) -> None:
        """Put a track to the left of all that it passes."""
        place = min(self._free_left(rank, path) for rank, _, path in item.entries)
        for rank, _, path in item.entries:
            self._fill_left(rank, place - self._track / 2, path)
        for edge in item.edges:
            self.tracks[edge] = place

    def _free_left(self, rank: int, path: Path) -> float:
        inside = frozenset(path)
        depth = {group: place for place, group in enumerate(path)}
        highest = -self._track
        for edge, other in self._at_rank[rank]:
            if len(other) <= len(path) and path[: len(other)] == other:
                own = self._margin * (len(path) - len(other))
                highest = min(highest, edge - own - self._track)
        for group, parent in self._open[rank]:
            if group in inside or group not in self._left or (parent >= 0 and parent not in inside):
                continue
            shared = depth[parent] + 1 if parent >= 0 else 0
            own = self._margin * (len(path) - shared)
            highest = min(highest, self._left[group] - own - self._track)
        return highest

    def _fill_left(self, rank: int, edge: float, path: Path) -> None:
        self._at_rank[rank].append((edge, path))
        for place, group in enumerate(path):
            end = edge - self._margin * (len(path) - place)
            self._left[group] = min(self._left.get(group, end), end)
