"""What every channel and every edge gave to one unit, as arrays, and as the NPZ file they travel in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.errors import MalformedRequestError

MEDIA_TYPE = "application/x-npz"


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Sums of gradient x activation. Positive: it made the unit stronger.

    Attributes:
        channels: `[sum of C]` float32, channel after channel as they are drawn, node after node in
            the graph's order. Read-only, as all of them.
        offsets: `[N + 1]` int64: the channels of node i are `channels[offsets[i]:offsets[i + 1]]`.
        reached: `[N]` bool: the unit comes from the node. The numbers of others are 0.
        edges: `[E]` float32, in the order of the graph's edges.

    Raises:
        MalformedRequestError: the arrays do not fit together, or hold NaN.
    """

    channels: NDArray[np.float32]
    offsets: NDArray[np.int64]
    reached: NDArray[np.bool_]
    edges: NDArray[np.float32]

    def __post_init__(self) -> None:
        kinds = {
            "channels": np.float32,
            "offsets": np.int64,
            "reached": np.bool_,
            "edges": np.float32,
        }
        for name, kind in kinds.items():
            array = getattr(self, name)
            if array.ndim != 1 or array.dtype != kind:
                raise MalformedRequestError(
                    f"contributions: {name} is {array.dtype} of shape {list(array.shape)}, expected "
                    f"one axis of {np.dtype(kind)}"
                )
            array = array.view()
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        steps = np.diff(self.offsets)
        if (
            len(self.offsets) != len(self.reached) + 1
            or self.offsets[0] != 0
            or self.offsets[-1] != len(self.channels)
            or (steps < 0).any()
        ):
            raise MalformedRequestError(
                f"contributions: {len(self.offsets)} offsets up to "
                f"{int(self.offsets[-1]) if len(self.offsets) else 'nothing'} do not cut "
                f"{len(self.channels)} channels into {len(self.reached)} nodes"
            )
        if not (np.isfinite(self.channels).all() and np.isfinite(self.edges).all()):
            raise MalformedRequestError("contributions: not all numbers are finite")

    def of(self, node: int) -> NDArray[np.float32]:
        """Return what each channel of a node (its index) gave, `[C]`."""
        return self.channels[self.offsets[node] : self.offsets[node + 1]]

    def total(self, node: int) -> float:
        """Return what a node gave in all."""
        return float(self.of(node).sum(dtype=np.float64))


def contributions_of(
    channels: Sequence[NDArray[np.float32]], reached: Sequence[bool], edges: NDArray[np.float32]
) -> Contributions:
    """Return the contributions of nodes in order; what is not finite counts as 0."""
    sizes = [len(one) for one in channels]
    joined = np.concatenate(channels) if channels else np.zeros(0, np.float32)
    return Contributions(
        np.nan_to_num(joined.astype(np.float32), posinf=0.0, neginf=0.0),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array(reached, np.bool_),
        np.nan_to_num(edges.astype(np.float32), posinf=0.0, neginf=0.0),
    )


def encode(found: Contributions) -> bytes:
    """Return the NPZ file."""
    file = io.BytesIO()
    np.savez(
        file,
        channels=found.channels,
        offsets=found.offsets,
        reached=found.reached,
        edges=found.edges,
    )
    return file.getvalue()


def decode(data: bytes) -> Contributions:
    """Return what an NPZ file holds; nothing is unpickled.

    Raises:
        MalformedRequestError: it is none, or its arrays do not fit together.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = [file[name] for name in ("channels", "offsets", "reached", "edges")]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise MalformedRequestError(f"no file of contributions: {error}") from error
    return Contributions(*arrays)
