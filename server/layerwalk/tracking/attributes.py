"""What a module or a call of a function was set up with, as facts that travel with its node.

Only what stands there anyway is read: no property is called, no tensor looked at.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from layerwalk.tracking.modules import TrackerModule
from layerwalk_shared.graph import Attribute, Scalar

MOST = 24
"""Attributes of one node at most."""
LONGEST = 64
"""Characters of a text, entries of a tuple at most; what is longer is no setting."""
_SILENT = frozenset({"inplace", "training", "out", "dtype", "_stacklevel"})
"""What changes nothing in the values that come out."""

_WINDOW = ("stride", "padding", "dilation", "groups")
_REDUCTION = ("dim", "keepdim")
_POSITIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), ("weight", "bias", *_WINDOW)),
    **dict.fromkeys(
        ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
        ("weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"),
    ),
    **dict.fromkeys(
        ("avg_pool1d", "avg_pool2d", "avg_pool3d"),
        ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    ),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "std", "var", "max", "min"), _REDUCTION),
    **dict.fromkeys(("argmax", "argmin", "all", "any", "median", "logsumexp", "prod"), _REDUCTION),
    **dict.fromkeys(("softmax", "log_softmax", "cumsum", "cumprod"), ("dim",)),
    **dict.fromkeys(("cat", "stack"), ("dim",)),
    **dict.fromkeys(("add", "sub", "mul", "div", "remainder", "floor_divide"), ("other",)),
    **dict.fromkeys(("hardshrink", "softshrink"), ("lambd",)),
    **dict.fromkeys(("clamp", "clip"), ("min", "max")),
    **dict.fromkeys(
        ("max_pool1d", "max_pool2d", "max_pool3d"),
        ("kernel_size", *_WINDOW[:3], "ceil_mode"),
    ),
    "pow": ("exponent",),
    "leaky_relu": ("negative_slope",),
    "elu": ("alpha",),
    "celu": ("alpha",),
    "softplus": ("beta", "threshold"),
    "hardtanh": ("min_val", "max_val"),
    "threshold": ("threshold", "value"),
    "flatten": ("start_dim", "end_dim"),
    "chunk": ("chunks", "dim"),
    "split": ("split_size", "dim"),
    "roll": ("shifts", "dims"),
    "pad": ("pad", "mode", "value"),
    "repeat_interleave": ("repeats", "dim"),
    "pixel_shuffle": ("upscale_factor",),
}
"""Names of the positional arguments after the first, of functions that do not tell them."""
_FIRST: Mapping[str, str] = {"einsum": "equation"}
"""Names of first arguments that are no tensor."""


def module_attributes(module: nn.Module) -> dict[str, Attribute]:
    """Return what a module was made with: its public numbers, switches, words and short tuples."""
    if isinstance(module, TrackerModule):
        return {}
    found = _settings(vars(module))
    if "bias" in module._parameters:
        found["bias"] = module._parameters["bias"] is not None
    return found


def call_attributes(
    function: Callable[..., Any], operation: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Attribute]:
    """Return what a function was called with beside its tensors.

    Args:
        function: as a torch function mode gets it.
        operation: its one name for all spellings.
        args: positional arguments; unnamed ones are left out.
        kwargs: the others; functions of `torch.nn.functional` tell their defaults here, too.
    """
    values: dict[str, Any] = {}
    if any(_attribute(value) is not None for value in args):
        names = _names(function, operation)
        values = dict(zip(names, args, strict=False))
    if operation.startswith("conv") and isinstance(args[1] if len(args) > 1 else None, Tensor):
        values["kernel_size"] = tuple(args[1].shape[2:])
    return _settings({**values, **kwargs})


def _settings(values: Mapping[str, Any]) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for name, value in values.items():
        if name.startswith("_") or name in _SILENT:
            continue
        attribute = _attribute(value)
        if attribute is not None and len(found) < MOST:
            found[name] = attribute
    return found


def _names(function: Callable[..., Any], operation: str) -> tuple[str, ...]:
    """Return the names of a function's positional arguments, as far as they are known."""
    known = (_FIRST.get(operation, "input"), *_POSITIONS.get(operation, ()))
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return known
    return tuple(one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD) or known


def _attribute(value: Any) -> Attribute | None:
    if isinstance(value, tuple | list):
        if len(value) > LONGEST:
            return None
        known = tuple(entry for entry in map(_scalar, value) if entry is not None)
        return known if known and len(known) == len(value) else None
    return _scalar(value)


def _scalar(value: Any) -> Scalar | None:
    if type(value) is bool or type(value) is int:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    return value if type(value) is str and 0 < len(value) <= LONGEST else None
