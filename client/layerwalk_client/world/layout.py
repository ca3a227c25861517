"""From a network's graph to the place one walks through. Pure: the same graph, the same scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerwalk_client.world import answer
from layerwalk_client.world.inputs import spec_at, titles
from layerwalk_client.world.lanes import Lanes, Path, common, lanes
from layerwalk_client.world.legs import Leg, legs
from layerwalk_client.world.options import LayoutOptions
from layerwalk_client.world.palette import PALETTES, Palette
from layerwalk_client.world.plots import (
    ROOM,
    Area,
    Ground,
    areas,
    group_paths,
    groups_open,
    margins_needed,
)
from layerwalk_client.world.ranks import Links, Ranks, links, ranks
from layerwalk_client.world.ribbons import LIFT, aisles, feet, floor_pieces, world_path
from layerwalk_client.world.scene import Label, Plot, Ribbon, Scene, Vector, Wall
from layerwalk_client.world.signs import join_label, plot_label, wall_labels
from layerwalk_client.world.terms import kind_line, shape_line
from layerwalk_client.world.walls import WallSize, pair_pitch, wall_size, warning
from layerwalk_shared.errors import ProtocolError
from layerwalk_shared.graph import Graph, Group, Node
from layerwalk_shared.messages import (
    InputSpec,
    NetworkDescription,
    NodeStatistics,
    SnapshotManifest,
)

RIBBON_ROOM = 0.3
"""Metres between the plots of two ranks beyond what their margins take."""
LIFTS = 8
LIFT_STEP = 0.0015
"""Ribbons lie at this many heights, so that two that cross are never at one."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A layout on the floor, before it is carried into the world."""

    graph: Graph
    near: Links
    order: Ranks
    paths: tuple[Path, ...]
    sizes: tuple[WallSize, ...]
    halves: tuple[float, ...]
    side: Lanes
    alongs: tuple[float, ...]
    rooms: tuple[tuple[float, float], ...]
    legs: tuple[Leg, ...]

    def leg_of(self, rank: int) -> Leg:
        return next(leg for leg in self.legs if leg.first <= rank <= leg.last)


def layout(
    network: NetworkDescription,
    manifest: SnapshotManifest | None = None,
    *,
    options: LayoutOptions | None = None,
    origin: Vector = (0.0, 0.0, 0.0),
) -> Scene:
    """Return the scene of one network.

    Args:
        network: graph, classes, name.
        manifest: of the snapshot that will hang on the walls; brings shapes as drawn, warnings
            and the answer. None: walls from the graph alone.
        options: sizes, distances, style; None is the defaults.
        origin: where the input stands, metres; `origin[1]` is the floor.

    Returns:
        Walls in the order of the graph's nodes, ribbons in the order of its edges.

    Raises:
        ProtocolError: the manifest is of another graph.
    """
    options = options or LayoutOptions()
    palette = PALETTES[options.theme]
    if manifest is not None and len(manifest.nodes) != len(network.graph.nodes):
        raise ProtocolError(
            f"snapshot {manifest.id!r} tells of {len(manifest.nodes)} nodes, the graph of "
            f"{network.id!r} has {len(network.graph.nodes)}"
        )
    if not network.graph.nodes:
        return Scene()
    plan = _plan(network, manifest, options, (origin[0], origin[2]))
    walls = _walls(network, manifest, plan, options, origin[1])
    ribbons, joins = _ribbons(network.id, plan, options, palette, origin[1])
    ground = _areas(plan, options)
    labels: list[Label] = []
    for wall, statistics in zip(walls, _statistics(manifest, len(walls)), strict=True):
        is_blank = network.graph.nodes[wall.node].error is not None or (
            statistics is not None and not statistics.has_values
        )
        labels += wall_labels(wall, palette, is_blank=is_blank)
    labels += joins
    plots, names = _plots(network, plan, ground, palette, origin[1])
    labels += names
    scene = Scene(walls, ribbons, plots, tuple(labels))
    if manifest is not None and options.shows_answer:
        scene = answer.with_answer(scene, network, manifest, theme=options.theme)
    return scene


