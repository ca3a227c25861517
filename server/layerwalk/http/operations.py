"""An operation of the API as data: its route, its handler, and what OpenAPI says about it.

Each is written once, beside its handler; the app registers from it, the OpenAPI document is built
from it, so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import MultiDict

from layerwalk_shared.errors import (
    InvalidRequestError,
    MalformedRequestError,
    UnsupportedMediaError,
    nearest_hint,
)
from layerwalk_shared.routes import Route

_Wish = TypeVar("_Wish", bound=BaseModel)


class Query(BaseModel):
    """The query parameters of an operation; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Answer:
    """One kind of answer: its media type, the message in it, what it means."""

    media_type: str | None
    text: str
    model: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route.

    Attributes:
        method: GET, POST, DELETE.
        route: from the shared table.
        handler: `(context, query, **parts) -> Response`.
        tag: the noun it belongs to.
        summary: one line.
        text: more, where the summary is not enough.
        query: model of the query parameters.
        bodies: media type -> schema of the request's body; {} = none.
        is_body_optional: the request may come without a body.
        answers: status -> answers (more where the media type is negotiated).
        errors: statuses of problems beside 400, 401 and 422.
    """

    method: str
    route: Route
    handler: Callable[..., Response]
    tag: str
    summary: str
    answers: Mapping[int, tuple[Answer, ...]]
    text: str = ""
    query: type[Query] = Query
    bodies: Mapping[str, Any] = field(default_factory=dict)
    is_body_optional: bool = False
    errors: tuple[int, ...] = (404,)


def json_answer(model: type[BaseModel], text: str) -> tuple[Answer, ...]:
    """Return the one answer that is a message as JSON."""
    return (Answer("application/json", text, model),)


def parse_query(model: type[Query], arguments: MultiDict[str, str]) -> Query:
    """Return the query parameters, checked.

    Raises:
        InvalidRequestError: an unknown or repeated one, or a value that does not fit.
    """
    known = model.model_fields
    for name, values in arguments.lists():
        if name not in known:
            names = f"known: {', '.join(known)}" if known else "there are none here"
            raise InvalidRequestError(
                f"query parameter {name!r} is unknown ({names}){nearest_hint(name, known)}"
            )
        if len(values) > 1:
            raise InvalidRequestError(f"query parameter {name!r} stands {len(values)} times")
    try:
        return model.model_validate(arguments.to_dict())
    except ValidationError as error:
        raise InvalidRequestError(explain(error, "query parameter")) from error


def explain(error: ValidationError, what: str) -> str:
    """Return one sentence for what does not fit a message: which field, what came."""
    parts = []
    for item in error.errors(include_url=False)[:5]:
        place = ".".join(str(step) for step in item["loc"]) or "body"
        came = repr(item["input"])
        shown = came if len(came) <= 80 else came[:77] + "..."
        parts.append(f"{what} {place!r}: {item['msg']} (came: {shown})")
    more = error.error_count() - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


def json_wish(model: type[_Wish], *, others: str = "") -> _Wish:
    """Return the JSON body of the request as a message.

    Args:
        model: of the message.
        others: media types that are taken beside JSON, for the error.

    Raises:
        UnsupportedMediaError: the body is of another type, or says none.
        InvalidRequestError: it is no JSON, or does not fit.
    """
    if request.mimetype != "application/json":
        came = f"content type {request.mimetype!r}" if request.mimetype else "no content type"
        either = f" or {others}" if others else ""
        raise UnsupportedMediaError(f"{came}, expected application/json{either}")
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise check_json(error) from error


def check_json(error: ValidationError) -> InvalidRequestError:
    """Return the error for a JSON body that is no JSON, or does not fit."""
    if any(item["type"] == "json_invalid" for item in error.errors(include_url=False)):
        message = error.errors(include_url=False)[0]["msg"]
        return MalformedRequestError(f"the body is not JSON: {message}")
    return InvalidRequestError(explain(error, "field"))
