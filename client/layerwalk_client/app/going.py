"""Going where one asks to be taken: before a node's wall, above a group, above the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.places import facing_node, wall_of
from layerwalk_client.ui.intents import GoTo, GoToGroup, TravelIntent
from layerwalk_client.world.folding import nodes_inside
from layerwalk_client.world.view import Mark
from layerwalk_client.world.viewpoints import overview, view_of

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def travel(walker: Walker, intent: TravelIntent) -> None:
    """Go where a panel or the HUD asks to go."""
    if isinstance(intent, GoTo):
        go_to_node(walker, intent.node)
    elif isinstance(intent, GoToGroup):
        go_to_group(walker, intent.group)
    else:
        show_all(walker)


def go_to_node(walker: Walker, node: int) -> None:
    """Select a node and fly before its wall."""
    network = walker.stage.network
    if network is None:
        return
    walker.stage.open_for(node)
    walker.selection = Mark(network.id, node)
    wall = wall_of(walker.stage.scene, network.id, node)
    if wall is not None:
        camera = facing_node(wall, walker.stage.scene, network, aspect=walker.aspect)
        walker.journey.go(camera, walker.stage.arrays)
        walker.trace.note("went", node=network.graph.nodes[node].id)


def go_to_group(walker: Walker, group: str) -> None:
    """Fly to where the whole of a group is seen."""
    network = walker.stage.network
    if network is None:
        return
    inside = nodes_inside(network.graph).get(group, [])
    camera = view_of(walker.stage.scene, inside, walker.aspect)
    if camera is None:
        walker.say(f"{group} is folded")
        return
    walker.journey.go(camera, walker.stage.arrays)
    walker.trace.note("went", group=group)


def show_all(walker: Walker) -> None:
    """Fly to where the whole network is seen."""
    walker.journey.go(overview(walker.stage.scene, walker.aspect), walker.stage.arrays)
