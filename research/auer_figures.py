"""Auer's figures 2 to 5 on the network of his widths that is shipped: noise, adversaries, smoothness.

Auer, "Visualising the Hidden Neurons of a Non-convolutional DNN Trained on the MNIST Database":

- figure 2: ascent from real digits gives images that look as before and are read as another digit;
- figure 3: output neurons under total variation, whose weight doubles from 0.004 to 0.256;
- figure 4: output neuron 3 under total variation and L1, whose weight is a share of the former;
- figure 5: the same for a neuron of the last hidden layer, with the ratio to the next-highest neuron.

His: pictures from 0 to 1, clipping whose derivative the penalties do not see, starts of 0.01, the
weights, 100 steps and 30; of a hidden layer what the ReLU gives is climbed.
Ours: of the output the logarithm of the softmax is climbed instead of the softmax. Where the belief
y is nearly 1 both have one gradient, (1 - y) times that of the logits' difference, so his weights
hold; where y is nearly 0, as for output 0 at the start, that of the softmax vanishes and penalties
win (measured beside it). Ours are also the rates, the shares of L1, the network (trained on 7,602 of
MNIST's test digits, with label smoothing), the hidden neuron (the one of the highest ratio), and in
figure 2 a start of 0.01 to 0.99 (what is 0 exactly has no gradient there), the answer that comes
second as the goal, and an end at 95 % of belief (label smoothing taught the network to say 98).

Figure 2 and the averages of figure 3 need MNIST's test digits; the others need nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import layerwalk
from layerwalk_models.idx import read_idx
from layerwalk_models.zoo import make_network, read_zoo_card
from layerwalk_shared.recipes import RECIPES, Recipe
from research.ascents import last_images
from research.ledger import write_json
from research.plotting import INK, Colour
from research.sheets import Cell, draw_sheet

NETWORK = "auer_mlp_mnist"
DIGITS = (0, 3, 5)
WEIGHTS = (0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256)
GRIDDED = WEIGHTS[1:-1]
"""Those of figures 4 and 5."""
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Weight of L1 as a share of that of total variation."""
OUTPUT_RATE, OUTPUT_STEPS = 0.02, 100
HIDDEN_RATE, HIDDEN_STEPS = 0.03, 30
HIDDEN, NEURONS = "network.layers.13", 32
"""The ReLU of the last hidden layer, and its neurons."""
SURVEYED = 0.032, 0.1
"""Weight of total variation and share of L1 at which all of them are climbed."""
ADVERSARY_RATE, ADVERSARY_STEPS = 0.02, 300
SURE = 0.95
CONTRAST = 2
"""What a change is multiplied by where it is shown, around grey."""
INSET = 0.01
GREEN: Colour = (20, 120, 50)
RED: Colour = (185, 40, 35)
EMPTY = torch.zeros(1, 1, 28, 28)


class Answers(nn.Module):
    """The network as Auer's is: pictures 0 to 1 `[N, 1, 28, 28]` to shares of belief `[N, 10]`."""

    def __init__(self) -> None:
        """Load the shipped network; its card says how pictures become its input."""
        super().__init__()
        self.network = make_network(NETWORK)
        card = read_zoo_card(NETWORK)
        self.mean, self.std = float(card.mean[0]), float(card.std[0])

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the softmax of the logits."""
        return torch.softmax(self.network((pictures - self.mean) / self.std), 1)

    def logs(self, pictures: Tensor) -> Tensor:
        """Return the logarithm of the softmax of the logits."""
        return torch.log_softmax(self.network((pictures - self.mean) / self.std), 1)

    def hidden(self, pictures: Tensor) -> Tensor:
        """Return the last hidden layer `[N, 32]`."""
        inner = (pictures - self.mean) / self.std
        return self.network.layers[:-1](self.network.flatten(inner))  # type: ignore[no-any-return,index,operator]


class LogAnswers(nn.Module):
    """What is climbed: the logarithm of what `Answers` gives."""

    def __init__(self, answers: Answers) -> None:
        """Take the network itself, not a copy."""
        super().__init__()
        self.answers = answers

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logarithms of shares of belief `[N, 10]`."""
        return self.answers.logs(pictures)


