"""The magnitudes of a data set's pictures, which recipes of phases give to their images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk.inputs.datasets import Dataset, checked_item
from layerwalk.inputs.pictures import Picture, fit
from layerwalk.maximisation.images import spectrum_of
from layerwalk_shared.errors import DatasetError

PICTURES = 128
"""Of a data set, evenly spread over it."""


def magnitudes_of(datasets: Sequence[Dataset], shape: Sequence[int]) -> NDArray[np.float32] | None:
    """Return the mean magnitudes of the first data set of pictures; None where there is none.

    Args:
        datasets: to choose from.
        shape: `[C, H, W]` of the images.
    """
    for dataset in datasets:
        if getattr(dataset, "media_type", None) is None and len(dataset):
            pictures = list(_pictures(dataset, shape))
            if pictures:
                return spectrum_of(pictures)
    return None


def _pictures(dataset: Dataset, shape: Sequence[int]) -> Iterator[Picture]:
    """Yield pictures of a data set, scaled and cut to the images; those that cannot be read are
    left out."""
    colours, height, width = shape
    for index in np.unique(np.linspace(0, len(dataset) - 1, PICTURES).astype(int)):
        try:
            item = checked_item(dataset, int(index))
        except DatasetError:
            continue
        yield fit(item.image, (height, width), colours=colours)
