"""From arrivals to a world that can be drawn: state, scene, residency and renderer, bound together.

The window and the picture without a window stand on the same stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from layerwalk_client.app.stage.changes import NOTHING, Changes, Happenings
from layerwalk_client.app.stage.decor import Decor
from layerwalk_client.app.stage.hangings import Hangings
from layerwalk_client.app.stage.rearranging import Rearranging
from layerwalk_client.app.stage.residency import Wanted
from layerwalk_client.app.stage.scenery import Scenery
from layerwalk_client.gl.pictures import Picture
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.planner import MAX_WISHES
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import (
    Arrival,
    RequestFailed,
    TilesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import Overview, PutInput, Puttable, Tiles, Wish
from layerwalk_client.world.arranged import Arranged
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.options import LayoutOptions, Style
from layerwalk_client.world.palette import Theme
from layerwalk_client.world.scene import Label, Scene, Vector, Wall
from layerwalk_client.world.view import Camera, Look
from layerwalk_shared.messages import (
    InputReference,
    NetworkDescription,
    SnapshotManifest,
)
from layerwalk_shared.tiles import Tile

MIB = 2**20


class Stage:
    """Mutable, owned by the main thread.

    Args:
        source: an opened source.
        renderer: draws; its context is current.
        cache_bytes: for tiles on the CPU.
        gpu_bytes: for textures.
        sweep_s: how long a new input takes to pass through the walls.
        theme: of everything that is not data.

    Attributes:
        scenery: makes the scene; knows runs, stubs, and where the layout puts walls.
        needs_plan: walls show something else: what the camera needs must be thought about anew.
        sweep_s: see above; may be set.
        last_put: what this client has put on an input last.
    """

    def __init__(
        self,
        source: Source,
        renderer: Renderer,
        *,
        cache_bytes: int = 512 * MIB,
        gpu_bytes: int = 512 * MIB,
        sweep_s: float = 0.0,
        theme: Theme = "dark",
        style: Style = "straight",
    ) -> None:
        self._source = source
        self._renderer = renderer
        self.sweep_s = sweep_s
        options = LayoutOptions(style=style, theme=theme, shows_answer=False)
        self.scenery = Scenery(options)
        self._hangings = Hangings(source, renderer, cache_bytes=cache_bytes, options=options)
        self.state, self.residency = self._hangings.state, self._hangings.residency
        self.gallery, self.comparing = self._hangings.gallery, self._hangings.comparing
        self._decor = Decor(source, renderer.images, theme)
        self._gpu_bytes = gpu_bytes
        self.rearranging = Rearranging(renderer)
        self._scene, self._hall = Scene(), 0
        self.arrays = SceneArrays.from_scene(self.scene)
        self._told: object = None
        self._has_hidden = False
        self._followed = -1
        self.needs_plan = False
        self.last_put: Puttable | None = None
        self._input: InputReference | None = None

    @property
    def scene(self) -> Scene:
        """What stands in the world."""
        return self._scene

    @property
    def pictures(self) -> Sequence[Picture]:
        """What stands in the world beside the scene: boards over sounds, grounds of words."""
        return self._decor.pictures(self.scene)

    def words(
        self, camera: Camera, height_px: int, pointed: tuple[int, int] | None = None
    ) -> tuple[Label, ...]:
        """Return the words at the walls that can be read; see `Decor.words`."""
        self._decor.follow(self.network, self.shown, self.scene)
        return self._decor.words(camera, height_px, pointed)

    @property
    def network(self) -> NetworkDescription | None:
        """The network that is shown."""
        return self.state.network

    @property
    def shown(self) -> SnapshotManifest | None:
        """The snapshot that is shown."""
        return self.state.shown

    def submit(self, wish: Wish) -> None:
        """Send a wish; what comes of it comes as arrivals."""
        self.state.note_sent()
        if isinstance(wish, PutInput) and wish.is_second:
            self.comparing.note_sent()
        elif isinstance(wish, PutInput):
            self.last_put = wish.image
        self._source.submit(wish)

    def take(self, now_s: float) -> Happenings:
        """Take in everything that has arrived."""
        found = Happenings()
        for arrival in self._source.arrivals():
            self._take_one(arrival, found, now_s)
        return found

    def choose_step(self, number: int | None, now_s: float) -> Happenings:
        """Look at a step of the training (None: follow the newest); see `SceneState.choose_step`."""
        found = Happenings()
        self._bring_about(self.state.choose_step(number), found, now_s)
        return found

    def look_at(self, manifest: SnapshotManifest, now_s: float) -> Happenings:
        """Show a snapshot of the network again, until the next input; see `SceneState.look_at`."""
        found = Happenings()
        self._bring_about(self.state.look_at(manifest), found, now_s)
        return found

    def rearrange(self) -> bool:
        """Let walls slide to where folds or a style of the layout that have changed put them."""
        self.rearranging.expect()
        return self._arrange(self.shown or self.state.coming, has_answer=self.shown is not None)

    def open_for(self, node: int, *, slides: bool = False) -> None:
        """Open what is folded and hides a node; `slides`: walls are seen to go there."""
        if self.scenery.open_for(node):
            _ = self.rearrange() if slides else self._arrange(self.shown)

    def arrange(
        self, arranged: Arranged, *, ghost: Wall | None = None, slides: bool = False
    ) -> bool:
        """Let the walls stand as a person has arranged them; return whether the scene is another.

        Args:
            arranged: what was done to them.
            ghost: a wall that is carried, as it was when it was taken.
            slides: they are seen to go there.
        """
        if self.network is None or not self.scenery.place(arranged, left=ghost):
            return False
        if slides:
            self.rearranging.expect()
        return self._arrange(self.shown or self.state.coming, has_answer=self.shown is not None)

    def restyle(self, *, theme: Theme, style: Style) -> None:
        """Look otherwise, and let chains stand otherwise."""
        if style != self.scenery.style:
            self.rearranging.expect()
        self.scenery.restyle(theme=theme, style=style)
        self._decor.restyle(theme)
        self.comparing.hall.restyle(theme=theme, style=style)
        if self.network is not None:
            self._arrange(self.shown)

    def set_budgets(self, *, cache_bytes: int, gpu_bytes: int) -> None:
        """Hold as much as that from now on."""
        self._gpu_bytes = gpu_bytes
        self._hangings.resize(cache_bytes)

    def plan(
        self,
        camera: Camera,
        size_wh: tuple[int, int],
        *,
        now_s: float,
        motion: Vector = (0.0, 0.0, 0.0),
        extra: Sequence[Wanted] = (),
        across: Camera | None = None,
        max_wishes: int = MAX_WISHES,
    ) -> None:
        """Ask for what the camera needs and is not there.

        Args:
            camera: the eye.
            size_wh: pixels of the view.
            now_s: the caller's clock.
            motion: of the eye, metres per second.
            extra: blocks wanted before all others (what is held to the eye).
            across: a second eye, where the view is in two.
            max_wishes: blocks asked for at once.
        """
        self.needs_plan = False
        if self.shown is None or self.network is None:
            return
        batches = self._hangings.plan(
            self.arrays,
            camera,
            size_wh,
            now_s=now_s,
            gpu_bytes=self._gpu_bytes,
            motion=motion,
            extra=extra,
            across=across,
            max_wishes=max_wishes,
        )
        self._source.want(batches)

    def step(self, now_s: float, upload_bytes: float) -> bool:
        """Let walls change and blocks go up within a budget; return whether anything did."""
        if self._followed != self.state.results.revision:
            self._follow_results(now_s)
        hung = self.gallery.revision
        has_changed = self._hangings.advance(now_s) | self.rearranging.step(now_s)
        self.needs_plan |= self.gallery.revision != hung
        if not self.residency.is_switching and self.shown is not None:
            told = (
                self.shown.id, self.state.training.revision, self.state.chosen,
                self.state.results.revision, self.gallery.revision, self.gallery.shows_pictures,
                self.comparing.revision, self.comparing.hall.revision,
            )  # fmt: skip
            if told != self._told:
                self._told = told
                has_changed |= self._arrange(self.shown)
        self._release_hidden()
        used = self._hangings.upload(upload_bytes)
        return bool(used) or has_changed

    def _release_hidden(self) -> None:
        """Take textures off walls that nobody sees any more, once the change is over."""
        if not self._has_hidden or self._renderer.is_animating:
            return
        self._has_hidden = False
        self._hangings.release(self.scene)

    def draw(self, look: Look, target: Target, *, dt: float = 0.0) -> None:
        """Draw the world into a target."""
        self._renderer.draw(look, target, dt=dt, pictures=self.pictures)

    def is_settled(self, now_s: float) -> bool:
        """Whether everything that is wanted is on the screen, and no wall waits for its turn."""
        return self.is_complete(now_s) and not self.residency.is_switching

    def is_fetching(self, now_s: float) -> bool:
        """Whether something that is wanted has not come yet."""
        return self._hangings.is_fetching(now_s)

    def is_complete(self, now_s: float) -> bool:
        """Whether everything is on the screen that should be by now."""
        return (
            self.shown is not None
            and not self.state.is_busy
            and not self._decor.is_waiting
            and not self.needs_plan
            and not self.rearranging.is_sliding
            and self._followed == self.state.results.revision
            and self._hangings.is_settled(now_s)
        )

    def manifest_of(self, node: int, *, wall: Wall | None = None) -> SnapshotManifest | None:
        """Return the snapshot that a node's wall (None: its first) shows, None while that is not
        certain; see `Hangings.manifest_of`."""
        return self._hangings.manifest_of(node, wall or self._wall(node))

    def finest(self, node: int, channel: int, *, wall: Wall | None = None) -> Tile | None:
        """Return the finest tile there is of a picture of what a node's wall shows."""
        return self._hangings.finest(node, channel, wall or self._wall(node))

    def finest_of(self, node: int, block: int) -> Wanted:
        """Return the wish for the finest level of a block that can be shown."""
        network = "" if self.network is None else self.network.id
        index = self.arrays.block_by_key.get((network, node, block))
        return Wanted(node, block, 0 if index is None else int(self.arrays.finest[index]))

    def _wall(self, node: int) -> Wall | None:
        return next((wall for wall in self.scene.walls if wall.node == node), None)

    def _take_one(self, arrival: Arrival, found: Happenings, now_s: float) -> None:
        if self._decor.take(arrival):
            found.is_changed = True
            return
        failure = self.comparing.failure
        is_compared = self.comparing.take(arrival, now_s)
        if self.comparing.failure not in ("", failure):
            found.notices.append(f"no comparison: {self.comparing.failure}")
        if is_compared:
            found.is_changed = True
            return
        changes = self.state.apply(arrival)
        self._bring_about(changes, found, now_s)
        request = arrival.request if isinstance(arrival, RequestFailed) else None
        if isinstance(arrival, TilesArrived) and changes.failure is not None:
            keys = tuple(tile.key for tile in arrival.tiles)
            self._hangings.fail(Tiles(arrival.snapshot, keys), now_s)
        elif isinstance(request, Tiles):
            self._hangings.fail(request, now_s)
        elif isinstance(request, Overview):
            self.gallery.fail(request, now_s=now_s)
        elif changes == NOTHING or isinstance(arrival, RequestFailed | WishTaken):
            found.others.append(arrival)

    def _bring_about(self, changes: Changes, found: Happenings, now_s: float) -> None:
        """Let the world become what has changed."""
        for fetch in changes.fetches:
            self._source.fetch(fetch)
        if changes.failure is not None:
            found.failures.append(changes.failure)
        if changes.notice:
            found.notices.append(changes.notice)
        if changes.is_new_network or changes.is_new_graph:
            self._begin(keeps_folds=changes.is_new_graph)
            found.is_new_network |= changes.is_new_network
            found.is_new_graph |= changes.is_new_graph
        if changes.is_new_picture:
            self._show(now_s)
            found.is_new_picture = True
        if changes.tiles:
            self.residency.note_tiles()
        if changes.is_results:
            self._follow_results(now_s)
        found.is_changed |= changes.is_seen

    def _follow_results(self, now_s: float) -> None:
        """Let the walls show what is looked at of the results now."""
        self._followed = self.state.results.revision
        self.needs_plan = True
        for fetch in self.gallery.follow(now_s):
            self._source.fetch(fetch)
        self.gallery.note_tiles()

    def _begin(self, *, keeps_folds: bool) -> None:
        network = self.state.network
        assert network is not None
        self._renderer.drop_network(network.id)
        self.residency.set_network(network.id, network.graph)
        self.gallery.begin(network)
        self.scenery.begin(network.graph, keeps_folds=keeps_folds)
        self._decor.begin(network)
        self.comparing.begin(network)
        self._told = self._input = None
        self._arrange(self.state.coming, has_answer=False)

    def _arrange(self, manifest: SnapshotManifest | None, *, has_answer: bool = True) -> bool:
        """Let the scene be that of a snapshot; return whether it became another."""
        network = self.state.network
        assert network is not None
        warnings = self.state.training.warnings(self.state.chosen)
        hall = self.comparing.hall
        has_other_hall = hall.arrange() or hall.revision != self._hall
        has_changed = self.scenery.arrange(
            network,
            manifest,
            warnings=warnings,
            has_answer=has_answer,
            hung=self.gallery.hung(),
            compared=self.comparing.view,
        )
        if not (has_changed or has_other_hall):
            return False
        self._hall = hall.revision
        self._scene = hall.beside(self.scenery.scene, theme=self.scenery.theme)
        self._has_hidden = bool(self.scene.hidden)
        self.arrays = SceneArrays.from_scene(self.scene, texel_bytes=2)
        self.rearranging.show(self.scene, self.scenery.stands_for)
        self.needs_plan = True
        return True

    def _show(self, now_s: float) -> None:
        manifest, network = self.state.shown, self.state.network
        assert manifest is not None
        assert network is not None
        if self.scenery.has_other_shapes(manifest):
            self._arrange(manifest)
        # A new input sweeps through the walls; another step of a training changes them at once.
        sweep_s = self.sweep_s if manifest.input != self._input else 0.0
        self._input = manifest.input
        self._decor.show(network, manifest)
        linked = self.comparing.follow(manifest)
        if linked is not None:
            self.submit(linked)
        self.residency.show(manifest, self.state.place(manifest.id), now_s=now_s, sweep_s=sweep_s)
