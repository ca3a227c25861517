"""Total variation and L1 of pictures, and their sub-gradients, as in Auer's appendix (items 4, 5).

Auer compares each pixel with its four neighbours in a copy of the picture that has a border of
zeros, so a bright border costs as much as an edge does. His sum is printed with the differences to
the right and below alone; the derivative that he derives and runs holds all four borders. The value
here is the one that has that derivative: the sum over the picture with its border of zeros.

Where two neighbours are equal, or a pixel is zero, `sgn(0) = 0` is the sub-gradient taken.

What is a picture: the last two axes of `[n, C, H, W]`, each channel on its own. A vector `[n, N]` is
laid out as a wall shows it, row by row in a nearly square grid (784 values: 28 x 28); cells of the
grid past its end are zero, as the border is.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from layerwalk.maximisation.space import PictureSpace
from layerwalk_shared.views import grid_shape


def total_variation(pictures: Tensor) -> Tensor:
    """Return `[n]`: sums of the absolute differences of neighbours, the border of zeros included.

    Args:
        pictures: `[n, ..., H, W]` or `[n, N]`.
    """
    wide = _bordered(_laid_out(pictures))
    down = (wide[..., 1:, :] - wide[..., :-1, :]).abs()
    right = (wide[..., :, 1:] - wide[..., :, :-1]).abs()
    return down.flatten(1).sum(dim=1) + right.flatten(1).sum(dim=1)


def total_variation_gradient(pictures: Tensor) -> Tensor:
    """Return the sub-gradient of `total_variation`, of the pictures' shape; from -4 to 4.

    Args:
        pictures: `[n, ..., H, W]` or `[n, N]`.
    """
    planes = _laid_out(pictures)
    wide = _bordered(planes)
    above, below = wide[..., :-2, 1:-1], wide[..., 2:, 1:-1]
    left, right = wide[..., 1:-1, :-2], wide[..., 1:-1, 2:]
    gradient = torch.zeros_like(planes)
    for neighbour in (above, below, left, right):
        gradient += torch.sgn(planes - neighbour)
    return _as_given(gradient, pictures)


def l1(pictures: Tensor) -> Tensor:
    """Return `[n]`: sums of the absolute values.

    Args:
        pictures: `[n, ...]`.
    """
    return pictures.flatten(1).abs().sum(dim=1)


def l1_gradient(pictures: Tensor) -> Tensor:
    """Return the sub-gradient of `l1`: the sign of each value.

    Args:
        pictures: `[n, ...]`.
    """
    return torch.sgn(pictures)


def penalty(pictures: Tensor, *, total_variation_weight: float, l1_weight: float) -> Tensor:
    """Return `[n]`: what both penalties take off the objective of each picture.

    Args:
        pictures: `[n, ..., H, W]` or `[n, N]`.
        total_variation_weight, l1_weight: of the two sums.
    """
    return total_variation_weight * total_variation(pictures) + l1_weight * l1(pictures)


def penalty_gradient(
    images: Tensor, *, total_variation_weight: float, l1_weight: float, space: PictureSpace
) -> Tensor:
    """Return the sub-gradient of `penalty` of the pictures, with respect to the network's inputs.

    Args:
        images: `[n, C, H, W]` or `[n, N]`, in the network's input space.
        total_variation_weight, l1_weight: of the two sums.
        space: of the input; its deviation is what an input is multiplied by in the picture.

    Returns:
        Of the images' shape. An ascent takes it off the gradient of its objective.
    """
    with torch.no_grad():
        pictures = space.pictures(images)
        gradient = torch.zeros_like(pictures)
        if total_variation_weight:
            gradient += total_variation_weight * total_variation_gradient(pictures)
        if l1_weight:
            gradient += l1_weight * l1_gradient(pictures)
        return space.input_gradient(gradient)


def _laid_out(pictures: Tensor) -> Tensor:
    """Return `[n, ..., H, W]`."""
    if pictures.dim() > 2:
        return pictures
    count = pictures.shape[1]
    rows, columns = grid_shape(count)
    filled = functional.pad(pictures, (0, rows * columns - count))
    return filled.reshape(len(pictures), rows, columns)


def _as_given(planes: Tensor, pictures: Tensor) -> Tensor:
    """Return what `_laid_out` made of the pictures in their shape again."""
    if pictures.dim() > 2:
        return planes
    return planes.flatten(1)[:, : math.prod(pictures.shape[1:])]


def _bordered(planes: Tensor) -> Tensor:
    return functional.pad(planes, (1, 1, 1, 1))
