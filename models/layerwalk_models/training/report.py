"""Ship a trained network: float16 weights, their accuracy on the test part, the model card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..weights_file import load_weights
from .architectures import make_network
from .bank import Views
from .checkpoint import EpochRecord
from .curves import draw_curves
from .loop import Material, Outcome
from .measurement import Accuracy, measure_accuracy
from .progress import say
from .recipe import Recipe

OPTIMISER_NAMES = {"sgd": "SGD with Nesterov momentum", "lamb": "LAMB"}
SPLIT_RULE = (
    "Within each class, images are ordered by the SHA-256 digest of the UTF-8 text "
    "`<seed>/<class folder>/<file name>`. The first round(test_share * n) of its n images, at "
    "least one, are its test part; of the remaining m the first round(validation_share * m) are "
    "its validation part; the others are its training part."
)


@dataclass(frozen=True, slots=True)
class Labelling:
    """What a card says that the run itself cannot know.

    Attributes:
        name: Of the network and of its files.
        data: Name of the dataset.
        licence: Of the data.
        class_names: What people call the classes, in the order of the labels.
        notes: Sentences on the data or the result that a reader must know.
    """

    name: str
    data: str
    licence: str
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


def ship(
    outcome: Outcome,
    *,
    recipe: Recipe,
    material: Material,
    test: Views,
    labelling: Labelling,
    out: Path,
) -> Accuracy:
    """Write weights, card and curves into `out`, and measure what was written.

    The accuracy is that of the float16 file, read back into a fresh network: what users get, not
    what was in memory. This is the only time that the test part is used.

    Returns:
        The accuracy on `test`.
    """
    weights = out / f"{labelling.name}.safetensors"
    write_weights(outcome.network, weights)
    network = make_network(recipe.architecture, len(material.classes))
    load_weights(network, weights)
    accuracy = measure_accuracy(
        network.eval(),
        test,
        mean=material.mean,
        std=material.std,
        classes=len(material.classes),
    )
    card = describe(
        outcome,
        recipe=recipe,
        material=material,
        accuracy=accuracy,
        labelling=labelling,
        weights=weights,
    )
    (out / f"{labelling.name}.json").write_text(
        json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (out / f"{labelling.name}.md").write_text(write_markdown(card), encoding="utf-8")
    (out / f"{labelling.name}.svg").write_text(draw_curves(outcome.history), encoding="utf-8")
    say(
        f"test: top-1 {accuracy.top1:.2%}, top-5 {accuracy.top5:.2%}, mean per class "
        f"{accuracy.mean_per_class:.2%} on {accuracy.count} images; {weights.name} "
        f"{weights.stat().st_size / 1e6:.2f} MB"
    )
    return accuracy


def write_weights(network: nn.Module, path: Path) -> None:
    """Write the weights as safetensors, floating point as float16, through a partial file.

    Raises:
        ValueError: A value does not fit into float16.
    """
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        value = tensor.detach()
        if value.is_floating_point():
            value = value.to(torch.float16)
            if not torch.isfinite(value).all():
                raise ValueError(f"weights {name!r} hold values that float16 cannot")
        tensors[name] = value.contiguous()
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(save(tensors))  # its own save_file makes files only their owner may read
    partial.replace(path)


def describe(
    outcome: Outcome,
    *,
    recipe: Recipe,
    material: Material,
    accuracy: Accuracy,
    labelling: Labelling,
    weights: Path,
) -> dict[str, Any]:
    """Gather everything that the card says, ready for JSON; `Card` reads the first entries."""
    side = recipe.input_side
    return {
        "name": labelling.name,
        "architecture": recipe.architecture,
        "classes": labelling.class_names,
        "input_shape": [recipe.channels, side, side],
        "mean": material.mean,
        "std": material.std,
        "source": (
            f"trained from random weights on {labelling.data} ({labelling.licence}) "
            "with layerwalk_models.train"
        ),
        "accuracy": round(accuracy.top1, 4),
        "class_folders": material.classes,
        "parameters": sum(parameter.numel() for parameter in outcome.network.parameters()),
        "weights": {
            "file": weights.name,
            "bytes": weights.stat().st_size,
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        },
        "preprocessing": (
            f"short side to {side} pixels (bicubic), centre {side} x {side}, values to [0, 1], "
            "minus mean, divided by std"
        ),
        "data": {
            "name": labelling.data,
            "licence": labelling.licence,
            "training_images": len(material.canvases.labels),
            "validation_images": len(material.validation.labels),
            "test_images": accuracy.count,
            "split_seed": recipe.seed,
            "split_rule": SPLIT_RULE,
        },
        "measured": {
            "top1": round(accuracy.top1, 4),
            "top5": round(accuracy.top5, 4),
            "mean_per_class": round(accuracy.mean_per_class, 4),
            "per_class": {
                folder: None if share is None else round(share, 4)
                for folder, share in zip(material.classes, accuracy.per_class, strict=True)
            },
        },
        "notes": labelling.notes,
        "recipe": recipe.to_dict(),
        "training": {
            "minutes": round(outcome.spent_s / 60, 1),
            "epochs": len(outcome.history),
            "images_seen": sum(record.images for record in outcome.history),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        },
        "history": [_round(record) for record in outcome.history],
    }


def write_markdown(card: dict[str, Any]) -> str:
    """Write the card for people; the picture of the curves is expected beside it."""
    data, measured, training = card["data"], card["measured"], card["training"]
    shares = sorted(
        (share, folder) for folder, share in measured["per_class"].items() if share is not None
    )
    lines = [
        f"# {card['name']}",
        "",
        f"`{card['architecture']}`, {card['parameters']:,} parameters, {len(card['classes'])} "
        f"classes, {card['source']}. For looking at how a network sees, not for decisions.",
        "",
        "## Accuracy",
        "",
        f"Measured once, after training, on the {data['test_images']} test images, with the "
        f"float16 weights as shipped, one view per image: {card['preprocessing']}.",
        "",
        "| top-1 | top-5 | mean per class (top-1) |",
        "|---|---|---|",
        f"| {measured['top1']:.2%} | {measured['top5']:.2%} | {measured['mean_per_class']:.2%} |",
        "",
        f"Measure again: `python -m layerwalk_models.evaluate {card['name']} FOLDER_OR_ZIP`.",
        "",
        "Best: " + _list_classes(shares[::-1][:5]) + ". Worst: " + _list_classes(shares[:5]) + ".",
        "",
        "## Data",
        "",
        f"{data['name']}, {data['licence']}: {data['training_images']} images for training, "
        f"{data['validation_images']} to watch the run, {data['test_images']} for the test; split "
        f"seed {data['split_seed']}. {data['split_rule']}",
        "",
        *(f"- {note}" for note in card["notes"]),
        *([""] if card["notes"] else []),
        "## Recipe",
        "",
        f"{training['epochs']} epochs, {training['images_seen']:,} images seen, "
        f"{training['minutes']} minutes on {training['threads']} CPU thread(s), torch "
        f"{training['torch']}. {OPTIMISER_NAMES[card['recipe']['optimiser']]}, cosine rate, augmentation as in "
        "`layerwalk_models.training.augmentation`; the running average of the weights is shipped.",
        "",
        "| number | value |",
        "|---|---|",
        *(f"| {name} | {_plain(value)} |" for name, value in card["recipe"].items()),
        f"| input mean | {_plain(card['mean'])} |",
        f"| input std | {_plain(card['std'])} |",
        "",
        f"![Training loss and validation accuracy]({card['name']}.svg)",
        "",
        f"Weights: `{card['weights']['file']}`, {card['weights']['bytes']:,} bytes, SHA-256 "
        f"`{card['weights']['sha256']}`.",
        "",
    ]
    return "\n".join(lines)


def _round(record: EpochRecord) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in asdict(record).items()
    }


def _list_classes(shares: list[tuple[float, str]]) -> str:
    return ", ".join(f"{folder} {share:.0%}" for share, folder in shares)


def _plain(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(
            _plain(part) if not isinstance(part, tuple) else ":".join(map(str, part))
            for part in value
        )
    return str(value)