def _plan(
    network: NetworkDescription,
    manifest: SnapshotManifest | None,
    options: LayoutOptions,
    origin_xz: tuple[float, float],
) -> _Plan:
    graph = network.graph
    near = links(graph)
    order = ranks(graph, near)
    paths = group_paths(graph)
    sizes = tuple(
        wall_size(
            node,
            options,
            pictures=statistics.pictures if statistics and statistics.has_values else None,
        )
        for node, statistics in zip(
            graph.nodes, _statistics(manifest, len(graph.nodes)), strict=True
        )
    )
    halves = tuple(
        size.size_wh[0] / 2 + (pair_pitch(size.size_wh[0]) / 2 if options.is_paired else 0.0)
        for size in sizes
    )
    side = lanes(order, near, halves=halves, paths=paths, options=options)
    output = answer.output_node(network)
    plaza = None if output is None else order.of_node[output]
    alongs, rooms = _alongs(order, paths, halves, plaza=plaza, options=options)
    extents = _extents(order, paths, halves, side=side, plaza=plaza, options=options)
    found = legs(
        order,
        near,
        alongs=alongs,
        extents=extents,
        groups=groups_open(order, paths),
        options=options,
        origin_xz=origin_xz,
    )
    return _Plan(graph, near, order, paths, sizes, halves, side, alongs, rooms, found)


def _statistics(manifest: SnapshotManifest | None, count: int) -> Sequence[NodeStatistics | None]:
    return manifest.nodes if manifest is not None else [None] * count


def _alongs(
    order: Ranks,
    paths: Sequence[Path],
    halves: Sequence[float],
    *,
    plaza: int | None,
    options: LayoutOptions,
) -> tuple[tuple[float, ...], tuple[tuple[float, float], ...]]:
    """Return where each rank stands along the line, and the room of its plots before and behind.

    Args:
        plaza: rank of the output, which has free floor before it.
    """
    widest = [0.0] * order.count
    for node, rank in enumerate(order.of_node):
        widest[rank] = max(widest[rank], 2 * halves[node])
    begins, ends = margins_needed(order, paths)
    alongs = [0.0]
    before, behind = [options.margin * max(1, begins[0])], []
    for rank in range(order.count - 1):
        count = ends[rank] + begins[rank + 1]
        distance = max(
            options.smallest_spacing,
            options.spacing * max(widest[rank], widest[rank + 1]),
            options.margin * count + RIBBON_ROOM,
            answer.PLAZA if rank + 1 == plaza else 0.0,
        )
        share = ends[rank] / count if count else 0.5
        behind.append((distance - ROOM) * share if ends[rank] else 0.2 * distance)
        before.append((distance - ROOM) * (1 - share) if begins[rank + 1] else 0.2 * distance)
        alongs.append(alongs[-1] + distance)
    behind.append(options.margin * max(1, ends[-1]))
    return tuple(alongs), tuple(zip(before, behind, strict=True))


def _extents(
    order: Ranks,
    paths: Sequence[Path],
    halves: Sequence[float],
    *,
    side: Lanes,
    plaza: int | None,
    options: LayoutOptions,
) -> list[tuple[float, float]]:
    """Return the lateral ends of all that stands or lies at each rank, plots included."""
    ends = [(0.0, 0.0)] * order.count

    def widen(rank: int, left: float, right: float) -> None:
        ends[rank] = min(ends[rank][0], left), max(ends[rank][1], right)

    for node, rank in enumerate(order.of_node):
        aside = halves[node] + options.margin * len(paths[node])
        widen(rank, side.lateral[node] - aside, side.lateral[node] + aside)
    for (source, target), lateral in side.tracks.items():
        aside = options.track + options.margin * len(common([paths[source], paths[target]]))
        for rank in range(order.of_node[source], order.of_node[target] + 1):
            widen(rank, lateral - aside, lateral + aside)
    # The answer's boards stand to the right of the input and of the output.
    for step, scale in ((0, answer.COPY_SCALE), (plaza, answer.END_SCALE)):
        if step is not None and ends:
            widen(step, 0.0, ends[step][1] + answer.BESIDE + answer.BOARD_WH[0] * scale)
    return ends


def _walls(
    network: NetworkDescription,
    manifest: SnapshotManifest | None,
    plan: _Plan,
    options: LayoutOptions,
    floor: float,
) -> tuple[Wall, ...]:
    walls = []
    titled = titles(network, manifest)
    every = _statistics(manifest, len(plan.sizes))
    for index, (node, size) in enumerate(zip(plan.graph.nodes, plan.sizes, strict=True)):
        rank = plan.order.of_node[index]
        leg = plan.leg_of(rank)
        aside = pair_pitch(size.size_wh[0]) / 2 if options.is_paired else 0.0
        x, z = leg.place(plan.side.lateral[index] - aside, plan.alongs[rank])
        walls.append(
            Wall(
                network.id,
                index,
                (x, floor + size.size_wh[1] / 2, z),
                size.size_wh,
                size.columns,
                size.rows,
                size.channels,
                size.picture_hw,
                size.tile_wh,
                size.gap,
                yaw=leg.yaw,
                cells=size.cells,
                is_image=size.is_image,
                title=node.name,
                subtitle=_subtitle(node, titled.get(node.id, ""), spec_at(network, node.id)),
                warning=warning(node, every[index]),
            )
        )
    return tuple(walls)


