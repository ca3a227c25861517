"""The plan in a corner: drawn once to a texture, with the eye and what is marked over it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from imgui_bundle import imgui

from layerwalk_client.ui import style as look
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.sheet import Sheet
from layerwalk_client.ui.style import Style, packed
from layerwalk_client.world.minimap import MapView, Pixel, wall_line
from layerwalk_client.world.scene import Plot, Scene

LARGEST_WH = (250, 420)
SMALLEST = 150
"""Pixels of the design."""
ABOVE = 74
"""Pixels of the design from the view's top to the map: what is at work is told there."""
NAME_PIXELS = 13
LEAST_LINES = 1.5
"""Lines of text that an inner plot must be high to be named."""
EYE, CONE = 7.0, 46.0
"""Pixels of the design of the eye's arrow, and of what it sees."""
INSIDE_LINES = 6.0
"""Lines of text that an inner plot must be high for its name to stand in it."""
_GROUND = (0.027, 0.039, 0.059, 1.0)
_LINE = (0.17, 0.23, 0.33, 1.0)
_WALL = (0.62, 0.69, 0.79, 1.0)


@dataclass(frozen=True, slots=True)
class MapShown:
    """The map over the view; pixels of the map.

    Attributes:
        picture: the plan.
        eye: where it is; yaw: where it looks, radians; half_fov: half of what it sees, radians.
        is_beyond: the eye is farther out than the map.
        selection, hover: ends of walls that are marked.
        name: of what the pointer is on.
    """

    picture: Picture
    eye: Pixel
    yaw: float
    half_fov: float
    is_beyond: bool = False
    selection: tuple[Pixel, Pixel] | None = None
    hover: tuple[Pixel, Pixel] | None = None
    name: str = ""


def map_corner(size_wh: tuple[int, int], view_wh: tuple[float, float], style: Style) -> Pixel:
    """Return the upper left corner of a map of that size, pixels of the view."""
    return round(view_wh[0] - style.px(20) - size_wh[0]), round(style.px(ABOVE))


