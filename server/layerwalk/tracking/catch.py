"""What one recorded forward pass has caught: values as they were when they were made.

A value that will be overwritten has to be kept whole. Where nothing but its tensor shows the
memory, it is copied only when the next call takes that tensor, or not at all: where that call is a
plain in-place operation, it runs out of place instead, its result becomes the tensor's new memory,
and the old one is kept. The model cannot tell, and a pass over the values is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from layerwalk.tracking.modules import MarkerModule, TrackerModule
from layerwalk.tracking.writes import version

OUT_OF_PLACE: Mapping[Callable[..., Any], Callable[..., Any]] = {
    Tensor.add_: Tensor.add,
    Tensor.sub_: Tensor.sub,
    Tensor.mul_: Tensor.mul,
    Tensor.div_: Tensor.div,
}
"""Operation in place -> the same one out of place."""

IN_PLACE_MODULES = frozenset(
    {nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.ELU, nn.Mish}
)
"""Modules that do the same out of place when their `inplace` is False."""

PASSING_MODULES = frozenset(
    {nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, TrackerModule, MarkerModule}
)
"""Modules that in eval mode return what they are given."""


@dataclass(frozen=True, slots=True)
class Target:
    """A tensor of a result that is a node's value; `output` counts the tensors of the result."""

    output: int
    node: str
    is_copied: bool


@dataclass(slots=True)
class _Waiting:
    """A tensor that will be overwritten, not yet copied, and the nodes whose value it is."""

    tensor: Tensor
    version: int
    nodes: list[str] = field(default_factory=list)


class Catch:
    """Mutable, owned by the recorder for one forward pass.

    Attributes:
        values: node id -> its value.
        waiting: id of a tensor object -> values that are to be copied before it is overwritten.
    """

    def __init__(self, *, copies_all: bool, waits: bool) -> None:
        """Start with nothing.

        Args:
            copies_all: copy every value at once, whatever the trace says.
            waits: whoever runs the pass calls `settle` before each call that takes a tensor.
        """
        self.values: dict[str, Tensor] = {}
        self.waiting: dict[int, _Waiting] = {}
        self._copies_all = copies_all
        self._waits = waits and not copies_all
        self._seen: list[tuple[Tensor, int]] = []
        self._is_spoilt = False
        self._last: tuple[Tensor, int, Tensor] | None = None

    def take(self, targets: Iterable[Target], tensors: list[Tensor]) -> None:
        """Take the values of nodes from the tensors of a result."""
        for target in targets:
            if target.output >= len(tensors):
                continue
            tensor = tensors[target.output]
            if tensor.requires_grad:  # forward turned gradients on; their graph is not kept
                tensor = tensor.detach()
            if not (target.is_copied or self._copies_all):
                self._keep([target.node], tensor)
            elif self._waits and (id(tensor) in self.waiting or _is_sole(tensor)):
                self._wait(target.node, tensor)
            else:
                self.values[target.node] = self._copy(tensor)

    def settle(self, tensors: Iterable[Tensor]) -> None:
        """Copy what waits, of tensors that a call is about to take."""
        for tensor in tensors:
            waiting = self.waiting.pop(id(tensor), None)
            if waiting is not None:
                self._is_spoilt |= version(tensor) != waiting.version
                self._keep(waiting.nodes, tensor.clone())

    def can_spare(self, tensor: object) -> bool:
        """Return whether a value waits in the tensor that nobody else can see."""
        return isinstance(tensor, Tensor) and id(tensor) in self.waiting and _is_sole(tensor)

    def spare(self, tensor: Tensor, result: Tensor) -> bool:
        """Give `tensor` the memory of `result`, and keep its old one for the value that waits.

        Returns:
            False, with nothing done, where the result is not just like the tensor.
        """
        likeness = (tensor.shape, tensor.stride(), tensor.dtype, tensor.storage_offset())
        if likeness != (result.shape, result.stride(), result.dtype, result.storage_offset()):
            return False
        waiting = self.waiting.pop(id(tensor))
        self._is_spoilt |= version(tensor) != waiting.version
        old = tensor.data  # its count of writes is its own from here on
        with torch.no_grad():
            tensor.set_(result)  # type: ignore[call-overload]
        self._keep(waiting.nodes, old)
        return True

    def is_whole(self) -> bool:
        """End the pass; return whether every value is as it was when it was made."""
        self.settle([waiting.tensor for waiting in self.waiting.values()])
        return not self._is_spoilt and all(version(tensor) == seen for tensor, seen in self._seen)

    def _wait(self, node: str, tensor: Tensor) -> None:
        waiting = self.waiting.get(id(tensor))
        if waiting is None:
            waiting = self.waiting[id(tensor)] = _Waiting(tensor, version(tensor))
        self._is_spoilt |= version(tensor) != waiting.version
        waiting.nodes.append(node)

    def _keep(self, nodes: Iterable[str], tensor: Tensor) -> None:
        self._seen.append((tensor, version(tensor)))
        for node in nodes:
            self.values[node] = tensor

    def _copy(self, tensor: Tensor) -> Tensor:
        """Return a copy; the same one for a tensor that comes twice in a row."""
        seen = version(tensor)
        if self._last is not None and not tensor.is_inference():
            original, at, copy = self._last
            if original is tensor and at == seen:
                return copy
        copy = tensor.clone()
        self._last = (tensor, seen, copy)
        return copy


def _owners(tensor: Tensor) -> int:
    """Return how many things hold the tensor's memory, as torch counts them."""
    return int(torch._C._storage_Use_Count(tensor.untyped_storage()._cdata))


def _is_sole(tensor: Tensor) -> bool:
    """Return whether nothing but this tensor shows its memory."""
    is_plain = type(tensor) is Tensor and tensor.layout is torch.strided
    if not is_plain or tensor.is_inference() or tensor._is_view() or tensor.requires_grad:
        return False
    return _owners(tensor) == _owners(torch.empty(1))
