"""Running a traced model and keeping the value of every node, as it was when it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode

from layerwalk.tracking.calls import CallStack, Frame, ModuleTree
from layerwalk.tracking.inputs import copy_arguments
from layerwalk.tracking.nesting import leaves
from layerwalk.tracking.operations import OperationBook
from layerwalk.tracking.resting import at_rest
from layerwalk.tracking.standins import StandIns, watchable
from layerwalk.tracking.tracer import error_text
from layerwalk.tracking.tracing import Trace
from layerwalk.tracking.writes import version
from layerwalk_shared.errors import ClosedError


@dataclass(frozen=True, slots=True)
class Recording:
    """The values of one forward pass. To be read only: values may share memory.

    Attributes:
        values: node id -> its tensor as it was when it was made, with the batch axis, on the
            model's device. Nodes that were not reached are missing.
        outputs: whatever forward returned; None if it raised.
        error: what forward raised, or None.
        drifted: forward did other things than when it was traced: called other modules, or wrote
            in place what it did not write then, or (looked at only where the graph has nodes for
            operations) called other operations.
        batch: items in the batch.
        batch_axes: node id -> axis that counts them, or None.
    """

    values: Mapping[str, Tensor]
    outputs: Any
    error: str | None
    drifted: bool
    batch: int
    batch_axes: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class _Target:
    """A tensor of a result that is a node's value; `output` counts the tensors of the result."""

    output: int
    node: str
    is_copied: bool


class _Catch:
    """What one run has caught so far."""

    def __init__(self, *, copies_all: bool) -> None:
        self.values: dict[str, Tensor] = {}
        self._copies_all = copies_all
        self._versions: list[tuple[Tensor, int]] = []
        self._last: tuple[Tensor, int, Tensor] | None = None

    def take(self, targets: tuple[_Target, ...], tensors: list[Tensor]) -> None:
        for target in targets:
            if target.output >= len(tensors):
                continue
            tensor = tensors[target.output]
            if tensor.requires_grad:  # forward turned gradients on; their graph is not kept
                tensor = tensor.detach()
            if target.is_copied or self._copies_all:
                tensor = self._copy(tensor)
            else:
                self._versions.append((tensor, version(tensor)))
            self.values[target.node] = tensor

    def is_spoilt(self) -> bool:
        """Return whether a value that was not copied was written since."""
        return any(version(tensor) != seen for tensor, seen in self._versions)

    def _copy(self, tensor: Tensor) -> Tensor:
        """Return a copy; the same one for a tensor that comes twice in a row."""
        # Letting the later in-place call run out of place instead, and giving its result to the
        # tensor, saves a pass over the values and was no faster: writing fresh memory is the cost.
        seen = version(tensor)
        if self._last is not None and not tensor.is_inference():
            original, at, copy = self._last
            if original is tensor and at == seen:
                return copy
        copy = tensor.clone()
        self._last = (tensor, seen, copy)
        return copy


