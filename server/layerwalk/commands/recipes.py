"""Options of the command line that say how, towards what and from where images are made."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from layerwalk.inputs.prepared import UNNAMED, Argument, from_file
from layerwalk.limits import Limits
from layerwalk.maximisation.beginning import Beginning
from layerwalk_shared.errors import InvalidRequestError, NotFoundError, nearest_hint
from layerwalk_shared.formulas import read_direction, read_terms
from layerwalk_shared.recipes import (
    DEFAULT_RECIPE,
    RECIPES,
    ConstantStart,
    NoiseStart,
    Objective,
    Recipe,
    recipe_named,
)

_SHORT = {"steps": "steps", "rate": "rate", "slope": "slope"}
"""Options of their own -> field of the recipe."""


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("--recipe", default=DEFAULT_RECIPE, metavar="NAME|FILE", help="how: "
        f"{', '.join(RECIPES)}, or a recipe as a JSON file (%(default)s)")  # fmt: skip
    add("--steps", metavar="N", help="of the ascent")
    add("--rate", metavar="X", help="length of a step")
    add("--slope", metavar="S", help="ProxyGrad: what passes back where a ReLU was not active")
    add("--set", action="append", default=[], type=_setting, metavar="FIELD=VALUE", dest="settings",
        help="any number of the recipe, such as transforms.rotate_deg=5; may be repeated")  # fmt: skip
    add("--start", metavar="WHAT", help="where to begin: noise:AMPLITUDE, constant:VALUE, or an "
        "input as a picture or an .npy file")  # fmt: skip
    add("--seed", type=_whole, default=0, metavar="N", help="of every random number (%(default)s)")
    add("--objective", default="channel",
        choices=("channel", "neuron", "percentile", "layer", "direction"),
        help="what is to be large: a channel's mean, its middle, its strongest values; or the "
        "whole node, or a mixture of its units (%(default)s)")  # fmt: skip
    add("--direction", default="", metavar="UNITS", help="the mixture of --objective direction: "
        "units with weights, such as '3, 7*-0.5'")  # fmt: skip
    add("--also", default="", metavar="TERMS", help="further terms, such as 'fc#3*-1; conv1 layer "
        "*0.1': NODE#UNIT, a kind, *WEIGHT")  # fmt: skip
    add("--share", type=float, default=0.1, metavar="X", help="of the values that count as "
        "strongest, of --objective percentile (%(default)s)")  # fmt: skip
    add("--penalty", type=float, default=0.0, metavar="X", help="the mean of the other channels "
        "is taken off, times this")  # fmt: skip


def read_recipe(options: argparse.Namespace, before: Recipe | None = None) -> Recipe:
    """Return the recipe that the options mean.

    Args:
        options: see `add_recipe_options`.
        before: a recipe that stands in for `--recipe`.

    Raises:
        NotFoundError: there is none of that name.
        InvalidRequestError: a file that is no recipe, or a number that it does not have or take.
    """
    recipe = before or _named(options.recipe)
    fields = recipe.model_dump(mode="json")
    settings: list[tuple[str, Any]] = list(options.settings)
    for option, field in _SHORT.items():
        if getattr(options, option) is not None:
            settings.append((field, _value(getattr(options, option))))
    for path, value in settings:
        _put(fields, path, value)
    return _checked(fields, recipe.name)


def read_objective(options: argparse.Namespace, count: int) -> Objective:
    """Return the objective that the options mean, of a node of `count` units.

    Raises:
        InvalidRequestError: a number out of its range, a direction or term that cannot be read.
    """
    direction: tuple[float, ...] = ()
    if options.objective == "direction":
        direction = read_direction(options.direction, count)
    elif options.direction:
        raise InvalidRequestError(f"--direction, but --objective is {options.objective!r}")
    try:
        return Objective(
            kind=options.objective,
            share=options.share,
            penalty=options.penalty,
            direction=direction,
            also=read_terms(options.also),
        )
    except ValidationError as error:
        raise InvalidRequestError(f"objective: {_first(error)}") from error


def read_start(text: str | None, argument: Argument) -> Beginning:
    """Return where images begin.

    Raises:
        InvalidRequestError: no such rule or file.
        InputError: a file that does not fit the network.
    """
    if text is None:
        return Beginning()
    rule, _, number = text.partition(":")
    if rule in ("noise", "constant"):
        try:
            value = float(number)
            if rule == "noise":
                return Beginning(NoiseStart(amplitude=value))
            return Beginning(ConstantStart(value=value))
        except ValueError as error:
            said = _first(error) if isinstance(error, ValidationError) else "no number"
            raise InvalidRequestError(f"--start {text}: {said}") from error
    path = Path(text)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidRequestError(
            f"--start {text}: {error.strerror or error}; expected noise:AMPLITUDE, constant:VALUE "
            "or a file"
        ) from error
    made = from_file(
        data,
        argument,
        media_type=UNNAMED,
        largest_side=Limits().image_side,
        title=path.name,
    )
    return Beginning(values=made.values, title=path.name)


def _named(text: str) -> Recipe:
    if text in RECIPES:
        return recipe_named(text)
    if not text.endswith(".json"):
        raise NotFoundError(
            f"recipe {text!r} is none of {', '.join(RECIPES)}, and no .json file"
            + nearest_hint(text, RECIPES)
        )
    try:
        fields = json.loads(Path(text).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequestError(f"recipe file {text!r}: {error}") from error
    if not isinstance(fields, dict):
        raise InvalidRequestError(f"recipe file {text!r}: expected a JSON object")
    return _checked({"name": Path(text).stem, **fields}, text)


def _checked(fields: dict[str, Any], name: str) -> Recipe:
    try:
        return Recipe.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequestError(f"recipe {name!r}: {_first(error)}") from error


def _put(fields: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a dotted path.

    Raises:
        InvalidRequestError: there is no such field; names the nearest.
    """
    *outer, last = path.split(".")
    inside: Any = fields
    for step in outer:
        inside = inside.get(step) if isinstance(inside, dict) else None
    if not isinstance(inside, dict) or last not in inside:
        known = [*fields, *(f"transforms.{name}" for name in fields["transforms"])]
        raise InvalidRequestError(
            f"--set {path}: a recipe has no such field{nearest_hint(path, known)}"
        )
    inside[last] = value


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{where} is {first['input']!r}: {said}" if where else said


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        numbers = text.split(",")
        return [_value(one) for one in numbers] if len(numbers) > 1 else text


def _setting(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise argparse.ArgumentTypeError(f"{text!r}, expected FIELD=VALUE")
    return path, _value(value)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 0 on")
    return int(text)
