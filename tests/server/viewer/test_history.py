"""The history: metrics and steps within bounds, in order, what is gone said so."""

from __future__ import annotations

import pytest

from layerwalk.history import History
from layerwalk_shared.errors import GoneError, NotFoundError
from layerwalk_shared.training import GradientHistogram, MetricPoint, TrainingStep

COUNTS = (1,) * 32


def step(number: int, snapshot: str | None = None) -> TrainingStep:
    return TrainingStep(step=number, snapshot=snapshot)


def test_steps_are_thinned_evenly_and_what_went_is_gone() -> None:
    history = History(points=100, steps=5)
    for number in range(0, 90, 10):
        history.add_step(step(number), (GradientHistogram(node=number, counts=COUNTS),))
    kept = [one.step for one in history.describe("n1").steps]
    assert kept[0] == 0
    assert kept[-1] == 80
    assert len(kept) == 5
    assert history.gradients(kept[2]).nodes[0].node == kept[2]
    gone = next(number for number in range(10, 80, 10) if number not in kept)
    with pytest.raises(GoneError, match=f"step {gone}"):
        history.gradients(gone)
    with pytest.raises(NotFoundError, match="nearest: 80"):
        history.gradients(95)


def test_a_step_that_was_never_there_is_not_found() -> None:
    history = History(points=100, steps=5)
    with pytest.raises(NotFoundError, match="none yet"):
        history.gradients(0)
    history.add_step(step(3))
    history.add_step(step(9))
    with pytest.raises(NotFoundError, match="nearest: 3"):
        history.gradients(4)


def test_a_step_told_again_replaces_the_former() -> None:
    history = History(points=100, steps=5)
    history.add_step(step(3, "a"))
    history.add_step(step(7, "b"))
    history.add_step(step(3, "c"))
    assert [(one.step, one.snapshot) for one in history.describe("n1").steps] == [
        (3, "c"),
        (7, "b"),
    ]


def test_snapshots_that_went_are_forgotten() -> None:
    history = History(points=100, steps=5)
    history.add_step(step(1, "a"))
    history.add_step(step(2, "b"))
    history.forget(["a", "x"])
    assert [one.snapshot for one in history.describe("n1").steps] == [None, "b"]


def test_all_points_are_kept_up_to_the_bound_and_the_last_always() -> None:
    history = History(points=8, steps=5)
    history.begin()
    points = [MetricPoint(step=number, values={"loss": float(number)}) for number in range(100)]
    history.add_points(points[:7])
    assert history.describe("n1").metrics == tuple(points[:7])
    history.add_points(points[7:])
    described = history.describe("n1")
    assert len(described.metrics) <= 8
    assert described.metrics[0] == points[0]
    assert described.metrics[-1] == points[-1]
    assert described.is_running
    history.end()
    assert not history.describe("n1").is_running
