"""The tile store: makes tiles of snapshots on demand and keeps the dear ones, within a budget.

A full-resolution float16 tile is not kept: making it costs what copying it would (measured), so it
is converted straight into the answer. Everything else (reduced levels, int8) is kept ready, the
least recently used going first; so are whole overviews, which every client asks for first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk.pyramid import make_level, make_pictures, run_serially, store
from layerwalk.snapshots import Snapshot
from layerwalk.tileplan import TilePlan, chunks_of, lay, plan_tiles
from layerwalk_shared.errors import ClosedError
from layerwalk_shared.messages import TileDType
from layerwalk_shared.tiles import TileKey, TileType, block_count, overview_level

KEPT_FULL_BYTES = 64 * 1024
"""A full-resolution float16 tile up to this size is kept all the same."""
CHUNK_BYTES = 4 * 2**20
"""An answer is made and sent in chunks of this size, so that one is sent while the next is made,
into memory that is warm: a fresh page costs as much as filling it."""
SPARE_CHUNKS = 8
MAKERS = 2
"""Threads that make tiles, each with serial torch: on two busy cores torch's own helper threads
made the same work up to ten times slower, because every operation waits for the slowest of them."""

_OverviewKey = tuple[int, int, TileDType]
"""Generation, side, storage."""
_TYPES: dict[TileDType, TileType] = {"float16": TileType.FLOAT16, "int8": TileType.INT8}


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A piece of a body, valid until it is given back to the store: `store.give_back(chunk)`.

    Attributes:
        view: the bytes.
        buffer: the whole memory that they are in; None where it is not to be used again.
    """

    view: memoryview
    buffer: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TileBody:
    """A body of tiles that is made while it is read.

    Attributes:
        size: bytes of all chunks.
        chunks: the pieces in order; to be read once.
    """

    size: int
    chunks: Iterator[Chunk]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    values: NDArray[np.generic]
    scales: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self.scales.nbytes


