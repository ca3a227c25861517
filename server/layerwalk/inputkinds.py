"""What a network takes, where nobody says it all: kinds of input read off examples and layers."""

from __future__ import annotations

import torch
from torch import nn

from layerwalk.inputs.prepared import Slot
from layerwalk.inputs.texts import Tokenizer
from layerwalk.twin import Example, is_whole
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import InputKind, InputSpec

MOST_VOLUME_CHANNELS = 4
"""A tensor `[C, D, H, W]` of more channels is made by a network, not by a scanner."""

AXES: dict[InputKind, tuple[int, ...]] = {
    "image": (3,),
    "vector": (1,),
    "text": (1,),
    "sound": (1, 2),
    "series": (1, 2),
    "volume": (4,),
    "tensor": tuple(range(9)),
}
"""How many axes an input of each kind may have."""


def spec_of(
    example: Example,
    *,
    slot: Slot | None = None,
    model: nn.Module | None = None,
    mean: tuple[float, ...] = (),
    std: tuple[float, ...] = (),
) -> InputSpec:
    """Return the description of an input, read off its tensor in an example.

    Args:
        example: arguments of one forward pass.
        slot: of the tensor; the input that is shown by default.
        model: its first layers say what shapes leave open; see `guess_spec`.
        mean, std: of a picture.

    Raises:
        InputError: the tensor has no element.
    """
    tensor = example.tensor(slot or example.slot)
    shape = tuple(int(size) for size in tensor.shape[1:])
    if 0 in shape:
        raise InputError(f"the example has shape {list(shape)}: there is nothing in it")
    if len(shape) == 3 and shape[0] in (1, 3) and not is_whole(tensor):
        return InputSpec(kind="image", shape=shape, mean=mean, std=std)
    if tensor.dtype is torch.bool or tensor.is_complex():
        return InputSpec(kind="tensor", shape=shape)
    if is_whole(tensor):
        if len(shape) != 1:
            return InputSpec(kind="tensor", shape=shape)
        largest = int(tensor.max())
        return InputSpec(kind="text", shape=shape, vocabulary=guess_vocabulary(model, largest))
    return guess_spec(shape, None if len(shape) == 1 else model)


def complete_spec(
    spec: InputSpec,
    *,
    model: nn.Module,
    tokenizer: Tokenizer | None = None,
    example: Example | None = None,
) -> InputSpec:
    """Return the description of an input with what a person left out.

    The vocabulary of a text is that of the model's first Embedding, else of the tokenizer. The time
    of a sound `[C, T]` is its second axis.

    Raises:
        InputError: an input of that kind has another number of axes.
    """
    if len(spec.shape) not in AXES[spec.kind]:
        takes = " or ".join(map(str, AXES[spec.kind]))
        raise InputError(
            f"an input of kind {spec.kind} has {takes} axes beside the batch's: "
            f"{list(spec.shape)} has {len(spec.shape)}"
        )
    changes: dict[str, object] = {}
    if spec.kind == "text":
        largest = 0 if example is None else int(example.shown.max())
        counted = tokenizer.count if tokenizer is not None else None
        changes["vocabulary"] = spec.vocabulary or guess_vocabulary(model, largest) or counted
        changes["has_tokenizer"] = tokenizer is not None
    if spec.kind == "sound" and len(spec.shape) == 2 and spec.shape[0] < spec.shape[1]:
        changes["time_axis"] = 1
    return spec.model_copy(update=changes)


def guess_spec(shape: tuple[int, ...], model: nn.Module | None = None) -> InputSpec:
    """Return what a network takes, by shape and its first layers, where nobody says.

    `[N]` is a vector, or a text where the first layer with weights is an Embedding; `[C, H, W]` an
    image for C 1 or 3; `[T, D]` a series, `[D, T]` where the first layer is a Conv1d or D
    is 1;
    `[C, D, H, W]` a volume for C up to 4; anything else a tensor.
    """
    first = _first_layer(model)
    if len(shape) == 1 and isinstance(first, nn.Embedding):
        return InputSpec(kind="text", shape=shape, vocabulary=first.num_embeddings)
    if len(shape) == 1:
        return InputSpec(kind="vector", shape=shape)
    if len(shape) == 2:
        is_across = isinstance(first, nn.Conv1d) or shape[0] == 1 < shape[1]
        return InputSpec(kind="series", shape=shape, time_axis=int(is_across))
    if len(shape) == 3 and shape[0] in (1, 3):
        return InputSpec(kind="image", shape=shape)
    is_volume = len(shape) == 4 and shape[0] <= MOST_VOLUME_CHANNELS
    return InputSpec(kind="volume" if is_volume else "tensor", shape=shape)


def guess_vocabulary(model: nn.Module | None, largest: int = 0) -> int | None:
    """Return how many tokens a model knows: those of its first Embedding that has id `largest`."""
    if model is None:
        return None
    sizes = (one.num_embeddings for one in model.modules() if isinstance(one, nn.Embedding))
    return next((size for size in sizes if size > largest), None)


def _first_layer(model: nn.Module | None) -> nn.Module | None:
    if model is None:
        return None
    return next(
        (one for one in model.modules() if next(one.parameters(recurse=False), None) is not None),
        None,
    )
