"""Words at the rows and columns of walls that belong to the positions of a text.

A wall of tokens says its words beside its rows, a map of attention at both of its axes; only where
the rows are high enough to be read, on the walls nearest to the eye.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerwalk_client.world.inputs import fitting_text, texts_at
from layerwalk_client.world.lettering import text_width
from layerwalk_client.world.palette import Palette
from layerwalk_client.world.scene import Label, Scene, Wall
from layerwalk_client.world.signs import at
from layerwalk_client.world.tokens import spoken
from layerwalk_client.world.view import Camera
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest

ROW_PX = 9.0
"""A row of fewer pixels has no words: they could not be read."""
CAP_SHARE = 0.6
"""Height of a capital letter over that of a row."""
LARGEST_CAP = 0.07
PRIORITY = 4
"""They show as long as they can be read, and give way to the names of walls and groups."""
MOST_WALLS = 2
"""Walls with words at a time."""
ASIDE = 0.03
"""Metres between words and what they are about."""
LONGEST = 0.9
"""Metres that a word beside a wall takes at most; there is an aisle."""
BEFORE = 0.004
"""Metres before the wall."""


@dataclass(frozen=True, slots=True)
class WordedWall:
    """A wall whose rows, and whose columns where there are such, are positions of a text."""

    wall: Wall
    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()

    @property
    def row_height(self) -> float:
        return self.wall.tile_wh[1] / len(self.rows)


@dataclass(frozen=True, slots=True)
class Strip:
    """A dark ground for words: the middle `lateral` to the right of the wall's, `height` over its
    foot."""

    wall: Wall
    lateral: float
    height: float
    size_wh: tuple[float, float]


def worded_walls(
    network: NetworkDescription, manifest: SnapshotManifest, scene: Scene
) -> tuple[WordedWall, ...]:
    """Return the walls that have words."""
    found = []
    for wall in scene.walls:
        if wall.network != network.id or wall.node >= len(network.graph.nodes):
            continue
        node = network.graph.nodes[wall.node]
        texts = texts_at(network, manifest, node.id)
        if not texts:
            continue
        rows = tuple(fitting_text(texts, wall.picture_hw[0]))
        columns = tuple(fitting_text(texts, wall.picture_hw[1]))
        is_map = node.view in ("attention", "maps") and len(node.shape) >= 3
        if rows and node.view == "tokens" and wall.channels == 1:
            found.append(WordedWall(wall, rows))
        elif is_map and rows and columns:
            found.append(WordedWall(wall, rows, columns))
    return tuple(found)


def words_seen(
    worded: Sequence[WordedWall],
    camera: Camera,
    *,
    height_px: int,
    palette: Palette,
    pointed: tuple[int, int] | None = None,
) -> tuple[tuple[Label, ...], tuple[Strip, ...]]:
    """Return the words that can be read from where the eye is, and the grounds they stand on.

    Args:
        worded: walls with words.
        camera: the eye.
        height_px: of the view.
        palette: of the theme.
        pointed: (node, channel) of the map under the pointer, which alone of a wall has words.
    """
    focal_px = height_px / (2 * math.tan(camera.fov / 2))
    near: list[tuple[float, WordedWall]] = []
    for one in worded:
        distance = _distance(one.wall, camera, is_left=not one.columns)
        if distance is not None and one.row_height * focal_px / distance >= ROW_PX:
            near.append((distance, one))
    near.sort(key=lambda item: item[0])
    labels: list[Label] = []
    strips: list[Strip] = []
    rows = [one for _, one in near if not one.columns]
    for one in rows[:MOST_WALLS]:
        labels += _beside(one, one.wall.channel_origin(0), palette, longest=LONGEST)
    for _, one in near:
        if one.columns and pointed is not None and pointed[0] == one.wall.node:
            made, grounds = _at_both(one, pointed[1], palette)
            labels += made
            strips += grounds
    return tuple(labels), tuple(strips)


def _distance(wall: Wall, camera: Camera, *, is_left: bool) -> float | None:
    """Return metres from the eye to the nearest point of a wall's front, or (where the words are)
    of its left edge; None from behind."""
    away = np.array(camera.position) - wall.centre
    right = np.array([math.cos(wall.yaw), 0.0, -math.sin(wall.yaw)])
    front = float(away @ (math.sin(wall.yaw), 0.0, math.cos(wall.yaw)))
    if front <= 0:
        return None
    half = wall.size_wh[0] / 2
    lateral = float(away @ right)
    aside = lateral + half if is_left else max(0.0, abs(lateral) - half)
    over = max(0.0, abs(float(away[1])) - wall.size_wh[1] / 2)
    return max(0.05, math.hypot(front, aside, over))


def _beside(
    one: WordedWall, origin: tuple[float, float], palette: Palette, *, longest: float
) -> list[Label]:
    """Words to the left of a picture's rows; its upper left corner is at `origin` from the wall's
    lower left."""
    wall, step = one.wall, one.row_height
    cap = min(LARGEST_CAP, CAP_SHARE * step)
    left = origin[0] - wall.size_wh[0] / 2 - ASIDE * (0.4 if one.columns else 1)
    top = origin[1]
    return [
        Label(
            spoken(word), at(wall, left, top - (place + 0.5) * step, before=BEFORE), cap,
            palette.name, yaw=wall.yaw, anchor="right-centre", priority=PRIORITY, max_width=longest,
        )
        for place, word in enumerate(one.rows)
        if word
    ]  # fmt: skip


def _at_both(
    one: WordedWall, channel: int, palette: Palette
) -> tuple[list[Label], tuple[Strip, Strip]]:
    """Words at the left and over the columns of one map, each on its ground."""
    wall = one.wall
    origin = wall.channel_origin(channel)
    wide, high = wall.tile_wh
    labels = _beside(one, origin, palette, longest=wide)
    step = wide / len(one.columns)
    cap = min(LARGEST_CAP, CAP_SHARE * min(step, one.row_height))
    left, top = origin[0] - wall.size_wh[0] / 2, origin[1]
    over = top + 0.4 * ASIDE
    labels += [
        Label(
            spoken(word), at(wall, left + (place + 0.5) * step, over, before=BEFORE), cap,
            palette.name, plane="column", yaw=wall.yaw, anchor="left-centre",
            priority=PRIORITY, max_width=wide,
        )
        for place, word in enumerate(one.columns)
        if word
    ]  # fmt: skip
    across = _room(one.rows, min(LARGEST_CAP, CAP_SHARE * one.row_height), wide)
    up = _room(one.columns, cap, wide)
    return labels, (
        Strip(wall, left - across / 2, top - high / 2, (across, high)),
        Strip(wall, left + wide / 2 - across / 2, top + up / 2, (wide + across, up)),
    )


def _room(words: Sequence[str], cap: float, longest: float) -> float:
    widest = max((text_width(spoken(word), cap) for word in words), default=0.0)
    return min(widest, longest) + ASIDE
