"""Random changes of images, each image with draws of its own, and the blend to the data's colours.

A change is a fixed function of an image and of `NUMBERS` uniform numbers, which stand on the host:
which images are changed is decided there, so nothing waits for a device, an image comes out the
same in any batch, and what was not drawn costs nothing. All that moves pixels off their grid (pad,
jitter, rotate, scale, crop) is one resampling, so an image is softened once.

Whatever lies beyond an image is its edge repeated without end, of views with padding the grey that
was padded: no black corners are turned in, however wide an angle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from layerwalk.maximisation.space import PictureSpace
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.recipes import Transforms


class Draw(IntEnum):
    """Which of an image's uniform numbers decides what."""

    JITTER_X = 0
    JITTER_Y = 1
    IS_TURNED = 2
    ANGLE = 3
    IS_SCALED = 4
    SCALE = 5
    SIGMA = 6
    IS_ROLLED = 7
    ROLL_X = 8
    ROLL_Y = 9
    CROP_X = 10
    CROP_Y = 11
    NOISE = 12


NUMBERS: Final = len(Draw)
"""Uniform numbers in [0, 1) that one view of one image needs for one step."""

CROP_DEVIATION: Final = 0.15
"""Standard deviation of a crop's centre, as a share of the side (Fel et al. 2023)."""

GREY: Final = 0.5
"""What views are padded with, in picture space."""

UNKNOWN_MEAN: Final = 0.5
UNKNOWN_DEVIATION: Final = 0.25
"""Of data whose mean and deviation nobody told: the middle of 0..1, and about what photographs
have (ImageNet's channels: 0.22 to 0.23)."""

_LEAST_TAP = 1e-3  # of the middle one; weaker taps of a blur change nothing that can be seen
_LEAST_DEVIATION = 1e-5  # below it an image is constant, and has no contrast to scale

_Numbers = npt.NDArray[np.float64]


