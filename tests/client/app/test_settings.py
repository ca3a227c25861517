"""Settings survive a round trip, and what is wrong in the file is named."""

import dataclasses
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwalk_client.settings import (
    Settings,
    as_toml,
    read_settings,
    settings_path,
    write_settings,
)
from layerwalk_shared.errors import InvalidRequestError

CHANGED = Settings(
    width=1920,
    speed=2.5,
    inverts_y=True,
    table="magma",
    keys={"forward": ("KP8", "KP5")},
    bookmarks={"n1 1": (1.0, 1.6, -4.0, 90.0, -10.0)},
)


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "deep" / "settings.toml"
    write_settings(path, CHANGED)
    assert read_settings(path) == CHANGED
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.toml"]


def test_nothing_set_is_an_empty_file_and_the_defaults():
    assert as_toml(Settings()).strip() == ""


@given(st.text())
def test_any_text_is_valid_toml(text):
    settings = dataclasses.replace(Settings(), table=text, bookmarks={text: (0.0,) * 5})
    found = tomllib.loads(as_toml(settings))
    assert found.get("table", "coolblack") == text
    assert list(found["bookmarks"]) == [text]


def test_no_file_means_the_defaults(tmp_path):
    assert read_settings(tmp_path / "none.toml") == Settings()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("widht = 3", "no setting 'widht'; nearest: 'width'"),
        ("width = 'wide'", "width = 'wide', expected a value like 1280"),
        ("speed = 500", "speed = 500.0, expected 0.1 to 20"),
        ("theme = 'pink'", "theme = 'pink', expected one of"),
        ("layout = 'curly'", "layout = 'curly', expected one of"),
        ("[keys]\nforwards = 'w'", "no action 'forwards'; nearest: 'forward'"),
        ("[keys]\nforward = 'h'", "'h' is bound to 'forward' and to 'home'"),
        ("[bookmarks]\na = [1, 2]", "expected x, y, z, yaw, pitch"),
        ("width = ", "settings.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, sentence):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(InvalidRequestError, match=r".*") as found:
        read_settings(path)
    assert sentence in str(found.value)
    assert str(path) in str(found.value)


def test_the_path_follows_the_platform(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    assert str(settings_path({"HOME": "/h"})) == "/h/.config/layerwalk/settings.toml"
    assert str(settings_path({"HOME": "/h", "XDG_CONFIG_HOME": "/x"})) == (
        "/x/layerwalk/settings.toml"
    )
