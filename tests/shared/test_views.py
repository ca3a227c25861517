"""Views: each puts every element where its words say, once; readers find it again."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import View
from layerwalk_shared.views import (
    LONGEST_STRIP,
    VIEWS,
    grid_shape,
    guess_view,
    picture_place,
    picture_shape,
    possible_views,
    tensor_index,
)

Shape = tuple[int, ...]


@st.composite
def shown(draw: st.DrawFn) -> tuple[View, Shape]:
    """A shape, and a view that can show it."""
    shape = tuple(draw(st.lists(st.integers(1, 5), max_size=5)))
    return draw(st.sampled_from(possible_views(shape))), shape


def cells(view: View, shape: Shape) -> list[tuple[int, int, int]]:
    return list(itertools.product(*map(range, picture_shape(view, shape))))


@given(shown())
@settings(max_examples=300, deadline=None)
def test_every_cell_shows_one_element_or_none_and_every_element_is_found_there(
    case: tuple[View, Shape],
) -> None:
    view, shape = case
    held = {}
    for cell in cells(view, shape):
        index = tensor_index(view, shape, *cell)
        if index is not None:
            assert index not in held
            held[index] = cell
    for index in itertools.product(*map(range, shape)):
        place = picture_place(view, shape, index)
        named = index  # colours share a cell
        if view in ("image", "pictures"):
            named = tuple(0 if at == len(shape) - 3 else one for at, one in enumerate(index))
        assert place == held.get(named)
    if view not in ("image", "grid", "pictures"):
        assert len(held) == math.prod(shape)


@pytest.mark.parametrize(
    ("view", "shape", "cell", "index"),
    [
        ("image", (3, 4, 5), (0, 1, 2), (0, 1, 2)),
        ("maps", (5, 3, 4), (2, 1, 3), (2, 1, 3)),
        ("maps", (5, 2, 3, 4), (4, 5, 1), (4, 1, 2, 1)),
        ("vector", (), (0, 0, 0), ()),
        ("vector", (7,), (0, 1, 2), (5,)),
        ("vector", (7,), (0, 2, 1), None),
        ("vector", (50257,), (0, 223, 81), (50256,)),
        ("vector", (50257,), (0, 223, 82), None),
        ("vector", (1_000_000,), (0, 999, 999), (999_999,)),
        ("tokens", (6, 8), (0, 4, 7), (4, 7)),
        ("tokens", (2, 3, 6, 8), (5, 4, 7), (1, 2, 4, 7)),
        ("sequence", (2, 6, 8), (1, 4, 7), (1, 4, 7)),
        ("attention", (12, 9, 9), (11, 8, 0), (11, 8, 0)),
        ("grid", (9, 4), (3, 1, 2), (5, 3)),
        ("grid", (10, 4), (3, 1, 2), (6, 3)),  # a class token
        ("grid", (198, 8), (7, 0, 0), (2, 7)),  # and a distillation token
        ("grid", (261, 8), (7, 15, 15), (260, 7)),  # and four registers
        ("grid", (4, 5, 6), (5, 3, 2), (3, 2, 5)),  # channels last
        ("volume", (2, 5, 3, 4), (1, 3, 2), (1, 3, 0, 2)),
        ("volume", (2, 5, 3, 4), (1, 4, 4), (1, 4, 1, 0)),
        ("volume", (2, 5, 3, 4), (1, 3, 8), None),  # 5 slices in 2 x 3 cells
        ("frames", (5, 3, 4, 6), (2, 5, 7), (4, 2, 1, 1)),
        ("frames", (5, 3, 4, 6), (2, 5, 13), None),
        ("maps", (5, 3, 4), (5, 0, 0), None),
        ("maps", (5, 3, 4), (0, -1, 0), None),
        ("maps", (0, 3, 4), (0, 0, 0), None),
        ("vector", (0,), (0, 0, 0), None),
    ],
)
def test_a_cell_shows_the_element_that_the_words_say(
    view: View, shape: Shape, cell: tuple[int, int, int], index: Shape | None
) -> None:
    assert tensor_index(view, shape, *cell) == index


def test_the_tokens_before_the_patches_have_no_cell() -> None:
    assert picture_place("grid", (198, 8), (1, 7)) is None
    assert picture_place("grid", (198, 8), (2, 7)) == (7, 0, 0)


@pytest.mark.parametrize("index", [(2, 0), (0, -1), (0,), (0, 0, 0)])
def test_an_index_that_the_tensor_has_not_is_refused(index: Shape) -> None:
    with pytest.raises(InvalidRequestError, match=r"not in shape \[2, 3\]"):
        picture_place("tokens", (2, 3), index)


@pytest.mark.parametrize(
    ("view", "shape", "able"),
    [
        ("maps", (5,), "vector can"),
        ("grid", (5,), "vector can"),
        ("image", (2, 4, 4), "maps, vector, tokens, grid, sequence, attention can"),
        ("attention", (4, 4), "vector, tokens, grid, sequence can"),
        ("grid", (24 * 24 + 17, 8), "vector, tokens, sequence can"),
        ("frames", (3, 4, 4), "image, maps, vector, tokens, grid, sequence, attention can"),
        ("film", (5,), "vector can"),
    ],
)
def test_a_view_that_cannot_show_a_shape_names_those_that_can(
    view: View, shape: Shape, able: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        picture_shape(view, shape)
    assert str(refused.value).endswith(f"of shape {list(shape)}; {able}")
    assert set(possible_views(shape)) <= set(VIEWS)


@pytest.mark.parametrize(
    ("shape", "is_picture", "view"),
    [
        ((), False, "vector"),
        ((10,), False, "vector"),
        ((50257,), False, "vector"),
        ((0,), False, "vector"),
        ((16, 64), False, "tokens"),
        ((2048, 1024), False, "tokens"),
        ((1, LONGEST_STRIP), False, "tokens"),
        ((1, LONGEST_STRIP + 1), False, "vector"),
        ((48000, 1), False, "vector"),
        ((2, 48000), False, "tokens"),
        ((3, 8, 8), True, "image"),
        ((1, 8, 8), True, "image"),
        ((4, 8, 8), True, "maps"),
        ((3, 8, 8), False, "maps"),
        ((12, 197, 197), False, "maps"),
        ((64, 4, 7, 7), False, "volume"),
        ((64, 4, 7, 7), True, "volume"),
        ((16, 3, 112, 112), True, "frames"),
        ((3, 16, 112, 112), True, "volume"),
        ((16, 3, 112, 112), False, "volume"),
        ((2, 3, 4, 5, 6), False, "maps"),
        ((2, 3, 4, 5, 6), True, "maps"),
    ],
)
def test_the_guess_follows_its_rules(shape: Shape, *, is_picture: bool, view: View) -> None:
    assert guess_view(shape, is_picture=is_picture) == view


@given(shape=st.lists(st.integers(0, 70_000), max_size=6), is_picture=st.booleans())
def test_the_guess_can_always_be_shown(shape: list[int], *, is_picture: bool) -> None:
    view = guess_view(shape, is_picture=is_picture)
    assert view in possible_views(shape)
    assert min(picture_shape(view, shape)) >= 1


@given(st.integers(0, 10**7))
def test_a_grid_holds_its_cells_and_no_row_is_empty(count: int) -> None:
    rows, columns = grid_shape(count)
    assert columns == max(1, math.ceil(math.sqrt(count)))
    assert rows * columns >= count
    assert (rows - 1) * columns < max(1, count)
