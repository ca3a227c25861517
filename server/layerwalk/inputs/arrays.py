"""NPY files as input values: the header is checked before anything is allocated."""

from __future__ import annotations

import math
from io import BytesIO

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from layerwalk_shared.errors import InputError

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 4096
_KINDS = "fiub"


def read_npy(data: bytes) -> NDArray[np.generic]:
    """Return the array of an NPY file as a read-only view of its bytes.

    Raises:
        InputError: it is no NPY file; holds objects (which would be unpickled), text or complex
            numbers; or its header claims another size than the file has.
    """
    stream = BytesIO(data)
    try:
        version = npy_format.read_magic(stream)
        read = {
            (1, 0): npy_format.read_array_header_1_0,
            (2, 0): npy_format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise InputError(f"NPY file of version {version}: 1.0 and 2.0 are read")
        shape, is_fortran, dtype = read(stream, max_header_size=MAX_HEADER_BYTES)
    except InputError:
        raise
    except Exception as error:  # NumPy evaluates the header as Python and trips in many ways
        raise InputError(f"not an NPY file: {_first_line(error)}") from error
    if dtype.hasobject:
        raise InputError("NPY file of Python objects: reading it would unpickle, so it is refused")
    if dtype.kind not in _KINDS or dtype.subdtype is not None:
        raise InputError(f"NPY file of {dtype}: real numbers are expected")
    if any(not isinstance(size, int) or size < 0 for size in shape) or len(shape) > 8:
        raise InputError(f"NPY file claims shape {shape}")
    claimed = math.prod(shape) * dtype.itemsize
    start = stream.tell()
    if claimed != len(data) - start:
        raise InputError(
            f"NPY file claims shape {list(shape)} of {dtype} ({claimed} bytes), "
            f"but {len(data) - start} bytes follow"
        )
    if claimed == 0:
        return np.zeros(shape, dtype)
    flat = np.frombuffer(data, dtype, math.prod(shape), start)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def array_input(
    values: NDArray[np.generic], shape: tuple[int, ...], *, is_integer: bool
) -> NDArray[np.generic]:
    """Return an array as the input values of a network.

    Args:
        values: `shape`, or `[1, *shape]`.
        shape: of the network's input, without batch axis.
        is_integer: the network takes whole numbers (ids).

    Returns:
        `shape`, C-contiguous; float32, or int64 where `is_integer`.

    Raises:
        InputError: another shape, numbers that are not finite, fractions where ids are expected.
    """
    if values.shape == (1, *shape):
        values = values[0]
    if values.shape != shape:
        raise InputError(
            f"array of shape {list(values.shape)}: the network takes {list(shape)} or {[1, *shape]}"
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        count = int(values.size - np.isfinite(values).sum())
        raise InputError(f"array with {count} of {values.size} values NaN or infinite")
    if is_integer and values.dtype.kind == "f":
        raise InputError(f"array of {values.dtype}: the network takes whole numbers")
    with np.errstate(over="ignore"):
        made: NDArray[np.generic] = np.ascontiguousarray(
            values, dtype=np.int64 if is_integer else np.float32
        ).reshape(shape)
    if made.dtype.kind == "f" and not np.isfinite(made).all():
        raise InputError("array with values beyond float32")
    return made


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
