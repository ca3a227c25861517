"""Keeps the panel of comparing up to date, and does what is asked for there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.ui.compare import Candidate, ComparePanel
from layerwalk_client.ui.intents import (
    ChooseFirst,
    ChooseSecond,
    EndCompare,
    Intent,
    SetCompareMode,
    SwapCompared,
)
from layerwalk_client.world.answer import percent
from layerwalk_client.world.comparison import Subject
from layerwalk_shared.messages import SnapshotManifest
from layerwalk_shared.training import TrainingStep

MOST_STEPS = 7
"""Steps of a training that are listed, evenly over it; the timeline has all."""
MOST_INPUTS = 12


class CompareDesk:
    """Mutable, owned by the main thread.

    Args:
        stage: what is compared.
        look_at: shows a snapshot again.
        choose_step: looks at a step of the training.
    """

    kind = "compare"

    def __init__(
        self,
        stage: Stage,
        *,
        look_at: Callable[[SnapshotManifest], None],
        choose_step: Callable[[int | None], None],
    ) -> None:
        self._stage = stage
        self._look_at = look_at
        self._choose_step = choose_step
        self.panel = ComparePanel()

    def content(self, *, node: int | None, unit: int | None) -> ComparePanel:
        """Return the panel, whatever is pointed at."""
        self.refresh()
        return self.panel

    def refresh(self) -> bool:
        """Bring the panel up to date; return whether it changed."""
        comparing = self._stage.comparing
        now = (
            tuple(self._candidates()),
            None if comparing.comparison is None else comparing.mode,
            comparing.failure,
        )
        panel = self.panel
        if now == (panel.candidates, panel.mode, panel.problem):
            return False
        panel.candidates, panel.mode, panel.problem = now
        return True

    def take(self, arrival: Arrival) -> bool:
        """Nothing is asked for here."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Do what was asked for; return whether it is this desk's to do."""
        methods: dict[type, Callable[[Any], object]] = {
            ChooseFirst: lambda one: self._choose_first(one.snapshot),
            ChooseSecond: lambda one: self._choose_second(one.network, one.snapshot),
            SetCompareMode: lambda one: self._stage.comparing.set_mode(one.mode),
            SwapCompared: lambda _: swap_compared(self._stage, self._look_at),
            EndCompare: lambda _: self._stage.comparing.end(),
        }
        method = methods.get(type(intent))
        if method is None:
            return False
        method(intent)
        return True

    def renew(self) -> None:
        """Forget what belonged to another network or server."""
        self.panel = ComparePanel()

    def close(self) -> None:
        """Nothing is held."""

    def _choose_first(self, snapshot: str) -> None:
        for manifest in self._stage.state.recent.newest_first():
            if manifest.id == snapshot:
                self._look_at(manifest)
                return
        for step in self._stage.state.training.steps:
            if step.snapshot == snapshot:
                self._choose_step(step.step)

    def _choose_second(self, network: str, snapshot: str) -> None:
        if snapshot:
            self._stage.comparing.compare_with(Subject(network, snapshot))
        else:
            wish = self._stage.comparing.link(network)
            if wish is not None:
                self._stage.submit(wish)

    def _candidates(self) -> Iterator[Candidate]:
        state, shown = self._stage.state, self._stage.shown
        comparison = self._stage.comparing.comparison
        second = "" if comparison is None else comparison.second.snapshot
        first = "" if shown is None else shown.id

        def side(snapshot: str) -> Any:
            return "B" if snapshot == second else "A" if snapshot == first else None

        for manifest in state.recent.newest_first()[:MOST_INPUTS]:
            yield Candidate(
                "input", manifest.network, manifest.id, manifest.input.title,
                answer_line(manifest), side(manifest.id),
            )  # fmt: skip
        for step in evenly([one for one in state.training.steps if one.snapshot], MOST_STEPS):
            snapshot = step.snapshot or ""
            network = "" if state.network is None else state.network.id
            yield Candidate("step", network, snapshot, f"step {step.step}", "", side(snapshot))
        for one in () if state.session is None else state.session.networks:
            if state.network is not None and one.id != state.network.id:
                is_it = comparison is not None and comparison.second.network == one.id
                yield Candidate(
                    "network", one.id, "", one.name, f"{one.nodes} nodes", "B" if is_it else None
                )


def swap_compared(stage: Stage, look_at: Callable[[SnapshotManifest], None]) -> str:
    """Let what is compared with be shown, and the other way round; return why not, "" where it is
    so.

    Args:
        stage: what is compared.
        look_at: shows a snapshot again.
    """
    comparing = stage.comparing
    view, comparison = comparing.view, comparing.comparison
    if view is None or comparison is None:
        return "nothing is compared"
    if view.compared.first_network != view.compared.second_network:
        return "both are of different networks: they keep their places"
    swapped = comparison.swapped()
    comparing.compare(swapped.first, swapped.second, swapped.mode)
    look_at(view.second)
    return ""


def answer_line(manifest: SnapshotManifest) -> str:
    """Return what a network says, in a few words."""
    if not manifest.top:
        return ""
    return f"{manifest.top[0].name} {percent(manifest.top[0].probability)}"


def evenly(steps: Sequence[TrainingStep], most: int) -> list[TrainingStep]:
    """Return at most so many steps, the first and the last among them."""
    places = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), most)).round().astype(int))
    return [steps[place] for place in places.tolist()]
