"""One keep-alive HTTP connection: a request goes out, a body comes back in one buffer.

The standard library's http.client, because a body of known length can be read straight into a
buffer of our own, from which tiles are views. Statuses of failure are raised as the errors they
were made from.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from layerwalk_client.source.buffers import BufferPool
from layerwalk_shared.errors import (
    PROBLEM_MEDIA_TYPE,
    LayerwalkError,
    ProtocolError,
    ServerUnreachableError,
    TooLargeError,
    error_from_problem,
)
from layerwalk_shared.messages import CLIENT_HEADER
from layerwalk_shared.routes import DEFAULT_PORT

MAX_BODY_BYTES = 2**31
IDLE_S = 30.0
"""A connection unused for longer is made anew: servers drop idle ones about the same time."""
TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 4.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, from a URL such as `http://127.0.0.1:5570` or `host:5570`."""

    host: str
    port: int
    is_secure: bool = False

    @classmethod
    def parse(cls, url: str) -> Address:
        """Return the address in `url`; a missing scheme is http, a missing port the default.

        Raises:
            ServerUnreachableError: that is no address of an HTTP server.
        """
        text = url if "://" in url else f"http://{url}"
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise ServerUnreachableError(f"{url!r} is no server address: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerUnreachableError(f"{url!r} is no server address, expected http://HOST:PORT")
        return cls(parts.hostname, port or DEFAULT_PORT, parts.scheme == "https")

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine, as far as the name says."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_secure else 'http'}://{host}:{self.port}"


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """A successful answer: `body` is a read-only view of a buffer nobody else writes to."""

    status: int
    media_type: str
    headers: Mapping[str, str]
    body: memoryview = field(repr=False)


class Connection:
    """A connection, opened when needed. Mutable, owned by one thread; only `interrupt` may be
    called from another."""

    def __init__(
        self,
        address: Address,
        *,
        client: str,
        token: str | None = None,
        buffers: BufferPool | None = None,
    ) -> None:
        self._address = address
        self._buffers = buffers or BufferPool()
        self.client = client
        self._headers = {CLIENT_HEADER: client}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._http: http.client.HTTPConnection | None = None
        self._used_s = 0.0
        self._is_interrupted = False

    def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        is_repeatable: bool = True,
    ) -> Reply:
        """Send one request and read its whole answer.

        A kept connection that turns out to be dead is replaced once, where the request may be
        sent twice (`is_repeatable`).

        Raises:
            LayerwalkError: the one the server answered with; ServerUnreachableError where there
                was no answer, ProtocolError where it was none of ours.
        """
        if self._http is not None and time.monotonic() - self._used_s > IDLE_S:
            self.close()
        is_kept = self._http is not None
        try:
            return self._exchange(method, path, body, headers or {}, timeout_s)
        except LayerwalkError:  # some are OSErrors too, and are answers all the same
            raise
        except (http.client.HTTPException, OSError, UnicodeError) as error:
            self.close()
            is_stale = isinstance(
                error, http.client.RemoteDisconnected | BrokenPipeError | ConnectionResetError
            )
            if not (is_kept and is_stale and is_repeatable) or self._is_interrupted:
                raise self._unreachable(error) from error
        try:
            return self._exchange(method, path, body, headers or {}, timeout_s)
        except LayerwalkError:  # some are OSErrors too, and are answers all the same
            raise
        except (http.client.HTTPException, OSError, UnicodeError) as error:
            self.close()
            raise self._unreachable(error) from error

    def interrupt(self) -> None:
        """Make a waiting `exchange` fail at once, and every later one; from any thread."""
        self._is_interrupted = True
        connection = self._http
        sock = connection.sock if connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket; the next exchange opens a new one."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _open(self) -> http.client.HTTPConnection:
        if self._is_interrupted:
            raise ConnectionAbortedError("closed")
        if self._http is None:
            address = self._address
            if address.is_secure:
                self._http = http.client.HTTPSConnection(
                    address.host,
                    address.port,
                    timeout=CONNECT_TIMEOUT_S,
                    context=ssl.create_default_context(),
                )
            else:
                self._http = http.client.HTTPConnection(
                    address.host, address.port, timeout=CONNECT_TIMEOUT_S
                )
            self._http.connect()
        return self._http

    def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_s: float,
    ) -> Reply:
        connection = self._open()
        connection.sock.settimeout(timeout_s)
        connection.request(method, path, body=body, headers={**self._headers, **headers})
        response = connection.getresponse()
        try:
            found = _read(response, self._buffers)
        except TooLargeError:
            self.close()
            raise
        self._used_s = time.monotonic()
        if response.will_close:
            self.close()
        media_type = (response.headers.get("Content-Type") or "").partition(";")[0].strip()
        if response.status >= 400:
            raise _error_of(response, media_type, found, path)
        return Reply(response.status, media_type, dict(response.headers.items()), found)

    def _unreachable(self, error: Exception) -> ServerUnreachableError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, TimeoutError):
            reason = "no answer in time"
        return ServerUnreachableError(f"no server at {self._address}: {reason}")


def _read(response: http.client.HTTPResponse, buffers: BufferPool) -> memoryview:
    length = response.length
    if length is None:
        text = response.read(MAX_BODY_BYTES + 1)
        if len(text) > MAX_BODY_BYTES:
            raise TooLargeError(f"the answer is larger than {MAX_BODY_BYTES} bytes")
        return memoryview(text)
    if length > MAX_BODY_BYTES:
        raise TooLargeError(f"the answer has {length} bytes, the limit is {MAX_BODY_BYTES}")
    buffer = buffers.take(length).data
    position = 0
    while position < length:
        count = response.readinto(buffer[position:])
        if not count:
            raise http.client.IncompleteRead(b"", length - position)
        position += count
    response.read()  # lets http.client see the end, so that the connection is kept
    return buffer.toreadonly()


def _error_of(
    response: http.client.HTTPResponse, media_type: str, body: memoryview, path: str
) -> LayerwalkError:
    if media_type == PROBLEM_MEDIA_TYPE:
        try:
            problem = json.loads(bytes(body))
        except (ValueError, RecursionError):
            problem = None
        if isinstance(problem, dict):
            return error_from_problem(problem)
    return ProtocolError(
        f"{path.partition('?')[0]} answered {response.status} {response.reason} as {media_type!r}:"
        f" is this a Layerwalk server?"
    )
