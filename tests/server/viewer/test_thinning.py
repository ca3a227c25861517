"""Thinning keeps the first, the last and an even spread, whatever arrives."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwalk.thinning import EvenRow, least_needed


@given(st.integers(3, 40), st.integers(1, 400))
def test_dropping_the_least_needed_leaves_an_even_row(limit: int, count: int) -> None:
    kept: list[int] = []
    for place in range(count):
        kept.append(place)
        if len(kept) > limit:
            gone = least_needed(kept)
            assert gone is not None
            del kept[gone]
    assert kept[0] == 0
    assert kept[-1] == count - 1
    assert len(kept) == min(limit, count)
    gaps = [after - before for before, after in itertools.pairwise(kept)]
    # The newest gaps are still being filled; all others are within a factor of four.
    assert max(gaps, default=1) <= 4 * count / limit + 1


def test_ends_are_never_dropped() -> None:
    assert least_needed([]) is None
    assert least_needed([1, 5]) is None
    assert least_needed([0, 1, 9, 10, 30]) == 1
    assert least_needed([0, 8, 9, 10, 30]) == 2
    assert least_needed([4, 4, 4]) == 1


@given(st.integers(4, 50), st.integers(0, 500))
def test_a_row_keeps_every_nth_and_the_last(limit: int, count: int) -> None:
    row: EvenRow[int] = EvenRow(limit)
    for item in range(count):
        row.add(item)
    kept = row.items()
    assert row.count == count
    assert len(kept) <= limit
    assert list(kept) == sorted(set(kept))
    if count <= limit - 1:
        assert kept == tuple(range(count))
    else:
        assert kept[0] == 0
        assert kept[-1] == count - 1
        gaps = {after - before for before, after in itertools.pairwise(kept[:-1])}
        assert len(gaps) == 1
        assert gaps.pop() <= 4 * count / limit


def test_an_empty_row_is_empty() -> None:
    assert EvenRow[str](4).items() == ()


@pytest.mark.parametrize("limit", [4, 7])
def test_a_row_with_one_item_has_it_once(limit: int) -> None:
    row: EvenRow[str] = EvenRow(limit)
    row.add("only")
    assert row.items() == ("only",)
