"""One forward pass of an example, watched: nodes and edges of a network, as drafts.

A torch function mode sees every operation, forward hooks see every module call, and the
provenance of tensors gives the edges. What is no node at the chosen detail passes its sources on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode

from layerwalk.tracking.attributes import call_attributes, module_attributes
from layerwalk.tracking.calls import CallStack, Frame, ModuleTree, joined, numbered
from layerwalk.tracking.drafts import Capture, NodeDraft, describe_tensor
from layerwalk.tracking.groups import GroupBook, IdBook, Place, WeightBook, short_name
from layerwalk.tracking.modules import MarkerModule, TrackerModule
from layerwalk.tracking.nesting import argument_leaves, has_names, keyed_leaves, leaves
from layerwalk.tracking.operations import Detail, Operation, OperationBook
from layerwalk.tracking.outside import Outside
from layerwalk.tracking.provenance import Provenance, is_wrapped, union
from layerwalk.tracking.running import (
    Failure,
    Key,
    ModuleCall,
    OperationCall,
    Sources,
    alias_of_argument,
    entered_by,
    error_text,
    is_plain,
    numbered_sources,
    slotted_sources,
    untouched,
)
from layerwalk.tracking.standins import class_name
from layerwalk.tracking.writes import is_among, is_self_assignment, version, written_arguments
from layerwalk_shared.graph import NodeKind


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
            arguments = argument_leaves(args, kwargs)
            caller = frame.parent
            opens = not frame.is_leaf or self._detail == "operations"
            place = caller.state.place if caller is not None else None
            frame.state = ModuleCall(
                place=self._groups.place(frame, place, opens=opens),
                arguments=arguments,
                entered=self._outside.read(arguments, entered_by(caller)),
                versions=[version(tensor) for tensor in arguments] if frame.is_leaf else [],
                is_unwatched=frame.is_leaf
                and self._detail != "operations"
                and is_plain(frame.module)
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
            is_shown = self._detail != "trackers" or isinstance(module, TrackerModule)
            sources = None
            if not call.is_unwatched:
                self._note_unseen(call, output)
            else:
                sources = self._note_writes(call)
                if not is_shown:
                    self._note_made(call, output, sources)
            return self._claim(frame, output, sources) if is_shown else None

    def _claim(self, frame: Frame, output: Any, sources: Sources | None) -> Any:
        """Make the tensors that a leaf module returned its nodes.

        They come from `sources`, or where that is None each from what it was seen to come from.
        Where the output is an argument, untouched, a new alias of it is returned instead, so that
        readers of the output and readers of the argument can be told apart. Not so for trackers:
        theirs is the tensor itself.
        """
        call: ModuleCall = frame.state
        is_tracker = isinstance(frame.module, TrackerModule)
        replacement = None if is_tracker else alias_of_argument(call, output)
        if replacement is not None:
            if sources is None:
                sources = self.provenance.sources(output)
            output = replacement
        self.order.append((frame.path, frame.call))
        is_one = isinstance(output, Tensor)
        is_named = not is_one and has_names(output)
        made = list(enumerate([("0", output)] if is_one else keyed_leaves(output)))
        if not is_one:  # what is only handed on in a tuple or a dict is no node again
            passed = untouched(call)
            made = [one for one in made if is_tracker or not is_among(one[1][1], passed)]
        first = made[0][0] if made else 0
        for position, (key, tensor) in made:
            origin = self.provenance.sources(tensor) if sources is None else sources
            draft = self._module_draft(frame, position, origin, is_first=position == first)
            draft.id = self._ids.claim(frame.id if position == first else f"{frame.id}.{key}")
            if position > first or is_named:
                draft.name = f"{draft.name}.{key}"
            self._settle(draft, tensor)
            for write in call.writes:
                if self.provenance.is_in(write.memory, tensor):
                    write.sources = (draft,)
        return replacement

    def _module_draft(
        self, frame: Frame, position: int, sources: Sources, *, is_first: bool
    ) -> NodeDraft:
        """Return the draft of an output, without its id.

        At detail "operations" the operation inside that made it becomes the module's node.
        """
        call: ModuleCall = frame.state
        module = frame.module
        kind: NodeKind = "tracker" if isinstance(module, TrackerModule) else "module"
        draft = NodeDraft("", "", kind, class_name(module), frame.path)
        maker = sources[0] if len(sources) == 1 else None
        if maker is not None and maker.kind == "operation" and maker in call.drafts:
            self._ids.release(maker.id)
            draft.predecessors = maker.predecessors
            maker.become(draft)
            draft = maker
        else:
            draft.predecessors = slotted_sources(sources, call.entered)
            self._add(draft, frame.parent)
        draft.group = call.place.inside if len(call.drafts) > 1 else call.place.outside
        draft.name = module.name if isinstance(module, TrackerModule) else short_name(frame.path)
        draft.attributes = module_attributes(module)
        draft.capture = Capture("module", frame.path, call=frame.call, output=position)
        if is_first:
            draft.weights = self._weights.of(module)
            draft.parameters = sum(map(math.prod, draft.weights))
        return draft

    def _note_writes(self, call: ModuleCall) -> Sources:
        """Note what a module of torch wrote, and return what that and its outputs come from: all."""
        sources = union(call.entered)
        for tensor, before in zip(call.arguments, call.versions, strict=True):
            if version(tensor) != before:
                call.writes.append(self.provenance.write(tensor, sources))
        return sources

    def _note_made(self, call: ModuleCall, output: Any, sources: Sources) -> None:
        """Note what the outputs of a module come from that is no node."""
        for tensor in leaves(output):
            if not is_among(tensor, call.arguments):
                self.provenance.set(tensor, sources)

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
            inputs = numbered_sources(call.entered)
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
        call = self._begin(operation, frame, argument_leaves(args, kwargs))
        if call.is_shown:
            call.attributes = call_attributes(func, operation.name, args, kwargs)
        if operation.is_export:
            self._outside.export(call.arguments)
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            shown = operation.name if call.is_shown else None
            self.failure = Failure(error, frame, shown, numbered_sources(call.entered))
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
            entered=self._outside.read(tensors, entered_by(frame)),
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
        draft.predecessors = list(numbered_sources(read))
        draft.attributes = call.attributes
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
