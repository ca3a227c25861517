"""A maximisation as somebody writes it: texts in fields, read into a request or complaints.

Nothing here draws or sends. A draft is frozen; the panel holds the newest one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from pydantic import ValidationError

from layerwalk_client.ui.recipe_fields import (
    Field,
    complaints_of,
    fields_of,
    text_of,
    texts_of,
    values_of,
)
from layerwalk_client.world.terms import product
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.formulas import read_direction, read_terms, write_direction, write_terms
from layerwalk_shared.messages import InputRequest, InputStart, MaximiseRequest, Start
from layerwalk_shared.recipes import (
    DEFAULT_RECIPE,
    RECIPES,
    ConstantStart,
    NoiseStart,
    Objective,
    Recipe,
)

StartChoice = Literal["recipe", "noise", "constant", "present", "hand", "result", "before"]
Extent = Literal["all", "one", "some"]
MIDDLE = "middle"
RECIPE = "recipe."
CHANGED = " changed"
"""After the name of a recipe whose numbers are others."""
_NAME = 64
_TOLD = 3
"""Changed numbers that a label tells."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that a run could begin with; `image` None: not now, `title` says why."""

    title: str
    image: InputRequest | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is maximised.

    Attributes:
        network, node: ids.
        units: how many there are.
        positions: shape along the axes that are not the units'.
        unit: that was pointed at.
        offers: what a run could begin with: `present`, `hand`, `result`.
        problem: why the node cannot be maximised.
    """

    network: str
    node: str
    units: int
    positions: tuple[int, ...] = ()
    unit: int | None = None
    offers: Mapping[str, Offer] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What a draft says: a request, or why it is none (path -> sentence)."""

    request: MaximiseRequest | None
    complaints: Mapping[str, str] = field(default_factory=dict)


