"""Photographs and digits that come with scikit-learn and scikit-image: no download, no own data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from .errors import DatasetError
from .pictures import decode_picture

if TYPE_CHECKING:
    Sample = tuple[str, NDArray[np.uint8], str | None]

SKIMAGE_FILES: Final = (
    ("motorcycle", "motorcycle_left.png", "motorbike"),
    ("cat", "chelsea.png", None),
    ("coffee", "coffee.png", "cup"),
    ("astronaut", "astronaut.png", "face"),
    ("rocket", "rocket.jpg", None),
)
"""(name, file in scikit-image's wheel, class of Caltech101 that it shows): the wheel's colour
photographs of things, those that need no download. The first is what a demo begins with."""

SKLEARN_FILES: Final = (("pagoda", "china.jpg", "pagoda"), ("dahlia", "flower.jpg", None))
"""(name, file in scikit-learn's wheel, class of Caltech101 that it shows), CC BY 2.0."""


def load_photographs() -> list[Sample]:
    """Load all photographs, always in the same order: (name, uint8 [H, W, 3], label or None).

    A label is the name of the class of `resnet18_caltech101` that the photograph shows, None where
    it has no such class.

    Raises:
        DatasetError: scikit-learn or scikit-image is not installed, or a file is missing there.
    """
    return load_skimage_photographs() + load_sklearn_photographs()


def load_sklearn_photographs() -> list[Sample]:
    """Load the two photographs of scikit-learn, [427, 640, 3]."""
    try:
        import sklearn.datasets
    except ImportError as error:
        raise DatasetError(_missing("scikit-learn")) from error
    folder = Path(sklearn.datasets.__file__).parent / "images"
    return [_load(name, folder / file, label) for name, file, label in SKLEARN_FILES]


def load_skimage_photographs() -> list[Sample]:
    """Load the colour photographs in scikit-image's wheel."""
    try:
        import skimage
    except ImportError as error:
        raise DatasetError(_missing("scikit-image")) from error
    folder = Path(skimage.__file__).parent / "data"
    return [_load(name, folder / file, label) for name, file, label in SKIMAGE_FILES]


def load_digits() -> list[Sample]:
    """Load scikit-learn's 1797 digits: ("digit 0000", uint8 [8, 8, 3], "0" to "9").

    The 17 grey values of the source go evenly from 0 to 255.
    """
    try:
        from sklearn.datasets import load_digits as load
    except ImportError as error:
        raise DatasetError(_missing("scikit-learn")) from error
    digits = load()
    grey = np.round(digits.images * (255 / 16)).astype(np.uint8)
    colour = np.repeat(grey[..., None], 3, axis=-1)
    return [
        (f"digit {index:04d}", image, str(label))
        for index, (image, label) in enumerate(zip(colour, digits.target, strict=True))
    ]


def _load(name: str, path: Path, label: str | None) -> Sample:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"sample {name!r} is not at {str(path)!r}: {error}") from error
    return name, decode_picture(data, str(path)), label


def _missing(package: str) -> str:
    return f"the samples need {package}; install it with: pip install 'layerwalk[models]'"
