"""Figure 5.2 of Linse's dissertation on the shipped ResNet: do slopes help an ascent, and which?

Linse 2024, section 5.3: images of the classes are climbed by normalised gradients of length 25 from
grey with noise, with and without a weak blur and small turns after each step; by the true network,
by the true network with ProxyGrad of some slope, and by a network whose ReLUs are leaky ones of that
slope. The score is always the mean logit that the true network gives each image for its class
(equation 5.2).

Ours: the thin ResNet-18 of 101 classes that is shipped instead of one of ImageNet, hence smaller
pictures (a step is scaled so that a value changes as much as at 224 pixels).
"""

from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor, nn

import layerwalk
from layerwalk_models.zoo import make_network, read_zoo_card
from layerwalk_shared.recipes import RECIPES, Recipe, Transforms
from research.ledger import Ledger, write_json
from research.plotting import Line, draw_lines, stack

NETWORK = "resnet18_caltech101"
SPREAD = 37
"""Coprime to the number of classes: its multiples go through all of them, far from one another."""
BATCH = 16


@dataclass(frozen=True, slots=True)
class Size:
    """How much is climbed.

    Attributes:
        steps: of each ascent.
        px: side of the pictures.
        classes: how many, at most.
        chunk: classes that are climbed under every condition before the next ones are begun.
        slopes: of ProxyGrad and of the leaky networks.
        marks: steps after which images are scored, the last one included.
    """

    steps: int
    px: int
    classes: int
    chunk: int
    slopes: tuple[float, ...]
    marks: tuple[int, ...]


