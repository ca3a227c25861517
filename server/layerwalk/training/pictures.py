"""A training's own data set, shown: items `(picture, label)` as pictures to pick inputs from."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.training.randomness import OwnRandom
from layerwalk_shared.errors import DatasetError
from layerwalk_shared.messages import InputSpec


@dataclass(frozen=True, slots=True)
class Picture:
    """`image`: uint8 `[H, W, 3]` or `[H, W]`."""

    name: str
    image: NDArray[np.uint8]
    label: str | int | None


class IndexedPictures:
    """Items of anything with `len` and `[i]`, such as a torch `Dataset`; asked one at a time.

    An item is a picture, or a tuple or mapping that begins with one: a tensor or array `[C, H, W]`
    (or `[H, W]`, `[H, W, C]`), or a PIL image; then its label. What the input's mean and std make
    of 0..1 is undone; other ranges are stretched to what is there. What items draw from torch does
    not move the training's random numbers; augmentation with other ones would, so give a data set
    without it.
    """

    def __init__(
        self, items: Any, *, name: str, classes: Sequence[str] = (), spec: InputSpec | None = None
    ) -> None:
        self._items = items
        self._spec = spec
        self._lock = threading.Lock()
        self.name = name
        self.classes = tuple(classes) or tuple(getattr(items, "classes", ()))

    def __len__(self) -> int:
        return len(self._items)

    def item(self, i: int, /) -> Picture:
        """Return one picture.

        Raises:
            ValueError: the item is no picture, or reading it raised.
        """
        try:
            with self._lock, torch.no_grad(), OwnRandom():
                value = self._items[i]
                parts = tuple(value.values()) if isinstance(value, dict) else value
                if not isinstance(parts, tuple | list):
                    parts = (parts,)
                image = self._pixels(parts[0])
                label = _label(parts[1]) if len(parts) > 1 else None
        except Exception as error:  # it is the user's code, which may raise anything
            raise DatasetError(f"item {i} of {self.name!r}: {error}") from error
        if isinstance(label, int) and not 0 <= label < len(self.classes):
            label = str(label)
        return Picture(f"item {i}", image, label)

    def _pixels(self, value: Any) -> NDArray[np.uint8]:
        array = value.cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
        if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
            array = array.transpose(1, 2, 0)
        if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3)):
            raise ValueError(f"shape {list(array.shape)} is no picture")
        if array.dtype != np.uint8:
            array = self._unit(array.astype(np.float64))
            array = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
        array = array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array
        return np.ascontiguousarray(array)

    def _unit(self, array: NDArray[np.float64]) -> NDArray[np.float64]:
        spec = self._spec
        if spec is not None and spec.std and array.ndim == 3:
            undone: NDArray[np.float64] = array * np.array(spec.std) + np.array(spec.mean)
            return undone
        low, high = float(array.min()), float(array.max())
        if low >= 0 and high <= 1:
            return array
        return (array - low) / (high - low) if high > low else np.zeros_like(array)


def _label(value: Any) -> str | int | None:
    if isinstance(value, str):
        return value
    try:
        return int(value)
    except (TypeError, ValueError, RuntimeError):  # several numbers, or none
        return None
