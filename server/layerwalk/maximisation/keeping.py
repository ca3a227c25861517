"""Finished images: scored, told, and kept under everything that they depend on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor, nn

from layerwalk.answers import top_classes_of_each
from layerwalk.maximisation.objectives import nodes_of
from layerwalk.maximisation.plan import SCORED_AT_ONCE, Plan
from layerwalk.maximisation.run import Outcome, Step
from layerwalk.results import Result, ResultKey, canonical_json
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import ClassScore, InputSpec, MaximisedImage, Rival

ENGINE_VERSION = 1
"""Part of every fingerprint; another one where the same numbers would come to another image."""
ANSWERS = 3
"""Strongest outputs that are told of an image."""
_ADDRESS = re.compile(r"0x[0-9a-f]+")


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """An image at its end, with what the unchanged network makes of it.

    Attributes:
        place: of the image among the channels of its run.
        channel: its unit; None of a whole node or a direction.
        image: `[*shape]` float32, the exact input; read-only.
        activation: what the node reached.
        rival: the strongest other unit.
        answers: strongest outputs of the network.
        outcome: how it ended.
        is_cached: it was made earlier.
    """

    place: int
    channel: int | None
    image: NDArray[np.float32]
    activation: float
    rival: Rival | None
    answers: tuple[ClassScore, ...]
    outcome: Outcome = field(default_factory=Outcome)
    is_cached: bool = False

    def __post_init__(self) -> None:
        view = np.ascontiguousarray(self.image, np.float32).reshape(self.image.shape).view()
        view.flags.writeable = False
        object.__setattr__(self, "image", view)

    def told(self) -> MaximisedImage:
        """Return what is told of it without the image."""
        return MaximisedImage(
            channel=self.channel,
            activation=self.activation,
            rival=self.rival,
            answers=self.answers,
            attempts=self.outcome.attempts,
            is_cached=self.is_cached,
            note=self.outcome.note,
        )

    def at(self, place: int) -> Finished:
        """Return it at another place."""
        return replace(self, place=place)


def fingerprint(model: nn.Module, graph: Graph, spec: InputSpec, precision: torch.dtype) -> str:
    """Return 64 hexadecimal digits that differ where a network would make other images.

    What counts: every parameter and buffer (name, type, shape, bytes), the modules with what they
    say of themselves and the code of their classes, nodes and edges, the input's shape and colours,
    the type of the calculation, and the engine's version. What a forward calls outside of its class
    does not count. Thread of the model.

    Args:
        model: as it is climbed, before anything is folded.
        graph: of it; how nodes are shown does not count, `result_key` has that.
        spec: what it takes.
        precision: of the calculation, see `precision_for`.
    """
    digest = hashlib.blake2b(digest_size=32)
    about = {
        "engine": ENGINE_VERSION,
        "precision": str(precision),
        "shape": list(spec.shape),
        "kind": spec.kind,
        "mean": list(spec.mean),
        "std": list(spec.std),
        "nodes": [[one.id, one.operation, one.module, list(one.shape)] for one in graph.nodes],
        "edges": [[one.source, one.target, one.slot] for one in graph.edges],
    }
    digest.update(canonical_json(about).encode())
    types: set[type[nn.Module]] = set()
    for name, module in model.named_modules():
        digest.update(f"\n{name} {type(module).__qualname__} {_said(module)}".encode())
        types.add(type(module))
    for kind in sorted(types, key=lambda one: (one.__module__, one.__qualname__)):
        for owner in kind.__mro__:
            if not owner.__module__.startswith(("torch.", "builtins", "typing", "abc")):
                _add_code(digest, owner)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)} ".encode())
        digest.update(_bytes(tensor))
    return digest.hexdigest()


def result_key(plan: Plan, fingerprint: str, channel: int | None) -> ResultKey:
    """Return what an image of a plan is kept under.

    Args:
        plan: of the run; its scale is that of the input of the fingerprint.
        fingerprint: of its network, see `fingerprint`.
        channel: unit; None of a whole node.
    """
    recipe = plan.recipe.model_dump(mode="json", exclude={"name", "start"})
    if plan.begins.values is None:
        recipe["start"] = (plan.begins.start or plan.recipe.start).model_dump(mode="json")
    nodes = nodes_of(plan.objective, plan.node)
    numbers = {
        "recipe": recipe,
        "objective": plan.objective.model_dump(mode="json"),
        "views": {node: plan.graph.node(node).view for node in nodes},
    }
    return ResultKey(
        fingerprint=fingerprint,
        node=plan.node,
        channel=channel,
        recipe=canonical_json(numbers),
        start=plan.begins.key(plan.recipe),
        seed=plan.seed,
        shape=tuple(plan.example.shown.shape[1:]),
    )


def finish(
    plan: Plan, step: Step, *, outcomes: Mapping[int, Outcome], classes: Sequence[str] = ()
) -> list[Finished]:
    """Return the images of a batch that are at their end, scored; thread of the model.

    Args:
        plan: of the run.
        step: what the run has come to; nothing is at its end before a batch's last step.
        outcomes: of the run, place -> how its image ended.
        classes: names of the network's outputs.

    Raises:
        ModelError: forward raised.
    """
    if not step.is_last:
        return []
    rows = [row for row, place in enumerate(step.places) if outcomes[place].is_over]
    if not rows:
        return []
    images = step.images[rows]
    units = [step.channels[row] for row in rows]
    chosen = [unit for unit in units if unit is not None]
    score = plan.score(images, chosen if len(chosen) == len(units) else None)
    answers: list[tuple[ClassScore, ...]] = []
    for outputs in score.outputs:
        count = min(SCORED_AT_ONCE, len(rows) - len(answers))
        answers += top_classes_of_each(outputs, classes, count=count, most=ANSWERS)
    arrays = images.detach().cpu().float().numpy()
    return [
        Finished(
            place=step.places[row],
            channel=step.channels[row],
            image=arrays[at].copy(),
            activation=score.activations[at],
            rival=_rival(score.rivals[at]),
            answers=answers[at],
            outcome=outcomes[step.places[row]],
        )
        for at, row in enumerate(rows)
    ]


def to_result(
    finished: Finished,
    *,
    frames: NDArray[np.uint8] | NDArray[np.float16] | None = None,
    frame_steps: Sequence[int] = (),
) -> Result:
    """Return a finished image as it is kept.

    Args:
        finished: image and what is known of it.
        frames, frame_steps: previews, see `Result`.
    """
    record = finished.told().model_dump(mode="json", exclude={"channel", "is_cached"})
    return Result(finished.image, record, frames=frames, frame_steps=tuple(frame_steps))


def from_result(result: Result, *, place: int, channel: int | None) -> Finished | None:
    """Return the finished image that was kept; None where its record is of another kind."""
    try:
        told = MaximisedImage(**{**result.record, "channel": channel})
    except (ValidationError, TypeError):
        return None
    return Finished(
        place=place,
        channel=channel,
        image=result.image,
        activation=told.activation,
        rival=told.rival,
        answers=told.answers,
        outcome=Outcome(told.attempts, told.note),
        is_cached=True,
    )


def _rival(found: tuple[int, float] | None) -> Rival | None:
    return None if found is None else Rival(channel=found[0], activation=found[1])


def _bytes(tensor: Tensor) -> bytes | memoryview:
    if tensor.is_meta or tensor.layout is not torch.strided or tensor.is_quantized:
        return repr(tensor).encode()
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


def _said(module: nn.Module) -> str:
    try:
        return _ADDRESS.sub("", module.extra_repr())
    except Exception as error:  # noqa: BLE001 - the user's code; what it raises is as telling
        return type(error).__name__


def _add_code(digest: Any, owner: type) -> None:
    """Add the functions that a class defines."""
    for name, member in sorted(vars(owner).items()):
        function = getattr(member, "__func__", member)
        function = getattr(function, "fget", function) or function
        if isinstance(function, FunctionType):
            digest.update(f"\n{owner.__qualname__}.{name} ".encode())
            _add_function(digest, function.__code__)


def _add_function(digest: Any, code: CodeType) -> None:
    digest.update(code.co_code + " ".join((*code.co_names, *code.co_varnames)).encode())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _add_function(digest, constant)
        else:
            digest.update(_constant(constant).encode())


def _constant(value: object) -> str:
    """Return text for a constant, the same in every process: sets have no order of their own."""
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(_constant, value)))}}}"
    return f"{type(value).__name__} {value!r}"
