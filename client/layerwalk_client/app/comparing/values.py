"""The values of the second one and of the difference on the walls: fetched, cached, uploaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from layerwalk_client.app.stage.residency import Residency, Screen, Wanted
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import TilesArrived
from layerwalk_client.source.asking import Tiles
from layerwalk_client.world.comparison import Mode, difference_of, second_of
from layerwalk_shared.messages import (
    ComparisonDescription,
    NetworkDescription,
    SnapshotManifest,
)
from layerwalk_shared.tiles import Tile, block_count


class ComparedValues:
    """Mutable, owned by the main thread.

    Args:
        screen: where values go.
        cache: of their tiles.
        place: the cache's name for a snapshot's id.

    Attributes:
        told: the comparison that the walls know of; its overviews are here.
    """

    def __init__(self, screen: Screen, cache: TileCache, *, place: Callable[[str], str]) -> None:
        self._screen = screen
        self._place = place
        self._cache = cache
        self._second = Residency(self._cache, screen)
        self._difference = Residency(self._cache, screen)
        self._names = ("", "")
        self.told: ComparisonDescription | None = None

    def begin(self, network: NetworkDescription) -> None:
        """Begin with another network or graph."""
        self.clear()
        self._names = second_of(network.id), difference_of(network.id)
        for residency, name in zip(self._both, self._names, strict=True):
            residency.set_network(name, network.graph)

    @property
    def _both(self) -> tuple[Residency, Residency]:
        return self._second, self._difference

    @property
    def has_uploads(self) -> bool:
        """Whether something may be ready to be uploaded, or waits for its turn."""
        return self.told is not None and any(
            one.has_uploads or one.is_switching for one in self._both
        )

    def _manifests(self) -> Sequence[SnapshotManifest]:
        return () if self.told is None else (self.told.second, self.told.difference)

    def finest(self, name: str, node: int, channel: int) -> Tile | None:
        """Return the finest tile there is of a picture under a name of values."""
        if self.told is None or name not in self._names:
            return None
        return self._both[self._names.index(name)].finest(node, channel)

    def is_settled(self, now_s: float, mode: Mode) -> bool:
        """Whether all that a mode shows is on the screen."""
        if self.told is None or mode == "off":
            return True
        return (self._difference if mode == "difference" else self._second).is_settled(now_s)

    def put(self, arrival: TilesArrived) -> None:
        """Take tiles into the cache."""
        place = self._place(arrival.snapshot)
        for tile in arrival.tiles:
            self._cache.put(place, tile, is_pinned=arrival.is_overview)
        for residency in self._both:
            residency.note_tiles()

    def hang(self, told: ComparisonDescription, now_s: float) -> None:
        """Let the walls know a comparison whose overviews are here."""
        self.told = told
        for residency, manifest in zip(self._both, self._manifests(), strict=True):
            residency.show(manifest, self._place(manifest.id), now_s=now_s, sweep_s=0.0)
        kept = {self._place(manifest.id) for manifest in self._manifests()}
        for place in self._cache.snapshots() - kept:
            self._cache.drop(place)

    def clear(self) -> None:
        """Take everything off the screen."""
        for name, manifest in zip(self._names, self._manifests(), strict=False):
            for node, one in enumerate(manifest.nodes):
                for block in range(block_count(one.pictures[0])):
                    self._screen.drop_block(name, node, block)
        self.told = None
        for place in self._cache.snapshots():
            self._cache.drop(place)

    def fail(self, request: Tiles, now_s: float) -> bool:
        """Note tiles that did not come; return whether they were of one of the two."""
        for residency, manifest in zip(self._both, self._manifests(), strict=False):
            if request.snapshot == manifest.id:
                residency.fail(request.keys, now_s=now_s)
                return True
        return False

    def want(
        self,
        wanted: Mapping[str, Sequence[Wanted]],
        evicted: Mapping[str, Sequence[tuple[int, int]]],
        *,
        mode: Mode,
        now_s: float,
    ) -> list[Tiles]:
        """Note what the view needs, by the names of values; return what must be fetched.

        What blinks is needed as its face is, whose values have no name.
        """
        if self.told is None:
            return []
        found: list[Tiles] = []
        for residency, name in zip(self._both, self._names, strict=True):
            key = "" if mode == "blink" and residency is self._second else name
            found += residency.want(wanted.get(key, ()), now_s=now_s, evicted=evicted.get(key, ()))
        return found

    def advance(self, now_s: float) -> bool:
        """Let walls change whose values have come; return whether one did."""
        return self._second.advance(now_s) | self._difference.advance(now_s)

    def upload(self, budget_bytes: float) -> int:
        """Upload what is wanted and there; return the bytes."""
        used = 0
        for residency in self._both:
            if used <= budget_bytes:
                used += residency.upload(budget_bytes - used)
        return used
