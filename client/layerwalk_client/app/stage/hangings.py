"""All that hangs on walls: the values of the network, results of maximisations, what is compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from layerwalk_client.app.comparing.comparing import Comparing
from layerwalk_client.app.comparing.second_hall import SecondHall
from layerwalk_client.app.comparing.values import ComparedValues
from layerwalk_client.app.maximising.gallery import Gallery
from layerwalk_client.app.stage.needs import Needs, joined
from layerwalk_client.app.stage.residency import Residency, Wanted
from layerwalk_client.app.stage.scenery import Scenery
from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.cache import TileCache
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.source import Source
from layerwalk_client.source.asking import Tiles
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.options import LayoutOptions
from layerwalk_client.world.scene import Scene, Vector, Wall
from layerwalk_client.world.view import Camera
from layerwalk_shared.messages import SnapshotManifest
from layerwalk_shared.tiles import Tile, block_count


class Hangings:
    """Mutable, owned by the main thread; the renderer's context is current.

    Args:
        source: is asked for values.
        renderer: what they are drawn by.
        cache_bytes: for tiles on the CPU.
        options: of the second hall's layout.

    Attributes:
        state: what is known of the network.
        residency: brings its values.
        gallery: brings results.
        comparing: brings what is compared.
    """

    def __init__(
        self, source: Source, renderer: Renderer, *, cache_bytes: int, options: LayoutOptions
    ) -> None:
        cache, pictures = TileCache(cache_bytes), TileCache(cache_bytes // 4)
        self._renderer = renderer
        self.state = SceneState(cache, client=source.client, pictures=pictures)
        self.residency = Residency(cache, renderer)
        place = self.state.place
        self.gallery = Gallery(self.state.results, pictures, renderer, place)
        seconds, halls = TileCache(cache_bytes // 2), TileCache(cache_bytes // 2)
        self.comparing = Comparing(
            source.fetch,
            ComparedValues(renderer, seconds, place=place),
            SecondHall(source.fetch, renderer, Scenery(options), halls, place=place),
            client=source.client,
        )
        self._caches = ((cache, 1), (pictures, 4), (seconds, 2), (halls, 2))
        self._needs, self._needs_across = Needs(renderer.resident), Needs(renderer.resident)

    def resize(self, cache_bytes: int) -> None:
        """Hold as much as that on the CPU from now on."""
        for cache, share in self._caches:
            cache.resize(cache_bytes // share)

    def plan(
        self,
        arrays: SceneArrays,
        camera: Camera,
        size_wh: tuple[int, int],
        *,
        now_s: float,
        gpu_bytes: int,
        motion: Vector,
        extra: Sequence[Wanted],
        across: Camera | None,
        max_wishes: int,
    ) -> list[Tiles]:
        """Note what one eye or two need; return what must be fetched, the most urgent first."""
        plan = partial(
            Needs.plan,
            arrays=arrays,
            size_wh=size_wh,
            # What blinks lies there twice.
            gpu_bytes=gpu_bytes // (1 + self.comparing.is_blinking),
            motion=motion,
            extra=extra,
            max_wishes=max_wishes,
        )
        wanted, evicted = plan(self._needs, camera=camera)
        if across is not None:
            found = plan(self._needs_across, camera=across)
            wanted, evicted = joined((wanted, evicted), found)
        batches = self.gallery.want(wanted, evicted, now_s=now_s)
        batches += self.residency.want(wanted[""], now_s=now_s, evicted=evicted[""])
        compared = self.comparing
        batches += compared.values.want(wanted, evicted, mode=compared.mode, now_s=now_s)
        return batches + compared.hall.want(wanted, evicted, now_s=now_s)

    def advance(self, now_s: float) -> bool:
        """Let walls change whose values have come, and turn; return whether one did."""
        has_changed = self.residency.advance(now_s) | self.gallery.advance(now_s)
        has_changed |= self.comparing.advance(now_s)
        self._renderer.turn(shows_reverse=self.comparing.shows_reverse)
        return has_changed

    def upload(self, budget_bytes: float) -> int:
        """Upload what is wanted and there, until the budget is used up; return the bytes."""
        used = 0
        for one in (self.residency, self.gallery, self.comparing.values, self.comparing.hall):
            if used <= budget_bytes:
                used += one.upload(budget_bytes - used)
        return used

    def release(self, scene: Scene) -> None:
        """Take textures off walls that nobody sees any more."""
        for wall in scene.hidden:
            if not self.gallery.keeps(wall.node):
                for number in range(block_count(wall.channels)):
                    self._renderer.drop_block(*wall.value_key, number)

    def fail(self, fetch: Tiles, now_s: float) -> None:
        """Note tiles that did not come."""
        shown = self.state.shown
        if shown is not None and fetch.snapshot == shown.id:
            self.residency.fail(fetch.keys, now_s=now_s)
        else:
            self.gallery.fail(fetch, now_s=now_s)

    def is_fetching(self, now_s: float) -> bool:
        """Whether something that is wanted has not come yet."""
        return self.residency.is_fetching(now_s) or self.gallery.is_fetching(now_s)

    def is_settled(self, now_s: float) -> bool:
        """Whether all that is wanted is on the screen, but for what cannot be had."""
        return (
            self.residency.is_settled(now_s)
            and self.gallery.is_settled(now_s)
            and self.comparing.is_settled(now_s)
        )

    def manifest_of(self, node: int, wall: Wall | None) -> SnapshotManifest | None:
        """Return the snapshot that a node's wall shows: of the network, a result that hangs there, or
        what it is compared with; None while that is not certain."""
        compared = wall and self.comparing.manifest_of(wall.network, wall.values)
        return compared or self.gallery.manifest_of(node) or self.residency.manifest_of(node)

    def finest(self, node: int, channel: int, wall: Wall | None) -> Tile | None:
        """Return the finest tile there is of a picture of what a node's wall shows."""
        name = "" if wall is None else self.comparing.values_of(wall.network, wall.values)
        if name:
            return self.comparing.finest(name, node, channel)
        shower = self.gallery if self.gallery.is_seen(node) else self.residency
        return shower.finest(node, channel)
