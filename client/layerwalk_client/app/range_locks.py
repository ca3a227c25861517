"""Which ranges are held in this walk, over whatever else sets them."""

from __future__ import annotations

from collections.abc import Mapping

from layerwalk_client.world.locks import Locks, NodeKey
from layerwalk_client.world.scene import Scene


class RangeLocks:
    """Mutable, owned by the main thread.

    Attributes:
        held: the locks.
    """

    def __init__(self) -> None:
        self.held = Locks()
        self._of: tuple[Scene, Locks, Mapping[NodeKey, float]] | None = None
        self._ranges: Mapping[NodeKey, float] = {}

    def over(self, ranges: Mapping[NodeKey, float], scene: Scene) -> Mapping[NodeKey, float]:
        """Return ranges of walls with the locks over them; the same mapping while nothing changes."""
        if not self.held.is_any:
            return ranges
        seen = self._of
        if seen is None or (seen[0], seen[1]) != (scene, self.held) or seen[2] is not ranges:
            self._of = scene, self.held, ranges
            self._ranges = {**ranges, **self.held.ranges(scene)}
        return self._ranges

    def forget(self, network: str) -> None:
        """Let go what was held of a network's nodes: they are others now."""
        self.held = self.held.unlocked(key for key in self.held.nodes if key[0] == network)
