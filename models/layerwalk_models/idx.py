"""Read and write IDX, the format of MNIST: one array of numbers with its shape in front.

LeCun's description (yann.lecun.com/exdb/mnist): two zero bytes, a byte for the number type, a byte
for the number of axes, one big-endian uint32 per axis, then the numbers, last axis fastest,
big-endian. Only unsigned bytes (type 0x08) are images and labels, so only they are read.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import DatasetError

_UNSIGNED_BYTE: Final = 0x08
MAX_BYTES: Final = 1 << 30
"""Largest content that is read: sixteen times MNIST's training images; a small .gz could else
unpack to any size."""


def read_idx(path: Path, *, max_bytes: int = MAX_BYTES) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzip-compressed or not.

    Args:
        path: The file; compressed where its name ends in `.gz`.
        max_bytes: A file with more content is refused.

    Returns:
        Read-only array of the shape that the file states.

    Raises:
        DatasetError: The file cannot be read, is no IDX file of unsigned bytes, or holds more or
            fewer bytes than its shape says.
    """
    data = _read_bytes(path, max_bytes)
    where = f"IDX file {str(path)!r}"
    if len(data) < 4 or data[:2] != b"\0\0":
        raise DatasetError(
            f"{str(path)!r} is no IDX file: starts with {data[:4]!r}, expected two zero bytes, "
            "the number type and the number of axes"
        )
    kind, axes = data[2], data[3]
    if kind != _UNSIGNED_BYTE:
        raise DatasetError(f"{where} has number type 0x{kind:02x}, expected 0x08 (unsigned byte)")
    if axes == 0:
        raise DatasetError(f"{where} has no axes, expected at least 1")
    start = 4 + 4 * axes
    if len(data) < start:
        raise DatasetError(f"{where} ends in its header: {len(data)} bytes, expected {start}")
    shape = struct.unpack(f">{axes}I", data[4:start])
    expected = math.prod(shape)
    if len(data) - start != expected:
        raise DatasetError(
            f"{where} holds {len(data) - start} bytes of numbers, "
            f"its shape {shape} needs {expected}"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    """Write an array of unsigned bytes; compressed where the name ends in `.gz`."""
    if values.dtype != np.uint8 or not 1 <= values.ndim <= 255:
        raise ValueError(
            f"expected a uint8 array of 1 to 255 axes, got {values.dtype} {values.shape}"
        )
    header = bytes([0, 0, _UNSIGNED_BYTE, values.ndim]) + struct.pack(
        f">{values.ndim}I", *values.shape
    )
    data = header + values.tobytes()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                data = file.read(max_bytes + 1)
        else:
            with path.open("rb") as file:
                data = file.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"cannot read {str(path)!r}: {error}") from error
    if len(data) > max_bytes:
        raise DatasetError(f"{str(path)!r} holds more than {max_bytes} bytes")
    return data