class Moves:
    """The random changes of a recipe for images of one shape; immutable."""

    def __init__(
        self,
        transforms: Transforms,
        *,
        shape: Sequence[int],
        reference_px: int | None = None,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
        device: torch.device | str = "cpu",
    ) -> None:
        """Scale the lengths to the images.

        Args:
            transforms: what is drawn; lengths in pixels are multiplied by side / reference_px.
                Rolls and jitters are whole pixels, at least one where any were asked for. A blur
                is of the pixel grid, so it is never scaled.
            shape: (C, H, W) of an image; its side is sqrt(H * W).
            reference_px: side that the lengths are meant for; None: for any.
            mean, std: per channel or one for all, of the network's input space: a picture is
                input * std + mean. Empty: the input is the picture.
            device: of the images.

        Raises:
            InvalidRequestError: images of that shape cannot be moved.
        """
        if len(shape) != 3 or min(shape) < 1:
            raise InvalidRequestError(
                f"transforms of inputs of shape {list(shape)}, expected images [C, H, W]; "
                "a recipe without transforms climbs any input"
            )
        self.transforms = transforms
        self.shape = (int(shape[0]), int(shape[1]), int(shape[2]))
        factor = 1.0 if reference_px is None else math.sqrt(shape[1] * shape[2]) / reference_px
        self._jitter_px = _whole(transforms.jitter_px * factor)
        self._roll_px = _whole(transforms.roll_px * factor)
        self._device = torch.device(device)
        space = PictureSpace(mean, std, shape=self.shape, device=self._device)
        self._std = space.std
        is_grey_around = transforms.way == "view" and transforms.pad_px > 0
        self._beyond = space.images(torch.tensor(GREY, device=device)) if is_grey_around else None
        crops = transforms.crops > 1 or transforms.crop_share != (1.0, 1.0)
        blurs = transforms.blur_sigma[1] > 0 or self._roll_px > 0
        self._crops_apart = crops and blurs  # these come between the other moves and the crop
        self._crops_at_once = crops and not blurs

    @property
    def crops(self) -> int:
        """Views that each image is seen in."""
        return self.transforms.crops

    @torch.no_grad()
    def step(self, images: Tensor, numbers: _Numbers | Tensor) -> Tensor:
        """Return the images changed, `images` itself where nothing was drawn.

        Args:
            images: `[n, C, H, W]` in the network's input space; stays as it is.
            numbers: `[n, NUMBERS]` uniform in [0, 1), float64, on the host.
        """
        drawn = _checked(numbers, len(images))
        moved = self._resampled(images, self._matrices(drawn, crop_side=None))
        return self._rolled(self._blurred(moved, drawn), drawn)

    def views(self, images: Tensor, numbers: _Numbers | Tensor, *, progress: float = 0.0) -> Tensor:
        """Return changed copies that gradients flow back through.

        Args:
            images: `[n, C, H, W]` in the network's input space.
            numbers: `[n * crops, NUMBERS]` uniform in [0, 1), float64, on the host; the numbers of
                an image's views stand one after the other.
            progress: of the run, 0 at its first step and 1 at its last; crops shrink with it.

        Returns:
            `[n * crops, C, H, W]`, the views of an image one after the other.
        """
        crops = self.crops
        drawn = _checked(numbers, len(images) * crops)
        first, last = self.transforms.crop_share
        side = first + (last - first) * min(1.0, max(0.0, progress))
        seen = images
        if crops > 1:
            seen = images.unsqueeze(1).expand(-1, crops, -1, -1, -1).flatten(0, 1)
        seen = self._resampled(
            seen, self._matrices(drawn, crop_side=side if self._crops_at_once else None)
        )
        seen = self._rolled(self._blurred(seen, drawn), drawn)
        if self._crops_apart:
            seen = self._resampled(seen, self._crop_matrices(drawn, side))
        return self._noisy(seen, drawn)

    def _matrices(self, drawn: _Numbers, *, crop_side: float | None) -> _Numbers:
        """Return `[n, 3, 3]`: from a place in the new image to the place in the old that is seen
        there, in pixels from the middle, x to the right and y down."""
        changes = self.transforms
        count = len(drawn)
        limit = self._jitter_px
        shift = _matrices_of_one(count)
        shift[:, 0, 2] = -_integers(drawn[:, Draw.JITTER_X], limit)
        shift[:, 1, 2] = -_integers(drawn[:, Draw.JITTER_Y], limit)
        is_turned = drawn[:, Draw.IS_TURNED] < changes.rotate_share
        angle = np.deg2rad(changes.rotate_deg) * (2 * drawn[:, Draw.ANGLE] - 1) * is_turned
        turn = _matrices_of_one(count)
        turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
        turn[:, 0, 1], turn[:, 1, 0] = -np.sin(angle), np.sin(angle)
        low, high = changes.scale
        is_scaled = drawn[:, Draw.IS_SCALED] < changes.scale_share
        size = np.where(is_scaled, low + (high - low) * drawn[:, Draw.SCALE], 1.0)
        shrink = _matrices_of_one(count)
        shrink[:, 0, 0] = shrink[:, 1, 1] = 1 / size
        moved = shift @ turn @ shrink
        return moved if crop_side is None else moved @ self._crop_matrices(drawn, crop_side)

    def _crop_matrices(self, drawn: _Numbers, side: float) -> _Numbers:
        _, height, width = self.shape
        crop = _matrices_of_one(len(drawn))
        crop[:, 0, 0] = crop[:, 1, 1] = side
        for axis, column, length in ((0, Draw.CROP_X, width), (1, Draw.CROP_Y, height)):
            reach = (1 - side) / 2
            off = np.clip(CROP_DEVIATION * _normal(drawn[:, column]), -reach, reach)
            crop[:, axis, 2] = off * length
        return crop

    def _resampled(self, images: Tensor, matrices: _Numbers) -> Tensor:
        """See each image through its matrix, between four pixels; those of the unit matrix stay."""
        which = np.flatnonzero((matrices != np.eye(3)).any(axis=(1, 2)))
        if not len(which):
            return images
        _, height, width = self.shape
        dtype = torch.promote_types(images.dtype, torch.float32)
        x = torch.arange(width, device=self._device, dtype=dtype) - (width - 1) / 2
        y = torch.arange(height, device=self._device, dtype=dtype)[:, None] - (height - 1) / 2
        # grid_sample counts from -1 to 1 between the outer edges of the outer pixels.
        scaled = matrices[which, :2] * np.array([2 / width, 2 / height])[:, None]
        rows = self._on_device(scaled, dtype).unbind(1)
        grid = torch.stack(
            [
                row[:, 0, None, None] * x + row[:, 1, None, None] * y + row[:, 2, None, None]
                for row in rows
            ],
            dim=-1,
        )
        old = _taken(images, which).to(dtype)
        if self._beyond is None:
            new = functional.grid_sample(old, grid, padding_mode="border", align_corners=False)
        else:
            beyond = self._beyond.to(dtype)
            new = functional.grid_sample(old - beyond, grid, align_corners=False) + beyond
        return _replaced(images, which, new.to(images.dtype))

    def _blurred(self, images: Tensor, drawn: _Numbers) -> Tensor:
        """Blur each image by its own sigma, rows and then columns, the edge repeated."""
        low, high = self.transforms.blur_sigma
        sigma = low + (high - low) * drawn[:, Draw.SIGMA]
        taps = _gaussians(sigma, self.transforms.blur_px)
        reach = np.count_nonzero(taps, axis=1) // 2
        which = np.flatnonzero(reach)
        if not len(which):
            return images
        most = int(reach.max())
        middle = taps.shape[1] // 2
        kernels = taps[which, middle - most : middle + most + 1]
        weights = self._on_device(kernels, images.dtype)
        soft = _weighted(_taken(images, which), weights, dim=2)
        return _replaced(images, which, _weighted(soft, weights, dim=3))

    def _rolled(self, images: Tensor, drawn: _Numbers) -> Tensor:
        is_rolled = drawn[:, Draw.IS_ROLLED] < self.transforms.roll_share
        right = _integers(drawn[:, Draw.ROLL_X], self._roll_px) * is_rolled
        down = _integers(drawn[:, Draw.ROLL_Y], self._roll_px) * is_rolled
        which = np.flatnonzero((right != 0) | (down != 0))
        if not len(which):
            return images
        rolled = [
            torch.roll(images[index], (int(down[index]), int(right[index])), dims=(1, 2))
            for index in which
        ]
        return _replaced(images, which, torch.stack(rolled))

    def _noisy(self, images: Tensor, drawn: _Numbers) -> Tensor:
        if self.transforms.noise == 0:
            return images
        noise = torch.empty(images.shape, device=self._device, dtype=torch.float32)
        generator = torch.Generator(self._device)
        for one, number in zip(noise, drawn[:, Draw.NOISE], strict=True):
            generator.manual_seed(int(number * 2**53))
            one.normal_(generator=generator)
        return images + (noise * (self.transforms.noise / self._std)).to(images.dtype)

    def _on_device(self, values: _Numbers, dtype: torch.dtype) -> Tensor:
        return torch.from_numpy(values).to(dtype).to(self._device, non_blocking=True)