def _subtitle(node: Node, title: str, spec: InputSpec) -> str:
    return f"{title} · {shape_line(node, spec)}" if title else kind_line(node, spec)


def _ribbons(
    network: str, plan: _Plan, options: LayoutOptions, palette: Palette, floor: float
) -> tuple[tuple[Ribbon, ...], list[Label]]:
    ends = feet(plan.near, laterals=plan.side.lateral, halves=plan.halves, tracks=plan.side.tracks)
    found: list[Ribbon] = []
    heights: dict[tuple[int, float], int] = {}
    pairs = sorted(
        {
            (plan.graph.index[edge.source], plan.graph.index[edge.target])
            for edge in plan.graph.edges
        }
    )
    lines = {
        pair: floor_pieces(
            pair, order=plan.order, alongs=plan.alongs, ends=ends, tracks=plan.side.tracks,
            legs=plan.legs,
        )
        for pair in pairs
    }  # fmt: skip
    comes_by = aisles(lines)
    for (source, target), pieces in lines.items():
        # Ribbons of one source on one track are one line: they must lie at one height.
        bundle = source, plan.side.tracks.get((source, target), np.inf)
        height = heights.setdefault(bundle, len(heights)) % LIFTS
        points = world_path(
            pieces,
            [comes_by[(source, target), leg.first] for leg, _ in pieces[1:]],
            base=(floor, LIFT + LIFT_STEP * height),
        )
        found.append(
            Ribbon(network, source, target, points, options.ribbon, label=_join(plan, target))
        )
    joins = [
        label
        for target in range(len(plan.graph.nodes))
        if (label := _join_label(plan, target, palette, floor)) is not None
    ]
    return tuple(found), joins


def _join(plan: _Plan, target: int) -> str:
    return plan.graph.nodes[target].operation if len(plan.near.before[target]) > 1 else ""


def _join_label(plan: _Plan, target: int, palette: Palette, floor: float) -> Label | None:
    """Name a join once, where the outermost ribbon that comes from aside turns in."""
    text = _join(plan, target)
    if not text:
        return None
    here = plan.side.lateral[target]
    rank = plan.order.of_node[target]
    come = [
        plan.side.tracks.get((source, target), plan.side.lateral[source])
        for source in plan.near.before[target]
    ]
    leftmost, rightmost = min(come), max(come)
    side = -1 if leftmost < here - plan.halves[target] / 2 else 1
    leg = plan.leg_of(rank - 1)
    point = leftmost if side < 0 else rightmost, plan.alongs[rank - 1]
    return join_label(text, point, leg, palette, base=floor, side=side)


def _areas(plan: _Plan, options: LayoutOptions) -> tuple[Area, ...]:
    tracks = []
    for (source, target), lateral in plan.side.tracks.items():
        path = common([plan.paths[source], plan.paths[target]])
        ends = plan.order.of_node[source], plan.order.of_node[target]
        tracks.append((lateral, *ends, path))
    boxes = [
        (lateral - half, lateral + half, plan.alongs[rank])
        for lateral, half, rank in zip(
            plan.side.lateral, plan.halves, plan.order.of_node, strict=True
        )
    ]
    return areas(
        plan.order,
        plan.paths,
        Ground(boxes, plan.rooms, tracks),
        runs=[(leg.first, leg.last) for leg in plan.legs],
        margin=options.margin,
    )


def _plots(
    network: NetworkDescription,
    plan: _Plan,
    ground: Sequence[Area],
    palette: Palette,
    floor: float,
) -> tuple[tuple[Plot, ...], list[Label]]:
    plots, labels = [], []
    for area in ground:
        group = plan.graph.groups[area.group]
        leg = plan.leg_of(area.rank)
        (x0, z0), (x1, z1) = (
            leg.place(area.left, area.near),
            leg.place(area.right, area.far),
        )
        names = group_names(group)
        plots.append(
            Plot(
                network.id, group.id, min(x0, x1), min(z0, z1), max(x0, x1), max(z0, z1),
                area.depth, names[0],
            )
        )  # fmt: skip
        labels.append(plot_label(area, names, leg, palette, base=floor))
    return tuple(plots), labels


CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict", ""})
"""Operations of groups that say nothing about what a group does."""


def group_names(group: Group) -> tuple[str, ...]:
    """Return what a group is called, longest first: `layer1.0 · BasicBlock`, `layer1.0`, `0`."""
    names = (group.name, group.name.rpartition(".")[2])
    if group.kind == "marker" or group.operation in CONTAINERS:
        return names
    return (f"{group.name} · {group.operation}", *names)
