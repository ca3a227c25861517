"""Runs of maximisations: what is known of them, what is looked at, and what is forgotten."""

import pytest

from layerwalk_client.app.maximising.results import (
    MOST_PREVIEWS,
    MOST_RUNS,
    Results,
    maximised_of,
    unit_at,
)
from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import (
    ConnectionLost,
    EventArrived,
    RequestFailed,
)
from layerwalk_client.source.asking import (
    CancelJob,
    Maximise,
    Overview,
    PutInput,
    Snapshots,
    Tiles,
)
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.source.synthetic import synthetic_graph
from layerwalk_shared.errors import GoneError, NotFoundError, ServerUnreachableError
from layerwalk_shared.messages import (
    DatasetInput,
    Job,
    JobChanged,
    MaximiseRequest,
    SnapshotsDropped,
    SnapshotTaken,
)
from layerwalk_shared.tiles import TileKey


class Walk:
    """A state that stands before the made-up network; what is asked for is answered."""

    def __init__(self):
        self.source = MemorySource()
        self.source.open()
        self.pictures = TileCache(10**7)
        self.state = SceneState(TileCache(10**7), client="memory", pictures=self.pictures)
        self.take()
        self.take()

    def take(self):
        found = []
        for arrival in self.source.arrivals():
            found.append(self.state.apply(arrival))
            for fetch in found[-1].fetches:
                self.source.fetch(fetch)
        return found

    def maximise(self, node="fc", **more):
        self.state.note_sent()
        self.source.submit(Maximise("synthetic", MaximiseRequest(node=node, **more)))
        self.take()
        return self.state.results.runs(node)[-1]

    def work(self, previews=1):
        self.source.work(previews)
        return self.take()


@pytest.fixture
def walk():
    return Walk()


def test_a_maximisation_is_never_the_networks_picture(walk):
    shown = walk.state.shown
    walk.maximise(channels=(1, 2))
    for changes in walk.work(100):
        assert not changes.is_new_picture
        assert changes.fetches == ()
    assert walk.state.shown is shown
    assert walk.state.coming is None


def test_a_long_job_does_not_keep_the_forward_pass_waiting(walk):
    walk.maximise(channels=(1,))
    walk.work()
    assert not walk.state.is_busy
    assert dict(walk.state.jobs) == {}
    assert [run.job.state for run in walk.state.results.running] == ["running"]


def test_a_wish_that_fails_is_not_waited_for(walk):
    walk.state.note_sent()
    walk.source.submit(Maximise("synthetic", MaximiseRequest(node="nowhere")))
    changes = walk.take()
    assert isinstance(changes[-1].failure, NotFoundError)
    assert not walk.state.is_busy
    walk.state.note_sent()
    walk.source.submit(CancelJob("j99"))
    walk.take()
    assert not walk.state.is_busy


def test_previews_are_steps_of_one_run_and_the_result_is_its_end(walk):
    run = walk.maximise(channels=(4, 7))
    assert run.is_running and run.newest is None
    results = walk.state.results
    assert results.mode("fc") == "values"  # nothing to show yet
    walk.work(3)
    (run,) = results.runs("fc")
    assert [maximised_of(one).step for one in run.steps] == [25, 50, 75]
    assert (run.step, run.steps_total, run.final) == (75, 200, None)
    assert results.shown("fc") is run.newest
    assert results.mode("fc") == "images"  # it was asked for here
    walk.work(100)
    (run,) = results.runs("fc")
    assert run.final is run.newest and not run.is_running
    assert [unit_at(run.final, place) for place in range(2)] == [4, 7]
    assert results.nodes == ("fc",)


def test_an_earlier_step_stays_looked_at_while_the_run_goes_on(walk):
    walk.maximise(channels=(4,))
    walk.work(4)
    results = walk.state.results
    results.look_at_step("fc", 60)
    assert maximised_of(results.shown("fc")).step == 50  # the last one before it
    walk.work()
    assert maximised_of(results.shown("fc")).step == 50
    assert results.step_beside("fc", 1) == 75
    assert results.step_beside("fc", -9) == 25
    results.look_at_step("fc", None)
    assert maximised_of(results.shown("fc")).step == 125


def test_one_of_several_runs_can_be_looked_at(walk):
    first = walk.maximise(channels=(4,), recipe="plain")
    walk.work(100)
    second = walk.maximise(channels=(5,))
    results = walk.state.results
    # The second has no picture yet: the first one's stays.
    assert results.chosen("fc").id == first.id
    walk.work()
    assert results.chosen("fc").id == second.id
    results.look_at("fc", first.id)
    walk.work(100)
    assert maximised_of(results.shown("fc")).recipe.name == "plain"
    results.look_at("fc")
    assert results.chosen("fc").id == second.id
    with pytest.raises(NotFoundError, match="j9"):
        results.look_at("fc", "j9")
    with pytest.raises(NotFoundError, match="pool"):
        results.look_at("pool", first.id)


def test_modes_go_round_where_there_is_something_to_show(walk):
    results = walk.state.results
    with pytest.raises(NotFoundError, match="fc"):
        results.next_mode("fc")
    walk.maximise(channels=(4,))
    walk.work()
    assert [results.next_mode("fc") for _ in range(3)] == ["both", "values", "images"]


def test_what_the_server_drops_is_forgotten_with_its_tiles(walk):
    walk.maximise(channels=(4,))
    walk.work(100)
    (run,) = walk.state.results.runs("fc")
    last, first = run.steps[-1], run.steps[0]
    walk.source.fetch(Overview(last.id))
    assert walk.take()[-1].is_results
    assert len(walk.pictures.snapshots()) == 1
    walk.state.results.look_at_step("fc", 25)
    walk.source.drop([last.id])
    assert walk.take()[-1].is_results
    assert walk.pictures.snapshots() == frozenset()
    assert walk.state.results.manifest(last.id) is None
    assert walk.state.results.shown("fc") == first
    walk.source.drop([one.id for one in run.steps[:-1]])
    walk.take()
    assert walk.state.results.nodes == ()


