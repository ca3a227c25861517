"""What each command does to the walk: tables by topic, joined to one, from which nothing branches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.app.commands.arranging import ARRANGING
from layerwalk_client.app.commands.compares import COMPARES
from layerwalk_client.app.commands.folding import FOLDING
from layerwalk_client.app.commands.looks import LOOKS
from layerwalk_client.app.commands.signals import SIGNALS
from layerwalk_client.app.commands.souvenirs import SOUVENIRS
from layerwalk_client.app.commands.times import TIMES
from layerwalk_client.app.commands.tools import TOOLS
from layerwalk_client.app.commands.travel import TRAVEL
from layerwalk_client.app.toolbox import reason
from layerwalk_client.devices.actions import Command, Ordered
from layerwalk_shared.errors import LayerwalkError

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

COMMANDS: Mapping[Command, Callable[[Walker, int], None]] = {
    **TRAVEL,
    **TOOLS,
    **LOOKS,
    **TIMES,
    **ARRANGING,
    **FOLDING,
    **SOUVENIRS,
    **SIGNALS,
    **COMPARES,
}
"""Every command there is."""


def obey(walker: Walker, order: Ordered) -> None:
    """Carry out one command; one that cannot be done says why, and the walk goes on."""
    try:
        COMMANDS[order.command](walker, order.number)
    except LayerwalkError as error:
        walker.say(reason(error), is_warning=True)
