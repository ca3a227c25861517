"""Laws of the pyramid: exact areas, kept means, scales from level 0, finite values only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from layerwalk.pyramid import Pictures, as_tensor, make_level, make_pictures, run_serially, store
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.messages import InputSpec
from layerwalk_shared.tiles import TileType, level_count, level_shape

ANY = InputSpec(kind="tensor", shape=(1,))


def area_mean(picture: NDArray[np.float32], shape_hw: tuple[int, int]) -> NDArray[np.float64]:
    """Mean over exact areas by brute force in rational arithmetic, one cell at a time."""
    height, width = picture.shape
    rows, columns = shape_hw

    def part(index: int, size: int, cell: int, cells: int) -> Fraction:
        low = max(Fraction(index), Fraction(cell * size, cells))
        high = min(Fraction(index + 1), Fraction((cell + 1) * size, cells))
        return max(Fraction(0), high - low)

    result = np.zeros(shape_hw)
    for row in range(rows):
        for column in range(columns):
            total, area = Fraction(0), Fraction(0)
            for y in range(row * height // rows, -(-(row + 1) * height // rows)):
                for x in range(column * width // columns, -(-(column + 1) * width // columns)):
                    share = part(y, height, row, rows) * part(x, width, column, columns)
                    total += share * Fraction(float(picture[y, x]))
                    area += share
            result[row, column] = float(total / area)
    return result


def pictures_of(values: NDArray[np.float32]) -> Pictures:
    return make_pictures(values, view="maps", input_spec=ANY)


@st.composite
def maps(draw: st.DrawFn, side: int = 23) -> NDArray[np.float32]:
    shape = tuple(draw(st.integers(1, top)) for top in (3, side, side))
    seed = draw(st.integers(0, 2**32 - 1))
    scale = draw(st.sampled_from((1e-6, 1.0, 300.0)))
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(np.float32)


@given(maps(side=9), st.data())
@settings(max_examples=40, deadline=None)
def test_a_level_is_the_mean_over_exact_areas(values: NDArray[np.float32], data) -> None:
    level = data.draw(st.integers(0, level_count(values.shape[1:]) - 1))
    made = make_level(pictures_of(values), level).numpy()
    expected = np.stack([area_mean(one, level_shape(values.shape[1:], level)) for one in values])
    np.testing.assert_allclose(made, expected, rtol=0, atol=2e-6 * np.abs(values).max())


@given(maps())
@settings(max_examples=60, deadline=None)
def test_every_level_keeps_the_mean_and_stays_within_the_range(
    values: NDArray[np.float32],
) -> None:
    pictures = pictures_of(values)
    bound = np.abs(values).max() * (1 + 1e-6)
    for level in range(level_count(pictures.shape_hw)):
        made = make_level(pictures, level).numpy()
        assert made.shape[1:] == level_shape(pictures.shape_hw, level)
        np.testing.assert_allclose(
            made.mean((1, 2), dtype=float), values.mean((1, 2), dtype=float), atol=bound * 1e-5
        )
        assert np.abs(made).max() <= bound


@pytest.mark.parametrize(("shape", "level"), [((14, 10), 2), ((11, 15), 2), ((23, 13), 3)])
def test_a_level_is_not_taken_from_one_whose_cells_it_would_split(
    shape: tuple[int, int], level: int
) -> None:
    values = np.random.default_rng(8).normal(size=(1, *shape)).astype(np.float32)
    expected = area_mean(values[0], level_shape(shape, level))
    made = make_level(pictures_of(values), level).numpy()
    np.testing.assert_allclose(made[0], expected, atol=1e-6)


def test_level_0_is_the_values_themselves_without_a_copy() -> None:
    values = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    values.flags.writeable = False
    made = make_level(pictures_of(values), 0)
    assert (made.numpy() == values).all()
    assert made.data_ptr() == values.ctypes.data


def test_making_levels_leaves_the_values_as_they_were() -> None:
    values = np.random.default_rng(0).normal(size=(2, 8, 6)).astype(np.float32)
    before = values.copy()
    for level in range(4):
        make_level(pictures_of(values), level)
    assert (values == before).all()


@pytest.mark.parametrize("level", [-1, 4])
def test_a_level_that_does_not_exist_is_refused(level: int) -> None:
    with pytest.raises(NotFoundError, match="8 x 6 has 0 to 3"):
        make_level(pictures_of(np.zeros((1, 8, 6), np.float32)), level)


def test_a_wide_picture_is_reduced_in_pieces_to_the_same_means() -> None:
    values = np.random.default_rng(3).normal(size=(1, 3, 301)).astype(np.float32)
    made = make_level(pictures_of(values), 1).numpy()
    np.testing.assert_allclose(made[0], area_mean(values[0], (1, 150)), atol=1e-5)


def test_sums_of_huge_values_do_not_overflow() -> None:
    values = np.full((1, 4, 4), 3e38, np.float32)
    np.testing.assert_allclose(make_level(pictures_of(values), 2).numpy(), 3e38, rtol=1e-6)


def stored(pictures: Pictures, level: int, dtype: TileType) -> NDArray[np.generic]:
    values = make_level(pictures, level)
    kind = np.float16 if dtype is TileType.FLOAT16 else np.int8
    out = np.empty(values.shape, kind)
    store(values, scales=pictures.scales, largest=pictures.largest, dtype=dtype, out=out)
    return out


@given(maps(), st.data())
@settings(max_examples=40, deadline=None)
def test_int8_is_within_half_a_step_of_the_scale_taken_from_level_0(
    values: NDArray[np.float32], data
) -> None:
    pictures = pictures_of(values)
    np.testing.assert_array_equal(pictures.scales, np.abs(values).max((1, 2)))
    level = data.draw(st.integers(0, level_count(pictures.shape_hw) - 1))
    quantised = stored(pictures, level, TileType.INT8)
    scales = pictures.scales[:, None, None]
    error = np.abs(quantised / 127 * scales - make_level(pictures, level).numpy())
    assert (error <= scales * (0.5 / 127) * (1 + 1e-4)).all()


def test_int8_keeps_zero_the_extremes_and_a_channel_without_values() -> None:
    values = np.array([[[-2.0, 0.0, 2.0]], [[0.0, 0.0, 0.0]]], np.float32)
    quantised = stored(pictures_of(values), 0, TileType.INT8)
    assert quantised.tolist() == [[[-127, 0, 127]], [[0, 0, 0]]]


@pytest.mark.parametrize("scale", [1e-38, 1e-32, 1e30])
def test_int8_takes_the_smallest_and_the_largest_scales(scale: float) -> None:
    values = (np.array([[[-1.0, 0.5, 0.0, 1.0]]]) * scale).astype(np.float32)
    assert stored(pictures_of(values), 0, TileType.INT8).tolist() == [[[-127, 64, 0, 127]]]


def test_many_channels_are_quantised_alike() -> None:
    values = np.random.default_rng(2).normal(size=(700, 30, 31)).astype(np.float32)
    scales = np.abs(values).max((1, 2), keepdims=True)
    expected = np.rint(values.astype(float) * 127 / scales)
    made = stored(pictures_of(values), 0, TileType.INT8)
    assert np.abs(made - expected).max() <= 1
    assert (made == expected).mean() > 0.9999


def test_float16_is_numpys_rounding_and_larger_values_are_clipped() -> None:
    values = np.random.default_rng(1).normal(size=(3, 40, 40)).astype(np.float32) * 100
    made = stored(pictures_of(values), 0, TileType.FLOAT16)
    assert (made == values.astype(np.float16)).all()
    large = pictures_of(np.array([[[1e6, -1e6, 65504.0, 1.0]]], np.float32))
    assert stored(large, 0, TileType.FLOAT16).tolist() == [[[65504, -65504, 65504, 1]]]
    assert large.scales.tolist() == [1e6]


def test_values_that_are_not_finite_become_finite_and_leave_the_scale_alone() -> None:
    values = np.array([[[np.nan, 3.0, np.inf, -np.inf]], [[np.nan] * 4]], np.float32)
    pictures = pictures_of(values)
    assert pictures.scales.tolist() == [3.0, 0.0]
    assert pictures.values.tolist() == [[[0, 3, 3, -3]], [[0, 0, 0, 0]]]
    for dtype in (TileType.FLOAT16, TileType.INT8):
        assert np.isfinite(stored(pictures, 1, dtype).astype(float)).all()


def test_a_vector_becomes_one_nearly_square_picture_with_zeros_behind() -> None:
    values = np.arange(1, 8, dtype=np.float32)
    pictures = make_pictures(values, view="vector", input_spec=ANY)
    assert pictures.values.tolist() == [[[1, 2, 3], [4, 5, 6], [7, 0, 0]]]


def test_tokens_are_one_picture_and_a_grid_leaves_the_class_token_out() -> None:
    values = np.arange(10, dtype=np.float32).reshape(5, 2)
    assert make_pictures(values, view="tokens", input_spec=ANY).values.shape == (1, 5, 2)
    grid = make_pictures(values, view="grid", input_spec=ANY).values
    assert grid.tolist() == [[[2, 4], [6, 8]], [[3, 5], [7, 9]]]


def test_an_image_is_the_picture_that_the_input_was_made_of() -> None:
    spec = InputSpec(kind="image", shape=(3, 4, 5), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.5))
    pixels = np.random.default_rng(2).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    mean, std = np.array(spec.mean), np.array(spec.std)
    values = (((pixels / 255) - mean) / std).transpose(2, 0, 1).astype(np.float32)
    pictures = make_pictures(values, view="image", input_spec=spec)
    out = np.empty((1, 4, 5, 3), np.uint8)
    store(
        make_level(pictures, 0),
        scales=pictures.scales,
        largest=pictures.largest,
        dtype=TileType.RGB8,
        out=out,
    )
    assert (out[0] == pixels).all()
    assert pictures.scales.tolist() == [1]


def test_pictures_are_images_one_after_another_and_squeezed_where_they_reach_beyond() -> None:
    spec = InputSpec(kind="image", shape=(3, 4, 5), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.5))
    rng = np.random.default_rng(3)
    colours = rng.uniform(0, 1, (3, 3, 4, 5))
    colours[1] = rng.uniform(-1, 3, (3, 4, 5))  # reaches beyond on both sides
    mean, std = (np.array(part)[:, None, None] for part in (spec.mean, spec.std))
    values = ((colours - mean) / std).astype(np.float32)
    pictures = make_pictures(values, view="pictures", input_spec=spec, channels=slice(0, 2))
    out = np.empty((2, 4, 5, 3), np.uint8)
    store(
        make_level(pictures, 0),
        scales=pictures.scales,
        largest=pictures.largest,
        dtype=TileType.RGB8,
        out=out,
    )
    low, high = colours[1].min(), colours[1].max()  # nearer than three standard deviations
    assert abs(low - colours[1].mean()) < 3 * colours[1].std()
    expected = [colours[0], (colours[1] - low) / (high - low)]
    assert np.abs(out / 255 - np.stack(expected).transpose(0, 2, 3, 1)).max() <= 0.51 / 255
    assert pictures.scales.tolist() == [1, 1]


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float64, np.float32])
def test_every_real_type_is_shown(kind: type) -> None:
    values = np.array([[[0, 1], [1, 1]]], kind)
    values.flags.writeable = False
    assert make_level(pictures_of(values), 1).tolist() == [[[0.75]]]


@pytest.mark.parametrize("shape", [(), (0,), (0, 3, 3), (1, 1, 1)])
def test_a_scalar_and_an_empty_tensor_are_a_picture_too(shape: tuple[int, ...]) -> None:
    values = np.zeros(shape, np.float32)
    view = "maps" if len(shape) == 3 else "vector"
    pictures = make_pictures(values, view=view, input_spec=ANY)
    assert pictures.values.shape == (1, 1, 1) or shape == (0, 3, 3)
    assert as_tensor(values).shape == shape


def test_serial_torch_on_one_thread_leaves_the_others_their_helpers() -> None:
    before = torch.get_num_threads()
    with ThreadPoolExecutor(1, initializer=run_serially) as serial, ThreadPoolExecutor(1) as other:
        assert serial.submit(torch.get_num_threads).result() == 1
        assert other.submit(torch.get_num_threads).result() == before
    assert torch.get_num_threads() == before


def test_asking_twice_for_serial_work_leaves_other_threads_alone() -> None:
    before = torch.get_num_threads()
    if before == 1:
        pytest.skip("one processor: everything is serial")

    def twice() -> int:
        run_serially()
        run_serially()
        return torch.get_num_threads()

    with ThreadPoolExecutor(1) as serial:
        assert serial.submit(twice).result() == 1
    with ThreadPoolExecutor(1) as fresh:
        assert fresh.submit(torch.get_num_threads).result() == before
    assert torch.get_num_threads() == before
