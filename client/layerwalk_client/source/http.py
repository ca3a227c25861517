"""The source behind HTTP: threads, each with one purpose and one connection of its own.

One thread connects, reads the first sight (session, network, overview: three requests) and then
waits for events; two fetch; one carries wishes, in order. They meet the main thread in a queue of
arrivals. A lost server is tried again with growing pauses.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from layerwalk_client.source import exchange, records
from layerwalk_client.source.arrivals import (
    Arrival,
    Connected,
    ConnectionLost,
    EventArrived,
    RequestFailed,
    TilesArrived,
)
from layerwalk_client.source.asking import Fetch, Overview, Record, Tiles, Wish
from layerwalk_client.source.buffers import BufferPool
from layerwalk_client.source.connection import Address, Connection
from layerwalk_client.source.queue import FetchQueue
from layerwalk_shared.errors import (
    ClosedError,
    LayerwalkError,
    NotFoundError,
    ProtocolError,
    ServerUnreachableError,
    nearest_hint,
)
from layerwalk_shared.messages import SessionDescription, SnapshotManifest, TileDType

FETCH_THREADS = 2
RETRIES_S = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Pauses between tries to reach a lost server; the last one repeats."""
HASTE_S = 0.25
JOIN_S = 10.0


class HttpSource:
    """A server as a source. Mutable; its public methods are the main thread's.

    Args:
        url: of the server.
        token: for a server that asks for one.
        network: id or name of the network to show; None: the first.
        dtype: how tiles travel; None: the server's choice.
        on_arrival: called from other threads after each arrival, to wake the main loop.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        network: str | None = None,
        dtype: TileDType | None = None,
        on_arrival: Callable[[], None] | None = None,
    ) -> None:
        self._server = Address.parse(url)
        self._client = secrets.token_hex(8)
        self._token = token
        self._network = network
        self._dtype = dtype
        self._on_arrival = on_arrival
        self._fetches = FetchQueue()
        self._wishes: queue.SimpleQueue[Wish | None] = queue.SimpleQueue()
        self._arrivals: deque[Arrival] = deque()
        self._stop = threading.Event()
        self._has_news = threading.Event()
        self._connections: list[Connection] = []
        self._threads: list[threading.Thread] = []
        self._epoch = 0

    @property
    def client(self) -> str:
        """Random id of this client, sent with every request."""
        return self._client

    @property
    def address(self) -> str:
        """The server's URL."""
        return str(self._server)

    def open(self) -> None:
        """Start the threads.

        Raises:
            ClosedError: it was opened before.
        """
        if self._threads or self._stop.is_set():
            raise ClosedError("this source was opened before: make a new one")
        jobs = [("events", self._follow), ("wishes", self._carry)]
        jobs += [(f"fetch {number}", self._fetch) for number in range(FETCH_THREADS)]
        buffers = BufferPool()
        for name, work in jobs:
            connection = Connection(
                self._server, client=self._client, token=self._token, buffers=buffers
            )
            self._connections.append(connection)
            self._threads.append(
                threading.Thread(
                    target=work, args=(connection,), name=f"layerwalk {name}", daemon=True
                )
            )
        for thread in self._threads:
            thread.start()

    def want(self, batches: Sequence[Tiles]) -> None:
        """See `Source.want`."""
        self._fetches.want(batches)

    def fetch(self, fetch: Fetch) -> None:
        """See `Source.fetch`."""
        self._fetches.put(fetch)

    def submit(self, wish: Wish) -> None:
        """See `Source.submit`."""
        self._wishes.put(wish)

    def arrivals(self) -> list[Arrival]:
        """See `Source.arrivals`."""
        found: list[Arrival] = []
        while self._arrivals:
            arrival = self._arrivals.popleft()
            found.append(arrival)
            if isinstance(arrival, TilesArrived):
                self._fetches.land(arrival.snapshot, (tile.key for tile in arrival.tiles))
            elif isinstance(arrival, RequestFailed) and isinstance(arrival.request, Tiles):
                self._fetches.land(arrival.request.snapshot, arrival.request.keys)
        return found

    def peek(self, timeout_s: float) -> Arrival | None:
        """Wait for the first arrival and return it, without taking it; None when none came."""
        self._has_news.wait(timeout_s)
        return self._arrivals[0] if self._arrivals else None

    def close(self) -> None:
        """Stop all threads and close their sockets; returns when they have ended."""
        self._stop.set()
        self._fetches.close()
        self._wishes.put(None)
        for connection in self._connections:
            connection.interrupt()
        for thread in self._threads:
            thread.join(JOIN_S)
        self._threads.clear()
        self._connections.clear()

    def _deliver(self, arrival: Arrival) -> None:
        self._arrivals.append(arrival)
        self._has_news.set()
        if self._on_arrival is not None and not self._stop.is_set():
            self._on_arrival()

    # The thread of events.

    def _follow(self, connection: Connection) -> None:
        tries = 0
        while not self._stop.is_set():
            try:
                last = self._first_sight(connection)
                tries = 0
                self._fetches.resume()
                self._listen(connection, last)
            except LayerwalkError as error:
                if self._stop.is_set():
                    break
                self._fetches.pause()
                pause_s = RETRIES_S[min(tries, len(RETRIES_S) - 1)]
                tries += 1
                self._deliver(ConnectionLost(error, pause_s, tries))
                connection.close()
                self._stop.wait(pause_s)
        connection.close()

    def _first_sight(self, connection: Connection) -> int:
        """Deliver Connected and the overview; return the last event they contain."""
        session = exchange.read_session(connection)
        network = exchange.read_network(
            connection, chosen_network(session, self._network, address=self.address)
        )
        if self._epoch:
            newest = self._newest_of_mine(connection, network.id) or network.snapshot
            network = network.model_copy(update={"snapshot": newest})
        overview = None
        if network.snapshot is not None:
            overview = exchange.perform(
                connection, Overview(network.snapshot.id), dtype=self._dtype
            )
        self._fetches.clear()
        self._epoch += 1
        self._deliver(Connected(session, network, self._epoch))
        if overview is not None:
            self._deliver(overview)
        return session.last_event

    def _newest_of_mine(self, connection: Connection, network: str) -> SnapshotManifest | None:
        found = exchange.read_snapshots(connection, network).snapshots
        followed = [one for one in found if one.client in (None, self._client) and one.is_run]
        return followed[-1] if followed else None

    def _listen(self, connection: Connection, last: int) -> None:
        """Deliver events until the session must be read anew."""
        while not self._stop.is_set():
            asked_s = time.monotonic()
            batch = exchange.read_events(connection, last)
            if batch.reset:
                return
            if not batch.events and time.monotonic() - asked_s < HASTE_S:
                self._stop.wait(HASTE_S)  # a server with too many who wait answers at once
            for event in batch.events:
                self._deliver(EventArrived(event))
            last = batch.last

    # The threads that fetch, and the one that carries wishes.

    def _fetch(self, connection: Connection) -> None:
        while (fetch := self._fetches.take()) is not None:
            try:
                if isinstance(fetch, Record):
                    arrival: Arrival = records.perform(connection, fetch)
                else:
                    arrival = exchange.perform(connection, fetch, dtype=self._dtype)
            except LayerwalkError as error:
                arrival = RequestFailed(fetch, error)
                if isinstance(error, ServerUnreachableError):
                    self._stop.wait(RETRIES_S[0])  # the thread of events soon pauses the queue
            if self._stop.is_set():
                break
            self._deliver(arrival)
        connection.close()

    def _carry(self, connection: Connection) -> None:
        while (wish := self._wishes.get()) is not None:
            try:
                arrival: Arrival = exchange.grant(connection, wish)
            except LayerwalkError as error:
                arrival = RequestFailed(wish, error)
            if self._stop.is_set():
                break
            self._deliver(arrival)
        connection.close()


def chosen_network(session: SessionDescription, network: str | None, *, address: str) -> str:
    """Return the id of the network asked for by id or name; None asks for the first.

    Raises:
        ProtocolError: there is none at all.
        NotFoundError: there is no such network; names the nearest.
    """
    known = [one.id for one in session.networks]
    if not known:
        raise ProtocolError(f"{address} serves no network")
    if network is None:
        return known[0]
    if network in known:
        return network
    named = [one.id for one in session.networks if one.name == network]
    if named:
        return named[0]
    raise NotFoundError(
        f"network {network!r} is not served at {address}"
        + nearest_hint(network, [*known, *(one.name for one in session.networks)])
    )