def _texts(recipe: Recipe) -> dict[str, str]:
    return {RECIPE + path: text for path, text in texts_of(recipe).items()}


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form.

    Attributes:
        base: name of the recipe that it began with.
        texts: path -> text: `recipe.*`, `seed`, `objective`, `position`, `share`, `penalty`,
            `start`, `amplitude`, `value`, `extent`, `units`; `direction` and `also` as in
            `layerwalk_shared.formulas`.
        origin: where the run began that this draft makes anew, for the choice `before`.
    """

    base: str
    texts: Mapping[str, str]
    origin: InputStart | None = None

    def put(self, path: str, text: str) -> Draft:
        """Return the draft with another text in a field."""
        return replace(self, texts={**self.texts, path: text})

    def with_recipe(self, recipe: Recipe) -> Draft:
        """Return the draft with all numbers of a recipe."""
        return replace(self, base=base_of(recipe.name), texts={**self.texts, **_texts(recipe)})

    def reset(self) -> Draft:
        """Return the draft with the numbers of the recipe that it began with."""
        return self.with_recipe(RECIPES.get(self.base, RECIPES[DEFAULT_RECIPE]))

    @property
    def recipe_texts(self) -> dict[str, str]:
        """Path -> text of the recipe's fields."""
        return {
            path.removeprefix(RECIPE): text
            for path, text in self.texts.items()
            if path.startswith(RECIPE)
        }

    @property
    def slope(self) -> float:
        """What is written as ProxyGrad's slope, 0 where that is no number from 0 to 1."""
        try:
            slope = float(self.texts[f"{RECIPE}slope"])
        except ValueError:
            return 0.0
        return slope if 0 <= slope <= 1 else 0.0

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields of the recipe, all of them."""
        return fields_of(self.recipe_texts)


def new_draft(recipe: Recipe | None = None) -> Draft:
    """Return a draft of all units by a recipe."""
    texts = {
        "seed": "0", "objective": "channel", "position": MIDDLE, "share": "0.1", "penalty": "0", "direction": "", "also": "",
        "start": "recipe", "amplitude": "0.1", "value": "0.01", "extent": "all", "units": "",
    }  # fmt: skip
    return Draft(DEFAULT_RECIPE, texts).with_recipe(recipe or RECIPES[DEFAULT_RECIPE])


def draft_of(
    recipe: Recipe,
    objective: Objective,
    *,
    seed: int,
    units: Sequence[int] | None,
    count: int,
    start: Start | None = None,
) -> Draft:
    """Return the draft that makes a result anew.

    Args:
        recipe, objective, seed: of the run.
        units: of its pictures; None: it had one of the whole node.
        count: of the node's units.
        start: where it began; None: as the recipe says, or nobody knows.
    """
    texts = {
        "seed": str(seed),
        "objective": objective.kind,
        "position": MIDDLE if objective.position is None else text_of(objective.position),
        "share": text_of(objective.share),
        "penalty": text_of(objective.penalty),
        "direction": write_direction(objective.direction),
        "also": write_terms(objective.also),
    }
    if units is not None and len(units) < count:
        texts |= {"extent": "some", "units": units_text(units)}
    if isinstance(start, NoiseStart):
        texts |= {"start": "noise", "amplitude": text_of(start.amplitude)}
    elif isinstance(start, ConstantStart):
        texts |= {"start": "constant", "value": text_of(start.value)}
    elif start is not None:
        texts |= {"start": "before"}
    draft = new_draft(recipe)
    origin = start if isinstance(start, InputStart) else None
    return replace(draft, texts={**draft.texts, **texts}, origin=origin)


def order_of(draft: Draft, subject: Subject) -> Order:
    """Return the request that a draft makes of a node, or what is wrong with it, by field."""
    complaints: dict[str, str] = {}
    if subject.problem:
        complaints[""] = subject.problem
    recipe = _recipe(draft, complaints)
    start = _start(draft, subject, complaints)
    objective = _objective(draft, subject, complaints)
    units: tuple[int, ...] | None = None
    if objective is None or objective.has_units:
        try:
            units = _units(draft, subject)
        except ValueError as error:
            complaints["units"] = str(error)
    try:
        request = MaximiseRequest.model_validate(
            {
                "node": subject.node,
                "channels": units,
                "recipe": recipe if recipe is not None else DEFAULT_RECIPE,
                "objective": objective or Objective(),
                "start": start,
                "seed": draft.texts["seed"].strip(),
            }
        )
    except ValidationError as error:
        for one in error.errors(include_url=False):
            path = "seed" if "seed" in one["loc"] else ""
            complaints.setdefault(path, _said(one["msg"]))
        return Order(None, complaints)
    return Order(None if complaints else request, complaints)


def _recipe(draft: Draft, complaints: dict[str, str]) -> Recipe | str | None:
    fields, texts = draft.fields, draft.recipe_texts
    try:
        recipe = Recipe.model_validate(values_of(fields, texts))
    except ValidationError as error:
        found = complaints_of(error, fields)
        complaints |= {RECIPE + path if path else "": said for path, said in found.items()}
        return None
    known = RECIPES.get(recipe.name)
    if known == recipe:
        return recipe.name
    if known is not None:
        name = recipe.name[: _NAME - len(CHANGED)] + CHANGED
        return recipe.model_copy(update={"name": name})
    return recipe


def _start(draft: Draft, subject: Subject, complaints: dict[str, str]) -> Start | None:
    choice = draft.texts["start"]
    numbers: dict[str, tuple[str, type[NoiseStart | ConstantStart]]] = {
        "noise": ("amplitude", NoiseStart),
        "constant": ("value", ConstantStart),
    }
    if choice in numbers:
        name, model = numbers[choice]
        return _checked(model, {name: draft.texts[name].strip()}, complaints)  # type: ignore[no-any-return]
    if choice in ("recipe", "before"):
        return draft.origin if choice == "before" else None
    offer = subject.offers.get(choice, Offer("there is nothing of that kind"))
    if offer.image is None:
        complaints["start"] = offer.title
        return None
    return InputStart(input=offer.image)


def _objective(draft: Draft, subject: Subject, complaints: dict[str, str]) -> Objective | None:
    texts, kind = draft.texts, draft.texts["objective"]
    values: dict[str, Any] = {
        "kind": kind,
        "penalty": texts["penalty"].strip(),
    }
    readers: dict[str, Callable[[str], Any]] = {"also": read_terms}
    if kind == "direction":
        readers["direction"] = partial(read_direction, count=subject.units)
    for path, read in readers.items():
        try:
            values[path] = read(texts[path])
        except InvalidRequestError as error:
            complaints[path] = str(error)
    if complaints.keys() & readers.keys():
        return None
    if kind == "percentile":
        values["share"] = texts["share"].strip()
    if kind == "neuron" and texts["position"].strip().lower() not in ("", MIDDLE):
        parts = tuple(part.strip() for part in texts["position"].strip("()[] ").split(","))
        values["position"] = parts
    found: Objective | None = _checked(Objective, values, complaints)
    if found is not None and found.position is not None:
        said = _misplaced(found.position, subject.positions)
        if said:
            complaints["position"] = said
    return found


def _misplaced(position: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Return why there is no such position, "" where there is."""
    if len(position) != len(shape):
        numbers = f"{len(position)} number{'s' * (len(position) != 1)}"
        return f"{numbers}, expected {len(shape)}: the positions are {product(shape)}"
    if any(place >= size for place, size in zip(position, shape, strict=True)):
        return f"no such position, they are {product(shape)}, counted from 0"
    return ""


