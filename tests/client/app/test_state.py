"""What arrives changes the state, in any order, and nothing else does."""

import dataclasses

import pytest

from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import (
    Connected,
    ConnectionLost,
    EventArrived,
    RequestFailed,
    TilesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import Overview, PutInput, Snapshots, Tiles, Training
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.errors import GoneError, InputError, ProtocolError, ServerUnreachableError
from layerwalk_shared.messages import DatasetInput, Job, JobChanged, SnapshotTaken
from layerwalk_shared.tiles import TileKey


class Served:
    """A made-up server whose answers the test hands over when it likes."""

    def __init__(self):
        self.source = MemorySource()
        self.source.open()
        self.connected, self.overview = self.source.arrivals()
        self.cache = TileCache(10**7)
        self.state = SceneState(self.cache, client="me")
        self.number = 0

    def manifest(self, item=1, *, client="me"):
        """Take a snapshot of `item`; return its manifest, as an event would carry it."""
        self.source.submit(PutInput("synthetic", DatasetInput(dataset="shapes", item=item)))
        found = next(
            arrival.event.manifest
            for arrival in self.source.arrivals()
            if isinstance(arrival, EventArrived) and isinstance(arrival.event, SnapshotTaken)
        )
        return found.model_copy(update={"client": client})

    def event(self, manifest):
        self.number += 1
        return EventArrived(SnapshotTaken(number=self.number, manifest=manifest))

    def tiles(self, fetch):
        self.source.fetch(fetch)
        return self.source.arrivals()[0]

    def show_first(self):
        self.state.apply(self.connected)
        return self.state.apply(self.overview)


@pytest.fixture
def served():
    return Served()


def test_the_first_picture_is_shown_when_its_overview_is_there(served):
    changes = served.state.apply(served.connected)
    assert changes.is_new_network
    # The source has asked for the overview itself.
    assert changes.fetches == (Training("synthetic"), Snapshots("synthetic"))
    assert served.state.shown is None
    assert served.state.apply(served.overview).is_new_picture
    assert served.state.shown.id == "s1"


def test_the_old_picture_stays_until_the_new_overview_is_there(served):
    served.show_first()
    new = served.manifest()
    assert served.state.apply(served.event(new)).fetches == (Overview("s2"),)
    assert served.state.shown.id == "s1"
    assert served.cache.chain(served.state.place("s1"), 3, 0) != ()
    changes = served.state.apply(served.tiles(Overview("s2")))
    assert changes.is_new_picture
    assert served.state.shown.id == "s2"
    assert served.cache.snapshots() == {served.state.place("s2")}


def test_snapshots_that_follow_too_fast_are_skipped_but_never_the_newest(served):
    served.show_first()
    two, three, four = (served.manifest(item) for item in (2, 3, 4))
    assert served.state.apply(served.event(two)).fetches == (Overview("s2"),)
    assert served.state.apply(served.event(three)).fetches == ()
    assert served.state.apply(served.event(four)).fetches == ()
    assert served.state.apply(served.tiles(Overview("s2"))).fetches == (Overview("s4"),)
    served.state.apply(served.tiles(Overview("s4")))
    assert served.state.shown.id == "s4"
    assert not served.state.is_busy


def test_an_event_that_comes_late_does_not_bring_an_old_picture_back(served):
    served.show_first()
    two, three = served.manifest(2), served.manifest(3)
    served.state.apply(served.event(three))
    assert served.state.apply(served.event(two)).fetches == ()
    served.state.apply(served.tiles(Overview("s3")))
    assert served.state.apply(served.event(two)).fetches == ()
    assert served.state.shown.id == "s3"


def test_other_clients_snapshots_are_not_followed_and_nobodys_are(served):
    served.show_first()
    assert served.state.apply(served.event(served.manifest(client="other"))).fetches == ()
    assert served.state.apply(served.event(served.manifest(client=None))).fetches == (
        Overview("s3"),
    )


def test_fine_tiles_of_a_picture_no_longer_shown_are_left_away(served):
    served.show_first()
    late = served.tiles(Tiles("s1", (TileKey(1, 0, 0),)))
    served.state.apply(served.event(served.manifest()))
    served.state.apply(served.tiles(Overview("s2")))
    assert served.state.apply(late).tiles == frozenset()
    assert served.cache.used_bytes == 0


def test_fine_tiles_of_the_picture_shown_say_which_blocks_change(served):
    served.show_first()
    arrival = served.tiles(Tiles("s1", (TileKey(1, 0, 0), TileKey(8, 1, 1))))
    assert served.state.apply(arrival).tiles == {(1, 0), (8, 1)}


def test_a_snapshot_that_is_gone_makes_room_for_the_next(served):
    served.show_first()
    two, three = served.manifest(2), served.manifest(3)
    served.state.apply(served.event(two))
    served.state.apply(served.event(three))
    changes = served.state.apply(RequestFailed(Overview("s2"), GoneError("s2")))
    assert changes.fetches == (Overview("s3"),)
    assert changes.failure is None
    assert served.state.shown.id == "s1"


def test_a_lost_server_never_clears_the_picture(served):
    served.show_first()
    served.state.apply(ConnectionLost(ServerUnreachableError("gone"), 1.0, 1))
    assert served.state.lost is not None
    assert served.state.shown.id == "s1"
    again = Connected(served.connected.session, served.connected.network, 2)
    assert not served.state.apply(again).is_new_network
    assert served.state.lost is None
    assert served.state.shown.id == "s1"
    assert served.state.apply(served.overview).is_new_picture


def test_ids_of_another_servers_life_do_not_mix(served):
    served.show_first()
    before = served.state.place("s1")
    served.state.apply(Connected(served.connected.session, served.connected.network, 2))
    assert served.state.place("s1") != before


def test_a_failed_wish_is_told_and_ends_the_waiting(served):
    served.show_first()
    served.state.note_sent()
    assert served.state.is_busy
    wish = PutInput("synthetic", b"no image")
    changes = served.state.apply(RequestFailed(wish, InputError("no image")))
    assert str(changes.failure) == "no image"
    assert not served.state.is_busy


def test_a_job_is_followed_until_it_ends(served):
    served.show_first()
    served.state.note_sent()
    job = Job(id="j1", kind="forward", network="synthetic", state="queued", client="me")
    served.state.apply(WishTaken(PutInput("synthetic", b""), job))
    assert list(served.state.jobs) == ["j1"]
    failed = job.model_copy(update={"state": "failed", "problem": InputError("bad").problem()})
    changes = served.state.apply(EventArrived(JobChanged(number=9, job=failed)))
    assert isinstance(changes.failure, InputError)
    assert not served.state.is_busy


def test_a_job_that_ends_before_its_wish_is_answered_does_not_stay(served):
    served.show_first()
    served.state.note_sent()
    job = Job(id="j1", kind="forward", network="synthetic", state="queued", client="me")
    done = job.model_copy(update={"state": "done"})
    served.state.apply(EventArrived(JobChanged(number=9, job=done)))
    served.state.apply(WishTaken(PutInput("synthetic", b""), job))
    assert not served.state.is_busy


def test_jobs_of_other_clients_are_not_shown(served):
    served.show_first()
    job = Job(id="j1", kind="forward", network="synthetic", state="running", client="other")
    served.state.apply(EventArrived(JobChanged(number=1, job=job)))
    assert not served.state.jobs


def test_tiles_that_do_not_fit_the_manifest_are_refused_and_the_picture_stays(served):
    served.show_first()
    tile = served.tiles(Tiles("s1", (TileKey(1, 0, 0),))).tiles[0]
    for wrong in (TileKey(3, 0, 0), TileKey(1, 0, 1), TileKey(99, 0, 0)):
        bent = dataclasses.replace(tile, key=wrong)
        changes = served.state.apply(TilesArrived("s1", (bent,), False))
        assert isinstance(changes.failure, ProtocolError)
    new = served.manifest()
    served.state.apply(served.event(new))
    bent = dataclasses.replace(tile, key=TileKey(3, 0, 0))
    changes = served.state.apply(TilesArrived(new.id, (bent,), True))
    assert isinstance(changes.failure, ProtocolError)
    assert served.state.shown.id == "s1"
    assert not served.state.is_busy


def test_a_snapshot_of_another_graph_is_refused(served):
    served.show_first()
    new = served.manifest()
    changes = served.state.apply(served.event(new.model_copy(update={"nodes": new.nodes[:-1]})))
    assert isinstance(changes.failure, ProtocolError)
    assert changes.fetches == ()


def test_an_unknown_overview_changes_nothing(served):
    served.state.apply(served.connected)
    stray = TilesArrived("s77", served.overview.tiles, True)
    assert not served.state.apply(stray).is_new_picture
    assert served.state.shown is None
