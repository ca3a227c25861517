"""Command line of the training recipe: `python -m layerwalk_models.train FOLDER_OR_ZIP ...`."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from .errors import CheckpointError, DatasetError, TrainingError
from .folders import list_images
from .training.architectures import ARCHITECTURES
from .training.bank import CANVAS_PER_SIDE, load_canvases, load_views, measure_normalisation
from .training.loop import Material, train
from .training.progress import say
from .training.recipe import LAMB_RATE, LAMB_WEIGHT_DECAY, OPTIMISERS, PRECISIONS, Recipe
from .training.report import Labelling, ship
from .training.split import split_listing


def make_parser() -> argparse.ArgumentParser:
    """Make the parser; the defaults of the recipe's numbers are those of `Recipe`."""
    parser = argparse.ArgumentParser(
        prog="python -m layerwalk_models.train",
        description="Train a classifier on a folder of class folders, or a zip file of one.",
    )
    parser.add_argument("data", type=Path, metavar="FOLDER_OR_ZIP")
    parser.add_argument("--architecture", required=True, choices=sorted(ARCHITECTURES))
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where files go")
    parser.add_argument("--name", help="of the network; default ARCHITECTURE_DATA")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in DIR")
    parser.add_argument(
        "--class-names", type=Path, metavar="JSON", help="what class folders are called by people"
    )
    parser.add_argument("--data-name", help="of the dataset, for the model card")
    parser.add_argument(
        "--note", action="append", default=[], help="sentence for the model card; may be repeated"
    )
    parser.add_argument("--licence", default="not stated", help="of the data, for the model card")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: its own choice")
    parser.add_argument("--epochs", type=int)
    parser.add_argument(
        "--time-budget",
        type=float,
        dest="time_budget_min",
        metavar="MINUTES",
        help="end after this time instead of after --epochs; the schedule follows the time spent",
    )
    parser.add_argument(
        "--sizes",
        type=_parse_sizes,
        metavar="0:64,0.45:96,0.8:128",
        help="image side from each share of the run; the last one is the network's input",
    )
    parser.add_argument(
        "--crop-area",
        type=_parse_pair,
        metavar="0.3,0.5",
        help="smallest share of an image's area that a crop keeps, at the start and at the end",
    )
    parser.add_argument("--precision", choices=PRECISIONS)
    parser.add_argument("--channels", type=int, choices=(1, 3), help="1: grey images")
    parser.add_argument(
        "--optimiser",
        choices=OPTIMISERS,
        help=f"lamb: with rate {LAMB_RATE} and weight decay {LAMB_WEIGHT_DECAY} where none is given",
    )
    for name, kind in (
        ("seed", int),
        ("batch_size", int),
        ("rate", float),
        ("weight_decay", float),
        ("warm_up", float),
        ("label_smoothing", float),
        ("average_decay", float),
        ("rotation_deg", float),
        ("flip", float),
        ("jitter", float),
        ("erase", float),
        ("cutmix", float),
        ("gentle_from", float),
        ("test_share", float),
        ("validation_share", float),
    ):
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, dest=name)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Train, then measure and write weights and card; gives the exit code."""
    options = make_parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _show_warning
            run(options)
    except (DatasetError, CheckpointError, TrainingError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command with --resume goes on", file=sys.stderr)
        return 130
    return 0


def run(options: argparse.Namespace) -> None:
    """Do what the parsed options say."""
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    recipe = make_recipe(options)
    listing = list_images(options.data)
    split = split_listing(
        listing,
        seed=recipe.seed,
        test_share=recipe.test_share,
        validation_share=recipe.validation_share,
    )
    say(
        f"{listing.source.name}: {len(listing.classes)} classes; {len(split.training)} training, "
        f"{len(split.validation)} validation, {len(split.test)} test images"
    )
    names = read_class_names(options.class_names, listing.classes)
    side = recipe.input_side
    channels = recipe.channels
    canvases = load_canvases(
        listing, split.training, side=round(side * CANVAS_PER_SIDE), channels=channels
    )
    mean, std = measure_normalisation(canvases)
    material = Material(
        classes=listing.classes,
        canvases=canvases,
        validation=load_views(
            listing, split.validation, side=side, what="validation images", channels=channels
        ),
        mean=mean,
        std=std,
    )
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    outcome = train(recipe, material, checkpoint_path=out / "checkpoint.pt", resume=options.resume)
    ship(
        outcome,
        recipe=recipe,
        material=material,
        test=load_views(listing, split.test, side=side, what="test images", channels=channels),
        labelling=Labelling(
            name=options.name or f"{recipe.architecture}_{listing.source.stem.lower()}",
            data=options.data_name or listing.source.name,
            licence=options.licence,
            class_names=names,
            notes=tuple(options.note),
        ),
        out=out,
    )


def make_recipe(options: argparse.Namespace) -> Recipe:
    """Make the recipe from the options that were given; the others keep their defaults."""
    given: dict[str, Any] = {
        field.name: value
        for field in fields(Recipe)
        if (value := getattr(options, field.name, None)) is not None
    }
    if given.get("optimiser") == "lamb":
        given = {"rate": LAMB_RATE, "weight_decay": LAMB_WEIGHT_DECAY, **given}
    return Recipe(**given)


def read_class_names(path: Path | None, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Name the classes for people: from a JSON object folder -> name, else underscores to spaces.

    Raises:
        DatasetError: The file is no JSON object of texts.
    """
    table: dict[str, str] = {}
    if path is not None:
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DatasetError(f"{str(path)!r} is no JSON: {error}") from error
        if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
            raise DatasetError(f"{str(path)!r} must hold one JSON object of folder: name")
    return tuple(table.get(folder, folder.replace("_", " ")) for folder in folders)


def _parse_sizes(text: str) -> tuple[tuple[float, int], ...]:
    try:
        pairs = [part.split(":") for part in text.split(",")]
        return tuple((float(start), int(side)) for start, side in pairs)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected pairs like 0:64,0.5:128, got {text!r}"
        ) from error


def _parse_pair(text: str) -> tuple[float, float]:
    try:
        first, last = map(float, text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected two numbers, got {text!r}") from error
    return first, last


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
