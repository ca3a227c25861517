"""A model that is to be served: its example, input and options checked, nothing run yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from layerwalk.inputkinds import complete_spec, spec_of
from layerwalk.inputs.prepared import Argument, PreparedInput, from_noise, prepared
from layerwalk.inputs.texts import Tokenizer, as_tokenizer
from layerwalk.tracking import Detail
from layerwalk.twin import Care, Example, make_example, parameter_names
from layerwalk_shared.errors import InputError
from layerwalk_shared.graph import View
from layerwalk_shared.messages import InputReference, InputSpec, NoiseInput


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A copy of a model with all that is needed to trace and run it.

    Attributes:
        twin: the copy.
        example: arguments of one forward pass.
        first: what it is first shown with.
        name: for people.
        input: what it takes.
        classes: names of the outputs.
        detail: of the graph; None: as the model suggests.
        views: node id or pattern of ids -> how it is shown.
        tokenizer: reads words for the arguments that are texts.
        care: how the twin is run.
    """

    twin: nn.Module
    example: Example
    first: PreparedInput
    name: str
    input: InputSpec
    classes: tuple[str, ...]
    detail: Detail | None
    views: Mapping[str, View]
    tokenizer: Tokenizer | None
    care: Care


def make_candidate(
    model: nn.Module,
    example: object,
    *,
    device: str,
    name: str | None,
    classes: Sequence[str],
    input_spec: InputSpec | None,
    detail: Detail | None,
    views: Mapping[str, View] | None,
    argument: int | str | None,
    tokenizer: object,
    vocabulary: Sequence[str] | None,
    first: Callable[[Argument], PreparedInput] | None,
    care: Care | None,
) -> Candidate:
    """Copy a model and make its arguments ready; see `Session.add_network`.

    Args:
        device: where the copy lives.
        first: makes what it is first shown with; the example by default.

    Raises:
        InputError: neither an example nor an input_spec, or they contradict each other.
        InvalidRequestError: the tokenizer is none.
        ModelError: the model cannot be copied.
    """
    words = None if tokenizer is None else as_tokenizer(tokenizer, vocabulary)
    shown = None
    if example is None:
        if input_spec is None:
            raise InputError("an example input or an input_spec is needed to run the model")
        input_spec = complete_spec(input_spec, model=model, tokenizer=words)
        shown = from_noise(NoiseInput(), Argument(input_spec, input_spec.kind == "text", words))
        example = torch.from_numpy(shown.values)[None]
    arguments = make_example(
        example, device=device, argument=argument, parameters=parameter_names(model)
    )
    spec = input_spec or spec_of(arguments, model=model)
    shape = tuple(arguments.shown.shape[1:])
    if shape != spec.shape:
        raise InputError(f"the example has shape {list(shape)}, input_spec {list(spec.shape)}")
    spec = complete_spec(spec, model=model, tokenizer=words, example=arguments)
    taker = Argument(spec, arguments.is_integer, words, arguments.slot)
    if first is not None:
        shown = first(taker)
    elif shown is None:
        values = arguments.shown[0].cpu().numpy()
        shown = prepared(values, taker, InputReference(kind="example", title="example"))
    care = care or Care()
    return Candidate(
        twin=care.twin(model, device=device),
        example=arguments,
        first=shown,
        name=name or type(model).__name__,
        input=spec,
        classes=tuple(classes),
        detail=detail,
        views=views or {},
        tokenizer=words,
        care=care,
    )
