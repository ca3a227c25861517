"""Decoded tiles on the CPU, within a budget of bytes; the overview stays whatever happens.

A block's texture is made from a chain: its tiles from the finest one held without a gap down to
1 x 1. Tiles are views of the body they came in, which lives as long as one of them: a body is a few
MiB of tiles asked for together, so they tend to go together too.
"""

from __future__ import annotations

from collections import OrderedDict

from layerwalk_shared.tiles import Tile, TileKey


class TileCache:
    """Mutable, owned by the main thread. The least recently used tiles go first.

    Args:
        budget_bytes: for the payloads of tiles that are not pinned.
    """

    def __init__(self, budget_bytes: int) -> None:
        if budget_bytes < 0:
            raise ValueError(f"budget of {budget_bytes} bytes, expected 0 or more")
        self._budget_bytes = budget_bytes
        self._tiles: OrderedDict[tuple[str, TileKey], Tile] = OrderedDict()
        self._pinned: dict[tuple[str, TileKey], Tile] = {}
        self._levels: dict[tuple[str, int, int], dict[int, Tile]] = {}
        self._used_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Payload bytes of the tiles that are not pinned."""
        return self._used_bytes

    @property
    def pinned_bytes(self) -> int:
        """Payload bytes of the tiles that are pinned."""
        return sum(tile.payload_bytes for tile in self._pinned.values())

    def __contains__(self, place: tuple[str, TileKey]) -> bool:
        return place in self._pinned or place in self._tiles

    def put(self, snapshot: str, tile: Tile, *, is_pinned: bool = False) -> None:
        """Hold a tile; older ones may go to make room. What is held already stays as it is."""
        place = (snapshot, tile.key)
        if place in self._pinned:
            return
        if place in self._tiles:
            if not is_pinned:
                self._tiles.move_to_end(place)
                return
            self._forget(place)
        self._levels.setdefault((snapshot, tile.key.node, tile.key.block), {})[tile.key.level] = (
            tile
        )
        if is_pinned:
            self._pinned[place] = tile
            return
        self._tiles[place] = tile
        self._used_bytes += tile.payload_bytes
        self._make_room()

    def resize(self, budget_bytes: int) -> None:
        """Have another budget; the least recently used go where it is smaller."""
        self._budget_bytes = budget_bytes
        self._make_room()

    def chain(self, snapshot: str, node: int, block: int) -> tuple[Tile, ...]:
        """Return a block's tiles from the finest to 1 x 1, without a gap; () when there are none.

        Counts as use of each.
        """
        held = self._levels.get((snapshot, node, block))
        if not held:
            return ()
        level = max(held)
        if held[level].shape_hw != (1, 1):
            return ()
        found = [held[level]]
        while level - 1 in held:
            level -= 1
            found.append(held[level])
        found.reverse()
        for tile in found:
            place = (snapshot, tile.key)
            if place in self._tiles:
                self._tiles.move_to_end(place)
        return tuple(found)

    def tiles(self, snapshot: str, node: int, block: int) -> tuple[Tile, ...]:
        """Return all tiles of a block that are held, the finest first, with or without gaps."""
        held = self._levels.get((snapshot, node, block), {})
        return tuple(held[level] for level in sorted(held))

    def drop(self, snapshot: str) -> None:
        """Forget every tile of a snapshot, pinned ones too."""
        places = [place for place in (*self._tiles, *self._pinned) if place[0] == snapshot]
        for place in places:
            self._forget(place)

    def snapshots(self) -> frozenset[str]:
        """Return the snapshots of which something is held."""
        return frozenset(snapshot for snapshot, _, _ in self._levels)

    def _make_room(self) -> None:
        while self._used_bytes > self._budget_bytes and len(self._tiles) > 1:
            self._forget(next(iter(self._tiles)))

    def _forget(self, place: tuple[str, TileKey]) -> None:
        snapshot, key = place
        tile = self._tiles.pop(place, None)
        if tile is not None:
            self._used_bytes -= tile.payload_bytes
        self._pinned.pop(place, None)
        levels = self._levels[snapshot, key.node, key.block]
        levels.pop(key.level, None)
        if not levels:
            del self._levels[snapshot, key.node, key.block]
