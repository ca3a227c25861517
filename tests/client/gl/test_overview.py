"""Overviews keep means, lie as the wall does, and agree with the full textures they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from client.gl.showroom import NETWORK, area_mean, make_chain, make_wall
from client.gl.straight import chains_of, stage, straight_camera
from layerwalk_client.gl.overview import CELL, LEVELS, lay_cells, levels_of, padded_cells, resample
from layerwalk_client.gl.packing import pack
from layerwalk_client.world.view import Appearance, Look
from layerwalk_shared.tiles import TileType


@given(height=st.integers(1, 20), width=st.integers(1, 20))
def test_resampling_keeps_the_mean_and_constants(height: int, width: int) -> None:
    generator = np.random.default_rng(height * 100 + width)
    values = generator.normal(size=(2, height, width)).astype(np.float32)
    values[1] = 0.75
    tile = make_chain(values, node=0)[0]
    found = resample(tile)
    assert found.shape == (2, CELL, CELL)
    assert np.isclose(found[0].mean(), tile.floats()[0].mean(), atol=1e-5)
    np.testing.assert_allclose(found[1], 0.75, rtol=1e-6)


def test_resampling_a_multiple_is_the_area_mean() -> None:
    values = np.random.default_rng(0).normal(size=(3, 16, 24)).astype(np.float16)
    tile = make_chain(values.astype(np.float32), node=0)[0]
    expected = values.astype(np.float32).reshape(3, 8, 2, 8, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(resample(tile), expected, atol=1e-6)


@pytest.mark.parametrize("colours", [(), (3,)])
def test_cells_lie_in_rows_at_every_level(colours: tuple[int, ...]) -> None:
    columns, rows, count = 5, 3, 13
    cells = np.random.default_rng(1).random((count, CELL, CELL, *colours), np.float32)
    page = np.ones((64, 96, *colours), np.float32)
    lay_cells(cells, columns, rows, out=page[32:64, 32:96])
    assert (page[:32] == 1).all()
    assert (page[:, :32] == 1).all()
    levels = list(levels_of(page[32:64, 32:96]))
    assert len(levels) == LEVELS
    for level, picture in enumerate(levels):
        assert picture.shape[:2] == (
            padded_cells(rows) * CELL >> level, padded_cells(columns) * CELL >> level
        )  # fmt: skip
        if level > 3:
            continue
        side = CELL >> level
        for channel in range(count):
            row, column = divmod(channel, columns)
            part = picture[row * side : (row + 1) * side, column * side : (column + 1) * side]
            expected = cells[channel].reshape(side, 1 << level, side, 1 << level, *colours)
            np.testing.assert_allclose(part, expected.mean(axis=(1, 3)), atol=1e-6)
    np.testing.assert_allclose(levels[5][0, 0], levels[3][:4, :4].mean(axis=(0, 1)), atol=1e-6)
    assert not levels[0][2 * CELL : 3 * CELL, 3 * CELL :].any()


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), max_size=60), st.integers(16, 64)
)
def test_packing_puts_everything_on_a_page_without_overlap(
    sizes: list[tuple[int, int]], side: int
) -> None:
    places, pages = pack(sizes, side)
    taken = [np.zeros((height, width), bool) for width, height in pages]
    assert len(places) == len(sizes)
    for place, (width, height) in zip(places, sizes, strict=True):
        part = taken[place.page][place.y : place.y + height, place.x : place.x + width]
        assert part.shape == (height, width)
        assert not part.any()
        part[:] = True


def smooth_maps(count: int, side: int) -> NDArray[np.float32]:
    """Return maps whose structure an 8 x 8 overview can hold."""
    y, x = np.mgrid[0:side, 0:side] / side
    generator = np.random.default_rng(5)
    angle = generator.uniform(0, 2 * np.pi, (count, 1, 1))
    maps = np.sin(2 * (x * np.cos(angle) + y * np.sin(angle)) * 2 + angle)
    return maps.astype(np.float32)


@pytest.mark.usefixtures("clean_graphics")
@pytest.mark.parametrize("dtype", [TileType.FLOAT16, TileType.INT8])
@pytest.mark.parametrize("yaw", [0.0, 0.9])
def test_overview_and_full_texture_agree(dtype: TileType, yaw: float) -> None:
    values = smooth_maps(100, 32)
    wall = make_wall(1, 100, (32, 32))
    # 33 pixels a metre: a channel is ten pixels wide, just where the one takes over.
    with stage(wall, size_wh=(160, 120), pixels_per_metre=33) as made:
        chains = chains_of(values, dtype=dtype)
        tile = next(tile for tile in chains[0] if max(tile.shape_hw) <= CELL)
        made.renderer.put_overview(NETWORK, [tile])
        camera_wall = made.wall
        made.wall = type(wall)(**{**_fields(wall), "yaw": yaw})
        far = made.picture(Appearance(mode="channel")).astype(int)
        made.put(chains)
        near = made.picture(Appearance(mode="channel")).astype(int)
        made.wall = camera_wall
    assert near.max() > 200
    assert np.abs(near - far).mean() < 8
    # Means over positive and negative values are a little darker.
    brightness = near.mean(axis=(0, 1))
    assert (np.abs(brightness - far.mean(axis=(0, 1))) < 0.05 * brightness).all()


def _fields(wall: object) -> dict[str, object]:
    return {name: getattr(wall, name) for name in wall.__slots__}  # type: ignore[attr-defined]


@pytest.mark.usefixtures("clean_graphics")
def test_channels_smaller_than_a_pixel_average_instead_of_flickering() -> None:
    generator = np.random.default_rng(2)
    values = np.repeat(generator.choice([0.0, 1.0], 4096), 64).reshape(-1, 8, 8).astype(np.float32)
    wall = make_wall(1, 4096, (8, 8))
    with stage(wall, size_wh=(40, 40), pixels_per_metre=1.2) as made:
        made.renderer.put_overview(NETWORK, [chain[0] for chain in chains_of(values)])
        pixels = made.picture(Appearance(mode="manual", manual=1.0))[12:28, 12:28, 0].astype(float)
    # Each pixel covers about 7 channels of mean 0.5 under a cover of 88 %.
    assert abs(pixels.mean() / 255 - 0.5 * 0.88) < 0.06
    assert pixels.std() / 255 < 0.2


@pytest.mark.usefixtures("clean_graphics")
@pytest.mark.parametrize("cell_px", [0.35, 0.64, 0.96])
def test_walls_of_channels_under_a_pixel_do_not_flicker_when_the_eye_moves(cell_px: float) -> None:
    generator = np.random.default_rng(2)
    values = np.repeat(generator.choice([0.0, 1.0], 4096), 64).reshape(-1, 8, 8).astype(np.float32)
    wall = make_wall(1, 4096, (8, 8))
    with stage(wall, size_wh=(64, 64), pixels_per_metre=cell_px / 0.32) as made:
        made.renderer.put_overview(NETWORK, [chain[0] for chain in chains_of(values)])
        camera = straight_camera(made.wall, made.size_wh, made.pixels_per_metre)
        frames = []
        for step in range(9):  # over one channel, an eighth at a time
            x, y, z = camera.position
            moved = replace(camera, position=(x + step * 0.04, y, z))
            look = Look(moved, Appearance(mode="manual", manual=1.0))
            made.renderer.draw(look, made.target)
            frames.append(made.target.read_rgb()[24:40, 24:40, 0].astype(float) / 255)
    changes = np.abs(np.diff(frames, axis=0))
    assert np.percentile(changes, 99) < 0.16
    assert changes.max() < 0.25


@pytest.mark.usefixtures("clean_graphics")
@pytest.mark.parametrize("cell_px", [0.6, 2.0, 5.0])
def test_ranged_by_channel_a_far_wall_shows_shares_however_loud_a_channel_is(
    cell_px: float,
) -> None:
    generator = np.random.default_rng(4)
    shares = generator.uniform(-1, 1, (900, 8, 8)).astype(np.float32)
    shares[:, 0, 0] = 1.0
    loudness = 2.0 ** generator.integers(-6, 7, (900, 1, 1))
    with stage(
        make_wall(1, 900, (8, 8)), size_wh=(96, 96), pixels_per_metre=cell_px / 0.32
    ) as made:
        made.renderer.put_overview(NETWORK, [chain[0] for chain in chains_of(shares)])
        expected = made.picture(Appearance(mode="manual", manual=1.0)).astype(int)
        made.renderer.put_overview(NETWORK, [chain[0] for chain in chains_of(shares * loudness)])
        found = made.picture(Appearance(mode="channel")).astype(int)
        by_node = made.picture(Appearance(mode="node")).astype(int)
        again = made.picture(Appearance(mode="channel")).astype(int)
    assert np.abs(found - expected).max() <= 3
    assert np.abs(by_node - expected).max() > 20
    np.testing.assert_array_equal(found, again)


def test_area_mean_of_the_showroom_is_a_mean() -> None:
    values = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    np.testing.assert_allclose(area_mean(values, (1, 1)), [[[5.5]]])
    np.testing.assert_allclose(area_mean(values, (1, 2)), [[[4.5, 6.5]]])
