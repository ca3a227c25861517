"""What running work sees of its job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from layerwalk_shared.errors import CancelledError

if TYPE_CHECKING:
    from layerwalk.jobs.queue import JobQueue


class JobHandle:
    """What running work sees of its job. Owned by the model thread."""

    def __init__(self, queue: JobQueue, job_id: str) -> None:
        self._queue = queue
        self.id = job_id

    def progress(
        self,
        fraction: float,
        *,
        step: int | None = None,
        steps: int | None = None,
        seconds_left: float | None = None,
        note: str | None = None,
    ) -> None:
        """Tell how far the work is. It may be called at every step: few calls become events.

        Args:
            fraction: share that is done, 0..1; it never shrinks.
            step, steps: done, and to do in all; both, or neither.
            seconds_left: time to go; measured from the steps where it is not given.
            note: something that went otherwise, for people; it is kept.

        Raises:
            CancelledError: the job is to stop.
        """
        self._queue.advance(
            self.id, fraction, step=step, steps=steps, seconds_left=seconds_left, note=note
        )
        self.check()

    def show(self, snapshot: str) -> None:
        """Add a partial result."""
        self._queue.show(self.id, snapshot)

    def hide(self, snapshot: str) -> None:
        """Take back a partial result that is of no more use."""
        self._queue.hide(self.id, snapshot)

    def check(self) -> None:
        """Raise `CancelledError` where the job is to stop; call it between steps."""
        if self._queue.is_cancelled(self.id):
            raise CancelledError(f"job {self.id!r} was cancelled")

    def give_way(self) -> None:
        """Run all urgent work that waits, here and now; call it between steps of a long job.

        The work runs under whatever the caller has set on this thread or on the model (hooks,
        autocast, gradients on or off), so nothing of that may be in force. What goes wrong in it
        does not come here. In an urgent job nothing is let in.

        Raises:
            CancelledError: the job is to stop.
        """
        self._queue.give_way(self.id)


Work = Callable[[JobHandle], str | None]
"""Work of a job; returns the id of the snapshot that it made."""
