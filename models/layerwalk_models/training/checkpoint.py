"""The state of a run between two epochs, on disk."""

from __future__ import annotations

import os
import pickle
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ..errors import CheckpointError
from .recipe import Recipe


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """What one epoch was and gave.

    Attributes:
        epoch: Counted from 1.
        progress: Progress at its end.
        side: Side of its training images in pixels.
        images: Training images seen.
        loss: Mean training loss (smoothed labels, mixed images: not comparable to a plain one).
        validation: Top-1 share of right answers of the averaged weights on the validation part,
            None where it was not measured.
        spent_s: Time spent until its end, pauses left out.
    """

    epoch: int
    progress: float
    side: int
    images: int
    loss: float
    validation: float | None
    spent_s: float


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that a run needs to go on after `history[-1].epoch` epochs.

    Random numbers need no state: each epoch draws from a generator seeded by run and epoch.
    """

    recipe: dict[str, Any]
    classes: tuple[str, ...]
    history: tuple[EpochRecord, ...]
    network: dict[str, Any]
    average: dict[str, Any]
    average_steps: int
    optimiser: dict[str, Any]
    spent_s: float


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` so that a kill at any moment leaves the old file or the new one."""
    fields = {name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__}
    fields["history"] = [asdict(record) for record in checkpoint.history]
    fields["classes"] = list(checkpoint.classes)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        torch.save(fields, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_checkpoint(path: Path, *, recipe: Recipe, classes: tuple[str, ...]) -> Checkpoint:
    """Read the checkpoint of a run with this recipe and these classes.

    The time budget and, with it, the number of epochs may differ: that is how a run is made longer
    or shorter on the way.

    Raises:
        CheckpointError: The file cannot be read, or belongs to another recipe or other classes.
    """
    try:
        fields = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"cannot read the checkpoint {str(path)!r}: {error}") from error
    try:
        checkpoint = Checkpoint(
            **{
                **fields,
                "classes": tuple(fields["classes"]),
                "history": tuple(EpochRecord(**record) for record in fields["history"]),
            }
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{str(path)!r} is no checkpoint of a run: {error}") from error
    same_length = replace(recipe, time_budget_min=None).to_dict()
    unset = Recipe(architecture=recipe.architecture).to_dict()  # what older recipes do not name
    theirs = {**unset, **checkpoint.recipe, "time_budget_min": None}
    different = [name for name in same_length if theirs.get(name) != same_length[name]]
    if different:
        name = different[0]
        raise CheckpointError(
            f"checkpoint {str(path)!r} was made with {name} = {theirs.get(name)!r}, this run has "
            f"{same_length[name]!r}; use the same options with --resume, or another --out"
        )
    if checkpoint.classes != classes:
        raise CheckpointError(
            f"checkpoint {str(path)!r} has {len(checkpoint.classes)} classes, "
            f"the data has {len(classes)} or names them differently"
        )
    return checkpoint
