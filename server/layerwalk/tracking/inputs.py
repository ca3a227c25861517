"""The example that goes in: tensors found, named, and copied so that the caller's stay whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from layerwalk.tracking.nesting import keyed_leaves
from layerwalk_shared.errors import InputError


@dataclass(frozen=True, slots=True)
class Arguments:
    """What one forward pass is called with: copies, and their tensors in order with names."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tensors: tuple[tuple[str, Tensor], ...]

    @property
    def batch(self) -> int:
        """Items in the batch: the first axis of the first tensor that has axes."""
        return next((int(tensor.shape[0]) for _, tensor in self.tensors if tensor.ndim), 1)


def copy_arguments(
    args: object, kwargs: Mapping[str, Any] | None = None, *, opens: bool = False
) -> Arguments:
    """Return copies of the tensors in a call's arguments, everything else as it is.

    With `opens` the copies of floating tensors require gradients; they are no leaves, so forward
    may write them.

    A lone tensor counts as one positional argument. The first tensor is called `input`, further
    positional ones `input:2`, `input:3`; tensors given by name or in a dict have that name.

    Raises:
        InputError: `args` is neither a tuple, a list nor a tensor, or no tensor is in it.
    """
    if isinstance(args, Tensor):
        args = (args,)
    if not isinstance(args, (tuple, list)):
        raise InputError(
            f"the example is a {type(args).__name__}, expected a tuple of positional arguments"
        )
    copies: dict[int, Tensor] = {}
    copy = _opened if opens else _plain
    with torch.inference_mode(mode=False), torch.set_grad_enabled(opens):
        new_args = tuple(_copied(item, copies, copy) for item in args)
        new_kwargs = {name: _copied(item, copies, copy) for name, item in (kwargs or {}).items()}
    named: list[tuple[str, Tensor]] = []
    positional = 0
    for key, tensor in keyed_leaves(new_args):
        name = key.partition(".")[2]
        if key.isdigit():
            positional += 1
            name = "input" if positional == 1 else f"input:{positional}"
        named.append((name, tensor))
    named += [(key, tensor) for key, tensor in keyed_leaves(new_kwargs)]
    if not named:
        raise InputError("the example holds no tensor")
    return Arguments(new_args, new_kwargs, tuple(named))


def _plain(tensor: Tensor) -> Tensor:
    return tensor.detach().clone()


def _opened(tensor: Tensor) -> Tensor:
    copy = tensor.detach().clone()
    return copy.requires_grad_().clone() if copy.is_floating_point() else copy


def _copied(value: Any, copies: dict[int, Tensor], copy: Callable[[Tensor], Tensor]) -> Any:
    """Return `value` with copied tensors; one that comes again is an alias of its first copy."""
    if isinstance(value, Tensor):
        first = copies.get(id(value))
        if first is not None:
            return first.view_as(first) if first.layout is torch.strided else first
        made = copies[id(value)] = copy(value)
        return made
    if isinstance(value, tuple):
        items = [_copied(item, copies, copy) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [_copied(item, copies, copy) for item in value]
    if type(value) is dict:
        return {key: _copied(item, copies, copy) for key, item in value.items()}
    return value
