"""A server on a port: the app under waitress, in a thread of its own, gone without a trace.

Waitress, because it embeds in any process and is the quickest for small answers. Its default way
of large bodies (a copy to a buffer, from 1 MiB on to a file) is avoided: they go out from where
they are (`layerwalk.http.memory`).
"""

from __future__ import annotations

import errno
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from layerwalk.http.app import make_app
from layerwalk.http.memory import PIECES, Piece
from layerwalk.http.problems import problem_of_status
from layerwalk.http.security import is_loopback
from layerwalk.limits import Limits
from layerwalk.pyramid import run_serially
from layerwalk.session import Session
from layerwalk_shared.errors import InvalidRequestError, PortInUseError

MAX_PORT = 65535
THREADS = 16
"""Answer at once; at most `Limits.event_waiters` (8) of them wait for events."""
CONNECTIONS = 400
RECEIVE_BYTES = 256 * 1024
OVERFLOW_BYTES = 64 * 2**20
"""Answers up to this stay in memory while they are sent."""
DRAINED = 4
"""A body over the limit is still read up to this many times the limit, so that the client reads
the problem and not a broken connection; beyond that the connection is cut."""
DIRECT_S = 1.0
"""Longest time that a thread sends one piece itself."""
POLL_S = 1.0


class _ProblemTask(ErrorTask):
    """An answer of the server itself (a malformed request line, headers too large) as a problem."""

    def execute(self) -> None:
        error = self.request.error
        response = problem_of_status(error.code, f"{error.reason}: {error.body}")
        body = response.get_data()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", response.content_type))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(HTTPChannel):
    """A connection that also sends pieces of memory, from where they are.

    The thread that made a piece sends it at once, while it is in its core's cache. Only what a slow
    client does not take in time is left to the server's loop, as any other answer is.
    """

    error_task_class = _ProblemTask
    is_sending = False
    """A thread sends on its own: the loop is not to look whether it could."""

    def writable(self) -> bool:
        return not self.is_sending and bool(super().writable())

    def write_soon(self, data: Any) -> int:
        if not isinstance(data, Piece):
            return int(super().write_soon(data))
        try:
            sent = self._send_directly(data.view)
        except BaseException:
            data.on_sent()
            raise
        if sent == len(data):
            data.on_sent()
            return sent
        file = data.file(sent)
        rest = ReadOnlyFileBasedBuffer(file)
        rest.prepare()
        try:
            super().write_soon(rest)
        except BaseException:
            file.close()
            raise
        return len(data)

    def _send_directly(self, view: memoryview) -> int:
        """Send as much as the client takes within `DIRECT_S`; return how much that was.

        Only the thread of the one request that is answered writes to a connection, and the loop
        stays away while `is_sending`, so no lock is held while the client is waited for.
        """
        with self.outbuf_lock:
            if self.total_outbufs_len:
                self._flush_some(do_close=False)
            if self.total_outbufs_len or not self.connected:
                return 0
            self.is_sending = True
        sent = 0
        deadline = time.monotonic() + DIRECT_S
        try:
            while sent < len(view) and self.connected:
                count = int(self.send(view[sent:], do_close=False))
                sent += count
                left = deadline - time.monotonic()
                if left <= 0 or (count == 0 and not _is_writable(self.socket, left)):
                    break
        finally:
            self.is_sending = False
        return sent


def _is_writable(connection: socket.socket, wait_s: float) -> bool:
    """Return whether a socket takes more, waiting at most so long for that."""
    try:
        waiting = select.poll()
        waiting.register(connection, select.POLLOUT)
        events = waiting.poll(wait_s * 1000)
    except (OSError, ValueError):  # it was closed meanwhile
        return False
    return bool(events) and not events[0][1] & (select.POLLERR | select.POLLHUP | select.POLLNVAL)


class _Dispatcher(ThreadedTaskDispatcher):
    """Keeps its threads, so that closing can wait for them; they make tiles, so torch is serial."""

    def __init__(self, on_start: Callable[[], object]) -> None:
        super().__init__()
        self._on_start = on_start
        self.started: list[threading.Thread] = []

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        def run() -> None:
            run_serially()
            self._on_start()
            target(thread_no)

        thread = threading.Thread(target=run, name=f"layerwalk-http-{thread_no}", daemon=True)
        self.started.append(thread)
        thread.start()


