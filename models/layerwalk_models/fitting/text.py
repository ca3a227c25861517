"""A character GPT that learns a text; the last tenth of the text is for measuring."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Generator, Tensor

from ..errors import DatasetError
from ..gpt import GPT
from .schedule import Course, FitRecipe, fit

RECIPE = FitRecipe("gpt", steps=1500, batch_size=32, rate=3e-3, weight_decay=0.1)
TEST_SHARE = 0.1


def split_text(ids: Tensor, *, length: int) -> tuple[Tensor, Tensor]:
    """Split the ids [T] of a text into its beginning for training and its end for measuring.

    Raises:
        DatasetError: The end is shorter than one piece of `length` and what follows it.
    """
    count = round(len(ids) * TEST_SHARE)
    if count <= length:
        raise DatasetError(
            f"the text has {len(ids)} characters, expected at least "
            f"{math.ceil((length + 1) / TEST_SHARE)}"
        )
    return ids[:-count], ids[-count:]


def fit_text(network: GPT, ids: Tensor, recipe: FitRecipe = RECIPE) -> Course:
    """Train `network` to tell the next character in the text of `ids` [T]."""
    span = torch.arange(network.length + 1)

    def draw_loss(generator: Generator) -> Tensor:
        starts = torch.randint(
            len(ids) - network.length, (recipe.batch_size, 1), generator=generator
        )
        pieces = ids[starts + span]
        return F.cross_entropy(network(pieces[:, :-1]).flatten(0, 1), pieces[:, 1:].flatten())

    return fit(network, recipe, draw_loss)


@torch.inference_mode()
def measure_text(network: GPT, ids: Tensor) -> tuple[float, float]:
    """Measure (bits per character, share of right first guesses) over pieces of ids [T] in order."""
    count = (len(ids) - 1) // network.length
    pieces = ids[: count * network.length].view(count, network.length)
    following = ids[1 : count * network.length + 1]
    logits = network(pieces).flatten(0, 1)
    bits = float(F.cross_entropy(logits, following)) / math.log(2.0)
    return bits, float((logits.argmax(dim=1) == following).float().mean())
