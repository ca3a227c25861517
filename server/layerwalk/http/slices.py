"""A slice of a tensor's first axis, as it stands in a URL: `3`, `3:7` or `3:`."""

from __future__ import annotations

import re
from typing import Any

from numpy.typing import NDArray

from layerwalk_shared.errors import InvalidRequestError, NotFoundError

_SLICE = re.compile(r"([0-9]{1,9})(?:(:)([0-9]{1,9})?)?")
PATTERN = rf"^{_SLICE.pattern}$"
"""For the model of a query."""


def sliced(values: NDArray[Any], channels: str | None, *, node: str) -> NDArray[Any]:
    """Return those entries of the first axis, all of them where `channels` is None.

    Raises:
        NotFoundError: there is no such first entry.
        InvalidRequestError: the slice is empty or ends beyond the axis.
    """
    if channels is None:
        return values
    match = _SLICE.fullmatch(channels)
    assert match is not None
    first = int(match[1])
    length = values.shape[0] if values.ndim else 0
    if first >= length:
        raise NotFoundError(f"channel {first} is not in node {node!r} of shape {values.shape}")
    last = first + 1 if match[2] is None else int(match[3]) if match[3] else length
    if not first < last <= length:
        raise InvalidRequestError(
            f"channels {channels!r} of node {node!r}: expected a slice within {length}"
        )
    return values[first:last]
