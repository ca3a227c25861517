"""The job queue: one thread, every job answered, failures and cancels that leave it alive."""

from __future__ import annotations

import threading

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
from server.jobs.watching import Watch, blocked


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
