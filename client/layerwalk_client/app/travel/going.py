"""Going where one asks to be taken: before a node's wall, above a group, above the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerwalk_client.app.travel.places import facing_node, wall_of
from layerwalk_client.ui.intents import GoTo, GoToChannel, GoToClass, GoToGroup, TravelIntent
from layerwalk_client.world.answer import output_node, percent
from layerwalk_client.world.folding import nodes_inside
from layerwalk_client.world.search import unit_count
from layerwalk_client.world.view import Mark
from layerwalk_client.world.viewpoints import close_to, overview, view_of

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def travel(walker: Walker, intent: TravelIntent) -> None:
    """Go where a panel or the HUD asks to go."""
    if isinstance(intent, GoTo):
        go_to_node(walker, intent.node)
    elif isinstance(intent, GoToGroup):
        go_to_group(walker, intent.group)
    elif isinstance(intent, GoToChannel):
        go_to_channel(walker, intent.node, intent.channel)
    elif isinstance(intent, GoToClass):
        go_to_class(walker, intent.number)
    else:
        show_all(walker)


def go_to_node(walker: Walker, node: int) -> None:
    """Select a node and fly before its wall."""
    network = walker.stage.network
    if network is None:
        return
    walker.stage.open_for(node, slides=True)
    walker.selection = Mark(network.id, node)
    wall = wall_of(walker.stage.scene, network.id, node)
    if wall is not None:
        camera = facing_node(wall, walker.stage.scene, network, aspect=walker.aspect)
        walker.journey.go(camera, walker.stage.arrays, stands=True)
        walker.trace.note("went", node=network.graph.nodes[node].id)


def go_to_channel(walker: Walker, node: int, channel: int) -> None:
    """Select one channel of a node, or one unit of a vector, and fly to it."""
    network = walker.stage.network
    if network is None:
        return
    walker.stage.open_for(node, slides=True)
    wall = wall_of(walker.stage.scene, network.id, node)
    if wall is None:
        return
    walker.selection = Mark(network.id, node, 0 if wall.cells else channel)
    walker.journey.go(close_to(wall, channel), walker.stage.arrays, stands=True)
    walker.trace.note("went", node=network.graph.nodes[node].id, channel=channel)


def go_to_class(walker: Walker, number: int) -> None:
    """Fly to where the network's output has a class, and say what it gives it."""
    network, shown = walker.stage.network, walker.stage.shown
    node = None if network is None else output_node(network)
    if network is None or node is None:
        return
    if unit_count(network.graph.nodes[node]) > number:
        go_to_channel(walker, node, number)
    else:
        go_to_node(walker, node)
    name = network.classes[number]
    top = () if shown is None else shown.top
    place = next((place for place, one in enumerate(top) if one.index == number), None)
    if place is None:
        walker.say(f"{name}: not among the first {len(top)} answers" if top else name)
    else:
        share = percent(top[place].probability)
        walker.say(f"{name}: answer {place + 1}, {share}, logit {top[place].logit:.2f}")


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
