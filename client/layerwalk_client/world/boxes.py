"""Groups folded into one box each: pure, of a graph.

A box stands where the last wall of its group would: its front shows what the group gives out, its
sign what goes in and comes out. Edges from and to any node of the group are the box's.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from layerwalk_client.world.folding import Folded, nodes_inside
from layerwalk_client.world.palette import PALETTES, Theme
from layerwalk_client.world.scene import Board, Scene, Wall
from layerwalk_client.world.signs import wall_labels
from layerwalk_client.world.terms import product
from layerwalk_shared.graph import Edge, Graph, Group, make_graph

DEPTH = 0.5
"""Metres that a box reaches behind its front."""


@dataclass(frozen=True, slots=True)
class Box:
    """A folded group.

    Attributes:
        group: its id.
        node: index of the node that stands for it, in the whole graph.
        count: of the walls that it holds.
        title, subtitle: for its sign.
    """

    group: str
    node: int
    count: int
    title: str
    subtitle: str


def equal_groups(graph: Graph, group: str) -> frozenset[str]:
    """Return a group with those that are equal to it: they fold and open together."""
    run = next((one.run for one in graph.groups if one.id == group), None)
    if run is None:
        return frozenset({group})
    return frozenset(one.id for one in graph.groups if one.run == run)


def groups_around(graph: Graph, node: int, standing: Collection[int]) -> tuple[str, ...]:
    """Return the groups around a node that hold more than one wall, innermost first; of those
    that hold the same walls the outermost.

    Args:
        graph: whole.
        node: in them.
        standing: nodes that have walls.
    """
    parents = {group.id: group.parent for group in graph.groups}
    inside = nodes_inside(graph)
    found: list[str] = []
    counts: list[int] = []
    group = graph.nodes[node].group
    while group is not None:
        count = sum(one in standing for one in inside[group])
        if count > 1:
            if counts and counts[-1] == count:
                found[-1] = group
            else:
                found.append(group)
                counts.append(count)
        group = parents[group]
    return tuple(found)


def hiding(graph: Graph, folded: Collection[str], node: int) -> frozenset[str]:
    """Return the folded groups around a node."""
    parents = {group.id: group.parent for group in graph.groups}
    found = []
    group = graph.nodes[node].group
    while group is not None:
        if group in folded:
            found.append(group)
        group = parents[group]
    return frozenset(found)


def fold_groups(less: Folded, folded: Collection[str]) -> tuple[Folded, tuple[Box, ...]]:
    """Return a network with groups folded into boxes.

    Args:
        less: with its runs folded already.
        folded: ids of groups; those within another, or of a single wall, or unknown are passed
            over.
    """
    graph = less.network.graph
    chosen = _chosen(graph, folded)
    if not chosen:
        return less, ()
    stands_for = {node: nodes[-1] for nodes in chosen.values() for node in nodes[:-1]}
    boxes = {nodes[-1]: _box(graph, group, nodes, less.kept) for group, nodes in chosen.items()}
    pairs = _edges(graph, stands_for)
    order = _order(len(graph.nodes), stands_for, pairs)
    nodes = tuple(
        graph.nodes[node].model_copy(update={"name": boxes[node].title})
        if node in boxes
        else graph.nodes[node]
        for node in order
    )
    ids = {node: graph.nodes[node].id for node in order}
    edges = tuple(
        Edge(source=ids[source], target=ids[target], slot=slot) for source, target, slot in pairs
    )
    smaller = less.network.model_copy(
        update={"graph": make_graph(nodes, edges, _groups(graph, order)), "snapshot": None}
    )
    manifest = less.manifest
    if manifest is not None:
        told = tuple(manifest.nodes[node] for node in order)
        manifest = manifest.model_copy(update={"nodes": told})
    kept = tuple(less.kept[node] for node in order)
    left = {group.id for group in smaller.graph.groups}
    counts = {run: count for run, count in less.counts.items() if run in left}
    return Folded(smaller, manifest, kept, counts), tuple(boxes.values())


def _chosen(graph: Graph, folded: Collection[str]) -> dict[str, list[int]]:
    """Return the outermost folded groups of more than one node, and their nodes."""
    inside = nodes_inside(graph)
    parents = {group.id: group.parent for group in graph.groups}
    found = {}
    for group in folded:
        around, is_outermost = parents.get(group), True
        while around is not None:
            is_outermost &= around not in folded
            around = parents[around]
        if is_outermost and len(inside.get(group, ())) > 1:
            found[group] = inside[group]
    return found


def _box(graph: Graph, group: str, nodes: Sequence[int], kept: Sequence[int]) -> Box:
    told = next(one for one in graph.groups if one.id == group)
    own = set(nodes)
    sources = (
        graph.index[source] for node in nodes for source in graph.predecessors[graph.nodes[node].id]
    )
    entry = next((source for source in sources if source not in own), None)
    shapes = [] if entry is None else [product(graph.nodes[entry].shape)]
    shapes.append(product(graph.nodes[nodes[-1]].shape))
    parts = [told.operation] if told.operation else []
    parts += [f"{len(nodes)} walls folded", " to ".join(shapes)]
    return Box(group, kept[nodes[-1]], len(nodes), told.name, " · ".join(parts))


def _edges(graph: Graph, stands_for: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """Return (source, target, slot) between what is left, without circles.

    An edge from a box to a node that ran before the box was done would close a circle where that
    node leads back into the box; only there it is left away.
    """
    forward: dict[tuple[int, int, int], None] = {}
    backward: dict[tuple[int, int, int], None] = {}
    for edge in graph.edges:
        ends = (graph.index[edge.source], graph.index[edge.target])
        source, target = (stands_for.get(end, end) for end in ends)
        if source != target:
            kind = forward if source < target else backward
            kind[source, target, edge.slot] = None
    after: dict[int, set[int]] = {}
    for source, target, _ in forward:
        after.setdefault(source, set()).add(target)
    found = list(forward)
    for source, target, slot in backward:
        if not _leads(after, target, source):
            after.setdefault(source, set()).add(target)
            found.append((source, target, slot))
    return found


def _leads(after: Mapping[int, set[int]], start: int, end: int) -> bool:
    seen, rest = {start}, [start]
    while rest:
        for other in after.get(rest.pop(), ()):
            if other == end:
                return True
            if other not in seen:
                seen.add(other)
                rest.append(other)
    return False


def _order(
    count: int, stands_for: Mapping[int, int], pairs: Iterable[tuple[int, int, int]]
) -> list[int]:
    """Return what is left so that data flows forward, else in the order of execution."""
    left = [node for node in range(count) if node not in stands_for]
    after: dict[int, set[int]] = {node: set() for node in left}
    waiting = dict.fromkeys(left, 0)
    for source, target, _ in pairs:
        if target not in after[source]:
            after[source].add(target)
            waiting[target] += 1
    ready = [node for node in left if not waiting[node]]
    found = []
    while ready:
        node = heapq.heappop(ready)
        found.append(node)
        for target in after[node]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(ready, target)
    return found


def _groups(graph: Graph, kept: Sequence[int]) -> tuple[Group, ...]:
    parents = {group.id: group.parent for group in graph.groups}
    needed: set[str] = set()
    for node in kept:
        group = graph.nodes[node].group
        while group is not None and group not in needed:
            needed.add(group)
            group = parents[group]
    return tuple(
        group.model_copy(update={"run": None}) for group in graph.groups if group.id in needed
    )


def named_boxes(scene: Scene, boxes: Sequence[Box], *, theme: Theme = "dark") -> Scene:
    """Return a laid-out scene in which the walls of folded groups have their own signs."""
    by_node = {box.node: box for box in boxes}
    palette = PALETTES[theme]
    walls, labels = list(scene.walls), list(scene.labels)
    for place, wall in enumerate(scene.walls):
        box = by_node.get(wall.node)
        if box is not None:
            signs = set(wall_labels(wall, palette))
            walls[place] = named = replace(wall, title=box.title, subtitle=box.subtitle)
            labels = [label for label in labels if label not in signs]
            labels += wall_labels(named, palette)
    return replace(scene, walls=tuple(walls), labels=tuple(labels))


def with_sides(scene: Scene, boxes: Sequence[Box], *, theme: Theme = "dark") -> Scene:
    """Return the scene in which the walls of folded groups have two sides and a back."""
    boxed = {box.node for box in boxes}
    boards = [
        board
        for wall in scene.walls
        if wall.node in boxed and not wall.copy
        for board in _sides(wall, theme)
    ]
    return replace(scene, boards=(*scene.boards, *boards)) if boards else scene


def _sides(wall: Wall, theme: Theme) -> list[Board]:
    """Return the two sides and the back of a box behind a wall."""
    palette = PALETTES[theme]
    width, height = wall.size_wh
    right = math.cos(wall.yaw), -math.sin(wall.yaw)
    front = math.sin(wall.yaw), math.cos(wall.yaw)
    x, y, z = wall.centre

    def board(aside: float, ahead: float, wide: float, yaw: float) -> Board:
        centre = (
            x + right[0] * aside + front[0] * ahead,
            y,
            z + right[1] * aside + front[1] * ahead,
        )
        return Board(
            centre, (wide, height), palette.wall, palette.wall_border, 0.02, yaw=wall.yaw + yaw
        )

    return [
        board(-width / 2, -DEPTH / 2, DEPTH, -math.pi / 2),
        board(width / 2, -DEPTH / 2, DEPTH, math.pi / 2),
        board(0.0, -DEPTH, width, math.pi),
    ]
