"""Commands that go through steps: of a training, or of a maximisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from layerwalk_client.app.maximising.scrubbing import scrub
from layerwalk_client.devices.actions import Command

if TYPE_CHECKING:
    from layerwalk_client.app.walker import Walker


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


TIMES: Mapping[Command, Callable[[Walker, int], None]] = {
    Command.STEP_BACK: _step(-1),
    Command.STEP_FORWARD: _step(1),
    Command.NEWEST_STEP: _newest_step,
}
