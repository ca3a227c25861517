"""The map in the corner: which part it shows, its texture, and what a click on it does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layerwalk_client.app.travel.going import go_to_node
from layerwalk_client.devices.actions import Actions
from layerwalk_client.gl.panel import PanelTexture
from layerwalk_client.ui.minimap import (
    LARGEST_WH,
    SMALLEST,
    MapShown,
    draw_plan,
    map_corner,
)
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.style import Style, make_style
from layerwalk_client.world.minimap import (
    MapView,
    Pixel,
    following,
    on_map,
    wall_at,
    wall_line,
    whole_map,
    zoomed,
)
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.signs import EYE
from layerwalk_client.world.view import Camera, Mark

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

REACH = 7.0
"""Pixels of the design within which a wall is meant."""
INSET = 8.0


class Minimap:
    """Mutable, owned by the main thread; a GL context is current."""

    def __init__(self) -> None:
        self._panel: PanelTexture | None = None
        self._view: MapView | None = None
        self._scene: Scene | None = None
        self._screen_wh = (0, 0)
        self._drawn: object = None
        self._hover: Wall | None = None

    @property
    def view(self) -> MapView | None:
        """Which part is shown; None before it was shown at all."""
        return self._view

    def shown(self, walker: Walker) -> MapShown | None:
        """Return the map as it lies over the view, None where it is hidden."""
        scene = walker.stage.scene
        if _is_hidden(walker) or not scene.walls:
            self._hover = None
            return None
        style = self._prepare(walker, scene)
        view, camera = self._view, walker.journey.camera
        assert view is not None
        assert self._panel is not None
        eye, is_beyond = on_map(view, camera, inset=style.px(INSET))
        hover, name = self._hover, ""
        if hover is not None and walker.stage.network is not None:
            name = walker.stage.network.graph.nodes[hover.node].id
        elif walker.pointed is not None:
            hover = walker.pointed.wall
        aspect = walker.aspect
        return MapShown(
            picture=Picture(self._panel.texture, size_wh=view.size_wh),
            eye=eye,
            yaw=camera.yaw,
            half_fov=math.atan(math.tan(camera.fov / 2) * aspect),
            is_beyond=is_beyond,
            selection=self._line(walker.selection, scene),
            hover=None if hover is None else wall_line(hover, view),
            name=name,
        )

    def operate(self, walker: Walker, pixel: Pixel, actions: Actions) -> bool:
        """Let the pointer operate the map; return whether it is on it.

        Args:
            walker: the walk.
            pixel: of the view, where the pointer is.
            actions: clicks and the wheel.
        """
        self._hover = None
        if self._panel is None or self._view is None or _is_hidden(walker):
            return False
        style: Style = self._panel.style
        corner = map_corner(self._view.size_wh, walker.screen.size_wh, style)
        at = pixel[0] - corner[0], pixel[1] - corner[1]
        width, height = self._view.size_wh
        if not (0 <= at[0] < width and 0 <= at[1] < height):
            return False
        if actions.wheel:
            self._view = zoomed(self._view, actions.wheel, at)
        walls = walker.stage.scene.walls
        self._hover = wall_at(walls, self._view, at, reach=style.px(REACH))
        if actions.clicks:
            self._go(walker, at)
        return True

    def close(self) -> None:
        """Release the texture."""
        if self._panel is not None:
            self._panel.close()
            self._panel = None

    def _go(self, walker: Walker, at: Pixel) -> None:
        """Fly to the wall that was clicked, else to the place on the floor."""
        assert self._view is not None
        if self._hover is not None:
            go_to_node(walker, self._hover.node)
            return
        x, z = self._view.place(at)
        camera = Camera(position=(x, EYE, z), yaw=walker.journey.camera.yaw)
        walker.journey.go(camera, walker.stage.arrays, stands=True)
        walker.trace.note("went", place=[round(x, 2), round(z, 2)])

    def _prepare(self, walker: Walker, scene: Scene) -> Style:
        """Let the texture be that of the scene and the view."""
        scale = max(0.6, walker.screen.size_wh[1] / 720)
        is_resized = walker.screen.size_wh != self._screen_wh
        if self._view is None or scene.walls != _walls_of(self._scene) or is_resized:
            largest = round(LARGEST_WH[0] * scale), round(LARGEST_WH[1] * scale)
            self._view = whole_map(scene, largest_wh=largest, smallest=round(SMALLEST * scale))
        self._scene, self._screen_wh = scene, walker.screen.size_wh
        self._view = view = following(self._view, walker.journey.camera)
        if self._panel is None or is_resized:
            self.close()
            self._panel = PanelTexture(view.size_wh, scale=scale, setup=make_style)
            self._drawn = None
        style: Style = self._panel.style
        drawn = (id(scene), view)
        if drawn != self._drawn:
            if self._panel.size_wh != view.size_wh:
                self._panel.resize(view.size_wh)
            self._panel.draw(lambda: draw_plan(style, scene, view))
            self._drawn = drawn
        return style

    def _line(self, mark: Mark | None, scene: Scene) -> tuple[Pixel, Pixel] | None:
        if mark is None or self._view is None:
            return None
        for wall in scene.walls:
            if (wall.network, wall.node) == (mark.network, mark.node):
                return wall_line(wall, self._view)
        return None


def _is_hidden(walker: Walker) -> bool:
    """Whether there is no map: not wished for, or the view is a tour's or a panel's."""
    return (
        not walker.settings.shows_map
        or walker.journey.is_on_tour
        or walker.tools.panels.fill_view(walker.journey.camera)
    )


def _walls_of(scene: Scene | None) -> tuple[Wall, ...] | None:
    return None if scene is None else scene.walls
