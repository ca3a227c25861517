"""Keys, settings and ranges are changed in a walk, at once; answers are compared."""

import pygame
import pytest

from e2e.walking import SIZE
from layerwalk_client.app.overlay import hud_of
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.desk_intents import ChangeSetting, LockRange, Rebind
from layerwalk_client.ui.intents import PutOn
from layerwalk_shared.messages import NoiseInput

pytestmark = [pytest.mark.gl]


@pytest.fixture
def kept():
    return []


@pytest.fixture
def hand(hand_on, kept):
    found = hand_on(lambda bell: MemorySource(on_arrival=bell), keep_settings=kept.append)
    found.frame()
    return found


def test_a_key_is_listened_for_bound_and_obeyed(hand, kept):
    walker = hand.walker
    hand.key(pygame.K_F1)
    page = walker.tools.panels.content("help")
    page.listening = "jobs"
    hand.frames(2)
    hand.key(pygame.K_F15)
    assert kept[-1].keys == {"jobs": ("F15",)}
    hand.key(pygame.K_ESCAPE)
    assert walker.tools.panels.kinds == ()
    hand.key(pygame.K_F15)
    assert walker.tools.panels.kinds == ("jobs",)
    hand.key(pygame.K_F6)
    assert walker.tools.panels.kinds == ("jobs",), "the old key does nothing any more"
    walker.tools.carry_out("help", Rebind("jobs", "F6"))
    assert kept[-1].keys == {}


def test_closing_the_page_listens_no_more(hand, kept):
    hand.key(pygame.K_F1)
    hand.walker.tools.panels.content("help").listening = "jobs"
    hand.frames(2)
    hand.walker.tools.close_panels()
    hand.frames(2)
    hand.key(pygame.K_F6)
    assert "jobs" in hand.walker.tools.panels.kinds
    assert kept == []


def test_settings_take_effect_while_one_walks(hand, kept):
    walker = hand.walker
    hand.settle()
    hand.key(pygame.K_F7)
    assert walker.tools.panels.kinds == ("settings",)
    before = walker.stage.scene

    def set_to(name, value):
        walker.tools.carry_out("settings", ChangeSetting(name, value))
        hand.frames(2)
        assert getattr(kept[-1], name) == value

    set_to("layout", "spiral")
    assert walker.stage.scene is not before
    assert len({wall.yaw for wall in walker.stage.scene.walls}) > 1
    set_to("theme", "paper")
    assert walker.tools.appearance.theme == "paper"
    set_to("table", "magma")
    assert walker.tools.appearance.table == "magma"
    set_to("speed", 3.0)
    assert walker.journey.pace == 3.0
    set_to("sweep_s", 1.0)
    assert walker.stage.sweep_s == 1.0
    set_to("gpu_mib", 64)
    set_to("mouse_degrees", 0.3)
    set_to("shows_hints", False)
    assert not walker.teaches
    hand.key(pygame.K_t)
    hand.frames(2)
    panel = walker.tools.panels.content("settings")
    assert panel.values["table"] == walker.tools.appearance.table
    assert kept[-1].table == "magma", "a key changes this walk, not the next"
    assert walker.screen.size_wh == SIZE


def test_the_answer_before_is_known_though_the_panel_was_closed(hand):
    walker = hand.walker
    hand.settle()
    walker.tools.put_on(PutOn(NoiseInput(noise="gaussian", seed=2), "gaussian noise"))
    hand.until(lambda: walker.stage.shown.input.kind == "noise")
    hand.settle()
    hand.key(pygame.K_F5)
    panel = walker.tools.panels.content("results")
    hand.until(lambda: panel.lines)
    assert panel.before == "shapes 0"
    assert any(line.change for line in panel.lines)


def test_a_locked_range_holds_on_the_wall_and_the_legend_says_so(hand):
    walker = hand.walker
    hand.settle()
    hand.face("stem.conv")
    hand.move((SIZE[0] // 2, SIZE[1] // 2))
    hand.frames(2)
    assert walker.pointed.node.id == "stem.conv"
    hand.key(pygame.K_l)
    walker.tools.carry_out("colours", LockRange("node", 0.25))
    walker.tools.close_panels()
    hand.frames(2)
    key = (walker.stage.network.id, walker.stage.network.graph.index["stem.conv"])
    assert dict(walker._look().ranges) == {key: 0.25}
    hud = hud_of(walker, hand.now_s)
    assert hud.legend.range_text == "locked at 0.25"
    assert hud.legend.ticks[-1].text == "0.25"
