"""Every job of the server as far as it is told of: of whatever kind, of whatever network, of
whomever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from layerwalk_client.source.arrivals import (
    Arrival,
    Connected,
    EventArrived,
    JobsArrived,
    WishTaken,
)
from layerwalk_shared.messages import Job, JobChanged

AT_WORK = ("queued", "running")
MOST = 256
"""Jobs that are remembered; beyond that the oldest that have ended are forgotten."""


class JobLedger:
    """Mutable, owned by the main thread.

    Attributes:
        revision: grows with every change.
        is_loaded: the server's list has been read since the connection began.
    """

    def __init__(self) -> None:
        self.revision = 0
        self.is_loaded = False
        self._jobs: dict[str, Job] = {}
        self._cleared: set[str] = set()

    @property
    def jobs(self) -> Sequence[Job]:
        """Those to be shown: at work first (running, then by their place), then ended, newest
        first."""
        seen = [job for job in self._jobs.values() if job.id not in self._cleared]
        running = [job for job in seen if job.state == "running"]
        queued = [job for job in seen if job.state == "queued"]
        queued.sort(key=lambda job: -1 if job.position is None else job.position)
        ended = [job for job in reversed(seen) if job.state not in AT_WORK]
        return (*running, *queued, *ended)

    def job(self, job: str) -> Job | None:
        """Return a job."""
        return self._jobs.get(job)

    def take(self, arrival: Arrival) -> None:
        """Take in what is told of jobs."""
        if isinstance(arrival, Connected):
            self._jobs.clear()
            self._cleared.clear()
            self.is_loaded = False
            self.revision += 1
        elif isinstance(arrival, JobsArrived):
            self._load(arrival.jobs)
        elif isinstance(arrival, WishTaken) and arrival.job.id not in self._jobs:
            self._note(arrival.job)  # an event that came before the answer is newer
        elif isinstance(arrival, EventArrived) and isinstance(arrival.event, JobChanged):
            self._note(arrival.event.job)

    def clear_ended(self) -> None:
        """Show those no more that have ended."""
        self._cleared |= {job.id for job in self._jobs.values() if job.state not in AT_WORK}
        self.revision += 1

    def _load(self, jobs: Iterable[Job]) -> None:
        """Take the server's list, oldest first; what events have told meanwhile has ended at least
        as far."""
        known, self._jobs = self._jobs, {}
        for job in jobs:
            told = known.pop(job.id, None)
            has_ended = told is not None and told.state not in AT_WORK
            self._jobs[job.id] = told if told is not None and has_ended else job
        self._jobs |= known
        self.is_loaded = True
        self.revision += 1

    def _note(self, job: Job) -> None:
        self._jobs[job.id] = job
        self.revision += 1
        if len(self._jobs) > MOST:
            ended = [one.id for one in self._jobs.values() if one.state not in AT_WORK]
            for one in ended[: len(self._jobs) - MOST]:
                del self._jobs[one]
                self._cleared.discard(one)
