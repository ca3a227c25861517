"""Snapshots at hand: manifests of a training's steps, and whose overviews wait in the cache.

So that one can scrub along a training: a step whose overview is held is shown at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from layerwalk_client.cache import TileCache
from layerwalk_shared.messages import SnapshotManifest

KEPT_BYTES = 128 * 2**20
"""Overviews of steps that are kept beside the one shown."""
KEPT_NODES = 250_000
"""Manifests are kept for this many nodes in all: about a kilobyte each."""


class Album:
    """Mutable, owned by the main thread.

    Args:
        cache: where the tiles are.
        kept_bytes: for overviews beside the one shown.
    """

    def __init__(self, cache: TileCache, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._cache = cache
        self._kept_bytes = kept_bytes
        self._manifests: OrderedDict[str, SnapshotManifest] = OrderedDict()
        self._nodes = 0
        self._overviews: OrderedDict[str, int] = OrderedDict()

    def note(self, manifest: SnapshotManifest) -> None:
        """Remember a manifest of a training's step."""
        if manifest.step is None or manifest.id in self._manifests:
            return
        self._manifests[manifest.id] = manifest
        self._nodes += len(manifest.nodes)
        while self._nodes > KEPT_NODES and len(self._manifests) > 1:
            _, dropped = self._manifests.popitem(last=False)
            self._nodes -= len(dropped.nodes)

    def manifest(self, snapshot: str) -> SnapshotManifest | None:
        """Return a manifest that is known."""
        return self._manifests.get(snapshot)

    def hold(self, place: str, overview_bytes: int) -> None:
        """Note that the overview of a step's snapshot is in the cache."""
        self._overviews[place] = overview_bytes
        self._overviews.move_to_end(place)

    def is_held(self, place: str) -> bool:
        """Whether the overview is in the cache; counts as use of it."""
        if place in self._overviews:
            self._overviews.move_to_end(place)
            return True
        return False

    def trim(self, needed: frozenset[str]) -> None:
        """Drop what is not needed: all but the steps' overviews, and of those the longest unused.

        Args:
            needed: places in the cache of the snapshots shown and coming.
        """
        total = sum(self._overviews.values())
        for place in list(self._overviews):
            if total <= self._kept_bytes:
                break
            if place not in needed:
                total -= self._overviews.pop(place)
        for other in self._cache.snapshots() - needed - self._overviews.keys():
            self._cache.drop(other)

    def drop(self, snapshots: Iterable[str], places: Iterable[str]) -> None:
        """Forget snapshots that the server has dropped.

        Args:
            snapshots: their ids.
            places: their names in the cache, without that of the one shown.
        """
        for snapshot in snapshots:
            dropped = self._manifests.pop(snapshot, None)
            if dropped is not None:
                self._nodes -= len(dropped.nodes)
        for place in places:
            self._overviews.pop(place, None)
            self._cache.drop(place)

    def clear(self) -> None:
        """Forget everything but the tiles: ids may be another server's now."""
        self._manifests.clear()
        self._nodes = 0
        self._overviews.clear()
