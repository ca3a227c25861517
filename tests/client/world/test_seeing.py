"""What a place sees of the input picture, as a region of the input's wall."""

from __future__ import annotations

import pytest

from client.world.networks import Builder, described
from layerwalk_client.world.seeing import field_of, region_of, seen_text
from layerwalk_client.world.view import Region
from layerwalk_shared.graph import make_graph
from layerwalk_shared.messages import NetworkDescription
from layerwalk_shared.receptive import ReceptiveField


def _network() -> NetworkDescription:
    made = Builder()
    made.add("input", "input", (3, 20, 10), view="image")
    made.add("conv", "Conv2d", (4, 10, 5), ("input",))
    made.add("wide", "Conv2d", (4, 10, 5), ("conv",))
    made.add("patches", "Linear", (10, 5, 7), ("wide",), view="grid")
    made.add("fc", "Linear", (6,), ("patches",))
    graph = make_graph(tuple(made.nodes), tuple(made.edges), ())
    one = ReceptiveField(input="input", size_hw=(1, 1), stride_hw=(1, 1), start_hw=(0, 0))
    conv = ReceptiveField(input="input", size_hw=(5, 3), stride_hw=(2, 2), start_hw=(-2, -1))
    wide = ReceptiveField(input="input", size_hw=(31, 30), stride_hw=(2, 2), start_hw=(-15, -15))
    return described(graph).model_copy(update={"receptive": (one, conv, wide, conv, None)})


@pytest.mark.parametrize(
    ("node", "index", "box"),
    [
        ("conv", (3, 0, 0), (0, 0, 3, 2)),
        ("conv", (0, 4, 2), (6, 3, 11, 6)),
        ("patches", (4, 2, 6), (6, 3, 11, 6)),  # rows and columns come first there
        ("wide", (0, 9, 0), (3, 0, 20, 10)),
        ("fc", (3,), (0, 0, 20, 10)),
    ],
)
def test_an_element_sees_its_field(
    node: str, index: tuple[int, ...], box: tuple[int, int, int, int]
) -> None:
    network = _network()
    found = region_of(network, network.graph.node(node), index)
    assert found == Region(network.id, 0, box)


def test_the_picture_itself_and_servers_that_tell_nothing_have_none() -> None:
    network = _network()
    assert region_of(network, network.graph.node("input"), (0, 1, 1)) is None
    silent = network.model_copy(update={"receptive": ()})
    assert region_of(silent, network.graph.node("conv"), (0, 1, 1)) is None
    assert field_of(silent, 1) is None


def test_in_words() -> None:
    network = _network()
    texts = [seen_text(network, place) for place in range(5)]
    assert texts == ["", "sees 5 × 3 pixels", "sees all of the picture", "sees 5 × 3 pixels", ""]
