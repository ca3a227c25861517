"""Maximisations: asking for one, the recipes, what came of it as a sheet and as arrays."""

from __future__ import annotations

from flask import Response, request
from pydantic import ValidationError

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.networks import client_name
from layerwalk.http.operations import Operation, Query, check_json, json_answer
from layerwalk_shared.errors import UnsupportedMediaError
from layerwalk_shared.messages import CLIENT_HEADER, Job, MaximiseRequest, RecipeList
from layerwalk_shared.recipes import RECIPES as TABLE
from layerwalk_shared.routes import JOB, MAXIMISE, RECIPES


def maximise(context: Context, query: Query, *, network: str) -> Response:
    if request.mimetype != "application/json":
        came = f"content type {request.mimetype!r}" if request.mimetype else "no content type"
        raise UnsupportedMediaError(f"{came}, expected application/json")
    try:
        wish = MaximiseRequest.model_validate_json(request.get_data())
    except ValidationError as error:
        raise check_json(error) from error
    job = context.session.studio.submit(network, wish, client=client_name())
    response = message(job, 202)
    response.headers["Location"] = JOB.url(job=job.id)
    return response


def list_recipes(context: Context, query: Query) -> Response:
    return message(RecipeList(recipes=tuple(TABLE.values())))


OPERATIONS = (
    Operation(
        "POST",
        MAXIMISE,
        maximise,
        tag="maximisation",
        summary="Make images that excite units of a node",
        text=(
            "What can be wrong is said at once: a node that passes no gradient back to the input, a "
            "channel that there is not. The job then shows previews as snapshots (`partial`, and an "
            "event for each) and ends with one that holds the finished images, value by value. "
            "Forward passes are let in between two of its steps. Finished channels are kept in the "
            f"server's cache, also where the job is cancelled. `{CLIENT_HEADER}` as for inputs."
        ),
        bodies={"application/json": MaximiseRequest},
        answers={202: json_answer(Job, "The job; `Location` names it.")},
        errors=(404, 410, 413, 415, 503),
    ),
    Operation(
        "GET",
        RECIPES,
        list_recipes,
        tag="maximisation",
        summary="The recipes that come with it, the default first",
        answers={200: json_answer(RecipeList, "Every number of each.")},
        errors=(),
    ),
)
