"""What was shown lately: manifests of the last inputs, newest first, to go back to or compare."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from layerwalk_shared.messages import SnapshotManifest

KEPT = 24


class Recent:
    """Mutable, owned by the main thread. Steps of a training are not among them: the timeline has
    those."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, SnapshotManifest] = OrderedDict()

    def note(self, manifest: SnapshotManifest) -> None:
        """Remember a run of a network."""
        if manifest.step is not None or manifest.maximised is not None:
            return
        self._kept[manifest.id] = manifest
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def forget(self, snapshots: Collection[str]) -> None:
        """Note that snapshots are gone."""
        for snapshot in snapshots:
            self._kept.pop(snapshot, None)

    def begin(self, manifest: SnapshotManifest | None) -> None:
        """Forget all but what is shown first: ids may be another server's."""
        self._kept.clear()
        if manifest is not None:
            self.note(manifest)

    def newest_first(self) -> tuple[SnapshotManifest, ...]:
        """Return what is remembered."""
        return tuple(reversed(self._kept.values()))

    def before(self, shown: SnapshotManifest | None) -> SnapshotManifest | None:
        """Return what came before something, else the newest that is not it; None where there is
        nothing else."""
        others = [one for one in self._kept.values() if shown is None or one.id != shown.id]
        earlier = [one for one in others if shown is None or one.generation < shown.generation]
        found = earlier or others
        return found[-1] if found else None
