"""What the client knows of a training: curves, steps served, warnings; changed only by arrivals."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.training import (
    GradientHistograms,
    HealthWarning,
    MetricPoint,
    TrainingHistory,
    TrainingStep,
)


class TrainingRecord:
    """Mutable, owned by the main thread.

    Attributes:
        is_running: the loop has not closed its viewer.
        is_loaded: what was before this client came is known.
        revision: grows with every change, so that what is drawn from it need not look.
        gradients: histograms of the step they were last fetched for.
    """

    def __init__(self) -> None:
        self.is_running = False
        self.is_loaded = False
        self.revision = 0
        self.gradients: GradientHistograms | None = None
        self._points: dict[int, MetricPoint] = {}
        self._point_steps: list[int] = []
        self._steps: dict[int, TrainingStep] = {}
        self._order: list[int] = []
        self._series: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
        self._series_of = -1

    @property
    def is_any(self) -> bool:
        """Whether there is, or was, a training."""
        return bool(self._points or self._steps) or self.is_running

    @property
    def steps(self) -> Sequence[TrainingStep]:
        """Steps that were served, in order."""
        return [self._steps[step] for step in self._order]

    @property
    def numbers(self) -> Sequence[int]:
        """Numbers of the steps that were served, in order."""
        return self._order

    @property
    def newest(self) -> TrainingStep | None:
        """The last step that was served."""
        return self._steps[self._order[-1]] if self._order else None

    def step(self, number: int | None) -> TrainingStep | None:
        """Return the step of that number, None where none was served; None asks for the newest."""
        return self.newest if number is None else self._steps.get(number)

    def nearest(self, number: float) -> int | None:
        """Return the number of the served step that is nearest to `number`, None without steps."""
        if not self._order:
            return None
        place = bisect_left(self._order, number)
        around = self._order[max(0, place - 1) : place + 1]
        return min(around, key=lambda one: abs(one - number))

    def beside(self, number: int | None, by: int) -> int | None:
        """Return the step `by` steps after (or before) `number`, the last one's end at the ends.

        `number` None is the newest. None comes back where there are no steps.
        """
        if not self._order:
            return None
        start = self._order[-1] if number is None else number
        place = bisect_left(self._order, start)
        if by > 0 and (place == len(self._order) or self._order[place] != start):
            place -= 1
        return self._order[min(len(self._order) - 1, max(0, place + by))]

    def warnings(self, number: int | None = None) -> Sequence[HealthWarning]:
        """Return what is wrong at a step (None: the newest)."""
        found = self.step(number)
        return () if found is None else found.warnings

    def series(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return for each metric its steps and values, float64 `[N]` each; NaN: not finite."""
        if self._series_of != self.revision:
            columns: dict[str, tuple[list[int], list[float]]] = {}
            for number in self._point_steps:
                for name, value in self._points[number].values.items():
                    steps, values = columns.setdefault(name, ([], []))
                    steps.append(number)
                    values.append(np.nan if value is None else value)
            self._series = {
                name: (np.array(steps, np.float64), np.array(values, np.float64))
                for name, (steps, values) in columns.items()
            }
            self._series_of = self.revision
        return self._series

    def load(self, history: TrainingHistory) -> None:
        """Take the whole so far; what was told meanwhile by events stays."""
        self.add_points([point for point in history.metrics if point.step not in self._points])
        for step in history.steps:
            if step.step not in self._steps:
                self.add_step(step)
        self.is_running = self.is_running or history.is_running
        self.is_loaded = True
        self.revision += 1

    def add_points(self, points: Iterable[MetricPoint]) -> None:
        """Add points of curves; one of a step that is known is added to it."""
        for point in points:
            before = self._points.get(point.step)
            if before is None:
                insort(self._point_steps, point.step)
                self._points[point.step] = point
            else:
                values = {**before.values, **point.values}
                self._points[point.step] = MetricPoint(step=point.step, values=values)
        self.revision += 1

    def add_step(self, step: TrainingStep) -> None:
        """Add a step, or replace the one of that number."""
        if step.step not in self._steps:
            insort(self._order, step.step)
        self._steps[step.step] = step
        self.revision += 1

    def begin(self) -> None:
        """Note that the loop runs."""
        if not self.is_running:
            self.is_running = True
            self.revision += 1

    def end(self) -> None:
        """Note that the loop closed its viewer."""
        self.is_running = False
        self.revision += 1

    def take_gradients(self, histograms: GradientHistograms) -> None:
        """Keep the histograms of one step."""
        self.gradients = histograms
        self.revision += 1

    def forget_snapshots(self, ids: Iterable[str]) -> None:
        """Note that snapshots are gone; their steps stay."""
        gone = frozenset(ids)
        for number, step in self._steps.items():
            if step.snapshot in gone:
                self._steps[number] = step.model_copy(update={"snapshot": None})
                self.revision += 1
