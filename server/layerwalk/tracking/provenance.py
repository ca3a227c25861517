"""Which nodes a tensor's values come from, right also for in-place writes and views.

Each tensor seen is kept alive, so that its identity and its memory mean one thing throughout. A
write in place is noted at the memory it went to; a tensor read later asks which of the writes
since it was made still lie in its elements.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

Source = TypeVar("Source")

MAX_LABELLED_ELEMENTS = 1 << 26
"""Above this, overlapping writes are all taken as sources instead of being told apart."""


@dataclass(slots=True, eq=False)
class Write(Generic[Source]):
    """A write in place. `sources` may be set anew once the writing module is known."""

    time: int
    tensor: Tensor
    memory: int
    sources: tuple[Source, ...]


@dataclass(slots=True, eq=False)
class _Record(Generic[Source]):
    tensor: Tensor
    memory: int
    time: int
    sources: tuple[Source, ...]


class Provenance(Generic[Source]):
    """Mutable, owned by the one tracer of one forward pass."""

    def __init__(self) -> None:
        self._time = 0
        self._records: dict[int, _Record[Source]] = {}
        self._newest: dict[int, _Record[Source]] = {}
        self._writes: dict[int, list[Write[Source]]] = {}

    @property
    def time(self) -> int:
        return self._time

    def knows(self, tensor: Tensor) -> bool:
        """Return whether the tensor, or memory that it shows, has been seen before."""
        return id(tensor) in self._records or memory_of(tensor) in self._newest

    def place(self, tensor: Tensor) -> tuple[int, int]:
        """Return the memory and the time of a tensor noted before."""
        record = self._records[id(tensor)]
        return record.memory, record.time

    def sources(self, tensor: Tensor) -> tuple[Source, ...]:
        """Return what the tensor's values come from now; empty for constants and weights."""
        record = self._records.get(id(tensor))
        if record is None:
            return self._adopt(tensor).sources
        return self._since(record, tensor)

    def sources_of_view(self, view: Tensor, base: Tensor) -> tuple[Source, ...]:
        """Return what a view's values come from, made from `base` just now."""
        record = self._records.get(id(base))
        if record is None or record.memory != memory_of(view):
            return self.sources(base)
        return self._since(record, view)

    def set(self, tensor: Tensor, sources: tuple[Source, ...]) -> None:
        """Note a tensor that was made just now."""
        self._time += 1
        record = _Record(tensor, memory_of(tensor), self._time, sources)
        self._records[id(tensor)] = self._newest[record.memory] = record

    def write(self, tensor: Tensor, sources: tuple[Source, ...]) -> Write[Source]:
        """Note that `tensor` was written in place just now."""
        self.set(tensor, sources)
        write = Write(self._time, tensor, memory_of(tensor), sources)
        self._writes.setdefault(write.memory, []).append(write)
        return write

    def is_written_after(self, memory: int, time: int) -> bool:
        """Return whether that memory was written in place after `time`."""
        writes = self._writes.get(memory)
        return writes is not None and writes[-1].time > time

    def _adopt(self, tensor: Tensor) -> _Record[Source]:
        """Take in a tensor object not seen before: a view made out of sight, or a constant."""
        twin = self._newest.get(memory_of(tensor))
        sources = self._since(twin, tensor) if twin is not None else ()
        self._time += 1
        record = _Record(tensor, memory_of(tensor), self._time, sources)
        self._records[id(tensor)] = record
        if twin is None:
            self._newest[record.memory] = record
        return record

    def _since(self, record: _Record[Source], tensor: Tensor) -> tuple[Source, ...]:
        """Return the sources of `tensor`, which shows memory of `record`, with writes since."""
        writes = self._writes.get(record.memory)
        if not writes or writes[-1].time <= record.time:
            return record.sources
        later = [write for write in writes if write.time > record.time]
        kept: list[Write[Source]] = []
        for write in reversed(later):
            kept.append(write)
            if _is_same_region(write.tensor, tensor):
                if len(kept) == 1:
                    return write.sources
                break
        kept.reverse()
        return _surviving(record.sources, kept, tensor)


def union(groups: Iterable[tuple[Source, ...]]) -> tuple[Source, ...]:
    """Return the sources of all groups, each once, in order."""
    return tuple(dict.fromkeys(source for group in groups for source in group))


def memory_of(tensor: Tensor) -> int:
    """Return a number that tensors sharing memory share; tensors without memory have their own."""
    try:
        return tensor.untyped_storage().data_ptr() or -id(tensor)
    except (RuntimeError, NotImplementedError):  # sparse, meta, functional tensors
        return -id(tensor)


def _region(tensor: Tensor) -> tuple[int, torch.Size, tuple[int, ...], torch.dtype]:
    return int(tensor.storage_offset()), tensor.shape, tensor.stride(), tensor.dtype


def _is_same_region(first: Tensor, second: Tensor) -> bool:
    if first is second:
        return True
    try:
        return _region(first) == _region(second) or (
            first.storage_offset() == second.storage_offset()
            and first.numel() == second.numel()
            and first.dtype == second.dtype
            and first.is_contiguous()
            and second.is_contiguous()
        )
    except (RuntimeError, NotImplementedError):
        return False


def _extent(tensor: Tensor) -> int:
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    return int(tensor.storage_offset()) + sum((size - 1) * stride for size, stride in steps) + 1


def _surviving(
    before: tuple[Source, ...], writes: list[Write[Source]], tensor: Tensor
) -> tuple[Source, ...]:
    """Return the sources whose values still lie in elements of `tensor`, by labelling elements."""
    everything = union([before, *(write.sources for write in writes)])
    shown = [write.tensor for write in writes]
    try:
        if any(other.dtype != tensor.dtype for other in shown) or tensor.numel() == 0:
            return everything
        elements = max(_extent(other) for other in (tensor, *shown))
        if elements > MAX_LABELLED_ELEMENTS:
            return everything
        labels = torch.zeros(elements, dtype=torch.int32)
        for label, other in enumerate(shown, start=1):
            labels.as_strided(other.shape, other.stride(), other.storage_offset()).fill_(label)
        left = labels.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
        found = set(left.unique().tolist())
    except (RuntimeError, NotImplementedError):  # elements that share memory, exotic layouts
        return everything
    by_label = [before, *(write.sources for write in writes)]
    return union(by_label[label] for label in sorted(found))
