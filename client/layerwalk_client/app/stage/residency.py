"""Brings the shown snapshot to the GPU: what is wanted is fetched, what has come is uploaded.

A new snapshot takes the walls over one after the other, in the order of the data (the sweep), or
all at once. A wall changes when its turn has come and its fine tiles are there; it waits for them
for a moment only. Far walls show the overview, near ones the levels that the planner asks for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from layerwalk_client.cache import TileCache
from layerwalk_client.source.asking import Tiles
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import NodeStatistics, SnapshotManifest
from layerwalk_shared.tiles import (
    Tile,
    TileKey,
    block_channels,
    block_count,
    level_count,
    level_shape,
)

BATCH_BYTES = 2 * 2**20
BATCH_TILES = 256
"""A batch is small enough that what becomes more urgent need not wait long for it."""
PATIENCE_S = 0.06
"""So long a wall whose turn has come waits for its fine tiles, rather than blur for a moment."""
UNTOLD = NodeStatistics(shape=(), pictures=(1, 1, 1), has_values=False)
"""Stands for a node whose range stays as it was: screens pass nodes without values by."""
RETRY_S = 2.0
"""Tiles that failed are asked for again after this."""

OVERVIEW_CELLS = 8
"""Longest side of a tile that far walls are drawn from."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A block of a wall and the finest level that it is large enough for.

    `is_coarser`: it lies on the GPU finer than that, and memory is short.
    """

    node: int
    block: int
    level: int
    is_coarser: bool = False


class Screen(Protocol):
    """The part of the renderer that takes values: `gl.renderer.Renderer`, or a fake in tests."""

    def set_statistics(self, network: str, nodes: Sequence[NodeStatistics]) -> None: ...

    def put_overview(self, network: str, tiles: Iterable[Tile]) -> None: ...

    def put_block(self, network: str, node: int, block: int, chain: Sequence[Tile]) -> None: ...

    def drop_block(self, network: str, node: int, block: int) -> None: ...

    def resident(self, network: str, node: int, block: int) -> int | None: ...


@dataclass(frozen=True, slots=True)
class _Turn:
    """When a wall takes the new snapshot over."""

    node: int
    due_s: float


class Residency:
    """Mutable, owned by the main thread.

    Args:
        cache: of tiles that have arrived.
        screen: where they go.
        patience_s: so long a wall whose turn has come waits for its fine tiles.
    """

    def __init__(self, cache: TileCache, screen: Screen, *, patience_s: float = PATIENCE_S) -> None:
        self._cache = cache
        self._screen = screen
        self._patience_s = patience_s
        self._network = ""
        self._graph = Graph(nodes=())
        self._manifest: SnapshotManifest | None = None
        self._place = ""
        self._wanted: tuple[Wanted, ...] = ()
        self._wanted_of: dict[int, list[Wanted]] = {}
        self._turns: list[_Turn] = []
        self._is_new = False
        self._failed: dict[TileKey, float] = {}
        self._has_uploads = False

    @property
    def is_switching(self) -> bool:
        """Whether some walls still show the snapshot before."""
        return bool(self._turns)

    @property
    def has_uploads(self) -> bool:
        """Whether something may be ready to be uploaded."""
        return self._has_uploads

    def manifest_of(self, node: int) -> SnapshotManifest | None:
        """Return the snapshot that a wall shows, None while that is not certain."""
        if any(turn.node == node for turn in self._turns):
            return None
        return self._manifest

    def set_network(self, network: str, graph: Graph) -> None:
        """Begin with another graph; nothing is on the screen yet."""
        self._network, self._graph = network, graph
        self._manifest = None
        self._turns = []
        self._wanted = ()
        self._wanted_of = {}
        self._failed.clear()

    def show(self, manifest: SnapshotManifest, place: str, *, now_s: float, sweep_s: float) -> None:
        """Let the walls take over a snapshot whose overview is in the cache under `place`.

        Args:
            manifest: of the snapshot.
            place: its name in the cache.
            now_s: the caller's clock.
            sweep_s: how long the change takes from the first wall to the last; 0: at once.
        """
        self._finish()
        is_first = self._manifest is None
        self._rescale(manifest)
        self._manifest, self._place = manifest, place
        self._failed.clear()
        self._is_new = True
        last = max(1, len(self._graph.nodes) - 1)
        self._turns = [
            _Turn(node, now_s + (0.0 if is_first else sweep_s * node / last))
            for node in range(len(self._graph.nodes))
        ]
        if is_first:
            self._switch([turn.node for turn in self._turns])
            self._turns = []
        self._has_uploads = True

    def want(
        self,
        wanted: Sequence[Wanted],
        *,
        now_s: float,
        evicted: Iterable[tuple[int, int]] = (),
    ) -> list[Tiles]:
        """Note what the view needs, the most important first; return what must be fetched.

        Args:
            wanted: blocks, those that are on the screen already too.
            now_s: the caller's clock.
            evicted: (node, block) to drop from the GPU.
        """
        for node, block in evicted:
            self._screen.drop_block(self._network, node, block)
        self._wanted = tuple(wanted)
        self._wanted_of = {}
        for one in wanted:
            self._wanted_of.setdefault(one.node, []).append(one)
        self._has_uploads = True
        return self._batches(self._missing(now_s))

    def fail(self, keys: Iterable[TileKey], *, now_s: float) -> None:
        """Note tiles that did not come."""
        for key in keys:
            self._failed[key] = now_s + RETRY_S

    def note_tiles(self) -> None:
        """Note that tiles have arrived in the cache."""
        self._has_uploads = True

    def advance(self, now_s: float) -> bool:
        """Let walls change whose turn has come; return whether one did.

        Walls of one turn change together, and none before those of an earlier turn. The first
        turn (the input) goes alone, so that a new picture is seen as soon as it can be.
        """
        due: list[int] = []
        for due_s, turns in itertools.groupby(self._turns, key=lambda turn: turn.due_s):
            nodes = [turn.node for turn in turns]
            is_late = due_s + self._patience_s <= now_s
            if due_s > now_s or not (is_late or all(map(self._is_complete, nodes))):
                break
            due += nodes
            if self._is_new:
                break
        if not due:
            return False
        self._is_new = False
        self._turns = self._turns[len(due) :]
        self._switch(due)
        self._has_uploads = True
        return True

    def upload(self, budget_bytes: float) -> int:
        """Upload what is wanted and there, until the budget is used up; return the bytes.

        At least one block goes, however large it is.
        """
        if not self._has_uploads or self._manifest is None:
            return 0
        waiting = {turn.node for turn in self._turns}
        used = 0
        for one in self._wanted:
            if one.node in waiting:
                continue
            chain = self._chain(one)
            if not self._is_news(one, chain):
                continue
            if used and used + _chain_bytes(chain) > budget_bytes:
                return used
            self._screen.put_block(self._network, one.node, one.block, chain)
            used += _chain_bytes(chain)
        self._has_uploads = False
        return used

    def is_settled(self, now_s: float) -> bool:
        """Whether all that is wanted by now is on the screen, but for what cannot be had."""
        if self._manifest is None or any(turn.due_s <= now_s for turn in self._turns):
            return False
        if any(until <= now_s for until in self._failed.values()) or self.is_fetching(now_s):
            return False
        return not any(self._is_news(one, self._chain(one)) for one in self._wanted)

    def is_fetching(self, now_s: float) -> bool:
        """Whether something that is wanted has not come yet."""
        return any(key not in self._failed for key in self._missing(now_s))

    def source_node(self, node: int) -> int:
        """Return the node whose tiles show `node`: itself, or an earlier one with its values."""
        if self._manifest is None:
            return node
        nodes = self._manifest.nodes
        found = node
        while (same_as := nodes[found].same_as) is not None and (
            nodes[same_as].pictures == nodes[node].pictures
        ):
            found = same_as
        return found

    def finest(self, node: int, channel: int) -> Tile | None:
        """Return the finest tile in the cache that holds a channel of the snapshot shown."""
        chain = self._cache.chain(self._place, self.source_node(node), channel // 256)
        return chain[0] if chain else self._coarse(node, channel // 256)

    def _coarse(self, node: int, block: int) -> Tile | None:
        tiles = self._cache.tiles(self._place, self.source_node(node), block)
        return tiles[0] if tiles else None

    def _shape_of(self, node: int) -> tuple[int, tuple[int, int]]:
        """Return channels and (h, w) of a node as drawn in this snapshot."""
        assert self._manifest is not None
        channels, height, width = self._manifest.nodes[node].pictures
        return channels, (height, width)

    def _missing(self, now_s: float) -> list[TileKey]:
        """Return the tiles that are wanted and not in the cache, the most important first."""
        if self._manifest is None:
            return []
        found: dict[TileKey, None] = {}
        for one in self._wanted:
            if not self._manifest.nodes[one.node].has_values:
                continue
            node = self.source_node(one.node)
            _, shape_hw = self._shape_of(node)
            for level in range(level_count(shape_hw) - 1, one.level - 1, -1):
                key = TileKey(node, one.block, level)
                if (self._place, key) in self._cache or self._failed.get(key, 0.0) > now_s:
                    continue
                found[key] = None
        return list(found)

    def _batches(self, keys: Iterable[TileKey]) -> list[Tiles]:
        assert self._manifest is not None or not keys
        batches: list[Tiles] = []
        batch: list[TileKey] = []
        size = 0
        for key in keys:
            channels, shape_hw = self._shape_of(key.node)
            height, width = level_shape(shape_hw, key.level)
            key_bytes = 2 * len(block_channels(channels, key.block)) * height * width
            if batch and (size + key_bytes > BATCH_BYTES or len(batch) >= BATCH_TILES):
                batches.append(self._batch(batch))
                batch, size = [], 0
            batch.append(key)
            size += key_bytes
        if batch:
            batches.append(self._batch(batch))
        return batches

    def _batch(self, keys: Sequence[TileKey]) -> Tiles:
        assert self._manifest is not None
        return Tiles(self._manifest.id, tuple(keys))

    def _rescale(self, manifest: SnapshotManifest) -> None:
        """Let wishes stay as fine as they are where the pictures of a node become others' size."""
        if self._manifest is None:
            return
        before, now = self._manifest.nodes, manifest.nodes
        self._wanted = tuple(
            _rescaled(one, before[one.node].pictures[1:], now[one.node].pictures[1:])
            for one in self._wanted
        )
        self._wanted_of = {}
        for one in self._wanted:
            self._wanted_of.setdefault(one.node, []).append(one)

    def _is_complete(self, node: int) -> bool:
        """Whether every level wanted of a wall is in the cache."""
        assert self._manifest is not None
        source = self.source_node(node)
        _, shape_hw = self._shape_of(source)
        return all(
            (self._place, TileKey(source, one.block, level)) in self._cache
            for one in self._wanted_of.get(node, ())
            for level in range(one.level, level_count(shape_hw))
        )

    def _chain(self, one: Wanted) -> tuple[Tile, ...]:
        """Return the levels to upload for a block: those in the cache, none finer than wanted."""
        source = self.source_node(one.node)
        chain = self._cache.chain(self._place, source, one.block)
        return tuple(_as_node(tile, one.node) for tile in chain if tile.key.level >= one.level)

    def _is_news(self, one: Wanted, chain: Sequence[Tile]) -> bool:
        """Whether a chain is finer than what is on the screen (or coarser, as is wanted)."""
        if not chain:
            return False
        held = self._screen.resident(self._network, one.node, one.block)
        level = chain[0].key.level
        return held is None or level < held or (one.is_coarser and level > held)

    def _switch(self, nodes: Sequence[int]) -> None:
        """Let walls show the new snapshot: overview, and what is fine of what was fine."""
        assert self._manifest is not None
        told = set(nodes)
        self._screen.set_statistics(
            self._network,
            [new if node in told else UNTOLD for node, new in enumerate(self._manifest.nodes)],
        )
        wanted = {(one.node, one.block): one for one in self._wanted}
        overview: list[Tile] = []
        for node in nodes:
            channels, _ = self._shape_of(node)
            source = self.source_node(node)
            for block in range(block_count(channels)):
                tiles = self._cache.tiles(self._place, source, block)
                pinned = [tile for tile in tiles if max(tile.shape_hw) <= OVERVIEW_CELLS]
                if pinned:
                    overview.append(_as_node(pinned[0], node))
                if self._screen.resident(self._network, node, block) is None:
                    continue
                one = wanted.get((node, block))
                chain = self._chain(one) if one is not None else ()
                if one is not None and chain:
                    self._screen.put_block(self._network, node, block, chain)
                else:
                    self._screen.drop_block(self._network, node, block)
        self._screen.put_overview(self._network, overview)

    def _finish(self) -> None:
        """Let all walls that still wait show the snapshot before the next one begins."""
        if self._turns:
            nodes = [turn.node for turn in self._turns]
            self._turns = []
            self._switch(nodes)


def _as_node(tile: Tile, node: int) -> Tile:
    """Return a tile of an earlier node with the same values as one of `node`."""
    if tile.key.node == node:
        return tile
    return replace(tile, key=replace(tile.key, node=node))


def _rescaled(one: Wanted, before_hw: tuple[int, int], now_hw: tuple[int, int]) -> Wanted:
    """Return the wish for a level that is as fine, in pictures of another size."""
    if before_hw == now_hw:
        return one
    finer = round(math.log2(max(1, *now_hw) / max(1, *before_hw)))
    level = min(max(0, one.level + finer), level_count(now_hw) - 1)
    return replace(one, level=level)


def _chain_bytes(chain: Sequence[Tile]) -> int:
    return sum(tile.payload_bytes for tile in chain)