def smooth(*, rate: float, steps: int, variation: float, share: float = 0.0) -> Recipe:
    """Return recipe `smooth` with these numbers."""
    changes = {
        "rate": rate,
        "steps": steps,
        "total_variation": variation,
        "l1": share * variation,
    }
    return RECIPES["smooth"].model_copy(update=changes)


def roughness(picture: Tensor) -> float:
    """Return the mean difference of neighbours over the picture's highest value."""
    plane = picture[0].double()
    total = plane.diff(dim=0).abs().mean() + plane.diff(dim=1).abs().mean()
    return float(total / 2 / plane.max().clamp(min=1e-9))


def black_share(picture: Tensor) -> float:
    """Return how many of the pixels are below a hundredth of the highest."""
    return float((picture < 0.01 * picture.max()).double().mean())


def describe(picture: Tensor) -> dict[str, float]:
    """Return the numbers of a picture that the figures speak of."""
    return {
        "highest": float(picture.max()),
        "roughness": roughness(picture),
        "black": black_share(picture),
    }


def shown(picture: Tensor) -> NDArray[np.floating]:
    """Return a picture `[H, W]` with its highest value white; what it is stands under it."""
    plane = picture[0].numpy()
    return plane / max(float(plane.max()), 1e-9)


def output_cell(model: Answers, picture: Tensor, digit: int) -> tuple[Cell, dict[str, float]]:
    """Return a picture with the belief in its digit, and its numbers."""
    with torch.inference_mode():
        belief = float(model(picture[None])[0, digit])
    numbers = {"activation": belief, **describe(picture)}
    colour = GREEN if belief > 0.5 else RED
    notes = ((f"{belief:.1%}", colour), (f"white = {numbers['highest']:.2f}", INK))
    return Cell(shown(picture), notes), numbers


def hidden_cell(model: Answers, picture: Tensor, neuron: int) -> tuple[Cell, dict[str, float]]:
    """Return a picture with Auer's ratio of its neuron to the next-highest, and its numbers."""
    with torch.inference_mode():
        values = model.hidden(picture[None])[0]
        answers = model(picture[None])[0]
    own = float(values[neuron])
    others = values.clone()
    others[neuron] = -torch.inf
    ratio = own / max(float(others.max()), 1e-9)
    numbers = {
        "activation": own,
        "ratio": ratio,
        "answer": float(answers.argmax()),
        "belief": float(answers.max()),
        **describe(picture),
    }
    notes = (
        (f"{ratio:.2f} ({own:.1f})", GREEN if ratio > 1 else RED),
        (f"reads {int(answers.argmax())}, {float(answers.max()):.0%}", INK),
    )
    return Cell(shown(picture), notes), numbers


