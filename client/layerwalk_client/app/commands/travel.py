"""Commands that take the eye somewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from layerwalk_client.app.preferences import change
from layerwalk_client.app.travel.going import go_to_node
from layerwalk_client.app.travel.places import OVERVIEW, camera_at
from layerwalk_client.devices.actions import Command
from layerwalk_client.world.routes import Routes

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def _go(place: str | None) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        network = walker.stage.network
        if network is not None:
            camera = camera_at(place, walker.stage.scene, network, aspect=walker.aspect)
            walker.journey.go(camera, walker.stage.arrays, stands=place != OVERVIEW)

    return act


def _begin_at(walker: Walker, flow: Routes) -> int | None:
    """Return the node from which one goes on: the selected one, else the one stood before."""
    if walker.selection is not None and walker.selection.node in flow.depth:
        return walker.selection.node
    return walker.ways.here(walker)


def _along(step: Callable[[Routes, int], int | None], end: str) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        flow = walker.ways.routes(walker)
        if not flow.order:
            return
        here = _begin_at(walker, flow)
        node = flow.order[0] if here is None else step(flow, here)
        if node is None:
            walker.say(end)
            return
        go_to_node(walker, node)
        _tell_ways(walker, flow, node)

    return act


def _across(by: int) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        flow = walker.ways.routes(walker)
        here = _begin_at(walker, flow)
        line = () if here is None else flow.beside(here)
        if here is None or len(line) < 2:
            walker.say("no branch runs beside this wall")
            return
        place = line.index(here) + by
        if not 0 <= place < len(line):
            walker.say(f"this is the {'last' if by > 0 else 'first'} of {len(line)} branches")
            return
        go_to_node(walker, line[place])
        _tell_ways(walker, flow, line[place])

    return act


def _tell_ways(walker: Walker, flow: Routes, node: int) -> None:
    """Say where the other ways lead, where there are any."""
    network = walker.stage.network
    if network is None:
        return
    nodes, parts = network.graph.nodes, []
    branches = flow.beside(node)
    if len(branches) > 1:
        parts.append(f"branch {branches.index(node) + 1} of {len(branches)}")
    for others, verb in ((flow.before[node], "also reads"), (flow.after[node], "also goes to")):
        if len(others) > 1:
            parts.append(f"{verb} {names([nodes[one].id for one in others[1:]])}")
    if parts:
        walker.say("   ".join(parts))


def names(ids: Sequence[str], *, most: int = 3) -> str:
    """Return a few names in a line, and how many more there are."""
    more = len(ids) - most
    return ", ".join(ids[:most]) + (f" and {more} more" if more > 0 else "")


def _walk(walker: Walker, number: int) -> None:
    walks = not walker.journey.walks
    change(walker, "movement", "walk" if walks else "fly")
    walker.keep(walker.settings)
    walker.say("walking: Space jumps" if walks else "flying")


def _ride(walker: Walker, number: int) -> None:
    walker.ways.riding.begin(walker)


def _map(walker: Walker, number: int) -> None:
    walker.keep(dataclasses.replace(walker.settings, shows_map=not walker.settings.shows_map))


def _undo(walker: Walker, number: int) -> None:
    if not walker.journey.undo():
        walker.say("this is where the walk began")


def _redo(walker: Walker, number: int) -> None:
    if not walker.journey.redo():
        walker.say("nothing was undone")


def _bookmark(walker: Walker, number: int) -> None:
    if not walker.ways.riding.choose(walker, number):
        walker.bookmarks.go(number)


def _set_bookmark(walker: Walker, number: int) -> None:
    walker.bookmarks.set(number)


def _bookmarks(walker: Walker, number: int) -> None:
    walker.tools.toggle("bookmarks", walker.outlook())


TRAVEL: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.OVERVIEW: _go(OVERVIEW),
    Command.HOME: _go(None),
    Command.NEXT_WALL: _along(Routes.next, "nothing reads this wall"),
    Command.PREVIOUS_WALL: _along(Routes.previous, "this wall reads nothing"),
    Command.BRANCH_LEFT: _across(-1),
    Command.BRANCH_RIGHT: _across(1),
    Command.MAP: _map,
    Command.RIDE: _ride,
    Command.WALK: _walk,
    Command.UNDO_CAMERA: _undo,
    Command.REDO_CAMERA: _redo,
    Command.BOOKMARK: _bookmark,
    Command.SET_BOOKMARK: _set_bookmark,
    Command.BOOKMARKS: _bookmarks,
}
