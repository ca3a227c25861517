"""The network's answer as a board of bars, at the end of the hall and beside the input."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from layerwalk_client.world.palette import PALETTES, Palette, Theme
from layerwalk_client.world.scene import Board, Colour, Label, Scene, Vector, Wall
from layerwalk_client.world.signs import at
from layerwalk_shared.messages import ClassScore, NetworkDescription, SnapshotManifest

LINES = 10
MARKED_CELLS = 3
BOARD_WH = (3.6, 3.3)
"""Of a board at scale 1, metres; everything on it scales with it."""
END_SCALE, COPY_SCALE = 0.8, 0.6
BESIDE = 0.5
"""Metres between a wall and the board beside it."""
TURNED = -0.3
"""Radians by which the board at the end is turned towards whoever stands before the output."""
PLAZA = 4.2
"""Metres of free floor before the output, from where it and the board are seen together."""
SHEET = 0.02
"""Metres that text and bars stand before their board."""
CELL_NAME = 0.075
"""Cap height of the names of cells, metres."""
ANSWER_PRIORITY = 4


class BoardMaker(Protocol):
    """Makes what stands on a board at a place."""

    def __call__(
        self, place: Wall, *, palette: Palette, scale: float
    ) -> tuple[list[Board], list[Label]]: ...


@dataclass(frozen=True, slots=True)
class Frame:
    """A board's own coordinates: metres from its upper left corner, x right, y down."""

    wall: Wall
    scale: float

    def point(self, x: float, y: float, *, before: float = SHEET) -> Vector:
        width, height = BOARD_WH
        return at(self.wall, (x - width / 2) * self.scale, (height - y) * self.scale, before=before)

    def text(self, text: str, x: float, y: float, height: float, colour: Colour) -> Label:
        return Label(
            text, self.point(x, y), height * self.scale, colour, yaw=self.wall.yaw,
            anchor="left-centre", priority=ANSWER_PRIORITY,
        )  # fmt: skip

    def bar(self, x: float, y: float, size_wh: tuple[float, float], colour: Colour) -> Board:
        """A filled rectangle whose left end's middle is at (x, y)."""
        width, height = size_wh
        return Board(
            self.point(x + width / 2, y, before=SHEET / 2),
            (width * self.scale, height * self.scale),
            colour,
            yaw=self.wall.yaw,
        )


def with_answer(
    scene: Scene,
    network: NetworkDescription,
    manifest: SnapshotManifest,
    *,
    theme: Theme = "dark",
    unmarked: Collection[int] = (),
    board: BoardMaker | None = None,
) -> Scene:
    """Return the scene with the answer's boards and the names of the output's best cells.

    Without an answer in the manifest the scene comes back as it is.

    Args:
        scene: with the walls of the network.
        network: that is shown.
        manifest: whose answer it is.
        theme: of the boards.
        unmarked: nodes whose wall shows something else than its cells now.
        board: makes another board than that of this one answer.
    """
    if not manifest.top or not scene.walls:
        return scene
    palette = PALETTES[theme]
    make = board or partial(answer_board, manifest)
    boards: list[Board] = []
    labels: list[Label] = []
    answer_node = output_node(network)
    output = None if answer_node is None else _wall_of(scene, network.id, answer_node)
    parts = []
    if output is not None:
        beside = _beside(scene, output, scale=END_SCALE, turned=TURNED)
        parts.append(make(beside, palette=palette, scale=END_SCALE))
        if answer_node not in unmarked:
            parts.append(cell_names(output, manifest.top, palette=palette))
    for index, node in enumerate(network.graph.nodes):
        wall = _wall_of(scene, network.id, index) if node.kind == "input" else None
        if wall is not None:
            beside = _beside(scene, wall, scale=COPY_SCALE)
            parts.append(make(beside, palette=palette, scale=COPY_SCALE))
            break
    for more_boards, more_labels in parts:
        boards += more_boards
        labels += more_labels
    return replace(scene, labels=(*scene.labels, *labels), boards=(*scene.boards, *boards))


def output_node(network: NetworkDescription) -> int | None:
    """Return the index of the last node with one element for each class, else of the last node;
    None where the network has no classes."""
    nodes = network.graph.nodes
    if not network.classes or not nodes:
        return None
    fitting = [
        index
        for index, node in enumerate(nodes)
        if node.view == "vector" and math.prod(node.shape) == len(network.classes)
    ]
    return (fitting or [len(nodes) - 1])[-1]


def _wall_of(scene: Scene, network: str, node: int) -> Wall | None:
    return next(
        (wall for wall in scene.walls if (wall.network, wall.node) == (network, node)), None
    )


def _beside(scene: Scene, wall: Wall, *, scale: float, turned: float = 0.0) -> Wall:
    """Return a place for a board to the right of a wall, past whatever else stands there."""
    width, height = BOARD_WH[0] * scale, BOARD_WH[1] * scale
    sine, cosine = math.sin(wall.yaw), math.cos(wall.yaw)
    row = []
    for other in scene.walls:
        x, z = other.centre[0] - wall.centre[0], other.centre[2] - wall.centre[2]
        if other.yaw == wall.yaw and abs(sine * x + cosine * z) < 0.5:
            row.append((cosine * x - sine * z, other.size_wh[0] / 2))
    end = wall.size_wh[0] / 2
    for lateral, half in sorted(row):
        if lateral > 0 and lateral - half < end + 2 * BESIDE + width:
            end = max(end, lateral + half)
    reach = width / 2 * math.cos(turned)
    back = width / 2 * math.sin(turned)
    centre = at(wall, end + BESIDE + reach, height / 2, before=-back)
    return replace(wall, centre=centre, size_wh=(width, height), yaw=wall.yaw + turned)


