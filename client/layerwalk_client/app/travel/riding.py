"""Rides along edges: begun at a wall, with a choice where the data goes several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.travel.places import wall_of
from layerwalk_client.ui.choices import Choices
from layerwalk_client.world.riding import meant, ride, ride_duration
from layerwalk_client.world.view import Mark

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

MOST = 9


class Riding:
    """Mutable, owned by the main thread: the fork at which one stands, if one is asked."""

    def __init__(self) -> None:
        self._node: int | None = None
        self._ways: tuple[int, ...] = ()

    def begin(self, walker: Walker) -> None:
        """Ride from the wall under the pointer, the selected one, or the one stood before; at a
        fork ask first, and asked again take the way that one looks at."""
        if self._ways:
            self.choose(walker, self._meant(walker) + 1)
            return
        flow = walker.ways.routes(walker)
        if walker.pointed is not None:
            node: int | None = walker.pointed.wall.node
        elif walker.selection is not None and walker.selection.node in flow.depth:
            node = walker.selection.node
        else:
            node = walker.ways.here(walker)
        if node is None:
            walker.say("point at a wall first")
            return
        ways = flow.after.get(node, ())
        if not ways:
            walker.say("nothing reads this wall")
        elif len(ways) == 1:
            self._ride(walker, node, ways[0])
        else:
            self._node, self._ways = node, ways[:MOST]

    def choose(self, walker: Walker, number: int) -> bool:
        """Take a way, 1 is the first; return whether one was asked for."""
        if not self._ways or self._node is None:
            return False
        if 1 <= number <= len(self._ways):
            node, target = self._node, self._ways[number - 1]
            self._node, self._ways = None, ()
            self._ride(walker, node, target)
        return True

    def stop(self, walker: Walker) -> bool:
        """Leave the choice, or end the ride; return whether there was one."""
        if self._ways:
            self._node, self._ways = None, ()
            return True
        return walker.journey.is_riding and walker.journey.halt()

    def choices(self, walker: Walker) -> Choices | None:
        """Return what is asked, for the HUD."""
        network = walker.stage.network
        if not self._ways or network is None or self._node is None:
            return None
        nodes = network.graph.nodes
        if max(self._node, *self._ways) >= len(nodes):
            self._node, self._ways = None, ()
            return None
        return Choices(
            title=f"from {nodes[self._node].id} along",
            lines=tuple(nodes[way].id for way in self._ways),
            chosen=self._meant(walker),
            note="1 to 9, or F4 for the one you look at",
        )

    def _meant(self, walker: Walker) -> int:
        network = walker.stage.network
        assert network is not None
        walls = [wall_of(walker.stage.scene, network.id, way) for way in self._ways]
        centres = [wall.centre if wall is not None else (0.0, 0.0, 0.0) for wall in walls]
        return meant(walker.journey.camera, centres)

    def _ride(self, walker: Walker, source: int, target: int) -> None:
        network, scene = walker.stage.network, walker.stage.scene
        wall = None if network is None else wall_of(scene, network.id, target)
        ribbon = next(
            (one for one in scene.ribbons if (one.source, one.target) == (source, target)), None
        )
        if network is None or wall is None or ribbon is None:
            return
        way = ride(walker.journey.camera, ribbon, wall, walker.stage.arrays)
        walker.journey.ride(way, ride_duration(way, walker.journey.pace))
        walker.selection = Mark(network.id, target)
        ids = [network.graph.nodes[node].id for node in (source, target)]
        walker.say(f"{ids[0]} to {ids[1]}: Esc stops, the wheel sets the speed")
        walker.trace.note("rides", source=ids[0], target=ids[1])
