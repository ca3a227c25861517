"""Laws of the coordinate networks and their activation functions."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from layerwalk_models import activations, coordinates

GRID = torch.linspace(-7.0, 7.0, 2001, dtype=torch.float64)


def test_the_triangle_wave_meets_the_sine_where_it_turns_and_where_it_is_zero() -> None:
    quarters = torch.arange(-8, 9, dtype=torch.float64) * math.pi / 2
    torch.testing.assert_close(
        activations.triangle_wave(quarters), torch.sin(quarters), atol=1e-12, rtol=0
    )


def test_the_triangle_wave_is_the_arcsine_of_the_sine() -> None:
    expected = torch.asin(torch.sin(GRID)) * 2 / math.pi
    torch.testing.assert_close(activations.triangle_wave(GRID), expected, atol=1e-9, rtol=0)


def test_mrelu_is_the_hat_of_the_paper() -> None:
    hat = (1 - GRID.abs()).clamp_min(0)
    torch.testing.assert_close(activations.mirrored_relu(GRID), hat)
    torch.testing.assert_close(activations.BoundedMReLU()(GRID), 2 * hat - 1)


@pytest.mark.parametrize(
    "module", [activations.Sine(), activations.JaSIN(), activations.BoundedMReLU()]
)
def test_bounded_functions_reach_their_bounds_and_stay_within(module: nn.Module) -> None:
    values = module(GRID)
    assert values.abs().max() <= 1.0 + 1e-9
    assert values.max() > 0.99
    assert values.min() < -0.99


@pytest.mark.parametrize("module", [activations.Sine(7.0), activations.JaSIN(7.0)])
def test_waves_repeat_after_their_period(module: nn.Module) -> None:
    shifted = module(GRID + 2 * math.pi / 7.0)
    torch.testing.assert_close(shifted, module(GRID), atol=1e-9, rtol=0)


def record_preactivations(network: coordinates.CoordinateNetwork, omega: float) -> list[Tensor]:
    seen: list[Tensor] = []
    for layer in network.layers:
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _m, _i, output: seen.append(omega * output))
    with torch.inference_mode():
        network(coordinates.make_plane(48, 48))
    return seen


def test_what_goes_into_sirens_sines_is_normal_however_deep() -> None:
    """Sitzmann et al., section 3.2: close to N(0, 1) in every hidden layer.

    Variance v becomes 1 - exp(-2 v) behind sine and layer, so it settles at 0.80.
    """
    torch.manual_seed(3)
    network = coordinates.CoordinateNetwork(activations.Sine, depth=8, width=512, omega=30.0)
    first, *hidden = record_preactivations(network, 30.0)
    assert first.std() > 5.0  # many periods over the picture
    quantiles = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95])
    normal = torch.distributions.Normal(0.0, 1.0).icdf(quantiles)
    assert 0.95 < hidden[0].std() < 1.05
    for values in hidden:
        sample = values.flatten()[::37]
        assert 0.85 < sample.std() < 1.05
        torch.testing.assert_close(
            torch.quantile(sample / sample.std(), quantiles), normal, atol=0.1, rtol=0
        )


def test_sirens_weights_stay_within_the_bounds_of_the_paper() -> None:
    network = coordinates.make_siren()
    first, *others = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert 0.95 * 0.5 < first.weight.abs().max() <= 0.5
    for linear in others:
        bound = math.sqrt(6 / linear.in_channels) / 30
        assert 0.95 * bound < linear.weight.abs().max() <= bound


@pytest.mark.parametrize("name", sorted(coordinates.BUILDERS))
def test_signals_neither_vanish_nor_explode(name: str) -> None:
    torch.manual_seed(0)
    network = coordinates.BUILDERS[name](3)
    plane = coordinates.make_plane(24, 24)
    with torch.inference_mode():
        hidden = network.layers(plane)
    alive = (hidden.std(dim=(0, 2, 3)) > 1e-3).float().mean()
    assert 0.05 < hidden.std() < 10.0
    assert alive > 0.8  # units that are not the same everywhere


def test_each_place_is_worked_on_alone() -> None:
    """A 1x1 convolution over the plane is a linear layer at each place."""
    network = coordinates.make_siren()
    plane = coordinates.make_plane(5, 7)
    with torch.inference_mode():
        whole = network(plane)
        single = network(plane[:, :, 3:4, 2:3])
    torch.testing.assert_close(whole[:, :, 3:4, 2:3], single, atol=1e-5, rtol=1e-4)


def test_the_plane_has_square_pixels_and_is_symmetric() -> None:
    plane = coordinates.make_plane(3, 6)
    assert plane.shape == (1, 2, 3, 6)
    x, y = plane[0]
    torch.testing.assert_close(x[0].diff(), torch.full((5,), 1 / 3))
    torch.testing.assert_close(y[:, 0].diff(), torch.full((2,), 1 / 3))
    torch.testing.assert_close(plane, -plane.flip(2, 3))
    assert x.abs().max() < 1
