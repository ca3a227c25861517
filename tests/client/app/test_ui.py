"""What panels and the HUD say: found nodes, numbers, keys, ranges."""

import pytest

from layerwalk_client.app.overlay import detail_line
from layerwalk_client.app.travel.finding import Finding
from layerwalk_client.devices.bindings import BINDINGS
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.colours import next_mode, next_table
from layerwalk_client.ui.help import SECTIONS, help_rows
from layerwalk_client.ui.intents import GoTo, GoToChannel, GoToClass, GoToGroup
from layerwalk_client.ui.search import SearchPanel, target_of
from layerwalk_client.ui.widgets import short_number, shortened
from layerwalk_client.world.search import Entry, index_of
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import TABLES


@pytest.fixture(scope="module")
def network():
    source = MemorySource()
    source.open()
    return source.arrivals()[0].network


def test_the_search_box_types_erases_chooses_and_completes(network):
    box = SearchPanel(index_of(network))
    box.type_text("block1.c")
    box.complete()
    assert box.text == "block1.conv"
    box.step(1)
    assert box.enter()[0] == GoTo(network.graph.index["block1.conv2"])
    box.step(1)
    assert box.chosen == 0
    box.step(-1)
    box.complete()
    assert box.text == "block1.conv2"
    box.erase()
    assert box.text == "block1.conv"
    assert box.chosen == 0
    box.type_text("zzz")
    assert box.enter() == []


def test_what_was_gone_to_stands_first_in_an_empty_box(network):
    finding = Finding()
    for text in ("fc", "block1.conv2", "fc"):
        box = finding.panel(network)
        box.type_text(text)
        box.enter()
    box = finding.panel(network)
    assert [one.text for one in box.found()[:3]] == ["fc", "block1.conv2", "input"]
    assert len(set(box.found())) == len(box.found())


def test_each_kind_of_thing_is_gone_to_in_its_own_way():
    assert target_of(Entry("group", "a", group="b.a")) == GoToGroup("b.a")
    assert target_of(Entry("class", "cat", number=3)) == GoToClass(3)
    assert target_of(Entry("channel", "c:7", number=7, node=2)) == GoToChannel(2, 7)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.12345678, "0.1235"), (-3.0, "-3"), (12345.6, "12346"), (1e-7, "1.00e-07"),
        (1e9, "1.00e+09"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert short_number(value) == text


def test_the_help_tells_every_key():
    rows = help_rows(BINDINGS)
    assert set(rows) == set(SECTIONS)
    told = {row.text for section in rows.values() for row in section}
    assert {binding.text for binding in BINDINGS} <= told
    keys = [row.keys for section in rows.values() for row in section]
    assert len(keys) == len(set(keys))


def test_modes_and_tables_come_round():
    seen, appearance = [], Appearance()
    for _ in range(4):
        appearance = next_mode(appearance)
        seen.append(appearance.mode)
    assert sorted(seen) == ["channel", "node", "percentile", "shared"]
    for _ in TABLES:
        appearance = next_table(appearance)
    assert appearance.table == Appearance().table


def test_the_detail_line_names_input_and_answer(network):
    line = detail_line(network.snapshot)
    assert line.startswith("shapes 0   ")
    assert network.snapshot.top[0].name in line
    assert detail_line(None) == ""


@pytest.mark.parametrize("width", [1, 2, 3, 12, 20, 40])
def test_a_long_line_is_shortened_in_its_middle(width):
    path = "written: /home/ada/pictures/conv2-walk-seed-0.png"
    found = shortened(path, width, len)
    head, _, tail = found.partition("…")
    assert len(found) == width
    assert path.startswith(head) and path.endswith(tail)
    assert len(head) <= len(tail)
    assert shortened(path, len(path), len) == path
