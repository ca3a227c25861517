"""What an arrival has changed in the client's world, as frozen data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.source.asking import Fetch
from layerwalk_shared.errors import LayerwalkError, ProtocolError
from layerwalk_shared.messages import SnapshotManifest
from layerwalk_shared.tiles import Tile, block_channels, block_count, level_count, level_shape


@dataclass(frozen=True, slots=True)
class Changes:
    """What an arrival has changed.

    Attributes:
        is_new_network: another network: the scene must be laid out anew, the eye moved.
        is_new_graph: the same network with another graph: laid out anew, the eye stays.
        is_new_picture: another snapshot is shown.
        tiles: (node, block) of the shown snapshot that have new tiles.
        fetches: what must be asked for now.
        failure: what a person should read.
        is_status: something of the status changed (connection, jobs).
        is_training: curves, steps or warnings of a training changed.
        is_results: runs of maximisations, their pictures or what is looked at changed.
        notice: what a person may like to read.
    """

    is_new_network: bool = False
    is_new_graph: bool = False
    is_new_picture: bool = False
    tiles: frozenset[tuple[int, int]] = frozenset()
    fetches: tuple[Fetch, ...] = ()
    failure: LayerwalkError | None = None
    is_status: bool = False
    is_training: bool = False
    is_results: bool = False
    notice: str = ""

    @property
    def is_seen(self) -> bool:
        """Whether something on the screen may be different."""
        return (
            self.is_status
            or self.is_training
            or self.is_results
            or bool(self.tiles)
            or self.is_new_picture
        )


NOTHING = Changes()


@dataclass(slots=True)
class Happenings:
    """What one look at the arrivals brought.

    Attributes:
        is_new_network: the world was laid out anew.
        is_new_graph: so it was, but the eye stays where it is.
        is_new_picture: another snapshot is being shown.
        is_changed: something on the screen may be different.
        failures, notices: for people to read.
        others: arrivals that are not the stage's: pictures, pages, values, statistics.
    """

    is_new_network: bool = False
    is_new_graph: bool = False
    is_new_picture: bool = False
    is_changed: bool = False
    failures: list[LayerwalkError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    others: list[Arrival] = field(default_factory=list)


def unfit_manifest(manifest: SnapshotManifest, count: int) -> ProtocolError | None:
    """Return why a manifest is not of a graph of `count` nodes, None where it is."""
    if len(manifest.nodes) == count:
        return None
    return ProtocolError(
        f"snapshot {manifest.id!r} tells of {len(manifest.nodes)} nodes, the graph has {count}"
    )


def unfit_tile(tiles: Iterable[Tile], manifest: SnapshotManifest) -> ProtocolError | None:
    """Return what is wrong with tiles of a snapshot: everything behind here trusts their shapes."""
    for tile in tiles:
        key = tile.key
        if key.node >= len(manifest.nodes):
            return ProtocolError(f"a tile of node {key.node}, there are {len(manifest.nodes)}")
        channels, height, width = manifest.nodes[key.node].pictures
        fits = (
            key.block < block_count(channels)
            and key.level < level_count((height, width))
            and tile.count == len(block_channels(channels, key.block))
            and tile.shape_hw == level_shape((height, width), key.level)
        )
        if not fits:
            return ProtocolError(
                f"a tile of node {key.node}, block {key.block}, level {key.level} has "
                f"{tile.count} pictures of {tile.shape_hw}; the node has {channels} of "
                f"{(height, width)}"
            )
    return None
