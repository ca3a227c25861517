"""What an answer of tiles will hold, worked out and checked before any tile is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import NotFoundError, TileError, TooLargeError
from layerwalk_shared.tiles import (
    MAX_SIDE,
    TileKey,
    TileType,
    block_channels,
    lay_record,
    level_count,
    level_shape,
    record_size,
)


@dataclass(frozen=True, slots=True)
class TilePlan:
    """One record of an answer.

    Attributes:
        key: what was asked for.
        generation: of the snapshot.
        original: index of the node whose values it shows.
        channels: of the block.
        dtype: how it is stored.
        shape: of its values.
        size: bytes of its record.
    """

    key: TileKey
    generation: int
    original: int
    channels: range
    dtype: TileType
    shape: tuple[int, ...]
    size: int

    @property
    def place(self) -> tuple[int, int, int, int, TileType]:
        """Where it is kept: the same for nodes that share their values."""
        return self.generation, self.original, self.key.block, self.key.level, self.dtype

    def is_kept(self, full_bytes: int) -> bool:
        """Return whether it is worth keeping: all but large float16 tiles of level 0."""
        is_full = self.key.level == 0 and self.dtype is TileType.FLOAT16
        return not is_full or self.size <= full_bytes


def plan_tiles(snapshot: Snapshot, keys: Sequence[TileKey], dtype: TileType) -> list[TilePlan]:
    """Return the records of an answer, in the order asked for.

    Raises:
        NotFoundError: no such node, block or level, or the node has no values.
        TooLargeError: the level has a side that no tile holds.
    """
    plans: list[TilePlan] = []
    for key in keys:
        snapshot.node_values(key.node)
        name = snapshot.graph.nodes[key.node].id
        count, height, width = snapshot.pictures(key.node)
        try:
            channels = block_channels(count, key.block)
        except TileError as error:
            raise NotFoundError(f"node {name!r}: no {error}") from error
        levels = level_count((height, width))
        if not 0 <= key.level < levels:
            raise NotFoundError(
                f"node {name!r}: no level {key.level}; {height} x {width} has levels "
                f"0 to {levels - 1}"
            )
        level_hw = level_shape((height, width), key.level)
        if max(level_hw) > MAX_SIDE:
            raise TooLargeError(
                f"node {name!r}: level {key.level} is {level_hw[0]} x {level_hw[1]}, "
                f"a tile's sides are at most {MAX_SIDE}; ask for a higher level"
            )
        is_image = snapshot.views[key.node] in ("image", "pictures")
        kind = TileType.RGB8 if is_image else dtype
        shape = (len(channels), *level_hw, 3) if is_image else (len(channels), *level_hw)
        plans.append(
            TilePlan(
                key,
                snapshot.generation,
                snapshot.original(key.node),
                channels,
                kind,
                shape,
                record_size(kind, shape),
            )
        )
    return plans


def chunks_of(plans: Sequence[TilePlan], chunk_bytes: int) -> list[list[TilePlan]]:
    """Return the plans in order, in runs of at most `chunk_bytes`; a larger one stands alone."""
    chunks: list[list[TilePlan]] = []
    left = 0
    for plan in plans:
        if plan.size > left:
            chunks.append([])
            left = max(chunk_bytes, plan.size)
        chunks[-1].append(plan)
        left -= plan.size
    return chunks


def lay(
    body: NDArray[np.uint8], offset: int, plan: TilePlan, scales: NDArray[np.float32]
) -> NDArray[np.generic]:
    """Write a record but its values into a body; return where the values belong."""
    values, _ = lay_record(
        body,
        offset,
        key=plan.key,
        dtype=plan.dtype,
        first_channel=plan.channels.start,
        shape=plan.shape,
        scales=scales,
        generation=plan.generation,
    )
    return values
