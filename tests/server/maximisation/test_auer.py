"""Steps, against loops that are written another way: Auer's in NumPy, Adam of torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

import layerwalk
from layerwalk.maximisation.beginning import streams_of
from layerwalk.maximisation.images import Fourier
from layerwalk_shared.recipes import RECIPES, ConstantStart, NoiseStart, Recipe, Transforms
from server.maximisation.small import conv_net, picture, seeded

STEPS = 10
Array = NDArray[np.float64]


def _total_variation(u: Array) -> Array:
    """Auer's appendix, item 5, with a border of zeros."""
    wide = np.pad(u, 1)
    return (
        np.sign(u - wide[:-2, 1:-1]) + np.sign(u - wide[2:, 1:-1])
        + np.sign(u - wide[1:-1, :-2]) + np.sign(u - wide[1:-1, 2:])
    )  # fmt: skip


def _auer(weights: list[tuple[Array, Array]], start: Array, unit: int, recipe: Recipe) -> Array:
    """Climb with ten steps: clip, forward, back by the chain rule, TV and L1 of the unclipped."""
    x = start.copy()
    for _ in range(STEPS):
        below: list[Array] = []
        value = np.clip(x, 0, 1)
        for weight, bias in weights[:-1]:
            before = weight @ value + bias
            below.append(before)
            value = np.maximum(before, 0)
        gradient = weights[-1][0][unit]
        for (weight, _), before in zip(reversed(weights[:-1]), reversed(below), strict=True):
            gradient = weight.T @ ((before > 0) * gradient)
        gradient = gradient * ((x > 0) & (x < 1))
        side = int(np.sqrt(len(x)))
        variation = _total_variation(x.reshape(side, side)).reshape(-1)
        x = x + recipe.rate * (
            gradient - recipe.total_variation * variation - recipe.l1 * np.sign(x)
        )
    return np.clip(x, 0, 1)


@pytest.mark.parametrize("start", ["constant", "digit"])
@pytest.mark.parametrize(("total_variation", "l1"), [(0.032, 0.0032), (0.1, 0.0), (0.0, 0.05)])
def test_smooth_is_auers_loop(start: str, total_variation: float, l1: float) -> None:
    model = seeded(nn.Sequential(nn.Linear(36, 20), nn.ReLU(), nn.Linear(20, 10), nn.ReLU(), nn.Linear(10, 3)))  # fmt: skip
    recipe = RECIPES["smooth"].model_copy(
        update={"steps": STEPS, "total_variation": total_variation, "l1": l1}
    )
    begin = np.full(36, np.float32(0.01), np.float64)
    if start == "digit":  # zeros, ones and what is between
        begin = np.clip(
            np.random.default_rng(1).normal(0.4, 0.5, 36).astype(np.float32), 0, 1
        ).astype(np.float64)
    *_, last = layerwalk.maximise(
        model, "4", [2, 0], recipe, example=torch.zeros(1, 36),
        start=begin.astype(np.float32) if start == "digit" else None, precision="float32",
    )  # fmt: skip
    weights = [(layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()) for layer in model if isinstance(layer, nn.Linear)]  # type: ignore[attr-defined]  # fmt: skip
    for image, unit in zip(last.images, (2, 0), strict=True):
        expected = _auer(weights, begin, unit, recipe)
        assert expected.std() > 1e-3
        np.testing.assert_allclose(image, expected, rtol=0, atol=2e-6)


def test_a_pixel_beyond_a_bound_comes_back_by_the_penalties_alone() -> None:
    model = nn.Linear(4, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 0, 0, 0]]))
    net = nn.Sequential(model)
    recipe = Recipe(name="r", steps=30, rate=0.3, bounds=(0.0, 1.0), l1=0.5, reference_px=None, start=ConstantStart(value=0.9))  # fmt: skip
    seen = [step.images[0, 0].item() for step in layerwalk.maximise(net, "0", [0], recipe, example=torch.zeros(1, 4), precision="float32")]  # fmt: skip
    # 0.9 + 0.15 is seen as 1; there only L1 pulls: 0.9, and again.
    np.testing.assert_allclose(seen[:4], [1.0, 0.9, 1.0, 0.9], atol=1e-6)


def test_fourier_is_adam_on_the_spectrum() -> None:
    model = conv_net()
    example = picture(16)
    recipe = RECIPES["fourier"].model_copy(
        update={"steps": STEPS, "transforms": Transforms(way="view")}
    )
    units = [4, 1]
    *_, last = layerwalk.maximise(
        model, "8", units, recipe, example=example, seed=5, precision="float32"
    )
    image = Fourier(
        (3, 16, 16),
        [streams_of(5, unit, 1)[0] for unit in units],
        deviation=recipe.spectrum_deviation,
    )
    optimiser = torch.optim.Adam(image.leaves, lr=0.05)
    for _ in range(STEPS):
        optimiser.zero_grad()
        (-model(image.images())[[0, 1], units].sum()).backward()
        optimiser.step()
    torch.testing.assert_close(last.images, image.images().detach(), rtol=0, atol=1e-4)


def test_a_normalised_step_has_the_recipe_s_length_for_any_size() -> None:
    model = conv_net()
    for px in (12, 24):
        recipe = Recipe(name="r", steps=1, rate=20.0, is_normalised=True, reference_px=224)
        start = picture(px)
        *_, last = layerwalk.maximise(model, "8", [0, 1], recipe, start=start, precision="float32")
        length = 20 * px / 224  # sqrt(3 px px / (3 224 224))
        moved = (last.images - start).flatten(1).norm(dim=1)
        np.testing.assert_allclose(moved, length, rtol=1e-5)


@pytest.mark.parametrize("gain", [1e-15, 1e25])
def test_a_normalised_ascent_does_not_feel_how_strong_the_gradient_is(gain: float) -> None:
    images = []
    for factor in (1.0, gain):
        model = seeded(
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 36, 2))
        )
        with torch.no_grad():
            model[3].weight.mul_(factor)
        recipe = Recipe(name="r", steps=5, rate=1.0, is_normalised=True, reference_px=None, start=NoiseStart())  # fmt: skip
        *_, last = layerwalk.maximise(
            model, "3", [0], recipe, example=picture(8), precision="float32"
        )
        images.append(last.images)
    torch.testing.assert_close(images[0], images[1], rtol=0, atol=1e-5)
