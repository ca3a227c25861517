"""Surveys: scores of a data set, and the items that excite a channel most."""

from __future__ import annotations

from typing import Annotated, TypeVar

from flask import Response
from pydantic import BaseModel, Field

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.networks import client_name
from layerwalk.http.operations import Operation, Query, json_answer, json_wish
from layerwalk_shared.messages import (
    ChannelExcitations,
    ExciteRequest,
    Job,
    ScoreRequest,
    ScoreSummary,
)
from layerwalk_shared.routes import EXCITE, EXCITING, JOB, SCORE

M = TypeVar("M", bound=BaseModel)


class ScoreQuery(Query):
    """Query of scores."""

    dataset: Annotated[str, Field(max_length=100, description="Id of the data set.")]


class ExcitingQuery(Query):
    """Query of what excites a channel."""

    dataset: Annotated[str, Field(max_length=100, description="Id of the data set.")]
    channel: Annotated[int, Field(ge=0, description="Which channel of the node.")]
    most: Annotated[int, Field(ge=1, le=24, description="Items at most.")] = 12


def score(context: Context, query: Query, *, network: str) -> Response:
    wish = json_wish(ScoreRequest)
    return _taken(context.session.surveyor.score(network, wish, client=client_name()))


def show_scores(context: Context, query: ScoreQuery, *, network: str) -> Response:
    return message(context.session.surveyor.summary(network, query.dataset))


def excite(context: Context, query: Query, *, network: str) -> Response:
    wish = json_wish(ExciteRequest)
    return _taken(context.session.surveyor.excite(network, wish, client=client_name()))


def show_exciting(context: Context, query: ExcitingQuery, *, network: str, node: str) -> Response:
    found = context.session.surveyor.exciting(
        network, node, channel=query.channel, dataset_id=query.dataset, most=query.most
    )
    return message(found)


def _taken(job: Job) -> Response:
    response = message(job, 202)
    response.headers["Location"] = JOB.url(job=job.id)
    return response


OPERATIONS = (
    Operation(
        "POST",
        SCORE,
        score,
        tag="surveys",
        summary="Score a data set with a network",
        text=(
            "A job that runs the items in batches; forward passes that somebody waits for go first, "
            "between two of them. What was scored before with the same weights is kept, also where "
            "the job was cancelled, and not asked again. Items that cannot be read are left out and "
            "counted in the job's notes."
        ),
        bodies={"application/json": ScoreRequest},
        answers={202: json_answer(Job, "The job; `Location` names it.")},
        errors=(404, 413, 415, 503),
    ),
    Operation(
        "GET",
        SCORE,
        show_scores,
        tag="surveys",
        summary="How right a network is about a data set, whole and by class",
        text=(
            "Labels are compared with the network's classes by name. `state` is `stale` where the "
            "weights are others by now. The items themselves: the data set's pages, with `network`."
        ),
        query=ScoreQuery,
        answers={200: json_answer(ScoreSummary, "The numbers, as far as they are known.")},
    ),
    Operation(
        "POST",
        EXCITE,
        excite,
        tag="surveys",
        summary="Find the items of a data set that excite each channel of some nodes most",
        text="A job as for scores; one go through the data set serves all channels of all the nodes.",
        bodies={"application/json": ExciteRequest},
        answers={202: json_answer(Job, "The job; `Location` names it.")},
        errors=(404, 413, 415, 503),
    ),
    Operation(
        "GET",
        EXCITING,
        show_exciting,
        tag="surveys",
        summary="The items that excite one channel most, strongest first",
        text="By the largest value and by the mean over all positions, as far as they are known.",
        query=ExcitingQuery,
        answers={200: json_answer(ChannelExcitations, "The items.")},
    ),
)
