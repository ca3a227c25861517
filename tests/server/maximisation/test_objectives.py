"""Objectives, against NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from layerwalk.maximisation.objectives import Goal, Place
from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.graph import View
from layerwalk_shared.recipes import Objective, ObjectiveKind, Term

Array = NDArray[np.float64]
N = 4
UNITS = (2, 0, 1, 2)
# View, shape without batch axis, which of its axes counts the units; None: all do.
NODES: list[tuple[View, tuple[int, ...], int | None]] = [
    ("maps", (3, 5, 4), 0),
    ("volume", (3, 2, 5, 4), 0),
    ("vector", (7,), None),
    ("vector", (3, 2), None),
    ("tokens", (5, 3), 1),
    ("sequence", (5, 3), 1),
    ("grid", (4, 5, 3), 2),
    ("frames", (6, 3, 4, 5), 1),
]  # fmt: skip


def _node(shape: tuple[int, ...], batch_axis: int = 0) -> tuple[torch.Tensor, Array]:
    """Return a node's tensor, and the same values `[N, *shape]`."""
    values = np.random.default_rng(sum(shape)).standard_normal((N, *shape)).astype(np.float32)
    moved = np.ascontiguousarray(np.moveaxis(values, 0, batch_axis))
    return torch.from_numpy(moved), values.astype(np.float64)


def _of_unit(values: Array, image: int, unit: int, axis: int | None) -> Array:
    one = values[image].reshape(-1)[unit] if axis is None else values[image].take(unit, axis=axis)
    return np.asarray(one).reshape(-1)


def _goal(place: Place, objective: Objective, **others: Place) -> Goal:
    return Goal(objective, place.node, {place.node: place, **others})


STATISTICS: dict[ObjectiveKind, Callable[[Array], float]] = {
    "channel": lambda values: float(values.mean()),
    "percentile": lambda values: float(np.sort(values)[-max(1, int(np.ceil(len(values) / 4))) :].mean()),
}  # fmt: skip


