"""One forward pass of an example, watched: nodes and edges of a network, as drafts.

A torch function mode sees every operation, forward hooks see every module call, and the
provenance of tensors gives the edges. What is no node at the chosen detail passes its sources on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode

from layerwalk.tracking.calls import CallStack, Frame, ModuleTree, joined, numbered
from layerwalk.tracking.drafts import Capture, NodeDraft, describe_tensor
from layerwalk.tracking.groups import GroupBook, IdBook, Place, WeightBook, short_name
from layerwalk.tracking.modules import MarkerModule, TrackerModule
from layerwalk.tracking.nesting import has_names, keyed_leaves, leaves
from layerwalk.tracking.operations import Detail, Operation, OperationBook
from layerwalk.tracking.outside import Outside
from layerwalk.tracking.provenance import Provenance, Write, is_wrapped, union
from layerwalk.tracking.standins import class_name
from layerwalk.tracking.writes import is_among, is_self_assignment, version, written_arguments
from layerwalk_shared.graph import NodeKind

Sources = tuple[NodeDraft, ...]
Key = tuple[str, int] | tuple[str, str, int]
"""A call: of a module (path, count), or of an operation (path, name, count)."""


@dataclass(slots=True, eq=False)
class ModuleCall:
    """What the tracer keeps for a module call while it runs.

    `arguments`, `entered` and `versions` are the tensors that came in, their sources and their
    counts of writes at that time. `is_unwatched`: the mode has stepped aside until it ends.
    """

    place: Place
    arguments: list[Tensor]
    entered: list[Sources]
    versions: list[int]
    is_unwatched: bool
    writes: list[Write[NodeDraft]] = field(default_factory=list)
    drafts: list[NodeDraft] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class OperationCall:
    """What the tracer keeps for an operation while it runs; `number` counts them in its module."""

    operation: Operation
    frame: Frame
    is_shown: bool
    number: int
    arguments: list[Tensor]
    entered: list[Sources]
    versions: list[int]


@dataclass(frozen=True, slots=True)
class Failure:
    """Where forward raised: in a module call, or in an operation that it called."""

    error: BaseException
    frame: Frame
    operation: str | None
    inputs: tuple[tuple[NodeDraft, int], ...]


class Tracer(TorchFunctionMode):
    """Mutable, owned by the thread that traces; used for one forward pass."""

    def __init__(self, tree: ModuleTree, detail: Detail, *, batch: int) -> None:
        super().__init__()
        self.stack = CallStack(tree, enter=self._enter, leave=self._leave, fail=self._fail)
        self.drafts: list[NodeDraft] = []
        self.provenance: Provenance[NodeDraft] = Provenance()
        self.operation_counts: Counter[tuple[str, str]] = Counter()
        self.order: list[Key] = []
        self.failure: Failure | None = None
        self._detail = detail
        self._outside = Outside(tree.root, self.provenance)
        self._batch = batch
        self._operations = OperationBook(detail)
        self._ids = IdBook()
        self._weights = WeightBook()
        self._groups = GroupBook(tree, self._weights)

    def add_input(self, draft: NodeDraft, tensor: Tensor) -> None:
        """Add an input node, whose value is `tensor`."""
        draft.id = self._ids.claim(draft.id)
        self.drafts.append(draft)
        self._settle(draft, tensor)

    def add_failure(self, error: BaseException) -> None:
        """Add the node at which forward raised `error`."""
        failure, self.failure = self.failure, None
        if failure is None or failure.error is not error:
            root = Frame(self.stack.tree.root, "", 1, is_leaf=False, parent=None, raising=None)
            failure = Failure(error, root, None, ())
        frame = failure.frame
        place = frame.state.place if frame.state is not None else Place(None, None)
        kind: NodeKind = "module"
        if frame.is_leaf:
            node_id, name, group = frame.id, short_name(frame.path), place.outside
            operation = class_name(frame.module)
        else:
            name = operation = failure.operation or "error"
            kind, group = "operation", place.current
            number = max(1, self.operation_counts[(frame.path, name)])
            node_id = self._operation_id(frame.path, name, number)
        draft = NodeDraft(self._ids.claim(node_id), name, kind, operation, frame.path)
        draft.group, draft.predecessors = group, list(failure.inputs)
        draft.error = error_text(error)
        self.drafts.append(draft)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what runs meanwhile."""
        with self.stack:
            self.__enter__()
            try:
                yield
            finally:
                if _get_current_function_mode() is self:  # not where a leaf was interrupted
                    self.__exit__(None, None, None)

    # Module calls.

    def _enter(self, frame: Frame, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        with torch._C.DisableTorchFunction():
            arguments = leaves((args, kwargs))
            caller = frame.parent
            opens = not frame.is_leaf or self._detail == "operations"
            place = caller.state.place if caller is not None else None
            frame.state = ModuleCall(
                place=self._groups.place(frame, place, opens=opens),
                arguments=arguments,
                entered=self._outside.read(arguments, _entered(caller)),
                versions=[version(tensor) for tensor in arguments],
                is_unwatched=frame.is_leaf
                and self._detail != "operations"
                and _is_plain(frame.module)
                and _get_current_function_mode() is self,
            )
        if frame.state.is_unwatched:
            self.__exit__(None, None, None)

    def _leave(self, frame: Frame, output: Any) -> Any:
        call: ModuleCall = frame.state
        if call.is_unwatched:
            self.__enter__()
        with torch._C.DisableTorchFunction():
            module = frame.module
            if frame.parent is not None:
                frame.parent.state.drafts.extend(call.drafts)
                frame.parent.state.writes.extend(call.writes)
                if isinstance(module, MarkerModule):
                    self._groups.begin_marked(frame, module, frame.parent.state.place)
                    return None
            if not frame.is_leaf:
                return None
            if call.is_unwatched:
                self._note_plain(call, output)
            else:
                self._note_unseen(call, output)
            if self._detail == "trackers" and not isinstance(module, TrackerModule):
                return None
            return self._claim(frame, output)

    def _claim(self, frame: Frame, output: Any) -> Any:
        """Make the tensors that a leaf module returned its nodes.

        Where the output is an argument, untouched, a new alias of it is returned instead, so that
        readers of the output and readers of the argument can be told apart. Not so for trackers:
        theirs is the tensor itself.
        """
        call: ModuleCall = frame.state
        is_tracker = isinstance(frame.module, TrackerModule)
        replacement = None if is_tracker else _alias_of_argument(call, output)
        if replacement is not None:
            self.provenance.set(replacement, self.provenance.sources(output))
            output = replacement
        self.order.append((frame.path, frame.call))
        is_named = has_names(output)
        made = list(enumerate(keyed_leaves(output)))
        if len(made) > 1:  # what is only handed on beside other things is no node again
            passed = _untouched(call)
            made = [one for one in made if not is_among(one[1][1], passed)] or made
        first = made[0][0] if made else 0
        for position, (key, tensor) in made:
            draft = self._module_draft(frame, position, tensor, is_first=position == first)
            draft.id = self._ids.claim(frame.id if position == first else f"{frame.id}.{key}")
            if position > first or is_named:
                draft.name = f"{draft.name}.{key}"
            self._settle(draft, tensor)
            for write in call.writes:
                if self.provenance.is_in(write.memory, tensor):
                    write.sources = (draft,)
        return replacement

    def _module_draft(
        self, frame: Frame, position: int, tensor: Tensor, *, is_first: bool
    ) -> NodeDraft:
        """Return the draft of an output, without its id.

        At detail "operations" the operation inside that made it becomes the module's node.
        """
        call: ModuleCall = frame.state
        module = frame.module
        sources = self.provenance.sources(tensor)
        kind: NodeKind = "tracker" if isinstance(module, TrackerModule) else "module"
        draft = NodeDraft("", "", kind, class_name(module), frame.path)
        maker = sources[0] if len(sources) == 1 else None
        if maker is not None and maker.kind == "operation" and maker in call.drafts:
            self._ids.release(maker.id)
            draft.predecessors = maker.predecessors
            maker.become(draft)
            draft = maker
        else:
            draft.predecessors = _slotted(sources, call.entered)
            self._add(draft, frame.parent)
        draft.group = call.place.inside if len(call.drafts) > 1 else call.place.outside
        draft.name = module.name if isinstance(module, TrackerModule) else short_name(frame.path)
        draft.capture = Capture("module", frame.path, call=frame.call, output=position)
        if is_first:
            draft.weights = self._weights.of(module)
            draft.parameters = sum(map(math.prod, draft.weights))
        return draft

    def _note_plain(self, call: ModuleCall, output: Any) -> None:
        """Note what a module of torch did: all that it returns or wrote comes from all it was given."""
        arguments = union(call.entered)
        for tensor, before in zip(call.arguments, call.versions, strict=True):
            if version(tensor) != before:
                call.writes.append(self.provenance.write(tensor, arguments))
        for tensor in leaves(output):
            if not is_among(tensor, call.arguments):
                self.provenance.set(tensor, arguments)

    def _note_unseen(self, call: ModuleCall, output: Any) -> None:
        """Note what a leaf module did out of sight (through NumPy, in C++) to its arguments.

        What it returned so comes from its arguments, and so does what it wrote; not what it made in
        sight of nothing that came in (angles of positions, of which the argument tells the type).
        """
        arguments = union(call.entered)
        if not arguments:
            return
        for tensor, before in zip(call.arguments, call.versions, strict=True):
            is_seen = any(self.provenance.is_in(write.memory, tensor) for write in call.writes)
            if version(tensor) != before and not is_seen:
                call.writes.append(self.provenance.write(tensor, arguments))
        for tensor in leaves(output):
            if isinstance(tensor, nn.Parameter) or self.provenance.sources(tensor):
                continue
            if self.provenance.is_unexplained(tensor):
                self.provenance.set(tensor, arguments)

    def _fail(self, frame: Frame, error: BaseException) -> None:
        if frame.state is not None and frame.state.is_unwatched:
            self.__enter__()
        if self.failure is not None and self.failure.error is error:
            return
        call: ModuleCall | None = frame.state
        inputs: tuple[tuple[NodeDraft, int], ...] = ()
        if call is not None and call.drafts and not frame.is_leaf:
            inputs = ((call.drafts[-1], 0),)
        elif call is not None:
            inputs = _numbered(call.entered)
        self.failure = Failure(error, frame, None, inputs)

    # Operations.

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        operation = self._operations.describe(func)
        frame = self.stack.current
        if operation is None or frame is None:
            return func(*args, **kwargs)
        call = self._begin(operation, frame, leaves((args, kwargs)))
        if operation.is_export:
            self._outside.export(call.arguments)
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            shown = operation.name if call.is_shown else None
            self.failure = Failure(error, frame, shown, _numbered(call.entered))
            raise
        outputs = leaves(result)
        written = written_arguments(
            operation, call.arguments, versions=call.versions, outputs=outputs, kwargs=kwargs
        )
        if operation.is_assignment and written:
            if is_self_assignment(args):
                self.provenance.spoil(written[0])  # nothing new, but counted as a write
            else:
                self._end(call, written, written, reads_written=True)
            return result
        if written or not all(is_among(tensor, call.arguments) for tensor in outputs):
            reads_written = not (operation.is_overwriting or "out" in kwargs)
            self._end(call, outputs, written, reads_written=reads_written)
        return result

    def _begin(self, operation: Operation, frame: Frame, tensors: list[Tensor]) -> OperationCall:
        is_shown = self._operations.is_shown(operation, is_inside_leaf=frame.is_leaf)
        key = (frame.path, operation.name)
        if is_shown:
            self.operation_counts[key] += 1
        return OperationCall(
            operation,
            frame,
            is_shown=is_shown,
            number=self.operation_counts[key],
            arguments=tensors,
            entered=self._outside.read(tensors, _entered(frame)),
            versions=[version(tensor) for tensor in tensors],
        )

    def _end(
        self,
        call: OperationCall,
        outputs: list[Tensor],
        written: list[Tensor],
        *,
        reads_written: bool,
    ) -> None:
        """Note what an operation made and wrote."""
        read = [
            sources if reads_written or not is_among(tensor, written) else ()
            for tensor, sources in zip(call.arguments, call.entered, strict=True)
        ]
        if call.operation.is_fill and read:
            read[0] = ()
        sources = union(read)
        if call.operation.is_import and not call.arguments:
            sources = self._outside.imported()
        if self._is_node(call, sources, outputs):
            self.order.append((call.frame.path, call.operation.name, call.number))
            made = [self._operation_draft(call, position, read) for position in range(len(outputs))]
            for draft, tensor in zip(made, outputs, strict=True):
                self._note(call, tensor, (draft,), written)
                self._describe(draft, tensor)
            sources = tuple(made) or sources
        else:
            for tensor in outputs:
                if is_among(tensor, written):
                    self._note(call, tensor, sources, written)
                elif not is_among(tensor, call.arguments):
                    is_view = call.operation.is_layout and len(call.arguments) == 1
                    if not (is_view and self.provenance.set_view(tensor, call.arguments[0])):
                        self.provenance.set(tensor, sources)
        for tensor in written:
            if not is_among(tensor, outputs):
                self._note(call, tensor, sources, written)

    def _is_node(self, call: OperationCall, sources: Sources, outputs: list[Tensor]) -> bool:
        if not call.is_shown or not (sources or self._detail == "operations"):
            return False
        return not any(is_wrapped(tensor) for tensor in outputs)

    def _note(
        self, call: OperationCall, tensor: Tensor, sources: Sources, written: list[Tensor]
    ) -> None:
        if is_among(tensor, written):
            call.frame.state.writes.append(self.provenance.write(tensor, sources))
        else:
            self.provenance.set(tensor, sources)

    def _operation_draft(
        self, call: OperationCall, position: int, read: list[Sources]
    ) -> NodeDraft:
        name, path = call.operation.name, call.frame.path
        node_id = self._operation_id(path, name, call.number)
        if position > 0:
            node_id, name = f"{node_id}.{position}", f"{name}.{position}"
        draft = NodeDraft(self._ids.claim(node_id), name, "operation", call.operation.name, path)
        draft.group = call.frame.state.place.current
        draft.predecessors = list(_numbered(read))
        draft.capture = Capture("operation", path, call.operation.name, call.number, position)
        self._add(draft, call.frame)
        return draft

    def _operation_id(self, path: str, name: str, number: int) -> str:
        """Return an operation's id; one named like a module (`relu`) makes way: `relu_op`."""
        wanted = joined(path, name)
        is_taken = wanted in self.stack.tree.modules
        return numbered(f"{wanted}_op" if is_taken else wanted, number)

    # Drafts.

    def _add(self, draft: NodeDraft, frame: Frame | None) -> None:
        self.drafts.append(draft)
        if frame is not None:
            frame.state.drafts.append(draft)

    def _settle(self, draft: NodeDraft, tensor: Tensor) -> None:
        """Let the tensor come from the draft from now on."""
        self.provenance.set(tensor, (draft,))
        self._describe(draft, tensor)

    def _describe(self, draft: NodeDraft, tensor: Tensor) -> None:
        describe_tensor(draft, tensor, batch=self._batch)
        self.provenance.show(tensor, draft)


def error_text(error: BaseException) -> str:
    """Return what an error says, with its class."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_plain(module: nn.Module) -> bool:
    """Return whether a module is torch's own and nobody else has hooks on it.

    What such a leaf gives comes from all that it is given, so that nothing inside need be watched.
    """
    return (
        type(module).__module__.startswith("torch.nn.modules.")
        and len(module._forward_hooks) == 1
        and len(module._forward_pre_hooks) == 1
    )


def _entered(frame: Frame | None) -> list[Sources]:
    """Return what the tensors come from that a module call was given."""
    return frame.state.entered if frame is not None and frame.state is not None else []


def _numbered(entered: list[Sources]) -> tuple[tuple[NodeDraft, int], ...]:
    """Return every source with the number of the argument it is a source of."""
    return tuple((source, slot) for slot, sources in enumerate(entered) for source in sources)


def _slotted(sources: Sources, entered: list[Sources]) -> list[tuple[NodeDraft, int]]:
    """Return each source with the number of the first argument it came in by."""
    first = dict(reversed(_numbered(entered)))
    return [(source, first.get(source, len(entered))) for source in sources]


def _alias_of_argument(call: ModuleCall, output: Any) -> Tensor | None:
    """Return a new view of the output where the output is an argument, untouched.

    Tensors that carry more than their values (a subclass, attributes) are left as they are.
    """
    if type(output) is not Tensor or vars(output) or not is_among(output, _untouched(call)):
        return None
    try:
        alias: Tensor = output.view_as(output)
    except (RuntimeError, NotImplementedError):  # layouts without views
        return None
    return alias


def _untouched(call: ModuleCall) -> list[Tensor]:
    """Return the arguments of a call that it has not written."""
    return [
        tensor
        for tensor, before in zip(call.arguments, call.versions, strict=True)
        if version(tensor) == before
    ]
