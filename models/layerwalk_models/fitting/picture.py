"""A coordinate network that learns one picture: places to colours in [-1, 1], mean square error."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from ..coordinates import make_plane
from .schedule import Course, FitRecipe, fit

RECIPE = FitRecipe("coordinates_siren", steps=1500, batch_size=4096, rate=4e-4)


def make_target(picture: NDArray) -> Tensor:  # type: ignore[type-arg]
    """Give a picture, uint8 [H, W, 3], as the network's target [1, 3, H, W] in [-1, 1]."""
    return torch.tensor(picture).permute(2, 0, 1).unsqueeze(0).float() / 127.5 - 1.0


def fit_picture(network: nn.Module, target: Tensor, recipe: FitRecipe = RECIPE) -> Course:
    """Train `network` to give `target` [1, 3, H, W] at the places of its pixels."""
    height, width = target.shape[2:]
    places = make_plane(height, width).flatten(2)  # [1, 2, H * W]
    colours = target.flatten(2)

    def draw_loss(generator: Generator) -> Tensor:
        chosen = torch.randint(places.shape[2], (recipe.batch_size,), generator=generator)
        return F.mse_loss(network(places[:, :, chosen, None]), colours[:, :, chosen, None])

    return fit(network, recipe, draw_loss)


@torch.inference_mode()
def measure_psnr(network: nn.Module, target: Tensor) -> float:
    """Measure the peak signal-to-noise ratio in dB over all pixels, colours cut to [-1, 1]."""
    height, width = target.shape[2:]
    made = network(make_plane(height, width)).clamp(-1.0, 1.0)
    return 10.0 * math.log10(4.0 / float(F.mse_loss(made, target)))
