"""Pages for people: what is served, and a page to try the API, both without anything from afar."""

from __future__ import annotations

import json
import secrets
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, render_template_string, request
from markupsafe import Markup

from layerwalk.http.context import Context
from layerwalk.http.operations import Answer, Operation, Query
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.links import Link
from layerwalk_shared.routes import API_PREFIX, DOCS, HOME, OPENAPI

_PAGES = Path(__file__).with_name("pages")


@cache
def _page(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")


def show_home(context: Context, query: Query) -> Response:
    networks = [context.session.describe_network(one.id) for one in context.session.networks()]
    return _html(
        "home.html",
        networks=networks,
        datasets=context.session.datasets(),
        address=request.host_url.rstrip("/"),
        links={network.id: _link(network.name) for network in networks},
        api=API_PREFIX,
        docs=DOCS.rule,
    )


def _link(network: str) -> str:
    """Return the link that opens a network in the client; "" where its address has no such form."""
    address = urlsplit(request.host_url)
    try:
        is_secure = address.scheme == "https"
        port = address.port or (443 if is_secure else 80)
        return str(Link(address.hostname or "", port, is_secure, network=network))
    except (InvalidRequestError, ValueError):
        return ""


def show_docs(context: Context, query: Query) -> Response:
    return _html("docs.html", openapi=OPENAPI.rule, home=HOME.rule)


def _html(name: str, **values: object) -> Response:
    """Return a page; only its own script and style run, and only this server is asked."""
    nonce = secrets.token_urlsafe(16)
    response = Response(
        render_template_string(
            _page(name), nonce=nonce, style=Markup(_page("style.css")), **values
        ),
        mimetype="text/html",
    )
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


_PAGE = {200: (Answer("text/html", "The page."),)}

OPERATIONS = (
    Operation(
        "GET",
        HOME,
        show_home,
        tag="pages",
        summary="What is served, for people",
        answers=_PAGE,
        errors=(),
    ),
    Operation(
        "GET",
        DOCS,
        show_docs,
        tag="pages",
        summary="This API, to read and to try",
        answers=_PAGE,
        errors=(),
    ),
)


def openapi_operation(document: dict[str, object]) -> Operation:
    """Return the operation that gives the OpenAPI document; it is in the document itself."""

    def show_openapi(context: Context, query: Query) -> Response:
        return Response(json.dumps(document), mimetype="application/json")

    return Operation(
        "GET",
        OPENAPI,
        show_openapi,
        tag="pages",
        summary="The OpenAPI 3.1 document",
        answers={200: (Answer("application/json", "The document."),)},
        errors=(),
    )
