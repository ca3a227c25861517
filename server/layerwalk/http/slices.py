"""A slice of a tensor's first axis, as it stands in a URL: `3`, `3:7` or `3:`."""

from __future__ import annotations

import re
from typing import Any

from numpy.typing import NDArray

from layerwalk_shared.errors import InvalidRequestError, NotFoundError

_SLICE = re.compile(r"([0-9]{1,9})(?:(:)([0-9]{1,9})?)?")
PATTERN = rf"^{_SLICE.pattern}$"
"""For the model of a query."""


LISTED = rf"^{_SLICE.pattern}(?:,{_SLICE.pattern})*$"
MOST_LISTED = 4096
"""Letters of a list of slices."""


def chosen(channels: str | None) -> list[int] | None:
    """Return the channels that a list of slices names (`0:16,40`), in that order; None for all.

    Raises:
        InvalidRequestError: a slice is empty, has no end, or there are more than a million.
    """
    if channels is None:
        return None
    found: list[int] = []
    for part in channels.split(","):
        match = _SLICE.fullmatch(part)
        assert match is not None
        first = int(match[1])
        last = first + 1 if match[2] is None else int(match[3] or 0)
        if not first < last <= first + 1_000_000 - len(found):
            raise InvalidRequestError(f"channels {part!r}: expected FIRST:BEHIND, such as 0:16")
        found += range(first, last)
    return found


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