def _checked(model: Any, values: dict[str, Any], complaints: dict[str, str]) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            path = str(one["loc"][0]) if one["loc"] else ""
            complaints.setdefault(path, _said(one["msg"]))
        return None


def _said(message: object) -> str:
    return str(message).removeprefix("Value error, ")


def _units(draft: Draft, subject: Subject) -> tuple[int, ...] | None:
    extent = draft.texts["extent"]
    if extent == "all":
        return None
    if extent == "one":
        if subject.unit is None:
            raise ValueError("point at a channel, then press M")
        return (subject.unit,)
    return units_in(draft.texts["units"], subject.units)


def units_in(text: str, count: int) -> tuple[int, ...]:
    """Return the units that a text names, as `0-15, 40`, each once.

    Args:
        text: numbers and ranges with both ends, separated by commas.
        count: how many units there are.

    Raises:
        ValueError: it names none, or one that does not exist; the sentence is for people.
    """
    found: dict[int, None] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        low, dash, high = (piece.strip() for piece in part.partition("-"))
        if not low.isdecimal() or (dash and not high.isdecimal()):
            raise ValueError(f"{part!r} is no number and no range like 0-15")
        first, last = int(low), int(high) if dash else int(low)
        if last < first:
            raise ValueError(f"{part!r}: the smaller number comes first")
        if last >= count:
            raise ValueError(f"{last} does not exist: there are 0 to {count - 1}")
        found |= dict.fromkeys(range(first, last + 1))
    if not found:
        raise ValueError("none is named: write numbers or ranges, as 0-15, 40")
    return tuple(found)


def units_text(units: Sequence[int]) -> str:
    """Return units as `units_in` reads them: `0-15, 40`."""
    runs: list[list[int]] = []
    for unit in units:
        if runs and unit == runs[-1][1] + 1:
            runs[-1][1] = unit
        else:
            runs.append([unit, unit])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def base_of(name: str) -> str:
    """Return the name of the recipe that a recipe of this name began with."""
    return name.removesuffix(CHANGED)


def label_of(recipe: Recipe) -> str:
    """Return a recipe in few words: its name, and which numbers are others: `walk, slope 0.1`."""
    base = RECIPES.get(base_of(recipe.name))
    if base is None:
        return recipe.name
    before, now = texts_of(base), texts_of(recipe)
    others = [path for path in now if path != "name" and now[path] != before.get(path)]
    told = [f"{path.rpartition('.')[2].replace('_', ' ')} {now[path]}" for path in others[:_TOLD]]
    more = [f"{len(others) - _TOLD} more"] if len(others) > _TOLD else []
    return ", ".join([base.name, *told, *more])
