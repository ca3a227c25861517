"""What panels and the HUD say: found nodes, numbers, keys, ranges."""

import pytest

from layerwalk_client.app.overlay import detail_line
from layerwalk_client.devices.bindings import BINDINGS
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.colours import next_mode, next_table
from layerwalk_client.ui.help import SECTIONS, help_rows
from layerwalk_client.ui.search import SearchPanel, completed, find_nodes
from layerwalk_client.ui.widgets import short_number, shortened
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import TABLES


@pytest.fixture(scope="module")
def network():
    source = MemorySource()
    source.open()
    return source.arrivals()[0].network


def ids(graph, text):
    return [found.id for found in find_nodes(graph, text)]


def test_an_id_that_begins_so_comes_before_one_that_contains_it(network):
    assert ids(network.graph, "block1.c") == ["block1.conv1", "block1.conv2"]
    assert ids(network.graph, "relu")[0] == "stem.relu"
    assert ids(network.graph, "fc") == ["fc"]


def test_all_words_must_occur_and_those_in_the_id_count_more(network):
    assert ids(network.graph, "block1 conv") == ["block1.conv1", "block1.conv2", "block1.skip"]
    assert ids(network.graph, "linear") == ["fc"]
    assert ids(network.graph, "16 64") == ["stem.conv", "stem.relu"]
    assert ids(network.graph, "nothing") == []


def test_without_text_the_first_nodes_are_offered(network):
    assert ids(network.graph, "")[0] == "input"


def test_completion_goes_as_far_as_it_is_clear(network):
    assert completed(find_nodes(network.graph, "block1.c"), "block1.c") == "block1.conv"
    assert completed(find_nodes(network.graph, "flat"), "flat") == "flatten"
    assert completed([], "x") == "x"


def test_the_search_box_types_erases_and_chooses(network):
    box = SearchPanel(network.graph)
    box.type_text("block1.c")
    box.step(1)
    box.step(1)
    assert box.enter()[0].node == network.graph.index["block1.conv2"]
    box.erase()
    assert box.text == "block1."
    assert box.chosen == 0
    box.type_text("zzz")
    assert box.enter() == []


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
    told = {text for section in rows.values() for _, text in section}
    assert {binding.text for binding in BINDINGS} <= told
    keys = [key for section in rows.values() for key, _ in section]
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
