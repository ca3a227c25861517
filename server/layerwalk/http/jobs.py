"""Jobs: what runs, what ran, cancelling."""

from __future__ import annotations

from flask import Response

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.operations import Operation, Query, json_answer
from layerwalk_shared.messages import Job, JobList
from layerwalk_shared.routes import JOB, JOBS


def list_jobs(context: Context, query: Query) -> Response:
    return message(JobList(jobs=context.session.jobs.jobs()))


def show_job(context: Context, query: Query, *, job: str) -> Response:
    return message(context.session.jobs.job(job))


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
