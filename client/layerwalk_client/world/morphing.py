"""From one arrangement to another: what stands in both slides, what comes grows out of what stood
for it, what goes shrinks into what stands for it now. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.scene import Board, Label, Plot, Ribbon, Scene, Vector, Wall

SMALLEST = 0.12
"""Size that a wall comes from and goes to."""
BEHIND = 0.12
"""Metres that it comes from, or goes, behind the wall that stands for it."""
POINTS = 24
"""Of a ribbon while it moves."""
Key = tuple[str, int, int]
Line = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a wall stands: its middle on the floor, turn about +y in radians, size."""

    centre: Vector
    yaw: float
    scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Morph:
    """The way from one scene to another; made by `morph_between`.

    Attributes:
        before, after: the scenes.
        starts: pose from which each wall of `after` comes.
        goals: pose to which each wall of `before` that is not in `after` goes.
        holders: for each board and label of `after` the wall that it moves with.
        lines: for each ribbon of `after` that was another before: both centre lines, `[24, 3]`
            points at even distances.
        comes, goes: ribbons of one of them alone.
    """

    before: Scene
    after: Scene
    starts: tuple[Pose, ...]
    goals: Mapping[int, Pose]
    holders: tuple[int, ...]
    lines: Mapping[int, tuple[Line, Line]]
    comes: frozenset[int]
    goes: tuple[Ribbon, ...]


def morph_between(before: Scene, after: Scene, stands_for: Callable[[int], Sequence[int]]) -> Morph:
    """Return the way between two scenes of one network.

    Args:
        before, after: what stood, what will stand.
        stands_for: node -> nodes that may stand for it where it has no wall, the best first.
    """
    old, new = _by_key(before.walls), _by_key(after.walls)

    def stand_in(wall: Wall, others: Mapping[Key, Wall]) -> Pose:
        for node in stands_for(wall.node):
            found = others.get((wall.network, node, 0))
            if found is not None:
                return _behind(found)
        return Pose(_foot(wall), wall.yaw, SMALLEST)

    starts = tuple(
        _pose(old[_key(wall)], of=wall) if _key(wall) in old else stand_in(wall, old)
        for wall in after.walls
    )
    goals = {
        place: stand_in(wall, new)
        for place, wall in enumerate(before.walls)
        if _key(wall) not in new
    }
    things = [board.centre for board in after.boards] + [one.position for one in after.labels]
    return Morph(
        before, after, starts, goals, _holders(things, after.walls),
        *_lines(before.ribbons, after.ribbons),
    )  # fmt: skip


def morphed(morph: Morph, share: float) -> Scene:
    """Return the scene at `share` (0..1, eased by the caller) of the way."""
    if share >= 1:
        return morph.after
    before, after = morph.before, morph.after
    poses = [
        _between(start, _pose(wall), share)
        for start, wall in zip(morph.starts, after.walls, strict=True)
    ]
    walls = [_placed(wall, pose) for wall, pose in zip(after.walls, poses, strict=True)]
    going = [
        _placed(before.walls[place], _between(_pose(before.walls[place]), goal, share))
        for place, goal in morph.goals.items()
    ]
    count = len(after.boards)
    boards = tuple(
        _moved_board(board, after.walls, poses, holder)
        for board, holder in zip(after.boards, morph.holders[:count], strict=True)
    )
    labels = tuple(
        _moved_label(label, after.walls, poses, holder)
        for label, holder in zip(after.labels, morph.holders[count:], strict=True)
        if holder < 0 or poses[holder].scale == 1.0
    )
    return Scene(
        walls=(*walls, *going),
        ribbons=_ribbons(morph, share),
        plots=_plots(before.plots, after.plots, share),
        labels=labels,
        boards=boards,
        hidden=after.hidden,
    )


def pose_in(morph: Morph, node: int, share: float) -> Pose | None:
    """Return where a node's wall is at `share` of the way, None where it never stands."""
    for start, wall in zip(morph.starts, morph.after.walls, strict=True):
        if wall.node == node and not wall.copy:
            return _between(start, _pose(wall), share)
    for place, goal in morph.goals.items():
        wall = morph.before.walls[place]
        if wall.node == node and not wall.copy:
            return _between(_pose(wall), goal, share)
    return None


def carried(position: Vector, yaw: float, *, start: Pose, end: Pose) -> tuple[Vector, float]:
    """Return place and turn of an eye that goes along with a pose."""
    turn = math.remainder(end.yaw - start.yaw, math.tau)
    x, y, z = (a - b for a, b in zip(position, start.centre, strict=True))
    sine, cosine = math.sin(turn), math.cos(turn)
    moved = cosine * x + sine * z, y, cosine * z - sine * x
    a, b, c = (one + two for one, two in zip(moved, end.centre, strict=True))
    return (a, b, c), yaw + turn


def _key(wall: Wall) -> Key:
    return wall.network, wall.node, wall.copy


def _by_key(walls: Sequence[Wall]) -> dict[Key, Wall]:
    return {_key(wall): wall for wall in walls}


def _foot(wall: Wall) -> Vector:
    x, y, z = wall.centre
    return x, y - wall.size_wh[1] / 2, z


def _pose(wall: Wall, *, of: Wall | None = None) -> Pose:
    """Return the pose of a wall; `of`: in which this other one is as high as it."""
    scale = 1.0 if of is None else wall.size_wh[1] / of.size_wh[1]
    return Pose(_foot(wall), wall.yaw, scale)


def _behind(wall: Wall) -> Pose:
    x, y, z = _foot(wall)
    away = -BEHIND * math.sin(wall.yaw), -BEHIND * math.cos(wall.yaw)
    return Pose((x + away[0], y, z + away[1]), wall.yaw, SMALLEST)


