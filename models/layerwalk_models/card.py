"""What a trained network says about itself: classes, input, normalisation, accuracy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import CheckpointError


@dataclass(frozen=True, slots=True)
class Card:
    """Description of a network that the server reads from `model.layerwalk_card`.

    Attributes:
        name: The zoo's name of the network.
        classes: Name of each class, as a person says it, in the order of the logits.
        input_shape: [C, H, W] of one input.
        mean: Per channel, subtracted from an image in [0, 1].
        std: Per channel, divides after that.
        source: Where the weights come from, one line.
        accuracy: Top-1 share of right answers on the test part in [0, 1]; None if never measured.
    """

    name: str
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str
    accuracy: float | None

    def __post_init__(self) -> None:
        """Check that the parts agree."""
        channels = self.input_shape[0]
        if len(self.input_shape) != 3 or min(self.input_shape) < 1:
            raise ValueError(f"input_shape must be [C, H, W], got {self.input_shape}")
        if len(self.mean) != channels or len(self.std) != channels or min(self.std) <= 0:
            raise ValueError(
                f"mean and std must have {channels} entries, std positive, "
                f"got {self.mean} and {self.std}"
            )
        if self.accuracy is not None and not 0.0 <= self.accuracy <= 1.0:
            raise ValueError(f"accuracy must lie in [0, 1], got {self.accuracy}")


def read_card(path: Path) -> Card:
    """Read the card from the JSON file that the training recipe writes beside the weights.

    Raises:
        CheckpointError: The file is missing, no JSON, or lacks a field.
    """
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        channels, height, width = fields["input_shape"]
        return Card(
            name=str(fields["name"]),
            classes=tuple(map(str, fields["classes"])),
            input_shape=(int(channels), int(height), int(width)),
            mean=tuple(map(float, fields["mean"])),
            std=tuple(map(float, fields["std"])),
            source=str(fields["source"]),
            accuracy=None if fields["accuracy"] is None else float(fields["accuracy"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"cannot read the card {str(path)!r}: {error!r}") from error
