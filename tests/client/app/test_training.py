"""A training as it is told by arrivals, in any order; scrubbing along its steps."""

import numpy as np
import pytest

from layerwalk_client.app.stage.album import Album
from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.app.stage.training import TrainingRecord
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import (
    Connected,
    EventArrived,
    ManifestArrived,
    RequestFailed,
    TilesArrived,
    TrainingArrived,
)
from layerwalk_client.source.asking import (
    Manifest,
    Network,
    Overview,
    PutInput,
    Snapshots,
    Training,
)
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.errors import GoneError, NotFoundError
from layerwalk_shared.graph import make_graph
from layerwalk_shared.messages import DatasetInput, SnapshotTaken
from layerwalk_shared.training import MetricPoint, TrainingHistory, TrainingStep


def point(step, **values):
    return MetricPoint(step=step, values=values)


def test_points_that_come_twice_late_or_apart_are_one_curve():
    record = TrainingRecord()
    record.add_points([point(3, loss=3.0), point(5, loss=None)])
    record.load(
        TrainingHistory(
            network="n",
            metrics=(point(1, loss=1.0), point(3, loss=99.0)),
            steps=(TrainingStep(step=1, snapshot="a"),),
            is_running=True,
        )
    )
    record.add_points([point(5, accuracy=0.5)])
    steps, values = record.series()["loss"]
    assert steps.tolist() == [1, 3, 5]
    assert values[:2].tolist() == [1.0, 3.0]
    assert np.isnan(values[2])
    assert record.series()["accuracy"][0].tolist() == [5]
    assert record.is_running
    assert record.numbers == [1]


def test_steps_are_found_by_number_nearness_and_order():
    record = TrainingRecord()
    for number in (30, 10, 20):
        record.add_step(TrainingStep(step=number, snapshot=f"s{number}"))
    assert record.step(None).step == 30
    assert record.step(11) is None
    assert [record.nearest(at) for at in (-5, 14, 16, 99)] == [10, 10, 20, 30]
    assert [record.beside(20, by) for by in (-1, 1, 9, -9)] == [10, 30, 30, 10]
    assert record.beside(None, -1) == 20
    assert [record.beside(15, by) for by in (-1, 1)] == [10, 20]
    assert TrainingRecord().beside(None, 1) is None
    assert TrainingRecord().nearest(3) is None


def test_the_revision_grows_with_everything_that_is_drawn():
    record, seen = TrainingRecord(), []
    for act in (
        record.begin,
        lambda: record.add_points([point(1, loss=1.0)]),
        lambda: record.add_step(TrainingStep(step=1, snapshot="a")),
        lambda: record.forget_snapshots(["a"]),
        record.end,
    ):
        act()
        seen.append(record.revision)
    assert seen == sorted(set(seen))
    record.forget_snapshots(["a"])
    assert record.revision == seen[-1]


class Loop:
    """A training behind a source, whose arrivals are handed over at once."""

    def __init__(self, **options):
        self.source = MemorySource()
        self.source.open()
        self.cache = TileCache(10**8)
        self.state = SceneState(self.cache, client="memory", **options)
        self.asked = []
        self.failures = []
        self.deliver()

    def deliver(self, *, holds=()):
        """Hand over everything, answers included; return what `holds` keeps back."""
        kept = []
        while arrivals := self.source.arrivals():
            for arrival in arrivals:
                if isinstance(arrival, holds or ()):
                    kept.append(arrival)
                else:
                    self.bring_about(self.state.apply(arrival))
        return kept

    def bring_about(self, changes):
        if changes.failure is not None:
            self.failures.append(changes.failure)
        for fetch in changes.fetches:
            self.asked.append(fetch)
            self.source.fetch(fetch)

    def train(self, *steps):
        for step in steps:
            self.source.train([step], serves=[step])
            self.deliver()

    def choose(self, step):
        self.asked.clear()
        changes = self.state.choose_step(step)
        self.bring_about(changes)
        return changes


@pytest.fixture
def loop():
    made = Loop()
    made.train(0, 10, 20, 30)
    return made


