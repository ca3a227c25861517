"""The register of jobs: each as it is now, told of when it changes, forgotten long after its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from layerwalk.jobs.handle import Work
from layerwalk.jobs.pace import Pace
from layerwalk_shared.errors import GoneError, NotFoundError
from layerwalk_shared.messages import Job

FINISHED = ("done", "failed", "cancelled")
"""States that a job does not leave."""
PLACES_TOLD = 8
"""Places at the front of the line whose changes are worth events."""
NOTES_KEPT = 64
"""Notes of one job; of further ones only the number is told."""


@dataclass(slots=True)
class Entry:
    """One job. `work` is let go at its end; `pace` is there once it runs."""

    job: Job
    work: Work | None
    is_cancelled: bool = False
    pace: Pace | None = None
    unkept_notes: int = 0


class Register:
    """Jobs by id, oldest first. Mutable, owned by the job queue, which calls it under its lock.

    Args:
        kept: finished jobs that are remembered.
        on_change: told of every change of a job's state, and of its progress now and then.
        clock: seconds; times of steps are told by it.
    """

    def __init__(
        self, *, kept: int, on_change: Callable[[Job], object], clock: Callable[[], float]
    ) -> None:
        self._kept = kept
        self._on_change = on_change
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def next_id(self) -> str:
        """Return the id of a new job; it does not come back."""
        self._count += 1
        return f"j{self._count}"

    def add(self, job: Job, work: Work) -> None:
        """Enter a job, and tell of it."""
        self._entries[job.id] = Entry(job, work)
        self._on_change(job)

    def entry(self, job_id: str) -> Entry:
        """Return a job's entry.

        Raises:
            GoneError: it finished long ago and was forgotten.
            NotFoundError: there was no such job.
        """
        entry = self._entries.get(job_id)
        if entry is not None:
            return entry
        number = _number(job_id)
        if number is not None and number <= self._count:
            raise GoneError(f"job {job_id!r} finished long ago; the last {self._kept} are kept")
        raise NotFoundError(f"job {job_id!r} does not exist ({self._count} jobs so far)")

    def change(self, job_id: str, **changes: Any) -> None:
        """Change a job, and tell of it."""
        entry = self._entries[job_id]
        entry.job = entry.job.model_copy(update=changes)
        if entry.job.state in FINISHED:
            entry.work = None
            finished = [key for key, one in self._entries.items() if one.job.state in FINISHED]
            for key in finished[: max(0, len(finished) - self._kept)]:
                del self._entries[key]
        self._on_change(entry.job)

    def begin(self, job_id: str) -> None:
        """Note that a job runs now."""
        self._entries[job_id].pace = Pace(self._clock())
        self.change(job_id, state="running", position=None)

    def advance(
        self,
        job_id: str,
        fraction: float,
        *,
        step: int | None = None,
        steps: int | None = None,
        seconds_left: float | None = None,
        note: str | None = None,
    ) -> None:
        """Note how far a running job is; tell of it where that is due. See `JobHandle.progress`."""
        entry = self.entry(job_id)
        if entry.job.state != "running" or entry.pace is None:
            return
        now_s = self._clock()
        changes: dict[str, Any] = {}
        if fraction > entry.job.progress:
            changes["progress"] = min(1.0, fraction)
        if step is not None and steps is not None:
            left_s = entry.pace.seconds_left(step=step, steps=steps, now_s=now_s)
            changes |= {"step": step, "steps": steps, "seconds_left": left_s}
        if seconds_left is not None and math.isfinite(seconds_left):
            changes["seconds_left"] = max(0.0, seconds_left)
        if note is not None:
            changes["notes"] = _with_note(entry, note)
        entry.job = entry.job.model_copy(update=changes)
        if changes and entry.pace.is_worth_telling(now_s):
            self._on_change(entry.job)

    def show(self, job_id: str, snapshot: str) -> None:
        """Add a partial result to a running job."""
        job = self.entry(job_id).job
        if job.state == "running":
            self.change(job_id, partial=(*job.partial, snapshot))

    def hide(self, job_id: str, snapshot: str) -> None:
        """Take back a partial result; told of with the next change."""
        entry = self.entry(job_id)
        left = tuple(one for one in entry.job.partial if one != snapshot)
        entry.job = entry.job.model_copy(update={"partial": left})

    def place(self, places: Mapping[str, int]) -> None:
        """Note the places of the jobs that wait in line, and tell of those at its front."""
        for job_id, place in places.items():
            before = self._entries[job_id].job.position
            front = place if before is None else min(place, before)
            if place != before and front < PLACES_TOLD:
                self.change(job_id, position=place)


def _with_note(entry: Entry, note: str) -> tuple[str, ...]:
    notes = entry.job.notes
    if note in notes:
        return notes
    if len(notes) < NOTES_KEPT:
        return (*notes, note)
    entry.unkept_notes += 1
    return (*notes[:NOTES_KEPT], f"and {entry.unkept_notes} more")


def _number(job_id: str) -> int | None:
    digits = job_id.removeprefix("j")
    if digits == job_id or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return None
    return int(digits) if digits == str(int(digits)) and int(digits) else None
