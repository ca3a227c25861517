"""Which nodes a tensor's values come from, right also for in-place writes and views.

A write in place is noted at the memory it went to; a tensor read later asks which of the writes
since it was made still lie in its elements. Tensors and their memory are only pointed to weakly,
so a traced forward needs no more memory than a plain one; an address that is used again is told
apart from what was there before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, TypeVar
from weakref import ref

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef

Source = TypeVar("Source")

MAX_LABELLED_ELEMENTS = 1 << 26
"""Above this, overlapping writes are all taken as sources instead of being told apart."""


@dataclass(frozen=True, slots=True)
class _Region:
    """The elements of a piece of memory that a tensor shows."""

    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    is_contiguous: bool

    @property
    def extent(self) -> int:
        """One more than the highest element shown; 0 if none is."""
        if 0 in self.shape:
            return 0
        steps = zip(self.shape, self.stride, strict=True)
        return self.offset + sum((size - 1) * stride for size, stride in steps) + 1


@dataclass(slots=True, eq=False)
class Write(Generic[Source]):
    """A write in place. `sources` may be set anew once the writing module is known."""

    time: int
    region: _Region | None
    memory: Memory[Source]
    sources: tuple[Source, ...]


@dataclass(slots=True, eq=False)
class Memory(Generic[Source]):
    """A piece of memory: what was written to it, and whose values it holds."""

    address: int
    storage: StorageWeakRef | None
    newest: _Record[Source] | None = None
    writes: list[Write[Source]] = field(default_factory=list)
    shown: list[Source] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Record(Generic[Source]):
    pointer: ref[Tensor]
    memory: Memory[Source]
    time: int
    sources: tuple[Source, ...]
    is_unexplained: bool = False


class Provenance(Generic[Source]):
    """Mutable, owned by the one tracer of one forward pass.

    Attributes:
        spoilt: sources whose values were overwritten after they were shown.
    """

    def __init__(self) -> None:
        self.spoilt: set[Source] = set()
        self._time = 0
        self._records: dict[int, _Record[Source]] = {}
        self._memories: dict[int, Memory[Source]] = {}

    def sources(self, tensor: Tensor) -> tuple[Source, ...]:
        """Return what the tensor's values come from now; empty for constants and weights."""
        record = self._records.get(id(tensor)) or self._adopt(tensor)
        return self._since(record, tensor)

    def is_unexplained(self, tensor: Tensor) -> bool:
        """Return whether a tensor was only ever read, and is no view of one that was made."""
        return self._records[id(tensor)].is_unexplained

    def set_view(self, view: Tensor, base: Tensor) -> bool:
        """Note that `view` was made of `base` just now and shows some of its elements.

        Returns:
            False, with nothing noted, where it does not share the memory of `base`.
        """
        seen = self._records.get(id(base)) or self._adopt(base)
        if seen.memory.address != address_of(view):
            return False
        record = self._record(view)
        record.time, record.sources = seen.time, seen.sources
        record.is_unexplained = seen.is_unexplained
        return True

    def set(self, tensor: Tensor, sources: tuple[Source, ...]) -> None:
        """Note what a tensor comes from that was made just now."""
        self._time += 1
        record = self._record(tensor)
        record.time, record.sources = self._time, sources
        record.is_unexplained = False
        record.memory.newest = record

    def write(self, tensor: Tensor, sources: tuple[Source, ...]) -> Write[Source]:
        """Note that `tensor` was written in place just now."""
        self.set(tensor, sources)
        memory = self._records[id(tensor)].memory
        self.spoil(tensor)
        write = Write(self._time, _region(tensor), memory, sources)
        memory.writes.append(write)
        return write

    def spoil(self, tensor: Tensor) -> None:
        """Note that the memory of a tensor noted before no longer holds the values shown there."""
        memory = self._records[id(tensor)].memory
        self.spoilt.update(memory.shown)
        memory.shown.clear()

    def show(self, tensor: Tensor, source: Source) -> None:
        """Note that the value of `source` is to be had in `tensor` now."""
        self._records[id(tensor)].memory.shown.append(source)

    def shown_beside(self, tensor: Tensor) -> tuple[Source, ...]:
        """Return the sources whose values lie in the memory that `tensor` shows."""
        memory = self._memories.get(address_of(tensor))
        if memory is None or memory.storage is None or memory.storage.expired():
            return ()
        return tuple(memory.shown)

    def is_in(self, memory: Memory[Source], tensor: Tensor) -> bool:
        """Return whether a tensor noted before shows that memory."""
        return self._records[id(tensor)].memory is memory

    def _record(self, tensor: Tensor) -> _Record[Source]:
        """Return the record of the tensor, a new one with no sources where there was none."""
        key = id(tensor)
        record = self._records.get(key)
        memory = self._memory(tensor, record)
        if record is not None and record.memory is memory:
            return record

        def forget(pointer: ref[Tensor]) -> None:
            found = self._records.get(key)
            if found is not None and found.pointer is pointer:
                del self._records[key]

        record = self._records[key] = _Record(ref(tensor, forget), memory, self._time, ())
        return record

    def _memory(self, tensor: Tensor, record: _Record[Source] | None = None) -> Memory[Source]:
        """Return the memory that a tensor shows."""
        address, storage = _located(tensor)
        if record is not None and record.memory.address == address:
            return record.memory  # it lives, and so does its memory
        if storage is None:  # its own alone
            return Memory(address, None)
        memory = self._memories.get(address)
        if memory is None or memory.storage is None or memory.storage.expired():
            memory = self._memories[address] = Memory(address, StorageWeakRef(storage))
        return memory

    def _adopt(self, tensor: Tensor) -> _Record[Source]:
        """Take in a tensor object not seen before: a view made out of sight, or a constant."""
        newest = self._memory(tensor).newest
        sources = self._since(newest, tensor) if newest is not None else ()
        self._time += 1
        record = self._record(tensor)
        record.time, record.sources = self._time, sources
        if newest is None:
            record.is_unexplained = True
            record.memory.newest = record
        else:
            record.is_unexplained = newest.is_unexplained
        return record

    def _since(self, record: _Record[Source], tensor: Tensor) -> tuple[Source, ...]:
        """Return the sources of `tensor`, which shows memory of `record`, with writes since."""
        writes = record.memory.writes
        if not writes or writes[-1].time <= record.time:
            return record.sources
        region = _region(tensor)
        later: list[Write[Source]] = []
        for write in reversed(writes):
            if write.time <= record.time:
                break
            later.append(write)
            if _is_same(write.region, region):
                if len(later) == 1:
                    return write.sources
                break
        later.reverse()
        return _surviving(record.sources, later, region)


