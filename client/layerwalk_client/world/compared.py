"""The scene of a comparison: walls that show a difference, walls with a reverse, walls in pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from layerwalk_client.world.comparison import SECOND, Mode, difference_of, second_of, titles_of
from layerwalk_client.world.hanging import Hung, frame_board, picture_wall
from layerwalk_client.world.palette import PALETTES, Palette, Theme
from layerwalk_client.world.scene import Board, Colour, Label, Scene, Wall
from layerwalk_client.world.signs import NAME_PRIORITY, SMALLEST_NAME, at, name_height, wall_labels
from layerwalk_client.world.walls import pair_pitch
from layerwalk_shared.messages import Compared, SnapshotManifest

MINUS = "\N{MINUS SIGN}"
LETTER_SHARE = 1.5
"""Cap height of A and B over that of a wall's name."""
STRIP = 0.022
"""Metres of the coloured line under a wall of a pair."""
MINUTE = 0.012


@dataclass(frozen=True, slots=True)
class ComparedView:
    """What of a comparison stands in the scene.

    Attributes:
        mode: how both are seen.
        first, second: their manifests, the second one's nodes in the places of the first one's.
        difference: manifest of it; tells what is compared.
    """

    mode: Mode
    first: SnapshotManifest
    second: SnapshotManifest
    difference: SnapshotManifest

    @property
    def compared(self) -> Compared:
        """What the difference is of."""
        told = self.difference.compared
        assert told is not None
        return told


def with_compared(
    scene: Scene, network: str, view: ComparedView | None, *, theme: Theme = "dark"
) -> Scene:
    """Return the scene in which a network's walls show a comparison.

    Walls that show something else than the network's values are left as they are.

    Args:
        scene: with the walls of the first one; for pairs they stand where `pair_places` says.
        network: whose walls.
        view: the comparison; None: as it is.
        theme: of signs.
    """
    if view is None or view.mode == "off":
        return scene
    methods: dict[Mode, Callable[[Scene, str, ComparedView, Palette], Scene]] = {
        "difference": _differences,
        "pair": _pairs,
    }
    method = methods.get(view.mode)
    return scene if method is None else method(scene, network, view, PALETTES[theme])


def _is_meant(wall: Wall, network: str) -> bool:
    return wall.network == network and not wall.values


def _differences(scene: Scene, network: str, view: ComparedView, palette: Palette) -> Scene:
    name = difference_of(network)
    first, second = titles_of(view.compared)
    reasons = {one.node: one.reason for one in view.compared.unmatched}
    walls: list[Wall] = []
    hidden: list[Wall] = []
    boards: list[Board] = []
    more: list[Label] = []
    changed: dict[Label, Label] = {}
    for wall in scene.walls:
        if not _is_meant(wall, network):
            walls.append(wall)
            continue
        seen = difference_wall(wall, view.difference, name)
        walls.append(seen)
        hidden.append(wall)
        if seen.size_wh != wall.size_wh:
            boards.append(frame_board(wall, palette))
        if wall.is_image:
            old = next(iter(wall_labels(wall, palette)))
            changed[old] = replace(old, text=f"B {MINUS} A   {second} {MINUS} {first}")
        if wall.node in reasons:
            more.append(_reason(wall, reasons[wall.node], palette))
    return replace(
        scene,
        walls=tuple(walls),
        hidden=(*scene.hidden, *hidden),
        boards=(*scene.boards, *boards),
        labels=(*(changed.get(label, label) for label in scene.labels), *more),
    )


def difference_wall(wall: Wall, difference: SnapshotManifest, name: str) -> Wall:
    """Return the wall that shows the difference where `wall` stands: of a picture in colour a map
    for each colour."""
    count, height, width = difference.nodes[wall.node].pictures
    if (count, (height, width)) == (wall.channels, wall.picture_hw) and not wall.is_image:
        return replace(wall, values=name)
    hung = Hung(wall.node, name, count, (height, width), is_image=False, cells=wall.cells)
    return picture_wall(wall, hung)


