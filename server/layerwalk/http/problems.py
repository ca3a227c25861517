"""Every failure as one shape on the wire: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from layerwalk_shared.errors import (
    PROBLEM_MEDIA_TYPE,
    InvalidRequestError,
    LayerwalkError,
    MalformedRequestError,
    MethodNotAllowedError,
    NotFoundError,
    TooLargeError,
    UnauthorizedError,
    UnsupportedMediaError,
    nearest_hint,
)
from layerwalk_shared.routes import API_PREFIX

_LOG = logging.getLogger(__name__)
_BY_STATUS: dict[int, type[LayerwalkError]] = {
    error.status: error
    for error in (
        MalformedRequestError,
        UnauthorizedError,
        NotFoundError,
        MethodNotAllowedError,
        TooLargeError,
        UnsupportedMediaError,
        InvalidRequestError,
    )
}
BUSY_AGAIN_S = 1
"""What `Retry-After` says where the server is busy."""


def problem(error: LayerwalkError, *, status: int | None = None) -> Response:
    """Return the answer for an error."""
    content = error.problem()
    if status is not None and status != error.status:
        content |= {"status": status, "title": HTTPStatus(status).phrase}
    response = Response(
        json.dumps(content, separators=(",", ":")), content["status"], mimetype=PROBLEM_MEDIA_TYPE
    )
    if content["status"] == 503:
        response.headers["Retry-After"] = str(BUSY_AGAIN_S)
    if content["status"] == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="layerwalk"'
    return response


def problem_of_status(status: int, detail: str) -> Response:
    """Return the answer for a status that the HTTP layer itself raised."""
    error = _BY_STATUS.get(status)
    if error is None:
        fallback = MalformedRequestError if status < 500 else LayerwalkError
        return problem(fallback(detail), status=status)
    return problem(error(detail))


def handle_problems(app: Flask) -> None:
    """Make every error of an app, its own and Flask's, a problem."""

    def on_known(error: LayerwalkError) -> Response:
        return problem(error)

    def on_http(error: HTTPException) -> Response:
        response = problem_of_status(error.code or 500, _sentence(error, app))
        for name, value in error.get_headers(request.environ):
            if name == "Allow":
                response.headers[name] = value
        return response

    def on_unknown(error: Exception) -> Response:
        _LOG.exception("%s %s failed", request.method, request.path)
        return problem(LayerwalkError(f"{type(error).__name__} while answering {request.path}"))

    app.register_error_handler(LayerwalkError, on_known)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, on_unknown)


def _sentence(error: HTTPException, app: Flask) -> str:
    if error.code == 404:
        known = [rule.rule for rule in app.url_map.iter_rules()]
        hint = nearest_hint(request.path, known)
        return f"no route {request.path!r}{hint or f'; see {API_PREFIX}/openapi.json'}"
    if error.code == 405:
        methods = error.valid_methods if isinstance(error, MethodNotAllowed) else None
        allowed = ", ".join(sorted(methods or ()))
        return f"{request.method} is not allowed on {request.path!r}; allowed: {allowed}"
    if error.code == 413:
        limit = app.config["MAX_CONTENT_LENGTH"]
        length = request.content_length
        came = f"a body of {length} bytes" if length else "a body"
        return f"{came} is over the limit of {limit} bytes"
    return error.description or error.name
