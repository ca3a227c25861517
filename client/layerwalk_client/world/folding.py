"""Runs of equal blocks shown as their first block and a badge: pure, of a graph.

Blocks of a run have the same nodes in the same order, so a node of a hidden block stands for the
same one of the first. Edges from a hidden block to what follows begin there; edges between the
blocks of a run lead nowhere and are left away.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from layerwalk_client.world.lettering import text_width
from layerwalk_client.world.palette import PALETTES, Theme
from layerwalk_client.world.scene import Board, Label, Plot, Scene
from layerwalk_client.world.signs import GROUP_PRIORITY
from layerwalk_shared.graph import Edge, Graph, Group, make_graph
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest

LEAST_BLOCKS = 3
"""Shorter runs are never folded: nothing would be won."""
MANY_NODES = 120
"""Networks of fewer nodes are shown whole at first."""
BADGE_HEIGHT = 0.5
BADGE_FOOT = 0.9
BADGE_TEXT = 0.26
BADGE_ASIDE = 0.25
"""Metres that the badge stands to the left of the block's plot."""


@dataclass(frozen=True, slots=True)
class Run:
    """Equal blocks that follow each other.

    Attributes:
        first: id of the first block's group, which is the run's name.
        count: of blocks.
        hidden: node index in a later block -> index of the same node in the first.
    """

    first: str
    count: int
    hidden: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Folded:
    """A network with some runs folded.

    Attributes:
        network: what is left of it; its nodes are fewer.
        manifest: of those nodes, None where there was none.
        kept: index in the whole graph of each node that is left.
        counts: id of a folded run's first group -> how many blocks it stands for.
    """

    network: NetworkDescription
    manifest: SnapshotManifest | None
    kept: tuple[int, ...]
    counts: Mapping[str, int]


def runs(graph: Graph) -> tuple[Run, ...]:
    """Return the runs of a graph, in order; those of fewer than `LEAST_BLOCKS` are left away.

    A run whose blocks turn out to have different numbers of nodes is none.
    """
    if not any(group.run for group in graph.groups):
        return ()
    inside = nodes_inside(graph)
    members: dict[str, list[str]] = {}
    for group in graph.groups:
        if group.run is not None and inside.get(group.id):
            members.setdefault(group.run, []).append(group.id)
    found = []
    for first, ids in members.items():
        blocks = [inside[group] for group in sorted(ids, key=lambda group: inside[group][0])]
        is_run = first in inside and blocks[0] == inside[first]
        if len(blocks) < LEAST_BLOCKS or not is_run or len({len(one) for one in blocks}) != 1:
            continue
        hidden = {
            node: same for block in blocks[1:] for node, same in zip(block, blocks[0], strict=True)
        }
        found.append(Run(first, len(blocks), hidden))
    return tuple(sorted(found, key=lambda run: inside[run.first][0]))


def run_of(graph: Graph, found: Sequence[Run], node: int) -> Run | None:
    """Return the innermost run that a node stands in, in its first block or a later one."""
    inside = nodes_inside(graph)
    fitting = [run for run in found if node in run.hidden or node in set(inside[run.first])]
    return min(fitting, key=lambda run: len(inside[run.first]), default=None)


