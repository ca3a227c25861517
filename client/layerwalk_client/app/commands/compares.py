"""Commands that compare what is shown with something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.app.desks.compare import swap_compared
from layerwalk_client.devices.actions import Command
from layerwalk_client.world.comparison import MODE_TEXTS, Subject, next_mode

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker

NOTHING = "nothing to compare with yet: Shift and a click puts a second thing on the input"


def _mode(walker: Walker, number: int) -> None:
    """See both otherwise; begin with what was shown before."""
    comparing = walker.stage.comparing
    if comparing.comparison is None:
        before = walker.stage.state.recent.before(walker.stage.shown)
        if before is None:
            walker.say(NOTHING)
            return
        comparing.compare_with(Subject(before.network, before.id))
    else:
        comparing.set_mode(next_mode(comparing.mode))
    walker.say(f"comparing: {MODE_TEXTS[comparing.mode]}")
    walker.needs_draw = walker.needs_plan = True


def swap(walker: Walker) -> None:
    """Let what is compared with be shown, and the other way round."""
    problem = swap_compared(walker.stage, walker.look_at)
    walker.say(problem or "A and B have changed places")


def _turn(walker: Walker, number: int) -> None:
    """Turn the walls that blink by hand."""
    comparing = walker.stage.comparing
    if comparing.comparison is None:
        walker.say(NOTHING)
        return
    comparing.set_mode("blink")
    comparing.turning.by_hand()
    walker.needs_draw = True


def _panel(walker: Walker, number: int) -> None:
    walker.tools.toggle("compare", walker.outlook())


def _across(walker: Walker, number: int) -> None:
    """Go to the same place of the other hall."""
    stage = walker.stage
    found = stage.comparing.hall.correspondence(stage.scene)
    if found is None:
        walker.say("there is one hall: - stands what is compared beside it")
        return
    camera = walker.journey.camera
    walker.journey.go((found.back() if found.is_in_second(camera) else found).across(camera))


def _split(walker: Walker, number: int) -> None:
    """See both halls at once, the eyes linked; or one view again."""
    comparing = walker.stage.comparing
    if comparing.comparison is None:
        walker.say(NOTHING)
        return
    walker.split.is_wished = not walker.split.is_wished
    if walker.split.is_wished:
        comparing.set_mode("halls")
    walker.say("the view is in two" if walker.split.is_wished else "one view")
    walker.needs_draw = walker.needs_plan = True


COMPARES: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.COMPARE: _panel,
    Command.COMPARE_MODE: _mode,
    Command.COMPARE_ACROSS: _across,
    Command.COMPARE_SPLIT: _split,
    Command.COMPARE_SWAP: lambda walker, number: swap(walker),
    Command.COMPARE_TURN: _turn,
}
