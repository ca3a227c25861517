"""The tile store: makes tiles of snapshots on demand and keeps the dear ones, within a budget.

A full-resolution float16 tile is not kept: making it costs what copying it would (measured), so it
is converted straight into the answer. Everything else (reduced levels, int8) is kept ready, the
least recently used going first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk.pyramid import make_level, make_pictures, store, stored_shape
from layerwalk.snapshot import Snapshot
from layerwalk_shared.errors import ClosedError, NotFoundError, TileError, TooLargeError
from layerwalk_shared.messages import TileDType
from layerwalk_shared.tiles import (
    BLOCK_CHANNELS,
    MAX_LEVEL,
    MAX_SIDE,
    TileKey,
    TileType,
    block_channels,
    block_count,
    lay_record,
    level_count,
    level_shape,
    overview_level,
    record_size,
)

KEPT_FULL_BYTES = 64 * 1024
"""A full-resolution float16 tile up to this size is kept all the same: it is in every overview."""
_TYPES: dict[TileDType, TileType] = {"float16": TileType.FLOAT16, "int8": TileType.INT8}

_Place = tuple[int, int, int, int, TileType]
"""Generation, node index of the original, block, level, storage."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """One record of an answer: what it holds and where it goes."""

    key: TileKey
    place: _Place
    channels: range
    shape: tuple[int, ...]
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    values: NDArray[np.generic]
    scales: NDArray[np.float32]

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + self.scales.nbytes


class TileStore:
    """Ready tiles of the snapshots that are there.

    Mutable, shared by all threads. Tiles are made on one thread of its own, so that however many
    ask at once, torch's helper threads exist once.

    Args:
        budget_bytes: of tiles that are kept.
    """

    def __init__(self, *, budget_bytes: int = 256 * 2**20) -> None:
        self._budget = budget_bytes
        self._kept: OrderedDict[_Place, _Kept] = OrderedDict()
        self._kept_bytes = 0
        self._scales: dict[tuple[int, int], NDArray[np.float32]] = {}
        self._live: set[int] = set()
        self._lock = threading.Lock()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="layerwalk-tiles")

    @property
    def kept_bytes(self) -> int:
        """Bytes of the tiles that are kept now."""
        with self._lock:
            return self._kept_bytes

    def body(
        self, snapshot: Snapshot, keys: Sequence[TileKey], *, dtype: TileDType
    ) -> NDArray[np.uint8]:
        """Return the body that holds these tiles in this order; see `layerwalk_shared.tiles`.

        Args:
            snapshot: whose values.
            keys: which tiles; images are RGB8 whatever `dtype`.
            dtype: of the others.

        Raises:
            NotFoundError: no such node, block or level, or the node has no values.
            TooLargeError: the level has a side that no tile holds.
            ClosedError: the store is closed.
        """
        plans = self._plan(snapshot, keys, _TYPES[dtype])
        size = sum(record_size(plan.place[4], plan.shape) for plan in plans)
        body = np.empty(size, np.uint8)
        missing = [plan for plan in plans if not self._serve(body, snapshot, plan)]
        if missing:
            self._on_maker(snapshot, body, missing)
        return body

    def overview(self, snapshot: Snapshot, side: int) -> list[TileKey]:
        """Return the keys of every node's finest level of sides up to `side`, in order of nodes.

        Nodes without values, and nodes that share those of an earlier one, are left out.
        """
        return [
            TileKey(index, block, overview_level(node.shape_hw, side))
            for index, node in enumerate(snapshot.graph.nodes)
            if snapshot.manifest.nodes[index].same_as is None and snapshot.values[index] is not None
            for block in range(block_count(node.channels))
        ]

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
        """Forget everything; end the thread."""
        self._maker.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._kept.clear()
            self._scales.clear()
            self._live.clear()
            self._kept_bytes = 0

    def _plan(self, snapshot: Snapshot, keys: Sequence[TileKey], dtype: TileType) -> list[_Plan]:
        plans: list[_Plan] = []
        offset = 0
        for key in keys:
            snapshot.node_values(key.node)
            name = snapshot.graph.nodes[key.node].id
            count, *sides = snapshot.pictures(key.node)
            try:
                channels = block_channels(count, key.block)
            except TileError as error:
                raise NotFoundError(f"node {name!r}: no {error}") from error
            levels = min(level_count((sides[0], sides[1])), MAX_LEVEL + 1)
            if not 0 <= key.level < levels:
                raise NotFoundError(
                    f"node {name!r}: no level {key.level}; {sides[0]} x {sides[1]} has levels "
                    f"0 to {levels - 1}"
                )
            shape_hw = level_shape((sides[0], sides[1]), key.level)
            if max(shape_hw) > MAX_SIDE:
                raise TooLargeError(
                    f"node {name!r}: level {key.level} is {shape_hw[0]} x {shape_hw[1]}, "
                    f"a tile's sides are at most {MAX_SIDE}; ask for a higher level"
                )
            is_image = snapshot.view(key.node) == "image"
            kind = TileType.RGB8 if is_image else dtype
            place = (snapshot.generation, snapshot.original(key.node), key.block, key.level, kind)
            shape = stored_shape(shape_hw, len(channels), is_image=is_image)
            plans.append(_Plan(key, place, channels, shape, offset))
            offset += record_size(kind, shape)
        return plans

    def _serve(self, body: NDArray[np.uint8], snapshot: Snapshot, plan: _Plan) -> bool:
        with self._lock:
            kept = self._kept.get(plan.place)
            if kept is None:
                return False
            self._kept.move_to_end(plan.place)
        _lay(body, snapshot, plan, kept.scales)[...] = kept.values
        return True

    def _on_maker(
        self, snapshot: Snapshot, body: NDArray[np.uint8], missing: Sequence[_Plan]
    ) -> None:
        try:
            made = self._maker.submit(self._make, snapshot, body, missing)
        except RuntimeError as error:
            raise ClosedError("the session is closed") from error
        made.result()

    def _make(self, snapshot: Snapshot, body: NDArray[np.uint8], missing: Sequence[_Plan]) -> None:
        groups: dict[tuple[int, int], list[_Plan]] = {}
        for plan in missing:
            groups.setdefault((plan.place[1], plan.place[3]), []).append(plan)
        for (node, level), plans in groups.items():
            self._make_level(snapshot, body, node=node, level=level, plans=plans)

    def _make_level(
        self,
        snapshot: Snapshot,
        body: NDArray[np.uint8],
        *,
        node: int,
        level: int,
        plans: Sequence[_Plan],
    ) -> None:
        """Make one level of one node, all blocks at once that are asked for."""
        first = min(plan.channels.start for plan in plans)
        last = max(plan.channels.stop for plan in plans)
        known = self._scales.get((snapshot.generation, node))
        pictures = make_pictures(
            snapshot.node_values(node),
            view=snapshot.view(node),
            input_spec=snapshot.input,
            channels=slice(first, last),
            scales=None if known is None else known[first:last],
        )
        values = make_level(pictures, level)
        if not pictures.is_image and known is None:
            self._remember(snapshot, node, pictures.scales)
        for plan in plans:
            dtype = plan.place[4]
            part = slice(plan.channels.start - first, plan.channels.stop - first)
            own = slice(None) if dtype is TileType.RGB8 else part
            out = _lay(body, snapshot, plan, pictures.scales[part])
            store(values[own], scales=pictures.scales[part], dtype=dtype, out=out)
            if level > 0 or dtype is not TileType.FLOAT16 or out.nbytes <= KEPT_FULL_BYTES:
                self._keep(plan.place, _Kept(out.copy(), pictures.scales[part]))

    def _remember(self, snapshot: Snapshot, node: int, scales: NDArray[np.float32]) -> None:
        """Keep the scales of a whole node, where they need no second look at the values."""
        is_whole = len(scales) == snapshot.pictures(node)[0]
        if is_whole and not snapshot.manifest.nodes[node].not_finite:
            with self._lock:
                if snapshot.generation in self._live:
                    self._scales[snapshot.generation, node] = scales

    def _keep(self, place: _Place, made: _Kept) -> None:
        with self._lock:
            if place[0] not in self._live or place in self._kept:
                return
            self._kept[place] = made
            self._kept_bytes += made.nbytes
            while self._kept_bytes > self._budget:
                _, oldest = self._kept.popitem(last=False)
                self._kept_bytes -= oldest.nbytes


def _lay(
    body: NDArray[np.uint8], snapshot: Snapshot, plan: _Plan, scales: NDArray[np.float32]
) -> NDArray[np.generic]:
    values, _ = lay_record(
        body,
        plan.offset,
        key=plan.key,
        dtype=plan.place[4],
        first_channel=plan.key.block * BLOCK_CHANNELS,
        shape=plan.shape,
        scales=scales,
        generation=snapshot.generation,
    )
    return values
