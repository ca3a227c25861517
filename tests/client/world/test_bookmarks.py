"""Bookmarks are kept under their network and number, and come back as they were."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from client.world.cameras import cameras
from layerwalk_client.settings import Settings, as_toml, read_settings
from layerwalk_client.world.bookmarks import (
    Bookmark,
    bookmarks,
    free_number,
    with_bookmark,
    without_bookmark,
)
from layerwalk_client.world.view import Camera


@given(camera=cameras(), number=integers(1, 9), name=text("abc é.", max_size=9).map(str.strip))
def test_what_is_set_comes_back_and_goes_again(camera: Camera, number: int, name: str) -> None:
    mark = Bookmark(number, name, camera)
    places, names = with_bookmark({}, {}, "net", mark)
    (found,) = bookmarks(places, names, "net")
    assert (found.number, found.name.split()) == (number, name.split())
    assert found.camera.position == camera.position
    assert found.camera.yaw == pytest.approx(camera.yaw)
    assert found.camera.pitch == pytest.approx(camera.pitch)
    assert bookmarks(places, names, "another") == ()
    assert without_bookmark(places, names, "net", number) == ({}, {})


def test_numbers_are_given_from_below_and_end_at_nine() -> None:
    places, names = {}, {}
    for number in range(1, 10):
        assert free_number(places, "net") == number
        mark = Bookmark(number, f"place {number}", Camera())
        places, names = with_bookmark(places, names, "net", mark)
    assert free_number(places, "net") is None
    places, names = without_bookmark(places, names, "net", 4)
    assert free_number(places, "net") == 4
    assert [one.number for one in bookmarks(places, names, "net")] == [1, 2, 3, 5, 6, 7, 8, 9]


def test_settings_keep_bookmarks_with_their_names(tmp_path) -> None:
    mark = Bookmark(2, 'the "eyes"', Camera((1.0, 1.6, -4.0), yaw=math.radians(30)))
    places, names = with_bookmark({}, {}, "resnet18", mark)
    kept = Settings(bookmarks=places, bookmark_names=names)
    path = tmp_path / "settings.toml"
    path.write_text(as_toml(kept))
    again = read_settings(path)
    assert bookmarks(again.bookmarks, again.bookmark_names, "resnet18") == bookmarks(
        places, names, "resnet18"
    )