def _between(start: Pose, end: Pose, share: float) -> Pose:
    x, y, z = (a + (b - a) * share for a, b in zip(start.centre, end.centre, strict=True))
    turn = math.remainder(end.yaw - start.yaw, math.tau)
    scale = start.scale + (end.scale - start.scale) * share
    return Pose((x, y, z), start.yaw + turn * share, scale)


def _placed(wall: Wall, pose: Pose) -> Wall:
    scale = pose.scale
    width, height = wall.size_wh
    x, y, z = pose.centre
    centre = (x, y + scale * height / 2, z)
    if scale == 1.0:
        if centre == wall.centre and pose.yaw == wall.yaw:
            return wall
        return replace(wall, centre=centre, yaw=pose.yaw)
    tile = wall.tile_wh[0] * scale, wall.tile_wh[1] * scale
    return replace(
        wall, centre=centre, yaw=pose.yaw, size_wh=(width * scale, height * scale), tile_wh=tile,
        gap=wall.gap * scale,
    )  # fmt: skip


def _holders(points: Sequence[Vector], walls: Sequence[Wall]) -> tuple[int, ...]:
    """Return the wall nearest to each point on the floor, -1 where there is none."""
    if not walls or not points:
        return (-1,) * len(points)
    feet = np.array([wall.centre for wall in walls])[:, [0, 2]]
    places = np.array(points)[:, [0, 2]]
    away = ((places[:, None] - feet[None]) ** 2).sum(axis=2)
    return tuple(away.argmin(axis=1).tolist())


def _moved_board(board: Board, walls: Sequence[Wall], poses: Sequence[Pose], holder: int) -> Board:
    if holder < 0:
        return board
    start, end = _pose(walls[holder]), poses[holder]
    if start == end:
        return board
    centre, yaw = carried(board.centre, board.yaw, start=start, end=end)
    if end.scale == 1.0:
        return replace(board, centre=centre, yaw=yaw)
    size = board.size_wh[0] * end.scale, board.size_wh[1] * end.scale
    x, y, z = (b + (a - b) * end.scale for a, b in zip(centre, end.centre, strict=True))
    return replace(board, centre=(x, y, z), yaw=yaw, size_wh=size)


def _moved_label(label: Label, walls: Sequence[Wall], poses: Sequence[Pose], holder: int) -> Label:
    if holder < 0:
        return label
    start, end = _pose(walls[holder]), poses[holder]
    if start == end:
        return label
    position, yaw = carried(label.position, label.yaw, start=start, end=end)
    return replace(label, position=position, yaw=yaw)


def _lines(
    before: Sequence[Ribbon], after: Sequence[Ribbon]
) -> tuple[dict[int, tuple[Line, Line]], frozenset[int], tuple[Ribbon, ...]]:
    """Return what a morph knows of its ribbons."""
    old = {(one.network, one.source, one.target): one for one in before}
    lines: dict[int, tuple[Line, Line]] = {}
    comes = set()
    for place, ribbon in enumerate(after):
        was = old.pop((ribbon.network, ribbon.source, ribbon.target), None)
        if was is None:
            comes.add(place)
        elif not np.array_equal(was.path, ribbon.path):
            lines[place] = even(was.path), even(ribbon.path)
    return lines, frozenset(comes), tuple(old.values())


def _ribbons(morph: Morph, share: float) -> tuple[Ribbon, ...]:
    """Ribbons of both go over into each other; others come and go by their width."""
    found = list(morph.after.ribbons)
    for place in morph.comes:
        found[place] = replace(found[place], width=found[place].width * share)
    for place, (one, two) in morph.lines.items():
        path = ((1 - share) * one + share * two).astype(np.float32)
        path.flags.writeable = False
        found[place] = replace(found[place], path=path)
    return (*found, *(replace(one, width=one.width * (1 - share)) for one in morph.goes))


def even(path: NDArray[np.float32], count: int = POINTS) -> NDArray[np.float64]:
    """Return `count` points `[count, 3]` at even distances along a line `[N, 3]`."""
    points = path.astype(np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(at, along, points[:, axis]) for axis in range(3)], axis=1)


def _plots(before: Sequence[Plot], after: Sequence[Plot], share: float) -> tuple[Plot, ...]:
    """Plots of both go over into each other; others grow from, or shrink to, their middle."""
    old = _numbered(before)
    found = []
    for key, plot in _numbered(after).items():
        found.append(_plot_between(old.pop(key, _middle(plot)), plot, share))
    found += [_plot_between(plot, _middle(plot), share) for plot in old.values()]
    return tuple(found)


def _numbered(plots: Sequence[Plot]) -> dict[tuple[str, str, int], Plot]:
    found: dict[tuple[str, str, int], Plot] = {}
    counts: dict[tuple[str, str], int] = {}
    for plot in plots:
        name = plot.network, plot.group
        counts[name] = counts.get(name, -1) + 1
        found[*name, counts[name]] = plot
    return found


def _middle(plot: Plot) -> Plot:
    x, z = (plot.x0 + plot.x1) / 2, (plot.z0 + plot.z1) / 2
    return replace(plot, x0=x, x1=x, z0=z, z1=z)


def _plot_between(one: Plot, two: Plot, share: float) -> Plot:
    if one == two:
        return two
    x0, z0, x1, z1 = (
        getattr(one, name) + (getattr(two, name) - getattr(one, name)) * share
        for name in ("x0", "z0", "x1", "z1")
    )
    return replace(two, x0=x0, z0=z0, x1=x1, z1=z1)
