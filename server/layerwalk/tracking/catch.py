"""The values that one run of a model has shown so far."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from layerwalk.tracking.writes import version


@dataclass(frozen=True, slots=True)
class Target:
    """A tensor of a result that is a node's value; `output` counts the tensors of the result."""

    output: int
    node: str
    is_copied: bool


class Catch:
    """What one run has caught so far."""

    def __init__(self, *, copies_all: bool) -> None:
        self.values: dict[str, Tensor] = {}
        self._copies_all = copies_all
        self._versions: list[tuple[Tensor, int]] = []
        self._last: tuple[Tensor, int, Tensor] | None = None

    def take(self, targets: tuple[Target, ...], tensors: list[Tensor]) -> None:
        """Keep those of a result's tensors that are nodes' values."""
        for target in targets:
            if target.output >= len(tensors):
                continue
            tensor = tensors[target.output]
            if tensor.requires_grad:  # forward turned gradients on; their graph is not kept
                tensor = tensor.detach()
            if target.is_copied or self._copies_all:
                tensor = self._copy(tensor)
            else:
                self._versions.append((tensor, version(tensor)))
            self.values[target.node] = tensor

    def is_spoilt(self) -> bool:
        """Return whether a value that was not copied was written since."""
        return any(version(tensor) != seen for tensor, seen in self._versions)

    def _copy(self, tensor: Tensor) -> Tensor:
        """Return a copy; the same one for a tensor that comes twice in a row."""
        # Letting the later in-place call run out of place instead, and giving its result to the
        # tensor, saves a pass over the values and was no faster: writing fresh memory is the cost.
        seen = version(tensor)
        if self._last is not None and not tensor.is_inference():
            original, at, copy = self._last
            if original is tensor and at == seen:
                return copy
        copy = tensor.clone()
        self._last = (tensor, seen, copy)
        return copy
