"""Every number of a recipe as a field to write in: read off the model, so that none is missing.

A field's content is text until it is sent; what is wrong with it the model itself says.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from layerwalk_shared.recipes import Recipe

Kind = Literal["number", "whole", "numbers", "choice", "flag", "text"]
NONE = "none"
YES, NO = "yes", "no"
_DISCRIMINATOR = "kind"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model.

    Attributes:
        path: names from the outermost model to the field, with dots.
        kind: what is written in it; `numbers` are separated by commas.
        choices: texts to choose from, of `choice`.
        may_be_none: "none" may be written, too.
        help: what it means, from the model's docstring.
    """

    path: str
    kind: Kind
    choices: tuple[str, ...] = ()
    may_be_none: bool = False
    help: str = ""

    @property
    def name(self) -> str:
        """The last part of the path, in words."""
        return self.path.rpartition(".")[2].removeprefix("is_").replace("_", " ")


def fields_of(texts: Mapping[str, str], model: type[BaseModel] = Recipe) -> tuple[Field, ...]:
    """Return the fields of a model in its order, nested ones with it.

    Args:
        texts: what is written so far; says which of several models a nested field is of.
        model: whose fields.
    """
    return tuple(_fields(model, "", texts))


def _fields(model: type[BaseModel], prefix: str, texts: Mapping[str, str]) -> Iterator[Field]:
    told = told_of(model)
    for name, info in model.model_fields.items():
        path = prefix + name
        options, may_be_none = _options(info.annotation)
        models = {_tag(one): one for one in options if _is_model(one)}
        if len(models) == 1 and len(options) == 1:
            yield from _fields(next(iter(models.values())), f"{path}.", texts)
        elif models:
            kind = f"{path}.{_DISCRIMINATOR}"
            yield Field(kind, "choice", tuple(models), help=told.get(name, ""))
            chosen = models.get(texts.get(kind, ""), next(iter(models.values())))
            yield from (
                one for one in _fields(chosen, f"{path}.", texts) if one.path != kind
            )  # fmt: skip
        else:
            kind_of, choices = _kind(options[0])
            yield Field(path, kind_of, choices, may_be_none, told.get(name, ""))


def texts_of(model: BaseModel, prefix: str = "") -> dict[str, str]:
    """Return what stands in each field for a model: path -> text."""
    found: dict[str, str] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found |= texts_of(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = text_of(value)
    return found


def text_of(value: object) -> str:
    """Return a value as it is written in a field."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple):
        return ", ".join(text_of(one) for one in value)
    return str(value)


def values_of(fields: Sequence[Field], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what the fields say, nested as the model takes it; not checked."""
    found: dict[str, Any] = {}
    for field in fields:
        *outer, name = field.path.split(".")
        place = found
        for part in outer:
            place = place.setdefault(part, {})
        place[name] = _value(field, texts.get(field.path, "").strip())
    return found


def complaints_of(
    error: ValidationError, fields: Sequence[Field], *, model: type[BaseModel] = Recipe
) -> dict[str, str]:
    """Return path -> what the model says is wrong there; path "" where it is about no one field."""
    known = {field.path for field in fields}
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        parts = [str(part) for part in one["loc"] if isinstance(part, str)]
        said = str(one["msg"]).removeprefix("Value error, ")
        path = _known_path(parts, known) or _mentioned(said, ".".join(parts), known)
        found.setdefault(path, said)
    return found


def _known_path(parts: list[str], known: set[str]) -> str:
    """Return the path of a place in the model; a tag of one of several models is left out."""
    candidates = [parts, *(parts[:place] + parts[place + 1 :] for place in range(1, len(parts)))]
    paths = (".".join(one) for one in candidates)
    return next((path for path in paths if path in known), "")


def _mentioned(said: str, prefix: str, known: set[str]) -> str:
    """Return the first field that a sentence names."""
    inside = {path for path in known if path.startswith(f"{prefix}." if prefix else "")}
    for word in re.findall(r"[\w.]+", said):
        for path in (f"{prefix}.{word}" if prefix else word, word):
            if path in inside:
                return path
    return ""


def _value(field: Field, text: str) -> Any:
    if field.may_be_none and text.lower() in ("", NONE):
        return None
    if field.kind == "numbers":
        return tuple(part.strip() for part in text.strip("()[] ").split(","))
    return text


def _options(annotation: Any) -> tuple[list[Any], bool]:
    """Return the types that a value may be of, without None, and whether it may be None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) not in (Union, UnionType):
        return [annotation], False
    found: list[Any] = []
    may_be_none = False
    for part in get_args(annotation):
        if part is NoneType:
            may_be_none = True
        else:
            found += _options(part)[0]
    return found, may_be_none


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        return "choice", tuple(str(one) for one in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "numbers", ()
    kinds: dict[Any, Kind] = {bool: "flag", int: "whole", float: "number"}
    return kinds.get(annotation, "text"), ()


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _tag(annotation: Any) -> str:
    if not _is_model(annotation) or _DISCRIMINATOR not in annotation.model_fields:
        return str(annotation)
    return str(annotation.model_fields[_DISCRIMINATOR].default)


@cache
def told_of(model: type[BaseModel]) -> Mapping[str, str]:
    """Return what a model's docstring tells of each attribute."""
    section = inspect.cleandoc(model.__doc__ or "").partition("Attributes:")[2]
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        head = re.match(r" {4}([\w, ]+): (.*)$", line)
        if head is not None:
            names = [name.strip() for name in head[1].split(",")]
            found |= dict.fromkeys(names, head[2].strip())
        elif line.startswith(" " * 8):
            for name in names:
                found[name] += " " + line.strip()
    return {name: text.replace("`", "") for name, text in found.items()}
