"""Walls show each value in its place in exactly the colour that the table gives it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from client.gl.showroom import NETWORK, drawn_picture, make_chain, make_wall
from client.gl.straight import chains_of, stage
from layerwalk_client.gl.theme import theme
from layerwalk_client.world.view import Appearance, Mark, Marks
from layerwalk_shared.colours import ABOVE, BELOW, TABLES, paint, rgb, table
from layerwalk_shared.tiles import TileType

pytestmark = pytest.mark.usefixtures("clean_graphics")

Values = NDArray[np.float32]


def random_maps(channels: int, shape_hw: tuple[int, int], seed: int = 3) -> Values:
    """Return float16-exact values of both signs, channels of very different size, one all zero."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(channels, *shape_hw))
    values *= 10.0 ** generator.uniform(-1, 1, (channels, 1, 1))
    values[channels // 2] = 0
    return values.astype(np.float16).astype(np.float32)


def steps_apart(found: NDArray[np.uint8], values: Values, name: str) -> int:
    """Return the largest distance in table entries between colours found and values expected.

    One entry is what float rounding may cost where value / range lies between two entries.
    """
    entries = {tuple(colour): place for place, colour in enumerate(table(name).tolist())}
    wanted = [entries[tuple(colour)] for colour in paint(values, name).reshape(-1, 3).tolist()]
    shown = [entries[tuple(colour)] for colour in found.reshape(-1, 3).tolist()]
    return int(np.abs(np.subtract(wanted, shown)).max())


@pytest.mark.parametrize("dtype", [TileType.FLOAT16, TileType.INT8])
@pytest.mark.parametrize("mode", ["channel", "node", "manual", "shared", "percentile"])
def test_each_texel_has_the_colour_of_its_value(mode: str, dtype: TileType) -> None:
    values = random_maps(6, (5, 4))
    largest = np.abs(values).max(axis=(1, 2))
    ranges = {
        "channel": largest,
        "node": np.full(6, largest.max()),
        "manual": np.full(6, 0.7),
        "shared": np.full(6, largest.max()),
        "percentile": np.full(6, np.percentile(np.abs(values), 90)),
    }[mode]
    appearance = Appearance(mode=mode, manual=0.7, percentile=90)  # type: ignore[arg-type]
    wall = make_wall(1, 6, (5, 4))
    with stage(wall) as made:
        chains = chains_of(values, dtype=dtype)
        made.put(chains)
        pixels = made.picture(appearance)
        stored = chains[0][0].floats()
        if dtype is TileType.INT8 and mode == "percentile":
            ranges = np.full(6, np.percentile(np.abs(stored), 90))
        for channel in range(6):
            scaled = stored[channel] / (ranges[channel] or 1)
            found = made.texels(pixels, channel)
            assert steps_apart(found, scaled, "coolblack") <= 1
            same = (found == paint(scaled, "coolblack")).all(axis=-1)
            assert same.mean() > 0.9


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_is_shown_entry_for_entry(name: str) -> None:
    # 255 values, each in the middle of an entry, as float16 holds them.
    values = (np.arange(-127, 128) / 127).astype(np.float16).astype(np.float32)
    if not TABLES[name].is_diverging:
        values = (np.arange(0, 255) / 255).astype(np.float16).astype(np.float32)
    wall = make_wall(1, 1, (15, 17), tile=1.0)
    with stage(wall) as made:
        made.put(chains_of(values.reshape(1, 15, 17)))
        pixels = made.picture(Appearance(table=name, mode="manual", manual=1.0))
        found = made.texels(pixels, 0)
    np.testing.assert_array_equal(found.reshape(-1, 3), paint(values, name))


@pytest.mark.parametrize("dtype", [TileType.FLOAT16, TileType.INT8])
@pytest.mark.parametrize("source", ["block", "overview"])
def test_zero_is_exactly_black(dtype: TileType, source: str) -> None:
    values = np.zeros((4, 8, 8), np.float32)
    values[0, 0, 0] = 1.0  # so that the range is not zero
    wall = make_wall(1, 4, (8, 8))
    with stage(wall) as made:
        if source == "overview":
            made.renderer.put_overview(NETWORK, [make_chain(values, node=1, dtype=dtype)[0]])
        else:
            made.put(chains_of(values, dtype=dtype))
        pixels = made.picture(Appearance(mode="channel"))
        for channel in (1, 2, 3):
            assert not made.texels(pixels, channel).any()


def test_channels_stand_in_rows_from_the_upper_left() -> None:
    values = np.repeat((np.arange(7) + 1) / 8, 4).reshape(7, 2, 2).astype(np.float32)
    with stage(make_wall(1, 7, (2, 2)), pixels_per_metre=220) as made:
        assert (made.wall.columns, made.wall.rows) == (3, 3)
        made.put(chains_of(values))
        pixels = made.picture(Appearance(mode="manual", manual=1.0))
    bright = pixels[..., 0].astype(int)
    tile, gap = 0.30 * 220, 0.02 * 220
    for channel in range(7):
        row, column = divmod(channel, 3)
        y = 150 + ((row - 1) * (tile + gap))
        x = 200 + ((column - 1) * (tile + gap))
        assert bright[round(y), round(x)] == paint(values[channel, 0, :1], "coolblack")[0, 0]


def test_a_texel_is_a_square_of_one_colour() -> None:
    values = np.zeros((1, 2, 2), np.float32)
    values[0] = [[1.0, -1.0], [0.5, -0.5]]
    wall = make_wall(1, 1, (2, 2), tile=1.0, gap=0.0)
    with stage(wall, size_wh=(240, 240), pixels_per_metre=200) as made:
        made.put(chains_of(values))
        pixels = made.picture(Appearance(mode="manual", manual=1.0))
    expected = paint(values[0], "coolblack")
    for row in range(2):
        for column in range(2):
            # Whole squares but two pixels: the texel's smooth edge and the wall's border.
            part = pixels[22 + 100 * row : 118 + 100 * row, 22 + 100 * column : 118 + 100 * column]
            assert (part == expected[row, column]).all()


@pytest.mark.parametrize("channels", [300, 513])
def test_blocks_join_without_seams(channels: int) -> None:
    values = np.full((channels, 2, 2), 0.5, np.float32)
    values[256] = values[255] = 1.0
    with stage(make_wall(1, channels, (2, 2)), size_wh=(640, 640), pixels_per_metre=80) as made:
        chains = chains_of(values)
        made.put(chains)
        whole = made.picture(Appearance(mode="manual", manual=1.0))
        for channel in (0, 254, 255, 256, 257, channels - 1):
            found = made.texels(whole, channel)
            assert (found == paint(values[channel], "coolblack")).all()
        # Behind every pixel of the wall is a wall: no sky shines through between blocks.
        half = np.array(made.wall.size_wh) * 80 / 2
        inner = whole[
            int(320 - half[1]) + 2 : int(320 + half[1]) - 2,
            int(320 - half[0]) + 2 : int(320 + half[0]) - 2,
        ]
        quiet = np.rint(np.array(theme("dark").wall) * 255)
        lit = inner.max(axis=-1) > 30
        between = np.abs(inner[~lit].astype(int) - quiet).max(axis=-1)
        assert (between <= 24).all()


def test_one_missing_block_shows_its_overview() -> None:
    values = np.full((300, 4, 4), 0.5, np.float32)
    values[256:] = 1.0
    with stage(make_wall(1, 300, (4, 4)), size_wh=(640, 640), pixels_per_metre=80) as made:
        chains = chains_of(values)
        made.renderer.put_overview(NETWORK, [chain[0] for chain in chains])
        made.put(chains[:1])
        pixels = made.picture(Appearance(mode="manual", manual=1.0))
        for channel in (0, 255, 256, 299):
            found = made.texels(pixels, channel)
            assert (found == paint(values[channel], "coolblack")).all()


def test_a_vectors_cells_past_the_last_are_backing() -> None:
    values = np.ones((1, 3, 3), np.float32)
    with stage(make_wall(1, 1, (3, 3), tile=1.0, cells=7)) as made:
        made.put(chains_of(values))
        found = made.texels(made.picture(), 0).reshape(9, 3)
    backing = np.rint(np.array(theme("dark").wall) * 255)
    assert (found[:7] == 255).all()
    assert (found[7:] == backing).all()


def test_a_wall_without_values_is_a_quiet_wall() -> None:
    with stage(make_wall(1, 9, (4, 4))) as made:
        pixels = made.picture()
        found = made.texels(pixels, 4)
    assert (found == np.rint(np.array(theme("dark").wall_empty) * 255)).all()
    assert pixels.max() < 100


def test_the_back_shows_no_data() -> None:
    values = np.ones((4, 4, 4), np.float32)
    wall = make_wall(1, 4, (4, 4))
    with stage(wall) as made:
        made.put(chains_of(values))
        front = made.picture()
        made.wall = replace(made.wall, yaw=np.pi)  # the eye goes round; the wall stays
        back = made.picture()
    assert front.max() == 255
    assert back.max() < 64


def test_images_keep_their_colours() -> None:
    picture = drawn_picture(16)[None]
    with stage(make_wall(1, 1, (16, 16), tile=1.0, is_image=True)) as made:
        made.put(chains_of(picture, dtype=TileType.RGB8))
        found = made.texels(made.picture(), 0)
    np.testing.assert_array_equal(found, np.rint(picture[0] * 255).astype(np.uint8))


def test_values_out_of_range_are_marked_when_asked_for() -> None:
    values = np.array([[[2.0, 0.5], [-2.0, 1.0]]], np.float32)
    with stage(make_wall(1, 1, (2, 2), tile=1.0)) as made:
        made.put(chains_of(values))
        plain = made.texels(made.picture(Appearance(mode="manual", manual=1.0)), 0)
        marked = made.texels(
            made.picture(Appearance(mode="manual", manual=1.0, marks_out_of_range=True)), 0
        )
    np.testing.assert_array_equal(plain, paint(values[0], "coolblack"))
    assert tuple(marked[0, 0]) == rgb(ABOVE)
    assert tuple(marked[1, 0]) == rgb(BELOW)
    np.testing.assert_array_equal(marked[:, 1], plain[:, 1])


def test_values_that_are_no_numbers_do_not_spread() -> None:
    values = np.array([[[np.nan, 0.5], [np.inf, -0.5]]], np.float32)
    chain = make_chain(np.nan_to_num(values, nan=0, posinf=0), node=1)
    broken = replace(chain[0], values=values.astype(np.float16))
    with stage(make_wall(1, 1, (2, 2), tile=1.0)) as made:
        made.put([[broken, *chain[1:]]])
        appearance = Appearance(mode="manual", manual=1.0)
        found = made.texels(made.picture(appearance), 0)
    np.testing.assert_array_equal(found, paint(values[0], "coolblack"))


def test_a_range_of_one_wall_wins_over_the_mode() -> None:
    values = np.full((1, 2, 2), 1.0, np.float32)
    with stage(make_wall(1, 1, (2, 2), tile=1.0)) as made:
        made.put(chains_of(values))
        found = made.texels(made.picture(ranges={(NETWORK, 1): 4.0}), 0)
        again = made.texels(made.picture(), 0)
    assert (found == paint(np.array(0.25), "coolblack")).all()
    assert (again == 255).all()


def test_selection_is_framed_two_pixels_wide_and_hover_fainter() -> None:
    wall = make_wall(1, 4, (4, 4))
    with stage(wall) as made:
        bare = made.picture()
        selected = made.picture(marks=Marks(selection=Mark(NETWORK, 1)))
        hovered = made.picture(marks=Marks(hover=Mark(NETWORK, 1, 3)))
    changed = np.flatnonzero((selected != bare).any(axis=-1)[150])
    mark = np.rint(np.array(theme("dark").mark) * 255).astype(int)
    edge = 200 - wall.size_wh[0] / 2 * 250
    assert len(changed) in (4, 6)  # two edges of two pixels, softened
    assert abs(changed[0] - edge) <= 3
    assert (np.abs(selected[150, changed].astype(int) - mark).max(axis=-1) <= 2).sum() >= 2
    brightest = hovered.astype(int)[(hovered != bare).any(axis=-1)].max(axis=0)
    assert mark[0] * 0.4 < brightest[0] < mark[0] * 0.65
