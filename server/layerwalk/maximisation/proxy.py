"""ProxyGrad: rectifiers that pass a share of the gradient back where they were not active.

Linse, Barth, Martinetz: Leaky ReLUs and gradient ascent (IJCNN 2024, arXiv 2410.16958); Linse 2024,
chapter 5, table 5.2: forward `max(x, 0)`, backward `max(x > 0, s) * g`. It is the gradient of a twin
network with leaky rectifiers, at the activations of the true one. The listing in appendix A.1
writes into `grad_output`, which belongs to whoever else reads it: wrong on branches and on expanded
gradients. Here a new tensor is returned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from layerwalk_shared.errors import InvalidRequestError

Bounds = tuple[float, float | None]
"""Slope below zero of the rectifier itself, and where a clamp ends above; None: it is no clamp."""


class _Rectifier(torch.autograd.Function):
    """Keeps for backward what torch's own keeps: a later write that they allow is allowed here."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, bounds: Bounds, slope: float, in_place: bool) -> Tensor:  # noqa: FBT001
        own, end = bounds
        if end is not None:
            result = x.clamp_(0.0, end) if in_place else x.clamp(0.0, end)
            kept = (result > 0) & (result < end)
        elif own > 0:
            result = functional.leaky_relu(x, own, inplace=in_place)
            kept = result if in_place else x
        else:
            result = x.relu_() if in_place else x.relu()
            kept = result
        if in_place:
            ctx.mark_dirty(x)
        ctx.save_for_backward(kept)
        ctx.slope = slope
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (grad,) = grads
        (kept,) = ctx.saved_tensors
        if kept.dtype is torch.bool:
            return torch.where(kept, grad, grad * ctx.slope), None, None, None
        # Only signs are read, and those of a result are those of what it came from.
        back = torch.ops.aten.leaky_relu_backward(grad, kept, ctx.slope, True)
        return back, None, None, None


def proxy_relu(x: Tensor, slope: float) -> Tensor:
    """Return `relu(x)`, whose gradient is `slope` instead of 0 where `x <= 0`.

    Args:
        x: any shape, any floating type.
        slope: 0 (the true gradient) to 1 (as if there were no ReLU).

    Raises:
        InvalidRequestError: the slope is outside of 0..1.
    """
    check_slope(slope)
    if not slope:
        return torch.relu(x)
    result: Tensor = _Rectifier.apply(x, (0.0, None), slope, False)
    return result


def check_slope(slope: float) -> None:
    """Raise `InvalidRequestError` where a slope is outside of 0..1."""
    if not 0 <= slope <= 1:
        raise InvalidRequestError(f"slope {slope}, expected 0 to 1")


def _plain(end: float | None) -> Callable[..., Bounds | None]:
    return lambda *_, **__: (0.0, end)


def _leaky(input: Any, negative_slope: float = 0.01, *_: Any, **__: Any) -> Bounds | None:  # noqa: A002
    return (negative_slope, None) if 0 <= negative_slope <= 1 else None


def _between(
    input: Any,  # noqa: A002
    min_val: float = -1.0,
    max_val: float = 1.0,
    *_: Any,
    **__: Any,
) -> Bounds | None:
    return (0.0, max_val) if min_val == 0 and max_val > 0 else None


def _threshold(input: Any, threshold: float, value: float) -> Bounds | None:  # noqa: A002
    return (0.0, math.inf) if threshold == 0 and value == 0 else None


def _clamped(input: Any, min: Any = None, max: Any = None) -> Bounds | None:  # noqa: A002
    is_rectifier = isinstance(min, int | float) and min == 0
    if not is_rectifier or not (max is None or (isinstance(max, int | float) and max > 0)):
        return None
    return 0.0, math.inf if max is None else float(max)


_RECTIFIERS: MappingProxyType[Any, tuple[Callable[..., Bounds | None], bool]] = MappingProxyType(
    {
        functional.relu: (_plain(None), False),
        functional.relu_: (_plain(None), True),
        torch.relu: (_plain(None), False),
        torch.relu_: (_plain(None), True),
        Tensor.relu: (_plain(None), False),
        Tensor.relu_: (_plain(None), True),
        functional.relu6: (_plain(6.0), False),
        functional.leaky_relu: (_leaky, False),
        functional.leaky_relu_: (_leaky, True),
        functional.hardtanh: (_between, False),
        functional.hardtanh_: (_between, True),
        functional.threshold: (_threshold, False),
        functional.threshold_: (_threshold, True),  # type: ignore[attr-defined]
        torch.clamp: (_clamped, False),
        torch.clamp_: (_clamped, True),
        Tensor.clamp: (_clamped, False),
        Tensor.clamp_: (_clamped, True),
        torch.clip: (_clamped, False),
        torch.clip_: (_clamped, True),
        Tensor.clip: (_clamped, False),
        Tensor.clip_: (_clamped, True),
        torch.clamp_min: (_clamped, False),
        torch.clamp_min_: (_clamped, True),
        Tensor.clamp_min: (_clamped, False),
        Tensor.clamp_min_: (_clamped, True),
    }
)
"""Function -> (how its arguments say what it does; None: it is no rectifier), whether it writes its
argument. Modules call these: `nn.ReLU`, `nn.ReLU6`, `nn.LeakyReLU`, `nn.Hardtanh`, `nn.Threshold`."""


class ProxyGrad(TorchFunctionMode):
    """Meanwhile every rectifier passes `slope` of the gradient back where it is not active.

    ReLU, ReLU6, LeakyReLU and clamping at zero, as modules, functions, methods and in place. A leaky
    one keeps its own slope where that is larger. ReLU6 passes it above 6, too. A slope of 0 changes
    nothing. What TorchScript runs is not reached.

    Raises:
        InvalidRequestError: the slope is outside of 0..1.
    """

    def __init__(self, slope: float) -> None:
        check_slope(slope)
        super().__init__()
        self._slope = slope

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        known = _RECTIFIERS.get(func)
        if known is None or not torch.is_grad_enabled():
            return func(*args, **kwargs)
        describe, in_place = known
        x, rest, named = _split(args, kwargs)
        if "out" in named or not (
            isinstance(x, Tensor) and x.requires_grad and x.is_floating_point()
        ):
            return func(*args, **kwargs)
        in_place = bool(named.pop("inplace", in_place))
        bounds = describe(x, *rest, **named)
        if bounds is None or self._slope <= bounds[0]:  # none, or one whose gradient is its own
            return func(*args, **kwargs)
        return _Rectifier.apply(x, bounds, self._slope, in_place)


def _split(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Any], dict[str, Any]]:
    """Return the tensor, further arguments, and those by name; `inplace` is always by name."""
    named = dict(kwargs)
    values = list(args)
    x = values.pop(0) if values else named.pop("input", None)
    if values and isinstance(values[-1], bool):
        named["inplace"] = values.pop()
    return x, values, named
