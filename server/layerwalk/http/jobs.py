"""Jobs: what runs, what ran, cancelling."""

from __future__ import annotations

import time
from typing import Annotated

from flask import Response
from pydantic import Field

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.events import LOOK_S, client_watch, crowded
from layerwalk.http.operations import Operation, Query, json_answer
from layerwalk.jobs import FINISHED
from layerwalk_shared.messages import Job, JobList
from layerwalk_shared.routes import JOB, JOBS


def list_jobs(context: Context, query: Query) -> Response:
    return message(JobList(jobs=context.session.jobs.jobs()))


class JobQuery(Query):
    """Query of one job."""

    wait: Annotated[
        float, Field(ge=0, le=3600, description="Longest wait for its end, seconds; see limits.")
    ] = 0.0


def show_job(context: Context, query: JobQuery, *, job: str) -> Response:
    jobs = context.session.jobs
    found = jobs.job(job)
    if found.state in FINISHED or query.wait == 0:
        return message(found)
    deadline = time.monotonic() + min(query.wait, context.limits.event_wait_s)
    is_there = client_watch()
    with context.waiting() as has_place:
        if not has_place:
            return crowded(message(found))
        while found.state not in FINISHED and is_there():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            found = jobs.wait(job, min(left, LOOK_S))
    return message(found)


def cancel_job(context: Context, query: Query, *, job: str) -> Response:
    return message(context.session.jobs.cancel(job))


OPERATIONS = (
    Operation(
        "GET",
        JOBS,
        list_jobs,
        tag="jobs",
        summary="All jobs that are remembered, oldest first",
        answers={200: json_answer(JobList, "Jobs.")},
        errors=(),
    ),
    Operation(
        "GET",
        JOB,
        show_job,
        tag="jobs",
        summary="A job: state, progress, its snapshot, or its problem",
        text="With `wait`, the answer waits for the job's end.",
        query=JobQuery,
        answers={200: json_answer(Job, "The job as it is now.")},
        errors=(404, 410),
    ),
    Operation(
        "DELETE",
        JOB,
        cancel_job,
        tag="jobs",
        summary="Cancel a job: at once where it waits, within one step where it runs",
        answers={200: json_answer(Job, "The job as it is now; one that has ended stays as it is.")},
        errors=(404, 410),
    ),
)
