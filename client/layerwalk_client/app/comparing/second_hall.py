"""The network that is compared with as a hall of its own, beside that of the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from layerwalk_client.app.stage.changes import unfit_manifest, unfit_tile
from layerwalk_client.app.stage.residency import Residency, Screen, Wanted
from layerwalk_client.app.stage.scenery import Scenery
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import (
    Arrival,
    EventArrived,
    ManifestArrived,
    NetworkArrived,
    RequestFailed,
    TilesArrived,
)
from layerwalk_client.source.asking import Fetch, Manifest, Network, Overview, Tiles
from layerwalk_client.world.beside import Correspondence, beside, correspondence, named
from layerwalk_client.world.comparison import hall_of
from layerwalk_client.world.options import Style
from layerwalk_client.world.palette import PALETTES, Theme
from layerwalk_client.world.scene import Scene
from layerwalk_shared.messages import (
    ComparisonDescription,
    NetworkChanged,
    NetworkDescription,
    SnapshotManifest,
)
from layerwalk_shared.tiles import Tile


class HallScreen(Screen, Protocol):
    """The part of the renderer that takes a hall's values."""

    def drop_network(self, network: str) -> None: ...


class SecondHall:
    """Mutable, owned by the main thread.

    Args:
        fetch: asks the source for something.
        screen: where values go.
        scenery: lays it out.
        cache: of its tiles.
        place: the cache's name for a snapshot's id.

    Attributes:
        network: that stands there, called as its walls' network is; None: there is no hall.
        manifest: what its walls show.
        revision: grows whenever the scene must follow.
        problem: why there is no hall, "" where there is.
    """

    def __init__(
        self,
        fetch: Callable[[Fetch], None],
        screen: HallScreen,
        scenery: Scenery,
        cache: TileCache,
        *,
        place: Callable[[str], str],
    ) -> None:
        self._fetch = fetch
        self._screen = screen
        self._scenery = scenery
        self._place = place
        self._cache = cache
        self._residency = Residency(self._cache, screen)
        self._first: NetworkDescription | None = None
        self._known: dict[str, NetworkDescription] = {}
        self._manifests: dict[str, SnapshotManifest] = {}
        self._wanted: tuple[str, str] | None = None
        self._name = ""
        self.network: NetworkDescription | None = None
        self.manifest: SnapshotManifest | None = None
        self._scene = Scene()
        self.revision = 0
        self.problem = ""

    @property
    def name(self) -> str:
        """What its walls call their network."""
        return self._name

    @property
    def scene(self) -> Scene:
        """The hall where its own layout puts it; empty where there is none."""
        return Scene() if self.manifest is None else self._scene

    @property
    def is_waiting(self) -> bool:
        """Whether something is on its way."""
        return (
            self._wanted is not None
            and not self.problem
            and (self.manifest is None or self.manifest.id != self._wanted[1])
        )

    def beside(self, scene: Scene, *, theme: Theme) -> Scene:
        """Return the scene of the first network with this hall beside it, where one stands."""
        if self._first is None or self.network is None or not self.scene.walls:
            return scene
        palette = PALETTES[theme]
        return beside(
            named(scene, "A", self._first.name, palette.accent),
            named(self.scene, "B", self.network.name, palette.mark),
        )

    def correspondence(self, scene: Scene) -> Correspondence | None:
        """Return which place of the first hall is which of this one; None: there is one hall."""
        if self._first is None or self.network is None:
            return None
        index = self.network.graph.index
        nodes = enumerate(self._first.graph.nodes)
        partners = {node: index[one.id] for node, one in nodes if one.id in index}
        return correspondence(scene, self._first.id, self._name, partners)

    def begin(self, network: NetworkDescription) -> None:
        """Begin with another first network: there is no hall."""
        self.end()
        self._first = network
        self._known = {network.id: network}
        self._manifests.clear()
        self._name = hall_of(network.id)

    def follow(self, told: ComparisonDescription) -> None:
        """Let the hall be of what is compared with."""
        compared = told.difference.compared
        assert compared is not None
        self._wanted = compared.second_network, compared.second
        self.problem = ""
        if told.second.id == compared.second and compared.second_network == told.second.network:
            self._manifests[compared.second] = told.second
        self._advance()

    def end(self) -> None:
        """Let there be no hall."""
        if self._wanted is None and self.network is None:
            return
        self._wanted = self.network = self.manifest = None
        self.problem = ""
        self._drop()
        self.revision += 1

    def _drop(self) -> None:
        for place in self._cache.snapshots():
            self._cache.drop(place)
        if self._name:
            self._screen.drop_network(self._name)

    def _advance(self) -> None:
        """Ask for what is not known yet; show what is there."""
        if self._wanted is None or not self.is_waiting:
            return
        network, snapshot = self._wanted
        if network not in self._known:
            self._fetch(Network(network))
        elif snapshot not in self._manifests:
            self._fetch(Manifest(snapshot))
        elif self._place(snapshot) not in self._cache.snapshots():
            self._fetch(Overview(snapshot))

    def take(self, arrival: Arrival, now_s: float) -> None:
        """Take in what is about the hall; others may need it, too."""
        if isinstance(arrival, EventArrived) and isinstance(arrival.event, NetworkChanged):
            self._known.pop(arrival.event.network.id, None)
        if self._wanted is None:
            return
        network, snapshot = self._wanted
        if isinstance(arrival, NetworkArrived) and arrival.network.id == network:
            self._known[network] = arrival.network
            self._advance()
        elif isinstance(arrival, ManifestArrived) and arrival.manifest.id == snapshot:
            self._manifests = {snapshot: arrival.manifest}
            self._advance()
        elif isinstance(arrival, TilesArrived) and arrival.snapshot == snapshot:
            self._take_tiles(arrival, now_s)
        elif isinstance(arrival, RequestFailed) and _is_of(arrival.request, network, snapshot):
            self._fail(arrival, now_s)

    def _take_tiles(self, arrival: TilesArrived, now_s: float) -> None:
        manifest = self._manifests.get(arrival.snapshot)
        if manifest is None or unfit_tile(arrival.tiles, manifest) is not None:
            return
        place = self._place(manifest.id)
        for tile in arrival.tiles:
            self._cache.put(place, tile, is_pinned=arrival.is_overview)
        if arrival.is_overview and self.is_waiting:
            self._show(manifest, now_s)
        self._residency.note_tiles()

    def _show(self, manifest: SnapshotManifest, now_s: float) -> None:
        known = self._known[manifest.network]
        if unfit_manifest(manifest, len(known.graph.nodes)) is not None:
            self.problem = "its graph has changed"
            return
        if self.network is None or self.network.graph is not known.graph:
            self._screen.drop_network(self._name)
            self.network = known.model_copy(update={"id": self._name})
            self._residency.set_network(self._name, known.graph)
            self._scenery.begin(known.graph, keeps_folds=False)
        self.manifest = manifest
        place = self._place(manifest.id)
        self._residency.show(manifest, place, now_s=now_s, sweep_s=0.0)
        for other in self._cache.snapshots() - {place}:
            self._cache.drop(other)
        self.revision += 1

    def _fail(self, arrival: RequestFailed, now_s: float) -> None:
        if isinstance(arrival.request, Tiles):
            self._residency.fail(arrival.request.keys, now_s=now_s)
        else:
            self.problem = " ".join(str(arrival.error).split())
            self.revision += 1

    def restyle(self, *, theme: Theme, style: Style) -> None:
        """Look otherwise, and let chains stand otherwise, with the next `arrange`."""
        self._scenery.restyle(theme=theme, style=style)

    def arrange(self) -> bool:
        """Lay the hall out where something of it is another; return whether it is."""
        if self.network is None or self.manifest is None:
            return False
        if not self._scenery.arrange(self.network, self.manifest):
            return False
        found = self._scenery.scene
        walls = tuple(replace(wall, values=self._name) for wall in found.walls)
        self._scene = replace(found, walls=walls)
        return True

    def finest(self, node: int, channel: int) -> Tile | None:
        """Return the finest tile there is of a picture on a wall."""
        return self._residency.finest(node, channel)

    def is_settled(self, now_s: float) -> bool:
        """Whether all that is wanted is on the screen."""
        if self.manifest is None:
            return not self.is_waiting
        return not self.is_waiting and self._residency.is_settled(now_s)

    @property
    def has_uploads(self) -> bool:
        """Whether something may be ready to be uploaded, or waits for its turn."""
        return self.manifest is not None and (
            self._residency.has_uploads or self._residency.is_switching
        )

    def want(
        self,
        wanted: Mapping[str, Sequence[Wanted]],
        evicted: Mapping[str, Sequence[tuple[int, int]]],
        *,
        now_s: float,
    ) -> list[Tiles]:
        """Note what the view needs, by the names of values; return what must be fetched."""
        if self.manifest is None:
            return []
        name = self._name
        return self._residency.want(
            wanted.get(name, ()), now_s=now_s, evicted=evicted.get(name, ())
        )

    def advance(self, now_s: float) -> bool:
        """Let walls change whose values have come; return whether one did."""
        return self._residency.advance(now_s)

    def upload(self, budget_bytes: float) -> int:
        """Upload what is wanted and there; return the bytes."""
        return self._residency.upload(budget_bytes)


def _is_of(request: object, network: str, snapshot: str) -> bool:
    if isinstance(request, Network):
        return request.network == network
    return isinstance(request, Manifest | Overview | Tiles) and request.snapshot == snapshot
