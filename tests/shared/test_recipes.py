"""Recipes are data: they travel whole, refuse what contradicts itself, and name every number."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from layerwalk_shared.errors import InvalidRequestError, NotFoundError
from layerwalk_shared.messages import MaximiseRequest
from layerwalk_shared.recipes import (
    DEFAULT_RECIPE,
    MOST_STEPS,
    RECIPES,
    Objective,
    Recipe,
    Transforms,
    checked_units,
    recipe_named,
    unit_axis,
    unit_count,
)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_the_wire(name: str) -> None:
    recipe = RECIPES[name]
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_the_default_is_the_dissertations() -> None:
    walk = RECIPES[DEFAULT_RECIPE]
    assert (walk.steps, walk.rate, walk.plain_steps, walk.blend) == (200, 20.0, 10, 0.05)
    moved = walk.transforms
    assert (moved.rotate_deg, moved.rotate_share, moved.scale_share) == (10, 0.3, 0.05)
    assert (moved.scale, moved.blur_sigma, moved.blur_px) == ((1.0, 1.05), (0.0, 0.5), 5)
    assert (moved.roll_px, moved.roll_share) == (5, 0.3)


def test_proxygrad_has_the_slope_and_rate_of_the_paper() -> None:
    assert (RECIPES["proxygrad"].slope, RECIPES["proxygrad"].rate) == (0.075, 25.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"steps": MOST_STEPS + 1},
        {"steps": 10**9},
        {"rate": 0.0},
        {"rate": float("nan")},
        {"slope": 1.5},
        {"bounds": (1.0, 0.0)},
        {"colour": "red"},
        {"transforms": {"rotate": 3}},
        {"transforms": {"blur_px": 4}},
        {"transforms": {"scale": (1.1, 0.9)}},
        {"transforms": {"way": "step", "crops": 3}},
        {"image": "fourier"},
        {"image": "phase", "optimiser": "adam", "l1": 0.1},
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Recipe.model_validate({"name": "mine", "steps": 10, "rate": 1.0} | wrong)


def test_an_unknown_name_is_told_with_its_nearest() -> None:
    with pytest.raises(NotFoundError, match="nearest: 'proxygrad'"):
        recipe_named("proxigrad")


def test_an_unknown_field_of_a_recipe_is_named() -> None:
    with pytest.raises(ValidationError, match="stepz"):
        MaximiseRequest.model_validate(
            {"node": "conv1", "recipe": {"name": "x", "steps": 3, "rate": 1, "stepz": 4}}
        )


def test_a_direction_belongs_to_its_kind() -> None:
    assert Objective(kind="direction", direction=(1.0, -2.0)).has_units is False
    for wrong in (
        {"kind": "direction"},
        {"kind": "channel", "direction": (1.0,)},
        {"kind": "direction", "direction": (0.0, 0.0)},
    ):
        with pytest.raises(ValidationError):
            Objective.model_validate(wrong)


@pytest.mark.parametrize(
    ("view", "shape", "axis", "count"),
    [
        ("maps", (64, 7, 5), 0, 64),
        ("vector", (101,), None, 101),
        ("vector", (4, 5), None, 20),
        ("tokens", (50, 192), 1, 192),
        ("grid", (197, 384), 1, 384),
        ("sequence", (30, 16), 1, 16),
        ("attention", (12, 9, 9), 0, 12),
        ("volume", (8, 3, 4, 5), 0, 8),
        ("frames", (6, 3, 4, 5), 1, 3),
        ("vector", (), None, 1),
    ],
)
def test_units_of_a_node(view: str, shape: tuple[int, ...], axis: int | None, count: int) -> None:
    assert unit_axis(view, shape) == axis  # type: ignore[arg-type]
    assert unit_count(view, shape) == count  # type: ignore[arg-type]


def test_units_are_checked() -> None:
    assert checked_units(None, count=3, node="a", most=3) == (0, 1, 2)
    assert checked_units([2, 0, 2], count=3, node="a", most=3) == (2, 0)
    with pytest.raises(NotFoundError, match="channel 3 is not in node 'a'"):
        checked_units([3], count=3, node="a", most=3)
    with pytest.raises(InvalidRequestError, match="at most 2"):
        checked_units(None, count=3, node="a", most=2)
    with pytest.raises(InvalidRequestError, match="no channel"):
        checked_units([], count=3, node="a", most=2)


def test_transforms_that_do_nothing_know_it() -> None:
    assert Transforms().are_none
    assert Transforms(pad_px=5).are_none
    assert not Transforms(roll_px=1).are_none
