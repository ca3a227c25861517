"""What both other sources need: leaves of the module tree, tensors in nested values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from server.tracking.architectures.projection import Place


def is_leaf(module: nn.Module) -> bool:
    """Return whether a module is one node: without children, or attention as a whole."""
    parts = (nn.ParameterList, nn.ParameterDict)
    children = [
        child
        for name, child in module.named_children()
        if name != "parametrizations" and not isinstance(child, parts)
    ]
    return isinstance(module, nn.MultiheadAttention) or not children


def is_fill(name: str) -> bool:
    """Return whether a function takes only shape and type from its first argument."""
    return name.startswith("new_") or name.endswith("_like")


def tensors_in(value: Any) -> list[Tensor]:
    """Return the tensors in nested tuples, lists, dicts and dataclasses, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [tensor for item in value for tensor in tensors_in(item)]
    if hasattr(value, "items"):
        return [tensor for _, item in value.items() for tensor in tensors_in(item)]
    if hasattr(value, "__dataclass_fields__"):
        names = value.__dataclass_fields__
        return [tensor for name in names for tensor in tensors_in(getattr(value, name))]
    return []


def shaped(value: Any, make: Callable[[int], set[Place]]) -> Any:
    """Return `make(k)` in the place of tensor number k of a nested value, None elsewhere."""
    count = iter(range(1 << 30))

    def of(part: Any) -> Any:
        if isinstance(part, Tensor):
            return make(next(count))
        if isinstance(part, dict):
            return {key: of(item) for key, item in part.items()}
        if isinstance(part, tuple | list):
            return [of(item) for item in part]
        return None

    return of(value)


def flat(flow: Any) -> set[Place]:
    """Return all places in a nested flow."""
    if isinstance(flow, set):
        return flow
    found: set[Place] = set()
    for part in flow.values() if isinstance(flow, dict) else flow or ():
        found |= flat(part)
    return found
