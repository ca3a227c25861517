"""Who may ask: host names against DNS rebinding, the token, and web origins."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from flask import Flask, request
from flask_cors import CORS

from layerwalk.http.context import Context
from layerwalk_shared.errors import InvalidRequestError, MisdirectedError, UnauthorizedError
from layerwalk_shared.messages import CLIENT_HEADER

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


def is_loopback(host: str) -> bool:
    """Return whether a host name or address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """Return the name in a Host header, without its port, in lower case."""
    host = host.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def guard(app: Flask, context: Context) -> None:
    """Check every request before its handler.

    - On a loopback address only the names of this machine are answered: a web page that points
      its own name at 127.0.0.1 (DNS rebinding) sends that name and gets 421.
    - With a token, every request but a CORS preflight carries `Authorization: Bearer TOKEN`,
      compared in constant time; nothing else is accepted in its place.
    - Answers can be read by no web page but those of `context.origins`.

    Raises:
        InvalidRequestError: an origin is none.
    """

    def check() -> None:
        if context.is_loopback and host_name(request.host) not in LOOPBACK_NAMES:
            raise MisdirectedError(
                f"this server answers to localhost, 127.0.0.1 and [::1], not to {request.host!r}"
            )
        if context.token is not None and request.method != "OPTIONS":
            _check_token(context.token)

    app.before_request(check)
    if context.origins:
        for origin in context.origins:
            _check_origin(origin)
        CORS(
            app,
            origins=list(context.origins),
            allow_headers=["Authorization", "Content-Type", CLIENT_HEADER],
            expose_headers=["ETag", "Location", "Retry-After"],
            methods=["GET", "HEAD", "POST", "DELETE"],
        )


def _check_token(token: str) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise UnauthorizedError("this server needs the header Authorization: Bearer TOKEN")
    if not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise UnauthorizedError("the token is wrong")


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("",):
        raise InvalidRequestError(
            f"origin {origin!r}, expected a scheme and a host such as https://example.org"
        )
