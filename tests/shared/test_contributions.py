"""Contributions: round trips, and files that are none."""

from __future__ import annotations

import io

import numpy as np
import pytest

from layerwalk_shared.contributions import Contributions, contributions_of, decode, encode
from layerwalk_shared.errors import MalformedRequestError


def _made() -> Contributions:
    return contributions_of(
        [np.array([1, -2, np.inf], np.float32), np.zeros(0, np.float32), np.array([4], np.float32)],
        [True, False, True],
        np.array([0.5, np.nan], np.float32),
    )


def test_a_file_holds_what_was_put_in_and_no_infinities() -> None:
    found = decode(encode(_made()))
    assert found.of(0).tolist() == [1, -2, 0]
    assert found.of(1).tolist() == []
    assert found.of(2).tolist() == [4]
    assert found.total(0) == -1
    assert found.edges.tolist() == [0.5, 0]
    assert found.reached.tolist() == [True, False, True]
    with pytest.raises(ValueError, match="read-only"):
        found.channels[0] = 1


@pytest.mark.parametrize("data", [b"", b"x", encode(_made())[:-40], b"\x93NUMPY" + bytes(90)])
def test_what_is_no_such_file_is_told(data: bytes) -> None:
    with pytest.raises(MalformedRequestError, match="contributions"):
        decode(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"offsets": np.array([0, 3, 2, 4])},
        {"offsets": np.array([0, 3, 3, 5])},
        {"reached": np.array([True])},
        {"channels": np.zeros((2, 2), np.float32)},
        {"edges": np.array([np.nan], np.float32)},
        {"channels": np.zeros(4)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes: dict[str, np.ndarray]) -> None:
    made = _made()
    arrays = {name: getattr(made, name) for name in ("channels", "offsets", "reached", "edges")}
    file = io.BytesIO()
    np.savez(file, **(arrays | changes))
    with pytest.raises(MalformedRequestError, match="contributions"):
        decode(file.getvalue())
