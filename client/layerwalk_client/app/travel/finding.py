"""What the search keeps: the index of the network, and what was gone to in each."""

from __future__ import annotations

from layerwalk_client.ui.search import SearchPanel
from layerwalk_client.world.search import Entry, SearchIndex, index_of
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import NetworkDescription

REMEMBERED = 8


class Finding:
    """Mutable, owned by the main thread."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._index: SearchIndex | None = None
        self._recent: dict[str, tuple[Entry, ...]] = {}

    def panel(self, network: NetworkDescription) -> SearchPanel:
        """Return a new box for a network; its index is made once for each graph."""
        if self._index is None or self._graph is not network.graph:
            self._graph, self._index = network.graph, index_of(network)
            kept = self._recent.get(network.name, ())
            known = set(self._index.entries)
            fitting = tuple(one for one in kept if one in known or one.kind == "channel")
            self._recent[network.name] = fitting

        def note(entry: Entry) -> None:
            before = self._recent.get(network.name, ())
            others = tuple(one for one in before if one != entry)
            self._recent[network.name] = (entry, *others)[:REMEMBERED]

        return SearchPanel(self._index, self._recent.get(network.name, ()), note)
