"""Activation functions of coordinate networks, bounded ones among them, as modules.

Kim: Feature Analysis and Activation Function Study of Image Reconstruction Using Artificial Neural
Networks, compares ReLU, SIREN (Sitzmann et al., NeurIPS 2020), "a modified version of mReLU (Zhao,
Griffin 2016)" and JaSIN. The abstract gives no formula for the last two. Choices:

- **mReLU** is min(ReLU(1 - x), ReLU(1 + x)), as it is remembered from Zhao, Griffin: Suppressing the
  Unusual: towards Robust CNNs using Symmetric Activation Functions, arXiv 1603.05145. Their abstract,
  which was read, asks for what it does: symmetric units that suppress signals of exceptional
  magnitude. It is a hat of height 1 on (-1, 1), bounded as it stands. What was modified is not said; here it is shifted and stretched
  to [-1, 1], 2 mReLU(x) - 1, so that its range is that of the sine it is compared with.
- **JaSIN** is "bounded, jagged, sin-like" with "the computation efficiency of ReLU": the triangle
  wave with the sine's period, zeros and extremes, which needs a floor and an absolute value but no
  sine. Its slope is 2/pi or -2/pi everywhere.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

SIREN_OMEGA: Final = 30.0
"""The frequency omega_0 that the SIREN paper uses for pictures (section 3.2)."""


def mirrored_relu(x: Tensor) -> Tensor:
    """Compute mReLU: 1 - |x| on (-1, 1), else 0."""
    return torch.minimum(torch.relu(1.0 - x), torch.relu(1.0 + x))


def triangle_wave(x: Tensor) -> Tensor:
    """Compute the triangle wave that meets sin(x) at all multiples of pi / 2; within [-1, 1]."""
    turns = x / (2.0 * math.pi) - 0.25  # whole numbers where the sine is 1
    return 4.0 * (turns - torch.floor(turns) - 0.5).abs() - 1.0


class Sine(nn.Module):
    """sin(omega x)."""

    def __init__(self, omega: float = SIREN_OMEGA) -> None:
        """Make it with angular frequency `omega`."""
        super().__init__()
        self.omega = omega

    def forward(self, x: Tensor) -> Tensor:
        """Map any shape to the same shape, within [-1, 1]."""
        return torch.sin(self.omega * x)

    def extra_repr(self) -> str:
        """Show the frequency in the module's printed form."""
        return f"omega={self.omega:g}"


class JaSIN(nn.Module):
    """The triangle wave at omega x."""

    def __init__(self, omega: float = SIREN_OMEGA) -> None:
        """Make it with angular frequency `omega`."""
        super().__init__()
        self.omega = omega

    def forward(self, x: Tensor) -> Tensor:
        """Map any shape to the same shape, within [-1, 1]."""
        return triangle_wave(self.omega * x)

    def extra_repr(self) -> str:
        """Show the frequency in the module's printed form."""
        return f"omega={self.omega:g}"


class BoundedMReLU(nn.Module):
    """2 mReLU(x) - 1."""

    def forward(self, x: Tensor) -> Tensor:
        """Map any shape to the same shape, within [-1, 1]."""
        return 2.0 * mirrored_relu(x) - 1.0
