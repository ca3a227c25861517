"""What is known of a model beside its weights: names, shapes, colours, an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from torch import Tensor, nn

from layerwalk_shared.errors import TargetError
from layerwalk_shared.messages import InputKind, InputSpec

PICTURE_SHAPE = (3, 224, 224)
MOST_COLOURS = 4


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model says of itself, as far as it does.

    Attributes:
        name: for people.
        classes: names of the outputs, or ().
        input_shape: without batch axis, or None.
        mean, std: of the picture's colours, or ().
        kind: of the input, or None where nobody says.
        vocabulary: number of tokens, where the input is token ids; else None.
        time_axis: which axis of `input_shape` is time, of series and sounds.
        example: arguments by name of one forward pass, batch of one, the input first; or empty
            where one tensor of `input_shape` is all that the model takes.
    """

    name: str
    classes: tuple[str, ...] = ()
    input_shape: tuple[int, ...] | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    kind: InputKind | None = None
    vocabulary: int | None = None
    time_axis: int = 0
    example: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def input(self) -> InputSpec | None:
        """What the model takes, where the card says of which kind it is."""
        if self.kind is None or self.input_shape is None:
            return None
        return InputSpec(
            kind=self.kind,
            shape=self.input_shape,
            mean=self.mean,
            std=self.std,
            vocabulary=self.vocabulary,
            time_axis=self.time_axis,
        )


def read_card(model: nn.Module, name: str) -> ModelCard:
    """Return what a model says of itself in its attribute `layerwalk_card`, `name` standing in.

    What it takes stands in the card's own fields, or in one InputSpec, `input`.

    Raises:
        TargetError: the card has a field that cannot be meant.
    """
    card = getattr(model, "layerwalk_card", None)
    try:
        spec = getattr(card, "input", None)
        taken = spec if isinstance(spec, InputSpec) else card
        shape = getattr(taken, "shape", None) or getattr(card, "input_shape", None)
        vocabulary = getattr(taken, "vocabulary", None)
        return ModelCard(
            name=str(getattr(card, "name", None) or name),
            classes=tuple(str(one) for one in getattr(card, "classes", None) or ()),
            input_shape=None if shape is None else tuple(int(size) for size in shape),
            mean=tuple(float(value) for value in getattr(taken, "mean", None) or ()),
            std=tuple(float(value) for value in getattr(taken, "std", None) or ()),
            kind=_kind(getattr(taken, "kind", None)),
            vocabulary=None if vocabulary is None else int(vocabulary),
            time_axis=int(getattr(taken, "time_axis", None) or 0),
            example=dict(getattr(card, "example", None) or {}),
        )
    except (TypeError, ValueError) as error:
        raise TargetError(f"layerwalk_card of {name!r}: {error}") from error


def _kind(value: object) -> InputKind | None:
    known = {kind: kind for kind in get_args(InputKind)}
    if value is not None and value not in known:
        raise ValueError(f"kind {value!r} is none of {', '.join(known)}")
    return known.get(value)


def guess_shape(model: nn.Module) -> tuple[int, ...]:
    """Return an input shape that a model may take, by its first layer; a picture by default."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            # More channels are no picture's: something before it, of another kind, makes them.
            is_first = module.in_channels <= MOST_COLOURS
            return (module.in_channels, *PICTURE_SHAPE[1:]) if is_first else PICTURE_SHAPE
        if isinstance(module, nn.Linear):
            return (module.in_features,)
    return PICTURE_SHAPE