class TileStore:
    """Ready tiles of the snapshots that are there.

    Mutable, shared by all threads.

    Args:
        budget_bytes: of tiles that are kept.
    """

    def __init__(self, *, budget_bytes: int = 256 * 2**20) -> None:
        self._budget = budget_bytes
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._kept_bytes = 0
        self._scales: dict[tuple[int, int], NDArray[np.float32]] = {}
        self._overviews: dict[_OverviewKey, Future[_Kept]] = {}
        self._live: set[int] = set()
        self._spare: deque[NDArray[np.uint8]] = deque(maxlen=SPARE_CHUNKS)
        self._lock = threading.Lock()
        self._makers = ThreadPoolExecutor(
            MAKERS, thread_name_prefix="layerwalk-tiles", initializer=run_serially
        )

    @property
    def kept_bytes(self) -> int:
        """Bytes of the tiles that are kept now."""
        with self._lock:
            return self._kept_bytes

    def stream(self, snapshot: Snapshot, keys: Sequence[TileKey], *, dtype: TileDType) -> TileBody:
        """Return the body that holds these tiles in this order; see `layerwalk_shared.tiles`.

        Everything that can be wrong with the keys is checked at once; the tiles are made as the
        chunks are read.

        Args:
            snapshot: whose values.
            keys: which tiles; images are RGB8 whatever `dtype`.
            dtype: of the others.

        Raises:
            NotFoundError: no such node, block or level, or the node has no values.
            TooLargeError: the level has a side that no tile holds.
        """
        plans = plan_tiles(snapshot, keys, _TYPES[dtype])
        size = sum(plan.size for plan in plans)
        return TileBody(size, self._chunks(snapshot, chunks_of(plans, CHUNK_BYTES)))

    def body(self, snapshot: Snapshot, keys: Sequence[TileKey], *, dtype: TileDType) -> bytes:
        """Return a body in one piece; arguments and errors as for `stream`."""
        return self._joined(self.stream(snapshot, keys, dtype=dtype))

    def overview(self, snapshot: Snapshot, side: int, *, dtype: TileDType) -> TileBody:
        """Return every node's finest level of sides up to `side`, in order of nodes; kept whole.

        Nodes without values, and nodes that share those of an earlier one, are left out. Who asks
        while it is being made waits for it.

        Raises:
            ClosedError: the store is closed.
        """
        place: _OverviewKey = (snapshot.generation, side, dtype)
        found = self._find(place) or self._make_overview(snapshot, place)
        return TileBody(len(found.values), iter([Chunk(found.values.data.cast("B"))]))

    def give_back(self, chunk: Chunk) -> None:
        """Let a chunk's memory be used again; its view is not to be read any more."""
        if chunk.buffer is not None and len(chunk.buffer) == CHUNK_BYTES:
            self._spare.append(chunk.buffer)

    def add(self, snapshot: Snapshot) -> None:
        """Begin to keep tiles of a snapshot."""
        with self._lock:
            self._live.add(snapshot.generation)

    def drop(self, generations: Iterable[int]) -> None:
        """Forget the tiles of snapshots that are gone."""
        gone = set(generations)
        with self._lock:
            self._live -= gone
            for place in [place for place in self._kept if place[0] in gone]:
                self._kept_bytes -= self._kept.pop(place).nbytes
            for known in [known for known in self._scales if known[0] in gone]:
                del self._scales[known]

    def close(self) -> None:
        """Forget everything; end the threads."""
        self._makers.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._kept.clear()
            self._scales.clear()
            self._live.clear()
            self._spare.clear()
            self._kept_bytes = 0

    def _joined(self, body: TileBody) -> bytes:
        parts = []
        for chunk in body.chunks:
            parts.append(bytes(chunk.view))
            self.give_back(chunk)
        return b"".join(parts)

    def _make_overview(self, snapshot: Snapshot, place: _OverviewKey) -> _Kept:
        mine: Future[_Kept] = Future()
        with self._lock:
            pending = self._overviews.setdefault(place, mine)
        if pending is not mine:
            return pending.result()
        try:
            body = self.body(snapshot, overview_keys(snapshot, place[1]), dtype=place[2])
            made = _Kept(np.frombuffer(body, np.uint8), np.zeros(0, np.float32))
            self._keep(place, made)
            mine.set_result(made)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._overviews[place]
        return made

    def _chunks(self, snapshot: Snapshot, chunks: Sequence[Sequence[TilePlan]]) -> Iterator[Chunk]:
        """Yield chunks in order; as many as there are makers are on their way ahead."""
        ahead: deque[Future[Chunk]] = deque()
        try:
            for plans in chunks:
                ahead.append(self._submit(snapshot, plans))
                if len(ahead) > MAKERS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for left in ahead:
                left.cancel()

    def _submit(self, snapshot: Snapshot, plans: Sequence[TilePlan]) -> Future[Chunk]:
        try:
            return self._makers.submit(self._fill, snapshot, plans)
        except RuntimeError as error:
            raise ClosedError("the session is closed") from error

    def _fill(self, snapshot: Snapshot, plans: Sequence[TilePlan]) -> Chunk:
        size = sum(plan.size for plan in plans)
        buffer = self._buffer(size)
        body = buffer[:size]
        groups: dict[tuple[int, int], list[tuple[TilePlan, int]]] = {}
        offset = 0
        for plan in plans:
            kept = self._find(plan.place) if plan.is_kept(KEPT_FULL_BYTES) else None
            if kept is not None:
                lay(body, offset, plan, kept.scales)[...] = kept.values
            else:
                groups.setdefault((plan.original, plan.key.level), []).append((plan, offset))
            offset += plan.size
        for placed in groups.values():
            self._make(snapshot, body, placed)
        return Chunk(body.data, buffer)

    def _buffer(self, size: int) -> NDArray[np.uint8]:
        if size <= CHUNK_BYTES:
            try:
                return self._spare.pop()
            except IndexError:
                size = CHUNK_BYTES
        return np.empty(size, np.uint8)

    def _make(
        self, snapshot: Snapshot, body: NDArray[np.uint8], placed: Sequence[tuple[TilePlan, int]]
    ) -> None:
        """Make one level of one node, all blocks at once that are asked for."""
        node, level = placed[0][0].original, placed[0][0].key.level
        first = min(plan.channels.start for plan, _ in placed)
        last = max(plan.channels.stop for plan, _ in placed)
        known = self._scales.get((snapshot.generation, node))
        pictures = make_pictures(
            snapshot.node_values(node),
            view=snapshot.views[node],
            input_spec=snapshot.input,
            channels=slice(first, last),
            scales=None if known is None else known[first:last],
        )
        values = make_level(pictures, level)
        if known is None and not pictures.is_image:
            self._remember(snapshot, node, pictures.scales)
        for plan, offset in placed:
            part = slice(plan.channels.start - first, plan.channels.stop - first)
            scales = pictures.scales[part]
            out = lay(body, offset, plan, scales)
            own = values if plan.dtype is TileType.RGB8 else values[part]
            store(own, scales=scales, largest=pictures.largest, dtype=plan.dtype, out=out)
            if plan.is_kept(KEPT_FULL_BYTES):
                self._keep(plan.place, _Kept(out.copy(), scales))

    def _remember(self, snapshot: Snapshot, node: int, scales: NDArray[np.float32]) -> None:
        """Keep the scales of a whole node, where they need no second look at the values."""
        is_whole = len(scales) == snapshot.pictures(node)[0]
        if is_whole and not snapshot.manifest.nodes[node].not_finite:
            with self._lock:
                if snapshot.generation in self._live:
                    self._scales[snapshot.generation, node] = scales

    def _find(self, place: tuple[object, ...]) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None:
                self._kept.move_to_end(place)
            return kept

    def _keep(self, place: tuple[object, ...], made: _Kept) -> None:
        with self._lock:
            if place[0] not in self._live or place in self._kept:
                return
            self._kept[place] = made
            self._kept_bytes += made.nbytes
            while self._kept_bytes > self._budget:
                _, oldest = self._kept.popitem(last=False)
                self._kept_bytes -= oldest.nbytes


def overview_keys(snapshot: Snapshot, side: int) -> list[TileKey]:
    """Return the keys of every node's finest level of sides up to `side`, in order of nodes."""
    return [
        TileKey(index, block, overview_level(node.pictures[1:], side))
        for index, node in enumerate(snapshot.manifest.nodes)
        if node.same_as is None and node.has_values
        for block in range(block_count(node.pictures[0]))
    ]
