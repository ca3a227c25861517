"""What each command does to the walk: one table, from which nothing else branches."""

from __future__ import annotations

import dataclasses
import math
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pygame

from layerwalk_client.app.places import OVERVIEW, camera_at, facing_node, wall_of
from layerwalk_client.app.results import unit_at
from layerwalk_client.app.scrubbing import next_mode_of_wall, scrub
from layerwalk_client.devices.actions import Command, Ordered
from layerwalk_client.ui.colours import MODE_TEXTS, next_mode, next_table
from layerwalk_client.ui.intents import ClosePanel
from layerwalk_client.world.view import Camera, Mark
from layerwalk_shared.recipes import unit_axis

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker
    from layerwalk_client.world.folding import Run


def obey(walker: Walker, order: Ordered) -> None:
    """Carry out one command."""
    COMMANDS[order.command](walker, order.number)


def go_to_node(walker: Walker, node: int) -> None:
    """Select a node and fly before its wall."""
    network = walker.stage.network
    if network is None:
        return
    walker.stage.open_for(node)
    walker.selection = Mark(network.id, node)
    wall = wall_of(walker.stage.scene, network.id, node)
    if wall is not None:
        walker.journey.go(facing_node(wall, walker.stage.scene, network, aspect=walker.aspect))
        walker.trace.note("went", node=network.graph.nodes[node].id)


def _quit(walker: Walker, number: int) -> None:
    walker.is_over = True


def _release(walker: Walker, number: int) -> None:
    """Put away, else close panels, else end the tour, else free or take the mouse."""
    if walker.tools.put_away() or walker.tools.close_panels():
        return
    if walker.selection is not None and not walker.desktop.is_captured:
        walker.selection = None
    walker.desktop.capture(captures=not walker.desktop.is_captured)


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
        seen = [wall.node for wall in walker.stage.scene.walls]
        if walker.selection is None:
            go_to_node(walker, seen[0] if by > 0 else seen[-1])
            return
        place = bisect_left(seen, walker.selection.node) + by
        go_to_node(walker, seen[min(len(seen) - 1, max(0, place))])

    return act


def _undo(walker: Walker, number: int) -> None:
    if not walker.journey.undo():
        walker.say("this is where the walk began")


def _panel(kind: str) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        walker.tools.toggle(kind, walker.outlook())

    return act


def _node_panel(walker: Walker, number: int) -> None:
    pointed = walker.pointed
    node = pointed.wall.node if pointed is not None else None
    if node is None and walker.selection is not None:
        node = walker.selection.node
    if node is None and "node" not in walker.tools.panels.kinds:
        walker.say("point at a wall first")
        return
    walker.tools.toggle("node", walker.outlook(), node=node, unit=unit_under_pointer(walker))


def unit_under_pointer(walker: Walker) -> int | None:
    """Return the unit of the place under the pointer, None where there is none."""
    pointed, spot = walker.pointed, walker.spot
    if pointed is None or pointed.is_input or pointed.hit.channel is None:
        return None
    shown = walker.stage.manifest_of(pointed.wall.node)
    if shown is not None and shown.maximised is not None:
        return unit_at(shown, pointed.hit.channel)
    if spot is None:
        return None
    axis = unit_axis(spot.node.view, spot.node.shape)
    if axis is not None:
        return spot.index[axis]
    return int(np.ravel_multi_index(spot.index, spot.node.shape))


def _maximise(walker: Walker, number: int) -> None:
    """The wall or the channel under the pointer, else the selected one; else close the panel."""
    pointed = walker.pointed
    node = pointed.wall.node if pointed is not None and not pointed.is_input else None
    is_open = "maximise" in walker.tools.panels.kinds
    if node is None and not is_open and walker.selection is not None:
        node = walker.selection.node
    if node is not None:
        walker.tools.open_maximise(node, unit_under_pointer(walker))
    elif is_open:
        walker.tools.carry_out("maximise", ClosePanel())
    else:
        walker.say("point at a wall first")


