"""A long job lets urgent work in between two of its steps, and nothing that happens there harms it.

Steps are counted, never timed: what arrives during a step must run before the next one begins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from layerwalk.jobs import JobHandle, JobQueue, Work
from layerwalk_shared.errors import CancelledError, ClosedError, InputError
from server.jobs.watching import Watch, blocked, until_awaited

Do = Callable[[], object]


class LongWork:
    """Work of many steps, each of which may do something; writes down what happens in order."""

    def __init__(self, steps: int = 4, *, during: dict[int, Do] | None = None) -> None:
        self.order: list[str] = []
        self._steps = steps
        self.during = during or {}

    def __call__(self, handle: JobHandle) -> str:
        for step in range(self._steps):
            self.order.append(f"step {step}")
            self.during.get(step, lambda: None)()
            handle.progress((step + 1) / self._steps, step=step + 1, steps=self._steps)
            handle.give_way()
        return "s1"

    def short(self, name: str) -> Work:
        def work(_: JobHandle) -> str:
            self.order.append(name)
            return f"s-{name}"

        return work


def test_what_arrives_during_a_step_runs_before_the_next(queue: JobQueue, watch: Watch) -> None:
    long = LongWork()
    long_job = queue.submit("maximise", "n1", work=long)
    long.during[1] = lambda: queue.submit("forward", "n1", work=long.short("forward"))
    long.during[2] = lambda: queue.post(lambda: long.order.append("post"))
    watch.wait(long_job.id, "done")
    assert long.order == ["step 0", "step 1", "forward", "step 2", "post", "step 3"]


def test_a_long_job_stays_running_while_another_is_let_in(queue: JobQueue, watch: Watch) -> None:
    long = LongWork(2)
    long.during[0] = lambda: queue.submit("forward", "n1", work=look)
    seen: list[tuple[str, str]] = []

    def look(handle: JobHandle) -> str:
        seen.extend((job.id, job.state) for job in queue.jobs())
        handle.show("s7")
        return "s8"

    job = queue.submit("maximise", "n1", work=long)
    watch.wait(job.id, "done")
    assert seen == [("j1", "running"), ("j2", "running")]
    assert watch.states("j2") == ["queued", "running", "running", "done"]
    assert (watch.of("j2")[-1].snapshot, watch.of("j2")[-1].partial) == ("s8", ("s7",))
    assert watch.of(job.id)[-1].partial == ()


def test_a_caller_on_another_thread_waits_for_one_step(queue: JobQueue, watch: Watch) -> None:
    long = LongWork(50)
    asked, answered = threading.Event(), threading.Event()
    answers: list[object] = []

    def ask() -> None:
        assert asked.wait(10)
        answers.append(queue.call(lambda: (threading.current_thread().name, len(long.order))))
        answered.set()

    asking = threading.Thread(target=ask)
    asking.start()

    def sees_it_wait() -> None:
        asked.set()
        until_awaited(queue)  # the call is in line before this step ends

    long.during[9] = sees_it_wait
    job = queue.submit("attribute", "n1", work=long)
    watch.wait(job.id, "done")
    asking.join(10)
    assert answers == [("layerwalk-model", 10)]


def test_urgent_work_goes_before_long_work_that_waits_longer(queue: JobQueue, watch: Watch) -> None:
    order = LongWork()
    release, started = threading.Event(), threading.Event()
    queue.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    last = queue.submit("maximise", "n1", work=order.short("long"))
    queue.submit("forward", "n1", work=order.short("forward 1"))
    queue.post(lambda: order.order.append("post"))
    queue.submit("forward", "n1", work=order.short("forward 2"))
    release.set()
    watch.wait(last.id, "done")
    assert order.order == ["forward 1", "post", "forward 2", "long"]


def test_long_jobs_run_one_at_a_time_by_priority_and_then_in_order(
    no_thread_left: None, watch: Watch
) -> None:
    with_room = JobQueue(on_change=watch)
    release, started = threading.Event(), threading.Event()
    with_room.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    order: list[str] = []

    def of(name: str) -> Work:
        def work(handle: JobHandle) -> None:
            for _ in range(3):
                order.append(name)
                handle.give_way()

        return work

    wishes = [("a", 0), ("b", 5), ("c", -1), ("d", 0), ("e", 5)]
    jobs = [
        with_room.submit("maximise", "n1", work=of(name), priority=priority)
        for name, priority in wishes
    ]
    assert [job.position for job in jobs] == [0, 0, 2, 2, 1]
    assert [one.position for one in with_room.jobs()] == [None, 2, 0, 4, 3, 1]
    release.set()
    watch.wait(jobs[2].id, "done")
    with_room.close()
    assert order == [name for name in "beadc" for _ in range(3)]
    for job in jobs:
        assert watch.states(job.id)[-2:] == ["running", "done"]


def test_places_in_line_are_told_as_it_moves(no_thread_left: None, watch: Watch) -> None:
    line = JobQueue(on_change=watch)
    release, started = threading.Event(), threading.Event()
    line.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    jobs = [line.submit("maximise", "n1", work=lambda _: None) for _ in range(12)]
    before = len(watch.changes)
    line.cancel(jobs[0].id)
    told = watch.changes[before:]
    assert told[0].state == "cancelled"
    assert [job.position for job in told] == [None, *range(8)]
    assert [job.position for job in line.jobs()][2:] == list(range(11))
    assert line.job(jobs[11].id).position == line.wait(jobs[11].id, 0).position == 10
    release.set()
    watch.wait(jobs[11].id, "done")
    line.close()
    for job in jobs[1:]:
        places = [one.position for one in watch.of(job.id) if one.state == "queued"]
        assert places == sorted(places, reverse=True)
        assert places[-1] == 0
        assert {one.position for one in watch.of(job.id) if one.state != "queued"} == {None}


def test_many_long_jobs_leave_room_for_urgent_ones(queue: JobQueue, watch: Watch) -> None:
    release, started = threading.Event(), threading.Event()
    queue.submit("forward", "n1", work=blocked(release, started))
    assert started.wait(10)
    for _ in range(2):
        queue.submit("maximise", "n1", work=lambda _: None)
    job = queue.submit("forward", "n1", work=lambda _: "s2")
    release.set()
    watch.wait(job.id, "done")


def test_a_long_job_that_is_cancelled_while_another_runs_ends_before_its_next_step(
    queue: JobQueue, watch: Watch
) -> None:
    long = LongWork()
    release, started = threading.Event(), threading.Event()
    long.during[1] = lambda: [
        queue.submit("forward", "n1", work=blocked(release, started)),
        queue.submit("forward", "n1", work=long.short("second")),
    ]
    job = queue.submit("maximise", "n1", work=long)
    assert started.wait(10)
    assert queue.cancel(job.id).state == "running"
    release.set()
    watch.wait("j3", "done")
    watch.wait(job.id, "cancelled")
    assert long.order == ["step 0", "step 1", "second"]
    assert watch.states("j2")[-1] == "done"


def test_a_job_that_was_let_in_is_cancelled_alone(queue: JobQueue, watch: Watch) -> None:
    long = LongWork()
    release, started = threading.Event(), threading.Event()
    long.during[0] = lambda: queue.submit("forward", "n1", work=blocked(release, started))
    job = queue.submit("maximise", "n1", work=long)
    assert started.wait(10)
    queue.cancel("j2")
    release.set()
    assert watch.wait(job.id, "done").problem is None
    assert watch.states("j2")[-1] == "cancelled"
    assert len(long.order) == 4


def test_a_long_job_is_cancelled_within_a_step(queue: JobQueue, watch: Watch) -> None:
    long = LongWork(1000)
    long.during[3] = lambda: queue.cancel("j1")
    job = queue.submit("maximise", "n1", work=long)
    watch.wait(job.id, "cancelled")
    assert len(long.order) == 4


@pytest.mark.parametrize(
    "error", [InputError("odd"), ZeroDivisionError(), CancelledError("mine"), SystemExit(3)]
)
def test_what_goes_wrong_inside_does_not_touch_the_long_job(
    queue: JobQueue, watch: Watch, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> str:
        raise error

    long = LongWork()
    caught: list[BaseException] = []

    def call() -> None:
        try:
            queue.call(fail)
        except BaseException as raised:  # noqa: BLE001
            caught.append(raised)

    calling = threading.Thread(target=call)

    def trouble() -> None:
        queue.submit("forward", "n1", work=fail)
        queue.post(fail)
        calling.start()

    long.during[1] = trouble
    job = queue.submit("maximise", "n1", work=long)
    done = watch.wait(job.id, "done")
    calling.join(10)
    assert (done.snapshot, done.problem, len(long.order)) == ("s1", None, 4)
    wanted = "cancelled" if isinstance(error, CancelledError) else "failed"
    assert watch.states("j2")[-1] == wanted
    assert caught == [error]
    watch.wait(queue.submit("forward", "n1", work=lambda _: "s3").id, "done")


def test_a_function_that_posts_itself_again_keeps_nothing_from_getting_on(
    queue: JobQueue, watch: Watch
) -> None:
    long = LongWork()

    def again() -> None:
        long.order.append("again")
        queue.post(again)

    queue.post(again)
    job = queue.submit("maximise", "n1", work=long)
    forward = queue.submit("forward", "n1", work=long.short("forward"))
    watch.wait(job.id, "done")
    watch.wait(forward.id, "done")
    steps = [place for place, what in enumerate(long.order) if what.startswith("step")]
    assert len(steps) == 4
    assert all(b - a <= 3 for a, b in pairwise(steps))


def test_only_one_job_is_ever_let_in_at_a_time(queue: JobQueue, watch: Watch) -> None:
    depth, deepest = 0, 0

    def inner(handle: JobHandle) -> str:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        if not any(job.id == "j3" for job in queue.jobs()):
            queue.submit("forward", "n1", work=inner)
        handle.give_way()
        depth -= 1
        return "s2"

    long = LongWork(during={0: lambda: queue.submit("forward", "n1", work=inner)})
    watch.wait(queue.submit("maximise", "n1", work=long).id, "done")
    assert watch.states("j3")[-1] == "done"
    assert deepest == 1


def test_a_call_from_within_work_runs_at_once(queue: JobQueue, watch: Watch) -> None:
    job = queue.submit("forward", "n1", work=lambda _: queue.call(lambda: "s6"))
    assert watch.wait(job.id, "done").snapshot == "s6"


@pytest.mark.parametrize("closer", ["another thread", "the work itself"])
def test_closing_ends_the_long_job_and_what_was_let_in(
    no_thread_left: None, watch: Watch, closer: str
) -> None:
    queue = JobQueue(on_change=watch)
    long = LongWork()
    release, started = threading.Event(), threading.Event()
    refused: list[BaseException] = []

    def call() -> None:
        try:
            queue.call(lambda: long.order.append("never"))
        except ClosedError as error:
            refused.append(error)

    calling = threading.Thread(target=call)

    def inner(handle: JobHandle) -> str:
        calling.start()
        until_awaited(queue)
        if closer == "the work itself":
            queue.close()
        started.set()
        assert release.wait(10)
        handle.check()
        return "never"

    long.during[1] = lambda: queue.submit("forward", "n1", work=inner)
    job = queue.submit("maximise", "n1", work=long)
    later = queue.submit("maximise", "n1", work=long.short("never"))
    assert started.wait(10)
    closing = threading.Thread(target=queue.close)
    closing.start()
    watch.wait(later.id, "cancelled")
    release.set()
    closing.join(10)
    calling.join(10)
    assert not closing.is_alive()
    assert [watch.states(one)[-1] for one in (job.id, "j3", later.id)] == ["cancelled"] * 3
    assert long.order == ["step 0", "step 1"]
    assert len(refused) == 1
    assert queue.wait(job.id, 60).state == "cancelled"
