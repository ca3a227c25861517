"""Ship a fitted network: float16 weights, what was measured with them, the card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..card import Card
from ..training.report import write_weights
from ..weights_file import load_weights
from .schedule import Course, FitRecipe


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was measured.

    Attributes:
        accuracy: Share of right answers, or None where there are none.
        sentence: All that was measured, one line.
        sample: Something that the network made, to be read; may be empty.
    """

    accuracy: float | None
    sentence: str
    sample: str = ""


def ship_fit(
    network: nn.Module,
    card: Card,
    *,
    build: Callable[[], nn.Module],
    measure: Callable[[nn.Module], Verdict],
    recipe: FitRecipe,
    course: Course,
    data: str,
    notes: Sequence[str],
    out: Path,
) -> Verdict:
    """Write weights and card into `out`; measure the float16 file, read back.

    Args:
        network: As trained.
        card: What is known of it; accuracy and what was measured are filled in.
        build: Makes a fresh one.
        measure: Measures a network.
        recipe: How it was trained.
        course: How that went.
        data: What it was trained and measured on, with licence.
        notes: Sentences that a reader must know.
        out: Folder for the files.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{card.name}.safetensors"
    write_weights(network, weights)
    fresh = build()
    load_weights(fresh, weights)
    verdict = measure(fresh.eval())
    fields: dict[str, Any] = {
        "name": card.name,
        "architecture": recipe.architecture,
        "classes": card.classes,
        "input_shape": card.input_shape,
        "mean": card.mean,
        "std": card.std,
        "source": card.source,
        "accuracy": None if verdict.accuracy is None else round(verdict.accuracy, 4),
        "kind": card.kind,
        "vocabulary": card.vocabulary,
        "time_axis": card.time_axis,
        "measured_as": verdict.sentence,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "weights": {
            "file": weights.name,
            "bytes": weights.stat().st_size,
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        },
        "data": data,
        "notes": list(notes),
        "sample": verdict.sample,
        "recipe": recipe.to_dict(),
        "training": {
            "minutes": round(course.spent_s / 60, 1),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "losses": [round(loss, 5) for loss in course.losses],
        },
    }
    (out / f"{card.name}.json").write_text(
        json.dumps(fields, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (out / f"{card.name}.md").write_text(write_markdown(fields), encoding="utf-8")
    return verdict


def write_markdown(fields: dict[str, Any]) -> str:
    """Write the card for people."""
    training, weights = fields["training"], fields["weights"]
    sample = ["## What it writes", "", "```text", fields["sample"], "```", ""]
    notes = [f"- {note}" for note in fields["notes"]]
    return "\n".join(
        [
            f"# {fields['name']}",
            "",
            f"`{fields['architecture']}`, {fields['parameters']:,} parameters, "
            f"{fields['source']}. For looking at how a network works, not for use.",
            "",
            "## Measured",
            "",
            f"{fields['measured_as']}; once, after training, with the float16 weights as shipped.",
            "",
            "## Data",
            "",
            f"{fields['data']}.",
            "",
            *notes,
            *([""] if notes else []),
            *(sample if fields["sample"] else []),
            "## Recipe",
            "",
            f"AdamW, rate along half a cosine, {training['minutes']} minutes on "
            f"{training['threads']} CPU thread(s), torch {training['torch']}.",
            "",
            "| number | value |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in fields["recipe"].items()),
            "",
            "Mean loss of each twentieth of the steps: "
            + ", ".join(f"{loss:.3g}" for loss in training["losses"])
            + ".",
            "",
            f"Weights: `{weights['file']}`, {weights['bytes']:,} bytes, SHA-256 "
            f"`{weights['sha256']}`.",
            "",
        ]
    )