def test_a_training_is_followed_live(loop):
    assert loop.state.shown.step == 30
    assert loop.state.chosen is None
    loop.train(40)
    assert loop.state.shown.step == 40
    assert loop.state.training.numbers == [0, 10, 20, 30, 40]
    assert loop.state.training.is_running
    loop.source.end_training()
    loop.deliver()
    assert not loop.state.training.is_running


def test_a_step_whose_overview_is_held_is_shown_at_once_and_asks_for_nothing(loop):
    changes = loop.choose(10)
    assert changes.is_new_picture
    assert loop.asked == []
    assert loop.state.shown.step == 10
    assert loop.cache.chain(loop.state.place(loop.state.shown.id), 1, 0) != ()


def test_the_chosen_step_stays_while_the_training_goes_on(loop):
    loop.choose(10)
    loop.train(40, 50)
    assert loop.state.shown.step == 10
    assert loop.state.training.newest.step == 50
    loop.choose(None)
    loop.deliver()
    assert loop.state.shown.step == 50


def test_an_own_input_leaves_the_past(loop):
    loop.choose(10)
    loop.source.submit(PutInput("synthetic", DatasetInput(dataset="shapes", item=4)))
    loop.deliver()
    assert loop.state.chosen is None
    assert loop.state.shown.input.title == "shapes 4"


def test_a_client_that_comes_later_asks_for_manifest_then_overview(loop):
    late = SceneState(TileCache(10**8), client="late")
    loop.source.open()
    connected = next(one for one in loop.source.arrivals() if isinstance(one, Connected))
    assert late.apply(connected).fetches == (Training("synthetic"), Snapshots("synthetic"))
    loop.source.fetch(Training("synthetic"))
    late.apply(loop.source.arrivals()[0])
    assert late.training.numbers == [0, 10, 20, 30]
    step = late.training.step(20)
    assert late.choose_step(20).fetches == (Manifest(step.snapshot),)
    loop.source.fetch(Manifest(step.snapshot))
    changes = late.apply(loop.source.arrivals()[0])
    late.apply(_overview(loop, connected.network.snapshot.id))  # what was coming before
    assert late.shown.step != 20
    assert changes.fetches == ()
    assert late.coming.step == 20
    assert late.apply(_overview(loop, step.snapshot)).is_new_picture
    assert late.shown.step == 20


def _overview(loop, snapshot):
    loop.source.fetch(Overview(snapshot))
    return next(one for one in loop.source.arrivals() if isinstance(one, TilesArrived))


@pytest.fixture
def forgetful():
    """A loop whose client holds no overview but the one it shows."""
    made = Loop(kept_bytes=0)
    made.train(0, 10, 20, 30)
    return made


def test_scrubbing_past_what_is_on_its_way_ends_where_one_stops(forgetful):
    forgetful.choose(0)
    assert len(forgetful.asked) == 1
    changes = [forgetful.state.choose_step(number) for number in (10, 20)]
    assert [change.fetches for change in changes] == [(), ()]
    forgetful.deliver()
    assert forgetful.state.shown.step == 20
    assert forgetful.state.coming is None


def test_what_comes_too_late_is_kept_but_not_shown():
    loop = Loop()
    loop.source.train([0, 10, 20], serves=[0, 10, 20])  # faster than overviews: 0 and 20 are held
    loop.deliver()
    loop.choose(10)
    late = loop.deliver(holds=TilesArrived)
    loop.bring_about(loop.state.choose_step(None))
    assert not loop.state.apply(late[0]).is_new_picture
    assert loop.state.shown.step == 20
    assert loop.choose(10).is_new_picture
    assert loop.asked == []


def test_a_step_whose_snapshot_is_gone_is_said_to_be(loop):
    gone = loop.state.training.step(10).snapshot
    loop.source.drop([gone])
    loop.deliver()
    assert loop.state.training.step(10).snapshot is None
    loop.choose(10)
    loop.deliver()
    assert loop.state.is_chosen_gone
    assert loop.state.shown.step == 30
    assert loop.asked == []
    loop.choose(20)
    assert not loop.state.is_chosen_gone
    loop.source.drop([loop.state.shown.id])  # the one that is looked at stays on the walls
    loop.deliver()
    assert loop.state.shown.step == 20
    assert not loop.state.is_chosen_gone


