"""Keeps the panel of colours: the node that was looked at last, its values, its range, its locks."""

from __future__ import annotations

from collections.abc import Callable

from layerwalk_client.app.range_locks import RangeLocks
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import Arrival, StatisticsArrived
from layerwalk_client.source.asking import Statistics
from layerwalk_client.ui.colours import ColoursPanel
from layerwalk_client.ui.desk_intents import LockRange, UnlockRange
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.world.folding import nodes_inside
from layerwalk_client.world.legend import legend
from layerwalk_client.world.locks import NodeKey
from layerwalk_client.world.ranges import node_range
from layerwalk_client.world.view import Appearance
from layerwalk_shared.colours import TABLES
from layerwalk_shared.messages import NetworkDescription


class ColourDesk:
    """Mutable, owned by the main thread.

    Args:
        stage: whose values are shown.
        source: is asked for histograms.
        locks: which ranges are held.
        appearance: tells how values look.
        looked_at: tells the node that is pointed at; None: none is.
        selected: tells the one that is selected, which is meant until one is pointed at.
    """

    kind = "colours"

    def __init__(
        self,
        stage: Stage,
        source: Source,
        locks: RangeLocks,
        *,
        appearance: Callable[[], Appearance],
        looked_at: Callable[[], int | None],
        selected: Callable[[], int | None],
    ) -> None:
        self._stage = stage
        self._source = source
        self._locks = locks
        self._appearance = appearance
        self._looked_at = looked_at
        self._selected = selected
        self._panel: ColoursPanel | None = None
        self._node: int | None = None
        self._asked: Statistics | None = None
        self._told: object = None

    def content(self, *, node: int | None, unit: int | None) -> ColoursPanel:
        """Return the panel."""
        self._panel = ColoursPanel(self._appearance())
        self._asked = self._told = None
        self.refresh()
        return self._panel

    def refresh(self) -> bool:
        """Follow what is looked at, how values look, and what is held."""
        panel, network, shown = self._panel, self._stage.network, self._stage.shown
        if panel is None or network is None:
            return False
        looked_at = self._looked_at()
        if looked_at is None and self._node is None:
            looked_at = self._selected()
        if looked_at is not None and network.graph.nodes[looked_at].view != "image":
            self._node = looked_at
        node = self._node
        appearance, held = self._appearance(), self._locks.held
        told = (node, appearance, held, None if shown is None else shown.id)
        if told == self._told:
            return False
        self._told = told
        described = None if node is None else network.graph.nodes[node]
        manifest = None if node is None else self._stage.manifest_of(node) or shown
        locked = held.everywhere if node is None else held.of((network.id, node))
        limit = node_range(appearance, manifest or shown, node) if locked is None else locked
        panel.appearance = appearance
        panel.limit, panel.is_locked = limit, locked is not None
        panel.held = -1 if held.everywhere is not None else len(held.nodes)
        panel.group = "" if described is None else described.group or ""
        panel.legend = legend(
            appearance, limit, is_diverging=TABLES[appearance.table].is_diverging,
            statistics=None if manifest is None or node is None else manifest.nodes[node],
            name="" if described is None else described.id, is_locked=locked is not None,
        )  # fmt: skip
        if shown is not None and described is not None and node is not None:
            if shown.nodes[node].has_values:
                self._ask(panel, Statistics(shown.id, described.id, "range"))
            else:
                panel.statistics = None
        return True

    def take(self, arrival: Arrival) -> bool:
        """Take in a histogram."""
        if not isinstance(arrival, StatisticsArrived) or arrival.fetch != self._asked:
            return False
        if self._panel is not None:
            self._panel.statistics = arrival.statistics
        return True

    def carry_out(self, intent: Intent) -> bool:
        """Hold a range, or let it go."""
        if not isinstance(intent, LockRange | UnlockRange):
            return False
        network, held = self._stage.network, self._locks.held
        if network is None:
            return True
        if isinstance(intent, LockRange) and intent.scope == "all":
            self._locks.held = held.locked_everywhere(intent.value)
        elif isinstance(intent, LockRange):
            self._locks.held = held.locked(self._keys(network, intent.scope), intent.value)
        elif intent.scope == "all":
            self._locks.held = type(held)()
        else:
            self._locks.held = held.unlocked(self._keys(network, intent.scope))
        self.refresh()
        return True

    def renew(self) -> None:
        """Forget the node: it may be another's number."""
        self._panel = self._node = self._asked = self._told = None
        if self._stage.network is not None:
            self._locks.forget(self._stage.network.id)

    def close(self) -> None:
        """Nothing is held."""

    def _keys(self, network: NetworkDescription, scope: str) -> list[NodeKey]:
        """Return the nodes that are meant."""
        if self._node is None:
            return []
        group = network.graph.nodes[self._node].group
        nodes = [self._node]
        if scope == "group" and group is not None:
            nodes = list(nodes_inside(network.graph).get(group, nodes))
        return [(network.id, node) for node in nodes]

    def _ask(self, panel: ColoursPanel, fetch: Statistics) -> None:
        """Ask for a histogram; that of the same node stays until it is there."""
        if fetch == self._asked:
            return
        if self._asked is None or self._asked.node != fetch.node:
            panel.statistics = None
        self._asked = fetch
        self._source.fetch(fetch)
