"""Between pictures, whose values are 0 to 1, and what a network takes: input = (picture - mean) / std."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from layerwalk_shared.errors import InvalidRequestError


class PictureSpace:
    """A data set's normalisation; immutable.

    Attributes:
        mean, std: `[C or 1, 1, 1]`, of vectors `[1]`; 0 and 1 where nobody told them: then the input is the picture.
        is_known: whether they were told.
    """

    def __init__(
        self,
        mean: Sequence[float] = (),
        std: Sequence[float] = (),
        *,
        shape: Sequence[int],
        device: torch.device | str = "cpu",
    ) -> None:
        """Keep them as tensors.

        Args:
            mean, std: a number for each channel, or one for all, or none.
            shape: of an input, `[C, H, W]` or any other.
            device: of the images.

        Raises:
            InvalidRequestError: other counts of numbers, or a deviation that is not above zero.
        """
        for name, values in (("mean", mean), ("std", std)):
            if len(values) not in (0, 1, shape[0]):
                raise InvalidRequestError(
                    f"{name} of {len(values)} numbers for inputs of shape {list(shape)}, "
                    "expected one for each channel"
                )
        if not all(value > 0 for value in std):
            raise InvalidRequestError(f"std {list(std)}, expected numbers above zero")
        self.is_known = len(mean) > 0 and len(std) > 0
        spread = (-1, *[1] * (len(shape) - 1))
        self.mean = torch.tensor(list(mean) or [0.0], device=device).reshape(spread)
        self.std = torch.tensor(list(std) or [1.0], device=device).reshape(spread)

    def images(self, pictures: Tensor) -> Tensor:
        """Return pictures `[n, *shape]` as the network takes them."""
        return (pictures - self.mean) / self.std

    def pictures(self, images: Tensor) -> Tensor:
        """Return images `[n, *shape]` as they are seen; not clipped."""
        return images * self.std + self.mean

    def input_gradient(self, gradient: Tensor) -> Tensor:
        """Return the gradient with respect to the input for one with respect to the picture."""
        return gradient * self.std
