"""Comparisons of a made-up network's snapshots, as a server makes them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from layerwalk_client.source.synthetic import Floats, SyntheticValues, node_statistics
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.graph import Graph, Node, make_graph
from layerwalk_shared.messages import (
    ClassChange,
    Compared,
    ComparisonDescription,
    SnapshotManifest,
)

Held = tuple[SnapshotManifest, SyntheticValues]


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """A difference: its graph (pictures are maps there), manifest and values."""

    graph: Graph
    manifest: SnapshotManifest
    values: SyntheticValues


class Likenesses:
    """Mutable, owned by the main thread: the comparison that is looked at."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._held: dict[str, Likeness] = {}
        self.described: ComparisonDescription | None = None

    def find(self, snapshot: str) -> Likeness | None:
        """Return the difference of that id, None where there is none (any more)."""
        return self._held.get(snapshot)

    def begin(
        self, graph: Graph, first: Held, second: Held, *, generation: int
    ) -> ComparisonDescription:
        """Compare two snapshots; the comparison before ends."""
        self._held.clear()
        shown = make_graph(tuple(map(_as_maps, graph.nodes)), graph.edges, graph.groups)
        values = SyntheticValues(
            second[1].picture,
            tuple(
                _subtracted(one, other, node)
                for one, other, node in zip(
                    first[1].nodes, second[1].nodes, graph.nodes, strict=True
                )
            ),
            (),
            tuple(
                np.asarray(other - one, np.float32)
                for one, other in zip(first[1].tensors, second[1].tensors, strict=True)
            ),
        )
        manifest = SnapshotManifest(
            id=f"s{generation}",
            network=first[0].network,
            generation=generation,
            input=second[0].input,
            nodes=node_statistics(shown, values),
            compared=Compared(
                first=first[0].id,
                second=second[0].id,
                first_network=first[0].network,
                second_network=second[0].network,
                first_title=_title(first[0]),
                second_title=_title(second[0]),
                changes=_changes(first[0], second[0]),
            ),
        )
        self._held[manifest.id] = Likeness(shown, manifest, values)
        self.described = ComparisonDescription(
            id=f"c{next(self._numbers)}",
            first=first[0],
            second=second[0],
            difference=manifest,
            matched=len(graph.nodes),
        )
        return self.described

    def end(self, comparison: str) -> ComparisonDescription:
        """Let go of a comparison; return what it was.

        Raises:
            NotFoundError: there is none of that id (any more).
        """
        found = self.described
        if found is None or found.id != comparison:
            raise NotFoundError(f"comparison {comparison!r} does not exist (any more)")
        self._held.clear()
        self.described = None
        return found


def _as_maps(node: Node) -> Node:
    if node.view != "image":
        return node
    channels, height, width = node.shape
    return node.model_copy(
        update={"view": "maps", "channels": channels, "height": height, "width": width}
    )


def _subtracted(first: Floats, second: Floats, node: Node) -> Floats:
    found = np.asarray(second - first, np.float32)
    return np.ascontiguousarray(found.transpose(2, 0, 1)) if node.view == "image" else found


def _title(manifest: SnapshotManifest) -> str:
    step = "" if manifest.step is None else f"step {manifest.step}, "
    return step + manifest.input.title


def _changes(first: SnapshotManifest, second: SnapshotManifest) -> tuple[ClassChange, ...]:
    sure = {score.index: score.probability for score in first.top}
    found = [
        ClassChange(
            index=score.index, name=score.name, first=sure.get(score.index),
            second=score.probability,
        )
        for score in second.top
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: -abs((one.second or 0) - (one.first or 0))))
