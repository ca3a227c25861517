"""What stands in the world, as frozen data: the layout makes it, the renderer draws it.

Frame: metres, y up, right-handed; data flows along -z, so from the input one looks along -z down
the hall; walls stand on the floor (y = 0) and face +z, turned by `yaw` (radians, about +y).
Colours are sRGB `(r, g, b, a)` in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vector = tuple[float, float, float]
Colour = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Wall:
    """A node as it stands in the world: a grid of pictures, channel 0 at the upper left.

    Attributes:
        node: index of the node in its network's graph; walls are found by (network, node).
        centre: centre of the wall's rectangle.
        size_wh: width and height of the grid, metres, outer gaps included.
        columns, rows: of the grid of channels.
        channels: pictures on the wall; cells past them stay empty.
        picture_hw: pixels of one picture at level 0.
        tile_wh: metres of one picture (aspect ratio kept).
        gap: metres between pictures, and around the grid.
        cells: for one picture that shows a vector: how many of its pixels are units; else 0.
        is_image: RGB picture instead of values under a colour table.
        title, subtitle, warning: name; shape and kind; why there is nothing to see ("" = fine).
        values: name under which what hangs there is put on the screen, where it is not the
            snapshot that the network shows; "" = that one.
        copy: 0 for a node's own wall; 1 and on for copies of it that a person has pinned.
    """

    network: str
    node: int
    centre: Vector
    size_wh: tuple[float, float]
    columns: int
    rows: int
    channels: int
    picture_hw: tuple[int, int]
    tile_wh: tuple[float, float]
    gap: float
    yaw: float = 0.0
    cells: int = 0
    is_image: bool = False
    title: str = ""
    subtitle: str = ""
    warning: str = ""
    values: str = ""
    copy: int = 0

    @property
    def value_key(self) -> tuple[str, int]:
        """Under which (name, node) values are put on the screen."""
        return self.values or self.network, self.node

    def channel_origin(self, channel: int) -> tuple[float, float]:
        """Return (x, y) of the upper left corner of a channel, wall coordinates.

        Wall coordinates: metres from the wall's lower left corner, x right, y up.
        """
        row, column = divmod(channel, self.columns)
        x = self.gap + column * (self.tile_wh[0] + self.gap)
        y = self.size_wh[1] - self.gap - row * (self.tile_wh[1] + self.gap)
        return x, y


@dataclass(frozen=True, slots=True, eq=False)
class Ribbon:
    """An edge on the floor.

    Attributes:
        source, target: node indices.
        path: `[N, 3]` float32 centre line, in the direction of data flow; read-only.
        width: metres.
        label: operation at the target, "" where it says nothing.
    """

    network: str
    source: int
    target: int
    path: NDArray[np.float32]
    width: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A group as a named rectangle on the floor: x0 < x1, z0 < z1; `depth` 0 is outermost."""

    network: str
    group: str
    x0: float
    z0: float
    x1: float
    z1: float
    depth: int
    name: str


@dataclass(frozen=True, slots=True)
class Label:
    """Text in the world, one line.

    Attributes:
        position: of the anchor point.
        height: of a capital letter, metres.
        plane: `wall` (upright, turned by yaw, readable from +z), `back` (upright, readable from
            -z), `floor` (flat, top towards -z; seen from low it leans towards the eye), `billboard` (turned to the eye), `column` (upright
            as on a wall, but running upwards).
        anchor: of the text's box that sits at `position`: horizontal then vertical.
        priority: higher fades out later.
        is_bold: the heavier of the two weights.
        max_width: metres; longer text is shortened with an ellipsis; 0 = no limit.
        grows: how many times its own size it may become, so as to be read from afar.
        slides: metres to the right that it may move for an eye beyond its right end.
    """

    text: str
    position: Vector
    height: float
    colour: Colour
    plane: Literal["wall", "back", "floor", "billboard", "column"] = "wall"
    yaw: float = 0.0
    anchor: Literal[
        "left-bottom", "centre-bottom", "right-bottom", "left-centre", "centre-centre",
        "right-centre", "left-top", "centre-top", "right-top",
    ] = "left-bottom"  # fmt: skip
    priority: int = 0
    is_bold: bool = False
    max_width: float = 0.0
    grows: float = 1.0
    slides: float = 0.0


@dataclass(frozen=True, slots=True)
class Board:
    """A plain upright rectangle: backing of the answer, a bar, a frame's ground.

    `centre` and `size_wh` as for walls; `border` metres wide in `border_colour`, inside the
    rectangle; boards at the same place are drawn in the order given (the renderer separates them).
    """

    centre: Vector
    size_wh: tuple[float, float]
    colour: Colour
    border_colour: Colour = (0.0, 0.0, 0.0, 0.0)
    border: float = 0.0
    yaw: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One arrangement of everything; made anew when the graph, folding or the answer changes.

    `hidden` are walls that stand where another is seen now, under the same node: their values are
    kept ready, so that they can take its place. `reverse` are the other faces of walls that are seen,
    under the same node: the renderer turns all of them over at once.
    """

    walls: tuple[Wall, ...] = ()
    ribbons: tuple[Ribbon, ...] = ()
    plots: tuple[Plot, ...] = ()
    labels: tuple[Label, ...] = ()
    boards: tuple[Board, ...] = ()
    hidden: tuple[Wall, ...] = ()
    reverse: tuple[Wall, ...] = ()

    def bounds(self) -> tuple[Vector, Vector]:
        """Return the lowest and highest corner of all walls and boards (a unit box when empty)."""
        items: tuple[Wall | Board, ...] = (*self.walls, *self.boards)
        if not items:
            return (-0.5, 0.0, -0.5), (0.5, 1.0, 0.5)
        centres = np.array([item.centre for item in items])
        sizes = np.array([item.size_wh for item in items])
        yaws = np.array([item.yaw for item in items])
        reach = np.stack([np.abs(np.cos(yaws)), np.ones_like(yaws), np.abs(np.sin(yaws))], axis=1)
        reach *= sizes[:, [0, 1, 0]] / 2
        low, high = (centres - reach).min(axis=0), (centres + reach).max(axis=0)
        return (
            (float(low[0]), float(low[1]), float(low[2])),
            (float(high[0]), float(high[1]), float(high[2])),
        )
