"""Keeps the multipliers of all channels on the atlas' pages in step with data and range mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from layerwalk_client.gl.atlas import Atlas
from layerwalk_client.gl.ranges import (
    NodeValues,
    channel_ranges,
    multipliers,
    shared_maximum,
)
from layerwalk_client.world.scene import Wall
from layerwalk_client.world.view import Appearance
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.tiles import Tile

NodeKey = tuple[str, int]


class ChannelScales:
    """What is known of all nodes' values. Mutable, owned by the main thread.

    A change of mode or data rewrites 8 bytes a channel; no values are uploaded again.
    """

    def __init__(self, atlas: Atlas) -> None:
        """Write multipliers onto the pages of `atlas`."""
        self._atlas = atlas
        self._nodes: dict[NodeKey, NodeValues] = {}
        self._walls: dict[NodeKey, int] = {}
        self._stale: set[NodeKey] = set()
        self._shown: tuple[object, ...] = ()

    def set_walls(self, walls: Iterable[Wall]) -> None:
        """Say which walls there are."""
        found = {wall.value_key: wall.channels for wall in walls if not wall.is_image}
        if found != self._walls:  # else they are only moved
            self._walls = found
            self._stale |= found.keys()

    def set_statistics(self, network: str, nodes: Sequence[NodeStatistics]) -> None:
        """Take the largest values of all nodes of a network from a manifest."""
        for index, node in enumerate(nodes):
            if node.has_values:
                self._node((network, index)).statistics = node
                self._stale.add((network, index))

    def note(self, network: str, tile: Tile) -> None:
        """Take a tile's scales."""
        key = (network, tile.key.node)
        self._node(key).note(tile)
        self._stale.add(key)

    def _node(self, key: NodeKey) -> NodeValues:
        found = self._nodes.get(key)
        if found is None:
            channels = self._walls.get(key, 0)
            found = self._nodes[key] = NodeValues(np.full(channels, np.nan, np.float32))
        return found

    def drop_network(self, network: str) -> None:
        """Forget a network's values."""
        for key in [key for key in self._nodes if key[0] == network]:
            del self._nodes[key]

    def all_stale(self) -> None:
        """Say that walls have moved on the pages."""
        self._stale |= self._walls.keys()

    def range_of(
        self, key: NodeKey, channel: int, appearance: Appearance, override: float | None
    ) -> float:
        """Return the value that gets the table's end for one channel (0 where nothing is known)."""
        values = self._nodes.get(key)
        if values is None or not 0 <= channel < len(values.scales):
            return 0.0
        ranges = channel_ranges(
            values, appearance, shared_maximum=self._shared(), override=override
        )
        return float(ranges[channel])

    def _shared(self) -> float:
        return shared_maximum(values for key, values in self._nodes.items() if key in self._walls)

    def refresh(self, appearance: Appearance, overrides: Mapping[NodeKey, float]) -> None:
        """Rewrite what data, mode or overrides have changed. The atlas is flushed."""
        shared = self._shared() if self._stale and appearance.mode == "shared" else None
        if shared is None and appearance.mode == "shared" and self._shown:
            shared = self._shown[3]  # type: ignore[assignment]
        shown = (
            appearance.mode,
            appearance.manual if appearance.mode == "manual" else None,
            appearance.percentile if appearance.mode == "percentile" else None,
            shared,
            dict(overrides),
        )
        if shown != self._shown:
            self._shown = shown
            self._stale |= self._walls.keys()
        if not self._stale:
            return
        for key in self._stale:
            values = self._nodes.get(key)
            if values is None or key not in self._walls or self._atlas.slot(key) is None:
                continue
            ranges = channel_ranges(
                values,
                appearance,
                shared_maximum=shared or 0.0,
                override=overrides.get(key),
            )
            scales = np.nan_to_num(values.scales, nan=0.0)
            self._atlas.write_multipliers(key, np.stack([multipliers(ranges), scales], axis=1))
        self._stale.clear()
