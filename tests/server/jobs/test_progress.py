"""Progress: everything is noted, little of it told; the time to go is that of most steps."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from layerwalk.jobs import JobHandle, JobQueue
from layerwalk_shared.errors import CancelledError
from layerwalk_shared.messages import Job
from server.jobs.watching import Clock, Watch


def test_progress_and_partial_results_are_told(queue: JobQueue, watch: Watch, clock: Clock) -> None:
    def work(handle: JobHandle) -> str:
        handle.progress(0.25)
        handle.progress(0.26)
        clock.now_s += 0.2
        handle.show("s5")
        handle.progress(0.75)
        return "s6"

    job = queue.submit("maximise", "n1", work=work, node="conv")
    done = watch.wait(job.id, "done")
    assert [change.progress for change in watch.of(job.id)] == [0, 0, 0.25, 0.26, 0.75, 1]
    assert (done.partial, done.node) == (("s5",), "conv")


def test_a_thousand_steps_a_second_are_ten_events_a_second(
    queue: JobQueue, watch: Watch, clock: Clock
) -> None:
    seen: list[Job] = []

    def work(handle: JobHandle) -> None:
        for step in range(1, 3001):
            clock.now_s += 0.001
            handle.progress(step / 3000, step=step, steps=3000)
            seen.append(queue.job(handle.id))

    job = queue.submit("maximise", "n1", work=work)
    watch.wait(job.id, "done")
    assert [one.step for one in seen] == list(range(1, 3001))
    told = [change for change in watch.of(job.id) if change.state == "running"][1:]
    assert 28 <= len(told) <= 31
    assert told[0].step == 1
    assert all(b.step - a.step >= 100 for a, b in pairwise(told))


def test_two_jobs_do_not_keep_each_other_from_telling(queue: JobQueue, watch: Watch) -> None:
    def outer(handle: JobHandle) -> None:
        handle.progress(0.5)
        queue.submit("forward", "n1", work=lambda inner: inner.progress(0.5))
        handle.give_way()

    watch.wait(queue.submit("maximise", "n1", work=outer).id, "done")
    halves = [change.id for change in watch.changes if change.progress == 0.5]
    assert halves == ["j1", "j2"]


@pytest.mark.parametrize("fraction", [-1.0, 0.1, math.nan])
def test_progress_never_shrinks_and_is_always_a_share(
    queue: JobQueue, watch: Watch, clock: Clock, fraction: float
) -> None:
    def work(handle: JobHandle) -> None:
        handle.progress(0.5)
        clock.now_s += 1
        handle.progress(fraction, note="odd")
        assert queue.job(handle.id).progress == 0.5
        handle.progress(7.0)
        assert queue.job(handle.id).progress == 1.0

    job = queue.submit("maximise", "n1", work=work)
    done = watch.wait(job.id, "done")
    for change in watch.of(job.id):
        assert Job.model_validate_json(change.model_dump_json()) == change
    assert done.notes == ("odd",)


def test_the_time_to_go_is_that_of_most_steps(queue: JobQueue, watch: Watch, clock: Clock) -> None:
    left: list[float | None] = []

    def work(handle: JobHandle) -> None:
        handle.progress(0, step=0, steps=20)
        left.append(queue.job(handle.id).seconds_left)
        for step in range(1, 21):
            slow = {1: 9.0, 7: 30.0, 12: 30.0}  # a warm-up, a busy machine
            clock.now_s += slow.get(step, 2.0)
            handle.progress(step / 20, step=step, steps=20)
            left.append(queue.job(handle.id).seconds_left)

    job = queue.submit("maximise", "n1", work=work)
    done = watch.wait(job.id, "done")
    assert left[0] is None
    assert left[1] == 9.0 * 19
    assert left[3:] == [2.0 * (20 - step) for step in range(3, 21)]
    assert (done.seconds_left, done.step, done.steps) == (None, 20, 20)


def test_the_time_to_go_follows_a_new_pace_and_many_steps_at_once(
    queue: JobQueue, watch: Watch, clock: Clock
) -> None:
    def work(handle: JobHandle) -> None:
        for step in range(1, 101):
            clock.now_s += 1.0 if step <= 50 else 3.0
            handle.progress(step / 300, step=step, steps=300)
        assert queue.job(handle.id).seconds_left == 3.0 * 200
        for step in range(110, 201, 10):  # told every tenth step only
            clock.now_s += 5.0
            handle.progress(step / 300, step=step, steps=300)
        assert queue.job(handle.id).seconds_left == 0.5 * 100
        clock.now_s += 4.0
        handle.progress(1, step=2, steps=300)  # from the start again
        assert queue.job(handle.id).seconds_left is None
        clock.now_s += 4.0
        handle.progress(1, step=4, steps=300)
        assert queue.job(handle.id).seconds_left == 2.0 * 296
        handle.progress(1, step=4, steps=300, seconds_left=7.5)
        assert queue.job(handle.id).seconds_left == 7.5

    job = queue.submit("maximise", "n1", work=work)
    assert watch.wait(job.id, "done").problem is None


def test_notes_are_kept_once_each_and_the_rest_is_counted(queue: JobQueue, watch: Watch) -> None:
    def work(handle: JobHandle) -> None:
        for channel in [3, 3, *range(100)]:
            handle.progress(0.5, note=f"channel {channel}: never active")

    job = queue.submit("maximise", "n1", work=work)
    notes = watch.wait(job.id, "done").notes
    assert notes[:2] == ("channel 3: never active", "channel 0: never active")
    assert len(notes) == 65
    assert notes[-1] == "and 36 more"


def test_a_note_given_as_the_job_is_cancelled_is_kept(queue: JobQueue, watch: Watch) -> None:
    def work(handle: JobHandle) -> None:
        queue.cancel(handle.id)
        with pytest.raises(CancelledError):
            handle.progress(0.5, note="channel 17: never active")
        handle.check()

    job = queue.submit("maximise", "n1", work=work)
    assert watch.wait(job.id, "cancelled").notes == ("channel 17: never active",)


def test_a_job_that_has_ended_is_changed_no_more(queue: JobQueue, watch: Watch) -> None:
    kept: list[JobHandle] = []
    job = queue.submit("maximise", "n1", work=kept.append)
    done = watch.wait(job.id, "done")
    kept[0].progress(0.5, step=1, steps=9, note="late")
    kept[0].show("s9")
    assert queue.job(job.id) == done
