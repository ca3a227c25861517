"""Commands that follow a signal through the network, and change what it passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.app.commands.tools import unit_under_pointer
from layerwalk_client.app.following import Followed
from layerwalk_client.devices.actions import Command

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


def meant(walker: Walker) -> Followed:
    """Return the unit that is meant: under the pointer, else selected, else the answer's."""
    network, pointed, mark = walker.stage.network, walker.pointed, walker.selection
    if network is None:
        return Followed()
    nodes = network.graph.nodes
    unit = unit_under_pointer(walker)
    if pointed is not None and unit is not None:
        return Followed(nodes[pointed.wall.node].id, unit)
    if mark is not None and mark.node < len(nodes) and nodes[mark.node].kind != "input":
        is_one_of_many = mark.channel >= 0 and nodes[mark.node].channels > 1
        return Followed(nodes[mark.node].id, mark.channel if is_one_of_many else None)
    return Followed()


def _follow(walker: Walker, number: int) -> None:
    wished = meant(walker)
    if walker.signals.is_on and wished in (Followed(), walker.signals.followed):
        walker.signals.end()
    else:
        walker.signals.follow(wished)
    walker.needs_draw = True


def _attribution(walker: Walker, number: int) -> None:
    walker.tools.toggle("attribution", walker.outlook())


def _silence(walker: Walker, number: int) -> None:
    pointed, unit = walker.pointed, unit_under_pointer(walker)
    if pointed is None or unit is None:
        walker.say("point at a channel first")
        return
    walker.say(walker.editing.silence(pointed.wall.node, unit))


def _reset(walker: Walker, number: int) -> None:
    walker.say(walker.editing.reset())


SIGNALS: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.FOLLOW_SIGNAL: _follow,
    Command.ATTRIBUTION: _attribution,
    Command.SILENCE: _silence,
    Command.RESET_WEIGHTS: _reset,
}
