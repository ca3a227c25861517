"""The scene that stands for a network, made anew where its shapes, its answer, its warnings or its
folded runs are others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from layerwalk_client.app.stage.boxing import Boxing
from layerwalk_client.world.answer import BoardMaker, with_answer
from layerwalk_client.world.arranged import Arranged
from layerwalk_client.world.arranging import Stub, arrange, ghost
from layerwalk_client.world.boxes import Box, fold_groups, named_boxes, with_sides
from layerwalk_client.world.compared import ComparedView, with_compared, with_reverse
from layerwalk_client.world.compared_answer import compared_board
from layerwalk_client.world.edited import EditedView, edited_board, with_edits
from layerwalk_client.world.folding import (
    MANY_NODES,
    Badge,
    Run,
    fold,
    run_of,
    runs,
    unfolded_numbers,
    with_badges,
)
from layerwalk_client.world.hanging import Hung, with_pictures
from layerwalk_client.world.health import with_warnings
from layerwalk_client.world.inputs import titles
from layerwalk_client.world.layout import layout
from layerwalk_client.world.options import LayoutOptions, Style
from layerwalk_client.world.palette import Theme
from layerwalk_client.world.scene import Label, Scene, Wall
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest
from layerwalk_shared.training import HealthWarning


class Scenery:
    """Mutable, owned by the main thread.

    Args:
        options: of the layout; the answer is added here.

    Attributes:
        scene: walls carry the node numbers of the whole graph; nodes of folded blocks have none.
        arranged: what a person has done to the walls.
        badges: which boards say how long a folded run is.
        folded: names of the runs that are folded.
        boxing: which groups are folded.
        boxes: the folded groups that stand there.
    """

    def __init__(self, options: LayoutOptions) -> None:
        self._options = options
        self.scene = Scene()
        self.arranged = Arranged()
        self._ghost: Wall | None = None
        self._edited = EditedView()
        self._stubs: tuple[Stub, ...] = ()
        self.badges: tuple[Badge, ...] = ()
        self.folded: frozenset[str] = frozenset()
        self.boxing = Boxing()
        self.boxes: tuple[Box, ...] = ()
        self._runs: tuple[Run, ...] = ()
        self._graph: Graph | None = None
        self._base = Scene()
        self._counts: dict[str, int] = {}
        self._shapes: tuple[object, bool] | None = None
        self._dressed: object = None
        self._titles: dict[str, str] = {}

    @property
    def theme(self) -> Theme:
        """Of signs and boards."""
        return self._options.theme

    def begin(self, graph: Graph, *, keeps_folds: bool) -> None:
        """Begin with another graph.

        Args:
            graph: whole.
            keeps_folds: runs that were folded stay so; else large networks begin with all folded.
        """
        opened = {run.first for run in self._runs} - self.folded if keeps_folds else frozenset()
        self._runs = runs(graph)
        self._graph = graph
        is_large = len(graph.nodes) >= MANY_NODES
        names = frozenset(run.first for run in self._runs) if is_large else frozenset()
        self.folded = names - opened
        self.boxing.begin(graph, keeps=keeps_folds)
        self._shapes = self._dressed = None

    def restyle(self, *, theme: Theme, style: Style) -> None:
        """Stand otherwise with the next `arrange`."""
        self._options = replace(self._options, theme=theme, style=style)
        self._shapes = self._dressed = None

    def has_other_shapes(self, manifest: SnapshotManifest) -> bool:
        """Whether walls must be laid out anew for a snapshot."""
        return self._shapes is None or shapes_of(manifest) != self._shapes[0]

    def run_at(self, board: int | None) -> Run | None:
        """Return the run whose badge a board is."""
        name = next((badge.run for badge in self.badges if badge.board == board), None)
        return next((run for run in self._runs if run.first == name), None)

    def run_of(self, node: int) -> Run | None:
        """Return the innermost run that a node stands in."""
        return None if self._graph is None else run_of(self._graph, self._runs, node)

    def is_folded(self, run: Run) -> bool:
        """Whether a run is shown as its first block."""
        return run.first in self.folded

    def place(self, arranged: Arranged, *, left: Wall | None = None) -> bool:
        """Let walls be arranged otherwise; the scene changes with the next `arrange`. Return whether
        that is another arrangement.

        Args:
            arranged: what a person has done to them.
            left: a wall that is carried, as it was when it was taken: a trace of it stays.
        """
        before = self.arranged, self._ghost
        self.arranged, self._ghost = arranged, left
        return before != (arranged, left)

    def dress(self, edited: EditedView) -> bool:
        """Tell which weights are edited; return whether that is news.

        The scene changes with the next `arrange`.
        """
        is_news = edited != self._edited
        self._edited = edited
        return is_news

    def laid_out(self, node: str) -> Wall | None:
        """Return a node's wall as the layout has put it; None where it has none."""
        index = None if self._graph is None else self._graph.index.get(node)
        return next((wall for wall in self._base.walls if wall.node == index), None)

    def stub_at(self, board: int | None) -> str | None:
        """Return the node whose hidden wall a board stands for."""
        return next((stub.node for stub in self._stubs if stub.board == board), None)

    def toggle(self, run: Run | None) -> bool:
        """Fold a run, or open it (None: all, or open all); return whether there was one.

        The scene changes with the next `arrange`.
        """
        if not self._runs:
            return False
        names = frozenset({run.first} if run is not None else (one.first for one in self._runs))
        self.folded = self.folded - names if names & self.folded else self.folded | names
        self._shapes = None
        return True

    def open_for(self, node: int) -> bool:
        """Open the folded runs that hide a node; return whether that changes anything."""
        hiding = frozenset(run.first for run in self._runs if node in run.hidden) & self.folded
        self.folded -= hiding
        is_hidden = self.boxing.open_for(node) or bool(hiding)
        if is_hidden:
            self._shapes = None
        return is_hidden

    def fold_group(self, node: int) -> str | None:
        """Fold the innermost open group around a wall; return it, None where there is none.

        The scene changes with the next `arrange`.
        """
        standing = {wall.node for wall in self._base.walls}
        return self._anew(self.boxing.fold(node, standing))

    def open_group(self, node: int) -> str | None:
        """Open the box that a wall is; return its group, None where it is none."""
        return self._anew(self.boxing.open(node))

    def _anew(self, group: str | None) -> str | None:
        if group is not None:
            self._shapes = None
        return group

    def box_of(self, node: int) -> Box | None:
        """Return the box that a node's wall is, None where it is a plain wall."""
        return next((box for box in self.boxes if box.node == node), None)

    def stands_for(self, node: int) -> list[int]:
        """Return nodes that may stand for one that has no wall, the nearest first."""
        found = self.boxing.stands_for(node)
        for run in self._runs:
            if node in run.hidden:
                same = run.hidden[node]
                found += [same, *self.boxing.stands_for(same)]
        return found

    @property
    def style(self) -> Style:
        """How long chains stand."""
        return self._options.style

    def arrange(
        self,
        network: NetworkDescription,
        manifest: SnapshotManifest | None,
        *,
        warnings: Sequence[HealthWarning] = (),
        has_answer: bool = True,
        hung: tuple[Hung, ...] = (),
        compared: ComparedView | None = None,
    ) -> bool:
        """Make the scene anew where something of it is another; return whether it is.

        Args:
            network: that is shown.
            manifest: of the snapshot.
            warnings: of a training.
            has_answer: the answer's boards stand.
            hung: results of maximisations on the walls.
            compared: what the snapshot is compared with.
        """
        is_paired = compared is not None and compared.mode == "pair"
        shapes = (shapes_of(manifest), is_paired)
        answer = (manifest.input, manifest.top) if manifest is not None and has_answer else None
        titled = titles(network, manifest)
        seen_by = None if compared is None else (compared.mode, compared.difference.id)
        dressed = (
            titled, answer, tuple(warnings), hung, seen_by, self.arranged, self._ghost, self._edited
        )  # fmt: skip
        if shapes == self._shapes and dressed == self._dressed:
            return False
        if shapes != self._shapes:
            less, self.boxes = fold_groups(fold(network, manifest, self.folded), self.boxing.folded)
            options = replace(self._options, is_paired=is_paired)
            laid = layout(less.network, less.manifest, options=options)
            laid = unfolded_numbers(laid, less)
            self._base = named_boxes(laid, self.boxes, theme=self._options.theme)
            self._counts = dict(less.counts)
            self._shapes = shapes
        elif titled != self._titles:
            index = network.graph.index
            changed = {
                index[node]: (self._titles[node], title)
                for node, title in titled.items()
                if self._titles.get(node) and node in index
            }
            self._base = retitled(self._base, changed)
        self._titles, self._dressed = titled, dressed
        theme = self._options.theme
        ids = [node.id for node in network.graph.nodes]
        placed = arrange(self._base, ids, self.arranged, theme=theme)
        scene, self._stubs = with_sides(placed.scene, self.boxes, theme=theme), placed.stubs
        scene = with_compared(scene, network.id, compared, theme=theme)
        if manifest is not None and has_answer:
            seen = {one.node for one in hung if one.is_seen}
            seen |= {wall.node for wall in scene.walls if wall.values}
            before = self._edited.before
            board: BoardMaker | None = None
            if compared is not None:
                board = partial(compared_board, compared)
            elif before is not None and before.top and before.id != manifest.id:
                board = partial(edited_board, manifest, before)
            scene = with_answer(scene, network, manifest, theme=theme, unmarked=seen, board=board)
        scene = with_warnings(scene, network.graph, warnings, theme=theme)
        scene = with_edits(scene, network.graph, self._edited.nodes, theme=theme)
        scene = with_pictures(scene, hung, theme=theme)
        scene = with_reverse(scene, network.id, compared)
        if self._ghost is not None:
            scene = replace(scene, boards=(*scene.boards, ghost(self._ghost, theme=theme)))
        self.scene, self.badges = with_badges(
            scene, self._counts, network.graph.groups, theme=theme
        )
        return True


