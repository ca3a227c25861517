"""The panel of a channel: its map for every view, what is asked for, what arrives late or fails."""

import numpy as np
import pytest

from client.app.staged import FakeStage, NoTextures
from layerwalk_client.app.desks.channel import ChannelDesk
from layerwalk_client.app.desks.thumbnails import ThumbnailStore
from layerwalk_client.source.asking import Maximise, Values
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.source.surveying import Exciting, WeightsAround
from layerwalk_client.ui.intents import FindExciting, PickItem, SearchIn
from layerwalk_client.world.channel_map import channel_count, channel_map, row_of
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import MaximiseRequest
from layerwalk_shared.views import picture_shape


def node(view, shape):
    channels, height, width = picture_shape(view, shape)
    return Node(
        id="n", name="n", kind="module", operation="X", shape=shape, view=view,
        channels=channels, height=height, width=width,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("view", "shape", "axis"),
    [
        ("maps", (5, 4, 3), 0),
        ("tokens", (7, 5), 1),
        ("sequence", (9, 4), 1),
        ("grid", (17, 6), 1),
        ("attention", (3, 8, 8), 0),
        ("volume", (2, 4, 5, 6), 0),
    ],
)
def test_a_channel_has_all_of_its_values_and_each_knows_its_place(view, shape, axis):
    described = node(view, shape)
    values = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    assert channel_count(described) == shape[axis]
    row = row_of(described, 1)
    found = channel_map(values if row is None else values[row : row + 1], described, 1)
    part = np.take(values, 1, axis=axis)
    assert sorted(found.finite.tolist()) == sorted(part.reshape(-1).tolist())
    for place in np.ndindex(found.values.shape):
        at = found.position(*place)
        if at is None:
            assert np.isnan(found.values[place])
        else:
            assert found.values[place] == part[at]
    low, high, mean = found.numbers()
    assert (low, high) == (part.min(), part.max())
    assert mean == pytest.approx(float(part.mean()), abs=1e-6)
    counts, edges = found.histogram()
    assert sum(counts) == part.size
    assert (edges[0], edges[-1]) == (pytest.approx(low), pytest.approx(high))


def test_a_long_list_is_folded_and_a_unit_is_one_value():
    described = node("tokens", (100, 3))
    values = np.arange(300, dtype=np.float32).reshape(100, 3)
    found = channel_map(values, described, 2)
    assert found.values.shape == (10, 10)
    assert found.position(4, 7) == (47,)
    unit = channel_map(np.arange(6, dtype=np.float32), node("vector", (6,)), 4)
    assert unit.values.tolist() == [[4.0]]
    assert unit.position(0, 0) == ()


def test_what_is_no_number_is_left_out():
    values = np.array([[[np.nan, np.inf], [1.0, -3.0]]], np.float32)
    found = channel_map(values, node("maps", (1, 2, 2)), 0)
    assert found.numbers() == (-3.0, 1.0, -1.0)
    assert found.limit == 3.0
    nothing = channel_map(values * np.nan, node("maps", (1, 2, 2)), 0)
    assert nothing.numbers() is None
    assert nothing.histogram() == ((), ())


class Bench:
    """A desk on a made-up network."""

    def __init__(self):
        self.source = MemorySource()
        self.source.open()
        self.stage = FakeStage(self.source)
        self.asked = []
        fetch = self.source.fetch
        self.source.fetch = lambda one: (self.asked.append(one), fetch(one))
        self.store = ThumbnailStore(self.source.fetch, NoTextures())
        self.desk = ChannelDesk(
            self.stage, self.source, NoTextures(), self.store,
            table=lambda: "coolblack", clock=lambda: 0.0,
        )  # fmt: skip
        self.arrive()
        self.store.set_datasets(self.stage.state.session.datasets)

    def arrive(self):
        while found := self.source.arrivals():
            for one in found:
                for fetch in self.stage.state.apply(one).fetches:
                    self.source.fetch(fetch)
                if type(one).__name__ == "PictureArrived":
                    self.store.take_sheet(one)
                    self.store.unpack()
                self.desk.take(one)
            self.desk.refresh()

    def open(self, name, channel):
        index = self.stage.network.graph.index[name]
        panel = self.desk.content(node=index, unit=channel)
        self.arrive()
        return panel


@pytest.fixture
def bench():
    return Bench()


def test_values_weights_and_items_come_for_the_channel_alone(bench):
    panel = bench.open("block1.conv2", 7)
    view = panel.view
    assert view.map.values.shape == (32, 32)
    assert view.picture is not None
    assert view.weights.channel == 7
    assert view.search.dataset == "shapes"
    assert view.search.found.state == "none"
    assert [one.row for one in bench.asked if isinstance(one, Values)] == [7]
    assert sum(isinstance(one, WeightsAround) for one in bench.asked) == 1
    before = len(bench.asked)
    for _ in range(5):
        bench.desk.refresh()
    assert len(bench.asked) == before


def test_a_search_fills_the_panel_and_other_channels_need_no_other(bench):
    panel = bench.open("block1.conv2", 7)
    assert bench.desk.carry_out(FindExciting("block1.conv2", "shapes"))
    bench.arrive()
    found = panel.view.search.found
    assert found.state == "fresh"
    assert all(panel.view.search.by_maximum)
    assert len(panel.view.search.by_maximum) == len(found.by_maximum)
    bench.open("block1.conv2", 8)
    assert panel.view.search.found.state == "fresh"
    assert panel.view.search.found.channel == 8
    assert not bench.desk.carry_out(PickItem("shapes", 1, ""))


def test_another_data_set_is_searched_and_remembered(bench):
    panel = bench.open("block1.conv2", 7)
    assert bench.desk.carry_out(SearchIn("photographs"))
    assert panel.view.search.dataset == "shapes"  # there is no such data set
    asked = [one.dataset for one in bench.asked if isinstance(one, Exciting)]
    assert set(asked) == {"shapes"}


def test_a_new_picture_brings_new_values(bench):
    panel = bench.open("stem.relu", 3)
    first = panel.view.map
    bench.source.train([1], serves=[1])
    bench.arrive()
    assert panel.view.map is not first


def test_a_maximised_picture_is_shown_once_there_is_one(bench):
    panel = bench.open("block1.relu", 4)
    assert panel.view.maximised is None
    network = bench.stage.network
    request = MaximiseRequest(node="block1.relu", channels=(3, 4))
    bench.stage.submit(Maximise(network.id, request))
    while bench.source.work():
        bench.arrive()
    bench.arrive()
    assert panel.view.maximised is not None
    assert panel.view.maximised.picture is not None


def test_no_such_channel_no_panel(bench):
    index = bench.stage.network.graph.index["fc"]
    assert bench.desk.content(node=index, unit=10) is None
    assert bench.desk.content(node=None, unit=1) is None
    panel = bench.open("fc", 9)
    assert panel.view.map.values.size == 1
    bench.desk.renew()
    assert not bench.desk.refresh()
