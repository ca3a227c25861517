"""Who is running: the stack of module calls, kept by temporary forward hooks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle

from layerwalk.tracking.standins import Scripted

PARAMETRIZATIONS = "parametrizations"
"""The child under which torch keeps what computes a module's weights: a part of that module."""


@dataclass(slots=True, eq=False)
class Frame:
    """One call of one module. `path` is "" for the root; `call` counts calls of `path` from 1."""

    module: nn.Module
    path: str
    call: int
    is_leaf: bool
    parent: Frame | None
    raising: BaseException | None
    state: Any = field(default=None)

    @property
    def id(self) -> str:
        return numbered(self.path, self.call)


Enter = Callable[[Frame, tuple[Any, ...], dict[str, Any]], None]
Leave = Callable[[Frame, Any], Any]
Fail = Callable[[Frame, BaseException], None]


def numbered(name: str, count: int) -> str:
    """Return `name` for the first of its kind, `name:2` for the second."""
    return name if count == 1 else f"{name}:{count}"


def joined(path: str, name: str) -> str:
    """Return the path of `name` below `path`."""
    return f"{path}.{name}" if path else name


def is_leaf(module: nn.Module) -> bool:
    """Return whether a module is one node: it has no children, or is used as a whole.

    A plain container without children is none; it does nothing.
    """
    if type(module) in (nn.Sequential, nn.ModuleList, nn.ModuleDict):
        return False
    if isinstance(module, (nn.MultiheadAttention, Scripted)):
        return True
    return all(
        child is None
        or name == PARAMETRIZATIONS
        or isinstance(child, (nn.ParameterList, nn.ParameterDict))
        for name, child in module._modules.items()
    )


class ModuleTree:
    """The modules of a model that calls are told apart by, with every path each is known under."""

    def __init__(self, model: nn.Module) -> None:
        self.root = model
        self.paths: dict[nn.Module, list[str]] = {}
        self.leaves: set[nn.Module] = set()
        self.modules: dict[str, nn.Module] = {}
        self._collect(model, "", ())

    def _collect(self, module: nn.Module, path: str, above: tuple[nn.Module, ...]) -> None:
        if module in above:
            return
        self.paths.setdefault(module, []).append(path)
        self.modules[path] = module
        if path and is_leaf(module):
            self.leaves.add(module)
            return
        for name, child in module._modules.items():
            if child is not None and name != PARAMETRIZATIONS:
                self._collect(child, joined(path, name), (*above, module))

    def path(self, module: nn.Module, caller: Frame | None) -> str:
        """Return the path a module is called by: of several, the one nearest to the caller."""
        paths = self.paths[module]
        if caller is None or len(paths) == 1:
            return paths[0]
        return max(paths, key=lambda path: _common_steps(path, caller.path))


def _common_steps(first: str, second: str) -> int:
    count = 0
    for one, other in zip(first.split("."), second.split("."), strict=False):
        if one != other:
            break
        count += 1
    return count


class CallStack:
    """Mutable, owned by the thread that runs the forward pass. A context manager, reusable.

    `enter` is called before each module call, `leave` after it (what it returns, if not None,
    replaces the output), `fail` instead of `leave` where the call raised.
    """

    def __init__(
        self,
        tree: ModuleTree,
        *,
        enter: Enter,
        leave: Leave,
        fail: Fail,
        modules: Iterable[nn.Module] | None = None,
    ) -> None:
        """Prepare to watch the calls of `modules`, all of the tree by default."""
        self.tree = tree
        self.counts: dict[str, int] = {}
        self.current: Frame | None = None
        self._enter, self._leave, self._fail = enter, leave, fail
        self._modules = list(tree.paths if modules is None else modules)
        self._single = {m: tree.paths[m][0] for m in self._modules if len(tree.paths[m]) == 1}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> CallStack:
        self.counts.clear()
        self.current = None
        before, after = self._before, self._after
        try:
            for module in self._modules:
                self._handles += (
                    module.register_forward_pre_hook(before, prepend=True, with_kwargs=True),
                    module.register_forward_hook(after, always_call=True),
                )
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self.current = None

    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        caller = self.current
        path = self._single.get(module)
        if path is None:
            path = self.tree.path(module, caller)
        call = self.counts.get(path, 0) + 1
        self.counts[path] = call
        is_leaf = module in self.tree.leaves
        self.current = frame = Frame(module, path, call, is_leaf, caller, sys.exc_info()[1])
        self._enter(frame, args, kwargs)

    def _after(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        frame = self.current
        while frame is not None and frame.module is not module:
            frame = frame.parent
        if frame is None:
            return None
        self.current = frame.parent
        error = sys.exc_info()[1]
        if error is not None and error is not frame.raising:
            self._fail(frame, error)
            return None
        return self._leave(frame, output)
