"""Folding batch normalisation into the layers before it, in a model of one's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from layerwalk.tracking import Trace

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def fold(model: nn.Module, trace: Trace, *, kept: Collection[str]) -> int:
    """Fold every batch normalisation that follows a convolution or a linear layer directly.

    Both become one layer that gives what the normalisation gave; an identity stands where that was,
    so that nodes keep their names.

    Args:
        model: in eval mode; changed.
        trace: of it, with detail "modules" or "operations".
        kept: nodes whose values must stay what they are.

    Returns:
        How many were folded.
    """
    consumers = Counter(edge.source for edge in trace.graph.edges)
    node = trace.graph.node
    names = _names(model)
    folded = 0
    for edge in trace.graph.edges:
        first, second = node(edge.source), node(edge.target)
        if (
            consumers[edge.source] != 1
            or first.kind != "module"
            or second.kind != "module"
            or first.id in kept
            or not _is_single(model, first.module, trace, names)
            or not _is_single(model, second.module, trace, names)
            or first.id in trace.outputs
        ):
            continue
        layer = model.get_submodule(first.module)
        norm = model.get_submodule(second.module)
        if _can_fold(layer, norm):
            _put(model, first.module, _fused(layer, norm))
            _put(model, second.module, nn.Identity())
            folded += 1
    return folded


def _names(model: nn.Module) -> Counter[int]:
    """Return how many names each module is known under."""
    return Counter(id(module) for _, module in model.named_modules(remove_duplicate=False))


def _is_single(model: nn.Module, path: str, trace: Trace, names: Counter[int]) -> bool:
    """Return whether a module is called once, and known under one name."""
    called = trace.plan.module_calls.get(path) == 1
    return bool(path) and called and names[id(model.get_submodule(path))] == 1


def _can_fold(layer: nn.Module, norm: nn.Module) -> bool:
    if type(norm) not in _NORMALISATIONS or not isinstance(norm, _BatchNorm):
        return False
    if norm.training or norm.running_mean is None or norm.running_var is None:
        return False
    is_known = type(layer) in _CONVOLUTIONS or type(layer) is nn.Linear
    has_extras = any(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or hasattr(module, "parametrizations")
        for module in (layer, norm)
    )
    if not is_known or has_extras:
        return False
    if isinstance(layer, nn.Linear) and norm.weight is None:
        return False  # torch's function for it wants one
    channels = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
    return bool(channels == norm.num_features)


def _fused(layer: nn.Module, norm: nn.Module) -> nn.Module:
    if isinstance(layer, nn.Linear):
        return fuse_linear_bn_eval(layer, norm)  # type: ignore[arg-type]
    return fuse_conv_bn_eval(layer, norm)  # type: ignore[type-var, arg-type]


def _put(model: nn.Module, path: str, module: nn.Module) -> None:
    above, _, name = path.rpartition(".")
    model.get_submodule(above).register_module(name, module.eval())