def _reason(wall: Wall, text: str, palette: Palette) -> Label:
    cap = max(SMALLEST_NAME, 0.62 * name_height(wall.size_wh))
    return Label(
        text, at(wall, 0.0, wall.size_wh[1] / 2, before=0.02), cap, palette.warning, yaw=wall.yaw,
        anchor="centre-centre", priority=NAME_PRIORITY, max_width=0.94 * wall.size_wh[0],
    )  # fmt: skip


def with_reverse(scene: Scene, network: str, view: ComparedView | None) -> Scene:
    """Return the scene whose walls have the second one of a blink as their reverse.

    Walls that show something else than the network's values have none.
    """
    if view is None or view.mode != "blink":
        return scene
    name = second_of(network)
    return replace(
        scene,
        reverse=tuple(
            replace(wall, values=name)
            for wall in scene.walls
            if _is_meant(wall, network) and _fits(wall, view.second)
        ),
    )


def _fits(wall: Wall, manifest: SnapshotManifest) -> bool:
    """Whether a node's pictures are of the same number and shape."""
    told = manifest.nodes[wall.node]
    return told.has_values and told.pictures == (wall.channels, *wall.picture_hw)


def _pairs(scene: Scene, network: str, view: ComparedView, palette: Palette) -> Scene:
    name = second_of(network)
    reasons = {one.node: one.reason for one in view.compared.unmatched}
    _, second = titles_of(view.compared)
    walls: list[Wall] = []
    boards: list[Board] = []
    labels: list[Label] = []
    for wall in scene.walls:
        walls.append(wall)
        if not _is_meant(wall, network):
            continue
        other = replace(
            wall,
            network=name,
            values=name,
            centre=at(wall, pair_pitch(wall.size_wh[0]), wall.size_wh[1] / 2),
            subtitle=second if wall.is_image else wall.subtitle,
            warning="",
        )
        if not _fits(wall, view.second) and wall.node not in reasons:
            reasons[wall.node] = "other shapes than beside"
        walls.append(other)
        boards += [_strip(wall, palette.accent), _strip(other, palette.mark)]
        labels += [_letter(wall, "A", palette.accent, -1), _letter(other, "B", palette.mark, 1)]
        if wall.is_image:
            labels.append(next(iter(wall_labels(other, palette))))
        if wall.node in reasons:
            labels.append(_reason(other, reasons[wall.node], palette))
    return replace(
        scene,
        walls=tuple(walls),
        boards=(*scene.boards, *boards),
        labels=(*scene.labels, *labels),
    )


def with_partner(wall: Wall, scene: Scene) -> Wall:
    """Return what a wall and the one beside it cover together; the wall itself where it is in no
    pair."""
    names = {wall.network, wall.network.removesuffix(SECOND), second_of(wall.network)}
    both = [one for one in scene.walls if one.node == wall.node and one.network in names]
    if len(both) != 2:
        return wall
    middle = [(one + other) / 2 for one, other in zip(both[0].centre, both[1].centre, strict=True)]
    width = math.dist(both[0].centre, both[1].centre) + wall.size_wh[0]
    return replace(wall, centre=(middle[0], middle[1], middle[2]), size_wh=(width, wall.size_wh[1]))


def _letter(wall: Wall, text: str, colour: Colour, side: int) -> Label:
    """Write A or B at the outer upper corner of a wall of a pair."""
    width, height = wall.size_wh
    cap = LETTER_SHARE * name_height(wall.size_wh)
    return Label(
        text, at(wall, side * (width / 2 + 0.45 * cap), height), cap, colour, yaw=wall.yaw,
        anchor="right-top" if side < 0 else "left-top", priority=NAME_PRIORITY, is_bold=True,
    )  # fmt: skip


def _strip(wall: Wall, colour: Colour) -> Board:
    """Return a thin line along a wall's foot, in the colour of its side."""
    return Board(
        at(wall, 0.0, STRIP / 2, before=MINUTE), (wall.size_wh[0], STRIP), (*colour[:3], 0.85),
        yaw=wall.yaw,
    )  # fmt: skip