SIZES = {
    "few": Size(10, 128, 101, 101, (0.025, 0.05, 0.1, 0.2, 0.3), (10,)),
    "many": Size(500, 64, 32, 8, (0.025, 0.1, 0.3), (10, 100, 500)),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One point of one curve: `relu` (the true network), `proxygrad` or `leaky`, at a slope."""

    method: str
    slope: float
    is_regularised: bool

    @property
    def name(self) -> str:
        """How it is called in the ledger."""
        return f"{self.method} {self.slope:g} {'reg.' if self.is_regularised else 'free'}"


def conditions(slopes: Sequence[float]) -> Iterator[Condition]:
    """Yield every condition, those that are compared next to each other."""
    for is_regularised in (False, True):
        yield Condition("relu", 0.0, is_regularised)
        for slope in slopes:
            yield Condition("proxygrad", slope, is_regularised)
            yield Condition("leaky", slope, is_regularised)


def recipe_of(condition: Condition, steps: int) -> Recipe:
    """Return recipe `proxygrad`, as a condition has it."""
    changes: dict[str, Any] = {
        "name": condition.name,
        "steps": steps,
        "slope": condition.slope if condition.method == "proxygrad" else 0.0,
    }
    if not condition.is_regularised:
        changes["transforms"] = Transforms()
    return RECIPES["proxygrad"].model_copy(update=changes)


def with_leaky(model: nn.Module, slope: float) -> nn.Module:
    """Return a copy whose ReLUs are leaky ones; the same weights."""
    made = copy.deepcopy(model)
    for path, module in list(made.named_modules()):
        if isinstance(module, nn.ReLU):
            above, _, name = path.rpartition(".")
            made.get_submodule(above).register_module(name, nn.LeakyReLU(slope))
    return made


def score(model: nn.Module, images: Tensor, classes: Sequence[int]) -> list[tuple[float, bool]]:
    """Return of each image its class's logit in the true network, and whether it is the highest."""
    with torch.inference_mode():
        logits = model(images)
    rows = torch.arange(len(images))
    wanted = torch.tensor(classes)
    own = logits[rows, wanted].tolist()
    return list(zip(own, (logits.argmax(1) == wanted).tolist(), strict=True))


def climb(
    model: nn.Module, condition: Condition, classes: Sequence[int], size: Size
) -> dict[str, dict[str, tuple[float, bool]]]:
    """Return step -> class -> what the true network says of its image."""
    climbed = with_leaky(model, condition.slope) if condition.method == "leaky" else model
    card = read_zoo_card(NETWORK)
    found: dict[str, dict[str, tuple[float, bool]]] = {str(mark): {} for mark in size.marks}
    run = layerwalk.maximise(
        climbed,
        "fc",
        list(classes),
        recipe_of(condition, size.steps),
        example=torch.zeros(1, 3, size.px, size.px),
        mean=card.mean,
        std=card.std,
        batch=BATCH,
        precision="float32",
    )
    for made in run:
        step = (made.step - 1) % size.steps + 1
        if step in size.marks:
            units = [unit for unit in made.channels if unit is not None]
            scores = score(model, made.images, units)
            found[str(step)].update(zip(map(str, units), scores, strict=True))
    return found


def chunks(size: Size, count: int) -> list[list[int]]:
    """Return classes, chunk by chunk, spread over all of them."""
    order = [(index * SPREAD) % count for index in range(min(size.classes, count))]
    return [order[first : first + size.chunk] for first in range(0, len(order), size.chunk)]


def measure(size: Size, path: Path, *, until_s: float = math.inf) -> Ledger:
    """Climb what the ledger does not hold yet.

    Args:
        size: how much.
        path: of the ledger.
        until_s: on `time.monotonic`; what has not begun by then waits for the next call.
    """
    model = make_network(NETWORK)
    ledger = Ledger(path, {"network": NETWORK, **asdict(size)})
    for number, classes in enumerate(chunks(size, len(read_zoo_card(NETWORK).classes))):
        for condition in conditions(size.slopes):
            name = f"{number} {condition.name}"
            if name in ledger.parts:
                continue
            if time.monotonic() > until_s:
                return ledger
            began = time.process_time()
            found = climb(model, condition, classes, size)
            seconds = round(time.process_time() - began, 1)
            ledger.keep(name, {"scores": found, "cpu_s": seconds})
            last = [value for value, _ in found[str(size.marks[-1])].values()]
            print(f"{path.stem}: {name}: {mean(last):.2f} ({seconds:.0f} s)", flush=True)
    return ledger


def summarise(size: Size, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return mark -> condition -> mean score and what belongs to it, over classes that all have that
    are climbed with the same regularisation.

    `gain` is the mean difference to the true network under the same regularisation, class by class,
    `gain_error` its standard error; `hits` the share of images that the true network takes for their
    class.
    """
    result: dict[str, Any] = {str(mark): {} for mark in size.marks}
    for is_regularised in (False, True):
        every = [one for one in conditions(size.slopes) if one.is_regularised == is_regularised]
        whole = [
            number
            for number in sorted({name.split(" ", 1)[0] for name in parts})
            if all(f"{number} {condition.name}" in parts for condition in every)
        ]
        for mark in result if whole else ():
            by_name = {
                condition.name: {
                    unit: found
                    for number in whole
                    for unit, found in parts[f"{number} {condition.name}"]["scores"][mark].items()
                }
                for condition in every
            }
            result[mark] |= {one.name: _row(one, by_name) for one in every}
    return result


def _row(condition: Condition, by_name: Mapping[str, Any]) -> dict[str, Any]:
    own = by_name[condition.name]
    plain = by_name[Condition("relu", 0.0, condition.is_regularised).name]
    gains = [own[unit][0] - plain[unit][0] for unit in own]
    return {
        **asdict(condition),
        "classes": len(own),
        "score": mean(value for value, _ in own.values()),
        "gain": mean(gains),
        "gain_error": stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else 0.0,
        "hits": mean(hit for _, hit in own.values()),
    }


COLOURS = {"proxygrad": (38, 88, 168), "leaky": (190, 52, 44)}
LABELS = {"proxygrad": "ReLU with ProxyGrad", "leaky": "Leaky ReLU"}


def lines_of(rows: Mapping[str, Any]) -> list[Line]:
    """Return the four curves of a diagram; each begins at slope 0 with the true network."""
    lines = []
    for is_regularised in (False, True):
        for method, label in LABELS.items():
            chosen = [
                row
                for row in rows.values()
                if row["is_regularised"] == is_regularised and row["method"] in ("relu", method)
            ]
            if not chosen:
                continue
            points = sorted((row["slope"], row["score"]) for row in chosen)
            suffix = ", reg." if is_regularised else ""
            lines.append(
                Line(label + suffix, tuple(points), COLOURS[method], is_dashed=is_regularised)
            )
    return lines


def report(folder: Path, sizes: Mapping[str, Size]) -> None:
    """Write the summary and the plot of what the ledgers in a folder hold."""
    summary: dict[str, Any] = {}
    diagrams = []
    for name, size in sizes.items():
        ledger = Ledger(folder / f"{name}.json", {"network": NETWORK, **asdict(size)})
        found = summarise(size, ledger.parts)
        summary[name] = {"setup": asdict(size), "after": found}
        rows = found[str(size.marks[-1])]
        if rows:
            counts = {row["is_regularised"]: row["classes"] for row in rows.values()}
            count = " or ".join(str(number) for number in sorted(set(counts.values())))
            diagrams.append(
                draw_lines(
                    lines_of(rows),
                    title=f"{size.steps} steps, {count} classes, {size.px} x {size.px}",
                    x_label="slope",
                    y_label="mean logit of the class",
                )
            )
    write_json(folder / "proxygrad_curves.json", summary)
    if diagrams:
        stack(diagrams).save(folder / "proxygrad_curves.png", optimize=True)


def main(arguments: Sequence[str] | None = None, *, sizes: Mapping[str, Size] = SIZES) -> int:
    """Measure, go on where a run was stopped, and write `proxygrad_curves.json` and `.png`."""
    parser = argparse.ArgumentParser(
        prog="python -m research.proxygrad_curves", description=__doc__
    )
    parser.add_argument("--out", type=Path, default=Path("runs/proxygrad_curves"), help="folder")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin nothing after these")
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    parser.add_argument("--only", choices=sorted(sizes), help="the short or the long ascents alone")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    until_s = time.monotonic() + 60 * chosen.minutes
    for name, size in sizes.items():
        if chosen.only in (None, name):
            measure(size, chosen.out / f"{name}.json", until_s=until_s)
    report(chosen.out, sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
