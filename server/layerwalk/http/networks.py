"""Networks: the session, one network, putting something on its input, its snapshots."""

from __future__ import annotations

from typing import Annotated

from flask import Response, request
from pydantic import Field, TypeAdapter, ValidationError

from layerwalk.http.answers import message
from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query, check_json, json_answer
from layerwalk.inputs.prepared import FILES, UNNAMED
from layerwalk_shared.errors import InvalidRequestError, UnsupportedMediaError
from layerwalk_shared.messages import (
    CLIENT_HEADER,
    InputRequest,
    Job,
    NetworkDescription,
    SessionDescription,
    SnapshotList,
)
from layerwalk_shared.routes import HEALTH, INPUT, JOB, NETWORK, SESSION, SNAPSHOTS

MAX_CLIENT_NAME = 128
FILE_TYPES = tuple(name for name in FILES if name != "text/plain")
"""Of bodies; a web form could send text/plain, so words come as JSON."""
_REQUESTS: TypeAdapter[InputRequest] = TypeAdapter(InputRequest)


class InputQuery(Query):
    """Query of an upload."""

    title: Annotated[
        str | None,
        Field(max_length=200, description="What to call an uploaded file, for people."),
    ] = None
    argument: Annotated[
        str | None,
        Field(
            max_length=200,
            description="Which argument of a network that takes several: the id of its input node, "
            "or its name. What the same client put on the others stays; without a "
            "client's name they are as in the example.",
        ),
    ] = None


def client_name() -> str | None:
    """Return the name that the client gives itself, or None.

    Raises:
        InvalidRequestError: it is too long.
    """
    name = request.headers.get(CLIENT_HEADER)
    if name is not None and not 0 < len(name) <= MAX_CLIENT_NAME:
        raise InvalidRequestError(
            f"header {CLIENT_HEADER} has {len(name)} characters, expected 1 to {MAX_CLIENT_NAME}"
        )
    return name


def show_health(context: Context, query: Query) -> Response:
    return Response("ok\n", mimetype="text/plain")


def show_session(context: Context, query: Query) -> Response:
    return message(context.session.describe())


def show_network(context: Context, query: Query, *, network: str) -> Response:
    return message(context.session.describe_network(network))


def list_snapshots(context: Context, query: Query, *, network: str) -> Response:
    return message(SnapshotList(snapshots=context.session.snapshots(network)))


def put_input(context: Context, query: InputQuery, *, network: str) -> Response:
    session = context.session
    session.network(network)
    client = client_name()
    media_type = request.mimetype
    data = request.get_data()
    if media_type in (*FILE_TYPES, UNNAMED):
        job = session.put_file(
            network,
            data,
            media_type=media_type,
            client=client,
            title=query.title,
            argument=query.argument,
        )
    elif media_type == "application/json":
        try:
            wish = _REQUESTS.validate_json(data)
        except ValidationError as error:
            raise check_json(error) from error
        job = session.put(network, wish, client=client, argument=query.argument)
    else:
        came = f"content type {media_type!r}" if media_type else "no content type"
        raise UnsupportedMediaError(
            f"{came}, expected {', '.join((*FILE_TYPES, UNNAMED, 'application/json'))}"
        )
    response = message(job, 202)
    response.headers["Location"] = JOB.url(job=job.id)
    return response


OPERATIONS = (
    Operation(
        "GET",
        HEALTH,
        show_health,
        tag="session",
        summary="Whether the server is alive",
        answers={200: (Answer("text/plain", "It is."),)},
        errors=(),
    ),
    Operation(
        "GET",
        SESSION,
        show_session,
        tag="session",
        summary="Networks, data sets and the last event, as one consistent cut",
        answers={200: json_answer(SessionDescription, "What there is at event `last_event`.")},
        errors=(),
    ),
    Operation(
        "GET",
        NETWORK,
        show_network,
        tag="networks",
        summary="A network: graph, input, classes, the snapshot to begin with",
        answers={200: json_answer(NetworkDescription, "The network whole.")},
    ),
    Operation(
        "POST",
        INPUT,
        put_input,
        tag="networks",
        summary="Put something on a network's input",
        text=(
            "An image file is scaled until it covers the input and cropped centrally. The values "
            "of an NPY array are taken as they are. A WAV file is brought to the network's rate, cut "
            "or padded with silence. A CSV file is a series, a step in each row, or a vector. JSON "
            "names an item of a data set, noise, a channel of a snapshot, words, which the network's "
            "tokenizer reads, or the example. Every request makes a snapshot of its own; `{CLIENT_HEADER}` "
            "in the request's header comes back as `client` in its manifest."
        ),
        query=InputQuery,
        bodies={
            **{name: {"type": "string", "format": "binary"} for name in (*FILE_TYPES, UNNAMED)},
            "application/json": InputRequest,
        },
        answers={202: json_answer(Job, "The job; `Location` names it.")},
        errors=(404, 410, 413, 415, 503),
    ),
    Operation(
        "GET",
        SNAPSHOTS,
        list_snapshots,
        tag="networks",
        summary="The manifests of a network's snapshots, oldest first",
        answers={200: json_answer(SnapshotList, "Manifests.")},
    ),
)
