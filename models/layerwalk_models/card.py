"""What a network of the zoo says about itself: classes, input, normalisation, accuracy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from layerwalk_shared.messages import InputKind, InputSpec

from .errors import CheckpointError


@dataclass(frozen=True, slots=True)
class Card:
    """Description of a network that the server reads from `model.layerwalk_card`.

    Attributes:
        name: The zoo's name of the network.
        classes: Name of each class, as a person says it, in the order of the logits (of the tokens,
            where the logits are of tokens); empty where nobody named them.
        input_shape: Of one input, without batch axis.
        mean: Per channel, subtracted from an image in [0, 1]; empty for nothing.
        std: Per channel, divides after that; empty for nothing.
        source: Where the weights come from, one line.
        accuracy: Top-1 share of right answers on the test part in [0, 1]; None if never measured.
        kind: What one input is.
        vocabulary: Number of tokens, where the input is token ids; else None.
        time_axis: Axis of `input_shape` that is time, of series.
        description: What the network is, one line.
        measured: What is said instead of an accuracy, such as "PSNR 30.1 dB"; may be empty.
        example: Arguments by name of one forward pass, batch of one; empty where noise of
            `input_shape` is as good.
    """

    name: str
    classes: tuple[str, ...]
    input_shape: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str
    accuracy: float | None
    kind: InputKind = "image"
    vocabulary: int | None = None
    time_axis: int = 0
    description: str = ""
    measured: str = ""
    example: Mapping[str, Tensor] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Check that the parts agree."""
        shape = self.input_shape
        if not shape or min(shape) < 1 or (self.kind == "image" and len(shape) != 3):
            raise ValueError(
                f"input_shape must be positive, [C, H, W] of images, got {shape} ({self.kind})"
            )
        channels = shape[0]
        has_none = not self.mean and not self.std
        if not has_none and (
            len(self.mean) != channels or len(self.std) != channels or min(self.std) <= 0
        ):
            raise ValueError(
                f"mean and std must have {channels} entries or none, std positive, "
                f"got {self.mean} and {self.std}"
            )
        if self.accuracy is not None and not 0.0 <= self.accuracy <= 1.0:
            raise ValueError(f"accuracy must lie in [0, 1], got {self.accuracy}")
        if (self.kind == "text") is not (self.vocabulary is not None):
            raise ValueError(
                f"texts, and only they, must have a vocabulary, got {self.kind} and "
                f"{self.vocabulary}"
            )

    @property
    def input(self) -> InputSpec:
        """What the network takes, as the server says it."""
        return InputSpec(
            kind=self.kind,
            shape=self.input_shape,
            mean=self.mean,
            std=self.std,
            vocabulary=self.vocabulary,
            time_axis=self.time_axis,
        )


def read_card(path: Path) -> Card:
    """Read the card from the JSON file that the training recipe writes beside the weights.

    Raises:
        CheckpointError: The file is missing, no JSON, or lacks a field.
    """
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Card(
            name=str(fields["name"]),
            classes=tuple(map(str, fields["classes"])),
            input_shape=tuple(int(size) for size in fields["input_shape"]),
            mean=tuple(map(float, fields["mean"])),
            std=tuple(map(float, fields["std"])),
            source=str(fields["source"]),
            accuracy=None if fields["accuracy"] is None else float(fields["accuracy"]),
            kind=fields.get("kind", "image"),
            vocabulary=fields.get("vocabulary"),
            time_axis=int(fields.get("time_axis", 0)),
            measured=str(fields.get("measured_as", "")),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"cannot read the card {str(path)!r}: {error!r}") from error
