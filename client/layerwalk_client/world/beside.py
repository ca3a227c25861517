"""Two halls side by side: one scene moved beside another, and which place of one is which of the
other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.scene import Colour, Label, Scene, Vector, Wall
from layerwalk_client.world.signs import GROUP_PRIORITY, at, sign_room
from layerwalk_client.world.view import Camera

AISLE = 6.0
"""Metres of free floor between two halls."""
NAME_CAP = 0.11
"""Cap height of a hall's name, metres."""


def moved(scene: Scene, by: Vector) -> Scene:
    """Return a scene that stands elsewhere."""
    x, y, z = by

    def there(point: Vector) -> Vector:
        return point[0] + x, point[1] + y, point[2] + z

    def ribbon_path(path: NDArray[np.float32]) -> NDArray[np.float32]:
        found = path + np.array(by, np.float32)
        found.flags.writeable = False
        return found

    return replace(
        scene,
        walls=tuple(replace(one, centre=there(one.centre)) for one in scene.walls),
        hidden=tuple(replace(one, centre=there(one.centre)) for one in scene.hidden),
        reverse=tuple(replace(one, centre=there(one.centre)) for one in scene.reverse),
        ribbons=tuple(replace(one, path=ribbon_path(one.path)) for one in scene.ribbons),
        plots=tuple(
            replace(one, x0=one.x0 + x, x1=one.x1 + x, z0=one.z0 + z, z1=one.z1 + z)
            for one in scene.plots
        ),
        labels=tuple(replace(one, position=there(one.position)) for one in scene.labels),
        boards=tuple(replace(one, centre=there(one.centre)) for one in scene.boards),
    )


def beside(first: Scene, second: Scene) -> Scene:
    """Return both scenes as one; the second stands right of the first, its input in one line with
    the first one's. Numbers of the first one's walls and boards stay."""
    if not first.walls or not second.walls:
        return first
    right, left = first.bounds()[1][0], second.bounds()[0][0]
    ahead = second.walls[0].centre[2] - first.walls[0].centre[2]
    there = moved(second, (right - left + AISLE, 0.0, -ahead))
    return Scene(
        walls=(*first.walls, *there.walls),
        ribbons=(*first.ribbons, *there.ribbons),
        plots=(*first.plots, *there.plots),
        labels=(*first.labels, *there.labels),
        boards=(*first.boards, *there.boards),
        hidden=(*first.hidden, *there.hidden),
        reverse=(*first.reverse, *there.reverse),
    )


def named(scene: Scene, letter: str, name: str, colour: Colour) -> Scene:
    """Return a hall with its letter and its network's name high over its input."""
    if not scene.walls:
        return scene
    wall = scene.walls[0]
    width, height = wall.size_wh
    sign = Label(
        f"{letter}   {name}", at(wall, -width / 2, height + sign_room(wall.size_wh) + 0.12), NAME_CAP,
        colour, yaw=wall.yaw, priority=GROUP_PRIORITY, is_bold=True,
    )  # fmt: skip
    return replace(scene, labels=(*scene.labels, sign))


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """Which place of one hall is which of the other: walls that are partners, in the order of the
    first one's depth, as lateral and depth of their middles.

    Attributes:
        first, second: `[N, 2]` x and z of partners, metres.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]

    def across(self, camera: Camera) -> Camera:
        """Return the camera that stands in the second hall as this one does in the first: as far
        before the same wall and as far aside of it; between two walls, between their partners."""
        if not len(self.first):
            return camera
        x, y, z = camera.position
        order = np.argsort(self.first[:, 1], kind="stable")
        depths, stays = self.first[order], self.second[order]
        low, high = depths[0, 1], depths[-1, 1]
        inside = min(max(z, low), high)
        mapped_z = float(np.interp(inside, depths[:, 1], stays[:, 1])) + (z - inside)
        here_x = float(np.interp(inside, depths[:, 1], depths[:, 0]))
        there_x = float(np.interp(inside, depths[:, 1], stays[:, 0]))
        return replace(camera, position=(x - here_x + there_x, y, mapped_z))

    def is_in_second(self, camera: Camera) -> bool:
        """Whether an eye is nearer to the second hall."""
        if not len(self.first):
            return False
        eye = np.array((camera.position[0], camera.position[2]))
        near = [
            float(np.linalg.norm(hall - eye, axis=1).min()) for hall in (self.first, self.second)
        ]
        return near[1] < near[0]

    def back(self) -> Correspondence:
        """Return the same the other way round."""
        return Correspondence(self.second, self.first)


def correspondence(
    scene: Scene, first: str, second: str, partners: Mapping[int, int]
) -> Correspondence:
    """Return what corresponds in two halls of a scene.

    Where no nodes are partners, the first and the last walls of both are.

    Args:
        scene: with both halls.
        first, second: names of their networks on walls.
        partners: node of the first -> node of the second.
    """
    halls: list[dict[int, Wall]] = [
        {wall.node: wall for wall in scene.walls if wall.network == name}
        for name in (first, second)
    ]
    pairs = [
        (halls[0][node], halls[1][other])
        for node, other in partners.items()
        if node in halls[0] and other in halls[1]
    ]
    if not pairs and all(halls):
        ends = [(min(hall), max(hall)) for hall in halls]
        pairs = [(halls[0][one], halls[1][other]) for one, other in zip(*ends, strict=True)]
    kept: dict[float, tuple[Wall, Wall]] = {}
    for one, other in pairs:
        kept.setdefault(round(one.centre[2], 3), (one, other))
    return Correspondence(_middles([one for one, _ in kept.values()]),
                          _middles([other for _, other in kept.values()]))  # fmt: skip


def _middles(walls: list[Wall]) -> NDArray[np.float64]:
    return np.array([(wall.centre[0], wall.centre[2]) for wall in walls], np.float64).reshape(-1, 2)
