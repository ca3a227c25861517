"""Interleaved measuring: floor and subject in turn, so that a drifting machine moves both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Run = Callable[[], Any]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table.

    Attributes:
        what, floor, goal: as the goal is stated.
        kind: `ratio` compares subject / floor pair by pair, `extra` subject - floor.
        floor_s, subject_s: seconds of each pair.
    """

    what: str
    floor: str
    goal: str
    limit: float
    kind: str
    floor_s: tuple[float, ...]
    subject_s: tuple[float, ...]

    @property
    def figures(self) -> tuple[float, ...]:
        """Ratios, or extra milliseconds, of the pairs, sorted."""
        pairs = zip(self.subject_s, self.floor_s, strict=True)
        if self.kind == "ratio":
            return tuple(sorted(subject / floor for subject, floor in pairs))
        return tuple(sorted((subject - floor) * 1e3 for subject, floor in pairs))

    @property
    def median(self) -> float:
        return statistics.median(self.figures)

    @property
    def is_met(self) -> bool:
        return self.median <= self.limit

    def row(self) -> str:
        """Return a Markdown table row: figure with its spread (quartiles), floor, goal."""
        unit = "" if self.kind == "ratio" else " ms"
        low, _, high = statistics.quantiles(self.figures, n=4)
        return (
            f"| {self.what} | {self.floor} ({statistics.median(self.floor_s) * 1e3:.3g} ms) "
            f"| {self.goal} | **{self.median:.2f}{unit}** ({low:.2f} to {high:.2f}) "
            f"| {len(self.figures)} | {'yes' if self.is_met else 'no'} |"
        )


HEADER = (
    "| what | floor (its median) | goal | figure: median (quartiles) | pairs | met |\n"
    "|---|---|---|---|---|---|"
)


def interleave(
    what: str,
    *,
    floor: tuple[str, Run],
    subject: Run,
    goal: str,
    limit: float,
    kind: str = "ratio",
    pairs: int = 15,
    warm_up: int = 2,
    clock: Clock = time.perf_counter,
) -> Result:
    """Run floor and subject in turn `pairs` times, order swapped each time; return the seconds.

    `clock` may be `time.thread_time` where only the calling thread's CPU time is the question.
    """

    def seconds(run: Run) -> float:
        start = clock()
        kept = run()
        end = clock()
        del kept
        return end - start

    for _ in range(warm_up):
        seconds(floor[1])
        seconds(subject)
    floors: list[float] = []
    subjects: list[float] = []
    gc.collect()
    gc.disable()
    try:
        for turn in range(pairs):
            if turn % 2:
                subjects.append(seconds(subject))
                floors.append(seconds(floor[1]))
            else:
                floors.append(seconds(floor[1]))
                subjects.append(seconds(subject))
            gc.collect()
    finally:
        gc.enable()
    return Result(what, floor[0], goal, limit, kind, tuple(floors), tuple(subjects))
