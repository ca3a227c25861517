"""The twin: the copy of the user's model that the server runs, so that training is never touched."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from layerwalk.inputs.prepared import PreparedInput, Slot
from layerwalk.tracking import Trace
from layerwalk_shared.errors import InputError, ModelError


def check_device(device: str) -> None:
    """Raise `ModelError` where torch cannot put a tensor on that device."""
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise ModelError(f"device {device!r} cannot be used: {first_line}") from error


def make_twin(model: nn.Module, *, device: str = "cpu") -> nn.Module:
    """Return a deep copy of a model: in eval mode, on `device`.

    Raises:
        ModelError: the model cannot be copied or moved there.
    """
    try:
        return copy.deepcopy(model).eval().to(device)
    except (RuntimeError, TypeError, ValueError, AttributeError, AssertionError) as error:
        raise ModelError(
            f"{type(model).__name__} cannot be copied to {device!r}: "
            f"{type(error).__name__}: {error}"
        ) from error


class Care:
    """How a model is copied and run; here: a deep copy, which nobody writes once it is there.

    A model that trains meanwhile needs more (`layerwalk.training.care`).

    Attributes:
        is_shared: what is run is the user's own model, so nothing of it may be set.
    """

    is_shared = False

    def twin(self, model: nn.Module, *, device: str) -> nn.Module:
        """Return the module to run.

        Raises:
            ModelError: there is no way to.
        """
        return make_twin(model, device=device)

    def tracing(self) -> AbstractContextManager[None]:
        """Return what is entered around a traced run; model thread."""
        return nullcontext()

    def running(self) -> AbstractContextManager[None]:
        """Return what is entered around every other run; model thread."""
        return nullcontext()

    def settled(self, trace: Trace) -> Trace:
        """Return what a recorder is to go by after a trace; model thread."""
        return trace

    @contextmanager
    def reading(self) -> Iterator[bool]:
        """Hold the weights still; yield whether they change otherwise. Any thread."""
        yield False


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """Arguments of one forward pass, batch of one; one tensor among them is the input shown.

    Attributes:
        args, kwargs: as forward takes them, on the twin's device.
        slot: place of the shown input.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    slot: Slot

    @property
    def shown(self) -> Tensor:
        """The tensor that is the input, `[1, ...]`."""
        return self.tensor(self.slot)

    @property
    def is_integer(self) -> bool:
        return is_whole(self.shown)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Places of all tensors, in order: positional arguments, then those by name."""
        return tuple(slot for slot, _ in self._tensors())

    def tensor(self, slot: Slot) -> Tensor:
        """Return the tensor at a place."""
        return next(tensor for place, tensor in self._tensors() if place == slot)

    def _tensors(self) -> list[tuple[Slot, Tensor]]:
        places: list[tuple[Slot, object]] = [
            *(((at,), value) for at, value in enumerate(self.args)),
            *(((key,), value) for key, value in self.kwargs.items()),
        ]
        return [found for place, value in places for found in _walk(place, value)]

    def with_values(
        self, values: NDArray[np.generic], slot: Slot | None = None
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return (args, kwargs) with other values on the shown input, or at `slot`; copied."""
        slot = slot or self.slot
        before = self.tensor(slot)
        tensor = torch.tensor(values[None], dtype=before.dtype, device=before.device)
        return _put(self.args, self.kwargs, slot, tensor)

    def with_batch(self, shown: Tensor) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return (args, kwargs) with a batch on the shown input, as it is, not copied.

        Other tensors of one item are repeated for the batch, and floating ones take its type.
        """
        count = shown.shape[0]

        def fitting(tensor: Tensor) -> Tensor:
            if shown.is_floating_point() and tensor.is_floating_point():
                tensor = tensor.to(shown.dtype)
            is_item = tensor.ndim > 0 and tensor.shape[0] == 1
            return tensor.expand(count, *tensor.shape[1:]) if is_item else tensor

        args = tuple(_mapped(value, fitting) for value in self.args)
        kwargs = {key: _mapped(value, fitting) for key, value in self.kwargs.items()}
        return _put(args, kwargs, self.slot, shown)

    def with_inputs(self, inputs: Sequence[PreparedInput]) -> Example:
        """Return the example with other values at the places of `inputs`; copied."""
        changed = self
        for one in inputs:
            args, kwargs = changed.with_values(one.values, one.slot)
            changed = replace(changed, args=args, kwargs=kwargs)
        return changed


def _put(
    args: Sequence[Any], kwargs: Mapping[str, Any], slot: Slot, tensor: Tensor
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments with a tensor at a place."""
    args, kwargs = list(args), dict(kwargs)
    first, *rest = slot
    if isinstance(first, int):
        args[first] = _replaced(args[first], rest, tensor)
    else:
        kwargs[first] = _replaced(kwargs[first], rest, tensor)
    return tuple(args), kwargs


def is_whole(tensor: Tensor) -> bool:
    """Return whether a tensor holds whole numbers, such as ids."""
    return not (tensor.is_floating_point() or tensor.is_complex())


def _walk(place: Slot, value: object) -> list[tuple[Slot, Tensor]]:
    if isinstance(value, Tensor):
        return [(place, value)]
    inside: list[tuple[int | str, object]] = []
    if isinstance(value, Mapping):
        inside = [(key, one) for key, one in value.items() if isinstance(key, str)]
    elif isinstance(value, tuple | list):
        inside = list(enumerate(value))
    return [found for step, one in inside for found in _walk((*place, step), one)]


