"""The one loop of the short trainings: Adam, a rate that falls along half a cosine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn

from ..training.progress import track


@dataclass(frozen=True, slots=True)
class FitRecipe:
    """Every number of a short training.

    Attributes:
        architecture: Name in the catalogue.
        steps: Of the optimiser.
        batch_size: Places, pieces of text or sequences per step.
        rate: Peak learning rate of Adam; it falls to a hundredth of it along half a cosine.
        weight_decay: Decoupled (AdamW).
        seed: Of the first weights and of the order.
    """

    architecture: str
    steps: int
    batch_size: int
    rate: float
    weight_decay: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the numbers."""
        if min(self.steps, self.batch_size) < 1 or not self.rate > 0:
            raise ValueError(
                f"steps, batch_size and rate must be positive, got {self.steps}, "
                f"{self.batch_size} and {self.rate}"
            )

    def to_dict(self) -> dict[str, Any]:
        """Give every number, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Course:
    """How a fit went: the mean loss of each twentieth of the steps, and the seconds it took."""

    losses: tuple[float, ...]
    spent_s: float


def fit(network: nn.Module, recipe: FitRecipe, draw_loss: Callable[[Generator], Tensor]) -> Course:
    """Train `network`, which is left in eval mode.

    Args:
        network: Its parameters are trained.
        recipe: How.
        draw_loss: Draws a batch by the generator given and gives its mean loss.
    """
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay
    )
    generator = Generator().manual_seed(recipe.seed)
    started = time.monotonic()
    losses: list[float] = []
    network.train()
    for step in track(range(recipe.steps), total=recipe.steps, label=recipe.architecture):
        share = 0.5 * (1.0 + math.cos(math.pi * step / recipe.steps))
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * (0.01 + 0.99 * share)
        optimiser.zero_grad(set_to_none=True)
        loss = draw_loss(generator)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    network.eval()
    return Course(_average(losses, parts=20), time.monotonic() - started)


def _average(values: list[float], *, parts: int) -> tuple[float, ...]:
    length = math.ceil(len(values) / parts)
    pieces = [values[start : start + length] for start in range(0, len(values), length)]
    return tuple(sum(piece) / len(piece) for piece in pieces)
