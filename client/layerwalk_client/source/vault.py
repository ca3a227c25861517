"""What a made-up network keeps of its runs, and what is answered about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np

from layerwalk_client.source import collection
from layerwalk_client.source.arrivals import (
    ComparisonArrived,
    FileArrived,
    PictureArrived,
    StatisticsArrived,
    TilesArrived,
    ValuesArrived,
)
from layerwalk_client.source.asking import (
    OVERVIEW_SIDE,
    ChannelPicture,
    Compare,
    EndComparison,
    Overview,
    Statistics,
    Tiles,
    Values,
)
from layerwalk_client.source.files import NodeFile, ResultFile
from layerwalk_client.source.likenesses import Likenesses
from layerwalk_client.source.outcome import Result
from layerwalk_client.source.synthetic import SyntheticValues, make_tile, overview_keys
from layerwalk_shared.errors import GoneError, InvalidRequestError
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import SnapshotManifest
from layerwalk_shared.tiles import TileKey


class Vault:
    """Mutable, owned by the main thread.

    Args:
        graph: of the network.
        results: of maximisations, by the ids of their snapshots.

    Attributes:
        graph: of what is kept.
        runs: by the ids of their snapshots.
    """

    def __init__(self, graph: Graph, results: Mapping[str, Result]) -> None:
        self.graph = graph
        self.runs: dict[str, tuple[SnapshotManifest, SyntheticValues]] = {}
        self._results = results
        self._likenesses = Likenesses()

    def held(self, snapshot: str) -> tuple[SnapshotManifest, SyntheticValues]:
        """Return a run, or a difference of two.

        Raises:
            GoneError: it is not kept.
        """
        likeness = self._likenesses.find(snapshot)
        if likeness is not None:
            return likeness.manifest, likeness.values
        if snapshot not in self.runs:
            raise GoneError(f"snapshot {snapshot!r} is not kept")
        return self.runs[snapshot]

    def manifests(self) -> tuple[SnapshotManifest, ...]:
        """Return the manifests of all runs and results, oldest first."""
        found = [manifest for manifest, _ in self.runs.values()]
        found += [result.manifest for result in self._results.values()]
        return tuple(sorted(found, key=lambda manifest: manifest.generation))

    def manifest(self, snapshot: str) -> SnapshotManifest:
        """Return the manifest of a run, a difference or a result."""
        result = self._results.get(snapshot)
        return self.held(snapshot)[0] if result is None else result.manifest

    def compare(self, fetch: Compare | EndComparison, *, generation: int) -> ComparisonArrived:
        """Compare two runs, or end that; `generation` is of the difference."""
        if isinstance(fetch, EndComparison):
            return ComparisonArrived(fetch, self._likenesses.end(fetch.comparison))
        pair = self.held(fetch.first), self.held(fetch.second)
        return ComparisonArrived(
            fetch, self._likenesses.begin(self.graph, *pair, generation=generation)
        )

    def file(self, fetch: ResultFile) -> FileArrived:
        """Return a result as a file."""
        if fetch.snapshot not in self._results:
            raise GoneError(f"result {fetch.snapshot!r} is not kept")
        return FileArrived(fetch, self._results[fetch.snapshot].file(fetch.form))

    def node_file(self, fetch: NodeFile) -> FileArrived:
        """Return a node's values as an NPY file; sheets and archives are drawn by servers alone."""
        if fetch.form != "npy":
            raise InvalidRequestError(f"a network made up in memory gives NPY, not {fetch.form}")
        _, values = self.held(fetch.snapshot)
        found = values.tensor(self._graph_of(fetch.snapshot), fetch.node)
        stream = BytesIO()
        np.save(stream, found[slice(*fetch.channels[0])] if fetch.channels else found)
        return FileArrived(fetch, stream.getvalue())

    def channel(self, fetch: ChannelPicture) -> PictureArrived:
        """Return a channel as a picture."""
        if fetch.snapshot in self._results:
            return PictureArrived(fetch, self._results[fetch.snapshot].pixels(fetch.channel))
        _, values = self.held(fetch.snapshot)
        index = self.graph.index[fetch.node]
        return PictureArrived(fetch, collection.pixels(values.nodes[index], fetch.channel))

    def tiles(self, fetch: Overview | Tiles) -> TilesArrived:
        """Return tiles of a run, a difference or a result."""
        is_overview = isinstance(fetch, Overview)
        if fetch.snapshot in self._results:
            tiles = self._results[fetch.snapshot].tiles(fetch)
            return TilesArrived(fetch.snapshot, tiles, is_overview)
        manifest, values = self.held(fetch.snapshot)
        graph = self._graph_of(fetch.snapshot)
        keys: Sequence[TileKey] = (
            overview_keys(graph, OVERVIEW_SIDE) if isinstance(fetch, Overview) else fetch.keys
        )
        generation = manifest.generation
        tiles = tuple(make_tile(graph, values, key, generation=generation) for key in keys)
        return TilesArrived(fetch.snapshot, tiles, is_overview)

    def values(self, fetch: Values) -> ValuesArrived:
        """Return exact values."""
        _, values = self.held(fetch.snapshot)
        found = values.tensor(self._graph_of(fetch.snapshot), fetch.node)
        return ValuesArrived(
            fetch, found if fetch.row is None else found[fetch.row : fetch.row + 1]
        )

    def statistics(self, fetch: Statistics) -> StatisticsArrived:
        """Return the statistics of a node."""
        manifest, values = self.held(fetch.snapshot)
        index = self.graph.index[fetch.node]
        found = collection.statistics(values.nodes[index], fetch.node, manifest.nodes[index])
        return StatisticsArrived(fetch, found)

    def _graph_of(self, snapshot: str) -> Graph:
        """Return the graph by which a snapshot is drawn."""
        likeness = self._likenesses.find(snapshot)
        return self.graph if likeness is None else likeness.graph
