"""Walls whose weights were changed bear a sign, and the answer's board tells what it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from layerwalk_client.world.answer import BOARD_WH, LINES, Frame, answer_board, percent
from layerwalk_client.world.lettering import fitting_height
from layerwalk_client.world.palette import PALETTES, Palette, Theme
from layerwalk_client.world.scene import Board, Label, Scene, Wall
from layerwalk_client.world.signs import NAME_PRIORITY, at, name_height
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import EditedNode, SetKernel, SnapshotManifest

SIGN_SHARE = 0.62
"""Height of the sign's letters over those of the wall's name."""
LINE = 0.018
"""Metres of the line along a wall's lower edge."""
CROSS = 0.012
"""Metres of the frame around a silenced channel."""
MINUS = "\N{MINUS SIGN}"
SMALLEST_CHANGE = 0.0005
CHANGE_RIGHT = 0.58
"""Metres from the board's right end to that of a change."""


@dataclass(frozen=True, slots=True)
class EditedView:
    """What was changed of the network's copy on the server.

    Attributes:
        nodes: whose weights were changed.
        before: the answer for the same input by the weights as they were; None where nobody knows.
    """

    nodes: tuple[EditedNode, ...] = ()
    before: SnapshotManifest | None = None


def edit_text(edited: EditedNode) -> str:
    """Return what was changed of a node, in a few words."""
    if edited.is_replaced:
        return "edited: all weights"
    channels = {
        one for edit in edited.edits if not isinstance(edit, SetKernel) for one in edit.channels
    }
    kernels = sum(isinstance(edit, SetKernel) for edit in edited.edits)
    parts = []
    if channels:
        parts.append(f"{len(channels)} channel" + ("s" if len(channels) > 1 else ""))
    if kernels:
        parts.append(f"{kernels} kernel" + ("s" if kernels > 1 else ""))
    return f"edited: {', '.join(parts)}"


def silencing_node(graph: Graph, node: int) -> int | None:
    """Return the node whose weights make the channels of a node: itself, or the one whose channels
    it passes on one by one (a rectifier, a pool); None where there is none."""
    found = graph.nodes[node]
    while found.kind != "input":
        if found.kind == "module" and found.parameters:
            return graph.index[found.id]
        read = graph.predecessors[found.id]
        if len(read) != 1 or graph.node(read[0]).channels != found.channels:
            return None
        if graph.node(read[0]).view != found.view:
            return None
        found = graph.node(read[0])
    return None


def with_edits(
    scene: Scene, graph: Graph, nodes: tuple[EditedNode, ...], *, theme: Theme = "dark"
) -> Scene:
    """Return the scene with a sign on each wall whose weights were changed, and a frame around each
    channel that was silenced."""
    said: Mapping[int, EditedNode] = {
        graph.index[one.node]: one for one in nodes if one.node in graph.index
    }
    if not said:
        return scene
    palette = PALETTES[theme]
    labels, boards = [], []
    for wall in scene.walls:
        edited = said.get(wall.node)
        if edited is None:
            continue
        width, height = wall.size_wh
        text = edit_text(edited)
        cap = fitting_height(text, width, largest=SIGN_SHARE * name_height(wall.size_wh))
        labels.append(
            Label(
                text, at(wall, width / 2, height + 0.45 * name_height(wall.size_wh)), cap,
                palette.danger, yaw=wall.yaw, anchor="right-bottom", priority=NAME_PRIORITY,
                max_width=width,
            )
        )  # fmt: skip
        boards.append(Board(at(wall, 0.0, -LINE / 2), (width, LINE), palette.danger, yaw=wall.yaw))
        boards += [_framed(wall, channel, palette) for channel in edited.silenced
                   if channel < wall.channels and wall.cells == 0]  # fmt: skip
    return replace(scene, labels=(*scene.labels, *labels), boards=(*scene.boards, *boards))


def _framed(wall: Wall, channel: int, palette: Palette) -> Board:
    x, y = wall.channel_origin(channel)
    width, height = wall.tile_wh
    lateral = x + width / 2 - wall.size_wh[0] / 2
    size = (width + CROSS, height + CROSS)
    return Board(
        at(wall, lateral, y - height / 2, before=0.006),
        size,
        (0.0, 0.0, 0.0, 0.0),
        border_colour=palette.danger,
        border=CROSS,
        yaw=wall.yaw,
    )


def edited_board(
    manifest: SnapshotManifest,
    before: SnapshotManifest,
    place: Wall,
    *,
    palette: Palette,
    scale: float = 1.0,
) -> tuple[list[Board], list[Label]]:
    """Return the answer's board with what each class has gained or lost by the edits.

    Args:
        manifest: the answer now.
        before: the answer for the same input by the weights as they were.
        place: where the board stands.
    """
    boards, labels = answer_board(manifest, place, palette=palette, scale=scale)
    frame = Frame(place, scale)
    width = BOARD_WH[0]
    best = before.top[0]
    note = frame.text(
        f"weights are edited; before: {best.name} {percent(best.probability)}",
        0.22, 0.66, 0.085, palette.danger,
    )  # fmt: skip
    labels[2] = replace(note, max_width=(width - 0.44) * scale)
    earlier = {score.index: score.probability for score in before.top}
    for line, score in enumerate(manifest.top[:LINES]):
        was = earlier.get(score.index)
        if was is None or abs(score.probability - was) < SMALLEST_CHANGE:
            continue
        change = 100 * (score.probability - was)
        colour = palette.good if change > 0 else palette.danger
        text = f"{'+' if change > 0 else MINUS}{abs(change):.{0 if abs(change) >= 9.95 else 1}f}"
        label = frame.text(text, width - CHANGE_RIGHT, 0.98 + 0.235 * line, 0.075, colour)
        labels.append(replace(label, anchor="right-centre"))
    return boards, labels
