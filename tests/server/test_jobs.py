"""The job queue: one thread, every job answered, failures and cancels that leave it alive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from layerwalk.jobs import JobHandle, JobQueue
from layerwalk_shared.errors import (
    BusyError,
    ClosedError,
    GoneError,
    InputError,
    NotFoundError,
)
from layerwalk_shared.messages import Job


class Watch:
    """Collects every change of every job, and waits for one."""

    def __init__(self) -> None:
        self.changes: list[Job] = []
        self._changed = threading.Condition()

    def __call__(self, job: Job) -> None:
        with self._changed:
            self.changes.append(job)
            self._changed.notify_all()

    def wait(self, job_id: str, state: str) -> Job:
        def found() -> Job | None:
            return next((j for j in self.changes if (j.id, j.state) == (job_id, state)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, timeout=10), self.changes
            job = found()
        assert job is not None
        return job

    def states(self, job_id: str) -> list[str]:
        return [job.state for job in self.changes if job.id == job_id]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def queue(no_thread_left: None, watch: Watch) -> Iterator[JobQueue]:
    made = JobQueue(limit=2, kept=3, on_change=watch)
    yield made
    made.close()


def blocked(release: threading.Event, started: threading.Event) -> Callable[[JobHandle], str]:
    def work(handle: JobHandle) -> str:
        started.set()
        assert release.wait(10)
        handle.check()
        return "s1"

    return work


def test_a_job_goes_from_queued_to_done_with_its_snapshot(queue: JobQueue, watch: Watch) -> None:
    job = queue.submit("forward", "n1", work=lambda _: "s9", client="me")
    done = watch.wait(job.id, "done")
    assert watch.states(job.id) == ["queued", "running", "done"]
    assert (done.snapshot, done.progress, done.client) == ("s9", 1.0, "me")


def test_all_work_runs_on_one_thread(queue: JobQueue, watch: Watch) -> None:
    seen: list[threading.Thread] = []

    def work(_: JobHandle) -> None:
        seen.append(threading.current_thread())

    for _ in range(3):
        watch.wait(queue.submit("forward", "n1", work=work).id, "done")
    seen.append(queue.call(threading.current_thread))
    assert len(set(seen)) == 1
    assert seen[0] is not threading.current_thread()


def test_a_job_that_raises_fails_with_its_problem_and_the_thread_lives(
    queue: JobQueue, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    def known(_: JobHandle) -> str:
        raise InputError("too odd")

    def unknown(_: JobHandle) -> str:
        raise ZeroDivisionError("by zero")

    failed = watch.wait(queue.submit("forward", "n1", work=known).id, "failed")
    assert failed.problem is not None
    assert (failed.problem["code"], failed.problem["detail"]) == ("invalid-input", "too odd")
    failed = watch.wait(queue.submit("forward", "n1", work=unknown).id, "failed")
    assert failed.problem is not None
    assert failed.problem["code"] == "model-failed"
    assert "ZeroDivisionError: by zero" in failed.problem["detail"]
    watch.wait(queue.submit("forward", "n1", work=lambda _: "s1").id, "done")


def test_one_job_more_than_may_wait_is_busy(queue: JobQueue, watch: Watch) -> None:
    release, started = threading.Event(), threading.Event()
    first = queue.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    waiting = [queue.submit("forward", "n1", work=lambda _: "s2") for _ in range(2)]
    with pytest.raises(BusyError, match="2 jobs wait already"):
        queue.submit("forward", "n1", work=lambda _: "s3")
    release.set()
    for job in (first, *waiting):
        watch.wait(job.id, "done")


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_step(
    queue: JobQueue, watch: Watch
) -> None:
    release, started = threading.Event(), threading.Event()
    running = queue.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    waiting = queue.submit("forward", "n1", work=lambda _: "never")
    assert queue.cancel(waiting.id).state == "cancelled"
    assert queue.cancel(running.id).state == "running"
    release.set()
    cancelled = watch.wait(running.id, "cancelled")
    assert cancelled.problem is not None
    assert cancelled.problem["code"] == "cancelled"
    assert "running" not in watch.states(waiting.id)


def test_progress_and_partial_results_are_told(queue: JobQueue, watch: Watch) -> None:
    def work(handle: JobHandle) -> str:
        handle.progress(0.25)
        handle.progress(0.2501)
        handle.show("s5")
        handle.progress(0.75)
        return "s6"

    job = queue.submit("maximise", "n1", work=work)
    done = watch.wait(job.id, "done")
    assert [change.progress for change in watch.changes if change.id == job.id] == [
        0, 0, 0.25, 0.25, 0.75, 1,
    ]  # fmt: skip
    assert done.partial == ("s5",)


def test_ended_jobs_are_forgotten_in_turn_and_unknown_ones_never_were(
    queue: JobQueue, watch: Watch
) -> None:
    ids = []
    for _ in range(5):
        ids.append(queue.submit("forward", "n1", work=lambda _: "s1").id)
        watch.wait(ids[-1], "done")
    assert [job.id for job in queue.jobs()] == ids[2:]
    with pytest.raises(GoneError):
        queue.job(ids[0])
    for unknown in ("j99", "j0", "j-1", "j01", "", "x1", "j" + "9" * 400, "j²"):
        with pytest.raises(NotFoundError):
            queue.job(unknown)


def test_waiting_for_a_job_ends_with_it_or_with_the_time(queue: JobQueue) -> None:
    release, started = threading.Event(), threading.Event()
    job = queue.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    assert queue.wait(job.id, 0.01).state == "running"
    found: list[Job] = []
    waiting = threading.Thread(target=lambda: found.append(queue.wait(job.id, 60)))
    waiting.start()
    release.set()
    waiting.join(10)
    assert found[0].state == "done"
    with pytest.raises(NotFoundError):
        queue.wait("j9", 60)


def test_a_call_gives_back_what_the_function_does(queue: JobQueue) -> None:
    assert queue.call(lambda: 6 * 7) == 42
    with pytest.raises(KeyError):
        queue.call(lambda: {}["missing"])


def test_closing_cancels_what_waits_and_refuses_more(no_thread_left: None, watch: Watch) -> None:
    queue = JobQueue(on_change=watch)
    release, started = threading.Event(), threading.Event()
    running = queue.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    waiting = queue.submit("forward", "n1", work=lambda _: "s1")
    calls: list[BaseException] = []

    def call() -> None:
        try:
            queue.call(lambda: None)
        except ClosedError as error:
            calls.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    closing = threading.Thread(target=queue.close)
    closing.start()
    watch.wait(waiting.id, "cancelled")
    release.set()
    closing.join(10)
    caller.join(10)
    watch.wait(running.id, "cancelled")
    assert len(calls) == 1
    with pytest.raises(ClosedError):
        queue.submit("forward", "n1", work=lambda _: "s1")