@torch.no_grad()
def blend(
    images: Tensor, share: float, *, mean: Sequence[float] = (), std: Sequence[float] = ()
) -> Tensor:
    """Replace a share of each image by itself, shifted and scaled to the data's mean and deviation.

    Mean and deviation of an image are those of all its values together, so its colours stay to each
    other as they are (Linse 2024, 4.1.5, step 7). Where the data's are known, inputs are normalised
    by them, so the aim is mean 0 and deviation 1; else it is `UNKNOWN_MEAN`, `UNKNOWN_DEVIATION`.
    A constant image has no deviation to scale: it is shifted alone.

    Args:
        images: `[n, ...]` in the network's input space; stay as they are.
        share: 0 to 1.
        mean, std: of the network's input space; empty where nobody told them.
    """
    is_known = len(mean) > 0 and len(std) > 0
    aim_mean, aim_deviation = (0.0, 1.0) if is_known else (UNKNOWN_MEAN, UNKNOWN_DEVIATION)
    own_mean = _mean(images)
    centred = images - own_mean
    deviation = _mean(centred * centred).sqrt()
    is_constant = deviation <= _LEAST_DEVIATION * (1 + own_mean.abs())
    gain = torch.where(is_constant, 1.0, aim_deviation / deviation.clamp_min(_LEAST_DEVIATION))
    keep = 1 - share
    return centred.mul_(keep + share * gain).add_(keep * own_mean + share * aim_mean)


