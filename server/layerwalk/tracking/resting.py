"""A model at rest: eval mode, no gradients, and everything put back afterwards."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

_NO_TENSORS = frozenset({dict, OrderedDict, set, bool, int, float, str, type(None)})
"""Types of most of what a module has as attributes; the dicts among them are torch's own."""


@dataclass(slots=True)
class Disturbance:
    """What the forward pass changed and had put back; filled in when `at_rest` ends."""

    buffers: tuple[str, ...] = ()
    random: bool = False


def held_tensors(modules: Mapping[str, nn.Module]) -> Iterator[Tensor]:
    """Yield the tensors that modules keep between calls: weights, buffers, attributes."""
    for module in modules.values():
        for values in (module._parameters, module._buffers):
            for tensor in values.values():
                if tensor is not None and not is_lazy(tensor):
                    yield tensor
        for value in vars(module).values():
            if type(value) in _NO_TENSORS:
                continue
            if isinstance(value, Tensor):
                yield value
            elif isinstance(value, (list, tuple)):
                yield from (item for item in value if isinstance(item, Tensor))


@contextmanager
def at_rest(
    modules: Mapping[str, nn.Module],
    *,
    buffers: Collection[str] | None = None,
    keeps_random: bool,
) -> Iterator[Disturbance]:
    """Hold a model in eval mode without gradients.

    Flags are set directly, not by `eval()`: some models fold weights when that is called. Gradient
    mode is `no_grad`, not `inference_mode`: what a model caches here must still train.

    Args:
        modules: path -> module, all of the model.
        buffers: names of the buffers to put back afterwards; None means all.
        keeps_random: put the process's random states (Python, NumPy, torch) back afterwards.
            They are shared with all threads, so nobody else may draw meanwhile.
    """
    found = Disturbance()
    training = [module for module in modules.values() if module.training]
    compiled = [
        (module, module._compiled_call_impl)
        for module in modules.values()
        if module._compiled_call_impl is not None
    ]
    saved = _save_buffers(modules, buffers)
    states = _RandomStates(modules) if keeps_random else None
    try:
        for module in training:
            module.training = False
        for module, _ in compiled:
            module._compiled_call_impl = None
        with torch.inference_mode(mode=False), torch.no_grad():
            yield found
    finally:
        for module in training:
            module.training = True
        for module, call in compiled:
            module._compiled_call_impl = call
        found.buffers = tuple(buffer.name for buffer in saved if buffer.restore())
        found.random = states is not None and states.restore()


@dataclass(slots=True)
class _SavedBuffer:
    name: str
    owner: nn.Module
    key: str
    tensor: Tensor
    values: Tensor
    version: int

    def restore(self) -> bool:
        """Put the buffer back; return whether it had changed."""
        changed = getattr(self.owner, self.key, None) is not self.tensor
        if changed:
            setattr(self.owner, self.key, self.tensor)
        if self.tensor.is_inference():
            written = not torch.equal(self.tensor, self.values)
        else:
            written = self.tensor._version != self.version
        if written:
            with torch.no_grad():
                if self.tensor.grad_fn is not None:  # it was written with what had a gradient
                    self.tensor.detach_()
                self.tensor.copy_(self.values)
        return changed or written


def _save_buffers(
    modules: Mapping[str, nn.Module], wanted: Collection[str] | None
) -> list[_SavedBuffer]:
    saved: list[_SavedBuffer] = []
    if wanted is not None and not wanted:
        return saved
    with torch.no_grad():
        for path, module in modules.items():
            for key, tensor in module._buffers.items():
                name = f"{path}.{key}" if path else key
                is_wanted = wanted is None or name in wanted
                if tensor is None or is_lazy(tensor) or not is_wanted:
                    continue
                version = 0 if tensor.is_inference() else tensor._version
                saved.append(_SavedBuffer(name, module, key, tensor, tensor.clone(), version))
    return saved


class _RandomStates:
    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        self._python = random.getstate()
        self._numpy = np.random.get_state()  # noqa: NPY002 - the global one is meant
        self._cpu = torch.get_rng_state()
        devices = {
            tensor.device
            for module in modules.values()
            for tensor in chain(module._parameters.values(), module._buffers.values())
            if tensor is not None and tensor.device.type == "cuda"
        }
        self._cuda = [(device, torch.cuda.get_rng_state(device)) for device in devices]

    def restore(self) -> bool:
        """Put back what has changed; return whether anything had."""
        changed = False
        if not torch.equal(torch.get_rng_state(), self._cpu):
            torch.set_rng_state(self._cpu)
            changed = True
        for device, state in self._cuda:
            if not torch.equal(torch.cuda.get_rng_state(device), state):
                torch.cuda.set_rng_state(state, device)
                changed = True
        if random.getstate() != self._python:
            random.setstate(self._python)
            changed = True
        now = np.random.get_state()  # noqa: NPY002
        if not _is_same_state(now, self._numpy):
            np.random.set_state(self._numpy)  # noqa: NPY002
            changed = True
        return changed


def _is_same_state(first: object, second: object) -> bool:
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