def union(groups: Iterable[tuple[Source, ...]]) -> tuple[Source, ...]:
    """Return the sources of all groups, each once, in order."""
    found = [group for group in groups if group]
    if len(found) == 1:
        return found[0]
    return tuple(dict.fromkeys(chain.from_iterable(found)))


def address_of(tensor: Tensor) -> int:
    """Return a number that tensors sharing memory share; without memory, a negative one."""
    return _located(tensor)[0]


def _located(tensor: Tensor) -> tuple[int, torch.UntypedStorage | None]:
    """Return the address of the tensor's memory, and that; see `address_of`."""
    try:
        storage = _plain(tensor).untyped_storage()
        address = storage.data_ptr()
    except (RuntimeError, NotImplementedError, ValueError):  # sparse, meta, lazy and others
        return -id(tensor), None
    return (address, storage) if address else (-id(tensor), None)


def _plain(tensor: Tensor) -> Tensor:
    while torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor


def is_wrapped(tensor: Tensor) -> bool:
    """Return whether a tensor lives only inside `vmap`, `grad` or their like."""
    return torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def _region(tensor: Tensor) -> _Region | None:
    """Return the elements shown, or None for layouts without strides."""
    if tensor.layout is not torch.strided:
        return None
    return _Region(
        int(tensor.storage_offset()),
        tuple(tensor.shape),
        tuple(tensor.stride()),
        tensor.dtype,
        tensor.is_contiguous(),
    )


def _is_same(first: _Region | None, second: _Region | None) -> bool:
    if first is None or second is None:
        return False
    if first == second:
        return True
    is_dense = first.is_contiguous and second.is_contiguous and first.dtype == second.dtype
    return is_dense and (first.offset, first.extent) == (second.offset, second.extent)


def _surviving(
    before: tuple[Source, ...], writes: list[Write[Source]], region: _Region | None
) -> tuple[Source, ...]:
    """Return the sources whose values still lie in elements of `region`, by labelling elements."""
    by_label = [before, *(write.sources for write in writes)]
    regions = [write.region for write in writes]
    shown = [found for found in regions if found is not None and region is not None]
    elements = max((found.extent for found in (*shown, region) if found is not None), default=0)
    if (
        region is None
        or len(shown) < len(regions)
        or any(found.dtype != region.dtype for found in shown)
        or not 0 < elements <= MAX_LABELLED_ELEMENTS
    ):
        return union(by_label)
    labels = torch.zeros(elements, dtype=torch.int32)
    for label, found in enumerate(shown, start=1):
        try:
            labels.as_strided(found.shape, found.stride, found.offset).fill_(label)
        except RuntimeError:  # elements that share memory
            return union(by_label)
    left = labels.as_strided(region.shape, region.stride, region.offset)
    return union(by_label[label] for label in sorted(left.unique().tolist()))
