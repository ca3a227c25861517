"""Nodes and groups while they are being found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from layerwalk_shared.graph import Attribute, NodeKind, View


@dataclass(slots=True, eq=False)
class GroupDraft:
    id: str
    name: str
    kind: Literal["module", "marker"]
    operation: str
    parent: GroupDraft | None
    weights: tuple[tuple[int, ...], ...] = ()
    """Shapes of all that the module learns."""


class Capture(NamedTuple):
    """Where a node's value is to be had: which call of what, and which of the tensors it gave.

    `path` is the module the call is of (`kind` "module"), or happened in ("operation", with its
    `name`), or "" ("input"). `output` counts the tensors of the result.
    """

    kind: Literal["input", "module", "operation", "none"]
    path: str = ""
    name: str = ""
    call: int = 1
    output: int = 0


NOWHERE = Capture("none")


@dataclass(slots=True, eq=False)
class NodeDraft:
    """A node that was found."""

    id: str
    name: str
    kind: NodeKind
    operation: str
    module: str
    group: GroupDraft | None = None
    predecessors: list[tuple[NodeDraft, int]] = field(default_factory=list)
    capture: Capture = NOWHERE
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    view: View | None = None
    batch_axis: int | None = None
    parameters: int = 0
    weights: tuple[tuple[int, ...], ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    error: str | None = None

    def become(self, other: NodeDraft) -> None:
        """Take over what `other` is; who points to this draft points to the other then."""
        self.id, self.name, self.kind = other.id, other.name, other.kind
        self.operation, self.module = other.operation, other.module


def batch_axis(shape: Iterable[int], batch: int) -> int | None:
    """Return which axis of a tensor counts the items of a batch of size `batch`.

    The first, or the second of three or more (time first, as recurrent modules like it), or None
    where neither has that size.
    """
    sizes = tuple(shape)
    if sizes and sizes[0] == batch:
        return 0
    return 1 if len(sizes) >= 3 and sizes[1] == batch else None


def without_axis(shape: Iterable[int], axis: int | None) -> tuple[int, ...]:
    """Return the shape without that axis."""
    sizes = tuple(shape)
    return sizes if axis is None else sizes[:axis] + sizes[axis + 1 :]


@cache
def type_name(dtype: torch.dtype) -> str:
    """Return torch's name of an element type, without "torch."."""
    return str(dtype).removeprefix("torch.")


def describe_tensor(draft: NodeDraft, tensor: Tensor, *, batch: int) -> None:
    """Fill in what the tensor says of the node."""
    shape = tuple(tensor.shape)
    draft.batch_axis = batch_axis(shape, batch)
    draft.shape = without_axis(shape, draft.batch_axis)
    draft.dtype = type_name(tensor.dtype)
