"""Command line of the short trainings: `python -m layerwalk_models.fit picture|text|rows ...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from .card import Card
from .catalogue import CAT_HW, ENTRIES
from .coordinates import BUILDERS as COORDINATES
from .errors import DatasetError
from .fitting import picture, rows, text
from .fitting.report import Verdict, ship_fit
from .fitting.schedule import FitRecipe
from .gpt import CHARACTERS, GPT, decode, encode
from .pictures import fit_centre
from .samples import load_photographs
from .training.progress import say

SAMPLE_LENGTH = 300


def main(arguments: list[str] | None = None) -> int:
    """Train, measure, write weights and card; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m layerwalk_models.fit", description="Train a small network in minutes."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("picture", help="a coordinate network on a sample photograph")
    one.add_argument("photograph", help="name of one of the samples")
    one.add_argument("--architecture", choices=sorted(COORDINATES), default="coordinates_siren")
    two = verbs.add_parser("text", help="the character GPT on the text of files")
    two.add_argument("files", type=Path, nargs="+")
    two.add_argument("--data-name", required=True, help="what the text is, with its licence")
    verbs.add_parser("rows", help="the LSTM on scikit-learn's digits")
    for verb in verbs.choices.values():
        verb.add_argument("--name", required=True, help="of the network's files")
        verb.add_argument("--out", type=Path, required=True, metavar="DIR")
        verb.add_argument("--steps", type=int)
        verb.add_argument("--note", action="append", default=[], help="sentence for the card")
        verb.add_argument("--threads", type=int, default=0, help="of torch; 0: its own choice")
    options = parser.parse_args(arguments)
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    run: Callable[[argparse.Namespace], Verdict] = {
        "picture": run_picture,
        "text": run_text,
        "rows": run_rows,
    }[options.verb]
    try:
        say(run(options).sentence)
    except (DatasetError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run_picture(options: argparse.Namespace) -> Verdict:
    """Fit a coordinate network to a sample photograph."""
    found = {name: image for name, image, _ in load_photographs()}
    if options.photograph not in found:
        raise DatasetError(
            f"no sample photograph {options.photograph!r}, expected one of {', '.join(found)}"
        )
    target = picture.make_target(fit_centre(found[options.photograph], CAT_HW))
    recipe = _make_recipe(replace(picture.RECIPE, architecture=options.architecture), options)
    network = _build(recipe)
    course = picture.fit_picture(network, target, recipe)

    def measure(fresh: nn.Module) -> Verdict:
        return Verdict(None, f"PSNR {picture.measure_psnr(fresh, target):.1f} dB over all pixels")

    return ship_fit(
        network,
        replace(
            _describe(recipe, options.name),
            classes=("red", "green", "blue"),
            input_shape=(2, *CAT_HW),
        ),
        build=lambda: _build(recipe),
        measure=measure,
        recipe=recipe,
        course=course,
        data=f"the sample photograph {options.photograph!r} of `layerwalk_models.samples`, "
        f"{CAT_HW[1]} x {CAT_HW[0]} pixels",
        notes=(
            "It was measured on the pixels that it was trained on: it stores one picture.",
            *options.note,
        ),
        out=options.out,
    )


def run_text(options: argparse.Namespace) -> Verdict:
    """Fit the character GPT to the text of files."""
    recipe = _make_recipe(text.RECIPE, options)
    network = _build(recipe)
    assert isinstance(network, GPT)
    ids = encode("\n".join(path.read_text(encoding="utf-8") for path in options.files))
    training, test = text.split_text(ids, length=network.length)
    course = text.fit_text(network, training, recipe)

    def measure(fresh: nn.Module) -> Verdict:
        assert isinstance(fresh, GPT)
        bits, right = text.measure_text(fresh, test)
        written = fresh.write(
            encode("def "),
            SAMPLE_LENGTH,
            temperature=0.7,
            generator=torch.Generator().manual_seed(0),
        )
        sentence = (
            f"{bits:.2f} bits per character and {right:.1%} of next characters right on the last "
            f"tenth of the text"
        )
        return Verdict(right, sentence, decode(written))

    return ship_fit(
        network,
        replace(_describe(recipe, options.name), classes=tuple(CHARACTERS)),
        build=lambda: _build(recipe),
        measure=measure,
        recipe=recipe,
        course=course,
        data=f"{options.data_name}, {len(ids):,} characters",
        notes=tuple(options.note),
        out=options.out,
    )


def run_rows(options: argparse.Namespace) -> Verdict:
    """Fit the LSTM to scikit-learn's digits."""
    recipe = _make_recipe(rows.RECIPE, options)
    network = _build(recipe)
    training, test = rows.load_rows()
    course = rows.fit_rows(network, training, recipe)

    def measure(fresh: nn.Module) -> Verdict:
        share = rows.measure_rows(fresh, test)
        return Verdict(share, f"top-1 {share:.2%} on {len(test.labels)} digits")

    return ship_fit(
        network,
        replace(_describe(recipe, options.name), classes=tuple(map(str, range(10)))),
        build=lambda: _build(recipe),
        measure=measure,
        recipe=recipe,
        course=course,
        data=f"scikit-learn's 1797 digits (UCI, Alpaydin and Kaynak, CC BY 4.0), every "
        f"{rows.TEST_EVERY}th for measuring",
        notes=(
            "The same writers are in both parts, so strangers' digits will be read less well.",
            *options.note,
        ),
        out=options.out,
    )


def _make_recipe(recipe: FitRecipe, options: argparse.Namespace) -> FitRecipe:
    return recipe if options.steps is None else replace(recipe, steps=options.steps)


def _build(recipe: FitRecipe) -> nn.Module:
    entry = ENTRIES[recipe.architecture]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return entry.build(entry.classes)


def _describe(recipe: FitRecipe, name: str) -> Card:
    spec = ENTRIES[recipe.architecture].input
    return Card(
        name=name,
        classes=(),
        input_shape=spec.shape,
        mean=(),
        std=(),
        source="trained from random weights with layerwalk_models.fit",
        accuracy=None,
        kind=spec.kind,
        vocabulary=spec.vocabulary,
        time_axis=spec.time_axis,
    )


if __name__ == "__main__":
    sys.exit(main())
