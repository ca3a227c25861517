"""Which tensors an operation wrote in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from layerwalk.tracking.nesting import leaves
from layerwalk.tracking.operations import Operation


def version(tensor: Tensor) -> int:
    """Return how often the tensor's memory was written in place, as far as torch counts it."""
    try:
        return 0 if tensor.is_inference() else tensor._version
    except ValueError:  # a lazy parameter that has no memory yet
        return 0


def is_among(tensor: Tensor, others: Iterable[Tensor]) -> bool:
    """Return whether `tensor` is one of the objects `others`."""
    for other in others:  # noqa: SIM110 - `any` takes twice as long, and this is asked very often
        if tensor is other:
            return True
    return False


def written_arguments(
    operation: Operation,
    tensors: list[Tensor],
    *,
    versions: list[int],
    outputs: list[Tensor],
    kwargs: Mapping[str, Any],
) -> list[Tensor]:
    """Return the arguments of an operation that it wrote in place.

    Writes are counted by torch, but for inference tensors, where the spelling of the call has to
    do. Views share their count of writes, so of several that changed, those count that were returned
    or given as `out`, else the first.

    Args:
        operation: what ran.
        tensors: its arguments; `versions`: their counts of writes before it ran.
        versions: see `tensors`.
        outputs: what it returned.
        kwargs: its arguments by name.
    """
    is_said = operation.is_spelled_in_place or kwargs.get("inplace") is True
    changed = [
        tensor
        for tensor, before in zip(tensors, versions, strict=True)
        if version(tensor) != before or (is_said and tensor is tensors[0] and tensor.is_inference())
    ]
    if len(changed) < 2:
        return changed
    returned = [tensor for tensor in changed if is_among(tensor, outputs)]
    return returned or leaves(kwargs.get("out")) or changed[:1]


def is_self_assignment(args: tuple[Any, ...]) -> bool:
    """Return whether `x[i] = y` copies elements onto themselves: the end of `x[i] += y`."""
    if len(args) != 3 or not isinstance(args[2], Tensor) or not isinstance(args[0], Tensor):
        return False
    target, index, values = args
    try:
        place = target[index]
    except (RuntimeError, IndexError, TypeError):
        return False
    return bool(
        place.data_ptr() == values.data_ptr()
        and place.shape == values.shape
        and place.stride() == values.stride()
    )
