"""The guided tour has a station for everything that a network has, and only for that."""

import pytest
from hypothesis import given, settings

from client.world.networks import described, manifest, random_graphs, resnet, transformer, vgg
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.world.stations import deepest, depths, first_layer, skip_join, stations
from layerwalk_shared.messages import NetworkDescription


def keys(name):
    return f"<{name}>"


def told(graph, **more):
    network = described(graph, classes=101)
    return stations(network, manifest(graph, **more), keys)


def test_a_residual_network_has_them_all():
    graph = resnet()
    found = told(graph, label="class 3")
    assert [one.title for one in found] == [
        "The input", "The first layer", "Ways that meet", "The deepest layer", "The answer",
        "What does a channel look for?", "Finding the way", "The rest",
    ]  # fmt: skip
    first, join, deep = (graph.nodes[found[place].node] for place in (1, 2, 3))
    assert first.kind == "module"
    assert join.operation == "add"
    assert found[2].sight == "group"
    assert (deep.height, deep.width) < (first.height, first.width)
    assert "in truth it is class 3" in found[4].text
    assert "<maximise>" in found[5].text
    assert "<search>" in found[6].text


def test_without_ways_that_meet_that_station_is_left_out():
    titles = [one.title for one in told(vgg())]
    assert "Ways that meet" not in titles
    assert len(titles) == 7


def test_a_join_of_ways_of_different_length_is_preferred():
    graph = resnet()
    index = skip_join(graph)
    depth = depths(graph)
    lengths = {depth[graph.index[one]] for one in graph.predecessors[graph.nodes[index].id]}
    assert len(lengths) == 2


@pytest.mark.parametrize("name", list(EXHIBITS))
def test_every_exhibit_has_a_tour(name):
    exhibit = EXHIBITS[name]()
    network = NetworkDescription(
        id="n", name="n", graph=exhibit.graph, input=exhibit.input, classes=exhibit.classes
    )
    found = stations(network, None, keys)
    assert found[0].sight == "input"
    assert all(one.title and one.text for one in found)
    assert transformer() is not None


@settings(max_examples=40, deadline=None)
@given(random_graphs())
def test_stations_stand_in_the_network_in_the_order_of_its_data(graph):
    found = stations(described(graph), None, keys)
    for one in found:
        if one.node is not None:
            assert 0 <= one.node < len(graph.nodes)
        if one.group is not None:
            assert one.group in {group.id for group in graph.groups}
        assert (one.sight == "wall") <= (one.node is not None)
    first, deep = first_layer(graph), deepest(graph)
    if first is not None and deep is not None:
        assert first <= deep
