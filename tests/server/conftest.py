"""The small network's session, its app and its server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient

from layerwalk.http.app import make_app
from layerwalk.http.serving import Server, serve
from layerwalk.session import Session
from server.small import CLASSES, SPEC, Pictures, Small, make_small


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    """Fail where a test leaves a thread behind."""
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert left == []


@pytest.fixture
def model() -> Small:
    return make_small()


@pytest.fixture
def session(no_thread_left: None, model: Small) -> Iterator[Session]:
    with Session() as made:
        made.add_dataset(Pictures())
        made.add_network(model, name="small", classes=CLASSES, input_spec=SPEC)
        yield made


@pytest.fixture
def web(session: Session) -> FlaskClient:
    """The real app, asked without a socket."""
    return make_app(session).test_client()


@pytest.fixture
def server(session: Session) -> Iterator[Server]:
    """The real app under the real server, on any free port."""
    with serve(session) as made:
        yield made


@pytest.fixture
def finish(session: Session) -> Callable[[str], str]:
    """Return a function that waits for a job and gives the id of its snapshot."""

    def wait(job_id: str) -> str:
        after = 0
        while session.jobs.job(job_id).state in ("queued", "running"):
            after = session.events.after(after, wait_s=10).last
        job = session.jobs.job(job_id)
        assert job.snapshot is not None, job
        return job.snapshot

    return wait
