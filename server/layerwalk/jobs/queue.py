"""The job queue: one thread that runs all work on models.

What somebody waits for is urgent and goes first, in the order it was asked for. Long jobs run one at
a time and let urgent work in between two of their steps, nested on the same thread, so that a model
is never run by two at once.

Every request is honoured, none is replaced by a newer one: two clients that show different inputs
of one network each get their own answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from layerwalk.jobs.calls import Call
from layerwalk.jobs.handle import JobHandle, Work
from layerwalk.jobs.lines import LongLine, UrgentLine
from layerwalk.jobs.register import FINISHED, Register
from layerwalk_shared.errors import (
    BusyError,
    CancelledError,
    ClosedError,
    LayerwalkError,
    ModelError,
)
from layerwalk_shared.messages import Job

T = TypeVar("T")
JobKind = Literal["forward", "maximise", "attribute", "score", "excite"]
LONG: tuple[JobKind, ...] = ("maximise", "attribute", "score", "excite")
"""Kinds of jobs that take many steps; all others are urgent."""
_LOG = logging.getLogger(__name__)


class JobQueue:
    """Runs work on the model thread, one piece at a time.

    Mutable, shared by all threads; the work itself runs on the model thread alone.

    Args:
        limit: urgent jobs that wait at most, and as many long ones.
        kept: finished jobs that are remembered.
        on_change: told of every change of a job's state, and of its progress now and then, in
            order, on any thread; must not wait.
        on_start: called first on the model thread.
        clock: seconds; times of steps are told by it.
    """

    def __init__(
        self,
        *,
        limit: int = 32,
        kept: int = 256,
        on_change: Callable[[Job], object] = lambda _: None,
        on_start: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._on_change = on_change
        self._on_start = on_start
        self._register = Register(kept=kept, on_change=self._tell, clock=clock)
        self._urgent: UrgentLine[str | Call] = UrgentLine()
        self._long = LongLine()
        self._is_closed = False
        self._is_nested = False
        self._changed = threading.Condition(threading.RLock())
        self._thread = threading.Thread(target=self._run, name="layerwalk-model", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        with self._changed:
            return self._is_closed

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for urgent work that has not begun."""
        with self._changed:
            return self._urgent.is_awaited

    def submit(
        self,
        kind: JobKind,
        network: str,
        *,
        work: Work,
        client: str | None = None,
        node: str | None = None,
        dataset: str | None = None,
        priority: int = 0,
    ) -> Job:
        """Queue work; return its job.

        Args:
            kind: says whether it is urgent or long.
            network: id of the network that it is about.
            work: called on the model thread.
            client: who asks.
            node: that it is about.
            dataset: that it goes through.
            priority: of long jobs: higher goes first, equals in the order they were asked for.

        Raises:
            BusyError: as many jobs of its class wait as may.
            ClosedError: the queue is closed.
        """
        with self._changed:
            self._check_open()
            is_long = kind in LONG
            waiting = (
                len(self._long) if is_long else sum(isinstance(one, str) for one in self._urgent)
            )
            if waiting >= self._limit:
                raise BusyError(
                    f"{waiting} jobs wait already (limit {self._limit}); try again later"
                )
            job_id = self._register.next_id()
            if is_long:
                self._long.add(job_id, priority=priority)
            else:
                self._urgent.add(job_id, now_s=time.monotonic())
            job = Job(
                id=job_id,
                kind=kind,
                network=network,
                state="queued",
                client=client,
                node=node,
                dataset=dataset,
                position=self._long.places().get(job_id),
            )
            self._register.add(job, work)
            self._register.place(self._long.places())
            return job

    def enter_done(
        self,
        kind: JobKind,
        network: str,
        *,
        client: str | None = None,
        node: str | None = None,
        dataset: str | None = None,
    ) -> Job:
        """Enter a job whose result is there already; it waits for nothing.

        Raises:
            ClosedError: the queue is closed.
        """
        with self._changed:
            self._check_open()
            job_id = self._register.next_id()
            job = Job(
                id=job_id,
                kind=kind,
                network=network,
                state="queued",
                client=client,
                node=node,
                dataset=dataset,
            )
            self._register.add(job, lambda _: None)
            self._register.change(job_id, state="done", progress=1.0)
            return self.job(job_id)

    def call(self, function: Callable[[], T]) -> T:
        """Run a function on the model thread, wait for it, return what it returns.

        Asked for on the model thread itself, it runs at once.

        Raises:
            ClosedError: the queue is closed, or closes before the function runs.
            BaseException: whatever the function raises.
        """
        call = Call(function)
        with self._changed:
            self._check_open()
            is_here = threading.current_thread() is self._thread
            if not is_here:
                self._urgent.add(call, now_s=time.monotonic())
                self._changed.notify_all()
        if is_here:
            call.run()
        result: T = call.future.result()
        return result

    def post(self, function: Callable[[], object], *, after_s: float = 0.0) -> None:
        """Run a function on the model thread soon, `after_s` seconds from now at the earliest.

        Nobody waits for it; it is dropped where the queue closes before. What it raises is logged.

        Raises:
            ClosedError: the queue is closed.
        """
        with self._changed:
            self._check_open()
            call = Call(function, is_logged=True)
            self._urgent.post(call, due_s=time.monotonic() + after_s)
            self._changed.notify_all()

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs that are remembered, oldest first."""
        with self._changed:
            places = self._long.places()
            return tuple(_placed(entry.job, places) for entry in self._register)

    def job(self, job_id: str) -> Job:
        """Return a job as it is now.

        Raises:
            GoneError: it finished long ago and was forgotten.
            NotFoundError: there was no such job.
        """
        with self._changed:
            return _placed(self._register.entry(job_id).job, self._long.places())

    def wait(self, job_id: str, wait_s: float) -> Job:
        """Return a job once it has ended, or as it is after `wait_s` seconds.

        Raises:
            GoneError, NotFoundError: as for `job`.
        """
        deadline = time.monotonic() + wait_s
        with self._changed:
            while self.job(job_id).state not in FINISHED and not self._is_closed:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self.job(job_id)

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: at once where it waits, at its next step where it runs.

        Raises:
            GoneError, NotFoundError: as for `job`.
        """
        with self._changed:
            entry = self._register.entry(job_id)
            if entry.job.state == "queued":
                line = self._long if entry.job.kind in LONG else self._urgent
                line.remove(job_id)
                self._register.change(job_id, state="cancelled", position=None)
                self._register.place(self._long.places())
            elif entry.job.state == "running":
                entry.is_cancelled = True
            return entry.job

    def close(self) -> None:
        """Cancel what waits, let the running pieces end at their next step, join the thread."""
        with self._changed:
            self._is_closed = True
            for item in self._urgent:
                if isinstance(item, Call):
                    item.refuse()
            self._urgent.clear()
            self._long.clear()
            for entry in self._register:
                entry.is_cancelled = True
                if entry.job.state == "queued":
                    self._register.change(entry.job.id, state="cancelled", position=None)
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def is_cancelled(self, job_id: str) -> bool:
        """Return whether a job was told to stop."""
        with self._changed:
            return self._register.entry(job_id).is_cancelled

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
        """Note how far a running job is; see `JobHandle.progress`."""
        with self._changed:
            self._register.advance(
                job_id, fraction, step=step, steps=steps, seconds_left=seconds_left, note=note
            )

    def show(self, job_id: str, snapshot: str) -> None:
        """Add a partial result to a running job."""
        with self._changed:
            self._register.show(job_id, snapshot)

    def hide(self, job_id: str, snapshot: str) -> None:
        """Take back a partial result of a job."""
        with self._changed:
            self._register.hide(job_id, snapshot)

    def give_way(self, job_id: str) -> None:
        """Run what is urgent between two steps of a long job; see `JobHandle.give_way`."""
        assert threading.current_thread() is self._thread, "only the model thread gives way"
        handle = JobHandle(self, job_id)
        handle.check()
        if self._is_nested or self.job(job_id).kind not in LONG:
            return
        self._is_nested = True
        try:
            self._serve(handle.check)
        finally:
            self._is_nested = False

    def _check_open(self) -> None:
        if self._is_closed:
            raise ClosedError("the session is closed")

    def _tell(self, job: Job) -> None:
        self._on_change(job)
        self._changed.notify_all()

    def _run(self) -> None:
        self._on_start()
        while self._has_work():
            self._serve()
            self._work_long()

    def _has_work(self) -> bool:
        """Wait for work; return False where there will be none, because the queue is closed."""
        with self._changed:
            while not self._is_closed:
                due_in_s = self._urgent.due_in_s(time.monotonic())
                if self._long or (due_in_s is not None and due_in_s <= 0):
                    return True
                self._changed.wait(due_in_s)
            return False

    def _serve(self, check: Callable[[], None] = lambda: None) -> None:
        """Run all urgent work, `check` after each piece.

        It comes to an end, even where a function posts itself again each time that it runs: once
        nobody waits, only what was due at the beginning is run.
        """
        until_s = time.monotonic()
        while (item := self._take_urgent(until_s)) is not None:
            if isinstance(item, Call):
                item.run()
            else:
                self._work(item)
            del item
            check()

    def _take_urgent(self, until_s: float) -> str | Call | None:
        with self._changed:
            is_awaited = self._urgent.is_awaited
            item = self._urgent.take(until_s=time.monotonic() if is_awaited else until_s)
            if isinstance(item, str):
                self._register.begin(item)
            return item

    def _work_long(self) -> None:
        """Run the next long job, where nobody waits for something urgent."""
        with self._changed:
            job_id = None if self._urgent.is_awaited else self._long.take()
            if job_id is None:
                return
            self._register.begin(job_id)
            self._register.place(self._long.places())
        self._work(job_id)

    def _work(self, job_id: str) -> None:
        with self._changed:
            work = self._register.entry(job_id).work
        assert work is not None
        changes: dict[str, Any]
        try:
            changes = {"state": "done", "snapshot": work(JobHandle(self, job_id)), "progress": 1.0}
        except CancelledError as error:
            changes = {"state": "cancelled", "problem": error.problem()}
        except LayerwalkError as error:
            changes = {"state": "failed", "problem": error.problem()}
        except BaseException as error:  # noqa: BLE001  (the job fails, the thread lives)
            _LOG.exception("job %s failed", job_id)
            changes = {"state": "failed", "problem": ModelError(_sentence(error)).problem()}
        with self._changed:
            self._register.change(job_id, seconds_left=None, **changes)


def _placed(job: Job, places: Mapping[str, int]) -> Job:
    place = places.get(job.id)
    return job if place == job.position else job.model_copy(update={"position": place})


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
