"""The panel of colours follows what is looked at; ends are drawn, ranges are held and let go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from client.gl.desks import Pointing, room
from client.gl.manners import colours
from layerwalk_client.app.desks.colours import ColourDesk
from layerwalk_client.app.range_locks import RangeLocks
from layerwalk_client.ui.desk_intents import LockRange, UnlockRange
from layerwalk_client.ui.histograms import Bars
from layerwalk_client.ui.intents import (
    SetAppearance,
)
from layerwalk_client.ui.range_slider import reach_of
from layerwalk_client.world.view import Appearance

pytestmark = pytest.mark.usefixtures("clean_graphics")


def test_the_desk_follows_the_node_that_was_looked_at_last_and_its_lock() -> None:
    looks: dict[str, object] = {"at": None, "how": Appearance(mode="node")}
    locks = RangeLocks()
    with room() as place:
        place.desk = ColourDesk(
            place.stage, place.source, locks,
            appearance=lambda: looks["how"],  # type: ignore[return-value,arg-type]
            looked_at=lambda: looks["at"],  # type: ignore[return-value,arg-type]
            selected=lambda: place.node("fc"),
        )  # fmt: skip
        panel = place.desk.content(node=None, unit=None)
        assert panel.legend.name == "fc", "the selected one, while none is pointed at"
        looks["at"] = place.node("block1.conv1")
        for _ in range(3):
            place.turn()
        shown = place.stage.shown
        assert shown is not None
        numbers = shown.nodes[place.node("block1.conv1")]
        assert panel.legend.name == "block1.conv1"
        assert panel.limit == numbers.scale
        assert panel.statistics is not None
        assert panel.group == "block1"
        looks["at"] = None
        assert not place.turn(), "it stays that node while the pointer is on the panel"
        looks["at"] = place.node("input")
        place.turn()
        assert panel.legend.name == "block1.conv1", "an image has no colours to set"

        assert place.desk.carry_out(LockRange("node", 2.0))
        assert (panel.limit, panel.is_locked, panel.held) == (2.0, True, 1)
        assert panel.legend.range_text == "locked at 2"
        looks["how"] = Appearance(mode="manual", manual=7.0)
        place.turn()
        assert panel.limit == 2.0, "a lock wins over every mode"
        assert place.desk.carry_out(LockRange("group", 3.0))
        graph = place.stage.network.graph  # type: ignore[union-attr]
        inside = [k for k, node in enumerate(graph.nodes) if node.group == "block1"]
        assert set(locks.held.nodes) == {("synthetic", k) for k in inside}
        assert place.desk.carry_out(UnlockRange("node"))
        assert (panel.limit, panel.is_locked) == (7.0, False)
        assert place.desk.carry_out(LockRange("all", 4.0))
        assert panel.held == -1
        assert locks.held.of(("another network", 3)) == 4.0
        assert place.desk.carry_out(UnlockRange("all"))
        assert not locks.held.is_any
        assert not place.desk.carry_out(SetAppearance(Appearance()))


def test_an_end_that_is_drawn_sets_the_range_by_hand_or_the_lock() -> None:
    panel = colours(Appearance(mode="percentile"))
    with Pointing(panel) as hand:
        hand.frame((357, 100))
        found = hand.frame((357, 100), is_down=True) + hand.frame((300, 100), is_down=True)
        last = found[-1]
        assert isinstance(last, SetAppearance)
        assert last.appearance.mode == "manual"
        assert panel.statistics is not None
        bars = Bars(panel.statistics.histogram.counts, panel.statistics.histogram.edges)
        axis = reach_of(bars, 5.2, is_diverging=True)
        drawn = axis.value((300 - 18) / (520 - 36))
        assert last.appearance.manual == pytest.approx(drawn, rel=0.02)
        hand.frame((300, 100))
        mirrored = hand.frame((60, 100), is_down=True) + hand.frame((60, 100), is_down=True)
        assert isinstance(mirrored[-1], SetAppearance)
        assert mirrored[-1].appearance.manual > 0, "both ends are one number"
    locked = colours(Appearance(table="magma", mode="node"), locked=3.1)
    with Pointing(locked) as hand:
        hand.frame((300, 100))
        found = hand.frame((300, 100), is_down=True) + hand.frame((300, 100), is_down=True)
        assert {type(one) for one in found} == {LockRange}
        assert locked.appearance.mode == "node"


def test_buttons_hold_and_let_go_and_modes_and_tables_are_chosen() -> None:
    panel = colours(Appearance(table="magma", mode="node"), locked=3.1)
    with Pointing(panel) as hand:
        assert hand.click(620 - 520, 311) == [LockRange("node", 3.1)]
        assert hand.click(765 - 520, 311) == [LockRange("all", 3.1)]
        assert hand.click(843 - 520, 311) == [UnlockRange("node")]
        assert hand.click(920 - 520, 311) == [UnlockRange("all")]
        (found,) = hand.click(810 - 520, 253)
        assert isinstance(found, SetAppearance)
        assert (found.appearance.mode, found.appearance.manual) == ("manual", 3.1)
        panel.appearance = replace(panel.appearance, mode="node")
        (found,) = hand.click(620 - 520, 440)
        assert isinstance(found, SetAppearance)
        assert found.appearance.table == "cividis"
