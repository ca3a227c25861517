"""Panels that float in the world where they were called, and the ray that operates them.

Everything on a panel works by a ray: from the crosshair, from a free mouse, from a controller. The
ray meets the panel's plane, the point becomes pixels, the pixels become the panel's pointer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from layerwalk_client.devices.actions import Actions
from layerwalk_client.gl.panel import PanelPointer, PanelTexture
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.ui.intents import Intent
from layerwalk_client.ui.style import Style, make_style
from layerwalk_client.world.camera import Ray, axes, forward
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.view import Camera

USUAL_DISTANCE = 1.2
"""Metres before the eye at which a panel appears; nearer where something stands in the way."""
NEAREST = 0.25
DESIGN_HEIGHT = 720
"""Panels are designed for a window this high; others scale with it."""
LARGEST_SHARE = 0.86
"""Of the window's sides that a panel takes at most when it appears."""
SAME_PLACE = math.radians(40)
"""A panel that appears within this angle of another one replaces it."""
REACH = 1.6
"""A panel is at hand up to this many times the distance at which it appeared."""
ASIDE_MARGIN = 0.03
"""Of the view's width, free at the left of a panel that stands aside."""
LOW_MARGIN = 0.1
"""Of the view's height, free below a low panel: the legend and the readout lie there."""
ASIDE_MARGINS = (0.083, 0.114)
"""Of the view's height, free above and below a panel that stands aside: the title, the legend."""
SETTLING_FRAMES = 3
"""ImGui takes this many frames until a change (a hover, a new size) has come to rest."""


class Content(Protocol):
    """What is drawn on a panel."""

    @property
    def title(self) -> str: ...

    @property
    def size_wh(self) -> tuple[int, int]: ...

    def draw(self, style: Style) -> list[Intent]: ...


@dataclass(frozen=True, slots=True)
class PanelHit:
    """Where a ray meets a panel: which, how far, and the pixel from its upper left."""

    kind: str
    distance: float
    pixel: tuple[float, float]


@dataclass(slots=True, eq=False)
class _Floating:
    content: Content
    texture: PanelTexture
    picture: Picture
    unsettled: int = SETTLING_FRAMES
    reach: float = math.inf
    is_pointed_at: bool = False
    is_pressed: bool = False

    def is_at_hand(self, eye: Vector) -> bool:
        """Whether the eye is about as near as when the panel appeared."""
        return math.dist(eye, self.picture.centre) <= self.reach


