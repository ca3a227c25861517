"""Datasets that the viewer shows: folders, IDX files, digits, dashes, sample photographs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .dashes import CLASSES as DASH_CLASSES
from .dashes import make_dashes
from .errors import DatasetError
from .folders import list_images
from .idx import read_idx
from .pictures import decode_picture


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a dataset.

    Attributes:
        name: For people; unique in its dataset.
        image: uint8, [H, W, 3] or [H, W], read-only.
        label: Index into the dataset's `classes`, or None.
    """

    name: str
    image: NDArray[np.uint8]
    label: int | None


@dataclass(frozen=True, slots=True)
class ImageDataset:
    """Images in a stable order; safe to read from several threads.

    Attributes:
        name: For people.
        classes: What the labels mean; () where there are none.
        names: Name of each image.
        labels: Label of each image, or None.
        read: Gives image i as uint8 [H, W, 3] or [H, W]; may decode a file.
    """

    name: str
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[int | None, ...]
    read: Callable[[int], NDArray[np.uint8]]

    def __post_init__(self) -> None:
        """Check that the parts agree."""
        if len(self.names) != len(self.labels):
            raise ValueError(
                f"dataset {self.name!r} has {len(self.names)} names and {len(self.labels)} labels"
            )
        for label in self.labels:
            if label is not None and not 0 <= label < len(self.classes):
                raise ValueError(
                    f"dataset {self.name!r} has a label {label} and {len(self.classes)} classes"
                )

    def __len__(self) -> int:
        """Count the images."""
        return len(self.names)

    def item(self, index: int) -> Item:
        """Give image `index`, counted from 0.

        Raises:
            IndexError: There is no such image.
            DatasetError: Its file is broken or gone.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"dataset {self.name!r} has images 0 to {len(self) - 1}, got {index}")
        image = self.read(index).view()
        image.flags.writeable = False
        return Item(self.names[index], image, self.labels[index])


def open_dataset(spec: str) -> ImageDataset:
    """Open the dataset that `spec` names.

    Args:
        spec: "digits", "dashes", "samples", or the path of: a folder of class folders or of images;
            a zip file of one; an IDX file of images (`.gz` too), whose labels are read from beside
            it where its name has `images-idx3` and the other `labels-idx1` in the same place.

    Raises:
        DatasetError: There is no such thing, or it cannot be read.
    """
    if spec in BUILT_IN:
        return BUILT_IN[spec]()
    path = Path(spec)
    if path.is_dir() or path.suffix.lower() == ".zip":
        return open_folder(path)
    if path.is_file():
        return open_idx(path)
    raise DatasetError(
        f"dataset {spec!r} is neither one of {', '.join(sorted(BUILT_IN))} nor an existing "
        "folder, zip file or IDX file"
    )


def open_folder(path: Path) -> ImageDataset:
    """Open a folder of class folders or of images, or a zip file of one; decodes when asked."""
    listing = list_images(path)

    def read(index: int) -> NDArray[np.uint8]:
        return decode_picture(listing.read(index), listing.files[index])

    classes = said_by_people(listing.classes)
    return ImageDataset(path.stem, classes, listing.files, listing.labels, read)


def said_by_people(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return what people call the class folders of Caltech101; other folders' names as they are.

    The shipped networks name their answers so.
    """
    text = resources.files(__package__).joinpath("names/caltech101.json").read_text("utf-8")
    names: dict[str, str] = json.loads(text)
    if not names.keys() <= set(folders):
        return folders
    return tuple(names.get(folder, folder) for folder in folders)


def open_idx(path: Path) -> ImageDataset:
    """Open an IDX file of images [N, H, W] or [N, H, W, 3], with its labels where they lie beside.

    Raises:
        DatasetError: Images or labels cannot be read, or do not fit each other.
    """
    images = read_idx(path)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise DatasetError(
            f"IDX file {str(path)!r} has shape {images.shape}, expected images "
            "[N, H, W] or [N, H, W, 3]"
        )
    if min(images.shape) == 0:
        raise DatasetError(f"IDX file {str(path)!r} has shape {images.shape}: it holds no pixels")
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    labels: tuple[int | None, ...] = (None,) * len(images)
    classes: tuple[str, ...] = ()
    if beside != path and beside.is_file():
        numbers = read_idx(beside)
        if numbers.shape != (len(images),):
            raise DatasetError(
                f"IDX file {str(beside)!r} has shape {numbers.shape}, expected ({len(images)},): "
                f"one label per image of {path.name!r}"
            )
        labels = tuple(numbers.tolist())
        classes = tuple(map(str, range(int(numbers.max()) + 1)))
    names = tuple(f"{index:05d}" for index in range(len(images)))
    return ImageDataset(path.name.split(".")[0], classes, names, labels, images.__getitem__)


def open_digits() -> ImageDataset:
    """Open scikit-learn's 1797 handwritten digits, [8, 8, 3]."""
    from .samples import load_digits

    digits = load_digits()
    return ImageDataset(
        "digits",
        tuple(map(str, range(10))),
        tuple(name for name, _, _ in digits),
        tuple(int(label) if label else None for _, _, label in digits),
        lambda index: digits[index][1],
    )


def open_dashes() -> ImageDataset:
    """Draw the 1024 oriented dashes, [48, 48]."""
    images, labels = make_dashes()
    names = tuple(f"dashes {index:04d}" for index in range(len(images)))
    return ImageDataset("dashes", DASH_CLASSES, names, labels, images.__getitem__)


def open_samples() -> ImageDataset:
    """Open the sample photographs; classes are the names of what they show."""
    from .samples import load_photographs

    photographs = load_photographs()
    classes = tuple(sorted({label for _, _, label in photographs if label is not None}))
    return ImageDataset(
        "samples",
        classes,
        tuple(name for name, _, _ in photographs),
        tuple(None if label is None else classes.index(label) for _, _, label in photographs),
        lambda index: photographs[index][1],
    )


BUILT_IN: Final[dict[str, Callable[[], ImageDataset]]] = {
    "dashes": open_dashes,
    "digits": open_digits,
    "samples": open_samples,
}
"""Name -> opener of the datasets that need no path."""