class Figures:
    """Draws the figures and notes their numbers. Mutable, owned by the script.

    Args:
        folder: where the pictures go.
        steps_share: of the steps that are taken; below 1 for a trial.

    Attributes:
        numbers: of all figures so far.
    """

    def __init__(self, folder: Path, *, steps_share: float = 1.0) -> None:
        self.numbers: dict[str, Any] = {"network": NETWORK, "steps_share": steps_share}
        self._folder, self._share = folder, steps_share
        self._model = Answers().eval()
        self._climbed = LogAnswers(self._model).eval()
        self._output = layerwalk.trace(self._climbed, EMPTY).outputs[0]

    def _steps(self, steps: int) -> int:
        return max(1, round(steps * self._share))

    def _save(self, name: str, rows: Sequence[Sequence[Cell | None]], **names: Any) -> None:
        draw_sheet(rows, **names).save(self._folder / f"{name}.png", optimize=True)

    def total_variation(
        self,
        digits: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None,
        weights: Sequence[float],
    ) -> None:
        """Draw figure 3; with averages of the digits that a neuron is sure of, where there are some."""
        noted: dict[str, Any] = {}
        by_digit: dict[int, list[Cell | None]] = {digit: [] for digit in DIGITS}
        for weight in (0.0, *weights):
            recipe = smooth(rate=OUTPUT_RATE, steps=self._steps(OUTPUT_STEPS), variation=weight)
            images = last_images(self._climbed, self._output, DIGITS, recipe, example=EMPTY)
            itself = layerwalk.trace(self._model, EMPTY).outputs[0]
            by_softmax = last_images(self._model, itself, DIGITS, recipe, example=EMPTY)
            for digit in DIGITS:
                cell, numbers = output_cell(self._model, images[digit], digit)
                by_digit[digit].append(cell)
                _, other = output_cell(self._model, by_softmax[digit], digit)
                noted[f"{digit} tv {weight:g}"] = {**numbers, "by softmax": other["activation"]}
        titles = ["none", *(f"TV {weight:g}" for weight in weights)]
        if digits is not None:
            titles.insert(0, "average")
            pictures = torch.from_numpy(digits[0][:, None].astype(np.float32) / 255)
            with torch.inference_mode():
                beliefs = self._model(pictures)
            for digit, cells in by_digit.items():
                sure = pictures[beliefs[:, digit] > 0.9]
                plane = sure.mean(0) if len(sure) else torch.zeros(1, 28, 28)
                cells.insert(0, Cell(shown(plane), ((f"of {len(sure)}", INK),)))
        self.numbers["figure 3"] = noted
        names = [f"output {digit}" for digit in DIGITS]
        self._save("auer_3", list(by_digit.values()), row_names=names, column_names=titles)

    def survey(self) -> int:
        """Climb every neuron of the last hidden layer; return the one of the highest ratio."""
        weight, share = SURVEYED
        recipe = smooth(
            rate=HIDDEN_RATE, steps=self._steps(HIDDEN_STEPS), variation=weight, share=share
        )
        images = last_images(self._model, HIDDEN, range(NEURONS), recipe, example=EMPTY)
        found = {unit: hidden_cell(self._model, images[unit], unit)[1] for unit in range(NEURONS)}
        self.numbers["hidden neurons"] = {str(unit): numbers for unit, numbers in found.items()}
        return max(found, key=lambda unit: found[unit]["ratio"])

    def output_grid(self, digit: int, weights: Sequence[float]) -> None:
        """Draw figure 4: total variation downwards, L1 to the right, for an output."""
        cells = [
            [
                output_cell(self._model, self._climb_output(digit, weight, share), digit)
                for share in SHARES
            ]
            for weight in weights
        ]
        self._keep_grid("auer_4", "figure 4", cells, weights)

    def hidden_grid(self, neuron: int, weights: Sequence[float]) -> None:
        """Draw figure 5: the same for a hidden neuron."""
        cells = [
            [
                hidden_cell(self._model, self._climb_hidden(neuron, weight, share), neuron)
                for share in SHARES
            ]
            for weight in weights
        ]
        self.numbers["neuron of figure 5"] = neuron
        self._keep_grid("auer_5", "figure 5", cells, weights)

    def _climb_output(self, digit: int, weight: float, share: float) -> Tensor:
        steps = self._steps(OUTPUT_STEPS)
        recipe = smooth(rate=OUTPUT_RATE, steps=steps, variation=weight, share=share)
        return last_images(self._climbed, self._output, [digit], recipe, example=EMPTY)[digit]

    def _climb_hidden(self, neuron: int, weight: float, share: float) -> Tensor:
        steps = self._steps(HIDDEN_STEPS)
        recipe = smooth(rate=HIDDEN_RATE, steps=steps, variation=weight, share=share)
        return last_images(self._model, HIDDEN, [neuron], recipe, example=EMPTY)[neuron]

    def _keep_grid(
        self,
        name: str,
        title: str,
        cells: Sequence[Sequence[tuple[Cell, dict[str, float]]]],
        weights: Sequence[float],
    ) -> None:
        self.numbers[title] = {
            f"tv {weight:g} l1 {share:.0%}": numbers
            for weight, row in zip(weights, cells, strict=True)
            for share, (_, numbers) in zip(SHARES, row, strict=True)
        }
        self._save(
            name,
            [[cell for cell, _ in row] for row in cells],
            row_names=[f"TV {weight:g}" for weight in weights],
            column_names=[f"L1 {share:.0%}" for share in SHARES],
        )

    def adversaries(
        self, digits: tuple[NDArray[np.uint8], NDArray[np.uint8]], *, count: int
    ) -> None:
        """Draw figure 2: `count` digits that are read rightly, each climbed towards the second answer."""
        noted: list[dict[str, float]] = []
        rows: list[list[Cell | None]] = [[], [], []]
        for picture, digit in self._well_read(digits, count):
            target = self._second(picture)
            made, steps = self._turned(picture, target)
            with torch.inference_mode():
                before, after = self._model(torch.stack([picture, made]))
            change = made - picture
            noted.append(
                {
                    "digit": digit,
                    "target": target,
                    "steps": steps,
                    "before": float(before[digit]),
                    "after": float(after[target]),
                    "left": float(after[digit]),
                    "change": float(change.square().mean().sqrt()),
                    "largest": float(change.abs().max()),
                }
            )
            if len(rows[0]) < 8:
                first, then = before.argmax().item(), after.argmax().item()
                rows[0].append(_read(picture, first, float(before.max()), colour=GREEN))
                colour = GREEN if then == digit else RED
                rows[1].append(_read(made, then, float(after.max()), colour=colour))
                note = f"r.m.s. {noted[-1]['change']:.3f}"
                rows[2].append(Cell(CONTRAST * change[0].numpy() + 0.5, ((note, INK),)))
        self.numbers["figure 2"] = noted
        self._save(
            "auer_2",
            rows,
            row_names=["digit", "climbed", f"change\ntimes {CONTRAST}"],
            column_names=[""] * len(rows[0]),
        )

    def _second(self, picture: Tensor) -> int:
        """Return the answer that comes second for a picture."""
        with torch.inference_mode():
            return int(self._model(picture[None])[0].topk(2).indices[1])

    def _turned(self, picture: Tensor, target: int) -> tuple[Tensor, int]:
        """Return the image that is surely read as the target, or what was reached, and the steps."""
        recipe = smooth(rate=ADVERSARY_RATE, steps=self._steps(ADVERSARY_STEPS), variation=0.0)
        start = picture.clamp(INSET, 1 - INSET)[None]
        run = layerwalk.maximise(
            self._climbed, self._output, [target], recipe, start=start, precision="float32"
        )
        for made in run:
            if float(made.activations[0].exp()) > SURE or made.is_last:
                return made.images[0], made.step
        raise AssertionError("a run has a last step")

    def _well_read(
        self, digits: tuple[NDArray[np.uint8], NDArray[np.uint8]], count: int
    ) -> list[tuple[Tensor, int]]:
        """Return pictures that are read rightly with their digits, the ten digits in turn."""
        pictures = torch.from_numpy(digits[0][:, None].astype(np.float32) / 255)
        with torch.inference_mode():
            read = self._model(pictures).argmax(1).numpy()
        by_digit = [np.flatnonzero((digits[1] == one) & (read == one)) for one in range(10)]
        chosen = [(by_digit[one % 10], one // 10, one % 10) for one in range(count)]
        return [(pictures[int(of[turn])], digit) for of, turn, digit in chosen if turn < len(of)]


def _read(picture: Tensor, digit: float, belief: float, *, colour: Colour) -> Cell:
    return Cell(picture[0].numpy(), ((f"{int(digit)}: {belief:.1%}", colour),))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the figures that can be drawn; write `auer_2.png` to `auer_5.png`, `auer_figures.json`."""
    parser = argparse.ArgumentParser(prog="python -m research.auer_figures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/auer_figures"), help="folder")
    parser.add_argument("--digits", type=Path, help="MNIST's t10k-images-idx3-ubyte(.gz)")
    parser.add_argument("--labels", type=Path, help="MNIST's t10k-labels-idx1-ubyte(.gz)")
    parser.add_argument("--adversaries", type=int, default=50, help="digits of figure 2")
    parser.add_argument("--steps-share", type=float, default=1.0, help="below 1: a trial")
    parser.add_argument(
        "--weights", type=float, nargs="+", default=WEIGHTS, help="of total variation"
    )
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    chosen = parser.parse_args(arguments)
    if (chosen.digits is None) != (chosen.labels is None):
        parser.error("--digits and --labels go together")
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    digits = None
    if chosen.digits is not None:
        digits = read_idx(chosen.digits), read_idx(chosen.labels)
    figures = Figures(chosen.out, steps_share=chosen.steps_share)
    figures.total_variation(digits, chosen.weights)
    gridded = [weight for weight in chosen.weights if weight in GRIDDED] or chosen.weights
    figures.output_grid(3, gridded)
    figures.hidden_grid(figures.survey(), gridded)
    if digits is not None:
        figures.adversaries(digits, count=chosen.adversaries)
    write_json(chosen.out / "auer_figures.json", figures.numbers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
