"""Attributions: asking for one, and what each channel and edge gave as arrays."""

from __future__ import annotations

from flask import Response

from layerwalk.http.answers import binary, immutable, message, unchanged
from layerwalk.http.context import Context
from layerwalk.http.networks import client_name
from layerwalk.http.operations import Answer, Operation, Query, json_answer, json_wish
from layerwalk_shared.contributions import MEDIA_TYPE, encode
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import CLIENT_HEADER, AttributeRequest, Job
from layerwalk_shared.routes import ATTRIBUTE, CONTRIBUTIONS, JOB


def attribute(context: Context, query: Query, *, network: str) -> Response:
    wish = json_wish(AttributeRequest)
    job = context.session.attributions.submit(network, wish, client=client_name())
    response = message(job, 202)
    response.headers["Location"] = JOB.url(job=job.id)
    return response


def show_contributions(context: Context, query: Query, *, snapshot: str) -> Response:
    found = context.session.snapshot(snapshot)
    if found.contributions is None:
        raise InvalidRequestError(
            f"snapshot {snapshot!r} is no attribution of method 'signal', so nothing tells what each "
            "channel gave"
        )
    if known := unchanged(found.id):
        return known
    return immutable(binary([encode(found.contributions)], MEDIA_TYPE), found.id)


OPERATIONS = (
    Operation(
        "POST",
        ATTRIBUTE,
        attribute,
        tag="attribution",
        summary="Ask what made a unit, or the answer, as strong as it is",
        text=(
            "What can be wrong is said at once: a unit that passes no gradient back, a node that "
            "there is not. The job ends with a snapshot whose values tell what each place gave; of "
            "method `signal` for every node before the unit, and for every channel and edge as "
            f"arrays. Forward passes are let in between two of its steps. `{CLIENT_HEADER}` as for "
            "inputs."
        ),
        bodies={"application/json": AttributeRequest},
        answers={202: json_answer(Job, "The job; `Location` names it.")},
        errors=(404, 410, 415, 503),
    ),
    Operation(
        "GET",
        CONTRIBUTIONS,
        show_contributions,
        tag="attribution",
        summary="What each channel and each edge gave to a unit, as an NPZ file",
        text=(
            "Arrays: `channels` (float32, channel after channel as drawn, node after node), "
            "`offsets` (int64: those of node i are `channels[offsets[i]:offsets[i + 1]]`), `reached` "
            "(whether the unit comes from the node), `edges` (float32, in the graph's order)."
        ),
        answers={200: (Answer(MEDIA_TYPE, "The arrays."),)},
        errors=(404, 410),
    ),
)