class Recorder:
    """Runs a traced model and keeps every node's value. Mutable, owned by the model thread.

    Hooks stand on the model only while `record` runs. A value is copied where the trace saw its
    memory written later; counts of writes are compared at the end of each run, and if a write was
    missed the run is repeated with every value copied.

    Where a traced model draws random numbers in eval mode (`trace.plan.draws_random`), `record`
    puts the process's random states back afterwards, so no other thread may draw meanwhile.
    """

    def __init__(self, model: nn.Module, trace: Trace) -> None:
        self.trace = trace
        model = watchable(model)
        self._model: nn.Module | None = model
        self._stand_ins = StandIns(model)
        self._copies_all = False
        self._inputs: list[_Target] = []
        calls: dict[tuple[str, int], tuple[_Target, ...]] = {}
        operations: dict[tuple[str, str, int], tuple[_Target, ...]] = {}
        for node, capture in trace.plan.captures.items():
            target = _Target(capture.output, node, node in trace.plan.copied)
            if capture.kind == "input":
                self._inputs.append(target)
            elif capture.kind == "module":
                place = (capture.path, capture.call)
                calls[place] = (*calls.get(place, ()), target)
            elif capture.kind == "operation":
                key = (capture.path, capture.name, capture.call)
                operations[key] = (*operations.get(key, ()), target)
        with self._stand_ins:
            self._modules = dict(model.named_modules())
            self._watch = _Watch(model, trace, calls=calls, operations=operations)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the model; `record` raises from then on."""
        self._model = None

    def record(self, args: object, kwargs: Mapping[str, Any] | None = None) -> Recording:
        """Run forward on copies of the tensors given and return the value of every node.

        A forward that raises is no error here: the values up to there come back, with
        `Recording.error`.

        Raises:
            ClosedError: the recorder was closed.
            InputError: no tensor among the arguments.
        """
        if self._model is None:
            raise ClosedError("the recorder is closed")
        recording = self._run(self._model, args, kwargs)
        if recording is None:
            self._copies_all = True
            recording = self._run(self._model, args, kwargs)
            assert recording is not None
        return recording

    def _run(
        self, model: nn.Module, args: object, kwargs: Mapping[str, Any] | None
    ) -> Recording | None:
        """Return one run's recording, or None where a value was written after it was caught."""
        plan = self.trace.plan
        arguments = copy_arguments(args, kwargs)
        catch = _Catch(copies_all=self._copies_all)
        for target, (_, tensor) in zip(self._inputs, arguments.tensors, strict=False):
            catch.take((target,), [tensor])
        outputs, error = None, None
        with (
            self._stand_ins,
            at_rest(self._modules, buffers=plan.buffers, keeps_random=plan.draws_random),
            self._watch.catching(catch),
        ):
            try:
                outputs = model(*arguments.args, **arguments.kwargs)
            except Exception as raised:  # noqa: BLE001 - told in Recording.error
                error = error_text(raised)
        if catch.is_spoilt():
            return None
        expected = [node for node, found in plan.captures.items() if found.kind != "none"]
        values = {node: catch.values[node] for node in expected if node in catch.values}
        drifted = error is None and (
            self._copies_all or len(values) < len(expected) or self._watch.has_drifted()
        )
        return Recording(
            MappingProxyType(values),
            outputs,
            error,
            drifted=drifted,
            batch=arguments.batch,
            batch_axes=plan.batch_axes,
        )


class _Watch(TorchFunctionMode):
    """Hands what modules return to a catch, and what operations return where those are nodes.

    Inside leaf modules the mode steps aside, so that they run as they would without it.
    """

    def __init__(
        self,
        model: nn.Module,
        trace: Trace,
        *,
        calls: dict[tuple[str, int], tuple[_Target, ...]],
        operations: dict[tuple[str, str, int], tuple[_Target, ...]],
    ) -> None:
        super().__init__()
        tree = ModuleTree(model)
        self._calls = calls
        self._operations = operations
        self._expected_calls = dict(trace.plan.module_calls)
        self._expected_operations = dict(trace.plan.operations)
        watched = None
        caught = dict.fromkeys(tree.modules[path] for path, _ in calls)
        if not operations and all(len(tree.paths[module]) == 1 for module in caught):
            watched = caught
            paths = {tree.paths[module][0] for module in caught}
            found = self._expected_calls.items()
            self._expected_calls = {path: count for path, count in found if path in paths}
        self._stack = CallStack(
            tree, enter=self._enter, leave=self._leave, fail=self._fail, modules=watched
        )
        self._counts: Counter[tuple[str, str]] = Counter()
        self._book = OperationBook(trace.detail)
        self._steps_aside = bool(operations) and trace.detail != "operations"
        self._catch: _Catch | None = None

    @contextmanager
    def catching(self, catch: _Catch) -> Iterator[None]:
        """Fill `catch` from the forward pass that runs meanwhile."""
        self._catch = catch
        self._counts.clear()
        try:
            with self._stack:
                if self._operations:
                    self.__enter__()
                yield
        finally:
            self._catch = None
            if _get_current_function_mode() is self:  # not where a leaf was interrupted
                self.__exit__(None, None, None)

    def has_drifted(self) -> bool:
        """Return whether the last pass called other modules or operations than the traced one."""
        if self._stack.counts != self._expected_calls:
            return True
        return bool(self._operations) and self._counts != self._expected_operations

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
            found = leaves(args[0]) if operation.is_assignment else leaves(result)
            self._catch.take(targets, found)
        return result