@pytest.mark.parametrize(("view", "shape", "axis"), NODES)
@pytest.mark.parametrize("kind", STATISTICS)
@pytest.mark.parametrize("batch_axis", [0, 1])
def test_units_are_measured_over_their_positions(
    view: View, shape: tuple[int, ...], axis: int | None, kind: ObjectiveKind, batch_axis: int
) -> None:
    tensor, values = _node(shape, batch_axis)
    goal = _goal(Place("n", view, shape, batch_axis), Objective(kind=kind, share=0.25))
    total, own = goal({"n": tensor}, torch.tensor(UNITS))
    expected = [
        STATISTICS[kind](_of_unit(values, image, unit, axis)) for image, unit in enumerate(UNITS)
    ]
    np.testing.assert_allclose(total, expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(total, own)
    units = goal.measure.of_units(tensor)
    rows = [
        [STATISTICS[kind](_of_unit(values, image, unit, axis)) for unit in range(goal.place.units)]
        for image in range(N)
    ]
    np.testing.assert_allclose(units, rows, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("view", "shape", "axis"), NODES)
def test_a_neuron_is_the_middle_one_or_any(
    view: View, shape: tuple[int, ...], axis: int | None
) -> None:
    tensor, values = _node(shape)
    place = Place("n", view, shape, 0)
    rest = () if axis is None else shape[:axis] + shape[axis + 1 :]
    for position in (None, tuple(0 for _ in rest), tuple(size - 1 for size in rest)):
        goal = _goal(place, Objective(kind="neuron", position=position))
        total, _ = goal({"n": tensor}, torch.tensor(UNITS))
        at = tuple(size // 2 for size in rest) if position is None else position
        for image, unit in enumerate(UNITS):
            found = _of_unit(values, image, unit, axis).reshape(rest)[at]
            assert total[image].item() == np.float32(found)


@pytest.mark.parametrize(("view", "shape", "axis"), NODES)
def test_a_direction_weighs_the_means_of_all_units(
    view: View, shape: tuple[int, ...], axis: int | None
) -> None:
    tensor, values = _node(shape)
    place = Place("n", view, shape, 0)
    weights = np.random.default_rng(3).standard_normal(place.units)
    total, _ = _goal(place, Objective(kind="direction", direction=tuple(weights * 1e20)))(
        {"n": tensor}, None
    )
    means = [
        [_of_unit(values, image, unit, axis).mean() for unit in range(place.units)]
        for image in range(N)
    ]
    expected = np.array(means) @ (weights / np.linalg.norm(weights))
    np.testing.assert_allclose(total, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1e-300, 1e-25, 1e300])
def test_a_direction_s_length_does_not_matter(size: float) -> None:
    tensor, values = _node((3, 5, 4))
    goal = _goal(
        Place("n", "maps", (3, 5, 4), 0), Objective(kind="direction", direction=(size, 0, 0))
    )
    np.testing.assert_allclose(goal({"n": tensor}, None)[0], values[:, 0].mean((1, 2)), rtol=1e-5)


def test_a_whole_layer_is_the_mean_of_squares() -> None:
    tensor, values = _node((3, 5, 4))
    total, _ = _goal(Place("n", "maps", (3, 5, 4), 0), Objective(kind="layer"))({"n": tensor}, None)
    np.testing.assert_allclose(total, (values**2).mean((1, 2, 3)), rtol=1e-6)


@pytest.mark.parametrize(
    ("count", "share", "strongest"), [(100, 0.07, 7), (10, 0.01, 1), (10, 1.0, 10), (10, 0.11, 2)]
)
def test_how_many_are_the_strongest(count: int, share: float, strongest: int) -> None:
    tensor = torch.arange(float(count)).reshape(1, 1, count)
    goal = _goal(Place("n", "maps", (1, count), 0), Objective(kind="percentile", share=share))
    expected = np.arange(count)[-strongest:].mean()
    assert goal({"n": tensor}, torch.tensor([0]))[0].item() == expected


@pytest.mark.parametrize("kind", ["channel", "neuron", "percentile"])
def test_a_penalty_takes_the_mean_of_the_others_off(kind: ObjectiveKind) -> None:
    tensor, values = _node((3, 5, 4))
    goal = _goal(Place("n", "maps", (3, 5, 4), 0), Objective(kind=kind, penalty=2.5))
    total, own = goal({"n": tensor}, torch.tensor(UNITS))
    others = [np.delete(values[image], unit, axis=0).mean() for image, unit in enumerate(UNITS)]
    np.testing.assert_allclose(own - total, 2.5 * np.array(others), rtol=1e-4, atol=1e-6)


def test_a_lone_unit_has_no_others() -> None:
    tensor, _ = _node((1, 5, 4))
    goal = _goal(Place("n", "maps", (1, 5, 4), 0), Objective(penalty=2.5))
    total, own = goal({"n": tensor}, torch.zeros(N, dtype=torch.long))
    assert torch.equal(total, own)


def test_terms_at_other_nodes_are_added() -> None:
    maps, map_values = _node((3, 5, 4))
    logits, logit_values = _node((7,), batch_axis=0)
    tokens, token_values = _node((5, 3), batch_axis=1)
    terms = (
        Term(node="logits", weight=-2.0),  # the unit that the image is of
        Term(node="logits", channel=6, weight=0.5),
        Term(node="tokens", kind="layer", weight=3.0),
        Term(node="tokens", kind="neuron", channel=1, position=(4,)),
    )
    others = {
        "logits": Place("logits", "vector", (7,), 0),
        "tokens": Place("tokens", "tokens", (5, 3), 1),
    }
    goal = _goal(Place("n", "maps", (3, 5, 4), 0), Objective(also=terms), **others)
    assert goal.nodes == ("n", "logits", "tokens")
    total, own = goal({"n": maps, "logits": logits, "tokens": tokens}, torch.tensor(UNITS))
    for image, unit in enumerate(UNITS):
        reached = map_values[image, unit].mean()
        expected = (
            reached - 2 * logit_values[image, unit] + 0.5 * logit_values[image, 6]
            + 3 * (token_values[image] ** 2).mean() + token_values[image, 4, 1]
        )  # fmt: skip
        np.testing.assert_allclose(total[image], expected, rtol=1e-5)
        np.testing.assert_allclose(own[image], reached, rtol=1e-5)


def test_each_image_pulls_at_its_own_unit_alone() -> None:
    tensor, _ = _node((3, 5, 4))
    tensor.requires_grad_(True)
    total, _ = _goal(Place("n", "maps", (3, 5, 4), 0), Objective())(
        {"n": tensor}, torch.tensor(UNITS)
    )
    (gradient,) = torch.autograd.grad(total.sum(), [tensor])
    expected = np.zeros((N, 3, 5, 4))
    expected[range(N), UNITS] = 1 / 20
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


def test_an_axis_that_a_trace_of_one_cannot_tell_is_found() -> None:
    place = Place("n", "tokens", (1, 5), 0)  # traced as [1, 1, 5]: layers and items
    assert place.fitted(torch.zeros(1, 4, 5), 4) == Place("n", "tokens", (1, 5), 1)
    assert place.fitted(torch.zeros(4, 1, 5), 4) == place
    assert place.fitted(torch.zeros(1, 1, 20), 4) is None
    assert place.fitted(torch.zeros(1), 4) is None


MAPS = Place("n", "maps", (3, 5, 4), 0)


@pytest.mark.parametrize(
    ("objective", "error", "says"),
    [
        (Objective(kind="neuron", position=(5, 0)), InvalidRequestError, r"\[5, 0\].*\[5, 4\]"),
        (Objective(kind="neuron", position=(1,)), InvalidRequestError, r"\[1\]"),
        (Objective(kind="direction", direction=(1.0,)), InvalidRequestError, "1 numbers.*3 channels"),
        (Objective(also=(Term(node="n", channel=3),)), NotFoundError, "channel 3"),
        (Objective(kind="layer", also=(Term(node="n"),)), InvalidRequestError, "names no channel"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_node_is_refused(
    objective: Objective, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        _goal(MAPS, objective)


def test_directions_of_zeros_and_of_nobody_are_refused() -> None:
    with pytest.raises(ValidationError, match="points nowhere"):
        Objective(kind="direction", direction=(0.0, 0.0))
    with pytest.raises(ValidationError, match="direction"):
        Objective(kind="channel", direction=(1.0,))
