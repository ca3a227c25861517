"""The panel of settings offers each once, and what is changed there is kept."""

import dataclasses

import numpy as np
import pytest

from layerwalk_client.app.desks.settings import SettingDesk, values_of
from layerwalk_client.cache import TileCache
from layerwalk_client.settings import Settings
from layerwalk_client.ui.desk_intents import ChangeSetting, ResetKeys
from layerwalk_client.ui.setting_fields import GROUPS
from layerwalk_client.ui.settings import told_value
from layerwalk_shared.tiles import Tile, TileKey, TileType

FIELDS = [field for _, _, fields in GROUPS for field in fields]
ELSEWHERE = {"keys", "bookmarks", "bookmark_names"}
"""Kept by pages of their own."""


def test_every_setting_is_offered_once():
    names = [field.name for field in FIELDS]
    assert len(names) == len(set(names))
    assert set(names) == {one.name for one in dataclasses.fields(Settings)} - ELSEWHERE


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_whatever_a_control_offers_is_a_setting(field):
    usual = Settings()
    if field.kind == "switch":
        values = [True, False]
    elif field.options:
        values = [key for key, _ in field.options]
    else:
        values = [field.value_at(share / 20) for share in range(21)]
        assert values == sorted(values)
        for value in values:
            assert 0 <= field.share_of(value) <= 1
        assert field.share_of(values[0]) == pytest.approx(0, abs=0.02)
        assert field.share_of(values[-1]) == pytest.approx(1, abs=0.02)
        assert told_value(field, values[0])
    for value in values:
        assert type(value) is type(getattr(usual, field.name))
        dataclasses.replace(usual, **{field.name: value})


class Walk:
    """Settings that change, and how often they were written."""

    def __init__(self):
        self.settings = Settings()
        self.written = []
        self.desk = SettingDesk(
            current=lambda: self.settings, change=self.change, place="somewhere",
            keep=lambda: self.written.append(self.settings),
        )  # fmt: skip
        self.panel = self.desk.content(node=None, unit=None)

    def change(self, name, value):
        self.settings = dataclasses.replace(self.settings, **{name: value})


def test_a_change_is_applied_and_written():
    walk = Walk()
    assert walk.desk.carry_out(ChangeSetting("table", "magma"))
    assert [one.table for one in walk.written] == ["magma"]
    assert walk.desk.refresh()
    assert walk.panel.values["table"] == "magma"
    assert not walk.desk.refresh()
    assert not walk.desk.carry_out(ResetKeys(None))


def test_a_slider_is_written_once_it_is_let_go():
    walk = Walk()
    walk.panel.dragged = "speed"
    for value in (2.0, 3.0, 4.0):
        walk.desk.carry_out(ChangeSetting("speed", value))
        walk.desk.refresh()
    assert walk.settings.speed == 4.0
    assert walk.written == []
    walk.panel.dragged = None
    walk.desk.refresh()
    assert [one.speed for one in walk.written] == [4.0]


def test_what_is_refused_is_told_and_nothing_changes():
    walk = Walk()
    assert walk.desk.carry_out(ChangeSetting("percentile", 3.0))
    assert "expected 50 to 100" in walk.panel.problem
    assert (walk.settings, walk.written) == (Settings(), [])


def test_the_panel_shows_all_values():
    assert values_of(Settings())["gpu_mib"] == 512


def tile(node):
    values = np.zeros((4, 8, 8), np.float16)
    return Tile(TileKey(node, 0, 0), TileType.FLOAT16, 0, values, np.ones(4, np.float32), 1)


def test_a_smaller_cache_lets_the_oldest_go():
    cache = TileCache(10**6)
    for number in range(8):
        cache.put("s", tile(number))
    held = cache.used_bytes
    cache.resize(held // 2)
    assert cache.used_bytes <= held // 2
    assert ("s", tile(7).key) in cache
    assert ("s", tile(0).key) not in cache
