"""Watching one run of a traced model: values are caught, and other ways than the traced are noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode

from layerwalk.tracking.calls import CallStack, Frame, ModuleTree
from layerwalk.tracking.catch import Catch, Target
from layerwalk.tracking.nesting import leaves
from layerwalk.tracking.operations import OperationBook
from layerwalk.tracking.running import Key
from layerwalk.tracking.tracing import Trace

Name = TypeVar("Name")


@dataclass(frozen=True, slots=True)
class Watched:
    """What of a run is caught.

    Attributes:
        inputs: of the arguments.
        calls: (path of a module, number of its call) -> of what it returns.
        operations: (path, name, number of its call) -> of what an operation returns there.
    """

    inputs: tuple[Target, ...]
    calls: Mapping[tuple[str, int], tuple[Target, ...]]
    operations: Mapping[tuple[str, str, int], tuple[Target, ...]]


def watched_by(
    trace: Trace, nodes: Iterable[str] | None = None, *, keeps_written: bool = True
) -> Watched:
    """Return what is to be caught for nodes of a trace.

    Args:
        trace: of the model.
        nodes: ids; None: all of them.
        keeps_written: copy values whose memory is written later.
    """
    inputs: list[Target] = []
    calls: dict[tuple[str, int], tuple[Target, ...]] = {}
    operations: dict[tuple[str, str, int], tuple[Target, ...]] = {}
    for node in trace.plan.captures if nodes is None else nodes:
        capture = trace.plan.captures[node]
        target = Target(capture.output, node, keeps_written and node in trace.plan.copied)
        if capture.kind == "input":
            inputs.append(target)
        elif capture.kind == "module":
            place = (capture.path, capture.call)
            calls[place] = (*calls.get(place, ()), target)
        elif capture.kind == "operation":
            key = (capture.path, capture.name, capture.call)
            operations[key] = (*operations.get(key, ()), target)
    return Watched(tuple(inputs), calls, operations)


class Watch(TorchFunctionMode):
    """Hands what modules return to a catch, and what operations return where those are nodes.

    Inside leaf modules the mode steps aside, so that they run as they would without it.
    """

    def __init__(
        self,
        model: nn.Module,
        trace: Trace,
        wanted: Watched,
    ) -> None:
        super().__init__()
        tree = ModuleTree(model)
        calls, operations = wanted.calls, wanted.operations
        self._calls = calls
        self._operations = operations
        self._expected_calls = dict(trace.plan.module_calls)
        self._expected_operations = dict(trace.plan.operations)
        self._expected_order = [
            key for key in trace.plan.order if key in calls or key in operations
        ]
        watched = None
        caught = dict.fromkeys(tree.modules[path] for path, _ in calls)
        if not operations and all(len(tree.paths[module]) == 1 for module in caught):
            # Those that were not called then cost nothing now, and tell of another way if they are.
            called = {tree.modules[path] for path in self._expected_calls}
            watched = {**caught, **dict.fromkeys(one for one in tree.leaves if one not in called)}
            paths = {tree.paths[module][0] for module in watched}
            found = self._expected_calls.items()
            self._expected_calls = {path: count for path, count in found if path in paths}
        self._stack = CallStack(
            tree, enter=self._enter, leave=self._leave, fail=self._fail, modules=watched
        )
        self._counts: Counter[tuple[str, str]] = Counter()
        self._order: list[Key] = []
        self._book = OperationBook(trace.detail)
        self._steps_aside = bool(operations) and trace.detail != "operations"
        self._catch: Catch | None = None

    @contextmanager
    def catching(self, catch: Catch) -> Iterator[None]:
        """Fill `catch` from the forward pass that runs meanwhile."""
        self._catch = catch
        self._counts.clear()
        self._order.clear()
        try:
            with self._stack:
                if self._operations:
                    self.__enter__()
                yield
        finally:
            self._catch = None
            if _get_current_function_mode() is self:  # not where a leaf was interrupted
                self.__exit__(None, None, None)

    def departure(self, otherwise: str | None = None) -> str | None:
        """Return what the last pass did otherwise than the traced one, as a sentence, or None.

        Args:
            otherwise: said where every call was the same, but something else was not.
        """
        found = list(self._differences())
        if not found and otherwise is not None:
            found.append(otherwise)
        if not found:
            return None
        return f"forward took another way than when it was traced: {' and '.join(found)}"

    def _differences(self) -> Iterator[str]:
        """Yield the first call that is new, and the first node that is missing or out of turn."""
        new = _first_new(self._stack.counts, self._expected_calls)
        if new is not None:
            yield _comparison(
                f"module {new!r}", self._stack.counts[new], self._expected_calls.get(new, 0)
            )
        elif self._operations:
            operation = _first_new(self._counts, self._expected_operations)
            if operation is not None:
                path, name = operation
                what = f"operation {name!r}" + (f" in {path!r}" if path else "")
                count, then = self._counts[operation], self._expected_operations.get(operation, 0)
                yield _comparison(what, count, then)
        if self._order != self._expected_order:
            reached = set(self._order)
            missing = next((key for key in self._expected_order if key not in reached), None)
            if missing is not None:
                yield f"node {self._node(missing)!r} was not reached"
                return
            pairs = zip(self._order, self._expected_order, strict=True)
            came, due = next((came, due) for came, due in pairs if came != due)
            yield f"node {self._node(came)!r} came before {self._node(due)!r}"
        elif new is None:
            yield from self._missed()

    def _missed(self) -> Iterator[str]:
        """Yield the first module or operation that ran less often, though no node is missing."""
        path = _first_new(self._expected_calls, self._stack.counts)
        if path is not None:
            yield _comparison(
                f"module {path!r}", self._stack.counts.get(path, 0), self._expected_calls[path]
            )

    def _node(self, key: Key) -> str:
        """Return the first node that a call gave."""
        targets = self._calls[key] if len(key) == 2 else self._operations[key]
        return targets[0].node

    def _enter(self, frame: Frame, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if frame.is_leaf and self._steps_aside and _get_current_function_mode() is self:
            self.__exit__(None, None, None)
            frame.state = self

    def _fail(self, frame: Frame, error: BaseException) -> None:
        if frame.state is self:
            self.__enter__()

    def _leave(self, frame: Frame, output: Any) -> None:
        targets = self._calls.get((frame.path, frame.call))
        if targets is not None and self._catch is not None:
            self._order.append((frame.path, frame.call))
            if frame.state is self:  # the mode has stepped aside already
                self._catch.take(targets, leaves(output))
            else:
                with torch._C.DisableTorchFunction():
                    self._catch.take(targets, leaves(output))
        if frame.state is self:
            self.__enter__()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        operation = self._book.describe(func)
        frame = self._stack.current
        if operation is None or frame is None:
            return func(*args, **kwargs)
        if not self._book.is_shown(operation, is_inside_leaf=frame.is_leaf):
            return func(*args, **kwargs)
        key = (frame.path, operation.name)
        self._counts[key] += 1
        result = func(*args, **kwargs)
        targets = self._operations.get((*key, self._counts[key]))
        if targets is not None and self._catch is not None:
            self._order.append((*key, self._counts[key]))
            found = leaves(args[0]) if operation.is_assignment else leaves(result)
            self._catch.take(targets, found)
        return result


def _first_new(counts: Mapping[Name, int], expected: Mapping[Name, int]) -> Name | None:
    """Return the first of `counts` that is there more often than expected."""
    found = (name for name, count in counts.items() if count > expected.get(name, 0))
    return next(found, None)


def _comparison(what: str, now: int, then: int) -> str:
    times = "once" if now == 1 else f"{now} times"
    return f"{what} was called {times}, {then} then"