class Panels:
    """The open panels. Mutable, owned by the main thread; a GL context is current.

    Args:
        make_texture: makes what a panel is drawn to.
    """

    def __init__(self, make_texture: Callable[..., PanelTexture] = PanelTexture) -> None:
        self._make_texture = make_texture
        self._open: dict[str, _Floating] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which panels are open."""
        return tuple(self._open)

    @property
    def is_unsettled(self) -> bool:
        """Whether a panel must be drawn again."""
        return any(one.unsettled > 0 for one in self._open.values())

    def fill_view(self, camera: Camera) -> bool:
        """Return whether a panel stands straight before the eye, neither aside nor low."""
        return any(
            one.is_at_hand(camera.position)
            and _angle(camera, one.picture.centre) < SAME_PLACE
            and not getattr(one.content, "is_aside", False)
            and not getattr(one.content, "is_low", False)
            for one in self._open.values()
        )

    def content(self, kind: str) -> Content | None:
        """Return what an open panel shows."""
        found = self._open.get(kind)
        return None if found is None else found.content

    def open(
        self,
        kind: str,
        content: Content,
        camera: Camera,
        *,
        window_wh: tuple[int, int],
        room: float = math.inf,
    ) -> None:
        """Open a panel straight before the eye; what stood about there closes.

        Args:
            kind: its name; one panel of each kind.
            content: what is drawn on it.
            camera: the eye.
            window_wh: pixels of the window: at first, a pixel of the panel is one of the window.
            room: metres from the eye to whatever stands before it.
        """
        self.close(kind)
        for other, one in list(self._open.items()):
            if _angle(camera, one.picture.centre) < SAME_PLACE:
                self.close(other)
        scale = panel_scale(content.size_wh, window_wh)
        size_wh = panel_pixels(content.size_wh, scale, window_wh)
        centre, metres_wh = place_before(
            camera,
            size_wh,
            window_wh=window_wh,
            room=room,
            is_low=getattr(content, "is_low", False),
            is_aside=getattr(content, "is_aside", False),
        )
        texture = self._make_texture(size_wh, scale=scale, setup=make_style)
        picture = Picture(texture.texture, centre, metres_wh, camera.yaw, -camera.pitch)
        reach = REACH * math.dist(camera.position, centre)
        self._open[kind] = _Floating(content, texture, picture, reach=reach)

    def close(self, kind: str) -> bool:
        """Close a panel; return whether it was open."""
        found = self._open.pop(kind, None)
        if found is None:
            return False
        found.texture.close()
        return True

    def close_all(self) -> None:
        """Close every panel."""
        for kind in list(self._open):
            self.close(kind)

    def touch(self, kind: str | None = None) -> None:
        """Say that the content of a panel (or of all) has changed."""
        for name, one in self._open.items():
            if kind in (None, name):
                one.unsettled = SETTLING_FRAMES

    def hit(self, ray: Ray, camera: Camera, *, room: float = math.inf) -> PanelHit | None:
        """Return the panel that a ray operates: the nearest one that it meets from its front.

        Args:
            ray: of the pointer.
            camera: the eye, for which panels at hand are seen through everything.
            room: metres along the ray to what else stands there.
        """
        found: PanelHit | None = None
        for kind, one in self._open.items():
            hit = _meet(ray, one.picture, one.texture.size_wh)
            if hit is None or (hit[0] > room and not one.is_at_hand(camera.position)):
                continue
            if found is None or hit[0] < found.distance:
                found = PanelHit(kind, *hit)
        return found

    def operate(
        self, hit: PanelHit | None, actions: Actions, dt: float
    ) -> list[tuple[str, Intent]]:
        """Draw the panels that need it, with the pointer where it is; return what was asked for.

        A press and its release within one frame become two of the panel's frames.
        """
        asked: list[tuple[str, Intent]] = []
        for kind, one in list(self._open.items()):
            is_pointed_at = hit is not None and hit.kind == kind
            is_busy = is_pointed_at and actions.is_any
            if is_busy or one.is_pointed_at != is_pointed_at or one.is_pressed:
                one.unsettled = SETTLING_FRAMES
            one.is_pointed_at = is_pointed_at
            if one.unsettled <= 0:
                continue
            pixel = hit.pixel if is_pointed_at and hit is not None else None
            edges: Sequence[bool] = actions.primary if is_pointed_at else ()
            if not is_pointed_at:
                one.is_pressed = False
            states = [*edges] or [one.is_pressed]
            for place, is_down in enumerate(states):
                one.is_pressed = is_down
                pointer = PanelPointer(
                    position_px=pixel,
                    buttons=(is_down, False, False),
                    wheel=(0.0, actions.wheel if is_pointed_at and place == 0 else 0.0),
                )
                found = _draw(one, pointer, dt)
                asked += [(kind, intent) for intent in found]
            one.unsettled -= 1
        return asked

    def pictures(self, camera: Camera) -> list[Picture]:
        """Return the panels as things to draw in the world.

        What one works with is never hidden: a panel is seen through whatever stands before it
        while the eye is about as near as when it appeared.
        """
        return [
            replace(one.picture, is_always_seen=one.is_at_hand(camera.position))
            for one in self._open.values()
        ]


def panel_scale(design_wh: tuple[int, int], window_wh: tuple[int, int]) -> float:
    """Return the scale of a panel: with the window's height, and never larger than its room."""
    scale = window_wh[1] / DESIGN_HEIGHT
    room_w = LARGEST_SHARE * window_wh[0] / design_wh[0]
    room_h = LARGEST_SHARE * window_wh[1] / design_wh[1]
    return max(0.5, min(scale, room_w, room_h))


