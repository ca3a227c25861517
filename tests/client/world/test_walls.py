"""Walls of every view: bounded, about square, readable, whatever the tensor's shape."""

from __future__ import annotations

import pytest

from client.world.networks import Builder
from layerwalk_client.world.arrays import LARGEST_SIDE, SceneArrays
from layerwalk_client.world.layout import layout
from layerwalk_client.world.options import LayoutOptions
from layerwalk_client.world.walls import wall_size
from layerwalk_shared.messages import InputSpec, NetworkDescription
from layerwalk_shared.tiles import level_shape

OPTIONS = LayoutOptions()


def size_of(view, shape):
    build = Builder()
    build.add("n", "Linear", shape, view=view)
    return wall_size(build.nodes[0], OPTIONS)


SHAPES = [
    ("vector", (50257,)), ("vector", (10,)), ("vector", (16000,)), ("sequence", (512, 1024)),
    ("sequence", (16000, 2)), ("sequence", (1, 16000)), ("sequence", (64, 250)),
    ("tokens", (1024, 50257)), ("tokens", (197, 768)), ("tokens", (24, 128)),
    ("grid", (197, 768)), ("grid", (197, 4096)), ("attention", (12, 197, 197)),
    ("attention", (1, 1024, 1024)), ("attention", (96, 12, 12)), ("volume", (1, 64, 128, 128)),
    ("volume", (64, 16, 56, 56)), ("frames", (16, 3, 112, 112)), ("maps", (2048, 7, 7)),
    ("maps", (12, 1024, 64)), ("maps", (3, 64, 1024)),
]  # fmt: skip


@pytest.mark.parametrize(("view", "shape"), SHAPES)
def test_no_wall_is_too_large_or_too_small_to_be_read(view, shape):
    size = size_of(view, shape)
    width, height = size.size_wh
    assert max(width, height) <= OPTIONS.largest_wall + 1e-9
    assert max(width, height) >= OPTIONS.smallest_wall - 1e-9
    assert min(width, height) >= 0.3
    assert height <= 2 * width or size.channels == 1
    assert size.columns * size.rows >= size.channels > size.columns * (size.rows - 1)


def test_a_wide_sheet_grows_longer_and_a_high_one_stays_before_the_eye():
    short, long = size_of("tokens", (24, 24)), size_of("tokens", (24, 1000))
    assert long.size_wh[0] > 1.5 * short.size_wh[0]
    assert size_of("sequence", (16000, 2)).size_wh[1] <= 3.1
    assert size_of("sequence", (16000, 2)).size_wh[0] > 0.7


def test_a_slice_is_as_large_as_a_map():
    volume, maps = size_of("volume", (8, 9, 16, 16)), size_of("maps", (8, 16, 16))
    assert volume.tile_wh[0] / 3 == pytest.approx(OPTIONS.tile, rel=0.01)
    assert volume.tile_wh[0] > maps.tile_wh[0]


def test_high_pictures_stand_in_more_columns_than_square_ones():
    assert (size_of("maps", (3, 197, 64)).rows, size_of("maps", (3, 197, 64)).columns) == (1, 3)
    assert size_of("maps", (16, 64, 64)).columns == 4
    assert size_of("maps", (16, 64, 1024)).columns < 4


def test_what_no_texture_holds_is_shown_from_a_coarser_level_on():
    build = Builder()
    build.add("input", "input", (1024, 50257), view="tokens")
    build.add("small", "Linear", (64, 64), ("input",), view="tokens")
    network = NetworkDescription(
        id="n", name="n", graph=build.graph(), input=InputSpec(kind="tensor", shape=(1,))
    )
    finest = SceneArrays.from_scene(layout(network)).finest
    assert max(level_shape((1024, 50257), int(finest[0]))) <= LARGEST_SIDE
    assert max(level_shape((1024, 50257), int(finest[0]) - 1)) > LARGEST_SIDE
    assert finest[1] == 0
