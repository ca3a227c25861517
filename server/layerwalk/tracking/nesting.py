"""Finding the tensors in what modules take and return: tuples, dicts, dataclasses, nested."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

MAX_DEPTH = 8
"""Deeper nesting is not searched; it also ends cycles."""


def leaves(value: Any, depth: int = MAX_DEPTH) -> list[Tensor]:
    """Return the tensors in `value`, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, (str, int, float)) or value is None or depth == 0:
        return []
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in leaves(item, depth - 1)]
    return [tensor for _, item in _members(value) for tensor in leaves(item, depth - 1)]


def keyed_leaves(value: Any) -> list[tuple[str, Tensor]]:
    """Return the tensors in `value`, in order, each with a key that is its own.

    The key is the tensor's position among all of them ("0", "1", ...), except below a dict, a
    dataclass or a named tuple: there it is the path of names and positions ("logits", "aux.0").
    """
    found: list[tuple[str, Tensor]] = []
    for path, tensor in _walk(value, (), MAX_DEPTH):
        is_named = any(isinstance(step, str) for step in path)
        found.append((".".join(map(str, path)) if is_named else str(len(found)), tensor))
    return found


def has_names(value: Any) -> bool:
    """Return whether the outermost level of `value` names its members."""
    return not isinstance(value, Tensor) and next(iter(_members(value)), None) is not None


def _walk(
    value: Any, path: tuple[str | int, ...], depth: int
) -> Iterator[tuple[tuple[str | int, ...], Tensor]]:
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, (str, int, float)) or value is None or depth == 0:
        return
    elif isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        for position, item in enumerate(value):
            yield from _walk(item, (*path, position), depth - 1)
    else:
        for name, item in _members(value):
            yield from _walk(item, (*path, name), depth - 1)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(name), item) for name, item in value.items())
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
