"""Commands that open, use and put away tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from layerwalk_client.app.handling.pasting import copy, paste
from layerwalk_client.app.maximising.results import unit_at
from layerwalk_client.devices.actions import Command
from layerwalk_client.ui.desk_intents import StartGuide
from layerwalk_client.ui.intents import (
    ClosePanel,
)
from layerwalk_shared.recipes import unit_axis

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def _release(walker: Walker, number: int) -> None:
    """End a ride, else put back a wall that is carried, else put away, else close panels, else free
    or take the mouse."""
    if walker.ways.riding.stop(walker):
        return
    if walker.handheld.arranger.cancel() or walker.tools.put_away() or walker.tools.close_panels():
        return
    if walker.signals.end():
        return
    if walker.selection is not None and not walker.desktop.is_captured:
        walker.selection = None
    walker.desktop.capture(captures=not walker.desktop.is_captured)


def _panel(kind: str) -> Callable[[Walker, int], None]:
    def act(walker: Walker, number: int) -> None:
        walker.tools.toggle(kind, walker.outlook())

    return act


def _guide(walker: Walker, number: int) -> None:
    walker.tools.carry_out("guide", StartGuide())


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


def _channel(walker: Walker, number: int) -> None:
    """The channel under the pointer, else the selected one; else close the panel."""
    pointed, mark = walker.pointed, walker.selection
    unit = unit_under_pointer(walker)
    if pointed is not None and unit is not None:
        walker.tools.open_channel(pointed.wall.node, unit)
    elif "channel" in walker.tools.panels.kinds:
        walker.tools.carry_out("channel", ClosePanel())
    elif mark is not None and mark.channel is not None:
        walker.tools.open_channel(mark.node, mark.channel)
    else:
        walker.say("point at a channel first")


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


TOOLS: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.RELEASE: _release,
    Command.HELP: _panel("help"),
    Command.GUIDE: _guide,
    Command.SEARCH: _panel("search"),
    Command.DATASET: _panel("dataset"),
    Command.NOISE: _panel("noise"),
    Command.WEBCAM: _panel("webcam"),
    Command.PASTE: lambda walker, number: paste(walker),
    Command.COPY: lambda walker, number: copy(walker),
    Command.NODE: _node_panel,
    Command.CHANNEL: _channel,
    Command.MAXIMISE: _maximise,
    Command.COLOURS: _panel("colours"),
    Command.INPUT: _panel("input"),
    Command.SERVERS: _panel("servers"),
    Command.TIMELINE: _panel("timeline"),
    Command.GRADIENTS: _panel("gradients"),
    Command.RESULTS: _panel("results"),
    Command.SETTINGS: _panel("settings"),
    Command.JOBS: _panel("jobs"),
}