def test_tiles_of_a_result_that_is_gone_take_it_away(walk):
    walk.maximise(channels=(4,))
    walk.work()
    shown = walk.state.results.shown("fc")
    failed = RequestFailed(Tiles(shown.id, (TileKey(12, 0, 0),)), GoneError("gone"))
    assert walk.state.apply(failed).is_results
    assert walk.state.results.shown("fc") is None


def test_a_cancelled_run_keeps_what_it_showed(walk):
    run = walk.maximise(channels=(4,))
    walk.work(2)
    walk.state.note_sent()
    walk.source.submit(CancelJob(run.id))
    walk.take()
    (run,) = walk.state.results.runs("fc")
    assert run.job.state == "cancelled" and not run.is_running
    assert maximised_of(walk.state.results.shown("fc")).step == 50


def test_a_failed_run_says_why(walk):
    run = walk.maximise(channels=(4,))
    problem = {"code": "not-found", "title": "x", "detail": "no gradient reaches the input"}
    job = run.job.model_copy(update={"state": "failed", "problem": problem})
    changes = walk.state.apply(EventArrived(JobChanged(number=50, job=job)))
    assert "no gradient" in str(changes.failure)
    assert "no gradient" in str(walk.state.results.run(run.id).problem)


def test_events_may_come_before_the_answer_to_the_wish(walk):
    request = MaximiseRequest(node="fc", channels=(4,))
    walk.source.submit(Maximise("synthetic", request))
    taken, told = walk.source.arrivals()
    walk.source.work(100)
    for arrival in (told, *walk.source.arrivals(), taken):
        walk.state.apply(arrival)
    (run,) = walk.state.results.runs("fc")
    assert run.job.state == "done" and run.final is not None


def test_what_others_make_is_not_followed_but_found_on_coming(walk):
    walk.maximise(channels=(4,))
    walk.work(100)
    other = SceneState(TileCache(10**7), client="other")
    late = MemorySource()
    late.open()
    connected = late.arrivals()[0]
    other.apply(connected)
    for manifest in walk.state.results.runs("fc")[0].steps:
        other.apply(EventArrived(SnapshotTaken(number=1, manifest=manifest)))
    assert other.results.nodes == ()
    walk.source.fetch(Snapshots("synthetic"))
    (arrived,) = walk.source.arrivals()
    other.apply(arrived)
    (run,) = other.results.runs("fc")
    assert len(run.steps) == 1 and run.final is not None
    assert other.results.mode("fc") == "values"


def test_a_lost_server_ends_what_was_at_work(walk):
    walk.maximise(channels=(4,))
    walk.work()
    walk.maximise("pool", channels=(1,))
    walk.state.apply(ConnectionLost(ServerUnreachableError("no"), 1.0, 1))
    assert walk.state.results.running == ()
    assert walk.state.results.nodes == ("fc",)


def test_a_snapshot_that_does_not_fit_is_left_away(walk):
    walk.maximise(channels=(4, 5))
    walk.work()
    manifest = walk.state.results.shown("fc")
    short = manifest.model_copy(update={"id": "x", "nodes": manifest.nodes[:-1]})
    told = manifest.maximised.model_copy(update={"images": manifest.maximised.images[:1]})
    other = manifest.model_copy(update={"id": "y", "maximised": told})
    for wrong in (short, other):
        walk.state.apply(EventArrived(SnapshotTaken(number=1, manifest=wrong)))
    assert walk.state.results.snapshots() == {manifest.id}


def test_the_input_can_still_be_changed_while_a_job_runs(walk):
    walk.maximise(channels=(4,))
    walk.work()
    walk.source.submit(PutInput("synthetic", DatasetInput(dataset="shapes", item=3)))
    walk.take()
    walk.take()
    assert walk.state.shown.input.item == 3
    assert walk.state.results.shown("fc") is not None


def test_previews_and_runs_stay_bounded():
    results = Results()
    results.begin(synthetic_graph())
    source = MemorySource()
    source.open()
    source.submit(Maximise("synthetic", MaximiseRequest(node="fc", channels=(1,))))
    source.work()
    made = next(one.event.manifest for one in source.arrivals()
                if isinstance(one, EventArrived) and isinstance(one.event, SnapshotTaken))  # fmt: skip

    def at(job, step):
        told = made.maximised.model_copy(update={"job": job, "step": step, "steps": 9999})
        return made.model_copy(update={"id": f"{job} {step}", "maximised": told})

    for step in range(1000):
        results.take(at("a", step))
    (run,) = results.runs("fc")
    assert len(run.steps) <= MOST_PREVIEWS
    assert maximised_of(run.steps[0]).step == 0 and maximised_of(run.steps[-1]).step == 999
    for number in range(200):
        results.take(at(f"b{number}", 5))
    assert len(results.runs("fc")) <= MOST_RUNS
    assert results.chosen("fc").id == "b199"


def test_jobs_of_other_kinds_are_nothing_to_it():
    results = Results()
    before = results.revision
    results.note_job(Job(id="j", kind="forward", network="n", state="running"))
    assert (results.revision, results.nodes) == (before, ())


def test_a_drop_of_strangers_changes_nothing(walk):
    walk.maximise(channels=(4,))
    walk.work()
    before = walk.state.results.revision
    event = SnapshotsDropped(number=9, snapshots=("s77",))
    walk.state.apply(EventArrived(event))
    assert walk.state.results.revision == before
