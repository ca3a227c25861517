"""Pictures of results come as tiles, become one texture each, and go when they are not seen."""

import numpy as np
import pytest

from layerwalk_client.app.maximising.prints import KEPT_SHEETS, PATIENCE_S, Prints, key_of, sheet_of
from layerwalk_client.source.asking import Tiles
from layerwalk_shared.messages import InputReference, NodeStatistics, SnapshotManifest
from layerwalk_shared.tiles import Tile, TileKey, TileType


def manifest(name="s1", pictures=(5, 40, 64)):
    return SnapshotManifest(
        id=name, network="n", generation=1, input=InputReference(kind="noise", title="x"),
        nodes=(NodeStatistics(shape=pictures, pictures=pictures),),
    )  # fmt: skip


def tile(key, count=5, shape=(40, 64)):
    values = np.zeros((count, *shape, 3), np.uint8)
    values[:] = (np.arange(count) * 40)[:, None, None, None]
    return Tile(key, TileType.RGB8, 0, values, np.ones(count, np.float32), 1)


class Textures:
    def __init__(self):
        self.live = {}
        self.made = 0

    def make(self, pixels, *, is_smooth):
        self.made += 1
        self.live[self.made] = pixels
        return self.made

    def drop(self, texture):
        del self.live[texture]


class Room:
    def __init__(self):
        self.asked, self.tiles, self.now_s, self.textures = [], {}, 0.0, Textures()
        self.prints = Prints(
            self.asked.append, lambda name, key: self.tiles.get((name, key)), self.textures,
            clock=lambda: self.now_s,
        )  # fmt: skip


@pytest.fixture
def room():
    return Room()


def test_a_tile_is_asked_for_once_and_again_after_a_while(room):
    for _ in range(3):
        assert room.prints.picture(manifest(), node=0, place=2) is None
    assert room.asked == [Tiles("s1", (TileKey(0, 0, 0),))]
    room.now_s = PATIENCE_S + 1
    room.prints.picture(manifest(), node=0, place=3)
    assert len(room.asked) == 2
    assert room.prints.picture(manifest("s2"), node=0, place=0, asks=False) is None
    assert len(room.asked) == 2


def test_each_picture_is_its_part_of_one_texture(room):
    room.tiles["s1", TileKey(0, 0, 0)] = tile(TileKey(0, 0, 0))
    for place in range(5):
        found = room.prints.picture(manifest(), node=0, place=place)
        sheet = room.textures.live[found.texture]
        top, left = round(found.uv0[1] * sheet.shape[0]), round(found.uv0[0] * sheet.shape[1])
        low, right = round(found.uv1[1] * sheet.shape[0]), round(found.uv1[0] * sheet.shape[1])
        assert found.size_wh == (64, 40)
        assert (low - top, right - left) == (40, 64)
        assert (sheet[top:low, left:right] == place * 40).all()
    assert room.textures.made == 1
    assert room.asked == []


def test_the_longest_unseen_go_and_closing_releases_all(room):
    for number in range(KEPT_SHEETS + 3):
        room.tiles[f"s{number}", TileKey(0, 0, 0)] = tile(TileKey(0, 0, 0))
        room.prints.picture(manifest(f"s{number}"), node=0, place=0)
    assert len(room.textures.live) == KEPT_SHEETS
    room.prints.close()
    assert room.textures.live == {}


@pytest.mark.parametrize(
    ("pictures", "level"),
    [((4, 224, 224), 1), ((4, 32, 32), 0), ((4, 512, 300), 2), ((100, 224, 224), 2)],
)
def test_the_level_is_as_fine_as_a_thumbnail_needs(pictures, level):
    assert key_of(manifest(pictures=pictures), 0, 3) == TileKey(0, 0, level)


def test_more_than_a_block_of_pictures_lie_in_several_tiles():
    told = manifest(pictures=(600, 32, 32))
    assert [key_of(told, 0, place).block for place in (0, 255, 256, 599)] == [0, 0, 1, 2]


def test_values_are_painted_black_at_zero():
    values = np.zeros((2, 3, 3), np.float16)
    values[1] = 2.0
    key = TileKey(0, 0, 0)
    found, grid = sheet_of(Tile(key, TileType.FLOAT16, 0, values, np.array([0, 2.0], "f4"), 1))
    assert grid == (1, 2)
    assert (found[:, :3] == 0).all()
    assert (found[:, 3:] == 255).all()