def test_a_snapshot_that_turns_out_to_be_gone_is_no_failure(loop):
    snapshot = loop.state.training.step(10).snapshot
    for request in (Manifest(snapshot), Overview(snapshot)):
        changes = loop.state.apply(RequestFailed(request, GoneError("gone")))
        assert changes.failure is None
        assert changes.is_training
    assert loop.state.training.step(10).snapshot is None


def test_a_server_without_trainings_is_no_failure():
    made = Loop()
    changes = made.state.apply(RequestFailed(Training("synthetic"), NotFoundError("no route")))
    assert changes.failure is None
    assert not made.state.training.is_any


def test_a_step_that_was_never_served_changes_nothing(loop):
    assert loop.choose(15).fetches == ()
    assert loop.state.chosen is None


def test_overviews_of_steps_are_kept_within_their_bytes(loop):
    cache = TileCache(10**8)
    overview = _overview(loop, loop.state.shown.id)
    size = sum(tile.payload_bytes for tile in overview.tiles)
    album = Album(cache, kept_bytes=int(2.5 * size))
    for place in "abcd":
        for tile in overview.tiles:
            cache.put(place, tile, is_pinned=True)
        album.hold(place, size)
        album.trim(frozenset({place}))
    assert cache.snapshots() == {"c", "d"}
    assert album.is_held("c")
    assert not album.is_held("a")


def test_manifests_of_very_many_nodes_are_bounded(monkeypatch):
    monkeypatch.setattr("layerwalk_client.app.stage.album.KEPT_NODES", 40)
    made = Loop(kept_bytes=0)
    made.train(0, 10, 20, 30, 40)
    assert len(made.state.network.graph.nodes) == 13  # three manifests, then
    for step, is_known in ((30, True), (20, True), (10, False), (0, False)):
        made.choose(step)
        made.deliver()
        assert isinstance(made.asked[0], Overview if is_known else Manifest)
        assert made.state.shown.step == step


# Another graph.


def shorter(graph):
    """The graph without its last node."""
    last = graph.nodes[-1].id
    return make_graph(
        graph.nodes[:-1],
        tuple(edge for edge in graph.edges if edge.target != last),
        graph.groups,
    )


def test_a_changed_graph_is_loaded_anew_and_its_snapshots_are_shown(loop):
    count = len(loop.state.network.graph.nodes)
    loop.source.change(shorter(loop.state.network.graph), "traced again")
    changes = [loop.state.apply(arrival) for arrival in loop.source.arrivals()]
    assert changes[-1].fetches == (Network("synthetic"),)
    assert loop.state.shown is not None  # until the new one is there
    loop.bring_about(changes[-1])
    (arrival,) = loop.source.arrivals()
    changed = loop.state.apply(arrival)
    assert changed.is_new_graph
    assert not changed.is_new_network
    assert changed.notice == "traced again"
    loop.bring_about(changed)
    loop.deliver()
    assert len(loop.state.network.graph.nodes) == count - 1
    assert len(loop.state.shown.nodes) == count - 1
    assert loop.failures == []


def test_snapshots_of_the_new_graph_wait_for_it(loop):
    loop.source.change(shorter(loop.state.network.graph), "a view was set")
    for arrival in loop.source.arrivals():
        asked = loop.state.apply(arrival).fetches
    loop.source.train([50], serves=[50])
    for arrival in loop.source.arrivals():
        changes = loop.state.apply(arrival)
        assert changes.failure is None
    for fetch in asked:
        loop.source.fetch(fetch)
    loop.deliver()
    assert loop.failures == []
    assert loop.state.shown.step == 50


def test_a_change_of_another_network_is_none_of_ours(loop):
    event = EventArrived(
        SnapshotTaken(number=1, manifest=loop.state.shown.model_copy(update={"network": "other"}))
    )
    assert not loop.state.apply(event).is_status
    history = TrainingHistory(network="other", metrics=(point(1, loss=1.0),))
    loop.state.apply(TrainingArrived(Training("other"), history))
    assert 1 not in loop.state.training.series()["loss"][0]
    manifest = loop.state.shown.model_copy(update={"network": "other"})
    assert not loop.state.apply(ManifestArrived(Manifest("x"), manifest)).is_status
