"""How a person has arranged the walls: moved, turned, scaled, hidden and pinned ones, as frozen data.

The layout stays as it is; an arrangement is kept beside it, by the ids of nodes, each wall's place
told in the frame of the place that the layout gave it. So it outlives another layout, and another
graph: ids that are not there are kept and change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from layerwalk_client.world.scene import Vector, Wall
from layerwalk_client.world.signs import at
from layerwalk_shared.errors import InvalidRequestError

SMALLEST, LARGEST = 0.1, 10.0
"""Limits of the scale."""
FARTHEST = 10_000.0
"""Metres that a wall may be moved along each axis."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a wall stands, seen from where the layout has put it.

    Attributes:
        move: of the middle of the wall's foot: to the right, up, to the front; metres, in the axes
            of the wall as laid out.
        turn: about the upright axis, radians, -pi..pi, positive to the left.
        scale: of width and height; the foot stays.
    """

    move: Vector = (0.0, 0.0, 0.0)
    turn: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        numbers = (*self.move, self.turn, self.scale)
        if len(self.move) != 3 or not all(math.isfinite(number) for number in numbers):
            raise InvalidRequestError(
                f"a wall's place {numbers}: expected three metres, a turn and a scale, all finite"
            )
        if max(map(abs, self.move)) > FARTHEST:
            raise InvalidRequestError(f"a wall moved by {self.move} m, at most {FARTHEST:g} m")
        if not SMALLEST <= self.scale <= LARGEST:
            raise InvalidRequestError(
                f"a wall's scale {self.scale:g}, expected {SMALLEST:g} to {LARGEST:g}"
            )


AS_LAID_OUT = Placed()
Stand = tuple[str, int]
"""A node's id, and 0 for its wall, else the number of one of its pinned copies."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """An arrangement. Its mappings and sets are never changed.

    Attributes:
        placed: where walls stand that are not where the layout puts them; every pinned copy.
        hidden: ids of nodes whose walls are hidden.
    """

    placed: Mapping[Stand, Placed] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether everything stands as it was laid out."""
        return not self.placed and not self.hidden

    @property
    def copies(self) -> list[Stand]:
        """Pinned copies, in the order in which they were pinned by node."""
        return sorted(stand for stand in self.placed if stand[1])

    def place_of(self, stand: Stand) -> Placed:
        """Return where a wall or a copy stands."""
        return self.placed.get(stand, AS_LAID_OUT)

    def with_placed(self, stand: Stand, placed: Placed) -> Arranged:
        """Return the arrangement with a wall or a copy in another place."""
        rest = {one: place for one, place in self.placed.items() if one != stand}
        if stand[1] or placed != AS_LAID_OUT:
            rest[stand] = placed
        return replace(self, placed=rest)

    def with_copy(self, node: str, placed: Placed) -> tuple[Arranged, Stand]:
        """Return the arrangement with a copy of a node's wall pinned, and which copy that is."""
        numbers = [number for one, number in self.placed if one == node]
        stand = node, max(numbers, default=0) + 1
        return self.with_placed(stand, placed), stand

    def without(self, stand: Stand) -> Arranged:
        """Return the arrangement with a wall hidden, or with a copy taken away."""
        if not stand[1]:
            return replace(self, hidden=self.hidden | {stand[0]})
        return replace(
            self, placed={one: place for one, place in self.placed.items() if one != stand}
        )

    def with_shown(self, node: str | None) -> Arranged:
        """Return the arrangement with a hidden wall back in its place (None: all of them)."""
        return replace(self, hidden=frozenset() if node is None else self.hidden - {node})


def stood(wall: Wall, placed: Placed) -> Wall:
    """Return a wall, as laid out, where it was placed."""
    if placed == AS_LAID_OUT:
        return wall
    right, up, ahead = placed.move
    foot = at(wall, right, up, before=ahead)
    width, height = (side * placed.scale for side in wall.size_wh)
    return replace(
        wall,
        centre=(foot[0], foot[1] + height / 2, foot[2]),
        size_wh=(width, height),
        tile_wh=(wall.tile_wh[0] * placed.scale, wall.tile_wh[1] * placed.scale),
        gap=wall.gap * placed.scale,
        yaw=wall.yaw + placed.turn,
    )


def place_at(wall: Wall, foot: Vector, *, turn: float, scale: float) -> Placed:
    """Return the place of a wall whose foot's middle stands at a point of the world.

    Args:
        wall: as laid out.
        foot: metres.
        turn: as of `Placed`; whole turns are taken away.
        scale: is brought into its limits.
    """
    base = at(wall, 0.0, 0.0)
    x, y, z = (there - here for there, here in zip(foot, base, strict=True))
    sine, cosine = math.sin(wall.yaw), math.cos(wall.yaw)
    move = cosine * x - sine * z, y, sine * x + cosine * z
    right, up, ahead = (min(max(part, -FARTHEST), FARTHEST) for part in move)
    return Placed(
        (right, up, ahead),
        math.remainder(turn, math.tau),
        min(max(scale, SMALLEST), LARGEST),
    )
