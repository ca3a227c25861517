"""The ledger knows every job, whatever comes first: the list, an event or the answer to a wish."""

from client.gl.reports import JOBS, job
from layerwalk_client.app.desks.jobs import row_of
from layerwalk_client.app.stage.ledger import MOST, JobLedger
from layerwalk_client.source.arrivals import Connected, EventArrived, JobsArrived, WishTaken
from layerwalk_client.source.asking import CancelJob, Jobs
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.messages import JobChanged


def changed(told):
    return EventArrived(JobChanged(number=1, job=told))


def ids(ledger):
    return [one.id for one in ledger.jobs]


def test_jobs_at_work_come_first_in_their_order_then_the_newest_that_ended():
    ledger = JobLedger()
    ledger.take(JobsArrived(Jobs(), tuple(sorted(JOBS, key=lambda one: one.id))))
    assert ledger.is_loaded
    assert ids(ledger) == ["j7", "j8", "j9", "j6", "j5", "j4", "j3"]


def test_a_job_that_ended_does_not_come_back_to_life():
    ledger = JobLedger()
    done = job(1, "forward", "done", snapshot="s2")
    ledger.take(changed(done))
    ledger.take(WishTaken(CancelJob("j1"), job(1, "forward", "queued")))
    assert ledger.job("j1") == done
    ledger.take(JobsArrived(Jobs(), (job(1, "forward", "running"), job(2, "score", "running"))))
    assert ledger.job("j1") == done
    assert ids(ledger) == ["j2", "j1"]


def test_clearing_hides_what_has_ended_and_nothing_else():
    ledger = JobLedger()
    ledger.take(JobsArrived(Jobs(), JOBS))
    before = ledger.revision
    ledger.clear_ended()
    assert ledger.revision > before
    assert ids(ledger) == ["j7", "j8", "j9"]
    ledger.take(changed(job(7, "maximise", "done", snapshot="s1")))
    assert ids(ledger) == ["j8", "j9", "j7"], "it ended after that"


def test_another_connection_begins_anew():
    source = MemorySource()
    source.open()
    connected = next(one for one in source.arrivals() if isinstance(one, Connected))
    ledger = JobLedger()
    ledger.take(JobsArrived(Jobs(), JOBS))
    ledger.take(connected)
    assert (ids(ledger), ledger.is_loaded) == ([], False)


def test_very_many_jobs_are_forgotten_from_the_oldest_on():
    ledger = JobLedger()
    ledger.take(changed(job(0, "score", "running")))
    for number in range(1, MOST + 50):
        ledger.take(changed(job(number, "forward", "done", snapshot=f"s{number}")))
    assert len(ledger.jobs) == MOST
    assert ledger.job("j0") is not None
    assert ledger.job(f"j{MOST + 49}") is not None


def test_rows_say_whose_a_job_is_and_where_it_leads():
    rows = {one.id: row_of(one, client="me", network=None) for one in JOBS}
    assert all(not row.goal for row in rows.values()), "jobs of another network lead nowhere"
    assert rows["j7"].detail == "76 of 200   0:47 to go"
    assert rows["j8"].detail == "next"
    assert rows["j9"].detail == "number 2 in the queue"
    assert [rows[name].is_mine for name in ("j7", "j9")] == [True, False]
    assert "smaller batch" in rows["j5"].lines[0]
    assert not rows["j4"].lines
