"""What is optimised: values of images, their Fourier spectrum, or only the phases of it.

All of them hold leaf tensors that a gradient is taken of, and give images in the network's input
space. Every image has leaves of its own (rows of the tensors) and its own random start, so nothing
of one image depends on what else is in the batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from layerwalk.maximisation.space import PictureSpace
from layerwalk_shared.errors import InvalidRequestError

FOURIER_MARGIN: Final = 1.15
"""Side of the picture that a spectrum describes, to that of the image cut from its middle. A
spectrum knows no borders: what leaves on the right comes in on the left, so of a small picture
without a margin the opposite edges are one place."""

FOURIER_DIVISOR: Final = 4.0
"""What the inverse transform is divided by, so that a start is near grey (lucid)."""

_COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOURS_OF_PHOTOGRAPHS: Final[npt.NDArray[np.float64]] = _COLOURS / np.linalg.norm(_COLOURS, axis=0).max()  # fmt: skip
"""`[3, 3]`, colours = matrix @ decorrelated colours: the root of the covariance of ImageNet's
colours, in the order light, red to blue, green to magenta, the longest column of length 1. Measured
and published with lucid (Olah, Mordvintsev, Schubert: Feature Visualization, Distill 2017)."""

_LEAST_LIGHT = 1e-3  # of a picture that a spectrum is to begin with: black and white are infinite
_LEAST_DEVIATION = 1e-5

Shape = tuple[int, int, int]


class Parameters(Protocol):
    """Images that can be climbed."""

    @property
    def leaves(self) -> list[Tensor]:
        """Tensors that require a gradient; their first axis counts the images."""
        ...

    def images(self) -> Tensor:
        """Return the images `[n, *shape]` in the network's input space, differentiable."""
        ...


class Pixels:
    """The values themselves, of inputs of any shape; mutable, owned by who climbs."""

    def __init__(self, start: Tensor) -> None:
        """Begin at a copy of `start` `[n, *shape]`, in the network's input space."""
        self._values = start.detach().clone().requires_grad_(True)

    @property
    def leaves(self) -> list[Tensor]:
        """The images themselves."""
        return [self._values]

    def images(self) -> Tensor:
        """Return the one leaf."""
        return self._values


