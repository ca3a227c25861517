"""A sheet of kernels has every weight once, where `at` says it is."""

import numpy as np
import pytest

from layerwalk_client.world.kernels import (
    LARGEST_SIDE,
    MOST_VALUES,
    filters_shown,
    inputs_shown,
    sheet_of,
)
from layerwalk_shared.colours import paint, table

SHAPES = [(5, 4, 3, 3), (6, 2, 1, 5), (7, 3, 3, 3), (5, 4, 2, 3, 3), (6, 9), (40,), (3, 4, 1, 1)]


def weights(shape):
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_weight_has_one_pixel_and_every_pixel_tells_its_weight(shape):
    values = weights(shape)
    sheet = sheet_of(values, first=0, shape=shape)
    pixels = sheet.pixels("grey")
    found = []
    for down in range(pixels.shape[0]):
        for across in range(pixels.shape[1]):
            place = sheet.at(down, across)
            if place is not None:
                kernel = sheet.kernel(place)
                found += kernel[:, place.row, place.column].tolist()
    assert sorted(found) == sorted(values.ravel().tolist())
    assert sheet.at(pixels.shape[0], 0) is None
    assert sheet.at(0, -1) is None


def test_kernels_have_the_colours_of_their_share_of_the_filters_largest_weight():
    values = weights((5, 4, 3, 3))
    sheet = sheet_of(values, first=0, shape=values.shape)
    pixels = sheet.pixels("coolblack")
    for down, across in ((0, 0), (7, 10), (14, 2)):
        place = sheet.at(down, across)
        assert (place.filter, place.input) == (down // 3, across // 3)
        share = values[place.filter, place.input, place.row, place.column]
        share = share / np.abs(values[place.filter]).max()
        assert pixels[down, across].tolist() == paint(np.array([share]), "coolblack")[0].tolist()


def test_filters_over_colours_are_pictures_with_zero_in_the_middle():
    values = np.zeros((2, 3, 2, 2), np.float32)
    values[1, 0, 0, 1] = 0.5
    sheet = sheet_of(values, first=0, shape=values.shape)
    assert sheet.is_coloured
    pixels = sheet.pixels("coolblack")
    assert pixels[0, 0].tolist() == [128, 128, 128]
    assert pixels[0, 3].tolist() == [255, 128, 128]
    assert sheet.kernel(sheet.at(0, 3)).shape == (3, 2, 2)


def test_a_page_tells_the_filters_own_numbers():
    values = weights((4, 2, 3, 3))
    sheet = sheet_of(values, first=60, shape=(64, 2, 3, 3))
    assert (sheet.first, sheet.last, sheet.total) == (60, 63, 64)
    assert sheet.at(3, 0).filter == 61
    np.testing.assert_array_equal(sheet.kernel(sheet.at(3, 0))[0], values[1, 0])


def test_what_is_not_finite_counts_as_zero():
    values = np.array([[np.nan, 1.0], [np.inf, -1.0]], np.float32)
    pixels = sheet_of(values, first=0, shape=(2, 2)).pixels("grey")
    assert pixels[0, 0].tolist() == table("grey")[0].tolist()
    assert pixels[0, 1].tolist() == table("grey")[-1].tolist()


@pytest.mark.parametrize(
    "shape", [(4096, 25088), (512, 2048, 3, 3), (64, 3, 7, 7), (100_000,), (50257, 768), (), (8, 0)]
)
def test_a_page_is_never_more_than_a_texture_and_a_moment_take(shape):
    count = filters_shown(shape)
    assert count >= 1
    each = int(np.prod(shape[1:])) if shape else 1
    assert count == 1 or count * each <= MOST_VALUES
    values = np.zeros((count, *shape[1:]), np.float32)
    height, width, _ = sheet_of(values, first=0, shape=shape).pixels("grey").shape
    assert height <= LARGEST_SIDE
    assert width <= LARGEST_SIDE
    assert inputs_shown(shape) >= 1
