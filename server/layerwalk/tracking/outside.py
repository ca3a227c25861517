"""Tensors made out of sight: through NumPy, by code in C++; what do they come from?"""

from __future__ import annotations

from typing import Generic

from torch import Tensor, nn

from layerwalk.tracking.provenance import Provenance, Source, address_of, union
from layerwalk.tracking.resting import held_tensors


class Outside(Generic[Source]):
    """What has left torch's sight and may come back. Mutable, owned by the tracer."""

    def __init__(self, model: nn.Module, provenance: Provenance[Source]) -> None:
        self._model = model
        self._provenance = provenance
        self._held: set[int] | None = None
        self._exported: tuple[Source, ...] = ()
        self._is_back = False

    def export(self, tensors: list[Tensor]) -> None:
        """Note that tensors were handed to NumPy or another library."""
        if self._is_back:
            self._exported, self._is_back = (), False
        self._exported = union([self._exported, *map(self._provenance.sources, tensors)])

    def imported(self) -> tuple[Source, ...]:
        """Return what a tensor comes from that was made of something that is none."""
        self._is_back = bool(self._exported)
        return self._exported

    def read(
        self, tensors: list[Tensor], given: list[tuple[Source, ...]]
    ) -> list[tuple[Source, ...]]:
        """Return what each of the tensors comes from that something reads.

        Where none of them has a source, but one is neither the model's nor was made in sight, it
        comes from what was exported, or else from what its module call was `given`.
        """
        entered = [self._provenance.sources(tensor) for tensor in tensors]
        if not given or any(entered):
            return entered
        strays = [tensor for tensor in tensors if self._provenance.is_unexplained(tensor)]
        if not strays:
            return entered
        if self._held is None:
            modules = dict(self._model.named_modules())
            self._held = {address_of(tensor) for tensor in held_tensors(modules)}
        for tensor in strays:
            if address_of(tensor) not in self._held:
                self._provenance.set(tensor, self.imported() or union(given))
        return [self._provenance.sources(tensor) for tensor in tensors]
