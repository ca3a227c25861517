"""An LSTM that learns scikit-learn's digits, read row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Generator, Tensor, nn

from ..samples import load_digits
from .schedule import Course, FitRecipe, fit

RECIPE = FitRecipe("lstm", steps=1500, batch_size=64, rate=5e-3, weight_decay=1e-2)
TEST_EVERY = 5


@dataclass(frozen=True, slots=True)
class Sequences:
    """Sequences and what they are.

    Attributes:
        steps: float32 [N, T, features], grey values in [0, 1].
        labels: int64 [N].
    """

    steps: Tensor
    labels: Tensor


def load_rows() -> tuple[Sequences, Sequences]:
    """Load the digits, [8, 8] each: every fifth for measuring, the others for training.

    Raises:
        DatasetError: scikit-learn is not installed.
    """
    digits = load_digits()
    grey = np.stack([image[..., 0] for _, image, _ in digits])
    steps = torch.from_numpy(grey).float() / 255.0
    labels = torch.tensor([int(label or 0) for _, _, label in digits])
    is_test = torch.arange(len(digits)) % TEST_EVERY == 0
    return (
        Sequences(steps[~is_test], labels[~is_test]),
        Sequences(steps[is_test], labels[is_test]),
    )


def fit_rows(network: nn.Module, training: Sequences, recipe: FitRecipe = RECIPE) -> Course:
    """Train `network` to tell the digit from its rows; each picture is shifted by a pixel or none."""

    def draw_loss(generator: Generator) -> Tensor:
        chosen = torch.randint(len(training.labels), (recipe.batch_size,), generator=generator)
        down, right = torch.randint(-1, 2, (2,), generator=generator).tolist()
        steps = torch.roll(training.steps[chosen], (down, right), dims=(1, 2))
        return F.cross_entropy(network(steps), training.labels[chosen], label_smoothing=0.05)

    return fit(network, recipe, draw_loss)


@torch.inference_mode()
def measure_rows(network: nn.Module, test: Sequences) -> float:
    """Measure the share of right answers."""
    return float((network(test.steps).argmax(dim=1) == test.labels).float().mean())