def answer_board(
    manifest: SnapshotManifest, place: Wall, *, palette: Palette, scale: float = 1.0
) -> tuple[list[Board], list[Label]]:
    """Return board, bars and texts of the ten best classes.

    Bars are probabilities on a scale from 0 to 1, so two answers can be compared by eye.

    Args:
        place: where the board stands: its centre, size and yaw are used.
    """
    frame = Frame(place, scale)
    width, height = BOARD_WH
    truth = manifest.input.label
    boards = [
        Board(
            frame.point(width / 2, height / 2, before=0.0),
            (width * scale, height * scale),
            palette.panel,
            border_colour=palette.panel_border,
            border=0.012 * scale,
            yaw=place.yaw,
        )
    ]
    best = manifest.top[0]
    labels = [
        frame.text(best.name, 0.22, 0.34, 0.19, palette.panel_text),
        frame.text(percent(best.probability), width - 0.22, 0.34, 0.19, palette.accent),
        frame.text(
            _truth_line(best, truth), 0.22, 0.66, 0.085, _truth_colour(best, truth, palette)
        ),
    ]
    labels[0] = replace(labels[0], is_bold=True, max_width=(width - 1.35) * scale)
    labels[1] = replace(labels[1], is_bold=True, anchor="right-centre")
    labels[2] = replace(labels[2], max_width=(width - 0.44) * scale)
    for line, score in enumerate(manifest.top[:LINES]):
        y = 0.98 + 0.235 * line
        is_true = truth is not None and score.name == truth
        colour = palette.good if is_true else palette.accent
        room = width - 1.58 - 0.82
        share = min(1.0, max(0.0, score.probability))
        name = frame.text(
            score.name, 0.22, y, 0.085, palette.good if is_true else palette.panel_text
        )
        labels.append(replace(name, max_width=1.26 * scale))
        amount = frame.text(percent(score.probability), width - 0.22, y, 0.085, palette.detail)
        labels.append(replace(amount, anchor="right-centre"))
        boards.append(frame.bar(1.58, y, (room, 0.1), palette.track))
        if share * room >= 0.004:
            boards.append(frame.bar(1.58, y, (share * room, 0.1), colour))
    return boards, labels


def percent(probability: float) -> str:
    """Return a probability as a person reads it: `97 %`, `3.4 %`, `< 0.1 %`."""
    value = 100 * probability
    if value >= 99.95:
        return "100 %"
    if value >= 10:
        return f"{value:.1f} %" if value >= 99 else f"{value:.0f} %"
    if value >= 0.1:
        return f"{value:.1f} %"
    return "< 0.1 %"


def _truth_line(best: ClassScore, truth: str | None) -> str:
    if truth is None:
        return "the ten best classes"
    return f"right: it is {truth}" if best.name == truth else f"in truth: {truth}"


def _truth_colour(best: ClassScore, truth: str | None, palette: Palette) -> Colour:
    if truth is None:
        return palette.detail
    return palette.good if best.name == truth else palette.warning


def cell_names(
    output: Wall, top: Sequence[ClassScore], *, palette: Palette
) -> tuple[list[Board], list[Label]]:
    """Return frames around the best cells of a vector's wall, and their names to its left.

    Names of cells in one row share a line, in the order of the cells; lines stand at the height
    of their rows where there is room, else as near as may be.
    """
    if output.cells == 0 or output.channels != 1:
        return [], []
    rows, columns = output.picture_hw
    cell_w, cell_h = output.tile_wh[0] / columns, output.tile_wh[1] / rows
    left, height = -output.size_wh[0] / 2, output.size_wh[1]
    boards: list[Board] = []
    lines: dict[int, list[tuple[int, ClassScore]]] = {}
    for score in top[:MARKED_CELLS]:
        if score.index >= output.cells:
            continue
        row, column = divmod(score.index, columns)
        lines.setdefault(row, []).append((column, score))
        x = left + output.gap + (column + 0.5) * cell_w
        y = height - output.gap - (row + 0.5) * cell_h
        boards.append(
            Board(
                at(output, x, y, before=0.008),
                (cell_w, cell_h),
                (0.0, 0.0, 0.0, 0.0),
                border_colour=palette.mark,
                border=min(cell_w, cell_h) * 0.08,
                yaw=output.yaw,
            )
        )
    labels: list[Label] = []
    highest = math.inf
    for row, cells in sorted(lines.items()):
        cells.sort(key=lambda cell: cell[0])
        y = height - output.gap - (row + 0.5) * cell_h
        highest = min(y, highest - 2.0 * CELL_NAME)
        is_best = any(score is top[0] for _, score in cells)
        labels.append(
            Label(
                " · ".join(f"{score.name} {percent(score.probability)}" for _, score in cells),
                at(output, left - 0.14, highest),
                CELL_NAME,
                palette.name if is_best else palette.detail,
                yaw=output.yaw,
                anchor="right-centre",
                priority=ANSWER_PRIORITY,
                is_bold=is_best,
            )
        )
        start, end = left - 0.1, left + output.gap + cells[0][0] * cell_w
        boards.append(
            Board(
                at(output, (start + end) / 2, y, before=0.006),
                (end - start, 0.006),
                (*palette.mark[:3], 0.55),
                yaw=output.yaw,
            )
        )
    return boards, labels