def draw_plan(style: Style, scene: Scene, view: MapView) -> None:
    """Draw the plan over the whole of the current ImGui display."""
    ink = imgui.get_background_draw_list()
    width, height = view.size_wh
    radius = style.px(8)
    ink.add_rect_filled((0, 0), (width, height), packed(_GROUND), radius)
    for plot in sorted(scene.plots, key=lambda one: one.depth):
        corners = view.pixel(plot.x0, plot.z0), view.pixel(plot.x1, plot.z1)
        ink.add_rect_filled(*corners, packed(look.FIELD, 0.55))
        ink.add_rect(*corners, packed(look.BORDER), 0.0, 1.0)
    for ribbon in scene.ribbons:
        points = [view.pixel(x, z) for x, _, z in ribbon.path[:: max(1, len(ribbon.path) // 24)]]
        points.append(view.pixel(ribbon.path[-1][0], ribbon.path[-1][2]))
        ink.add_polyline([imgui.ImVec2(*one) for one in points], packed(_LINE), 1.0, 0)
    thick = max(1.5, style.px(1.5))
    for wall in scene.walls:
        ink.add_line(*wall_line(wall, view), packed(_WALL, 0.4 if wall.warning else 0.9), thick)
    _names(style, ink, scene, view)
    ink.add_rect((0.5, 0.5), (width - 0.5, height - 0.5), packed(look.BORDER), radius, 1.0)


def _names(style: Style, ink: Any, scene: Scene, view: MapView) -> None:
    """Name groups beside their plots, outer ones first, as far as they do not meet."""
    size = style.text_px(NAME_PIXELS)
    taken: list[tuple[float, float, float, float]] = []
    named: set[str] = set()
    for plot in sorted(scene.plots, key=lambda one: (one.depth, -_area(one))):
        if plot.group in named:
            continue
        name = plot.name.partition(" · ")[0].rpartition(".")[2]
        imgui.push_font(style.regular, size)
        wide = imgui.calc_text_size(name).x
        imgui.pop_font()
        (left, top), (right, bottom) = view.pixel(plot.x0, plot.z0), view.pixel(plot.x1, plot.z1)
        if plot.depth and bottom - top < LEAST_LINES * size:
            continue
        gap, middle = style.px(5), (top + bottom - size) / 2
        strangers = [
            (*view.pixel(one.x0, one.z0), *view.pixel(one.x1, one.z1))
            for one in scene.plots
            if one is not plot and one.depth >= plot.depth
        ]
        spots = [
            (x, middle)
            for x in (right + gap, left - gap - wide)
            if not any(_meet((x, middle, x + wide, middle + size), one) for one in strangers)
        ]
        has_room = bottom - top > INSIDE_LINES * size and right - left > wide + 2 * gap
        high = max(top, 0.0) + gap / 2
        if high + size < bottom and (plot.depth == 0 or has_room):
            spots.append((left + gap, high))
        for x, y in spots:
            box = x, y, x + wide, y + size
            is_within = gap <= x and x + wide <= view.size_wh[0] - gap
            is_within &= 0 <= y <= view.size_wh[1] - size - gap
            if is_within and not any(_meet(box, other) for other in taken):
                taken.append(box)
                named.add(plot.group)
                plate = (x - gap / 2, y), (x + wide + gap / 2, y + size + gap / 2)
                ink.add_rect_filled(*plate, packed(_GROUND, 0.7), style.px(3))
                colour = look.TEXT if plot.depth == 0 else look.QUIET
                ink.add_text(style.regular, size, (round(x), round(y)), packed(colour), name)
                break


def _area(plot: Plot) -> float:
    return (plot.x1 - plot.x0) * (plot.z1 - plot.z0)


def _meet(one: tuple[float, ...], two: tuple[float, ...]) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def draw_map(sheet: Sheet, shown: MapShown) -> None:
    """Draw the map with the eye and the marks in the upper right corner."""
    px, ink = sheet.style.px, sheet.ink
    width, height = shown.picture.size_wh
    left, top = map_corner((width, height), (sheet.width, sheet.height), sheet.style)
    ink.add_image(
        imgui.ImTextureRef(shown.picture.texture), (left, top), (left + width, top + height),
        shown.picture.uv0, shown.picture.uv1, packed((1.0, 1.0, 1.0, 1.0)),
    )  # fmt: skip
    ink.push_clip_rect((left, top), (left + width, top + height), True)

    def at(pixel: Pixel) -> Pixel:
        return left + pixel[0], top + pixel[1]

    for line, alpha, thick in ((shown.hover, 0.6, 3.0), (shown.selection, 1.0, 3.6)):
        if line is not None:
            ink.add_line(at(line[0]), at(line[1]), packed(look.MARK, alpha), px(thick))
    _eye(sheet, shown, at(shown.eye))
    ink.pop_clip_rect()
    if shown.name:
        wide = sheet.measure(shown.name, 14)
        x = max(px(8), left + width - wide - px(10))
        y = top + height + px(6)
        sheet.plate(x - px(10), y, left + width, y + px(26))
        sheet.write(shown.name, (x, y + px(5)), pixels=14, colour=look.TEXT)


def _eye(sheet: Sheet, shown: MapShown, centre: Pixel) -> None:
    px = sheet.style.px

    def away(angle: float, length: float) -> Any:
        turned = shown.yaw + angle
        return imgui.ImVec2(
            centre[0] - math.sin(turned) * length, centre[1] - math.cos(turned) * length
        )

    if not shown.is_beyond:
        steps = [shown.half_fov * (step / 6 - 1) for step in range(13)]
        cone = [imgui.ImVec2(*centre), *(away(angle, px(CONE)) for angle in reversed(steps))]
        sheet.ink.add_convex_poly_filled(cone, packed(look.ACCENT, 0.22))
    size = px(EYE)
    corners = [away(0, 1.2 * size), away(2.45, size), away(-2.45, size)]
    sheet.ink.add_triangle_filled(*corners, packed(look.ACCENT))
    sheet.ink.add_triangle(*corners, packed((0.02, 0.03, 0.05, 0.9)), max(1.0, px(1.0)))
