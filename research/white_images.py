"""Table 5.1 of Linse's dissertation as pictures: problems whose best image is white, and what is found.

Linse 2024, section 5.1: images are -1 to 1, sums are over the pixels, 1 > p > s > 0.

- f1, the sum of ReLU(x): gradients are sparse, what is negative stays.
- f2, the sum of LReLU(x): a race of patterns, what is negative rises s times as fast.
- f3, the sum of LReLU(x) + LReLU(-p x): local maxima, what is negative goes to black.
- a convolution with 1 on the left and -p on the right, and LReLU: local maxima again.

Ours: p = 0.2 and s = 0.1 (as in figure 5.1), the start (smooth noise), rate and steps, and 0.4 as the
larger slope, above p.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import layerwalk
from layerwalk_shared.recipes import Recipe
from research.ledger import write_json
from research.plotting import INK
from research.sheets import Cell, draw_sheet

P, S = 0.2, 0.1
LARGER = 0.4
SIDE = 24
RATE = 0.1
FEW, MANY = 12, 200


class Problem(nn.Module):
    """A function of an image's pixels `[N, 1, H, W]` and its sum: one unit, `[N, 1]`."""

    def __init__(self, kind: str, slope: float) -> None:
        """Make problem `f1`, `f2`, `f3` or `convolution` with that slope of its rectifiers."""
        super().__init__()
        self.kind = kind
        self.rectify: nn.Module = nn.LeakyReLU(slope) if slope else nn.ReLU()
        self.convolution = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        with torch.no_grad():
            self.convolution.weight.zero_()
            self.convolution.weight[0, 0, 1] = torch.tensor([1.0, 0.0, -P])

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum over the pixels."""
        if self.kind == "convolution":
            values = self.rectify(self.convolution(x))
        elif self.kind == "f3":
            values = self.rectify(x) + self.rectify(-P * x)
        else:
            values = self.rectify(x)
        total: Tensor = values.flatten(1).sum(1, keepdim=True)
        return total


@dataclass(frozen=True, slots=True)
class Way:
    """How a problem is climbed.

    Attributes:
        title: of its column.
        steps: how many.
        slope: of the rectifiers themselves; None: as the problem has it.
        proxy: of ProxyGrad.
    """

    title: str
    steps: int
    slope: float | None = None
    proxy: float = 0.0


WAYS = (
    Way(f"gradient\nascent, {FEW} steps", FEW),
    Way(f"gradient\nascent, {MANY} steps", MANY),
    Way(f"slope {LARGER:g},\n{MANY} steps", MANY, slope=LARGER),
    Way(f"ProxyGrad {LARGER:g},\n{FEW} steps", FEW, proxy=LARGER),
    Way(f"ProxyGrad {LARGER:g},\n{MANY} steps", MANY, proxy=LARGER),
)
PROBLEMS = {
    "f1": ("f1: sum of\nReLU(x)", 0.0),
    "f2": ("f2: sum of\nLReLU(x)", S),
    "f3": ("f3: sum of\nLReLU(x) +\nLReLU(-p x)", S),
    "convolution": ("convolution\n(1, 0, -p)\nand LReLU", S),
}
"""Problem -> (what it is, slope of its rectifiers)."""


def make_start(side: int = SIDE, seed: int = 3) -> Tensor:
    """Return smooth noise, half of its pixels below zero, `[1, 1, side, side]` from -0.7 to 0.7."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(1, 1, side // 4, side // 4, generator=generator)
    smooth = functional.interpolate(coarse, size=(side, side), mode="bicubic")
    centred = smooth - smooth.median()
    return 0.7 * centred / centred.abs().max()


def climb(kind: str, way: Way, start: Tensor) -> Tensor:
    """Return the image that is found, of the start's shape."""
    model = Problem(kind, PROBLEMS[kind][1] if way.slope is None else way.slope)
    recipe = Recipe(
        name="white image",
        steps=way.steps,
        rate=RATE,
        slope=way.proxy,
        bounds=(-1.0, 1.0),
        reference_px=None,
    )
    node = layerwalk.trace(model, start).outputs[0]
    *_, last = layerwalk.maximise(model, node, [0], recipe, start=start, precision="float32")
    return last.images


def value_of(kind: str, image: Tensor) -> float:
    """Return what the problem itself, with its own slope, makes of an image."""
    with torch.inference_mode():
        return float(Problem(kind, PROBLEMS[kind][1])(image))


def main(arguments: Sequence[str] | None = None) -> int:
    """Climb every problem in every way; write `white_images.json` and `white_images.png`."""
    parser = argparse.ArgumentParser(prog="python -m research.white_images", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/white_images"), help="folder")
    parser.add_argument("--side", type=int, default=SIDE, help="of the images, pixels")
    chosen = parser.parse_args(arguments)
    start = make_start(chosen.side)
    numbers: dict[str, Any] = {"p": P, "s": S, "rate": RATE, "side": chosen.side, "found": {}}
    rows = []
    for kind in PROBLEMS:
        cells = [_cell(start)]
        for way in WAYS:
            image = climb(kind, way, start)
            cells.append(_cell(image))
            numbers["found"][f"{kind}: {way.title.replace(chr(10), ' ')}"] = {
                "white": float((image == 1).float().mean()),
                "black": float((image == -1).float().mean()),
                "value": value_of(kind, image),
            }
        rows.append(cells)
        best = value_of(kind, torch.ones_like(start))
        numbers["found"][f"{kind}: white image"] = {"white": 1.0, "black": 0.0, "value": best}
    chosen.out.mkdir(parents=True, exist_ok=True)
    write_json(chosen.out / "white_images.json", numbers)
    sheet = draw_sheet(
        rows,
        row_names=[title for title, _ in PROBLEMS.values()],
        column_names=["start", *(way.title for way in WAYS)],
        side=4 * chosen.side if chosen.side < 32 else chosen.side,
    )
    sheet.save(chosen.out / "white_images.png", optimize=True)
    return 0


def _cell(image: Tensor) -> Cell:
    white = float((image == 1).float().mean())
    return Cell((image[0, 0].numpy() + 1) / 2, ((f"{white:.0%} white", INK),))


if __name__ == "__main__":
    sys.exit(main())
