"""Keeps the panel of servers: asks those that are known and those on this machine's usual ports."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.source.finding import Finder, FoundServer
from layerwalk_client.ui.intents import GoElsewhere, Intent
from layerwalk_client.ui.servers import NetworkLine, ServerLines, ServersPanel
from layerwalk_shared.routes import DEFAULT_PORT

USUAL_PORTS = range(DEFAULT_PORT, DEFAULT_PORT + 8)
"""On this machine these are asked, too."""


class ServerDesk:
    """Mutable, owned by the main thread.

    Args:
        stage: tells the network that one is in.
        here: URL and token of the server that one is at; only that one is sent the token.
        client: id of this client.
        known: URLs of servers that one was at.
        ring: wakes the main loop, from any thread.
        go: goes to a network of a server.
    """

    kind = "servers"

    def __init__(
        self,
        stage: Stage,
        *,
        here: tuple[str, str | None],
        client: str,
        known: Callable[[], Sequence[str]],
        ring: Callable[[], None],
        go: Callable[[str, str], None],
    ) -> None:
        self._stage = stage
        self._here = here
        self._client = client
        self._known = known
        self._ring = ring
        self._go = go
        self._panel: ServersPanel | None = None
        self._finder: Finder | None = None

    def content(self, *, node: int | None, unit: int | None) -> ServersPanel:
        """Return the panel, and ask every server anew."""
        self.close()
        url, token = self._here
        usual = [f"http://127.0.0.1:{port}" for port in USUAL_PORTS]
        others = dict.fromkeys([*self._known(), *usual])
        others.pop(url, None)
        asked = [(url, token), *((other, None) for other in others)]
        self._finder = Finder(asked, client=self._client, on_news=self._ring)
        self._panel = ServersPanel()
        return self._panel

    def refresh(self) -> bool:
        """Show what has answered; return whether something new did."""
        if self._panel is None or self._finder is None:
            return False
        is_waiting = self._finder.is_waiting
        lines = tuple(self._lines(one) for one in self._finder.found() if self._is_told(one))
        if (lines, is_waiting) == (self._panel.servers, self._panel.is_waiting):
            return False
        self._panel.servers, self._panel.is_waiting = lines, is_waiting
        return True

    def take(self, arrival: Arrival) -> bool:
        """Nothing comes from the source."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Go to a network."""
        if not isinstance(intent, GoElsewhere):
            return False
        self._go(intent.url, intent.network)
        return True

    def renew(self) -> None:
        """Nothing belongs to a network."""

    def close(self) -> None:
        """Let no thread be left."""
        if self._finder is not None:
            self._finder.close()
            self._finder = None

    def _is_told(self, found: FoundServer) -> bool:
        """Whether a server is shown: a usual port where nobody listens is not."""
        return not found.problem or found.url == self._here[0] or found.url in self._known()

    def _lines(self, found: FoundServer) -> ServerLines:
        network = self._stage.network
        is_here = found.url == self._here[0]
        return ServerLines(
            found.url,
            tuple(
                NetworkLine(
                    one.id,
                    one.name,
                    f"{one.nodes} nodes, {one.parameters:,} parameters",
                    is_here=is_here and network is not None and network.id == one.id,
                )
                for one in found.networks
            ),
            found.problem,
        )
