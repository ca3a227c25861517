"""A queue that is watched, on a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from layerwalk.jobs import JobQueue
from server.jobs.watching import Clock, Watch


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(no_thread_left: None, watch: Watch, clock: Clock) -> Iterator[JobQueue]:
    made = JobQueue(limit=2, kept=3, on_change=watch, clock=clock)
    yield made
    made.close()
