"""Finding the way: the routes of what stands there, where one is, and the HUD that is clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.travel.minimap import Minimap
from layerwalk_client.app.travel.riding import Riding
from layerwalk_client.devices.actions import Actions
from layerwalk_client.ui.intents import Intent
from layerwalk_client.world.morphing import Pose
from layerwalk_client.world.routes import Routes, routes
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.whereabouts import Whereabouts, wall_ahead, whereabouts

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


class Wayfinding:
    """Mutable, owned by the main thread.

    Attributes:
        hot: what of the HUD the free pointer is on.
        minimap: the map in the corner.
        riding: rides along edges.
    """

    def __init__(self) -> None:
        self.minimap = Minimap()
        self.riding = Riding()
        self._anchor: int | None = None
        self._pose: Pose | None = None
        self.hot: Intent | None = None
        self._scene: Scene | None = None
        self._routes = Routes()
        self._told: tuple[object, Whereabouts | None] = (None, None)

    def routes(self, walker: Walker) -> Routes:
        """Return the routes of what stands there now."""
        scene, network = walker.stage.scene, walker.stage.network
        if scene is not self._scene:
            self._scene = scene
            self._routes = Routes() if network is None else routes(scene, network.id)
        return self._routes

    def here(self, walker: Walker) -> int | None:
        """Return the node before whose wall one stands, None where one sees the whole."""
        index = wall_ahead(walker.stage.arrays, walker.journey.camera)
        return None if index is None else walker.stage.arrays.scene.walls[index].node

    def whereabouts(self, walker: Walker) -> Whereabouts | None:
        """Return the line that says where one is; None without a network, and on the tour."""
        network = walker.stage.network
        if network is None or walker.journey.is_on_tour:
            return None
        found = self.routes(walker)
        node = self.here(walker)
        key = (network.id, id(network.graph), id(found), node)
        if self._told[0] != key:
            box = None if node is None else walker.stage.scenery.box_of(node)
            self._told = key, whereabouts(network, found, node, box=box)
        return self._told[1]

    def hold_on(self, node: int | None) -> None:
        """Let the eye go along with a node's wall while walls slide."""
        self._anchor, self._pose = node, None

    def slide(self, walker: Walker) -> None:
        """Take the eye along with the wall that it holds on to."""
        if self._anchor is None:
            return
        pose = walker.stage.rearranging.pose(self._anchor)
        if pose is None:
            self._anchor = self._pose = None
            return
        if self._pose is not None:
            walker.journey.go_along(self._pose, pose)
        self._pose = pose

    def point(self, walker: Walker, actions: Actions) -> bool:
        """Let the pointer operate what lies over the view; return whether it is on that."""
        self.hot = None
        if walker.desktop.is_captured or walker.is_plain:
            return False
        width, height = walker.screen.size_wh
        pixel = (actions.pointer[0] + 1) / 2 * width, (1 - actions.pointer[1]) / 2 * height
        if self.minimap.operate(walker, pixel, actions):
            return True
        spot = next((one for one in walker.screen.spots if one.holds(pixel)), None)
        if spot is None:
            return False
        self.hot = spot.intent
        if actions.clicks:
            walker.tools.carry_out("hud", spot.intent)
        return True

    def close(self) -> None:
        """Release what is drawn to."""
        self.minimap.close()
