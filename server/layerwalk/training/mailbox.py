"""From the training thread to the twin: weights, gradients and metrics of one step.

`write` is all that a training step waits for: the weights are copied once, straight into the twin
where nobody runs it, into memory beside it where somebody does; of gradients there are norms and
samples. On a GPU everything is queued behind the training's own work and nothing is waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from layerwalk.training.samples import sample
from layerwalk_shared.errors import ModelError

Metric = float | Tensor


@dataclass(frozen=True, slots=True, eq=False)
class PublishedStep:
    """What one step left. Tensors may still be on their way; `arrived` waits for them.

    Attributes:
        step: of the training.
        norms: module path -> L2 norms of the gradients of its own parameters.
        samples: module path -> even samples of them.
        events: of the GPUs that copy.
    """

    step: int
    norms: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    samples: Mapping[str, tuple[Tensor, ...]] = field(default_factory=dict)
    events: tuple[torch.cuda.Event, ...] = ()

    def arrived(self) -> None:
        """Wait until everything is there; model thread."""
        for event in self.events:
            event.synchronize()


class Mailbox:
    """Holds at most one published step: a newer one replaces one that was not taken out.

    Mutable: `write` on the training thread, `read` on the model thread, which holds `lock`.

    Args:
        source: the user's model.
        twin: the copy, of the same modules; or the model itself, which needs no copying.
        lock: of the twin's weights.
    """

    def __init__(self, source: nn.Module, twin: nn.Module, lock: threading.RLock) -> None:
        self._source = source
        self._modules = _Modules(source)
        self._targets = () if twin is source else tuple(_own(twin.modules()))
        self._is_shared = twin is source
        self._lock = lock
        self._own = threading.Lock()
        self._staged: list[Tensor] | None = None
        self._published: PublishedStep | None = None

    @property
    def staged_bytes(self) -> int:
        """Memory beside the twin that waits to be taken out."""
        return sum(tensor.nbytes for tensor in self._staged or ())

    def write(self, step: int) -> None:
        """Take the weights, and what gradients there are, of the model as it is now.

        Raises:
            ModelError: its parameters are not those that it was traced with.
        """
        with torch.no_grad():
            if self._is_shared:
                with self._own:
                    self._published = self._written(step)
                return
            found = self._found()
            if self._lock.acquire(blocking=False):
                try:
                    with self._own:
                        self._staged = None
                        _copy(self._targets, found)
                        self._published = self._written(step)
                finally:
                    self._lock.release()
                return
            with self._own:
                if self._staged is None:
                    self._staged = [torch.empty_like(tensor) for tensor in self._targets]
                _copy(self._staged, found)
                self._published = self._written(step)

    def read(self) -> PublishedStep | None:
        """Take out what was published, its weights are the twin's then; under the twin's lock."""
        with self._own:
            published, self._published = self._published, None
            staged, self._staged = self._staged, None
        if published is not None:
            published.arrived()
        if staged is not None:
            with torch.no_grad():
                _copy(self._targets, staged)
            for event in _events(self._targets):
                event.synchronize()  # the memory beside is of the training's stream, and free now
        return published

    def _found(self) -> list[Tensor]:
        found = list(_own(module for _, module in self._modules.named()))
        if any(is_lazy(tensor) for tensor in found):
            raise ModelError("the model still has lazy parameters: run it once before publish()")
        if len(found) != len(self._targets) or any(
            tensor.shape != target.shape
            for tensor, target in zip(found, self._targets, strict=False)
        ):
            raise ModelError(
                "the model's parameters are not those it had when it was watched: "
                f"{_sizes(found)} now, {_sizes(self._targets)} then; call watch() again"
            )
        return found

    def _written(self, step: int) -> PublishedStep:
        paths: list[str] = []
        gradients: list[Tensor] = []
        for path, module in self._modules.named():
            for parameter in module._parameters.values():
                gradient = None if parameter is None else parameter.grad
                if gradient is not None and gradient.is_floating_point():
                    paths.append(path)
                    gradients.append(_dense(gradient))
        if not gradients:
            return PublishedStep(step, events=_events(self._targets))
        norms: dict[str, tuple[Tensor, ...]] = {}
        samples: dict[str, tuple[Tensor, ...]] = {}
        for path, gradient, norm in zip(
            paths, gradients, torch._foreach_norm(gradients), strict=True
        ):
            norms[path] = (*norms.get(path, ()), norm)
            samples[path] = (*samples.get(path, ()), sample(gradient))
        return PublishedStep(step, norms, samples, _events((*self._targets, *gradients)))


def held(value: object, name: str) -> Metric:
    """Return a metric that can be read later: numbers at once, tensors on a GPU without waiting.

    Raises:
        TypeError, ValueError: it is not one number.
    """
    if isinstance(value, Tensor):
        if value.numel() != 1:
            raise ValueError(f"{name} has shape {list(value.shape)}, expected one number")
        value = value.detach()
        return float(value) if value.device.type == "cpu" else value.clone()
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} is {value!r}, expected a number") from error


class _Modules:
    """The modules of a model with their paths, walked anew only where one was replaced."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._named: list[tuple[str, nn.Module]] = []
        self._children: list[tuple[dict[str, nn.Module | None], dict[str, nn.Module | None]]] = []

    def named(self) -> list[tuple[str, nn.Module]]:
        if not self._named or any(now != then for now, then in self._children):
            self._named = list(self._model.named_modules())
            self._children = [
                (module._modules, dict(module._modules))
                for _, module in self._named
                if module._modules
            ]
        return self._named


def _own(modules: Iterable[nn.Module]) -> Iterator[Tensor]:
    """Yield parameters and buffers, in an order that copies of a model share."""
    for module in modules:
        for own in (module._parameters, module._buffers):
            yield from (tensor for tensor in own.values() if tensor is not None)


def _copy(targets: tuple[Tensor, ...] | list[Tensor], sources: list[Tensor]) -> None:
    pairs: dict[tuple[object, ...], tuple[list[Tensor], list[Tensor]]] = {}
    for target, source in zip(targets, sources, strict=True):
        kind = (target.dtype, target.device, source.dtype, source.device)
        into, out_of = pairs.setdefault(kind, ([], []))
        into.append(target)
        out_of.append(source)
    for into, out_of in pairs.values():
        torch._foreach_copy_(into, out_of, non_blocking=into[0].device == out_of[0].device)


def _dense(gradient: Tensor) -> Tensor:
    gradient = gradient.detach()
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _events(tensors: tuple[Tensor, ...]) -> tuple[torch.cuda.Event, ...]:
    devices = {tensor.device for tensor in tensors if tensor.device.type == "cuda"}
    return tuple(torch.cuda.current_stream(device).record_event() for device in devices)


def _sizes(tensors: list[Tensor] | tuple[Tensor, ...]) -> str:
    return f"{len(tensors)} tensors, {sum(tensor.numel() for tensor in tensors)} values"
