"""Random changes of training images, one batch at a time, with independent draws per image.

Crop, squash, rotation and mirror image are one affine map per image, so that the whole batch is
one `affine_grid` and every pixel is interpolated once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Generator, Tensor

from .bank import LUMA
from .recipe import Recipe


@dataclass(frozen=True, slots=True)
class Mixture:
    """A batch in which some images hold a rectangle of another one.

    Attributes:
        images: float32 [N, 3, H, W].
        labels: int64 [N], of the images.
        others: int64 [N], of the pasted rectangles.
        shares: float32 [N] in [0, 1]: the share of the image that is its own.
    """

    images: Tensor
    labels: Tensor
    others: Tensor
    shares: Tensor


def draw_crops(
    aspects: Tensor, *, least_area: float, recipe: Recipe, generator: Generator
) -> Tensor:
    """Draw one affine map per image, from output to canvas coordinates.

    Args:
        aspects: Width over height of the original images [N]; a canvas is one squashed to a square.
        least_area: Smallest share of the area that a crop keeps.
        recipe: Gives aspect ratio, rotation and mirror images.
        generator: Source of randomness.

    Returns:
        Maps [N, 2, 3] for `affine_grid`; both frames run from -1 to 1.
    """
    count = len(aspects)
    area = _uniform(count, least_area, 1.0, generator)
    ratio = torch.exp(
        _uniform(count, -math.log(recipe.crop_ratio), math.log(recipe.crop_ratio), generator)
    )
    width = (area * ratio / aspects).sqrt().clamp_max(1.0)  # shares of the canvas
    height = (area * aspects / ratio).sqrt().clamp_max(1.0)
    centre_x = _uniform(count, -1.0, 1.0, generator) * (1.0 - width)
    centre_y = _uniform(count, -1.0, 1.0, generator) * (1.0 - height)
    angle = _uniform(count, -recipe.rotation_deg, recipe.rotation_deg, generator) * math.pi / 180
    mirror = 1.0 - 2.0 * (torch.rand(count, generator=generator) < recipe.flip).float()
    cos, sin = angle.cos(), angle.sin()
    # A rotation is one in pixels of the original: lengths go over between the axes by the aspect.
    rows = (
        torch.stack([width * cos * mirror, -height / aspects * sin, centre_x], dim=1),
        torch.stack([width * aspects * sin * mirror, height * cos, centre_y], dim=1),
    )
    return torch.stack(rows, dim=1)


def cut_out(images: Tensor, maps: Tensor, *, side: int) -> Tensor:
    """Sample [N, 3, side, side] from [N, 3, S, S] along `maps` (bilinear, mirrored at borders)."""
    grid = F.affine_grid(maps, [len(images), images.shape[1], side, side], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def change_colours(images: Tensor, *, recipe: Recipe, generator: Generator) -> Tensor:
    """Change brightness, contrast and saturation of each image [N, 3 or 1, H, W] in [0, 1]."""
    count = len(images)
    low, high = 1.0 - recipe.jitter, 1.0 + recipe.jitter
    brightness, contrast, saturation = (
        _uniform(count, low, high, generator).view(count, 1, 1, 1) for _ in range(3)
    )
    colourless = torch.rand(count, generator=generator).view(count, 1, 1, 1) < recipe.grey
    saturation = saturation.masked_fill(colourless, 0.0)
    images = images * brightness
    luma = images
    if images.shape[1] == 3:
        luma = (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    mean = luma.mean(dim=(2, 3), keepdim=True)
    images = luma + saturation * (images - luma)
    return (mean + contrast * (images - mean)).clamp(0.0, 1.0)


def draw_boxes(
    count: int, side: int, *, areas: tuple[float, float], share: float, generator: Generator
) -> Tensor:
    """Draw a rectangle for a share of `count` images, as masks [N, 1, side, side] of bool.

    Args:
        count: Number of images.
        side: Their side in pixels.
        areas: Smallest and largest share of the image that the rectangle has.
        share: Share of images that get one; the masks of the others are empty.
        generator: Source of randomness.
    """
    area = _uniform(count, areas[0], areas[1], generator)
    ratio = torch.exp(_uniform(count, -0.7, 0.7, generator))
    width = (area * ratio).sqrt().clamp_max(1.0).view(count, 1)
    height = (area / ratio).sqrt().clamp_max(1.0).view(count, 1)
    left = torch.rand(count, 1, generator=generator) * (1.0 - width)
    top = torch.rand(count, 1, generator=generator) * (1.0 - height)
    hit = torch.rand(count, 1, generator=generator) < share
    place = (torch.arange(side) + 0.5) / side
    columns = (place >= left) & (place < left + width) & hit
    rows = (place >= top) & (place < top + height)
    return (rows.unsqueeze(2) & columns.unsqueeze(1)).unsqueeze(1)


def augment(
    images: Tensor,
    aspects: Tensor,
    labels: Tensor,
    *,
    recipe: Recipe,
    side: int,
    least_area: float,
    gentle: bool,
    normalisation: tuple[tuple[float, ...], tuple[float, ...]],
    generator: Generator,
) -> Mixture:
    """Make a training batch of canvases.

    Args:
        images: Canvases, uint8 [N, 3 or 1, S, S].
        aspects: Width over height of the originals [N].
        labels: int64 [N].
        recipe: Strength of every change.
        side: Side of the images made.
        least_area: Smallest share of the area that a crop keeps.
        gentle: Leave out blanked and pasted rectangles.
        normalisation: Mean and standard deviation per channel, in [0, 1].
        generator: Source of randomness.
    """
    maps = draw_crops(aspects, least_area=least_area, recipe=recipe, generator=generator)
    pictures = cut_out(images.float() / 255.0, maps, side=side)
    pictures = change_colours(pictures, recipe=recipe, generator=generator)
    mean, std = (pictures.new_tensor(values).view(1, -1, 1, 1) for values in normalisation)
    pictures = (pictures - mean) / std
    count = len(pictures)
    if gentle:
        return Mixture(pictures, labels, labels, torch.ones(count))
    blank = draw_boxes(count, side, areas=(0.02, 0.25), share=recipe.erase, generator=generator)
    pictures = pictures.masked_fill(blank, 0.0)
    partner = torch.randperm(count, generator=generator)
    # Uniform areas are Beta(1, 1), the published choice for CutMix.
    pasted = draw_boxes(count, side, areas=(0.0, 1.0), share=recipe.cutmix, generator=generator)
    pictures = torch.where(pasted, pictures[partner], pictures)
    shares = 1.0 - pasted.float().mean(dim=(1, 2, 3))
    return Mixture(pictures, labels, labels[partner], shares)


def _uniform(count: int, low: float, high: float, generator: Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=generator)
