"""Labels of walls, plots and joins."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from layerwalk_client.world.legs import Leg
from layerwalk_client.world.lettering import fitting_height, text_width
from layerwalk_client.world.palette import Palette
from layerwalk_client.world.plots import Area
from layerwalk_client.world.scene import Label, Vector, Wall

NAME_SHARE = 0.034
"""Cap height of a wall's name over its longer side. Where a wall fills a quarter of the width of
a 16 : 9 view with a field of 60 degrees, its distance is 1.95 widths, and 0.6 degrees are 0.0204
of them: the name is 1.6 times that."""
SMALLEST_NAME = 0.07
DETAIL_SHARE = 0.62
BACK_SHARE = 0.06
EYE = 1.6
"""Height of a walker's eye, metres."""
FLOOR_LIFT = 0.012

GROUP_GROWS, INNER_GROWS, NAME_GROWS = 2.4, 1.6, 1.8
"""How many times their size names may become, so that they are read from afar."""

GROUP_PRIORITY, NAME_PRIORITY, JOIN_PRIORITY, DETAIL_PRIORITY, BACK_PRIORITY = 6, 3, 2, 1, 1


def name_height(size_wh: tuple[float, float]) -> float:
    """Return the cap height of a wall's name, metres."""
    return max(SMALLEST_NAME, NAME_SHARE * max(size_wh))


def sign_room(size_wh: tuple[float, float]) -> float:
    """Return how far a wall's lines reach above it, metres."""
    return 3.4 * name_height(size_wh)


def at(wall: Wall, lateral: float, height: float, *, before: float = 0.0) -> Vector:
    """Return the point `lateral` to the right of a wall's middle, `height` above its foot and
    `before` metres in front of it."""
    foot = wall.centre[1] - wall.size_wh[1] / 2
    sine, cosine = math.sin(wall.yaw), math.cos(wall.yaw)
    return (
        wall.centre[0] + cosine * lateral + sine * before,
        foot + height,
        wall.centre[2] - sine * lateral + cosine * before,
    )


def wall_labels(wall: Wall, palette: Palette, *, is_blank: bool = False) -> Iterator[Label]:
    """Yield name and kind above the wall, its name on the back, and its warning.

    Args:
        is_blank: the wall has no values at all, so its warning takes the middle of it.
    """
    width, height = wall.size_wh
    cap = name_height(wall.size_wh)
    left = -width / 2
    above = height + 0.45 * cap
    detail = DETAIL_SHARE * cap
    yield Label(
        wall.subtitle, at(wall, left, above), detail, palette.detail,
        yaw=wall.yaw, priority=DETAIL_PRIORITY, max_width=width,
    )  # fmt: skip
    above += detail + 0.55 * cap
    yield Label(
        wall.title, at(wall, left, above), cap, palette.name,
        yaw=wall.yaw, priority=NAME_PRIORITY, is_bold=True, max_width=width, grows=NAME_GROWS,
    )  # fmt: skip
    back = fitting_height(
        wall.title, 0.8 * width, largest=BACK_SHARE * max(wall.size_wh), is_bold=True
    )
    middle = min(height / 2, EYE)
    yield Label(
        wall.title, at(wall, 0.0, middle, before=-0.02), back, palette.back, plane="back",
        yaw=wall.yaw, anchor="centre-bottom", priority=BACK_PRIORITY, is_bold=True,
        max_width=0.9 * width, grows=NAME_GROWS,
    )  # fmt: skip
    yield Label(
        wall.subtitle, at(wall, 0.0, middle - 0.5 * back, before=-0.02), DETAIL_SHARE * back,
        palette.back, plane="back", yaw=wall.yaw, anchor="centre-top",
        priority=BACK_PRIORITY - 1, max_width=0.9 * width,
    )  # fmt: skip
    if wall.warning:
        if is_blank:
            position, anchor = at(wall, 0.0, height / 2, before=0.02), "centre-centre"
        else:
            position, anchor = at(wall, left, above + 1.5 * cap), "left-bottom"
        yield Label(
            wall.warning, position, max(detail, SMALLEST_NAME), palette.warning, yaw=wall.yaw,
            anchor=anchor, priority=NAME_PRIORITY, max_width=0.94 * width,  # type: ignore[arg-type]
        )  # fmt: skip


def plot_label(
    area: Area, names: Sequence[str], leg: Leg, palette: Palette, *, base: float
) -> Label:
    """Return a plot's name, flat on its near edge.

    Args:
        names: ways to call it, best first; the first that has room is taken, else the last.
    """
    x, z = leg.place(area.left + 0.15, area.near + 0.13)
    is_outer = area.depth == 0
    cap, room = (0.24 if is_outer else 0.18), area.right - area.left - 0.3
    fitting = [name for name in names if text_width(name, cap, is_bold=is_outer) <= room]
    name = (fitting or names[-1:])[0]
    return Label(
        name, (x, base + FLOOR_LIFT, z), cap, palette.group,
        plane="floor", yaw=leg.yaw, anchor="left-bottom",
        priority=max(NAME_PRIORITY, GROUP_PRIORITY - area.depth), is_bold=is_outer,
        max_width=room, grows=GROUP_GROWS if is_outer else INNER_GROWS,
        slides=max(0.0, room - text_width(name, cap, is_bold=is_outer)),
    )  # fmt: skip


def join_label(
    text: str, point: tuple[float, float], leg: Leg, palette: Palette, *, base: float, side: int
) -> Label:
    """Return the operation of a join, flat beside the ribbon that comes to it from aside.

    Args:
        point: where that ribbon leaves its track, floor coordinates.
        side: -1 writes to the left of the point, +1 to the right.
    """
    x, z = leg.place(point[0] + 0.14 * side, point[1])
    return Label(
        text, (x, base + FLOOR_LIFT, z), 0.16, palette.operation, plane="floor", yaw=leg.yaw,
        anchor="right-bottom" if side < 0 else "left-bottom", priority=JOIN_PRIORITY,
    )  # fmt: skip
