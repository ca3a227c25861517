"""The network's answer as a board of bars, at the end of the hall and beside the input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from layerwalk_client.world.palette import PALETTES, Palette, Theme
from layerwalk_client.world.scene import Board, Colour, Label, Scene, Vector, Wall
from layerwalk_client.world.signs import at, sign_room
from layerwalk_shared.messages import ClassScore, NetworkDescription, SnapshotManifest

LINES = 10
MARKED_CELLS = 3
BOARD_WH = (3.6, 3.3)
"""Of the full-size board, metres; everything on it scales with it."""
COPY_SCALE = 0.6
BEHIND = 2.6
"""Metres between the output wall and the board behind it."""
BESIDE = 0.5
"""Metres between the input's frame and the copy beside it."""
SHEET = 0.02
"""Metres that text and bars stand before their board."""
ANSWER_PRIORITY = 4


@dataclass(frozen=True, slots=True)
class _Frame:
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
    scene: Scene, network: NetworkDescription, manifest: SnapshotManifest, *, theme: Theme = "dark"
) -> Scene:
    """Return the scene with the answer's boards and the names of the output's best cells.

    Without an answer in the manifest the scene comes back as it is.
    """
    if not manifest.top or not scene.walls:
        return scene
    palette = PALETTES[theme]
    boards: list[Board] = []
    labels: list[Label] = []
    output = output_wall(scene, network)
    if output is not None:
        for part in (
            answer_board(manifest, _behind(output), palette=palette),
            cell_names(output, manifest.top, palette=palette),
        ):
            boards += part[0]
            labels += part[1]
    beside = _beside_input(scene, network)
    if beside is not None:
        part = answer_board(manifest, beside, palette=palette, scale=COPY_SCALE)
        boards += part[0]
        labels += part[1]
    return replace(scene, labels=(*scene.labels, *labels), boards=(*scene.boards, *boards))


def output_wall(scene: Scene, network: NetworkDescription) -> Wall | None:
    """Return the last wall that shows a vector with one cell for each class, else the last wall."""
    own = [wall for wall in scene.walls if wall.network == network.id]
    if not own:
        return None
    fitting = [wall for wall in own if network.classes and wall.cells == len(network.classes)]
    return (fitting or own)[-1]


def _behind(output: Wall) -> Wall:
    """A place for the full board: behind the output wall, above it, facing the hall."""
    width, height = BOARD_WH
    rise = output.size_wh[1] + sign_room(output.size_wh) + 0.25
    centre = at(output, 0.0, rise + height / 2, before=-BEHIND)
    return replace(output, centre=centre, size_wh=(width, height))


def _beside_input(scene: Scene, network: NetworkDescription) -> Wall | None:
    """A place for the copy: to the right of all that stands in one line with the input."""
    inputs = [
        wall
        for wall in scene.walls
        if wall.network == network.id and network.graph.nodes[wall.node].kind == "input"
    ]
    if not inputs:
        return None
    first = inputs[0]
    width, height = BOARD_WH[0] * COPY_SCALE, BOARD_WH[1] * COPY_SCALE
    before = network.graph.predecessors
    row = [
        wall
        for wall in scene.walls
        if wall.network == network.id
        and not before[network.graph.nodes[wall.node].id]
        and abs(wall.centre[2] - first.centre[2]) < 0.5
    ]
    last = max(row, key=lambda wall: wall.centre[0] + wall.size_wh[0] / 2)
    centre = at(last, last.size_wh[0] / 2 + BESIDE + width / 2, height / 2)
    return replace(last, centre=centre, size_wh=(width, height))


def answer_board(
    manifest: SnapshotManifest, place: Wall, *, palette: Palette, scale: float = 1.0
) -> tuple[list[Board], list[Label]]:
    """Return board, bars and texts of the ten best classes.

    Bars are probabilities on a scale from 0 to 1, so two answers can be compared by eye.

    Args:
        place: where the board stands: its centre, size and yaw are used.
    """
    frame = _Frame(place, scale)
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

    Names stand at the height of their cells where there is room, else as near as may be.
    """
    if output.cells == 0 or output.channels != 1:
        return [], []
    rows, columns = output.picture_hw
    cell_w, cell_h = output.tile_wh[0] / columns, output.tile_wh[1] / rows
    width, height = output.size_wh
    cap = 0.075
    boards: list[Board] = []
    places: list[tuple[float, float, ClassScore]] = []
    for score in top[:MARKED_CELLS]:
        if score.index >= output.cells:
            continue
        row, column = divmod(score.index, columns)
        x = -width / 2 + output.gap + (column + 0.5) * cell_w
        y = height - output.gap - (row + 0.5) * cell_h
        places.append((y, x, score))
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
    for y, x, score in sorted(places, key=lambda place: (-place[0], place[1])):
        line = min(y, highest - 2.0 * cap)
        highest = line
        best = score.index == top[0].index
        labels.append(
            Label(
                f"{score.name} {percent(score.probability)}",
                at(output, -width / 2 - 0.14, line),
                cap,
                palette.name if best else palette.detail,
                yaw=output.yaw,
                anchor="right-centre",
                priority=ANSWER_PRIORITY,
                is_bold=best,
            )
        )
        boards.append(
            Board(
                at(output, (-width / 2 - 0.1 + x - cell_w / 2) / 2, y, before=0.006),
                (max(0.01, x - cell_w / 2 + width / 2 + 0.1), 0.006),
                (*palette.mark[:3], 0.55),
                yaw=output.yaw,
            )
        )
    return boards, labels
