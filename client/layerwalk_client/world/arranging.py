"""A laid-out scene as a person has arranged it: walls with their names, ribbons that follow, stubs.

What else stands by a wall (the answer, warnings, results) is added afterwards and finds the wall
where it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arranged import Arranged, Placed, Stand, stood
from layerwalk_client.world.palette import PALETTES, Palette, Theme
from layerwalk_client.world.ribbons import bezier
from layerwalk_client.world.scene import Board, Label, Ribbon, Scene, Wall
from layerwalk_client.world.signs import DETAIL_PRIORITY, FLOOR_LIFT, at, wall_labels

STUB = 0.07
"""Metres that is left to see of a hidden wall, above its foot."""
STUB_NAME = 0.11
"""Cap height of the name that lies before it."""
BEND_LEAST, BEND_PER_METRE = 2.0, 1.5
"""Over so many metres, and so many for each by which its wall has moved, a ribbon bends aside."""
HANDLE = 0.45
"""Of a curve's ends, over the distance between them."""
SMALLEST_HANDLE = 0.1
"""Metres: a ribbon between two feet at one place is a small loop, not a point."""
GHOST_ALPHA = 0.10


@dataclass(frozen=True, slots=True)
class Stub:
    """What is left to see of a hidden wall; `board` is its place in `scene.boards`."""

    board: int
    node: str


@dataclass(frozen=True, slots=True)
class ArrangedScene:
    """A scene with what a person has done to it.

    Attributes:
        scene: as arranged; copies stand behind all other walls.
        stubs: which boards stand for hidden walls.
    """

    scene: Scene
    stubs: tuple[Stub, ...] = ()


def arrange(
    scene: Scene, ids: Sequence[str], arranged: Arranged, *, theme: Theme = "dark"
) -> ArrangedScene:
    """Return a laid-out scene as it was arranged.

    Args:
        scene: of the layout: walls, their names, ribbons, plots.
        ids: of the network's nodes.
        arranged: what a person has done; ids that are not there change nothing.
        theme: of names and stubs.
    """
    if arranged.is_empty:
        return ArrangedScene(scene)
    palette = PALETTES[theme]
    walls: list[Wall] = []
    names: dict[Label, Label | None] = {}
    moved: dict[int, tuple[Wall, Wall]] = {}
    boards, stubs, more = list(scene.boards), [], []
    laid = {ids[wall.node]: wall for wall in scene.walls}
    for wall in scene.walls:
        node = ids[wall.node]
        there = stood(wall, arranged.place_of((node, 0)))
        if there is not wall:
            moved[wall.node] = wall, there
        if node in arranged.hidden:
            names.update(dict.fromkeys(_names(wall, palette)))
            stubs.append(Stub(len(boards), node))
            boards.append(_stub(there, palette))
            more.append(_stub_name(there, palette))
            continue
        walls.append(there)
        if there is not wall:
            names.update(zip(_names(wall, palette), _names(there, palette), strict=True))
    for stand in arranged.copies:
        if stand[0] in laid:
            copy = copy_of(laid[stand[0]], stand, arranged.place_of(stand))
            walls.append(copy)
            more += wall_labels(copy, palette)
    kept = (names.get(label, label) for label in scene.labels)
    return ArrangedScene(
        replace(
            scene,
            walls=tuple(walls),
            ribbons=tuple(_followed(ribbon, moved) for ribbon in scene.ribbons),
            labels=(*(label for label in kept if label is not None), *more),
            boards=tuple(boards),
        ),
        tuple(stubs),
    )


def copy_of(laid: Wall, stand: Stand, placed: Placed) -> Wall:
    """Return a pinned copy of a laid-out wall."""
    return replace(stood(laid, placed), copy=stand[1])


def ghost(wall: Wall, *, theme: Theme = "dark") -> Board:
    """Return a light trace of a wall, where it was before it was taken."""
    palette = PALETTES[theme]
    return Board(
        wall.centre, wall.size_wh, (*palette.accent[:3], GHOST_ALPHA),
        border_colour=(*palette.accent[:3], 0.5), border=0.012, yaw=wall.yaw,
    )  # fmt: skip


def _names(wall: Wall, palette: Palette) -> list[Label]:
    """Return all labels that a wall may have: where it is blank, its warning stands elsewhere."""
    return [*wall_labels(wall, palette), *wall_labels(wall, palette, is_blank=True)]


