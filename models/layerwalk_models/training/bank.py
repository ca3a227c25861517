"""All images of a dataset, decoded once into memory as uint8 tensors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (the field's name for it)
from torch import Tensor

from ..errors import DatasetError
from ..folders import Listing
from ..pictures import decode_picture, fit_centre, squash
from .progress import track

LUMA: Final = (0.299, 0.587, 0.114)
"""Share of red, green and blue in brightness, ITU-R BT.601."""
CANVAS_PER_SIDE: Final = 1.25
"""Side of a canvas over that of the network's input: a crop of 64 % of the area still has at least
a pixel per pixel."""


@dataclass(frozen=True, slots=True)
class Canvases:
    """Training images, squashed to squares so that one batch is one tensor.

    Attributes:
        images: uint8 [N, C, S, S], C 3 or 1.
        aspects: Width over height of each original image, float32 [N].
        labels: int64 [N].
    """

    images: Tensor
    aspects: Tensor
    labels: Tensor

    def shrink(self, side: int) -> Canvases:
        """Give the same images at [N, C, side, side], averaged over areas."""
        return Canvases(_shrink(self.images, side), self.aspects, self.labels)


@dataclass(frozen=True, slots=True)
class Views:
    """Images as the finished network sees them: short side to size, centre cut out.

    Attributes:
        images: uint8 [N, C, S, S], C 3 or 1.
        labels: int64 [N].
    """

    images: Tensor
    labels: Tensor

    def shrink(self, side: int) -> Views:
        """Give the same images at [N, C, side, side], averaged over areas."""
        return Views(_shrink(self.images, side), self.labels)


def load_canvases(
    listing: Listing, indices: tuple[int, ...], *, side: int, channels: int = 3
) -> Canvases:
    """Decode training images to squares of `side` pixels; a broken file is skipped with a warning.

    With one channel they are grey, weighted as ITU-R BT.601 does.
    """
    images, kept, aspects = [], [], []
    for index, data in zip(indices, _read(listing, indices, "training images"), strict=True):
        picture = _decode(data, listing.files[index])
        if picture is None:
            continue
        kept.append(index)
        aspects.append(picture.shape[1] / picture.shape[0])
        images.append(_to_tensor(squash(picture, side), channels))
    return Canvases(
        _stack(images, listing, side, channels),
        torch.tensor(aspects),
        _gather_labels(listing, kept),
    )


def load_views(
    listing: Listing, indices: tuple[int, ...], *, side: int, what: str, channels: int = 3
) -> Views:
    """Decode images as the network sees them; a broken file is skipped with a warning."""
    images, kept = [], []
    for index, data in zip(indices, _read(listing, indices, what), strict=True):
        picture = _decode(data, listing.files[index])
        if picture is None:
            continue
        kept.append(index)
        images.append(_to_tensor(fit_centre(picture, (side, side)), channels))
    if not indices:
        return Views(torch.zeros(0, channels, side, side, dtype=torch.uint8), torch.zeros(0).long())
    return Views(_stack(images, listing, side, channels), _gather_labels(listing, kept))


def measure_normalisation(canvases: Canvases) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Measure mean and standard deviation of each channel, in [0, 1], over all training pixels."""
    channels = canvases.images.shape[1]
    count = canvases.images.numel() / channels
    total, squares = torch.zeros(2, channels, dtype=torch.float64)
    for chunk in canvases.images.split(256):
        values = chunk.double() / 255.0
        total += values.sum(dim=(0, 2, 3))
        squares += values.square().sum(dim=(0, 2, 3))
    mean = total / count
    std = (squares / count - mean.square()).clamp_min(1e-6).sqrt()
    return (
        tuple(round(value, 4) for value in mean.tolist()),
        tuple(round(value, 4) for value in std.tolist()),
    )


def _shrink(images: Tensor, side: int) -> Tensor:
    """Average areas, uint8 [N, C, S, S] to [N, C, side, side]; images that are smaller stay."""
    if side >= images.shape[-1]:
        return images
    chunks = [
        F.interpolate(chunk.float(), size=(side, side), mode="area").round().to(torch.uint8)
        for chunk in images.split(256)
    ]
    return torch.cat(chunks)


def _read(listing: Listing, indices: tuple[int, ...], what: str) -> list[bytes | DatasetError]:
    return list(track(listing.read_all(indices), total=len(indices), label=f"reading {what}"))


def _decode(data: bytes | DatasetError, name: str) -> np.ndarray | None:
    try:
        if isinstance(data, DatasetError):
            raise data
        return decode_picture(data, name)
    except DatasetError as error:
        warnings.warn(f"skipped: {error}", stacklevel=4)
        return None


def _to_tensor(picture: np.ndarray, channels: int) -> Tensor:
    tensor = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    if channels == 1:
        weights = torch.tensor(LUMA).view(3, 1, 1)
        return (tensor.float() * weights).sum(dim=0, keepdim=True).round().to(torch.uint8)
    return tensor


def _stack(images: list[Tensor], listing: Listing, side: int, channels: int) -> Tensor:
    if not images:
        raise DatasetError(f"no image of {str(listing.source)!r} could be decoded")
    stacked = torch.empty(len(images), channels, side, side, dtype=torch.uint8)
    for place, image in enumerate(images):
        stacked[place] = image
    return stacked


def _gather_labels(listing: Listing, indices: list[int]) -> Tensor:
    return torch.tensor([listing.labels[index] for index in indices], dtype=torch.int64)
