"""Networks and the session that serves them."""

from __future__ import annotations

from typing import Literal

from layerwalk_shared.graph import Frozen, Graph, NonNegative, View
from layerwalk_shared.messages.datasets import DatasetSummary
from layerwalk_shared.messages.edits import EditedNode
from layerwalk_shared.messages.inputs import InputSpec, NamedInput
from layerwalk_shared.messages.protocol import PROTOCOL_VERSION
from layerwalk_shared.messages.snapshots import SnapshotManifest
from layerwalk_shared.receptive import ReceptiveField


class NetworkSummary(Frozen):
    id: str
    name: str
    nodes: NonNegative
    classes: NonNegative
    parameters: NonNegative


class NetworkDescription(Frozen):
    """One network whole: graph, input, classes, and its newest snapshot nobody owns alone.

    `input` is the argument that is shown first and taken by default; `inputs` are all of them,
    that one first. `receptive` is told for each node, None where it sees the whole input or no rule
    tells how much. `edited` are the nodes whose weights were changed.
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
    receptive: tuple[ReceptiveField | None, ...] = ()
    edited: tuple[EditedNode, ...] = ()


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
