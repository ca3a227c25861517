"""Snapshots as they are told of, and the tiles that are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative, Positive
from layerwalk_shared.messages.answers import ClassScore
from layerwalk_shared.messages.attribution import Attributed
from layerwalk_shared.messages.inputs import InputReference
from layerwalk_shared.messages.maximisation import Maximised
from layerwalk_shared.messages.protocol import MAX_TILES_PER_REQUEST, TileDType
from layerwalk_shared.messages.statistics import NodeStatistics


class ClassChange(Frozen):
    """How sure two answers are of one class; None where nobody knows."""

    index: NonNegative
    name: str
    first: FiniteFloat | None = None
    second: FiniteFloat | None = None


class Unmatched(Frozen):
    """A node of the first graph that has no partner in the second, and why."""

    node: NonNegative
    reason: str


class Compared(Frozen):
    """What a difference is of: the values of `second` minus those of `first`, node by node.

    Attributes:
        first, second: ids of the snapshots, as they were asked for.
        first_network, second_network: ids of their networks.
        first_title, second_title: for people: what lies on the input, the step, the network's name
            where there are two.
        unmatched: nodes without a partner; they have no values.
        changes: of the classes that either answer names, the largest change first.
    """

    first: str
    second: str
    first_network: str
    second_network: str
    first_title: str
    second_title: str
    unmatched: tuple[Unmatched, ...] = ()
    changes: tuple[ClassChange, ...] = ()


class SnapshotManifest(Frozen):
    """Everything about a snapshot but its values. `nodes` is indexed as the graph's nodes.

    `input` is what was put on last; `inputs` tells what lies on each argument, in the order of
    `NetworkDescription.inputs`. Of a difference, `compared` says what of.
    """

    id: str
    network: str
    generation: Positive
    input: InputReference
    inputs: tuple[InputReference, ...] = ()
    step: int | None = None
    client: str | None = None
    nodes: tuple[NodeStatistics, ...]
    top: tuple[ClassScore, ...] = ()
    error: str | None = None
    maximised: Maximised | None = None
    compared: Compared | None = None
    attributed: Attributed | None = None

    @property
    def is_run(self) -> bool:
        """Whether it shows a run of the network, not what was made of runs."""
        return self.maximised is None and self.attributed is None and self.compared is None


class SnapshotList(Frozen):
    """Manifests of one network's snapshots, oldest first."""

    snapshots: tuple[SnapshotManifest, ...]


class TileRequest(Frozen):
    """Many tiles at once: (node index, block, level), answered in that order."""

    tiles: Annotated[
        tuple[tuple[NonNegative, NonNegative, NonNegative], ...],
        Field(max_length=MAX_TILES_PER_REQUEST),
    ]
    dtype: TileDType | None = None
