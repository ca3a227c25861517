"""Pictures that hang where a node's values do: results of maximisations, and what is told of them.

The wall keeps its place. Where there are as many pictures of the same shape as it has channels,
they take the very same cells; else they are laid out anew within its frame, the larger the fewer
they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from layerwalk_client.world.comparison import is_second
from layerwalk_client.world.lettering import fitting_height
from layerwalk_client.world.palette import PALETTES, Palette, Theme
from layerwalk_client.world.scene import Board, Label, Scene, Wall
from layerwalk_client.world.signs import DETAIL_SHARE, at, name_height, wall_labels

LARGEST_PICTURE = 2.0
"""Metres: a single picture is no larger than that on the input."""
SAME_SHAPE = 0.01
"""Relative difference of two aspect ratios that is none."""
BEHIND = 0.01
"""Metres that the frame lies behind its pictures, where they do not fill it."""
BAR = 0.026
"""Metres of the bar along a wall's foot, which is seen from afar."""
BEFORE = 0.012
"""Metres that it stands before the wall."""
SEE_THROUGH = 0.85
"""Not quite opaque: a ray passes it, as every mark."""


@dataclass(frozen=True, slots=True)
class Hung:
    """What of a node's maximisation is on its wall.

    Attributes:
        node: index of the node.
        values: name under which the pictures are put on the screen; "" = there are none yet.
        count: of the pictures.
        picture_hw: pixels of one.
        is_image: they are in colour.
        cells: as of a wall, where the network's input is a vector.
        is_seen: they are seen; else the network's values are.
        caption: in place of the wall's subtitle, one line; "" = as it is.
        share: of the work that is done, 0..1; None: nothing is at work.
        is_warning: the caption tells of something gone wrong.
    """

    node: int
    values: str = ""
    count: int = 0
    picture_hw: tuple[int, int] = (1, 1)
    is_image: bool = True
    cells: int = 0
    is_seen: bool = False
    caption: str = ""
    share: float | None = None
    is_warning: bool = False


def picture_wall(frame: Wall, hung: Hung) -> Wall:
    """Return the wall of pictures that stands where `frame` does."""
    height, width = hung.picture_hw
    aspect = min(max(width / height, 1 / 8), 8.0)
    own = frame.tile_wh[0] / frame.tile_wh[1]
    shown = replace(
        frame,
        channels=hung.count,
        picture_hw=hung.picture_hw,
        cells=hung.cells,
        is_image=hung.is_image,
        values=hung.values,
        warning="",
    )
    if hung.count == frame.channels and abs(own / aspect - 1) < SAME_SHAPE and not frame.cells:
        return shown
    columns, rows, tile_wh = _grid(hung.count, aspect, frame)
    gap = frame.gap
    size_wh = columns * (tile_wh[0] + gap) + gap, rows * (tile_wh[1] + gap) + gap
    return replace(shown, columns=columns, rows=rows, tile_wh=tile_wh, size_wh=size_wh)


def _grid(count: int, aspect: float, frame: Wall) -> tuple[int, int, tuple[float, float]]:
    """Return columns, rows and (width, height) of a picture: as large as the frame allows."""
    best = (0.0, 1, count)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        wide = (frame.size_wh[0] - frame.gap) / columns - frame.gap
        high = (frame.size_wh[1] - frame.gap) / rows - frame.gap
        best = max(best, (min(wide, high * aspect), columns, rows))
    width, columns, rows = best
    width = min(max(width, 1e-3), LARGEST_PICTURE * min(1.0, aspect))
    return columns, rows, (width, width / aspect)


def with_pictures(scene: Scene, hung: Iterable[Hung], *, theme: Theme = "dark") -> Scene:
    """Return the scene in which results hang on their walls, with what is told of them."""
    by_node = {one.node: one for one in hung}
    if not by_node:
        return scene
    palette = PALETTES[theme]
    walls, hidden, boards = [], [], []
    captions: dict[Label, Label] = {}
    for wall in scene.walls:
        one = by_node.get(wall.node)
        if one is None or is_second(wall.network):
            walls.append(wall)
            continue
        pictures = picture_wall(wall, one) if one.values else None
        seen = pictures if pictures is not None and one.is_seen else wall
        walls.append(seen)
        if pictures is not None:
            hidden.append(wall if seen is pictures else pictures)
        if seen.size_wh != wall.size_wh:
            boards.append(frame_board(wall, palette))
        if one.share is not None:
            boards += _bar(wall, one.share, palette)
        if one.caption:
            old, new = _caption(wall, one, palette)
            captions[old] = new
    return replace(
        scene,
        walls=tuple(walls),
        hidden=(*scene.hidden, *hidden),
        boards=(*scene.boards, *boards),
        labels=tuple(captions.get(label, label) for label in scene.labels),
    )


def frame_board(wall: Wall, palette: Palette) -> Board:
    """Return the board behind pictures that do not fill their wall."""
    return Board(
        at(wall, 0.0, wall.size_wh[1] / 2, before=-BEHIND), wall.size_wh, palette.wall,
        border_colour=palette.wall_border, border=0.006, yaw=wall.yaw,
    )  # fmt: skip


def _bar(wall: Wall, share: float, palette: Palette) -> list[Board]:
    """Return a thin bar along the wall's foot, done from the left."""
    width, done = wall.size_wh[0] - 2 * BEFORE, min(max(share, 0.0), 1.0)
    bars = [
        Board(
            at(wall, 0.0, BAR / 2, before=BEFORE), (width, BAR),
            (*palette.wall_border[:3], SEE_THROUGH), yaw=wall.yaw,
        )
    ]  # fmt: skip
    if done > 0:
        bars.append(
            Board(
                at(wall, (done - 1) * width / 2, BAR / 2, before=BEFORE), (done * width, BAR),
                (*palette.accent[:3], SEE_THROUGH), yaw=wall.yaw,
            )
        )  # fmt: skip
    return bars


def _caption(wall: Wall, hung: Hung, palette: Palette) -> tuple[Label, Label]:
    """Return the label of a wall's subtitle and the one that takes its place."""
    old = next(iter(wall_labels(wall, palette)))
    largest = DETAIL_SHARE * name_height(wall.size_wh)
    height = fitting_height(hung.caption, wall.size_wh[0], largest=largest)
    colour = palette.warning if hung.is_warning else palette.accent
    if hung.share is None and not hung.is_warning:
        colour = palette.detail
    return old, replace(old, text=hung.caption, height=max(height, 0.6 * largest), colour=colour)


def clock_text(seconds: float) -> str:
    """Return a duration as people read it: `0:35`, `12:04`, `1:02:30`."""
    whole = math.ceil(max(0.0, seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