class Server:
    """An app that listens. Mutable: `start`, then `close`; as a context manager both.

    Args:
        app: what answers.
        host: name or address to bind.
        port: 0 takes any that is free; `port` tells which.
        on_close: called first when it closes: lets go requests that wait.
        on_start: called first on every thread of it.

    Raises:
        PortInUseError: someone else listens there.
        InvalidRequestError: this machine has no such address, or may not bind it.
    """

    def __init__(
        self,
        app: Flask,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_close: Callable[[], None] = lambda: None,
        on_start: Callable[[], object] = lambda: None,
    ) -> None:
        listening = _listen(host, port)
        self.host = host
        self.port: int = listening.getsockname()[1]
        self._on_close = on_close
        self._on_start = on_start
        self._map: dict[int, Any] = {}
        self._dispatcher = _Dispatcher(on_start)
        self._dispatcher.set_thread_count(THREADS)
        limit = app.config["MAX_CONTENT_LENGTH"]
        self._server: TcpWSGIServer = create_server(
            _taking_pieces(app),
            map=self._map,
            _dispatcher=self._dispatcher,
            sockets=[listening],
            threads=THREADS,
            ident="layerwalk",
            connection_limit=CONNECTIONS,
            recv_bytes=RECEIVE_BYTES,
            inbuf_overflow=limit,
            outbuf_overflow=OVERFLOW_BYTES,
            outbuf_high_watermark=OVERFLOW_BYTES,
            max_request_body_size=DRAINED * limit,
            channel_request_lookahead=1,
            asyncore_use_poll=True,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=True,
        )
        self._server.channel_class = _Channel
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="layerwalk-http", daemon=True)

    @property
    def url(self) -> str:
        """Where to reach it from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def start(self) -> Server:
        """Begin to answer, in a thread of its own, if that has not begun; return the server."""
        if self._thread.ident is None:
            self._thread.start()
        return self

    def close(self) -> None:
        """Stop, and leave no thread, socket or file behind; requests that run may end."""
        if self._is_closing.is_set():
            return
        self._is_closing.set()
        self._on_close()
        if self._thread.is_alive():
            self._server.pull_trigger()
            self._thread.join()
        self._dispatcher.shutdown()
        for thread in self._dispatcher.started:
            thread.join(timeout=POLL_S)
        wasyncore.close_all(self._map, ignore_all=True)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        self._on_start()
        while not self._is_closing.is_set():
            wasyncore.loop(timeout=POLL_S, use_poll=True, map=self._map, count=1)


def bind(
    session: Session,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    origins: Sequence[str] = (),
    limits: Limits | None = None,
) -> Server:
    """Return a server of a session that holds its port but does not answer before `start`.

    Raises:
        InvalidRequestError: an address beyond this machine without a token; an origin is none.
        PortInUseError: someone else listens there.
    """
    if token is None and not is_loopback(host):
        raise InvalidRequestError(
            f"host {host!r} can be reached from other machines: that needs a token"
        )
    app = make_app(
        session, limits=limits, token=token, origins=origins, is_loopback=is_loopback(host)
    )
    return Server(
        app, host=host, port=port, on_close=session.events.close, on_start=session.on_start
    )


def serve(
    session: Session,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
    origins: Sequence[str] = (),
    limits: Limits | None = None,
) -> Server:
    """Return a started server of a session; the caller closes it, then the session.

    Arguments and errors as for `bind`.
    """
    return bind(session, host=host, port=port, token=token, origins=origins, limits=limits).start()


def _taking_pieces(app: Flask) -> Callable[..., Iterable[bytes]]:
    """Return the app, told that this server takes pieces."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[PIECES] = True
        return app(environ, start_response)

    return application


def _listen(host: str, port: int) -> socket.socket:
    address = host.strip("[]")
    if not 0 <= port <= MAX_PORT:
        raise InvalidRequestError(f"port {port}, expected 0 to {MAX_PORT}")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"port {port} on {host} is taken by another program; name another with --port, "
                "or --port 0 for any"
            ) from error
        raise InvalidRequestError(f"cannot listen on {host} port {port}: {error}") from error
