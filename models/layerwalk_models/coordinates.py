"""Coordinate networks: a picture as a function from places to colours.

Sitzmann, Martel, Bergman, Lindell, Wetzstein: Implicit Neural Representations with Periodic
Activation Functions, NeurIPS 2020 (SIREN), section 4.1 and its published notebook: 2 coordinates in
[-1, 1], three hidden layers of 256 units behind a first one, a linear layer to the colours; Kim's
study, which looks at each neuron's output over the picture's plane, with ReLU, SIREN, bounded mReLU
and JaSIN (`activations` says what these two are taken for).

A linear layer at each place is a 1x1 convolution over the plane of places. Written so, the output
of a layer is [N, units, H, W]: each neuron's response over the plane is a feature map.

Initialisation: SIREN's (section 3.2) for the two wave-like functions: the first layer uniform in
[-1/n, 1/n], the others in [-sqrt(6/n)/omega, sqrt(6/n)/omega] with n inputs, so that what goes into
the sine, omega included, is normal in every hidden layer (with variance 1 in the first one, and not
below 0.80 however deep). Choices: for ReLU He's, for mReLU uniform in [-sqrt(6/n), sqrt(6/n)]
(SIREN's with omega 1), and for both a first layer of `REACH` times that, since coordinates in [-1, 1] else bend only once over the whole picture; biases uniform
in [-1/sqrt(n), 1/sqrt(n)], which is the library's, at the first layer `REACH` times that, and over
omega in hidden layers that have one, where they else would outweigh the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor, nn

from .activations import SIREN_OMEGA, BoundedMReLU, JaSIN, Sine

DEFAULT_SIDE: Final = 64
REACH: Final = 8.0
"""How much wider than its rule the first layer without a frequency of its own is drawn."""


class CoordinateNetwork(nn.Module):
    """Coordinates [N, 2, H, W] to values [N, colours, H, W]."""

    def __init__(
        self,
        activation: Callable[[], nn.Module],
        *,
        colours: int = 3,
        width: int = 256,
        depth: int = 4,
        omega: float | None = None,
    ) -> None:
        """Build the network with random weights.

        Args:
            activation: Makes the function behind each layer but the last.
            colours: Values at each place.
            width: Units of each hidden layer.
            depth: Hidden layers.
            omega: Frequency inside the activation, for SIREN's initialisation; None for those
                without one.
        """
        super().__init__()
        if min(colours, width, depth) < 1:
            raise ValueError(
                f"colours, width and depth must be at least 1, got {colours}, {width} and {depth}"
            )
        layers: list[nn.Module] = []
        for index in range(depth):
            layers += [nn.Conv2d(2 if index == 0 else width, width, 1), activation()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Conv2d(width, colours, 1)
        initialise_coordinates(self, omega=omega)

    def forward(self, x: Tensor) -> Tensor:
        """Map coordinates [N, 2, H, W] (x to the right, y down, in [-1, 1]) to values."""
        return self.head(self.layers(x))  # type: ignore[no-any-return]


@torch.no_grad()
def initialise_coordinates(network: CoordinateNetwork, *, omega: float | None) -> None:
    """Draw the weights of `network` as the module's docstring says."""
    linears = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    for index, linear in enumerate(linears):
        inputs = linear.in_channels
        bound, shift = math.sqrt(6.0 / inputs), 1.0 / math.sqrt(inputs)
        if index == 0:
            reach = REACH if omega is None else 1.0
            bound = bound if omega is None else 1.0 / inputs
        else:
            reach = 1.0 / (omega or 1.0)
        linear.weight.uniform_(-reach * bound, reach * bound)
        assert linear.bias is not None
        linear.bias.uniform_(-reach * shift, reach * shift)


def make_plane(height: int = DEFAULT_SIDE, width: int = DEFAULT_SIDE) -> Tensor:
    """Make the coordinates of a picture's pixels [1, 2, height, width]: x, then y, in [-1, 1].

    The longer side runs from edge to edge; pixels are square, so the other one is shorter.
    """
    longest = max(height, width)

    def spread(count: int) -> Tensor:
        return (2.0 * torch.arange(count) + 1.0 - count) / longest

    y, x = torch.meshgrid(spread(height), spread(width), indexing="ij")
    return torch.stack([x, y]).unsqueeze(0)


def make_relu_network(colours: int = 3) -> CoordinateNetwork:
    """Make the coordinate network with ReLU."""
    return CoordinateNetwork(nn.ReLU, colours=colours)


def make_siren(colours: int = 3) -> CoordinateNetwork:
    """Make SIREN: 198,915 parameters for three colours."""
    return CoordinateNetwork(Sine, colours=colours, omega=SIREN_OMEGA)


def make_mrelu_network(colours: int = 3) -> CoordinateNetwork:
    """Make the coordinate network with the bounded mReLU."""
    return CoordinateNetwork(BoundedMReLU, colours=colours)


def make_jasin_network(colours: int = 3) -> CoordinateNetwork:
    """Make the coordinate network with the triangle wave."""
    return CoordinateNetwork(JaSIN, colours=colours, omega=SIREN_OMEGA)


BUILDERS: Final[Mapping[str, Callable[[int], CoordinateNetwork]]] = MappingProxyType(
    {
        "coordinates_relu": make_relu_network,
        "coordinates_siren": make_siren,
        "coordinates_mrelu": make_mrelu_network,
        "coordinates_jasin": make_jasin_network,
    }
)
"""Name -> builder that takes the number of colours."""
