"""What a queue tells, collected and waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from layerwalk.jobs import JobHandle, JobQueue
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

    def of(self, job_id: str) -> list[Job]:
        return [job for job in self.changes if job.id == job_id]

    def states(self, job_id: str) -> list[str]:
        return [job.state for job in self.of(job_id)]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def blocked(release: threading.Event, started: threading.Event) -> Callable[[JobHandle], str]:
    """Return work that says when it runs, and ends when it may."""

    def work(handle: JobHandle) -> str:
        started.set()
        assert release.wait(10)
        handle.check()
        return "s1"

    return work


def until_awaited(queue: JobQueue) -> None:
    """Return once somebody waits for urgent work of the queue."""
    deadline = time.monotonic() + 10
    while not queue.is_awaited:
        assert time.monotonic() < deadline
