"""Layerwalk: watch a live PyTorch network as a place in 3D.

`layerwalk.watch(model, example)` shows a model while it trains. `layerwalk.snapshot(model, x)` gives
graph and values without a server, `layerwalk.maximise(model, node, channels, example=x)` images that
excite units; `TrackerModule` and `MarkerModule` say in a model what is to be shown. Names are loaded when they are asked for, so
importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerwalk.attribution.library import attribute as attribute
    from layerwalk.complaints import LayerwalkWarning as LayerwalkWarning
    from layerwalk.http.serving import serve as serve
    from layerwalk.limits import Limits as Limits
    from layerwalk.maximisation.library import maximise as maximise
    from layerwalk.maximisation.proxy import proxy_relu as proxy_relu
    from layerwalk.session import Session as Session
    from layerwalk.tracking import MarkerModule as MarkerModule
    from layerwalk.tracking import TrackerModule as TrackerModule
    from layerwalk.tracking import snapshot as snapshot
    from layerwalk.tracking import trace as trace
    from layerwalk.viewer import Viewer as Viewer
    from layerwalk.viewer import watch as watch

_HOMES = {
    "LayerwalkWarning": "layerwalk.complaints",
    "Limits": "layerwalk.limits",
    "MarkerModule": "layerwalk.tracking",
    "Session": "layerwalk.session",
    "attribute": "layerwalk.attribution.library",
    "maximise": "layerwalk.maximisation.library",
    "proxy_relu": "layerwalk.maximisation.proxy",
    "TrackerModule": "layerwalk.tracking",
    "serve": "layerwalk.http.serving",
    "snapshot": "layerwalk.tracking",
    "trace": "layerwalk.tracking",
    "Viewer": "layerwalk.viewer",
    "watch": "layerwalk.viewer",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'layerwalk' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
