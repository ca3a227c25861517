"""Hangs results of maximisations on their walls: overviews are fetched, the newest wins, and what
hangs there stays until the next one's tiles have come.

Each wall has a snapshot of its own here, and its values have a name of their own on the screen,
so that those of the network stay beneath.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from layerwalk_client.app.maximising.captions import caption
from layerwalk_client.app.maximising.results import Results, maximised_of
from layerwalk_client.app.stage.residency import RETRY_S, Residency, Screen, Wanted
from layerwalk_client.cache import TileCache
from layerwalk_client.source.asking import Overview, Tiles
from layerwalk_client.world.hanging import Hung
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest
from layerwalk_shared.tiles import Tile, TileKey, block_count, level_count, level_shape

TURN_S = 3.5
"""So long a wall that shows both in turn shows one of them."""
PATIENCE_S = 2.0
"""So long a picture waits for its fine tiles: the one before is sharper than its overview."""


class GalleryScreen(Screen, Protocol):
    """What takes the pictures."""

    def drop_network(self, network: str) -> None: ...


@dataclass(slots=True)
class _Place:
    """What hangs on one node's wall.

    Attributes:
        name: of its values on the screen.
        residency: brings them there.
        shown, coming, next: what hangs, whose overview is fetched, what hangs after it.
        failed: when what did not come may be asked for again.
        heir: of another number of pictures: hangs instead once it is as sharp as what hangs here.
        due_s: an heir hangs by then, however it looks.
    """

    name: str
    residency: Residency
    shown: SnapshotManifest | None = None
    coming: SnapshotManifest | None = None
    next: SnapshotManifest | None = None
    failed: dict[str, float] = field(default_factory=dict)
    heir: SnapshotManifest | None = None
    due_s: float = 0.0


class Gallery:
    """Mutable, owned by the main thread.

    Args:
        results: what there is, and what is looked at.
        cache: of the tiles of results.
        screen: where they go.
        place: the cache's name for a snapshot's id.

    Attributes:
        is_held: walls that show both in turn stay as they are.
        revision: grows with every change of what hangs.
    """

    def __init__(
        self,
        results: Results,
        cache: TileCache,
        screen: GalleryScreen,
        place: Callable[[str], str],
    ) -> None:
        self._results = results
        self._cache = cache
        self._screen = screen
        self._place = place
        self._network = ""
        self._graph = Graph(nodes=())
        self._cells = 0
        self._places: dict[int, _Place] = {}
        self._turn_s = 0.0
        self._last_s: float | None = None
        self.is_held = False
        self.revision = 0

    # What is seen.

    @property
    def shows_pictures(self) -> bool:
        """Whether walls that show both in turn show pictures now."""
        return self._turn_s < TURN_S

    @property
    def rest_s(self) -> float | None:
        """Seconds until walls turn; None where none does."""
        if self.is_held or not self._turning():
            return None
        return TURN_S - self._turn_s % TURN_S

    @property
    def is_waiting(self) -> bool:
        """Whether a picture waits for its turn, or may be ready to be uploaded."""
        return any(
            place.next is not None
            or place.heir is not None
            or place.residency.is_switching
            or (place.residency.has_uploads and place.shown is not None)
            for place in self._places.values()
        )

    def is_seen(self, node: int) -> bool:
        """Whether a node's wall shows pictures now."""
        place = self._places.get(node)
        if place is None or place.shown is None:
            return False
        mode = self._results.mode(self._graph.nodes[node].id)
        return mode == "images" or (mode == "both" and self.shows_pictures)

    def manifest_of(self, node: int) -> SnapshotManifest | None:
        """Return the result that hangs on a node's wall and is seen, None where there is none."""
        return self._places[node].shown if self.is_seen(node) else None

    def finest(self, node: int, picture: int) -> Tile | None:
        """Return the finest tile there is that holds a picture of what hangs on a wall."""
        place = self._places.get(node)
        return None if place is None else place.residency.finest(node, picture)

    def hung(self) -> tuple[Hung, ...]:
        """Return what is on the walls, for the scene."""
        return tuple(
            self._hung(node)
            for node in sorted(
                {self._graph.index[one] for one in self._results.nodes} | self._places.keys()
            )
        )

    def told(self) -> dict[str, tuple[str, int, str]]:
        """Return snapshot, step and mode of what hangs on each wall, by the node's id."""
        return {
            self._graph.nodes[node].id: (
                place.shown.id,
                maximised_of(place.shown).step,
                self._results.mode(self._graph.nodes[node].id),
            )
            for node, place in self._places.items()
            if place.shown is not None
        }

    def keeps(self, node: int) -> bool:
        """Whether values and pictures of a node are both needed, as they are seen in turn."""
        return self._results.mode(self._graph.nodes[node].id) == "both"

    def _hung(self, node: int) -> Hung:
        name = self._graph.nodes[node].id
        run = (self._results.runs(name) or (None,))[-1]
        mode, looked_at = self._results.mode(name), self._results.shown(name)
        text, is_warning = ("", False) if run is None else caption(run, looked_at, mode)
        share = None
        if run is not None and run.is_running:
            share = run.step / run.steps_total if run.steps_total else 0.0
        place = self._places.get(node)
        if place is None or place.shown is None:
            return Hung(node, caption=text, share=share, is_warning=is_warning)
        count, height, width = place.shown.nodes[node].pictures
        return Hung(
            node,
            place.name,
            count,
            (height, width),
            is_image=not self._cells,
            cells=max(0, self._cells),
            is_seen=self.is_seen(node),
            caption=text,
            share=share,
            is_warning=is_warning,
        )

    # What changes.

    def begin(self, network: NetworkDescription) -> None:
        """Begin with another network or graph: the walls are empty."""
        for node in list(self._places):
            self._take_down(node)
        self._network, self._graph = network.id, network.graph
        shape = network.input.shape
        is_vector = network.input.kind != "image" and len(shape) == 1
        # 0: in colour; -1: values whose every pixel counts; else so many of them do.
        self._cells = 0 if network.input.kind == "image" else shape[0] if is_vector else -1

    def follow(self, now_s: float) -> list[Overview]:
        """Go after what the results say is looked at; return what must be fetched."""
        fetches = []
        self._tidy()
        for node_id in self._results.nodes:
            target = self._results.shown(node_id)
            if target is None or self._results.mode(node_id) == "values":
                continue
            node = self._graph.index[node_id]
            place = self._places.get(node) or self._open(node, target)
            if place.coming is not None and self._has_overview(node, place.coming):
                arrived, place.coming = place.coming, None
                place = self._hang(node, arrived, now_s)
            last = place.heir or place.next or place.shown
            if last is target or place.coming is not None:
                continue
            if self._has_overview(node, target):
                self._hang(node, target, now_s)
            elif place.failed.get(target.id, 0.0) <= now_s:
                place.coming = target
                fetches.append(Overview(target.id))
        return fetches

    def advance(self, now_s: float) -> bool:
        """Let walls change whose tiles have come, and turn; return whether one did."""
        has_changed = self._pass_time(now_s)
        for node, place in list(self._places.items()):
            has_changed |= place.residency.advance(now_s)
            if place.heir is not None:
                has_changed |= self._hang(node, place.heir, now_s) is not place
            elif place.next is not None and not place.residency.is_switching:
                manifest, place.next = place.next, None
                self._hang(node, manifest, now_s)
                has_changed = True
        return has_changed

    def want(
        self,
        wanted: Mapping[str, Sequence[Wanted]],
        evicted: Mapping[str, Sequence[tuple[int, int]]],
        *,
        now_s: float,
    ) -> list[Tiles]:
        """Note what the view needs of each wall's pictures, by the name of their values; return
        what must be fetched."""
        found: list[Tiles] = []
        for node, place in self._places.items():
            if place.shown is not None:
                found += place.residency.want(
                    wanted.get(place.name, ()), now_s=now_s, evicted=evicted.get(place.name, ())
                )
            if place.heir is not None and (missing := self._missing(node, place, place.heir)):
                found.append(Tiles(place.heir.id, missing))
        return found

    def upload(self, budget_bytes: float) -> int:
        """Upload what is wanted and there; return the bytes."""
        used = 0
        for place in self._places.values():
            if used <= budget_bytes:
                used += place.residency.upload(budget_bytes - used)
        return used

    def note_tiles(self) -> None:
        """Note that tiles have arrived."""
        for place in self._places.values():
            place.residency.note_tiles()

    def fail(self, fetch: Overview | Tiles, *, now_s: float) -> None:
        """Note what did not come; it may be asked for again after a while."""
        for place in self._places.values():
            if isinstance(fetch, Tiles):
                if place.shown is not None and place.shown.id == fetch.snapshot:
                    place.residency.fail(fetch.keys, now_s=now_s)
            elif place.coming is not None and place.coming.id == fetch.snapshot:
                place.coming = None
                place.failed = {fetch.snapshot: now_s + RETRY_S}

    def is_settled(self, now_s: float) -> bool:
        """Whether everything that is looked at hangs there, but for what cannot be had."""
        for node, place in self._places.items():
            if not (place.coming is place.next is place.heir is None):
                return False
            if self.is_seen(node) and not place.residency.is_settled(now_s):
                return False
        return True

    def is_fetching(self, now_s: float) -> bool:
        """Whether something that is looked at has not come yet."""
        return any(
            place.coming is not None or (self.is_seen(node) and place.residency.is_fetching(now_s))
            for node, place in self._places.items()
        )

    def _turning(self) -> bool:
        return any(
            self._results.mode(self._graph.nodes[node].id) == "both" for node in self._places
        )

    def _pass_time(self, now_s: float) -> bool:
        """Let walls turn, unless they are held still; return whether they did."""
        before, last = self.shows_pictures, self._last_s
        self._last_s = now_s
        if not self._turning():
            self._turn_s = 0.0
        elif last is not None and not self.is_held:
            self._turn_s = (self._turn_s + min(max(0.0, now_s - last), TURN_S)) % (2 * TURN_S)
        return self._turning() and self.shows_pictures != before

    def _has_overview(self, node: int, manifest: SnapshotManifest) -> bool:
        place, count = self._place(manifest.id), manifest.nodes[node].pictures[0]
        return all(self._cache.tiles(place, node, block) for block in range(block_count(count)))

    def _name(self, node: int, manifest: SnapshotManifest) -> str:
        count = manifest.nodes[node].pictures[0]
        return f"{self._network}/{self._graph.nodes[node].id} maximised {count}"

    def _open(self, node: int, manifest: SnapshotManifest) -> _Place:
        """Make a place where a result can hang."""
        residency = Residency(self._cache, self._screen, patience_s=PATIENCE_S)
        name = self._name(node, manifest)
        residency.set_network(name, self._graph)
        self._places[node] = _Place(name, residency)
        return self._places[node]

    def _hang(self, node: int, manifest: SnapshotManifest, now_s: float) -> _Place:
        """Let a result whose overview is there take a wall over, after the one that just does;
        one of another number of pictures begins anew, once it is as sharp."""
        place = self._places[node]
        sharp: list[Wanted] = []
        if place.name != self._name(node, manifest):
            if place.heir is None:
                place.due_s = now_s + PATIENCE_S
            if self._missing(node, place, manifest) and now_s < place.due_s:
                place.heir = manifest
                return place
            sharp = self._as_sharp(node, place, manifest)
            self._take_down(node)
            place = self._open(node, manifest)
        place.heir = None
        if place.residency.is_switching:
            place.next = manifest
            return place
        place.shown = manifest
        place.residency.show(manifest, self._place(manifest.id), now_s=now_s, sweep_s=0.0)
        if sharp:
            place.residency.want(sharp, now_s=now_s)
        self.revision += 1
        return place

    def _as_sharp(self, node: int, place: _Place, manifest: SnapshotManifest) -> list[Wanted]:
        """Return the blocks of a result, as fine as what hangs at its place; none if that is
        an overview only."""
        level = self._screen.resident(place.name, node, 0)
        if place.shown is None or level is None:
            return []
        seen = max(level_shape(place.shown.nodes[node].pictures[1:], level))
        count, height, width = manifest.nodes[node].pictures
        level = level_count((height, width)) - 1
        while level and max(level_shape((height, width), level)) < seen:
            level -= 1
        return [Wanted(node, block, level) for block in range(block_count(count))]

    def _missing(self, node: int, place: _Place, manifest: SnapshotManifest) -> tuple[TileKey, ...]:
        """Return the tiles, the coarsest first, without which a result is less sharp than what
        hangs at its place."""
        height, width = manifest.nodes[node].pictures[1:]
        cached = self._place(manifest.id)
        keys = (
            TileKey(node, one.block, level)
            for one in self._as_sharp(node, place, manifest)
            for level in range(level_count((height, width)) - 1, one.level - 1, -1)
        )
        return tuple(key for key in keys if (cached, key) not in self._cache)

    def _take_down(self, node: int) -> None:
        place = self._places.pop(node)
        self.revision += 1
        self._screen.drop_network(place.name)

    def _tidy(self) -> None:
        """Forget walls without a result, and tiles of what is no longer known."""
        known = self._results.snapshots()
        held = {self._place(snapshot) for snapshot in known}
        for node in list(self._places):
            place = self._places[node]
            if place.coming is not None and place.coming.id not in known:
                place.coming = None
            if place.next is not None and place.next.id not in known:
                place.next = None
            if place.heir is not None and place.heir.id not in known:
                place.heir = None
            if self._results.shown(self._graph.nodes[node].id) is None:
                self._take_down(node)
            elif place.shown is not None:
                held.add(self._place(place.shown.id))
        for unknown in self._cache.snapshots() - held:
            self._cache.drop(unknown)