def toggle_run(walker: Walker, run: Run | None) -> None:
    """Fold a run of equal blocks, or open it (None: all of them)."""
    stage = walker.stage
    if not stage.toggle_run(run):
        walker.say("there are no runs of equal blocks here")
        return
    walker.needs_draw = walker.needs_plan = True
    if run is None:
        walker.say("runs of equal blocks are folded or open")
    else:
        state = "folded" if stage.is_folded(run) else "open"
        walker.say(f"{run.first}: {run.count} equal blocks, {state}")


def _fold(walker: Walker, number: int) -> None:
    """The run of the wall under the pointer, of the selected one, else all."""
    node = walker.pointed.wall.node if walker.pointed is not None else None
    if node is None and walker.selection is not None:
        node = walker.selection.node
    run = walker.badge or (None if node is None else walker.stage.run_of(node))
    toggle_run(walker, run)


def _step(by: int) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        if scrub(walker, by):
            return
        state = walker.stage.state
        step = state.training.beside(state.chosen, by)
        if step is None:
            walker.say("no training is told of yet")
            return
        walker.choose_step(step)
        gone = ": its snapshot is gone" if state.is_chosen_gone else ""
        walker.say(f"step {step} of {state.training.numbers[-1]}{gone}")

    return act


def _newest_step(walker: Walker, number: int) -> None:
    if scrub(walker, None):
        return
    walker.choose_step(None)
    walker.say("following the training" if walker.stage.state.training.is_any else "no training")


def _range_mode(walker: Walker, number: int) -> None:
    walker.tools.appearance = next_mode(walker.tools.appearance)
    walker.say(f"range: {MODE_TEXTS[walker.tools.appearance.mode]}")


def _colour_table(walker: Walker, number: int) -> None:
    walker.tools.appearance = next_table(walker.tools.appearance)
    walker.say(f"colours: {walker.tools.appearance.table}")


def _mark_range(walker: Walker, number: int) -> None:
    before = walker.tools.appearance
    walker.tools.appearance = dataclasses.replace(
        before, marks_out_of_range=not before.marks_out_of_range
    )
    walker.say(f"values out of range are {'not ' if before.marks_out_of_range else ''}marked")


def _full_screen(walker: Walker, number: int) -> None:
    pygame.display.toggle_fullscreen()


def _screenshot(walker: Walker, number: int) -> None:
    walker.wants_screenshot = True


def _hud(walker: Walker, number: int) -> None:
    walker.is_plain = not walker.is_plain


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


COMMANDS: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.QUIT: _quit,
    Command.RELEASE: _release,
    Command.HELP: _panel("help"),
    Command.OVERVIEW: _go(OVERVIEW),
    Command.HOME: _go(None),
    Command.NEXT_WALL: _step_wall(1),
    Command.PREVIOUS_WALL: _step_wall(-1),
    Command.UNDO_CAMERA: _undo,
    Command.SEARCH: _panel("search"),
    Command.DATASET: _panel("dataset"),
    Command.NOISE: _panel("noise"),
    Command.NODE: _node_panel,
    Command.MAXIMISE: _maximise,
    Command.COLOURS: _panel("colours"),
    Command.INPUT: _panel("input"),
    Command.TIMELINE: _panel("timeline"),
    Command.GRADIENTS: _panel("gradients"),
    Command.FOLD: _fold,
    Command.PICTURES: lambda walker, number: next_mode_of_wall(walker),
    Command.STEP_BACK: _step(-1),
    Command.STEP_FORWARD: _step(1),
    Command.NEWEST_STEP: _newest_step,
    Command.RANGE_MODE: _range_mode,
    Command.COLOUR_TABLE: _colour_table,
    Command.MARK_RANGE: _mark_range,
    Command.FULL_SCREEN: _full_screen,
    Command.SCREENSHOT: _screenshot,
    Command.HUD: _hud,
    Command.BOOKMARK: _bookmark,
    Command.SET_BOOKMARK: _set_bookmark,
}
"""Every command there is."""
