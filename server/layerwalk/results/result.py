"""A finished image with what is known of it, and what is told of it without the image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerwalk.results.key import ResultKey, canonical_json
from layerwalk_shared.errors import InvalidRequestError

FRAME_TYPES = (np.uint8, np.float16)
"""Element types of previews."""


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one maximisation of one unit gave.

    Attributes:
        image: the exact input tensor, float32, without batch axis. Made read-only here.
        record: what is known of it (activation, rival, answers, notes...), as JSON has it: tuples
            become lists, keys strings.
        frames: small previews of steps on the way, `[k, ...]`, uint8 or float16; None for none.
            Made read-only here.
        frame_steps: of each frame.

    Raises:
        InvalidRequestError: another element type, not a step for each frame, or a record that is
            no JSON object.
    """

    image: NDArray[np.float32]
    record: Mapping[str, Any] = field(default_factory=dict)
    frames: NDArray[np.uint8] | NDArray[np.float16] | None = None
    frame_steps: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.image.dtype != np.float32:
            raise InvalidRequestError(f"image of a result is {self.image.dtype}, expected float32")
        record = json.loads(canonical_json(self.record))
        if not isinstance(record, dict):
            raise InvalidRequestError(f"record of a result is {record!r}, expected a JSON object")
        shape = () if self.frames is None else self.frames.shape
        if self.frames is not None and (self.frames.dtype not in FRAME_TYPES or not shape):
            raise InvalidRequestError(
                f"frames of a result are {self.frames.dtype} {list(shape)}, expected uint8 or "
                "float16 [k, ...]"
            )
        if len(self.frame_steps) != (shape[0] if shape else 0):
            raise InvalidRequestError(
                f"{len(self.frame_steps)} steps for frames of shape {list(shape)}"
            )
        object.__setattr__(self, "record", record)
        object.__setattr__(self, "image", _read_only(self.image))
        if self.frames is not None:
            object.__setattr__(self, "frames", _read_only(self.frames))
        object.__setattr__(self, "frame_steps", tuple(int(step) for step in self.frame_steps))


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told of a result that is kept without reading its image.

    Attributes:
        key: what it is kept under.
        record: as in `Result`.
        nbytes: of its file.
    """

    key: ResultKey
    record: Mapping[str, Any]
    nbytes: int


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = np.ascontiguousarray(array).reshape(array.shape).view()
    view.flags.writeable = False
    return view
