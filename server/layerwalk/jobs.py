"""The job queue: one thread that runs all work on models, in the order it was asked for.

Every request is honoured, none is replaced by a newer one: two clients that show different inputs
of one network each get their own answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from layerwalk_shared.errors import (
    BusyError,
    CancelledError,
    ClosedError,
    GoneError,
    LayerwalkError,
    ModelError,
    NotFoundError,
)
from layerwalk_shared.messages import Job

T = TypeVar("T")
JobKind = Literal["forward", "maximise", "attribute"]
PROGRESS_STEP = 0.01
"""Progress that is worth an event."""
FINISHED = ("done", "failed", "cancelled")
"""States that a job does not leave."""
_LOG = logging.getLogger(__name__)


class JobHandle:
    """What running work sees of its job. Owned by the model thread."""

    def __init__(self, queue: JobQueue, job_id: str) -> None:
        self._queue = queue
        self.id = job_id

    def progress(self, fraction: float) -> None:
        """Tell how much is done, 0..1.

        Raises:
            CancelledError: the job is to stop.
        """
        self.check()
        self._queue.advance(self.id, fraction)

    def show(self, snapshot: str) -> None:
        """Add a partial result."""
        self._queue.show(self.id, snapshot)

    def check(self) -> None:
        """Raise `CancelledError` where the job is to stop; call it between steps."""
        if self._queue.is_cancelled(self.id):
            raise CancelledError(f"job {self.id!r} was cancelled")


Work = Callable[[JobHandle], str | None]
"""Work of a job; returns the id of the snapshot that it made."""


@dataclass(slots=True)
class _Entry:
    job: Job
    work: Work | None
    is_cancelled: bool = False


class _Call:
    """A function that someone waits for, or whose failure is logged."""

    def __init__(self, function: Callable[[], Any], *, is_logged: bool = False) -> None:
        self._function = function
        self._is_logged = is_logged
        self.future: Future[Any] = Future()

    def run(self) -> None:
        try:
            result = self._function()
        except BaseException as error:  # noqa: BLE001  (raised again where it was asked for)
            if self._is_logged:
                _LOG.exception("work on the model thread failed")
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def refuse(self) -> None:
        self.future.set_exception(ClosedError("the session was closed"))


class JobQueue:
    """Runs work on the model thread, one piece at a time.

    Mutable, shared by all threads; the work itself runs on the model thread alone.

    Args:
        limit: jobs that wait at most.
        kept: finished jobs that are remembered.
        on_change: told of every change of a job, in order, on any thread; must not wait.
        on_start: called first on the model thread.
    """

    def __init__(
        self,
        *,
        limit: int = 32,
        kept: int = 256,
        on_change: Callable[[Job], object] = lambda _: None,
        on_start: Callable[[], object] = lambda: None,
    ) -> None:
        self._limit = limit
        self._kept = kept
        self._on_change = on_change
        self._on_start = on_start
        self._entries: dict[str, _Entry] = {}
        self._waiting: deque[str | _Call] = deque()
        self._posted: list[tuple[float, Callable[[], object]]] = []
        self._count = 0
        self._is_closed = False
        self._changed = threading.Condition(threading.RLock())
        self._thread = threading.Thread(target=self._run, name="layerwalk-model", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        with self._changed:
            return self._is_closed

    def submit(self, kind: JobKind, network: str, *, work: Work, client: str | None = None) -> Job:
        """Queue work; return its job.

        Raises:
            BusyError: as many jobs wait as may.
            ClosedError: the queue is closed.
        """
        with self._changed:
            self._check_open()
            queued = sum(isinstance(item, str) for item in self._waiting)
            if queued >= self._limit:
                raise BusyError(
                    f"{queued} jobs wait already (limit {self._limit}); try again later"
                )
            self._count += 1
            job = Job(
                id=f"j{self._count}", kind=kind, network=network, state="queued", client=client
            )
            self._entries[job.id] = _Entry(job, work)
            self._waiting.append(job.id)
            self._on_change(job)
            self._changed.notify_all()
            return job

    def call(self, function: Callable[[], T]) -> T:
        """Run a function on the model thread, wait for it, return what it returns.

        Raises:
            ClosedError: the queue is closed, or closes before the function runs.
            BaseException: whatever the function raises.
        """
        call = _Call(function)
        with self._changed:
            self._check_open()
            self._waiting.append(call)
            self._changed.notify_all()
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
            self._posted.append((time.monotonic() + after_s, function))
            self._posted.sort(key=lambda item: item[0])
            self._changed.notify_all()

    def jobs(self) -> tuple[Job, ...]:
        """Return all jobs that are remembered, oldest first."""
        with self._changed:
            return tuple(entry.job for entry in self._entries.values())

    def job(self, job_id: str) -> Job:
        """Return a job as it is now.

        Raises:
            GoneError: it finished long ago and was forgotten.
            NotFoundError: there was no such job.
        """
        with self._changed:
            return self._entry(job_id).job

    def wait(self, job_id: str, wait_s: float) -> Job:
        """Return a job once it has ended, or as it is after `wait_s` seconds.

        Raises:
            GoneError, NotFoundError: as for `job`.
        """
        deadline = time.monotonic() + wait_s
        with self._changed:
            while self._entry(job_id).job.state not in FINISHED and not self._is_closed:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._entry(job_id).job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: at once where it waits, at its next step where it runs.

        Raises:
            GoneError, NotFoundError: as for `job`.
        """
        with self._changed:
            entry = self._entry(job_id)
            if entry.job.state == "queued":
                self._waiting.remove(job_id)
                self._change(job_id, state="cancelled")
            elif entry.job.state == "running":
                entry.is_cancelled = True
            return entry.job

    def close(self) -> None:
        """Cancel what waits, let the running piece end at its next step, join the thread."""
        with self._changed:
            self._is_closed = True
            for item in list(self._waiting):
                if isinstance(item, str):
                    self.cancel(item)
                else:
                    item.refuse()
            self._waiting.clear()
            self._posted.clear()
            for entry in self._entries.values():
                entry.is_cancelled = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def is_cancelled(self, job_id: str) -> bool:
        """Return whether a job was told to stop."""
        with self._changed:
            return self._entry(job_id).is_cancelled

    def advance(self, job_id: str, fraction: float) -> None:
        """Set the progress of a running job, 0..1; tell of it where it grew visibly."""
        with self._changed:
            if fraction - self._entry(job_id).job.progress >= PROGRESS_STEP:
                self._change(job_id, progress=min(1.0, fraction))

    def show(self, job_id: str, snapshot: str) -> None:
        """Add a partial result to a running job."""
        with self._changed:
            self._change(job_id, partial=(*self._entry(job_id).job.partial, snapshot))

    def _check_open(self) -> None:
        if self._is_closed:
            raise ClosedError("the session is closed")

    def _entry(self, job_id: str) -> _Entry:
        entry = self._entries.get(job_id)
        if entry is not None:
            return entry
        number = _number(job_id)
        if number is not None and number <= self._count:
            raise GoneError(f"job {job_id!r} finished long ago; the last {self._kept} are kept")
        raise NotFoundError(f"job {job_id!r} does not exist ({self._count} jobs so far)")

    def _change(self, job_id: str, **changes: Any) -> None:
        entry = self._entries[job_id]
        entry.job = entry.job.model_copy(update=changes)
        if entry.job.state in FINISHED:
            entry.work = None
            finished = [key for key, one in self._entries.items() if one.job.state in FINISHED]
            for key in finished[: max(0, len(finished) - self._kept)]:
                del self._entries[key]
        self._on_change(entry.job)
        self._changed.notify_all()

    def _next(self) -> str | _Call | None:
        with self._changed:
            while not self._is_closed:
                left = self._posted[0][0] - time.monotonic() if self._posted else None
                if left is not None and left <= 0:
                    return _Call(self._posted.pop(0)[1], is_logged=True)
                if self._waiting:
                    break
                self._changed.wait(left)
            if self._is_closed:
                return None
            item = self._waiting.popleft()
            if isinstance(item, str):
                self._change(item, state="running")
            return item

    def _run(self) -> None:
        self._on_start()
        while (item := self._next()) is not None:
            if isinstance(item, _Call):
                item.run()
            else:
                self._work(item)
            del item

    def _work(self, job_id: str) -> None:
        with self._changed:
            work = self._entries[job_id].work
        assert work is not None
        changes: dict[str, Any]
        try:
            changes = {"state": "done", "snapshot": work(JobHandle(self, job_id)), "progress": 1.0}
        except CancelledError as error:
            changes = {"state": "cancelled", "problem": error.problem()}
        except LayerwalkError as error:
            changes = {"state": "failed", "problem": error.problem()}
        except Exception as error:  # noqa: BLE001  (the job fails, the thread lives)
            _LOG.exception("job %s failed", job_id)
            changes = {"state": "failed", "problem": ModelError(_sentence(error)).problem()}
        with self._changed:
            self._change(job_id, **changes)


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _number(job_id: str) -> int | None:
    digits = job_id.removeprefix("j")
    if digits == job_id or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return None
    return int(digits) if digits == str(int(digits)) and int(digits) else None
