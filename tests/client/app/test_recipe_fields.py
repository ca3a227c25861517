"""Every number of a recipe can be written in a field, and what is wrong is told in the model's words."""

import pytest
from pydantic import ValidationError

from layerwalk_client.ui.recipe_fields import complaints_of, fields_of, texts_of, told_of, values_of
from layerwalk_shared.recipes import RECIPES, ConstantStart, Recipe, Transforms


def leaves(value, path=""):
    """Paths of everything in a dumped model that is no mapping."""
    if not isinstance(value, dict):
        return {path}
    return {
        leaf for key, one in value.items() for leaf in leaves(one, f"{path}.{key}" if path else key)
    }


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_its_texts_unchanged(name):
    texts = texts_of(RECIPES[name])
    assert Recipe.model_validate(values_of(fields_of(texts), texts)) == RECIPES[name]


@pytest.mark.parametrize("name", RECIPES)
def test_no_number_is_missing(name):
    texts = texts_of(RECIPES[name])
    paths = {field.path for field in fields_of(texts)}
    assert paths == leaves(RECIPES[name].model_dump())
    assert paths == set(texts)


def test_odd_numbers_survive():
    recipe = RECIPES["smooth"].model_copy(
        update={"rate": 1 / 3, "l1": 1e-7, "start": ConstantStart(value=-0.25), "reference_px": 99}
    )
    texts = texts_of(recipe)
    found = Recipe.model_validate(values_of(fields_of(texts), texts))
    assert found.rate == pytest.approx(recipe.rate, rel=1e-9)
    assert found.model_copy(update={"rate": recipe.rate}) == recipe


def test_the_kind_of_a_start_decides_its_fields():
    texts = texts_of(RECIPES["walk"])
    assert "start.amplitude" in {field.path for field in fields_of(texts)}
    texts["start.kind"] = "constant"
    paths = {field.path for field in fields_of(texts)}
    assert "start.value" in paths
    assert "start.amplitude" not in paths


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("steps", "1000000000", "less than or equal to 10000"),
        ("steps", "0", "greater than or equal to 1"),
        ("steps", "12.5", "valid integer"),
        ("rate", "quick", "valid number"),
        ("rate", "nan", "finite number"),
        ("slope", "1.5", "less than or equal to 1"),
        ("transforms.blur_px", "4", "expected an odd number"),
        ("transforms.scale", "2, 1", "the smaller number first"),
        ("transforms.scale", "2", "required"),
        ("transforms.scale", "1, 2, 3", "at most 2 items"),
        ("bounds", "1, 0", "the smaller number first"),
        ("start.amplitude", "-1", "greater than or equal to 0"),
        ("transforms.crops", "3", "crops and noise are of views"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(path, text, said):
    texts = {**texts_of(RECIPES["walk"]), path: text}
    fields = fields_of(texts)
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate(values_of(fields, texts))
    found = complaints_of(caught.value, fields)
    assert set(found) == {path}
    assert said in found[path]


def test_none_is_written_as_none_where_it_may_be():
    texts = {**texts_of(RECIPES["walk"]), "reference_px": "None", "bounds": ""}
    found = Recipe.model_validate(values_of(fields_of(texts), texts))
    assert (found.reference_px, found.bounds) == (None, None)
    texts["rate"] = "none"
    with pytest.raises(ValidationError):
        Recipe.model_validate(values_of(fields_of(texts), texts))


@pytest.mark.parametrize("model", [Recipe, Transforms])
def test_docstrings_tell_of_every_field(model):
    assert set(model.model_fields) <= set(told_of(model))
