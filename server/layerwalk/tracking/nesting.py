"""Finding the tensors in what modules take and return: tuples, dicts, dataclasses, nested."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

MAX_DEPTH = 8
"""Deeper nesting is not searched; it also ends cycles."""
_PLAIN = (str, bytes, int, float, type(None))


def leaves(value: Any) -> list[Tensor]:
    """Return the tensors in `value`, in order."""
    if isinstance(value, Tensor):
        return [value]
    found: list[Tensor] = []
    _collect(value, found, MAX_DEPTH)
    return found


def argument_leaves(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Tensor]:
    """Return the tensors among the arguments of a call, in order."""
    if len(args) == 1 and not kwargs and isinstance(args[0], Tensor):  # most calls of modules
        return [args[0]]
    return leaves((args, kwargs))


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


def _collect(value: Any, found: list[Tensor], depth: int) -> None:
    if isinstance(value, Tensor):
        found.append(value)
    elif isinstance(value, _PLAIN) or depth == 0:
        return
    elif isinstance(value, (tuple, list)):
        for item in value:
            _collect(item, found, depth - 1)
    elif type(value) is dict:
        for item in value.values():
            _collect(item, found, depth - 1)
    else:
        for _, item in _members(value):
            _collect(item, found, depth - 1)


def _walk(
    value: Any, path: tuple[str | int, ...], depth: int
) -> Iterator[tuple[tuple[str | int, ...], Tensor]]:
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, _PLAIN) or depth == 0:
        return
    elif isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        for position, item in enumerate(value):
            yield from _walk(item, (*path, position), depth - 1)
    else:
        for name, item in _members(value):
            yield from _walk(item, (*path, name), depth - 1)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name), item
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield field.name, getattr(value, field.name)
