"""Two snapshots side by side: what is asked for, and what is told of their difference."""

from __future__ import annotations

from layerwalk_shared.graph import Frozen, NonNegative
from layerwalk_shared.messages.snapshots import SnapshotManifest


class ComparisonRequest(Frozen):
    """Compare two snapshots; of one network, or of two."""

    first: str
    second: str


class ComparisonDescription(Frozen):
    """Two snapshots that stay as long as they are compared.

    Attributes:
        id: names it, to let go of it.
        first: manifest of the first one, on whose network's graph the comparison is told.
        second: manifest of the second one, its nodes in the places of the first one's graph: the
            snapshot itself where its graph is the same, else one of the same values with an id of
            its own.
        difference: manifest of the snapshot that holds `second - first`, see `Compared`.
        matched: nodes that have a partner.
    """

    id: str
    first: SnapshotManifest
    second: SnapshotManifest
    difference: SnapshotManifest
    matched: NonNegative


class ComparisonList(Frozen):
    """The comparisons that hold their snapshots now, oldest first."""

    comparisons: tuple[ComparisonDescription, ...]
