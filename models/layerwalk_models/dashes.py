"""The oriented dashes: has an image more horizontal or more vertical dashes?

Linse, dissertation (2024), section 6.1: 1024 grey images of 48 x 48 pixels with horizontal and
vertical dashes, five pixels long and one thick, never equally many of both. Two fixed line kernels
and two numbers solve it (equations 6.1 and 6.2). Left open there, chosen here: white on black;
1 to 16 dashes of each kind; a free pixel around every dash, so that none touch; half the images
of each class.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

COUNT: Final = 1024
SIDE_PX: Final = 48
LENGTH_PX: Final = 5
MAX_DASHES: Final = 16  # of one kind
CLASSES: Final = ("horizontal", "vertical")


def make_dashes(seed: int = 0, count: int = COUNT) -> tuple[NDArray[np.uint8], tuple[int, ...]]:
    """Draw the dataset.

    Args:
        seed: Of all draws.
        count: Number of images; classes take turns.

    Returns:
        Images [count, 48, 48], 0 or 255, and for each the index in `CLASSES` of the kind of dash
        that it has more of.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    images = np.zeros((count, SIDE_PX, SIDE_PX), np.uint8)
    labels = tuple(index % 2 for index in range(count))
    for image, label in zip(images, labels, strict=True):
        few, many = sorted(generator.choice(np.arange(1, MAX_DASHES + 1), 2, replace=False))
        numbers = (many, few) if label == 0 else (few, many)
        _draw(image, horizontal=numbers[0], vertical=numbers[1], generator=generator)
    images.flags.writeable = False
    return images, labels


def _draw(
    image: NDArray[np.uint8], *, horizontal: int, vertical: int, generator: np.random.Generator
) -> None:
    """Draw dashes where there is room; starts over where an early choice left none."""
    while True:
        image[:] = 0
        kinds = np.array([True] * horizontal + [False] * vertical)
        if all(
            _place(image, flat=flat, generator=generator) for flat in generator.permutation(kinds)
        ):
            return


def _place(image: NDArray[np.uint8], *, flat: bool, generator: np.random.Generator) -> bool:
    """Draw one dash that touches no other; gives False where 200 draws found no room."""
    height, width = (1, LENGTH_PX) if flat else (LENGTH_PX, 1)
    for _ in range(200):
        top = int(generator.integers(0, SIDE_PX - height + 1))
        left = int(generator.integers(0, SIDE_PX - width + 1))
        around = image[
            max(top - 1, 0) : top + height + 1,
            max(left - 1, 0) : left + width + 1,
        ]
        if not around.any():
            image[top : top + height, left : left + width] = 255
            return True
    return False
