"""Commands that take the eye somewhere."""

from __future__ import annotations

import dataclasses
import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.app.places import OVERVIEW, camera_at, facing_node, wall_of
from layerwalk_client.devices.actions import Command
from layerwalk_client.world.view import Camera, Mark

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


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


def _go(place: str | None) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        network = walker.stage.network
        if network is not None:
            walker.journey.go(camera_at(place, walker.stage.scene, network, aspect=walker.aspect))

    return act


def _step_wall(by: int) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        network = walker.stage.network
        if network is None or not walker.stage.scene.walls:
            return
        seen = [wall.node for wall in walker.stage.scene.walls if not wall.copy]
        if walker.selection is None:
            go_to_node(walker, seen[0] if by > 0 else seen[-1])
            return
        place = bisect_left(seen, walker.selection.node) + by
        go_to_node(walker, seen[min(len(seen) - 1, max(0, place))])

    return act


def _undo(walker: Walker, number: int) -> None:
    if not walker.journey.undo():
        walker.say("this is where the walk began")


def _redo(walker: Walker, number: int) -> None:
    if not walker.journey.redo():
        walker.say("nothing was undone")


def _bookmark(walker: Walker, number: int) -> None:
    held = walker.settings.bookmarks.get(walker.bookmark_name(number))
    if held is None:
        walker.say(f"no bookmark {number} yet: Ctrl+{number} sets it")
        return
    x, y, z, yaw, pitch = held
    walker.journey.go(Camera(position=(x, y, z), yaw=math.radians(yaw), pitch=math.radians(pitch)))


def _set_bookmark(walker: Walker, number: int) -> None:
    camera = walker.journey.camera
    place = (*camera.position, math.degrees(camera.yaw), math.degrees(camera.pitch))
    bookmarks = {**walker.settings.bookmarks, walker.bookmark_name(number): place}
    walker.keep(dataclasses.replace(walker.settings, bookmarks=bookmarks))
    walker.say(f"bookmark {number} is here")


TRAVEL: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.OVERVIEW: _go(OVERVIEW),
    Command.HOME: _go(None),
    Command.NEXT_WALL: _step_wall(1),
    Command.PREVIOUS_WALL: _step_wall(-1),
    Command.UNDO_CAMERA: _undo,
    Command.REDO_CAMERA: _redo,
    Command.BOOKMARK: _bookmark,
    Command.SET_BOOKMARK: _set_bookmark,
}
