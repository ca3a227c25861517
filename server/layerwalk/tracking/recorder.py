"""Running a traced model and keeping the value of every node, as it was when it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from layerwalk.tracking.calls import CallStack, Frame, ModuleTree
from layerwalk.tracking.inputs import copy_arguments
from layerwalk.tracking.nesting import leaves
from layerwalk.tracking.operations import OperationBook
from layerwalk.tracking.provenance import memory_of
from layerwalk.tracking.resting import at_rest
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
        drifted: forward called other modules or operations than when it was traced.
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
    """A tensor of a result that is a node's value."""

    output: int
    node: str
    is_overwritten: bool


@dataclass(slots=True)
class _Catch:
    """What one run has caught so far."""

    copies_all: bool
    values: dict[str, Tensor] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    copies: dict[tuple[object, ...], Tensor] = field(default_factory=dict)

    def take(self, targets: tuple[_Target, ...], tensors: list[Tensor]) -> None:
        for target in targets:
            if target.output >= len(tensors):
                continue
            tensor = tensors[target.output]
            if target.is_overwritten or self.copies_all:
                tensor = self._copy(tensor)
            else:
                self.versions[target.node] = version(tensor)
            self.values[target.node] = tensor

    def is_spoilt(self) -> bool:
        """Return whether a value that was not copied was written since."""
        return any(version(self.values[node]) != seen for node, seen in self.versions.items())

    def separate(self, held: set[int]) -> None:
        """Copy the values in memory that the model keeps for itself."""
        for node in self.versions:
            if memory_of(self.values[node]) in held:
                self.values[node] = self._copy(self.values[node])

    def _copy(self, tensor: Tensor) -> Tensor:
        if tensor.layout is not torch.strided:
            return tensor.clone()
        place = (memory_of(tensor), tensor.storage_offset(), tensor.shape, tensor.stride())
        key = (*place, tensor.dtype, version(tensor))
        if key not in self.copies:
            self.copies[key] = tensor.clone()
        return self.copies[key]


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
        self._model: nn.Module | None = model
        self._tree = ModuleTree(model)
        self._copies_all = False
        plan = trace.plan
        self._inputs: list[_Target] = []
        self._modules: dict[tuple[str, int], tuple[_Target, ...]] = {}
        self._operations: dict[tuple[str, str, int], tuple[_Target, ...]] = {}
        for node, capture in plan.captures.items():
            target = _Target(capture.output, node, node in plan.overwritten)
            if capture.kind == "input":
                self._inputs.append(target)
            elif capture.kind == "module":
                place = (capture.path, capture.call)
                self._modules[place] = (*self._modules.get(place, ()), target)
            elif capture.kind == "operation":
                key = (capture.path, capture.name, capture.call)
                self._operations[key] = (*self._operations.get(key, ()), target)
        self._expected = {node for node, found in plan.captures.items() if found.kind != "none"}
        self._book = OperationBook(trace.detail)

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
        catch = _Catch(self._copies_all)
        for target, (_, tensor) in zip(self._inputs, arguments.tensors, strict=False):
            catch.take((target,), [tensor])
        run = _Run(self, catch)
        outputs, error = None, None
        resting = at_rest(model, buffers=plan.buffers, keeps_random=plan.draws_random)
        with resting, ExitStack() as watching:
            watching.enter_context(run.stack)
            if self._operations:
                watching.enter_context(run)
            try:
                outputs = model(*arguments.args, **arguments.kwargs)
            except Exception as raised:  # noqa: BLE001 - told in Recording.error
                error = error_text(raised)
        if catch.is_spoilt():
            return None
        with torch.no_grad():
            catch.separate(_held_memory(model))
        values = {node: catch.values[node] for node in plan.captures if node in catch.values}
        drifted = error is None and (
            values.keys() != self._expected
            or run.stack.counts != plan.module_calls
            or (bool(self._operations) and run.operation_counts != plan.operations)
        )
        return Recording(
            MappingProxyType(values), outputs, error, drifted, arguments.batch, plan.batch_axes
        )


class _Run(TorchFunctionMode):
    """One recorded forward pass."""

    def __init__(self, recorder: Recorder, catch: _Catch) -> None:
        super().__init__()
        self.stack = CallStack(
            recorder._tree, enter=self._enter, leave=self._leave, fail=self._fail
        )
        self.operation_counts: Counter[tuple[str, str]] = Counter()
        self._modules = recorder._modules
        self._operations = recorder._operations
        self._book = recorder._book
        self._catch = catch
        self._pauses_in_leaves = bool(self._operations) and recorder.trace.detail != "operations"

    def _enter(self, frame: Frame, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if frame.is_leaf and self._pauses_in_leaves:
            super().__exit__(None, None, None)

    def _fail(self, frame: Frame, error: BaseException) -> None:
        if frame.is_leaf and self._pauses_in_leaves:
            super().__enter__()

    def _leave(self, frame: Frame, output: Any) -> None:
        targets = self._modules.get((frame.path, frame.call))
        if targets is not None:
            with torch._C.DisableTorchFunction():
                self._catch.take(targets, leaves(output))
        if frame.is_leaf and self._pauses_in_leaves:
            super().__enter__()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        operation = self._book.describe(func)
        frame = self.stack.current
        if operation is None or frame is None:
            return func(*args, **kwargs)
        if not self._book.is_shown(operation, is_inside_leaf=frame.is_leaf):
            return func(*args, **kwargs)
        key = (frame.path, operation.name)
        self.operation_counts[key] += 1
        result = func(*args, **kwargs)
        targets = self._operations.get((*key, self.operation_counts[key]))
        if targets is not None:
            found = leaves(args[0]) if operation.is_assignment else leaves(result)
            self._catch.take(targets, found)
        return result


def _held_memory(model: nn.Module) -> set[int]:
    """Return the memory of every tensor that the modules keep: weights, buffers, attributes."""
    held: set[int] = set()
    for module in model.modules():
        for values in (module._parameters, module._buffers):
            held.update(memory_of(tensor) for tensor in values.values() if tensor is not None)
        for value in vars(module).values():
            if isinstance(value, Tensor):
                held.add(memory_of(value))
            elif isinstance(value, (list, tuple)):
                held.update(memory_of(item) for item in value if isinstance(item, Tensor))
    return held
