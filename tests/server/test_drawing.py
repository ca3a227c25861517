"""Sheets and pictures: every cell where the layout says, in the colours of the tables."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from layerwalk.drawing import (
    BROKEN,
    GROUND,
    channel_picture,
    kernel_sheet,
    png,
    scaled,
    thumbnail_sheet,
)
from layerwalk_shared.colours import paint
from layerwalk_shared.errors import InvalidRequestError, NotFoundError, TooLargeError
from server.frozen import make_snapshot


def draw(values: np.ndarray, **changes: object) -> np.ndarray:
    options = {
        "colormap": "coolblack", "range_mode": "node", "manual": 1.0, "percentile": 99.0,
    } | changes  # fmt: skip
    snapshot = make_snapshot(values, np.full((2, 2, 2), 8.0, np.float32))
    nodes = tuple(
        node.model_copy(update={"minimum": float(array.min()), "maximum": float(array.max())})
        for node, array in zip(snapshot.manifest.nodes, snapshot.values, strict=True)
    )
    object.__setattr__(snapshot, "manifest", snapshot.manifest.model_copy(update={"nodes": nodes}))
    return channel_picture(snapshot, 0, 1, **options)


VALUES = np.array([[[-4.0, 0.0]], [[-1.0, 2.0]]], np.float32)


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"range_mode": "channel"}, 2),
        ({"range_mode": "node"}, 4),
        ({"range_mode": "shared"}, 8),
        ({"range_mode": "manual", "manual": 3.0}, 3),
        ({"range_mode": "percentile", "percentile": 100.0}, 4),
        ({"range_mode": "percentile", "percentile": 50.0}, 1.5),
    ],
)
def test_the_range_says_which_value_gets_the_tables_end(
    changes: dict[str, object], end: float
) -> None:
    assert (draw(VALUES, **changes) == paint(VALUES[1] / end, "coolblack")).all()


def test_a_range_of_nothing_and_unknown_tables_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="manual range"):
        draw(VALUES, range_mode="manual", manual=0.0)
    with pytest.raises(InvalidRequestError, match="colour table"):
        draw(VALUES, colormap="rainbow")
    assert (draw(np.zeros((2, 3, 3), np.float32)) == 0).all()


def test_png_comes_back_pixel_by_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert (np.asarray(Image.open(BytesIO(png(picture)))) == picture).all()


def test_enlarging_keeps_hard_squares_and_reducing_keeps_the_mean() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    assert (scaled(picture, 12, largest=99) == picture.repeat(2, 0).repeat(2, 1)).all()
    half = scaled(picture, 3, largest=99)
    expected = picture.reshape(2, 2, 3, 2, 3).mean((1, 3))
    assert np.abs(half - expected).max() <= 1  # Pillow rounds across, then down
    assert scaled(picture, None, largest=99) is picture
    with pytest.raises(TooLargeError, match="at most 99"):
        scaled(picture, 120, largest=99)


def sheet(weights: np.ndarray, **changes: int | str) -> np.ndarray:
    options = {"colormap": "coolblack", "offset": 0, "limit": 64, "size": 1, "largest": 4096}
    return kernel_sheet(weights, **(options | changes))


def test_a_filter_is_a_row_with_a_kernel_for_each_input() -> None:
    weights = np.random.default_rng(1).normal(size=(5, 2, 3, 3)).astype(np.float32)
    made = sheet(weights, offset=1, limit=3)
    assert made.shape == (3 * 4 + 1, 2 * 4 + 1, 3)
    for row in range(3):
        for column in range(2):
            cell = made[row * 4 + 1 : row * 4 + 4, column * 4 + 1 : column * 4 + 4]
            kernel = weights[row + 1, column] / np.abs(weights[row + 1]).max()
            assert (cell == paint(kernel, "coolblack")).all()
    assert (made[::4] == GROUND).all()


def test_a_filter_over_three_inputs_is_an_rgb_picture_with_zero_in_the_middle() -> None:
    weights = np.zeros((5, 3, 2, 2), np.float32)
    weights[4, 0] = 2
    weights[4, 1, 0, 0] = -2
    made = sheet(weights, size=4)
    assert made.shape == (2 * 5 + 1, 3 * 5 + 1, 3)
    assert (made[1:5, 1:5] == 128).all()
    last = made[6:10, 6:10]
    assert last[0, 0].tolist() == [255, 0, 128]
    assert last[3, 3].tolist() == [255, 128, 128]


def test_other_weights_are_drawn_too_and_bounds_hold() -> None:
    assert sheet(np.ones((4, 7), np.float32)).shape == (6, 9, 3)
    assert sheet(np.ones(7, np.float32)).shape == (3, 9, 3)
    assert sheet(np.ones((2, 3, 4, 5, 6), np.float32)).shape[2] == 3
    with pytest.raises(TooLargeError, match="fewer filters"):
        sheet(np.ones((9, 9, 3, 3)), size=300, largest=1000)
    with pytest.raises(NotFoundError, match="filter 9"):
        sheet(np.ones((9, 2, 3, 3)), offset=9)


def test_thumbnails_stand_in_row_order_and_a_broken_one_is_red() -> None:
    pictures = [np.full((9, 5, 3), 10 * index, np.uint8) for index in range(5)]
    made = thumbnail_sheet([*pictures[:4], None], side=8)
    assert made.shape == (16, 24, 3)
    for index in range(4):
        row, column = divmod(index, 3)
        assert (made[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] == 10 * index).all()
    assert (made[8:, 8:16] == BROKEN).all()
    assert (made[8:, 16:] == GROUND).all()
