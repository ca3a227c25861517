"""What the hand holds is what is sent, and looks like it."""

import numpy as np
import pytest

from layerwalk_client.app.handling.hand import (
    Hand,
    Holding,
    hold_channel,
    hold_file,
    hold_noise,
    picture_of_noise,
)
from layerwalk_client.source.asking import PutInput
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.errors import InputError
from layerwalk_shared.messages import ChannelInput, DatasetInput, InputSpec, NoiseInput
from layerwalk_shared.tiles import Tile, TileKey, TileType

SPEC = InputSpec(kind="image", shape=(3, 20, 30))
ITEM = DatasetInput(dataset="d", item=3)


@pytest.fixture
def connected():
    source = MemorySource()
    source.open()
    return source.arrivals()[0]


def test_what_is_held_is_what_is_put_down(connected):
    hand = Hand()
    assert hand.put_on(connected.network) is None
    hand.pick_up(Holding(ITEM, "three"))
    assert hand.put_on(connected.network) == PutInput("synthetic", ITEM, "three")


def test_putting_away_empties_the_hand_once():
    hand = Hand()
    hand.pick_up(Holding(ITEM, "three"))
    assert hand.put_away()
    assert not hand.put_away()
    assert hand.holding is None


def test_pixels_that_come_late_do_not_replace_another_picture():
    hand = Hand()
    hand.pick_up(Holding(ITEM, "three"))
    pixels = np.zeros((2, 2, 3), np.uint8)
    assert hand.show(ITEM, pixels)
    assert hand.holding.pixels is pixels
    hand.pick_up(Holding(DatasetInput(dataset="d", item=4), "four"))
    assert not hand.show(ITEM, pixels)
    assert hand.holding.pixels is None


@pytest.mark.parametrize("kind", ["gaussian", "uniform"])
def test_noise_has_the_size_and_the_spread_that_was_asked_for(kind):
    noise = NoiseInput(noise=kind, seed=5, amplitude=0.1)
    pixels = picture_of_noise(noise, SPEC)
    assert pixels.shape == (20, 30, 3)
    expected = 0.1 if kind == "gaussian" else 0.1 / np.sqrt(3)
    assert pixels.mean() / 255 == pytest.approx(0.5, abs=0.01)
    assert pixels.std() / 255 == pytest.approx(expected, rel=0.1)
    assert np.array_equal(pixels, picture_of_noise(noise, SPEC))


def test_constant_noise_is_one_grey_and_grey_networks_are_shown_in_grey():
    spec = InputSpec(kind="image", shape=(1, 8, 8))
    holding = hold_noise(NoiseInput(noise="constant", amplitude=0.2), spec)
    assert np.unique(holding.pixels).tolist() == [51]
    assert holding.pixels.shape == (8, 8, 3)


def test_a_channel_is_carried_in_the_colours_of_its_wall(connected):
    values = np.zeros((2, 1, 3), np.float16)
    values[1] = [[-2, 0, 2]]
    tile = Tile(TileKey(1, 1, 0), TileType.FLOAT16, 256, values, np.array([1, 2], np.float32), 1)
    held = hold_channel(
        connected.network.snapshot, node="stem.conv", channel=257, tile=tile, table="coolblack"
    )
    assert held.image == ChannelInput(snapshot="s1", node="stem.conv", channel=257)
    assert held.pixels[0].tolist() == [[90, 169, 255], [0, 0, 0], [255, 255, 255]]
    assert held.note == "-2 to 2"


def test_a_channel_without_a_tile_can_be_carried_blind(connected):
    held = hold_channel(connected.network.snapshot, node="fc", channel=0, tile=None, table="grey")
    assert held.pixels is None


def test_a_file_is_carried_as_its_bytes(tmp_path):
    path = tmp_path / "cat.png"
    path.write_bytes(b"abc")
    held = hold_file(path)
    assert (held.image, held.title) == (b"abc", "cat.png")


def test_a_file_that_is_not_there_or_too_large_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none.png cannot be read"):
        hold_file(tmp_path / "none.png")
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(33 * 2**20)
    with pytest.raises(InputError, match=r"large.png has 33 MiB, at most 32"):
        hold_file(large)
