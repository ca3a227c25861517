"""Blocks cover a wall's grid exactly, and their triangles meet corner to corner."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from client.gl.showroom import make_wall
from layerwalk_client.gl.strips import block_rectangles, block_triangles
from layerwalk_shared.tiles import BLOCK_CHANNELS, block_count
from layerwalk_shared.views import grid_shape

CHANNELS = st.integers(1, 2600)


@given(CHANNELS)
def test_each_cell_belongs_to_the_block_of_its_channel(channels: int) -> None:
    rows, columns = grid_shape(channels)
    owner = np.full((rows, columns), -1)
    for block in range(block_count(channels)):
        rectangles = block_rectangles(channels, columns, rows, block)
        assert 1 <= len(rectangles) <= 3
        for left, top, right, bottom in rectangles:
            assert (owner[top:bottom, left:right] == -1).all()
            owner[top:bottom, left:right] = block
    expected = np.minimum(np.arange(rows * columns), channels - 1) // BLOCK_CHANNELS
    np.testing.assert_array_equal(owner.ravel(), expected)


@given(CHANNELS)
def test_triangles_cover_the_wall_once_and_face_one_way(channels: int) -> None:
    wall = make_wall(0, channels, (3, 5))
    corners = np.concatenate(block_triangles(wall)).reshape(-1, 3, 2).astype(np.float64)
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
    assert (areas <= 0).all()  # y points down: negative is counter-clockwise, the front
    assert np.isclose(-areas.sum(), wall.size_wh[0] * wall.size_wh[1], rtol=1e-5)


@given(st.integers(257, 2600))
def test_no_corner_lies_inside_another_triangles_edge(channels: int) -> None:
    corners = np.concatenate(block_triangles(make_wall(0, channels, (4, 4))))
    points = np.unique(corners, axis=0)
    starts = corners.reshape(-1, 3, 2)
    for turn in range(3):
        a, b = starts[:, turn], starts[:, (turn + 1) % 3]
        flat = a[:, 1] == b[:, 1]
        for (x0, y), (x1, _) in zip(a[flat].tolist(), b[flat].tolist(), strict=True):
            low, high = min(x0, x1), max(x0, x1)
            on_line = points[(points[:, 1] == y) & (points[:, 0] > low) & (points[:, 0] < high)]
            assert not len(on_line)
