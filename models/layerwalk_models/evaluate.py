"""Command line that measures shipped weights: `python -m layerwalk_models.evaluate NAME DATA`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .card import read_card
from .errors import CheckpointError, DatasetError
from .folders import list_images
from .training.architectures import make_network
from .training.bank import load_views
from .training.measurement import Accuracy, measure_accuracy
from .training.split import split_listing
from .weights_file import load_weights
from .zoo import WEIGHTS


def measure(name: str, data: Path, *, folder: Path = WEIGHTS) -> Accuracy:
    """Measure a network on the test part that its card states.

    Args:
        name: Of the files in `folder`.
        data: The folder of class folders, or zip file of one, that it was trained on.
        folder: Where weights and card lie.

    Raises:
        CheckpointError: Weights or card are missing or broken.
        DatasetError: The data cannot be read or has other classes.
    """
    card = read_card(folder / f"{name}.json")
    fields = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    listing = list_images(data)
    if listing.classes != tuple(fields["class_folders"]):
        raise DatasetError(
            f"{str(data)!r} has {len(listing.classes)} class folders, network {name!r} was trained "
            f"on {len(card.classes)} or on others"
        )
    split = split_listing(
        listing,
        seed=fields["recipe"]["seed"],
        test_share=fields["recipe"]["test_share"],
        validation_share=fields["recipe"]["validation_share"],
    )
    network = make_network(fields["architecture"], len(card.classes))
    load_weights(network, folder / f"{name}.safetensors")
    channels, side, _ = card.input_shape
    views = load_views(listing, split.test, side=side, what="test images", channels=channels)
    return measure_accuracy(
        network.eval(), views, mean=card.mean, std=card.std, classes=len(card.classes)
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m layerwalk_models.evaluate",
        description="Measure a network on the test part of the data that it was trained on.",
    )
    parser.add_argument("name", help="of the network's files")
    parser.add_argument("data", type=Path, metavar="FOLDER_OR_ZIP")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        accuracy = measure(options.name, options.data, folder=options.weights)
    except (CheckpointError, DatasetError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{options.name}: top-1 {accuracy.top1:.2%}, top-5 {accuracy.top5:.2%}, mean per class "
        f"{accuracy.mean_per_class:.2%} on {accuracy.count} test images"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
