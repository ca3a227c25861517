"""Finding by a few letters: what fits best comes first, in a few milliseconds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from client.world.networks import Builder, described, resnet
from layerwalk_client.world.search import Entry, completed, index_of, search, unit_count

GRAPH = resnet()
NAMES = ("motorbike", "car side", "faces easy", "Motoric toy", "größe")
INDEX = index_of(described(GRAPH).model_copy(update={"classes": NAMES}))


def found(query: str, limit: int = 9) -> list[str]:
    return [one.text for one in search(INDEX, query, limit=limit)]


def kinds(query: str) -> set[str]:
    return {one.kind for one in search(INDEX, query)}


def test_a_whole_name_comes_first_then_what_begins_with_it() -> None:
    assert found("conv1")[0] == "conv1"
    assert found("layer2.0.add")[0] == "layer2.0.add"
    beginnings = found("layer4", limit=100)
    assert beginnings[0] == "layer4"
    assert all(one.startswith("layer4") for one in beginnings[:16])


def test_shorter_names_come_before_longer_ones_then_the_order_of_the_network() -> None:
    assert found("layer1.")[:3] == ["layer1.0", "layer1.1", "layer1.0.bn1"]


def test_words_within_operations_shapes_and_letters_are_found() -> None:
    assert {"avgpool", "maxpool"} <= set(found("pool"))
    assert "layer3.1.conv2" in found("l31c2")
    assert found("linear") == ["fc"]
    wide = search(INDEX, "512x")
    assert wide and all("512 × " in one.detail for one in wide)
    assert found("512×7×7") == found("512x7x7") != []


def test_words_apart_must_all_fit() -> None:
    assert set(found("layer3 add")[:2]) == {"layer3.0.add", "layer3.1.add"}
    assert found("layer3 zzzz") == []


def test_groups_and_classes_are_found_with_their_kind() -> None:
    best = search(INDEX, "motorbike")[0]
    assert (best.kind, best.number, best.detail) == ("class", 0, "class 0 of 5")
    assert found("moto")[:2] == ["motorbike", "Motoric toy"]
    assert found("GRÖSSE") == [] and found("größ") == ["größe"]
    group = search(INDEX, "layer2.1")[0]
    assert (group.kind, group.group) == ("group", "layer2.1")


@pytest.mark.parametrize("query", ["layer3.0.conv1:17", "layer3.0.conv1 17", "layer3.0.conv1#17"])
def test_a_number_behind_a_name_is_a_channel(query: str) -> None:
    best = search(INDEX, query)[0]
    assert (best.kind, best.number) == ("channel", 17)
    assert GRAPH.nodes[best.node].id == "layer3.0.conv1"


def test_a_number_behind_a_part_of_a_name_offers_channels_of_several_walls() -> None:
    channels = [one for one in search(INDEX, "conv 17") if one.kind == "channel"]
    assert len(channels) == 5
    assert {one.number for one in channels} == {17}
    assert channels[0].text == "conv1:17"


def test_a_channel_that_there_is_not_is_not_offered() -> None:
    assert "channel" not in kinds("layer1.0.conv1:64")
    assert "channel" in kinds("layer1.0.conv1:63")
    assert kinds("17") & {"channel"} == set()


def test_a_second_call_is_not_taken_for_a_channel() -> None:
    build = Builder()
    last = build.image()
    for name in ("relu", "relu:2"):
        last = build.add(name, "ReLU", (8, 4, 4), (last,))
    entries = search(index_of(described(build.graph())), "relu:2")
    assert [(one.kind, one.text) for one in entries[:2]] == [
        ("wall", "relu:2"),
        ("channel", "relu:2"),
    ]
    assert entries[1].number == 2


def test_a_vector_has_as_many_channels_as_units() -> None:
    assert unit_count(GRAPH.node("fc")) == 101
    assert search(INDEX, "fc:100")[0].number == 100


def test_nothing_written_gives_the_network_from_its_beginning() -> None:
    assert found("")[:2] == ["input", "conv1"]
    assert search(index_of(described(Builder().graph())), "x") == ()


@given(query=text(max_size=12), limit=integers(1, 12))
def test_anything_may_be_written(query: str, limit: int) -> None:
    hits = search(INDEX, query, limit=limit)
    assert len(hits) <= limit
    assert len(set(hits)) == len(hits)


@given(place=integers(0, len(GRAPH.nodes) - 1))
def test_every_wall_is_found_by_its_name(place: int) -> None:
    assert GRAPH.nodes[place].id == found(GRAPH.nodes[place].id)[0]


def test_completion_goes_as_far_as_it_is_clear_and_then_to_the_chosen_one() -> None:
    two = (Entry("wall", "block1.conv1"), Entry("wall", "block1.conv2"))
    assert completed(two, "block1.c") == "block1.conv"
    assert completed(two, "block1.conv", 1) == "block1.conv2"
    assert completed(two, "b1c", 0) == "block1.conv1"
    assert completed((), "x") == "x"


def test_a_keystroke_among_ten_thousand_walls_takes_less_than_5_ms() -> None:
    build = Builder()
    last = build.image()
    for number in range(10_000):
        name = f"stage{number // 2500}.block{number // 10}.{('conv', 'relu', 'bn')[number % 3]}{number}"
        last = build.add(name, "Conv2d", (64, 8, 8), (last,))
    index = index_of(described(build.graph()))
    for query in ("c", "co", "conv", "block99", "stage2 conv", "s2b7c", "64x", "conv 17", "zzqx"):
        search(index, query)
        took = min(_seconds(index, query) for _ in range(5))
        assert took < 5e-3, query


def _seconds(index, query: str) -> float:
    start = time.process_time()
    search(index, query)
    return time.process_time() - start
