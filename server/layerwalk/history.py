"""The history of one training: its metrics, the steps that were served, their gradients."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from layerwalk.thinning import EvenRow, least_needed
from layerwalk_shared.errors import GoneError, NotFoundError
from layerwalk_shared.training import (
    GradientHistogram,
    GradientHistograms,
    MetricPoint,
    TrainingHistory,
    TrainingStep,
)


@dataclass(frozen=True, slots=True)
class _Served:
    step: TrainingStep
    histograms: tuple[GradientHistogram, ...]


class History:
    """What is remembered of a training, within bounds.

    Metrics beyond `points`, and steps beyond `steps`, are thinned evenly over the whole training:
    the first and the last stay.

    Mutable, owned by the session, which calls it under its lock.
    """

    def __init__(self, *, points: int, steps: int) -> None:
        self._points: EvenRow[MetricPoint] = EvenRow(points)
        self._limit = steps
        self._steps: list[_Served] = []
        self._count = 0
        self._is_running = False

    @property
    def is_running(self) -> bool:
        return self._is_running

    def begin(self) -> None:
        """Say that a training runs."""
        self._is_running = True

    def end(self) -> None:
        """Say that the training has ended; what was told stays."""
        self._is_running = False

    def add_points(self, points: Iterable[MetricPoint]) -> None:
        for point in points:
            self._points.add(point)

    def add_step(self, step: TrainingStep, histograms: tuple[GradientHistogram, ...] = ()) -> None:
        """Add a step that was served; one told again replaces what was told of it."""
        steps = [served for served in self._steps if served.step.step < step.step]
        later = [served for served in self._steps if served.step.step > step.step]
        self._steps = [*steps, _Served(step, histograms), *later]
        self._count += 1
        while len(self._steps) > self._limit:
            place = least_needed([served.step.step for served in self._steps])
            assert place is not None
            del self._steps[place]

    def forget(self, snapshots: Collection[str]) -> None:
        """Note that snapshots are gone for good."""
        gone = set(snapshots)
        self._steps = [
            _Served(served.step.model_copy(update={"snapshot": None}), served.histograms)
            if served.step.snapshot in gone
            else served
            for served in self._steps
        ]

    def move_nodes(self, places: Mapping[int, int]) -> None:
        """Tell nodes by other indices from now on; those that are not in `places` are forgotten."""
        self._steps = [
            _Served(
                served.step.model_copy(
                    update={
                        "nodes": tuple(
                            one.model_copy(update={"node": places[one.node]})
                            for one in served.step.nodes
                            if one.node in places
                        )
                    }
                ),
                tuple(
                    one.model_copy(update={"node": places[one.node]})
                    for one in served.histograms
                    if one.node in places
                ),
            )
            for served in self._steps
        ]

    def describe(self, network: str) -> TrainingHistory:
        return TrainingHistory(
            network=network,
            metrics=self._points.items(),
            steps=tuple(served.step for served in self._steps),
            is_running=self._is_running,
        )

    def gradients(self, step: int) -> GradientHistograms:
        """Return the histograms of a step.

        Raises:
            NotFoundError: that step was never served.
            GoneError: it was thinned out.
        """
        found = next((served for served in self._steps if served.step.step == step), None)
        if found is not None:
            return GradientHistograms(step=step, nodes=found.histograms)
        known = [served.step.step for served in self._steps]
        if self._count > len(known) and known and known[0] < step < known[-1]:
            raise GoneError(f"step {step} is not kept (any more); {self._limit} steps are")
        nearest = min(known, key=lambda one: abs(one - step), default=None)
        hint = "there are none yet" if nearest is None else f"nearest: {nearest}"
        raise NotFoundError(f"step {step} of this training was not served ({hint})")
