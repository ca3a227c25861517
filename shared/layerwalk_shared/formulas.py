"""Directions and further terms of an objective as a person writes them, and back.

A direction is a list of units with weights, `3, 7*-0.5`. Terms are separated by semicolons, each
`NODE`, then what is not as usual: `#UNIT`, a kind with where or how much of it, `*WEIGHT`:
`fc#3*-1; conv1 layer *0.1; conv2#5 neuron@3,4; conv2 percentile@0.05`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from pydantic import ValidationError

from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.recipes import Term

_PART = re.compile(r"(?P<unit>\d+)(?:\s*\*\s*(?P<weight>\S+))?")
_TERM = re.compile(
    r"(?P<node>[^\s#*]+)(?:#(?P<unit>\d+))?"
    r"(?:\s+(?P<kind>channel|neuron|percentile|layer)(?:@(?P<at>[\d.,\s]*[\d.]))?)?"
    r"(?:\s*\*\s*(?P<weight>\S+))?"
)


def read_direction(text: str, count: int) -> tuple[float, ...]:
    """Return a number for each of `count` units: those that are written, 0 for the others.

    Raises:
        InvalidRequestError: it names none, one that does not exist, or no number as weight.
    """
    found: dict[int, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _PART.fullmatch(part)
        if match is None:
            raise InvalidRequestError(f"{part!r}, expected UNIT or UNIT*WEIGHT, as in 3, 7*-0.5")
        unit = int(match["unit"])
        if unit >= count:
            raise InvalidRequestError(f"unit {unit} does not exist: there are 0 to {count - 1}")
        if unit in found:
            raise InvalidRequestError(f"unit {unit} stands there twice")
        found[unit] = _weight(match["weight"])
    if not any(found.values()):
        raise InvalidRequestError("a direction names units and weights, as in 3, 7*-0.5")
    return tuple(found.get(unit, 0.0) for unit in range(count))


def write_direction(direction: Sequence[float]) -> str:
    """Return a direction as `read_direction` takes it."""
    return ", ".join(
        str(unit) if weight == 1 else f"{unit}*{weight!r}"
        for unit, weight in enumerate(direction)
        if weight
    )


def read_terms(text: str) -> tuple[Term, ...]:
    """Return the terms that are written; none for an empty text.

    Raises:
        InvalidRequestError: one that cannot be read; says which and what was expected.
    """
    return tuple(_read_term(part.strip()) for part in text.split(";") if part.strip())


def write_terms(terms: Sequence[Term]) -> str:
    """Return terms as `read_terms` takes them."""
    return "; ".join(map(_write_term, terms))


def _read_term(part: str) -> Term:
    match = _TERM.fullmatch(part)
    if match is None:
        raise InvalidRequestError(
            f"{part!r}, expected NODE#UNIT*WEIGHT, with a kind before the weight where it is not a "
            "channel's mean: neuron@3,4 or percentile@0.05 or layer"
        )
    kind, at = match["kind"] or "channel", match["at"]
    fields: dict[str, object] = {"node": match["node"], "kind": kind}
    if match["unit"] is not None:
        fields["channel"] = int(match["unit"])
    if at is not None and kind == "neuron":
        fields["position"] = tuple(one.strip() for one in at.split(","))
    elif at is not None and kind == "percentile":
        fields["share"] = at.strip()
    elif at is not None:
        raise InvalidRequestError(f"{part!r}: kind {kind!r} has no place or share")
    fields["weight"] = _weight(match["weight"])
    try:
        return Term.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = str(first["msg"]).removeprefix("Value error, ")
        raise InvalidRequestError(f"{part!r}: {first['loc'][0]}: {said}") from error


def _write_term(term: Term) -> str:
    text = term.node if term.channel is None else f"{term.node}#{term.channel}"
    at = ""
    if term.kind == "neuron" and term.position is not None:
        at = "@" + ",".join(map(str, term.position))
    elif term.kind == "percentile":
        at = f"@{term.share!r}"
    if term.kind != "channel":
        text += f" {term.kind}{at}"
    return text if term.weight == 1 else f"{text} *{term.weight!r}"


def _weight(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        weight = float(text)
    except ValueError as error:
        raise InvalidRequestError(f"{text!r} is no weight, expected a number") from error
    if not math.isfinite(weight):
        raise InvalidRequestError(f"weight {text!r}, expected a finite number")
    return weight