def shapes_of(manifest: SnapshotManifest | None) -> object:
    """Return what of a snapshot the places of walls depend on."""
    if manifest is None:
        return ()
    return tuple((node.pictures, node.has_values) for node in manifest.nodes)


def retitled(scene: Scene, changed: Mapping[int, tuple[str, str]]) -> Scene:
    """Return a scene whose input walls tell other titles: much cheaper than laying it out.

    Args:
        scene: with the titles so far.
        changed: node -> (title so far, title from now on).
    """
    walls, labels = list(scene.walls), list(scene.labels)
    for place, wall in enumerate(scene.walls):
        old, new = changed.get(wall.node, ("", ""))
        if old == new or not wall.subtitle.startswith(old):
            continue
        text = new + wall.subtitle.removeprefix(old)
        walls[place] = replace(wall, subtitle=text)
        labels = [
            replace(label, text=text)
            if label.text == wall.subtitle and _owner(label, scene.walls) is wall
            else label
            for label in labels
        ]
    return replace(scene, walls=tuple(walls), labels=tuple(labels))


def _owner(label: Label, walls: Sequence[Wall]) -> Wall:
    """Return the wall that a label hangs on: the nearest of those that say these words."""
    same = [wall for wall in walls if wall.subtitle == label.text]
    return min(same, key=lambda wall: math.dist(label.position, wall.centre))