def nodes_inside(graph: Graph) -> dict[str, list[int]]:
    """Return the nodes of each group, those of groups in it included, in order."""
    parents = {group.id: group.parent for group in graph.groups}
    found: dict[str, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        group = node.group
        while group is not None:
            found.setdefault(group, []).append(index)
            group = parents[group]
    return found


def fold(
    network: NetworkDescription,
    manifest: SnapshotManifest | None,
    folded: Collection[str],
) -> Folded:
    """Return a network with the runs of those names folded.

    Args:
        network: whole.
        manifest: of a snapshot of the whole network.
        folded: names of runs; what is no run is passed over.
    """
    graph = network.graph
    chosen = [run for run in runs(graph) if run.first in folded]
    stands_for: dict[int, int] = {}
    for run in chosen:
        stands_for.update({node: same for node, same in run.hidden.items() if node != same})
    if not stands_for:
        return Folded(network, manifest, tuple(range(len(graph.nodes))), {})
    kept = tuple(index for index in range(len(graph.nodes)) if index not in stands_for)
    reduced = make_graph(
        tuple(graph.nodes[index] for index in kept),
        _edges(graph, stands_for),
        _groups(graph, kept),
    )
    left = {group.id for group in reduced.groups}
    smaller = network.model_copy(update={"graph": reduced, "snapshot": None})
    if manifest is not None:
        nodes = tuple(manifest.nodes[index] for index in kept)
        manifest = manifest.model_copy(update={"nodes": nodes})
    counts = {run.first: run.count for run in chosen if run.first in left}
    return Folded(smaller, manifest, kept, counts)


def _edges(graph: Graph, stands_for: Mapping[int, int]) -> tuple[Edge, ...]:
    """Carry edges over to the nodes that are left; those that would run back go."""
    found: dict[tuple[str, str, int], Edge] = {}
    for edge in graph.edges:
        source, target = (
            _shown(stands_for, graph.index[end]) for end in (edge.source, edge.target)
        )
        if source >= target:
            continue
        ends = (graph.nodes[source].id, graph.nodes[target].id)
        found[*ends, edge.slot] = Edge(source=ends[0], target=ends[1], slot=edge.slot)
    return tuple(found.values())


def _shown(stands_for: Mapping[int, int], node: int) -> int:
    while node in stands_for:
        node = stands_for[node]
    return node


def _groups(graph: Graph, kept: Sequence[int]) -> tuple[Group, ...]:
    """Return the groups that still hold something; none is a run any more."""
    parents = {group.id: group.parent for group in graph.groups}
    needed: set[str] = set()
    for index in kept:
        group = graph.nodes[index].group
        while group is not None and group not in needed:
            needed.add(group)
            group = parents[group]
    return tuple(
        group.model_copy(update={"run": None}) for group in graph.groups if group.id in needed
    )


def unfolded_numbers(scene: Scene, folded: Folded) -> Scene:
    """Return a scene of what is left with the node numbers of the whole graph."""
    kept = folded.kept
    return replace(
        scene,
        walls=tuple(replace(wall, node=kept[wall.node]) for wall in scene.walls),
        ribbons=tuple(
            replace(ribbon, source=kept[ribbon.source], target=kept[ribbon.target])
            for ribbon in scene.ribbons
        ),
    )


@dataclass(frozen=True, slots=True)
class Badge:
    """The board that says how many blocks a run has; `board` is its place in `scene.boards`."""

    board: int
    run: str


def with_badges(
    scene: Scene, counts: Mapping[str, int], groups: Sequence[Group], *, theme: Theme = "dark"
) -> tuple[Scene, tuple[Badge, ...]]:
    """Return the scene with a badge beside the plot of each folded run, and which those are.

    A block that is all that is left of the group around it has no plot of its own: its badge
    stands beside that one's.

    Args:
        scene: of what is left.
        counts: run -> how many blocks it has.
        groups: of the whole graph.
    """
    parents = {group.id: group.parent for group in groups}
    palette = PALETTES[theme]
    boards, labels, badges = list(scene.boards), list(scene.labels), []
    plots: dict[str, Plot] = {}
    taken: dict[str, int] = {}
    for plot in scene.plots:
        plots.setdefault(plot.group, plot)
    for group, count in counts.items():
        home: str | None = group
        while home is not None and home not in plots:
            home = parents[home]
        if home is None:
            continue
        plot = plots[home]
        taken[home] = taken.get(home, -1) + 1
        text = f"\N{MULTIPLICATION SIGN} {count}"
        width = text_width(text, BADGE_TEXT, is_bold=True) + 0.3
        height = BADGE_FOOT + BADGE_HEIGHT * (0.5 + 1.2 * taken[home])
        centre = (plot.x0 - BADGE_ASIDE - width / 2, height, plot.z1 - 0.1)
        badges.append(Badge(len(boards), group))
        boards.append(
            Board(centre, (width, BADGE_HEIGHT), (*palette.panel[:3], 1.0), palette.accent, 0.012)
        )
        labels.append(
            Label(
                text, (centre[0], centre[1], centre[2] + 0.02), BADGE_TEXT, palette.name,
                anchor="centre-centre", priority=GROUP_PRIORITY, is_bold=True,
            )
        )  # fmt: skip
    return replace(scene, boards=tuple(boards), labels=tuple(labels)), tuple(badges)
