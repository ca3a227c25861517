"""Penalties and their sub-gradients are those of Auer's appendix, pixel by pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layerwalk.maximisation.penalties import (
    l1,
    l1_gradient,
    penalty,
    penalty_gradient,
    total_variation,
    total_variation_gradient,
)
from layerwalk.maximisation.space import PictureSpace
from layerwalk_shared.errors import InvalidRequestError

Picture = npt.NDArray[np.float64]
# Few values, so that equal neighbours and zeros are common.
pictures = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]),
)  # fmt: skip


def _appendix_gradient(img: Picture) -> Picture:
    """Item 5 of the appendix, pixel by pixel: sgn(u - each of its neighbours), zeros around."""

    def u(a: int, b: int) -> float:
        inside = 0 <= a < img.shape[0] and 0 <= b < img.shape[1]
        return float(img[a, b]) if inside else 0.0

    gradient = np.zeros_like(img)
    for a in range(img.shape[0]):
        for b in range(img.shape[1]):
            gradient[a, b] = (
                np.sign(u(a, b) - u(a - 1, b)) - np.sign(u(a + 1, b) - u(a, b))
                + np.sign(u(a, b) - u(a, b - 1)) - np.sign(u(a, b + 1) - u(a, b))
            )  # fmt: skip
    return gradient


@given(pictures)
@settings(max_examples=100, deadline=None)
def test_the_sub_gradient_is_the_appendixs_at_every_pixel(picture: Picture) -> None:
    got = total_variation_gradient(torch.from_numpy(picture)[None, None])[0, 0]
    np.testing.assert_array_equal(got, _appendix_gradient(picture))


def test_a_small_picture_by_hand() -> None:
    picture = torch.tensor([[[[0.0, 1.0], [1.0, 1.0]]]])
    # Down the columns, borders included: 0 + 1 + 1 and 1 + 0 + 1; along the rows the same.
    assert total_variation(picture).tolist() == [8.0]
    # The dark pixel is below two neighbours and level with two borders; each of the pixels beside
    # it is above it and two borders, and level with the last, which is above two borders.
    assert total_variation_gradient(picture).tolist() == [[[[-2.0, 3.0], [3.0, 2.0]]]]
    assert l1(torch.tensor([[[[-2.0, 0.0, 0.5]]]])).tolist() == [2.5]
    assert l1_gradient(torch.tensor([[[[-2.0, 0.0, 0.5]]]])).tolist() == [[[[-1.0, 0.0, 1.0]]]]


def test_it_is_the_slope_of_the_value_where_no_two_neighbours_are_equal() -> None:
    generator = torch.Generator().manual_seed(1)
    picture = torch.rand(1, 4, 5, dtype=torch.float64, generator=generator)
    nudges = 1e-6 * torch.eye(20, dtype=torch.float64).reshape(20, 4, 5)
    slopes = (total_variation(picture + nudges) - total_variation(picture - nudges)) / 2e-6
    torch.testing.assert_close(
        total_variation_gradient(picture).flatten(), slopes, atol=1e-6, rtol=0
    )


@given(pictures, pictures)
@settings(max_examples=60, deadline=None)
def test_it_is_a_sub_gradient_everywhere(first: Picture, second: Picture) -> None:
    height, width = (min(a, b) for a, b in zip(first.shape, second.shape, strict=True))
    x, y = (torch.from_numpy(one[:height, :width].copy())[None] for one in (first, second))
    for value, gradient in ((total_variation, total_variation_gradient), (l1, l1_gradient)):
        below = value(x) + (gradient(x) * (y - x)).sum()
        assert float(value(y) - below) >= -1e-9


def test_channels_and_images_are_each_on_their_own() -> None:
    batch = torch.randn(3, 2, 5, 7, generator=torch.Generator().manual_seed(0))
    together = total_variation_gradient(batch)
    values = total_variation(batch)
    for index in range(3):
        alone = sum(total_variation(batch[index, None, channel, None]) for channel in range(2))
        torch.testing.assert_close(values[index], alone[0])  # type: ignore[index]
        for channel in range(2):
            one = total_variation_gradient(batch[index, None, channel, None])
            assert torch.equal(together[index, channel], one[0, 0])


def test_a_vector_is_laid_out_as_its_wall_shows_it() -> None:
    vector = torch.randn(2, 784, generator=torch.Generator().manual_seed(0))
    as_picture = vector.reshape(2, 1, 28, 28)
    assert torch.equal(total_variation(vector), total_variation(as_picture))
    assert torch.equal(
        total_variation_gradient(vector), total_variation_gradient(as_picture).reshape(2, 784)
    )


def test_cells_past_the_end_of_a_vector_are_zero_as_the_border_is() -> None:
    vector = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]])  # two rows of three cells, the last empty
    as_picture = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]]])
    assert torch.equal(total_variation(vector), total_variation(as_picture))
    gradient = total_variation_gradient(as_picture).flatten()[:5]
    assert total_variation_gradient(vector).tolist() == [gradient.tolist()]


@pytest.mark.parametrize("shape", [(3, 6, 5), (10,)])
def test_the_gradient_with_respect_to_the_input_is_that_of_the_chain_rule(
    shape: tuple[int, ...],
) -> None:
    mean, std = ((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)) if len(shape) == 3 else ((0.4,), (0.3,))
    space = PictureSpace(mean, std, shape=shape)
    images = torch.randn(2, *shape, generator=torch.Generator().manual_seed(2)).requires_grad_(True)
    spread = [-1, *[1] * (len(shape) - 1)]
    picture = images * torch.tensor(std).reshape(spread) + torch.tensor(mean).reshape(spread)
    value = penalty(picture, total_variation_weight=0.03, l1_weight=0.5)
    (expected,) = torch.autograd.grad(value.sum(), images)

    got = penalty_gradient(images.detach(), total_variation_weight=0.03, l1_weight=0.5, space=space)
    torch.testing.assert_close(got, expected)


def test_a_descent_smooths_a_picture() -> None:
    picture = torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    before = total_variation(picture)
    for _ in range(50):
        picture = picture - 0.002 * total_variation_gradient(picture)
    assert total_variation(picture) < 0.6 * before


def test_deviations_that_are_not_above_zero_are_told() -> None:
    with pytest.raises(InvalidRequestError, match="above zero"):
        PictureSpace((0.5,), (0.0,), shape=(1, 8, 8))
