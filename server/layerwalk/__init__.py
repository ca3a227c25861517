"""Layerwalk: watch a live PyTorch network as a place in 3D."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerwalk.tracking import MarkerModule, TrackerModule, snapshot, trace

__all__ = ["MarkerModule", "TrackerModule", "snapshot", "trace"]

_HOMES = dict.fromkeys(__all__, "layerwalk.tracking")
"""Public name -> module that it is loaded from when it is first used."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'layerwalk' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
