"""The twin: the copy of the user's model that the server runs, so that training is never touched."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from layerwalk.tracking import Trace
from layerwalk_shared.errors import InputError, ModelError
from layerwalk_shared.messages import InputSpec


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

    A model that trains meanwhile needs more (`layerwalk.training.beside`).

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
        slot: place of the shown input: index in `args`, or name in `kwargs`.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    slot: int | str

    @property
    def shown(self) -> Tensor:
        """The tensor that is the input, `[1, ...]`."""
        found = self.args[self.slot] if isinstance(self.slot, int) else self.kwargs[self.slot]
        assert isinstance(found, Tensor)
        return found

    @property
    def is_integer(self) -> bool:
        return not (self.shown.is_floating_point() or self.shown.is_complex())

    def with_values(self, values: NDArray[np.generic]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return (args, kwargs) with other values on the shown input; they are copied."""
        tensor = torch.tensor(values[None], dtype=self.shown.dtype, device=self.shown.device)
        args, kwargs = list(self.args), dict(self.kwargs)
        if isinstance(self.slot, int):
            args[self.slot] = tensor
        else:
            kwargs[self.slot] = tensor
        return tuple(args), kwargs


def make_example(example: object, *, device: str = "cpu", items: slice = slice(0, 1)) -> Example:
    """Return the arguments that an example stands for.

    Args:
        example: a tensor `[N, ...]`; or a tuple or list of arguments, or a mapping of keyword
            arguments, whose first tensor is the input that is shown.
        device: where the tensors go.
        items: which of the batch; the first.

    Raises:
        InputError: there is no tensor with a batch axis in it.
    """
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if isinstance(example, Mapping):
        kwargs = dict(example)
    else:
        args = tuple(example) if isinstance(example, tuple | list) else (example,)
    places: list[tuple[int | str, object]] = [*enumerate(args), *kwargs.items()]
    slot = next((place for place, value in places if _has_batch(value)), None)
    if slot is None:
        raise InputError(
            f"the example is {_describe(example)}; a tensor [N, ...] is expected, or a tuple or "
            "dict of arguments that begins with one"
        )
    batch = (args[slot] if isinstance(slot, int) else kwargs[slot]).shape[0]

    def first(value: object) -> object:
        if not isinstance(value, Tensor):
            return value
        one = value[items] if value.ndim and value.shape[0] == batch else value
        return one.detach().clone().to(device)

    return Example(
        tuple(first(value) for value in args), {key: first(kwargs[key]) for key in kwargs}, slot
    )


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


def spec_of(
    example: Example, *, mean: tuple[float, ...] = (), std: tuple[float, ...] = ()
) -> InputSpec:
    """Return the input description of an example."""
    shape = tuple(int(size) for size in example.shown.shape[1:])
    if len(shape) == 3 and shape[0] in (1, 3) and not example.is_integer:
        return InputSpec(kind="image", shape=shape, mean=mean, std=std)
    return InputSpec(kind="vector" if len(shape) == 1 else "tensor", shape=shape)


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
