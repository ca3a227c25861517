"""Looks which servers answer, each in a thread of its own, none for longer than a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from layerwalk_client.source import exchange
from layerwalk_client.source.connection import Address, Connection
from layerwalk_shared.errors import LayerwalkError
from layerwalk_shared.messages import NetworkSummary

JOIN_S = 5.0


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that was asked.

    Attributes:
        url: its address.
        networks: what it serves.
        problem: why it does not tell, "" where it does.
    """

    url: str
    networks: tuple[NetworkSummary, ...] = ()
    problem: str = ""


class Finder:
    """Asks servers what they serve. Mutable; its public methods are the main thread's.

    Args:
        tokens: URL -> token or None, of each server to ask.
        client: id of this client.
        on_news: called from other threads after each answer.
    """

    def __init__(
        self,
        tokens: Sequence[tuple[str, str | None]],
        *,
        client: str,
        on_news: Callable[[], None] | None = None,
    ) -> None:
        self._client = client
        self._on_news = on_news
        self._found: dict[str, FoundServer] = {}
        self._order = [url for url, _ in tokens]
        self._is_closed = False
        self._threads = [
            threading.Thread(target=self._ask, args=one, name="layerwalk finder", daemon=True)
            for one in tokens
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_waiting(self) -> bool:
        """Whether some have not answered yet."""
        return any(thread.is_alive() for thread in self._threads)

    def found(self) -> tuple[FoundServer, ...]:
        """Return what has answered so far, in the order asked."""
        return tuple(self._found[url] for url in self._order if url in self._found)

    def close(self) -> None:
        """Wait until every thread has ended; nobody is told any more."""
        self._is_closed = True
        for thread in self._threads:
            thread.join(JOIN_S)

    def _ask(self, url: str, token: str | None) -> None:
        try:
            connection = Connection(Address.parse(url), client=self._client, token=token)
            try:
                session = exchange.read_session(connection)
            finally:
                connection.close()
            self._found[url] = FoundServer(url, session.networks)
        except LayerwalkError as error:
            self._found[url] = FoundServer(url, problem=" ".join(str(error).split()))
        if self._on_news is not None and not self._is_closed:
            self._on_news()
