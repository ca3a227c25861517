"""Which snapshot is shown, and which one is coming: the newest, or a chosen step of a training.

The old picture stays until the new overview is there; then the new one is shown whole. Snapshots
that follow faster than their overviews come are skipped, the newest is never lost. Overviews of a
training's steps are kept for a while, so that scrubbing back shows them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from layerwalk_client.app.stage.album import Album
from layerwalk_client.app.stage.changes import NOTHING, Changes, unfit_manifest, unfit_tile
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import TilesArrived
from layerwalk_client.source.asking import Fetch, Manifest, Overview
from layerwalk_shared.messages import SnapshotManifest
from layerwalk_shared.training import TrainingStep


class Showing:
    """Mutable, owned by the main thread.

    Args:
        cache: where tiles are held.
        place: the cache's name for a snapshot's id.
        kept_bytes: for overviews of steps beside the one shown.

    Attributes:
        shown, coming: the snapshot on the walls, and the one whose overview is on its way.
        chosen: the step that is looked at; None: live.
        held: a snapshot that is looked at again; None: none is.
    """

    def __init__(self, cache: TileCache, place: Callable[[str], str], *, kept_bytes: int) -> None:
        self._cache = cache
        self._place = place
        self._album = Album(cache, kept_bytes=kept_bytes)
        self._count = 0
        self._newest = 0
        self._latest: SnapshotManifest | None = None
        self._next: SnapshotManifest | None = None
        self.shown: SnapshotManifest | None = None
        self.coming: SnapshotManifest | None = None
        self.chosen: TrainingStep | None = None
        self.held: SnapshotManifest | None = None

    def begin(
        self, manifest: SnapshotManifest | None, *, nodes: int, keeps_picture: bool, is_same: bool
    ) -> None:
        """Begin with a connection or a graph; the overview of `manifest` is on its way.

        Args:
            manifest: the newest snapshot.
            nodes: of the graph.
            keeps_picture: what is shown stays until then.
            is_same: numbers of snapshots go on as before.
        """
        generation = 0 if manifest is None else manifest.generation
        self._newest = max(self._newest, generation) if is_same else generation
        self._count = nodes
        self._latest = self.coming = manifest
        self._next = self.chosen = self.held = None
        self._album.clear()
        if not keeps_picture:
            self.shown = None
            for place in self._cache.snapshots():
                self._cache.drop(place)

    def follow(self, manifest: SnapshotManifest, *, is_own: bool) -> Changes:
        """Take note of a new snapshot; show it when nothing else was chosen, or when it comes of a
        wish of this client."""
        if manifest.generation <= self._newest:
            return NOTHING
        problem = unfit_manifest(manifest, self._count)
        if problem is not None:
            return Changes(failure=problem)
        self._newest = manifest.generation
        self._latest = manifest
        self._album.note(manifest)
        is_elsewhere = self.chosen is not None or self.held is not None
        if is_elsewhere and not is_own:
            return Changes(is_status=True)
        self.chosen = self.held = None
        return self._expect(manifest)

    def hold(self, manifest: SnapshotManifest) -> Changes:
        """Look at a snapshot again, until something else is chosen or put on the input."""
        self.chosen = self._next = None
        self.held = manifest
        return self._go_to(manifest)

    def choose(self, step: TrainingStep | None) -> Changes:
        """Look at a step of the training (None: follow the newest).

        What is held is shown at once; else the picture stays until the step's overview is there.
        """
        self.chosen = step
        self._next = self.held = None
        if step is None:
            return Changes(is_status=True) if self._latest is None else self._go_to(self._latest)
        if step.snapshot is None:
            return Changes(is_status=True)
        known = (self.shown, self.coming, self._latest, self._album.manifest(step.snapshot))
        manifest = next((one for one in known if one is not None and one.id == step.snapshot), None)
        if manifest is None:
            return Changes(is_status=True, fetches=(Manifest(step.snapshot),))
        return self._go_to(manifest)

    def take_manifest(self, manifest: SnapshotManifest) -> Changes:
        """Take a manifest that was asked for; show its snapshot if it is still looked at."""
        self._album.note(manifest)
        if self.chosen is None or self.chosen.snapshot != manifest.id:
            return Changes(is_status=True)
        return self._go_to(manifest)

    def take_overview(self, arrival: TilesArrived) -> Changes:
        """Show the snapshot that was coming, unless another one is looked at by now."""
        manifest, self.coming = self.coming, None
        assert manifest is not None
        problem = unfit_tile(arrival.tiles, manifest)
        if problem is not None:
            return Changes(is_status=True, fetches=self._advance(), failure=problem)
        place = self._place(manifest.id)
        for tile in arrival.tiles:
            self._cache.put(place, tile, is_pinned=True)
        if manifest.step is not None:
            self._album.hold(place, sum(tile.payload_bytes for tile in arrival.tiles))
        is_news = self.shown is None or self._is_looked_at(manifest)
        if is_news:
            self.shown = manifest
        assert self.shown is not None
        self._album.trim(frozenset({self._place(self.shown.id)}))
        return Changes(is_new_picture=is_news, is_status=True, fetches=self._advance())

    def lose_overview(self) -> tuple[tuple[Fetch, ...], bool]:
        """Give up the snapshot that was coming; return what to fetch now, and whether another one
        takes its place."""
        self.coming = None
        has_next = self._next is not None
        return self._advance(), has_next

    def drop(self, snapshots: Sequence[str]) -> list[str]:
        """Forget snapshots that the server has dropped; return which were (all but the shown)."""
        kept = "" if self.shown is None else self.shown.id
        gone = [snapshot for snapshot in snapshots if snapshot != kept]
        self._album.drop(gone, [self._place(snapshot) for snapshot in gone])
        return gone

    def _go_to(self, manifest: SnapshotManifest) -> Changes:
        """Show a snapshot as soon as it can be."""
        if self.shown is not None and manifest.id == self.shown.id:
            return Changes(is_status=True)
        problem = unfit_manifest(manifest, self._count)
        if problem is not None:
            return Changes(failure=problem)
        if self._album.is_held(self._place(manifest.id)):
            self.shown = manifest
            return Changes(is_new_picture=True, is_status=True)
        return self._expect(manifest)

    def _expect(self, manifest: SnapshotManifest) -> Changes:
        """Fetch a snapshot's overview, after the one that is on its way."""
        if self.coming is not None:
            if manifest.id != self.coming.id:
                self._next = manifest
            return Changes(is_status=True)
        self.coming = manifest
        return Changes(is_status=True, fetches=(Overview(manifest.id),))

    def _is_looked_at(self, manifest: SnapshotManifest) -> bool:
        """Whether a snapshot that has come is still wanted, or lies on the way to what is."""
        if self._next is not None:
            return True
        if self.held is not None:
            return self.held.id == manifest.id
        if self.chosen is not None:
            return self.chosen.snapshot == manifest.id
        return self._latest is None or manifest.generation >= self._latest.generation

    def _advance(self) -> tuple[Fetch, ...]:
        """Begin with the snapshot that waited, if there is one."""
        if self._next is None:
            return ()
        self.coming, self._next = self._next, None
        return (Overview(self.coming.id),)
