"""The Flask app over a session: every route of the table, its errors, its guards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, Response, request

from layerwalk.http import (
    attributions,
    comparisons,
    datasets,
    events,
    exports,
    human,
    jobs,
    maximisations,
    networks,
    snapshots,
    surveys,
    tiles,
    training,
    views,
    weights,
)
from layerwalk.http.context import Context
from layerwalk.http.openapi import document
from layerwalk.http.operations import Operation, parse_query
from layerwalk.http.problems import handle_problems
from layerwalk.http.security import guard
from layerwalk.limits import Limits
from layerwalk.session import Session

_NOUNS = (
    human,
    networks,
    views,
    snapshots,
    exports,
    tiles,
    weights,
    training,
    maximisations,
    comparisons,
    surveys,
    attributions,
    jobs,
    events,
    datasets,
)


def make_app(
    session: Session,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    origins: Sequence[str] = (),
    is_loopback: bool = True,
) -> Flask:
    """Return the WSGI app that serves a session.

    Args:
        session: what is served; the caller closes it.
        limits: of requests; the session's by default.
        token: Bearer token that every request needs.
        origins: web origins that may read answers, such as `https://example.org`.
        is_loopback: it will listen on a loopback address, so foreign host names are refused.

    Raises:
        InvalidRequestError: an origin is none.
    """
    context = Context(
        session,
        limits or session.limits,
        token=token,
        origins=tuple(origins),
        is_loopback=is_loopback,
    )
    app = Flask("layerwalk", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = context.limits.body_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.after_request(_with_common_headers)
    handle_problems(app)
    guard(app, context)
    for operation in all_operations(context):
        app.add_url_rule(
            operation.route.rule,
            endpoint=f"{operation.method.lower()}_{operation.route.name}",
            view_func=_view(operation, context),
            methods=[operation.method],
        )
    return app


def _with_common_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def all_operations(context: Context) -> tuple[Operation, ...]:
    """Return every operation of the API, the OpenAPI document's own included."""
    described: dict[str, Any] = {}
    own = human.openapi_operation(described)
    operations = (own, *(operation for noun in _NOUNS for operation in noun.OPERATIONS))
    described |= document(
        operations,
        version=context.session.describe().version,
        needs_token=context.token is not None,
    )
    return operations


def _view(operation: Operation, context: Context) -> Callable[..., Response]:
    def view(**parts: Any) -> Response:
        return operation.handler(context, parse_query(operation.query, request.args), **parts)

    return view
