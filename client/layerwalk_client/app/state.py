"""What the client knows of the served network, changed only by what arrives from the source.

Two snapshots matter: the one shown, and the one coming, whose overview is on its way. The old
picture stays until the new overview is there; then the new one is shown whole. Snapshots that
follow faster than their overviews come are skipped, the newest is never lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import (
    Arrival,
    Connected,
    ConnectionLost,
    EventArrived,
    RequestFailed,
    TilesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import Fetch, Overview, PutInput
from layerwalk_shared.errors import GoneError, LayerwalkError, ProtocolError, error_from_problem
from layerwalk_shared.messages import (
    Job,
    JobChanged,
    NetworkDescription,
    SessionDescription,
    SnapshotManifest,
    SnapshotsDropped,
    SnapshotTaken,
)
from layerwalk_shared.tiles import Tile, block_channels, block_count, level_count, level_shape


@dataclass(frozen=True, slots=True)
class Changes:
    """What an arrival has changed.

    Attributes:
        is_new_network: graph, input or classes are others: the scene must be laid out anew.
        is_new_picture: another snapshot is shown.
        tiles: (node, block) of the shown snapshot that have new tiles.
        fetches: what must be asked for now.
        failure: what a person should read.
        is_status: something of the status changed (connection, jobs).
    """

    is_new_network: bool = False
    is_new_picture: bool = False
    tiles: frozenset[tuple[int, int]] = frozenset()
    fetches: tuple[Fetch, ...] = ()
    failure: LayerwalkError | None = None
    is_status: bool = False


NOTHING = Changes()


class SceneState:
    """Mutable, owned by the main thread.

    Args:
        cache: where tiles are held.
        client: id of this client; snapshots of other clients are not followed.
    """

    def __init__(self, cache: TileCache, *, client: str) -> None:
        self._cache = cache
        self._client = client
        self._epoch = 0
        self._newest = 0
        self._next: SnapshotManifest | None = None
        self.session: SessionDescription | None = None
        self.network: NetworkDescription | None = None
        self.shown: SnapshotManifest | None = None
        self.coming: SnapshotManifest | None = None
        self.lost: ConnectionLost | None = None
        self._jobs: dict[str, Job] = {}
        self._ended: deque[str] = deque(maxlen=64)
        self._sending = 0

    @property
    def is_connected(self) -> bool:
        """Whether there is a server, as far as is known."""
        return self._epoch > 0 and self.lost is None

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Jobs of this client, and of nobody, that have not ended."""
        return self._jobs

    @property
    def is_busy(self) -> bool:
        """Whether a wish of this client is on its way to a new picture."""
        return bool(self._jobs) or self._sending > 0 or self.coming is not None

    def place(self, snapshot: str) -> str:
        """Return the cache's name for a snapshot: ids of different connections stay apart."""
        return f"{self._epoch}/{snapshot}"

    def source_node(self, node: int) -> int:
        """Return the node whose tiles show `node`: itself, or an earlier one that it equals."""
        if self.shown is None or node >= len(self.shown.nodes):
            return node
        same_as = self.shown.nodes[node].same_as
        return node if same_as is None else same_as

    def note_sent(self) -> None:
        """Note that a wish was submitted; its answer comes as an arrival."""
        self._sending += 1

    def apply(self, arrival: Arrival) -> Changes:
        """Take one arrival in; return what it changed."""
        handlers: dict[type, Callable[[Any], Changes]] = {
            Connected: self._connect,
            ConnectionLost: self._lose,
            EventArrived: self._take_event,
            TilesArrived: self._take_tiles,
            WishTaken: self._take_job,
            RequestFailed: self._fail,
        }
        handler = handlers.get(type(arrival))
        return NOTHING if handler is None else handler(arrival)

    def _lose(self, arrival: ConnectionLost) -> Changes:
        self.lost = arrival
        self._jobs.clear()
        return Changes(is_status=True)

    def _take_job(self, arrival: WishTaken) -> Changes:
        self._sending = max(0, self._sending - 1)
        self._note_job(arrival.job)
        return Changes(is_status=True)

    def _connect(self, arrival: Connected) -> Changes:
        is_other = self.network is None or (
            self.network.model_copy(update={"snapshot": None})
            != arrival.network.model_copy(update={"snapshot": None})
        )
        self._epoch = arrival.epoch
        self._newest = 0
        self._next = None
        self._sending = 0
        self._jobs.clear()
        self._ended.clear()
        self.lost = None
        self.session = arrival.session
        self.network = arrival.network
        self.coming = arrival.network.snapshot
        if self.coming is not None:
            self._newest = self.coming.generation
        if is_other:
            self.shown = None
        return Changes(is_new_network=is_other, is_status=True)

    def _take_event(self, arrival: EventArrived) -> Changes:
        event = arrival.event
        if isinstance(event, SnapshotTaken):
            return self._follow(event.manifest)
        if isinstance(event, JobChanged):
            return self._note_job(event.job)
        if isinstance(event, SnapshotsDropped):
            for snapshot in event.snapshots:
                if self.shown is None or snapshot != self.shown.id:
                    self._cache.drop(self.place(snapshot))
        return NOTHING

    def _note_job(self, job: Job) -> Changes:
        is_ours = job.client in (None, self._client)
        if self.network is None or job.network != self.network.id or not is_ours:
            return NOTHING
        if job.state in ("queued", "running"):
            if job.id in self._ended:  # its events were quicker than the answer to the wish
                return NOTHING
            self._jobs[job.id] = job
            return Changes(is_status=True)
        self._jobs.pop(job.id, None)
        self._ended.append(job.id)
        failure = None
        if job.state == "failed" and job.problem is not None:
            failure = error_from_problem(job.problem)
        return Changes(is_status=True, failure=failure)

    def _follow(self, manifest: SnapshotManifest) -> Changes:
        if self.network is None or manifest.network != self.network.id:
            return NOTHING
        if manifest.client not in (None, self._client) or manifest.generation <= self._newest:
            return NOTHING
        count = len(self.network.graph.nodes)
        if len(manifest.nodes) != count:
            return Changes(
                failure=ProtocolError(
                    f"snapshot {manifest.id!r} tells of {len(manifest.nodes)} nodes, the graph "
                    f"has {count}"
                )
            )
        self._newest = manifest.generation
        if self.coming is not None:
            self._next = manifest
            return Changes(is_status=True)
        self.coming = manifest
        return Changes(is_status=True, fetches=(Overview(manifest.id),))

    def _take_tiles(self, arrival: TilesArrived) -> Changes:
        is_coming = self.coming is not None and arrival.snapshot == self.coming.id
        is_shown = self.shown is not None and arrival.snapshot == self.shown.id
        place = self.place(arrival.snapshot)
        if is_coming and arrival.is_overview:
            assert self.coming is not None
            problem = _misfit(arrival.tiles, self.coming)
            if problem is not None:
                self.coming = None
                return Changes(is_status=True, fetches=self._advance(), failure=problem)
            for tile in arrival.tiles:
                self._cache.put(place, tile, is_pinned=True)
            self.shown, self.coming = self.coming, None
            for other in self._cache.snapshots() - {place}:
                self._cache.drop(other)
            return Changes(is_new_picture=True, is_status=True, fetches=self._advance())
        if not is_shown:
            return NOTHING
        assert self.shown is not None
        problem = _misfit(arrival.tiles, self.shown)
        if problem is not None:
            return Changes(failure=problem)
        for tile in arrival.tiles:
            self._cache.put(place, tile, is_pinned=arrival.is_overview)
        return Changes(tiles=frozenset((t.key.node, t.key.block) for t in arrival.tiles))

    def _advance(self) -> tuple[Fetch, ...]:
        """Begin with the snapshot that waited, if there is one."""
        if self._next is None:
            return ()
        self.coming, self._next = self._next, None
        return (Overview(self.coming.id),)

    def _fail(self, arrival: RequestFailed) -> Changes:
        request = arrival.request
        if isinstance(request, PutInput):
            self._sending = max(0, self._sending - 1)
            return Changes(is_status=True, failure=arrival.error)
        is_coming = (
            isinstance(request, Overview)
            and self.coming is not None
            and request.snapshot == self.coming.id
        )
        if is_coming:
            self.coming = None
            is_gone = isinstance(arrival.error, GoneError)
            failure = None if is_gone or self._next is not None else arrival.error
            return Changes(is_status=True, fetches=self._advance(), failure=failure)
        return NOTHING


def _misfit(tiles: Iterable[Tile], manifest: SnapshotManifest) -> ProtocolError | None:
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