class Fourier:
    """The spectrum of a picture a little larger than the image; mutable, owned by who climbs.

    The picture is `sigmoid(colours @ irfft2(spectrum * sqrt(h * w) / frequency^decay) / 4)`, with
    frequencies of at least one wave per picture, as in lucid (Olah, Mordvintsev, Schubert 2017).
    Its values are between 0 and 1 whatever the step. Inputs that have not three channels have no
    colours, so each channel is on its own.
    """

    def __init__(
        self,
        shape: Sequence[int],
        generators: Sequence[np.random.Generator],
        *,
        deviation: float = 0.01,
        decay: float = 1.0,
        is_decorrelated: bool = True,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
        start: Tensor | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Begin at random coefficients, or at given images.

        Args:
            shape: (C, H, W) of an image.
            generators: one for each image; its start is all that is drawn from it.
            deviation: of real and imaginary parts at the start, which are normal.
            decay: power of the frequency that coefficients are divided by.
            is_decorrelated: three channels are optimised in decorrelated colours.
            mean, std: of the network's input space, per channel; empty: the input is the picture.
            start: images `[n, C, H, W]` in the network's input space to begin at; values beyond
                0..1 of the picture are clipped to just inside. Nothing is drawn then.
            device: of the images.

        Raises:
            InvalidRequestError: the shape is not that of images, or `start` has another.
        """
        self._shape = _checked_shape(shape, generators, start)
        self._space = PictureSpace(mean, std, shape=self._shape, device=device)
        self._colours = _colours(self._shape[0], is_decorrelated=is_decorrelated, device=device)
        _, height, width = self._shape
        self._size = _enlarged(height), _enlarged(width)
        frequency = frequencies(*self._size)
        least = 1 / max(self._size)
        scale = math.sqrt(math.prod(self._size)) / np.maximum(frequency, least) ** decay
        self._scale = torch.as_tensor(scale, dtype=torch.float32, device=device)
        if start is None:
            drawn = np.stack(
                [
                    generator.standard_normal((self._shape[0], *frequency.shape, 2), np.float32)
                    for generator in generators
                ]
            )
            values = torch.from_numpy(drawn * np.float32(deviation)).to(device)
        else:
            values = self._coefficients_of(start)
        self._coefficients = values.requires_grad_(True)

    @property
    def leaves(self) -> list[Tensor]:
        """Real and imaginary parts `[n, C, h, w // 2 + 1, 2]` of the picture's spectrum."""
        return [self._coefficients]

    def images(self) -> Tensor:
        """Return the images `[n, C, H, W]`."""
        spectrum = torch.view_as_complex(self._coefficients) * self._scale
        plain = torch.fft.irfft2(spectrum, s=self._size) / FOURIER_DIVISOR
        _, height, width = self._shape
        top, left = self._corner
        cut = plain[:, :, top : top + height, left : left + width]
        return self._space.images(torch.sigmoid(_mixed(cut, self._colours)))

    @property
    def _corner(self) -> tuple[int, int]:
        _, height, width = self._shape
        return (self._size[0] - height) // 2, (self._size[1] - width) // 2

    def _coefficients_of(self, start: Tensor) -> Tensor:
        """Return the coefficients whose images are `start`, its edges repeated in the margin."""
        picture = self._space.pictures(start.detach().to(self._scale.device, torch.float32))
        light = torch.logit(picture.clamp(_LEAST_LIGHT, 1 - _LEAST_LIGHT))
        plain = _mixed(light, torch.linalg.inv(self._colours)) * FOURIER_DIVISOR
        top, left = self._corner
        _, height, width = self._shape
        bottom, right = self._size[0] - height - top, self._size[1] - width - left
        wide = functional.pad(plain, (left, right, top, bottom), mode="replicate")
        return torch.view_as_real(torch.fft.rfft2(wide) / self._scale).contiguous()


class Phase:
    """Only the phases of a spectrum, whose magnitudes are those of a data set; mutable, owned by who
    climbs.

    Phases are shifted and scaled to the mean and deviation that they began with, so steps of one
    length turn them less and less; the picture is shifted and scaled to mean 0 and deviation 1,
    coloured and put through a sigmoid (Fel et al. 2023: MACO, arXiv 2306.06805). All of that is done
    for each image alone.

    Phases begin uniform on the circle. Normal ones of deviation 1, as in published code, lie so near
    to each other that a share of exp(-1/2) of all waves adds up in one place, and every image has
    white corners.
    """

    def __init__(
        self,
        shape: Sequence[int],
        generators: Sequence[np.random.Generator],
        *,
        spectrum: npt.NDArray[np.floating],
        is_decorrelated: bool = True,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
        start: Tensor | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Begin at random phases, or at those of given images.

        Args:
            shape: (C, H, W) of an image.
            generators: one for each image; its start is all that is drawn from it.
            spectrum: magnitudes `[C, H, W // 2 + 1]`; see `spectrum_of`.
            is_decorrelated: three channels are optimised in decorrelated colours.
            mean, std: of the network's input space, per channel; empty: the input is the picture.
            start: images `[n, C, H, W]` in the network's input space whose phases are taken;
                nothing is drawn then. They come back with other magnitudes.
            device: of the images.

        Raises:
            InvalidRequestError: the shape is not that of images, or `start` or `spectrum` have
                another; or the spectrum is nothing.
        """
        self._shape = _checked_shape(shape, generators, start)
        channels, height, width = self._shape
        expected = (channels, height, width // 2 + 1)
        if spectrum.shape != expected or not np.isfinite(spectrum).all() or not spectrum.any():
            raise InvalidRequestError(
                f"a spectrum of shape {list(spectrum.shape)} for images of {list(shape)}, expected "
                f"{list(expected)} finite numbers that are not all zero"
            )
        self._space = PictureSpace(mean, std, shape=self._shape, device=device)
        self._colours = _colours(channels, is_decorrelated=is_decorrelated, device=device)
        self._magnitude = torch.as_tensor(spectrum, dtype=torch.float32, device=device)
        if start is None:
            drawn = [generator.uniform(-math.pi, math.pi, expected) for generator in generators]
            values = torch.from_numpy(np.stack(drawn)).to(device, torch.float32)
        else:
            picture = self._space.pictures(start.detach().to(device, torch.float32))
            light = torch.logit(picture.clamp(_LEAST_LIGHT, 1 - _LEAST_LIGHT))
            values = torch.fft.rfft2(_mixed(light, torch.linalg.inv(self._colours))).angle()
        self._mean, self._deviation = _moments(values)
        self._phases = values.requires_grad_(True)

    @property
    def leaves(self) -> list[Tensor]:
        """Phases `[n, C, H, W // 2 + 1]` in radians, before they are scaled."""
        return [self._phases]

    def images(self) -> Tensor:
        """Return the images `[n, C, H, W]`."""
        phases = _standardised(self._phases) * self._deviation + self._mean
        spectrum = torch.polar(self._magnitude.expand_as(phases), phases)
        plain = _standardised(torch.fft.irfft2(spectrum, s=self._shape[1:]))
        return self._space.images(torch.sigmoid(_mixed(plain, self._colours)))


def spectrum_of(
    pictures: Iterable[npt.NDArray[np.generic]], *, is_decorrelated: bool = True
) -> npt.NDArray[np.float32]:
    """Return the mean magnitudes `[C, H, W // 2 + 1]` of pictures, in decorrelated colours.

    Args:
        pictures: `[H, W, 3]` or `[H, W]`, uint8 or 0 to 1, all of one size. They are looked at one
            by one, so a generator of a whole data set is fine.
        is_decorrelated: as it will be for the images.

    Raises:
        InvalidRequestError: there are none, or they differ in shape, or are no pictures.
    """
    total: npt.NDArray[np.float64] | None = None
    count = 0
    size: tuple[int, ...] | None = None
    inverse = np.linalg.inv(COLOURS_OF_PHOTOGRAPHS)
    for picture in pictures:
        size = size or picture.shape
        if (
            picture.shape != size
            or picture.ndim not in (2, 3)
            or picture.shape[2:] not in ((), (3,))
        ):
            raise InvalidRequestError(
                f"picture {count} has shape {list(picture.shape)}, expected [H, W] or [H, W, 3] as "
                f"the first has ({list(size)})"
            )
        light = picture.astype(np.float64) / (255 if picture.dtype == np.uint8 else 1) - 0.5
        planes = light[..., None] if picture.ndim == 2 else light
        if picture.ndim == 3 and is_decorrelated:
            planes = planes @ inverse.T
        magnitudes = np.abs(np.fft.rfft2(np.moveaxis(planes, 2, 0)))
        total = magnitudes if total is None else total + magnitudes
        count += 1
    if total is None:
        raise InvalidRequestError("a spectrum of no pictures, expected at least one")
    return (total / count).astype(np.float32)


def fallback_spectrum(shape: Sequence[int]) -> npt.NDArray[np.float32]:
    """Return magnitudes `[C, H, W // 2 + 1]` that fall with 1 / frequency, as photographs' do.

    The mean brightness has that of one wave per picture.
    """
    channels, height, width = (int(size) for size in shape)
    falling = 1 / np.maximum(frequencies(height, width), 1 / max(height, width))
    return np.tile(falling, (channels, 1, 1)).astype(np.float32)


def frequencies(height: int, width: int) -> npt.NDArray[np.float64]:
    """Return `[height, width // 2 + 1]`: waves per pixel of each coefficient of `rfft2`."""
    waves: npt.NDArray[np.float64] = np.hypot(
        np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    )
    return waves


def _checked_shape(
    shape: Sequence[int], generators: Sequence[np.random.Generator], start: Tensor | None
) -> Shape:
    if len(shape) != 3 or min(shape) < 1:
        raise InvalidRequestError(
            f"a spectrum of inputs of shape {list(shape)}, expected images [C, H, W]; "
            "a recipe of pixels climbs any input"
        )
    if start is not None and tuple(start.shape) != (len(generators), *shape):
        raise InvalidRequestError(
            f"a start of shape {list(start.shape)}, expected {[len(generators), *shape]}"
        )
    return int(shape[0]), int(shape[1]), int(shape[2])


def _enlarged(length: int) -> int:
    return math.ceil(length * FOURIER_MARGIN)


def _colours(channels: int, *, is_decorrelated: bool, device: torch.device | str) -> Tensor:
    matrix = COLOURS_OF_PHOTOGRAPHS if is_decorrelated and channels == 3 else np.eye(channels)
    return torch.as_tensor(matrix, dtype=torch.float32, device=device)


def _mixed(planes: Tensor, matrix: Tensor) -> Tensor:
    """Return `[n, C, H, W]` with the matrix applied to the channels of each pixel."""
    return torch.einsum("ij,njhw->nihw", matrix, planes)


def _moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of each row of `[n, C, H, W]`, as `[n, 1, 1, 1]`."""
    over = (1, 2, 3)
    mean = values.mean(dim=over, keepdim=True)
    return mean, ((values - mean) ** 2).mean(dim=over, keepdim=True).sqrt()


def _standardised(values: Tensor) -> Tensor:
    """Shift and scale each row of `[n, C, H, W]` to mean 0 and deviation 1."""
    mean, deviation = _moments(values)
    return (values - mean) / (deviation + _LEAST_DEVIATION)