def _stub(wall: Wall, palette: Palette) -> Board:
    return Board(
        at(wall, 0.0, STUB / 2), (wall.size_wh[0], STUB), (*palette.panel[:3], 1.0),
        border_colour=palette.panel_border, border=0.006, yaw=wall.yaw,
    )  # fmt: skip


def _stub_name(wall: Wall, palette: Palette) -> Label:
    left = -wall.size_wh[0] / 2
    x, _, z = at(wall, left, 0.0, before=0.08)
    foot = wall.centre[1] - wall.size_wh[1] / 2
    return Label(
        f"{wall.title}, hidden", (x, foot + FLOOR_LIFT, z), STUB_NAME, palette.detail,
        plane="floor", yaw=wall.yaw, anchor="left-top", priority=DETAIL_PRIORITY,
    )  # fmt: skip


def _followed(ribbon: Ribbon, moved: Mapping[int, tuple[Wall, Wall]]) -> Ribbon:
    """Return a ribbon whose ends go with their walls: what is near to them is a curve that leaves a
    wall at its back and comes to one at its front, the rest stays."""
    source, target = moved.get(ribbon.source), moved.get(ribbon.target)
    if source is None and target is None:
        return ribbon
    path = ribbon.path.astype(np.float64)
    along = _lengths(path)
    start, end = _reach(source), along[-1] - _reach(target)
    first, last = (
        _end(path[0], path[1] - path[0], source),
        _end(path[-1], path[-1] - path[-2], target),
    )
    if start >= end:
        bent = _curve(first, last)
    else:
        is_kept = (along > start) | ((along == 0) & (source is None))
        is_kept &= (along < end) | ((along == along[-1]) & (target is None))
        parts = [path[is_kept]]
        if source is not None:
            parts.insert(0, _curve(first, _on(path, along, start)))
        if target is not None:
            parts.append(_curve(_on(path, along, end), last))
        bent = np.concatenate(parts)
    bent[:, 1] = path[0, 1]
    found = bent.astype(np.float32)
    found.flags.writeable = False
    return replace(ribbon, path=found)


_Point = tuple[NDArray[np.float64], NDArray[np.float64]]
"""A point `[3]` of a line, and the direction `[3]` in which it runs there, of length 1."""


def _reach(end: tuple[Wall, Wall] | None) -> float:
    """Return over how many metres a ribbon bends for a wall, given as laid out and as it stands."""
    if end is None:
        return 0.0
    laid, there = end
    return BEND_LEAST + BEND_PER_METRE * math.dist(laid.centre, there.centre)


def _end(
    point: NDArray[np.float64], way: NDArray[np.float64], end: tuple[Wall, Wall] | None
) -> _Point:
    """Return an end of a line, gone with its wall as if it were fixed to it."""
    if end is None:
        return point, way / np.linalg.norm(way)
    laid, there = end
    scale = there.size_wh[0] / laid.size_wh[0]
    turn = there.yaw - laid.yaw
    sine, cosine = math.sin(turn), math.cos(turn)
    apart = scale * (point - np.array(laid.centre))
    turned = np.array(
        [cosine * apart[0] + sine * apart[2], 0.0, cosine * apart[2] - sine * apart[0]]
    )
    return np.array(there.centre) + turned, -np.array(
        [math.sin(there.yaw), 0.0, math.cos(there.yaw)]
    )


def _on(path: NDArray[np.float64], along: NDArray[np.float64], place: float) -> _Point:
    """Return the point of a line at so many metres from its beginning."""
    step = min(max(int(np.searchsorted(along, place, side="right")), 1), len(path) - 1)
    way = path[step] - path[step - 1]
    length = float(np.linalg.norm(way))
    return path[step - 1] + way * ((place - along[step - 1]) / length), way / length


def _curve(start: _Point, end: _Point) -> NDArray[np.float64]:
    """Return the way `[32, 3]` from one point to the other that runs as they do at its ends."""
    handle = max(SMALLEST_HANDLE, HANDLE * float(np.linalg.norm(end[0] - start[0])))
    points = [start[0], start[0] + handle * start[1], end[0] - handle * end[1], end[0]]
    return bezier(np.array(points), count=32)


def _lengths(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far along a line each of its points is, `[N]` metres."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def stand_of(wall: Wall, ids: Sequence[str]) -> Stand:
    """Return which wall or copy a wall of an arranged scene is."""
    return ids[wall.node], wall.copy


def laid_out(walls: Iterable[Wall], ids: Sequence[str], node: str) -> Wall | None:
    """Return the wall of a node as the layout has put it, None where it has none (folded runs)."""
    return next((wall for wall in walls if ids[wall.node] == node), None)
