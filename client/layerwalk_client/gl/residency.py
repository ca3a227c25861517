"""Which blocks lie in textures, at which level, and which of them are just changing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layerwalk_client.gl.textures import TexturePool, check_chain
from layerwalk_shared.tiles import BLOCK_CHANNELS, Tile, TileType

FADE_S = 0.12
"""Seconds a new level or a new value takes to replace the old one (LOOK.md, motion)."""

NodeKey = tuple[str, int]


@dataclass(slots=True, eq=False)
class ResidentBlock:
    """A block in a texture. Mutable, owned by the main thread.

    Attributes:
        texture: array texture, one layer a channel.
        level: finest level it holds.
        dtype: storage.
        first_channel: channel of layer 0.
        previous: texture that it fades from; 0 = from the overview.
        previous_dtype: storage of `previous`.
        fade: 0 shows the previous one, 1 this one.
    """

    texture: int
    level: int
    dtype: TileType
    first_channel: int
    previous: int = 0
    previous_dtype: TileType = TileType.FLOAT16
    fade: float = 1.0


class Residency:
    """The blocks of all nodes. Mutable, owned by the main thread."""

    def __init__(self, pool: TexturePool) -> None:
        """Keep blocks in textures of `pool`."""
        self._pool = pool
        self._nodes: dict[NodeKey, dict[int, ResidentBlock]] = {}
        self._fading: list[ResidentBlock] = []

    @property
    def is_fading(self) -> bool:
        """Some block has not replaced its predecessor wholly."""
        return bool(self._fading)

    def blocks(self, key: NodeKey) -> dict[int, ResidentBlock] | None:
        """Return the resident blocks of a node, None where there are none."""
        return self._nodes.get(key)

    def put(self, key: NodeKey, block: int, chain: Sequence[Tile], *, fades: bool = True) -> None:
        """Upload a block's levels; they replace what the block showed.

        Args:
            key, block: which one.
            chain: its levels.
            fades: from what was there; not where nobody has seen that.

        Raises:
            TileError: it is no chain of levels.
        """
        blocks = self._nodes.get(key, {})
        old = blocks.get(block)
        if old is not None and old.fade < 1.0:
            check_chain(chain)
            self._settle(old)  # first, so that its old texture serves again
        texture = self._pool.upload(chain)
        made = ResidentBlock(
            texture,
            chain[0].key.level,
            chain[0].dtype,
            block * BLOCK_CHANNELS,
            fade=0.0 if fades or old is not None else 1.0,
        )
        if old is not None:
            if (old.dtype is TileType.RGB8) == (made.dtype is TileType.RGB8):
                made.previous, made.previous_dtype = old.texture, old.dtype
            else:
                self._pool.give_back(old.texture)
                made.fade = 1.0
        self._nodes.setdefault(key, blocks)[block] = made
        if made.fade < 1.0:
            self._fading.append(made)

    def _settle(self, block: ResidentBlock) -> None:
        """End a block's fade at once."""
        block.fade = 1.0
        if block.previous:
            self._pool.give_back(block.previous)
            block.previous = 0
        if block in self._fading:
            self._fading.remove(block)

    def advance(self, dt: float) -> None:
        """Let `dt` seconds of fading pass; 0 ends every fade."""
        for block in list(self._fading):
            block.fade = 1.0 if dt <= 0 else min(1.0, block.fade + dt / FADE_S)
            if block.fade >= 1.0:
                self._settle(block)

    def drop(self, key: NodeKey, block: int) -> None:
        """Forget a block; nothing happens when it is not there."""
        blocks = self._nodes.get(key, {})
        found = blocks.pop(block, None)
        if found is not None:
            self._settle(found)
            self._pool.give_back(found.texture)
        if not blocks:
            self._nodes.pop(key, None)

    def drop_network(self, network: str) -> None:
        """Forget every block of a network."""
        for key in [key for key in self._nodes if key[0] == network]:
            for block in list(self._nodes[key]):
                self.drop(key, block)

    def level(self, key: NodeKey, block: int) -> int | None:
        """Return the finest level of a block that is resident, None where it is not."""
        found = self._nodes.get(key, {}).get(block)
        return None if found is None else found.level
