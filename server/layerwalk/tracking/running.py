"""What is kept of a call while it runs, and questions about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from layerwalk.tracking.calls import Frame
from layerwalk.tracking.drafts import NodeDraft
from layerwalk.tracking.groups import Place
from layerwalk.tracking.operations import Operation
from layerwalk.tracking.provenance import Write
from layerwalk.tracking.writes import is_among, version
from layerwalk_shared.graph import Attribute

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
    """What the tracer keeps for an operation while it runs; `number` counts them in its module,
    `attributes` is what it was called with."""

    operation: Operation
    frame: Frame
    is_shown: bool
    number: int
    arguments: list[Tensor]
    entered: list[Sources]
    versions: list[int]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Where forward raised: in a module call, or in an operation that it called."""

    error: BaseException
    frame: Frame
    operation: str | None
    inputs: tuple[tuple[NodeDraft, int], ...]


def error_text(error: BaseException) -> str:
    """Return what an error says, with its class."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_plain(module: nn.Module) -> bool:
    """Return whether a module is torch's own and nobody else has hooks on it.

    What such a leaf gives comes from all that it is given, so that nothing inside need be watched.
    """
    return (
        type(module).__module__.startswith("torch.nn.modules.")
        and len(module._forward_hooks) == 1
        and len(module._forward_pre_hooks) == 1
    )


def entered_by(frame: Frame | None) -> list[Sources]:
    """Return what the tensors come from that a module call was given."""
    return frame.state.entered if frame is not None and frame.state is not None else []


def numbered_sources(entered: list[Sources]) -> tuple[tuple[NodeDraft, int], ...]:
    """Return every source with the number of the argument it is a source of."""
    return tuple((source, slot) for slot, sources in enumerate(entered) for source in sources)


def slotted_sources(sources: Sources, entered: list[Sources]) -> list[tuple[NodeDraft, int]]:
    """Return each source with the number of the first argument it came in by."""
    if len(entered) == 1:
        return [(source, 0 if source in entered[0] else 1) for source in sources]
    first = dict(reversed(numbered_sources(entered)))
    return [(source, first.get(source, len(entered))) for source in sources]


def alias_of_argument(call: ModuleCall, output: Any) -> Tensor | None:
    """Return a new view of the output where the output is an argument, untouched.

    Tensors that carry more than their values (a subclass, attributes) are left as they are.
    """
    if not is_among(output, call.arguments) or not is_among(output, untouched(call)):
        return None
    if type(output) is not Tensor or vars(output):
        return None
    try:
        alias: Tensor = output.view_as(output)
    except (RuntimeError, NotImplementedError):  # layouts without views
        return None
    return alias


def untouched(call: ModuleCall) -> list[Tensor]:
    """Return the arguments of a call that it has not written."""
    return [
        tensor
        for tensor, before in zip(call.arguments, call.versions, strict=True)
        if version(tensor) == before
    ]
