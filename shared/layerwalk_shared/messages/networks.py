"""Networks and the session that serves them."""

from __future__ import annotations

from typing import Literal

from layerwalk_shared.graph import Frozen, Graph, NonNegative, View
from layerwalk_shared.messages.datasets import DatasetSummary
from layerwalk_shared.messages.inputs import InputSpec, NamedInput
from layerwalk_shared.messages.protocol import PROTOCOL_VERSION
from layerwalk_shared.messages.snapshots import SnapshotManifest


class NetworkSummary(Frozen):
    id: str
    name: str
    nodes: NonNegative
    classes: NonNegative
    parameters: NonNegative


class NetworkDescription(Frozen):
    """One network whole: graph, input, classes, and its newest snapshot nobody owns alone.

    `input` is the argument that is shown first and taken by default; `inputs` are all of them,
    that one first.
    """

    id: str
    name: str
    graph: Graph
    input: InputSpec
    inputs: tuple[NamedInput, ...] = ()
    classes: tuple[str, ...] = ()
    detail: Literal["trackers", "modules", "operations"] = "modules"
    parameters: NonNegative = 0
    snapshot: SnapshotManifest | None = None
    error: str | None = None


class SessionDescription(Frozen):
    """One consistent cut: what there is at event number `last_event`."""

    protocol: int = PROTOCOL_VERSION
    version: str
    networks: tuple[NetworkSummary, ...]
    datasets: tuple[DatasetSummary, ...]
    last_event: NonNegative


class ViewRequest(Frozen):
    """Show a node another way, for everyone."""

    view: View
