"""Children that cannot be hooked, replaced for the time of a forward pass by ones that can.

TorchScript modules refuse hooks, and compiled ones would compile the watching too.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from torch import nn

from layerwalk_shared.errors import ModelError


class Scripted(nn.Module):
    """Calls a TorchScript module, which is seen as a whole."""

    def __init__(self, script: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.script = script

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the script returns."""
        return self.script(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "script":
            return super().__getattr__(name)
        return getattr(self.script, name)


def watchable(model: nn.Module) -> nn.Module:
    """Return the module to watch: `model`, or what it was compiled from.

    Raises:
        ModelError: the model is TorchScript as a whole.
    """
    model = _source_of_compiled(model)
    if isinstance(model, torch.jit.ScriptModule):
        raise ModelError(
            f"the model is a TorchScript module ({class_name(model)}), nothing inside it can be "
            "watched; give the nn.Module that it was made from"
        )
    return model


def class_name(module: nn.Module) -> str:
    """Return the name of the module's class, as its author wrote it."""
    if isinstance(module, Scripted):
        module = module.script
    if isinstance(module, torch.jit.ScriptModule):
        return str(getattr(module, "original_name", "ScriptModule"))
    name = type(module).__name__
    is_parametrized = name.startswith("Parametrized") and hasattr(module, "parametrizations")
    return name.removeprefix("Parametrized") if is_parametrized else name


class StandIns:
    """Puts stand-ins in their places within a `with` block. Owned by the model thread."""

    def __init__(self, model: nn.Module) -> None:
        self._swaps: list[tuple[nn.Module, str, nn.Module, nn.Module]] = []
        self._collect(model, set())

    def _collect(self, module: nn.Module, seen: set[nn.Module]) -> None:
        if module in seen:
            return
        seen.add(module)
        for name, child in module._modules.items():
            if child is None:
                continue
            new = _source_of_compiled(child)
            if isinstance(new, torch.jit.ScriptModule):
                new = Scripted(new)
            else:
                self._collect(new, seen)
            if new is not child:
                self._swaps.append((module, name, child, new))

    def __enter__(self) -> None:
        for owner, name, _, new in self._swaps:
            owner._modules[name] = new

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for owner, name, old, _ in self._swaps:
            owner._modules[name] = old


def _source_of_compiled(module: nn.Module) -> nn.Module:
    if type(module).__name__ != "OptimizedModule":
        return module
    source = module._modules.get("_orig_mod")
    return module if source is None else source