def _replaced(value: Any, steps: Sequence[int | str], tensor: Tensor) -> Any:
    """Return a copy of nested containers with one tensor in them replaced."""
    if not steps:
        return tensor
    step, *rest = steps
    inner = _replaced(value[step], rest, tensor)
    if isinstance(value, tuple):
        items = [*value]
        items[int(step)] = inner
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    made = copy.copy(value)
    made[step] = inner
    return made


def _mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return nested containers with every tensor in them changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple):
        items = [_mapped(one, change) for one in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]
    if isinstance(value, Mapping):
        made = copy.copy(value)
        for key, one in value.items():
            made[key] = _mapped(one, change)  # type: ignore[index]
        return made
    return value


def make_example(
    example: object,
    *,
    device: str = "cpu",
    items: slice = slice(0, 1),
    argument: int | str | None = None,
    parameters: Sequence[str] = (),
) -> Example:
    """Return the arguments that an example stands for.

    Args:
        example: a tensor `[N, ...]`; or a tuple or list of arguments, or a mapping of keyword
            arguments; tensors may also lie in tuples, lists and dicts among them.
        device: where the tensors go.
        items: which of the batch; the first.
        argument: which tensor is the input that is shown: position, name, or path such as
            `batch.pixels`; the first that has a batch axis by default.
        parameters: names of the positional arguments.

    Raises:
        InputError: there is no tensor with a batch axis in it, or none where `argument` says.
    """
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if isinstance(example, Mapping):
        kwargs = dict(example)
    else:
        args = tuple(example) if isinstance(example, tuple | list) else (example,)
    whole = Example(args, kwargs, (0,))
    able = [slot for slot in whole.slots if _has_batch(whole.tensor(slot))]
    if not able:
        raise InputError(
            f"the example is {_describe(example)}; a tensor [N, ...] is expected, or a tuple or "
            "dict of arguments that begins with one"
        )
    slot = able[0]
    if argument is not None:
        slot = next((one for one in able if str(argument) in slot_names(one, parameters)), ())
    if not slot:
        known = ", ".join(slot_names(one, parameters)[0] for one in able)
        raise InputError(f"argument {argument!r} of the example holds no tensor [N, ...]: {known}")
    batch = whole.tensor(slot).shape[0]

    def first(tensor: Tensor) -> Tensor:
        one = tensor[items] if tensor.ndim and tensor.shape[0] == batch else tensor
        return one.detach().clone().to(device)

    return Example(
        tuple(_mapped(value, first) for value in args),
        {key: _mapped(kwargs[key], first) for key in kwargs},
        slot,
    )


def slot_names(slot: Slot, parameters: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what a place among the arguments may be called: `batch.pixels` and `0.pixels`."""
    first, *rest = slot
    heads = [str(first)]
    if isinstance(first, int) and first < len(parameters):
        heads.insert(0, parameters[first])
    return tuple(".".join([head, *map(str, rest)]) for head in heads)


def parameter_names(module: nn.Module) -> tuple[str, ...]:
    """Return the names of the positional arguments of a module's forward, as far as it tells."""
    try:
        found = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return ()
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(one.name for one in found if one.kind in named)


def initialise(twin: nn.Module, example: Example) -> None:
    """Give lazy modules their parameters by one forward pass, and turn gradients off for good.

    Raises:
        ModelError: there are lazy modules and forward raised before they were all initialised.
    """
    with torch.no_grad():
        if any(is_lazy(parameter) for parameter in twin.parameters()):
            try:
                twin(*example.args, **example.kwargs)
            except Exception as error:  # it is the user's code, which may raise anything
                raise ModelError(
                    f"{type(twin).__name__} has lazy modules, and the pass that initialises them "
                    f"raised {type(error).__name__}: {error}"
                ) from error
    twin.requires_grad_(False)


def weights_of(twin: nn.Module) -> dict[str, dict[str, NDArray[np.generic]]]:
    """Return module path -> name -> learned or fixed values, read-only.

    On the CPU they are views of the twin's own, which are never written in place.
    """
    found: dict[str, dict[str, NDArray[np.generic]]] = {}
    for path, module in twin.named_modules():
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        arrays = {name: _to_numpy(tensor) for name, tensor in own if tensor.is_floating_point()}
        if arrays:
            found[path] = arrays
    return found


def own_weights(module: nn.Module) -> dict[str, NDArray[np.generic]]:
    """Return name -> copy of the learned or fixed values of a module itself."""
    own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    return {name: _to_numpy(tensor).copy() for name, tensor in own if tensor.is_floating_point()}


def batch_of(example: object) -> int:
    """Return how many items an example holds: the first axis of the input that is shown.

    Raises:
        InputError: see `make_example`.
    """
    return int(make_example(example, items=slice(None)).shown.shape[0])


def main_weight(arrays: Mapping[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    """Return the array that stands for a module: `weight`, else the one with the most axes."""
    if "weight" in arrays:
        return arrays["weight"]
    return max(arrays.values(), key=lambda array: array.ndim)


def _to_numpy(tensor: Tensor) -> NDArray[np.generic]:
    tensor = tensor.detach().cpu()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.float()
    view: NDArray[np.generic] = tensor.numpy().view()
    view.flags.writeable = False
    return view


def _has_batch(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim > 1 and value.shape[0] > 0


def _describe(example: object) -> str:
    if isinstance(example, Tensor):
        return f"a tensor of shape {list(example.shape)}"
    return f"a {type(example).__name__}"
