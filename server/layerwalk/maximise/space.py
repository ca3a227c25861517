"""Between pictures, whose values are 0 to 1, and what a network takes: input = (picture - mean) / std."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from layerwalk_shared.errors import InvalidRequestError


class PictureSpace:
    """A data set's normalisation; immutable.

    Attributes:
        mean, std: `[C or 1, 1, 1]`, 0 and 1 where nobody told them: then the input is the picture.
        is_known: whether they were told.
    """

    def __init__(
        self,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
        *,
        channels: int,
        device: torch.device | str = "cpu",
    ) -> None:
        """Keep them as tensors.

        Args:
            mean, std: a number for each channel, or one for all, or none.
            channels: of an image.
            device: of the images.

        Raises:
            InvalidRequestError: other counts of numbers, or a deviation that is not above zero.
        """
        for name, values in (("mean", mean), ("std", std)):
            if len(values) not in (0, 1, channels):
                raise InvalidRequestError(
                    f"{name} of {len(values)} numbers for {channels} channels, expected one for each"
                )
        if not all(value > 0 for value in std):
            raise InvalidRequestError(f"std {list(std)}, expected numbers above zero")
        self.is_known = len(mean) > 0 and len(std) > 0
        self.mean = torch.tensor(list(mean) or [0.0], device=device).reshape(-1, 1, 1)
        self.std = torch.tensor(list(std) or [1.0], device=device).reshape(-1, 1, 1)

    def images(self, pictures: Tensor) -> Tensor:
        """Return `[n, C, H, W]` as the network takes it."""
        return (pictures - self.mean) / self.std

    def pictures(self, images: Tensor) -> Tensor:
        """Return `[n, C, H, W]` as it is seen; not clipped."""
        return images * self.std + self.mean
