"""The tile store: makes tiles of snapshots on demand and keeps the dear ones, within a budget.

A full-resolution float16 tile is not kept: making it costs what copying it would (measured), so it
is converted straight into the answer. Everything else (reduced levels, int8) is kept ready, the
least recently used going first; so are whole overviews, which every client asks for first.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from layerwalk.pyramid import (
    SCRATCH_VALUES,
    Pictures,
    make_level,
    make_pictures,
    run_serially,
    store,
)
from layerwalk.snapshots import Snapshot
from layerwalk.tileplan import TilePlan, chunks_of, lay, plan_tiles
from layerwalk_shared.errors import ClosedError
from layerwalk_shared.messages import TileDType
from layerwalk_shared.tiles import ALIGNMENT, TileKey, TileType, block_count, overview_level

KEPT_FULL_BYTES = 64 * 1024
"""A full-resolution float16 tile up to this size is kept all the same."""
CHUNK_BYTES = 4 * 2**20
"""An answer is made and sent in chunks of this size, into memory that is warm: a fresh page costs as
much as filling it. Of 0.5 to 16 MiB the one that took the least of both cores (measured)."""
OVERVIEW_CHUNK_BYTES = 2**18
"""Chunks of an overview are smaller: little is sent of the many values that are looked at."""
SCRATCH_BYTES = 4 * SCRATCH_VALUES
"""Every chunk has this much behind it to work in."""
SPARE_CHUNKS = 8
OVERVIEW_THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))
"""Threads that make overviews, with serial torch, so that neither the model thread nor whoever asks
has to change how its own torch runs. Half of the cores: others send and receive."""

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
        on_start: called first on every thread that makes tiles.
    """

    def __init__(
        self,
        *,
        budget_bytes: int = 256 * 2**20,
        on_start: Callable[[], object] = lambda: None,
    ) -> None:
        self._budget = budget_bytes
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._kept_bytes = 0
        self._seen: dict[tuple[int, int], Pictures] = {}
        self._overviews: dict[_OverviewKey, Future[_Kept]] = {}
        self._live: set[int] = set()
        self._spare: deque[NDArray[np.uint8]] = deque(maxlen=SPARE_CHUNKS)
        self._lock = threading.Lock()
        self._is_closed = False

        def begin() -> None:
            run_serially()
            on_start()

        self._makers = ThreadPoolExecutor(
            OVERVIEW_THREADS, thread_name_prefix="layerwalk-tiles", initializer=begin
        )

    @property
    def kept_bytes(self) -> int:
        """Bytes of the tiles that are kept now."""
        with self._lock:
            return self._kept_bytes

    def stream(self, snapshot: Snapshot, keys: Sequence[TileKey], *, dtype: TileDType) -> TileBody:
        """Return the body that holds these tiles in this order; see `layerwalk_shared.tiles`.

        Everything that can be wrong with the keys is checked at once; the tiles are made as the
        chunks are read, on the thread that reads them: what it then sends is still in its cache.

        Args:
            snapshot: whose values.
            keys: which tiles; images are RGB8 whatever `dtype`.
            dtype: of the others.

        Raises:
            NotFoundError: no such node, block or level, or the node has no values.
            TooLargeError: the level has a side that no tile holds.
            ClosedError: the store is closed.
        """
        self._check_open()
        plans = plan_tiles(snapshot, keys, _TYPES[dtype])
        size = sum(plan.size for plan in plans)
        chunks = chunks_of(plans, CHUNK_BYTES)
        return TileBody(size, (self._fill(snapshot, chunk) for chunk in chunks))

    def body(self, snapshot: Snapshot, keys: Sequence[TileKey], *, dtype: TileDType) -> bytes:
        """Return a body in one piece; arguments and errors as for `stream`."""
        return self._joined(self.stream(snapshot, keys, dtype=dtype).chunks)

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
        if chunk.buffer is not None and len(chunk.buffer) == CHUNK_BYTES + SCRATCH_BYTES:
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
            for seen in [seen for seen in self._seen if seen[0] in gone]:
                del self._seen[seen]

    def close(self) -> None:
        """Forget everything; end the threads."""
        self._is_closed = True
        self._makers.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._kept.clear()
            self._seen.clear()
            self._live.clear()
            self._spare.clear()
            self._kept_bytes = 0

    def _joined(self, chunks: Iterator[Chunk]) -> bytes:
        parts = []
        for chunk in chunks:
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
            self._check_open()
            plans = plan_tiles(snapshot, overview_keys(snapshot, place[1]), _TYPES[place[2]])
            chunks = chunks_of(plans, OVERVIEW_CHUNK_BYTES)
            body = self._joined(self._makers.map(partial(self._fill, snapshot), chunks))
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

    def _check_open(self) -> None:
        if self._is_closed:
            raise ClosedError("the session is closed")

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
        scratch = buffer[-SCRATCH_BYTES:].view(np.float32)
        for placed in groups.values():
            self._make(snapshot, body, placed, scratch=scratch)
        return Chunk(body.data, buffer)

    def _buffer(self, size: int) -> NDArray[np.uint8]:
        """Return memory for a chunk of `size` bytes, with scratch memory as its last part."""
        if size <= CHUNK_BYTES:
            try:
                return self._spare.pop()
            except IndexError:
                size = CHUNK_BYTES
        return np.empty(-(-size // ALIGNMENT) * ALIGNMENT + SCRATCH_BYTES, np.uint8)

    def _make(
        self,
        snapshot: Snapshot,
        body: NDArray[np.uint8],
        placed: Sequence[tuple[TilePlan, int]],
        *,
        scratch: NDArray[np.float32],
    ) -> None:
        """Make one level of one node, all blocks at once that are asked for."""
        node, level = placed[0][0].original, placed[0][0].key.level
        first = min(plan.channels.start for plan, _ in placed)
        last = max(plan.channels.stop for plan, _ in placed)
        pictures = self._pictures(snapshot, node, slice(first, last))
        values = make_level(pictures, level)
        for plan, offset in placed:
            part = slice(plan.channels.start - first, plan.channels.stop - first)
            scales = pictures.scales[part]
            out = lay(body, offset, plan, scales)
            planes = 3 if plan.dtype is TileType.RGB8 else 1
            own = values[planes * part.start : planes * part.stop]
            store(
                own,
                scales=scales,
                largest=pictures.largest,
                dtype=plan.dtype,
                out=out,
                scratch=scratch,
            )
            if plan.is_kept(KEPT_FULL_BYTES):
                self._keep(plan.place, _Kept(out.copy(), scales))

    def _pictures(self, snapshot: Snapshot, node: int, channels: slice) -> Pictures:
        """Return some channels of a node, looking at the values only where that was not done.

        What is remembered is a view of the snapshot's own values, with the scales: no memory.
        """
        place = (snapshot.generation, node)
        known = self._seen.get(place)
        if known is None:
            pictures = make_pictures(
                snapshot.node_values(node),
                view=snapshot.views[node],
                input_spec=snapshot.input,
                channels=channels,
                statistics=snapshot.manifest.nodes[node],
            )
            if pictures.is_image or len(pictures.scales) < snapshot.pictures(node)[0]:
                return pictures
            if pictures.values.data_ptr() == snapshot.node_values(node).ctypes.data:
                with self._lock:
                    if snapshot.generation in self._live:
                        self._seen[place] = pictures
            return pictures
        if len(known.scales) == channels.stop - channels.start:
            return known
        return Pictures(known.values[channels], known.scales[channels], is_image=False)

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
