"""The plan of what stands there, from above: which part is shown how large, and what lies where.

Map pixels: x right, y down from the upper left corner of the map; on it, data flows upward (the
world's -z). Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.view import Camera

Pixel = tuple[float, float]
EDGE = 2.0
"""Metres around everything."""
CLOSEST = 30.0
"""Pixels of a metre at most."""
ZOOM = 1.3
"""Factor of one notch of the wheel."""
ROOM = 0.25
"""Share of the map's sides within which the eye is kept, when the map shows a part only."""


@dataclass(frozen=True, slots=True)
class MapView:
    """Which part of the floor a map shows.

    Attributes:
        size_wh: pixels of the map.
        centre: (x, z) in its middle, metres.
        scale: pixels of a metre.
        low, high: (x, z) corners of all there is, edge included.
    """

    size_wh: tuple[int, int]
    centre: tuple[float, float]
    scale: float
    low: tuple[float, float]
    high: tuple[float, float]

    @property
    def whole(self) -> float:
        """The scale at which everything is seen."""
        wide, deep = (max(1e-6, b - a) for a, b in zip(self.low, self.high, strict=True))
        return min(self.size_wh[0] / wide, self.size_wh[1] / deep, CLOSEST)

    def pixel(self, x: float, z: float) -> Pixel:
        """Return the pixel of a place on the floor."""
        return (
            self.size_wh[0] / 2 + (x - self.centre[0]) * self.scale,
            self.size_wh[1] / 2 + (z - self.centre[1]) * self.scale,
        )

    def place(self, pixel: Pixel) -> tuple[float, float]:
        """Return the (x, z) of a pixel: undoes `pixel`."""
        return (
            self.centre[0] + (pixel[0] - self.size_wh[0] / 2) / self.scale,
            self.centre[1] + (pixel[1] - self.size_wh[1] / 2) / self.scale,
        )


def whole_map(scene: Scene, *, largest_wh: tuple[int, int], smallest: int) -> MapView:
    """Return the map of everything, no larger than need be.

    Args:
        scene: what stands there.
        largest_wh: pixels at most.
        smallest: pixels of either side at least.
    """
    one, two = scene.bounds()
    ends = [(one[0], one[2]), (two[0], two[2])]
    ends += [(plot.x0, plot.z0) for plot in scene.plots]
    ends += [(plot.x1, plot.z1) for plot in scene.plots]
    points = np.array(ends)
    low, high = points.min(axis=0) - EDGE, points.max(axis=0) + EDGE
    wide, deep = (high - low).tolist()
    scale = min(largest_wh[0] / wide, largest_wh[1] / deep, CLOSEST)
    size_wh = max(smallest, round(wide * scale)), max(smallest, round(deep * scale))
    x, z = ((low + high) / 2).tolist()
    (x0, z0), (x1, z1) = low.tolist(), high.tolist()
    return MapView(size_wh, (x, z), scale, (x0, z0), (x1, z1))


def zoomed(view: MapView, notches: float, pixel: Pixel) -> MapView:
    """Return the map nearer (or farther), with what is under a pixel where it is, if that may be.

    It shows nothing beyond its edges, and is never smaller than the whole.
    """
    scale = min(max(view.scale * ZOOM**notches, view.whole), CLOSEST)
    x, z = view.place(pixel)
    centre = (
        x - (pixel[0] - view.size_wh[0] / 2) / scale,
        z - (pixel[1] - view.size_wh[1] / 2) / scale,
    )
    return _inside(replace(view, scale=scale, centre=centre))


def following(view: MapView, camera: Camera) -> MapView:
    """Return the map moved so far that the eye is well within it; a whole map stays."""
    if view.scale <= view.whole * 1.001:
        return view
    pixel = view.pixel(camera.position[0], camera.position[2])
    centre = list(view.centre)
    for axis, (at, size) in enumerate(zip(pixel, view.size_wh, strict=True)):
        low, high = ROOM * size, (1 - ROOM) * size
        centre[axis] += (min(0.0, at - low) + max(0.0, at - high)) / view.scale
    return _inside(replace(view, centre=(centre[0], centre[1])))


def _inside(view: MapView) -> MapView:
    centre = []
    for axis in (0, 1):
        low, high, half = view.low[axis], view.high[axis], view.size_wh[axis] / view.scale / 2
        middle = (low + high) / 2
        if high - low <= 2 * half:
            centre.append(middle)
        else:
            centre.append(min(max(view.centre[axis], low + half), high - half))
    return replace(view, centre=(centre[0], centre[1]))


def wall_line(wall: Wall, view: MapView) -> tuple[Pixel, Pixel]:
    """Return both ends of a wall on the map."""
    half = wall.size_wh[0] / 2
    x, _, z = wall.centre
    away = half * math.cos(wall.yaw), -half * math.sin(wall.yaw)
    return view.pixel(x - away[0], z - away[1]), view.pixel(x + away[0], z + away[1])


def wall_at(walls: Iterable[Wall], view: MapView, pixel: Pixel, *, reach: float) -> Wall | None:
    """Return the wall nearest to a pixel, None where none is within `reach` pixels."""
    best: tuple[float, Wall] | None = None
    for wall in walls:
        one, two = (np.array(end) for end in wall_line(wall, view))
        distance = _distance(np.array(pixel), one, two)
        if distance <= reach and (best is None or distance < best[0]):
            best = distance, wall
    return None if best is None else best[1]


def _distance(
    point: NDArray[np.float64], one: NDArray[np.float64], two: NDArray[np.float64]
) -> float:
    along = two - one
    share = float((point - one) @ along) / max(float(along @ along), 1e-12)
    return float(np.linalg.norm(point - one - min(max(share, 0.0), 1.0) * along))


def on_map(view: MapView, camera: Camera, *, inset: float) -> tuple[Pixel, bool]:
    """Return the eye's pixel, moved to the map's edge where it is beyond, and whether it is."""
    x, y = view.pixel(camera.position[0], camera.position[2])
    width, height = view.size_wh
    inside = min(max(x, inset), width - inset), min(max(y, inset), height - inset)
    return inside, inside != (x, y)
