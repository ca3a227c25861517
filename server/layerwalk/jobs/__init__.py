"""Jobs: all work on models, on one thread; what somebody waits for goes first."""

from __future__ import annotations

from layerwalk.jobs.handle import JobHandle as JobHandle
from layerwalk.jobs.handle import Work as Work
from layerwalk.jobs.queue import LONG as LONG
from layerwalk.jobs.queue import JobKind as JobKind
from layerwalk.jobs.queue import JobQueue as JobQueue
from layerwalk.jobs.register import FINISHED as FINISHED

__all__ = ["FINISHED", "LONG", "JobHandle", "JobKind", "JobQueue", "Work"]
