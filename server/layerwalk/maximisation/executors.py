"""Where the images of a plan are made: in this process, or by workers on other machines.

The channels of a network are independent work: an image depends on its unit and the seed, and not
on what else is in its batch. So whoever has a plan can make any part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from layerwalk.maximisation.keeping import Finished, finish
from layerwalk.maximisation.plan import Plan

OnStep = Callable[[int, int], None]
"""Told how many steps are done, and how many there are in all."""


class Executor(Protocol):
    """Makes the images of plans."""

    def run(
        self,
        plan: Plan,
        channels: Sequence[int] | None,
        *,
        classes: Sequence[str] = (),
        on_step: OnStep | None = None,
        is_wanted: Callable[[], bool] | None = None,
    ) -> Iterator[Finished]:
        """Climb; yield each image as soon as it is done, in any order.

        Args:
            plan: what is to be maximised.
            channels: units; None for objectives of a whole node.
            classes: names of the network's outputs.
            on_step: told of progress.
            is_wanted: asked between steps; where it says no, this ends, and what was yielded
                before is whole.

        Raises:
            NotFoundError, InvalidRequestError: what is wanted does not fit the network.
            ModelError: forward raised, or workers were lost too often.
        """
        ...

    def close(self) -> None:
        """Let go of whatever it holds."""
        ...


class LocalExecutor:
    """Makes images in this process, on the thread that asks."""

    def run(
        self,
        plan: Plan,
        channels: Sequence[int] | None,
        *,
        classes: Sequence[str] = (),
        on_step: OnStep | None = None,
        is_wanted: Callable[[], bool] | None = None,
    ) -> Iterator[Finished]:
        """Climb; see `Executor.run`."""
        run = plan.run(plan.network(), channels)
        for step in run:
            if on_step is not None:
                on_step(step.step, step.steps)
            yield from finish(plan, step, outcomes=run.outcomes, classes=classes)
            if is_wanted is not None and not is_wanted():
                return

    def close(self) -> None:
        """Do nothing: it holds nothing."""
