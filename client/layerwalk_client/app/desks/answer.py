"""Keeps the panel of results: fetches the output, remembers what was answered before."""

from __future__ import annotations

import math
from collections.abc import Callable

from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import Arrival, RequestFailed, ValuesArrived
from layerwalk_client.source.asking import Values
from layerwalk_client.ui.answers import AnswerPanel
from layerwalk_client.ui.desk_intents import FollowUnit
from layerwalk_client.ui.intents import Intent
from layerwalk_client.world.scores import (
    LARGEST,
    Scores,
    answering_node,
    before_last,
    kind_of,
    row_of,
    score_lines,
    scores_of,
)
from layerwalk_client.world.tokens import quoted
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest

COUNT = 10
"""Lines of the panel; the true class comes beside."""


class AnswerDesk:
    """Mutable, owned by the main thread. It watches while the panel is closed, so that there is
    something to compare with once it is opened.

    Args:
        stage: whose answer it is.
        source: is asked for the output's values.
        follow: follows the signal of a unit of a node, by the node's id.
    """

    kind = "results"

    def __init__(self, stage: Stage, source: Source, *, follow: Callable[[str, int], None]) -> None:
        self._stage = stage
        self._follow = follow
        self._source = source
        self._panel = AnswerPanel()
        self._asked: Values | None = None
        self._shown: SnapshotManifest | None = None
        self._scores: Scores | None = None
        self._before: tuple[Scores, str] | None = None

    def content(self, *, node: int | None, unit: int | None) -> AnswerPanel | None:
        """Return the panel; None without a network."""
        if self._stage.network is None:
            return None
        self.refresh()
        return self._panel

    def refresh(self) -> bool:
        """Ask for the output of what is shown now; return whether the panel changed."""
        network, shown = self._stage.network, self._stage.shown
        if network is None or shown is None or (self._shown and self._shown.id == shown.id):
            return False
        if self._scores is not None and self._shown is not None:
            self._before = (self._scores, title_of(self._shown))
        self._shown, self._scores = shown, None
        panel = self._panel
        panel.subject, panel.truth = title_of(shown), shown.input.label
        panel.before = "" if self._before is None else self._before[1]
        panel.problem = ""
        self._ask(network, shown)
        return True

    def take(self, arrival: Arrival) -> bool:
        """Take in the output, or that it did not come."""
        if isinstance(arrival, RequestFailed) and arrival.request == self._asked:
            self._panel.problem = str(arrival.error)
            return True
        if not isinstance(arrival, ValuesArrived) or arrival.fetch != self._asked:
            return False
        network = self._stage.network
        if network is None or self._shown is None:
            return False
        node = network.graph.nodes[self._panel.node]
        self._scores = scores_of(
            arrival.values, self._panel.kind, network.classes,
            is_embedding=not network.classes and not self._shown.top,
        )  # fmt: skip
        if self._scores is None:
            self._panel.lines = ()
            self._panel.problem = "the output is not finite, or is one number"
            return True
        self._panel.kind = self._scores.kind
        self._tell(self._scores)
        self._panel.after = ""
        if self._scores.kind == "entries":
            last = before_last(self._shown, node)
            self._panel.after = quoted(last) if last else ""
        return True

    def carry_out(self, intent: Intent) -> bool:
        """Follow a class' signal; what else is asked for here others do."""
        network = self._stage.network
        if not isinstance(intent, FollowUnit):
            return False
        if network is not None:
            self._follow(network.graph.nodes[intent.node].id, intent.unit)
        return True

    def renew(self) -> None:
        """Forget the network before."""
        self._panel = AnswerPanel()
        self._asked = self._shown = self._scores = self._before = None

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, network: NetworkDescription, shown: SnapshotManifest) -> None:
        panel = self._panel
        index = answering_node(network)
        self._asked = None
        if index is None:
            panel.problem = "there is no node that answers"
            return
        node = network.graph.nodes[index]
        panel.node = index
        panel.kind = kind_of(node, len(network.classes))
        panel.can_maximise = panel.kind in ("classes", "areas", "units")
        row = row_of(node, panel.kind)
        if not shown.nodes[index].has_values:
            panel.problem, panel.lines = "the output has no values in this snapshot", ()
        elif row is None and math.prod(node.shape) > LARGEST:
            panel.problem, panel.lines = "the output is too large to be fetched", ()
        else:
            self._asked = Values(shown.id, node.id, row, "answer")
            self._source.fetch(self._asked)

    def _tell(self, scores: Scores) -> None:
        panel = self._panel
        before = None if self._before is None else self._before[0]
        panel.lines = score_lines(scores, count=COUNT, before=before, truth=panel.truth)
        panel.truth_rank = next(
            (scores.rank(line.index) for line in panel.lines if line.is_true), None
        )
        if panel.truth is not None and panel.truth_rank is None:
            panel.truth = None  # of another data set's classes


def title_of(shown: SnapshotManifest) -> str:
    """Return what lies on the input of a snapshot, and of which step it is."""
    title = shown.input.title
    return title if shown.step is None else f"{title}, step {shown.step}"