def _mean(images: Tensor) -> Tensor:
    """Return the mean of each image, `[n, 1, ...]`, summed in the same order in any batch."""
    rows = images.flatten(1, -2) if images.dim() > 2 else images.unsqueeze(1)
    means = rows.mean(dim=-1).mean(dim=-1)
    return means.reshape(-1, *[1] * (images.dim() - 1))


def _checked(numbers: _Numbers | Tensor, count: int) -> _Numbers:
    drawn = np.asarray(numbers, np.float64)
    if drawn.shape != (count, NUMBERS):
        raise InvalidRequestError(
            f"numbers of shape {list(drawn.shape)} for {count} views, expected {[count, NUMBERS]}"
        )
    return drawn


def _taken(images: Tensor, which: npt.NDArray[np.intp]) -> Tensor:
    if len(which) == len(images):
        return images
    return images.index_select(0, torch.from_numpy(which).to(images.device, non_blocking=True))


def _replaced(images: Tensor, which: npt.NDArray[np.intp], new: Tensor) -> Tensor:
    if len(which) == len(images):
        return new
    index = torch.from_numpy(which).to(images.device, non_blocking=True)
    return images.index_copy(0, index, new)


def _weighted(images: Tensor, taps: Tensor, *, dim: int) -> Tensor:
    """Return each pixel as the sum of its neighbours along an axis, `taps` `[n, odd]` of them.

    Written out, as the convolutions of a library add in another order for another batch.
    """
    reach, size = taps.shape[1] // 2, images.shape[dim]
    border = (0, 0, reach, reach) if dim == 2 else (reach, reach, 0, 0)
    wide = functional.pad(images, border, mode="replicate")
    parts = [
        wide.narrow(dim, place, size) * tap[:, None, None, None]
        for place, tap in enumerate(taps.unbind(1))
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _whole(length: float) -> int:
    return max(1, round(length)) if length > 0 else 0


def _integers(numbers: _Numbers, limit: int) -> _Numbers:
    """Return whole numbers from -limit to limit, each as likely."""
    return np.floor(numbers * (2 * limit + 1)) - limit


def _normal(numbers: _Numbers) -> _Numbers:
    """Return standard normal numbers for uniform ones in [0, 1)."""
    inside = torch.from_numpy(np.maximum(numbers, 2.0**-54))
    normal: _Numbers = torch.special.ndtri(inside).numpy()
    return normal


def _gaussians(sigma: _Numbers, size: int) -> _Numbers:
    """Return `[n, size]` taps that sum to one; those too weak to be seen are zero."""
    off = np.arange(size) - size // 2
    with np.errstate(divide="ignore", over="ignore"):
        wide = np.where(sigma > 0, 1 / (2 * sigma**2), np.inf)[:, None]
    taps = np.where(off == 0, 1.0, np.exp(-np.maximum(off**2, 1) * wide))
    taps[taps < _LEAST_TAP] = 0.0
    normalised: _Numbers = taps / taps.sum(axis=1, keepdims=True)
    return normalised


def _matrices_of_one(count: int) -> _Numbers:
    return np.tile(np.eye(3), (count, 1, 1))
