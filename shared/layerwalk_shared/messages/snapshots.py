"""Snapshots as they are told of, and the tiles that are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from layerwalk_shared.graph import Frozen, NonNegative, Positive
from layerwalk_shared.messages.answers import ClassScore
from layerwalk_shared.messages.inputs import InputReference
from layerwalk_shared.messages.maximisation import Maximised
from layerwalk_shared.messages.protocol import MAX_TILES_PER_REQUEST, TileDType
from layerwalk_shared.messages.statistics import NodeStatistics


class SnapshotManifest(Frozen):
    """Everything about a snapshot but its values. `nodes` is indexed as the graph's nodes.

    `input` is what was put on last; `inputs` tells what lies on each argument, in the order of
    `NetworkDescription.inputs`.
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