def panel_pixels(
    design_wh: tuple[int, int], scale: float, window_wh: tuple[int, int]
) -> tuple[int, int]:
    """Return the pixels of a panel: so many that, in the middle of the window, each of them lies on
    one of the window's, which keeps letters sharp."""
    width, height = (
        round(side * scale) - (window - round(side * scale)) % 2
        for side, window in zip(design_wh, window_wh, strict=True)
    )
    return width, height


def place_before(
    camera: Camera,
    size_wh: tuple[int, int],
    *,
    window_wh: tuple[int, int],
    room: float = math.inf,
    is_low: bool = False,
    is_aside: bool = False,
) -> tuple[Vector, tuple[float, float]]:
    """Return the centre and the size in metres of a panel before the eye, pixel for pixel.

    It stands where it can be seen: beyond the near plane, before whatever stands there. A low one
    leaves the upper part of the view to what it is about, one that stands aside the right part;
    it goes up, as far as there is room, to leave free what lies in the view's lower left.
    """
    farthest = 0.85 * room
    if camera.near < USUAL_DISTANCE / 2:
        distance = max(NEAREST, 2 * camera.near, min(USUAL_DISTANCE, farthest))
    else:  # walls before the eye are cut away up to there
        distance = max(1.05 * camera.near, min(1.2 * camera.near, farthest))
    metres_per_pixel = 2 * distance * math.tan(camera.fov / 2) / window_wh[1]
    centre = np.array(camera.position) + forward(camera) * distance
    if is_low:
        lowered = round(max(0.0, window_wh[1] * (0.5 - LOW_MARGIN) - size_wh[1] / 2))
        centre -= axes(camera)[1] * lowered * metres_per_pixel
    if is_aside:
        moved = round(max(0.0, window_wh[0] * (0.5 - ASIDE_MARGIN) - size_wh[0] / 2))
        centre -= axes(camera)[0] * moved * metres_per_pixel
        above, below = (window_wh[1] * (0.5 - share) - size_wh[1] / 2 for share in ASIDE_MARGINS)
        raised = round(max(0.0, min(-below, above)))
        centre += axes(camera)[1] * raised * metres_per_pixel
    x, y, z = centre.tolist()
    return (x, y, z), (size_wh[0] * metres_per_pixel, size_wh[1] * metres_per_pixel)


def _draw(one: _Floating, pointer: PanelPointer, dt: float) -> list[Intent]:
    found: list[Intent] = []
    one.texture.draw(
        lambda: found.extend(one.content.draw(one.texture.style)), pointer=pointer, dt=dt
    )
    return found


def _angle(camera: Camera, point: Vector) -> float:
    """Return the angle between where the camera looks and a point, radians."""
    away = np.array(point) - np.array(camera.position)
    length = float(np.linalg.norm(away))
    if length < 1e-6:
        return 0.0
    cosine = float(away @ forward(camera)) / length
    return math.acos(max(-1.0, min(1.0, cosine)))


def _meet(
    ray: Ray, picture: Picture, size_wh: tuple[int, int]
) -> tuple[float, tuple[float, float]] | None:
    """Return distance and pixel where a ray meets a picture from its front, or None."""
    right, up, front = (np.array(axis) for axis in picture.axes())
    origin, direction = np.array(ray.origin), np.array(ray.direction)
    slope = float(direction @ front)
    if slope >= -1e-6:
        return None
    distance = float((np.array(picture.centre) - origin) @ front) / slope
    if distance <= 0:
        return None
    offset = origin + distance * direction - np.array(picture.centre)
    u = float(offset @ right) / picture.size_wh[0] + 0.5
    v = 0.5 - float(offset @ up) / picture.size_wh[1]
    if not (0 <= u <= 1 and 0 <= v <= 1):
        return None
    return distance, (u * size_wh[0], v * size_wh[1])
