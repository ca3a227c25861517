"""Draws a scene from a camera into a target: what the app, pictures and headsets all use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from layerwalk_client.gl.atlas import Atlas
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.boards import BoardPainter
from layerwalk_client.gl.context import read_graphics_info
from layerwalk_client.gl.eye import Eye, eye_of
from layerwalk_client.gl.frame import FrameBlock
from layerwalk_client.gl.glows import GlowTable
from layerwalk_client.gl.ground import GroundPainter
from layerwalk_client.gl.marks import MarkPainter
from layerwalk_client.gl.overview import CELL
from layerwalk_client.gl.pictures import Images, Overlay, Picture, PicturePainter
from layerwalk_client.gl.residency import Residency
from layerwalk_client.gl.ribbons import RibbonPainter
from layerwalk_client.gl.scales import ChannelScales
from layerwalk_client.gl.target import Target
from layerwalk_client.gl.text import TextPainter
from layerwalk_client.gl.textures import TexturePool
from layerwalk_client.gl.theme import theme
from layerwalk_client.gl.values import ValueColours
from layerwalk_client.gl.walls import WallPainter
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.view import Look
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.tiles import Tile

SAME_MOMENT_S = 1e-9
"""Seconds that pass between two views of one frame: none, but not the 0 that ends fades."""


class Renderer:
    """Everything on the GPU that makes the picture. Mutable, owned by the main thread.

    It makes no context: one must be current, here and at every call. `close()` releases every GL
    object.
    """

    def __init__(self, *, anisotropy: float = 16.0) -> None:
        """Compile the shaders and make empty textures.

        Args:
            anisotropy: samples along the longer axis of a pixel's footprint on walls seen at a
                slant; what the driver cannot do becomes its most. Software renderers take one:
                more cost most of a frame, and llvmpipe, which then measures footprints itself,
                takes wrong levels where one picture ends and the next begins.

        Raises:
            GraphicsError: the driver is older than OpenGL 3.3 or refuses a shader.
        """
        info = read_graphics_info()
        anisotropy = 1.0 if info.is_software else min(anisotropy, info.max_anisotropy)
        self._pool = TexturePool(anisotropy=anisotropy)
        self._residency = Residency(self._pool)
        self._atlas = Atlas(anisotropy=anisotropy)
        self._scales = ChannelScales(self._atlas)
        self._colours = ValueColours()
        self._frame = FrameBlock()
        self._glows = GlowTable()
        self._walls = WallPainter(
            self._atlas, self._residency, self._glows, is_isotropic=anisotropy <= 1
        )
        self._ground = GroundPainter()
        self._ribbons = RibbonPainter()
        self._boards = BoardPainter()
        self._text = TextPainter()
        self._notes = TextPainter()
        self._across: TextPainter | None = None
        self._marks = MarkPainter()
        self._pictures = PicturePainter()
        self.images = Images()
        self._scene = Scene()
        self._by_key: dict[tuple[str, int], list[Wall]] = {}
        self._value_keys: frozenset[tuple[str, int]] = frozenset()
        self._unseen: set[tuple[str, int]] = set()
        """Whose first overview has come since the last picture: nothing is faded from it."""

    @property
    def memory_bytes(self) -> int:
        """Bytes of textures that hold values."""
        return self._pool.bytes + self._atlas.bytes

    @property
    def is_animating(self) -> bool:
        """The next frame would differ from the last by time alone (cross-fades)."""
        return (
            self._residency.is_fading
            or self._text.is_fading
            or self._notes.is_fading
            or (self._across is not None and self._across.is_fading)
            or self._walls.is_fading
            or self._ribbons.is_fading
            or self._glows.is_fading
        )

    def set_scene(self, scene: Scene) -> None:
        """Stand another arrangement in the world; values stay where their nodes do."""
        if scene is self._scene:
            return
        self._scene = scene
        every = (*scene.walls, *scene.hidden, *scene.reverse)
        self._atlas.set_walls(every)
        self._scales.set_walls(every)
        self._glows.set_scene(every, scene.ribbons)
        self._walls.data_changed()
        self._walls.set_walls(scene.walls, hidden=scene.hidden, reverse=scene.reverse)
        self._ground.set_plots(scene.plots)
        self._ribbons.set_ribbons(scene.ribbons)
        self._boards.set_boards(scene.boards)
        self._text.set_labels(scene.labels)
        if self._across is not None:
            self._across.set_labels(scene.labels)
        self._by_key = {}
        for wall in scene.walls:
            self._by_key.setdefault((wall.network, wall.node), []).append(wall)
        self._value_keys = frozenset(wall.value_key for wall in every)

    def turn(self, *, shows_reverse: bool) -> bool:
        """Turn over the walls that have a reverse; return whether that changes the picture."""
        return self._walls.turn(shows_reverse=shows_reverse)

    def set_statistics(self, network: str, nodes: Sequence[NodeStatistics]) -> None:
        """Take the largest value of each node of a network from a snapshot's manifest.

        Without it ranges come from the tiles that are there.
        """
        self._scales.set_statistics(network, nodes)

    def put_block(self, network: str, node: int, block: int, chain: Sequence[Tile]) -> None:
        """Upload one block's mip levels; they replace, in a short cross-fade, what it showed.

        Args:
            network, node, block: which block.
            chain: tiles of consecutive levels, from the finest wanted to 1 x 1.

        Raises:
            TileError: it is no such chain.
        """
        key = network, node
        self._residency.put(key, block, chain, fades=key not in self._unseen)
        self._scales.note(network, chain[0])
        if self._atlas.generation((network, node), block) != chain[0].generation:
            # No overview has come with it: from afar the wall shows this block's own.
            small = next((tile for tile in chain if max(tile.shape_hw) <= CELL), chain[-1])
            self._atlas.put(network, [small])
            self._walls.data_changed()

    def put_overview(self, network: str, tiles: Iterable[Tile]) -> None:
        """Take tiles of any nodes (small ones, one a block) as what far walls show."""
        tiles = list(tiles)
        keys = {(network, tile.key.node) for tile in tiles}
        self._unseen |= {key for key in keys if not self._atlas.has_overview(key)}
        self._atlas.put(network, tiles)
        for tile in tiles:
            self._scales.note(network, tile)
        self._walls.data_changed()

    def drop_block(self, network: str, node: int, block: int) -> None:
        """Forget a block's levels; its overview is drawn again."""
        self._residency.drop((network, node), block)

    def drop_network(self, network: str) -> None:
        """Forget all values of a network; its walls are empty."""
        self._residency.drop_network(network)
        self._atlas.drop_network(network)
        self._scales.drop_network(network)
        self._walls.data_changed()

    def resident(self, network: str, node: int, block: int) -> int | None:
        """Return the finest level of a block that is on the GPU, None where there is none."""
        return self._residency.level((network, node), block)

    def draw(
        self,
        look: Look,
        target: Target,
        *,
        dt: float = 0.0,
        pictures: Sequence[Picture] = (),
        overlays: Sequence[Overlay] = (),
        eye: Eye | None = None,
    ) -> None:
        """Draw one frame.

        Args:
            look: camera, colours, marks.
            target: what is drawn into.
            dt: seconds since the last frame, for cross-fades; 0 draws everything settled.
            pictures: in the world: panels, the held image.
            overlays: on the screen, over everything.
            eye: instead of `look.camera`, for headsets.
        """
        eye = eye or eye_of(look.camera, target.size_wh, pixel_scale=target.pixel_scale)
        self._prepare(look, eye, dt)
        self._draw_world(look, eye, target, text=self._text, pictures=pictures, dt=dt)
        self._pictures.draw_overlays(target.size_wh, overlays)
        _end_drawing()

    def _draw_world(
        self,
        look: Look,
        eye: Eye,
        target: Target,
        *,
        text: TextPainter,
        pictures: Sequence[Picture],
        dt: float,
    ) -> None:
        target.bind()
        gl.glDisable(gl.GL_BLEND)
        gl.glDisable(gl.GL_CULL_FACE)
        gl.glDisable(gl.GL_SCISSOR_TEST)
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glDepthFunc(gl.GL_LEQUAL)
        gl.glDepthMask(True)
        # The sky covers every pixel that nothing stands before, so only depth is cleared.
        gl.glClear(gl.GL_DEPTH_BUFFER_BIT)
        self._walls.draw(eye, self._colours)
        self._unseen.clear()

        self._draw_ground(eye)
        self._walls.draw_rims(eye.size_wh)
        gl.glDepthMask(True)
        self._boards.draw()
        gl.glDepthMask(False)
        self._marks.draw(look.marks, self._by_key)
        gl.glEnable(gl.GL_DEPTH_CLAMP)  # names that lie on the floor, too
        text.draw(eye, self._walls.places, dt=dt)
        gl.glDisable(gl.GL_DEPTH_CLAMP)
        self._pictures.draw(eye, [one for one in pictures if not one.is_always_seen])
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glBlendFuncSeparate(
            gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ONE, gl.GL_ONE_MINUS_SRC_ALPHA
        )
        self._notes.set_labels(look.notes)
        self._notes.draw(eye, self._walls.places, dt=dt)
        self._pictures.draw(eye, [one for one in pictures if one.is_always_seen])

    def draw_across(
        self, look: Look, target: Target, *, dt: float = 0.0, pictures: Sequence[Picture] = ()
    ) -> None:
        """Draw the same frame once more, as another eye sees it: its labels come and go on their
        own.

        Args:
            look: with the other camera.
            target: what is drawn into.
            dt: seconds since the last frame, for labels; 0 draws them settled.
            pictures: in the world.
        """
        if self._across is None:
            self._across = TextPainter()
            self._across.set_labels(self._scene.labels)
        eye = eye_of(look.camera, target.size_wh, pixel_scale=target.pixel_scale)
        self._prepare(look, eye, SAME_MOMENT_S if dt > 0 else 0.0)
        self._draw_world(look, eye, target, text=self._across, pictures=pictures, dt=dt)
        _end_drawing()

    def end_across(self) -> None:
        """Say that there is one eye again."""
        if self._across is not None:
            self._across.close()
            self._across = None

    def _prepare(self, look: Look, eye: Eye, dt: float) -> None:
        """Let time pass, and write what this frame's programs read."""
        self._residency.advance(dt)
        self._walls.advance(dt)
        self._ribbons.advance(look.marks, dt)
        self._glows.set_glow(look.glow)
        self._glows.advance(dt)
        by_channel = look.appearance.mode == "channel"
        if self._atlas.set_shares(self._value_keys - look.ranges.keys() if by_channel else set()):
            self._walls.data_changed()
        if self._atlas.flush():
            self._scales.all_stale()
            self._walls.data_changed()
        self._scales.refresh(look.appearance, look.ranges)
        self._colours.set_appearance(look.appearance)
        self._frame.write(
            eye,
            theme(look.appearance.theme),
            is_diverging=self._colours.is_diverging,
            marks=look.appearance.marks_out_of_range,
            glow=self._glows.amount,
        )

    def _draw_ground(self, eye: Eye) -> None:
        """Draw what is behind and under the walls; leaves blending on, depth writing off."""
        gl.glDepthMask(False)
        self._ground.draw_sky(eye)
        # The floor goes on where a camera's near plane cuts away what stands on it.
        gl.glEnable(gl.GL_DEPTH_CLAMP)
        self._ground.draw_floor()
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFuncSeparate(
            gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA, gl.GL_ONE, gl.GL_ONE_MINUS_SRC_ALPHA
        )
        self._ground.draw_plots()
        gl.glDepthMask(True)
        self._walls.draw_mirrored(eye, self._colours)
        gl.glDepthMask(False)
        self._ribbons.draw(self._glows)
        gl.glDisable(gl.GL_DEPTH_CLAMP)

    def close(self) -> None:
        """Release every GL object."""
        gl.glUseProgram(0)  # a program in use outlives its deletion
        gl.glBindVertexArray(0)
        for item in (
            self._walls, self._ground, self._ribbons, self._boards, self._text, self._notes, self._marks,
            self._pictures, self.images, self._colours, self._frame, self._atlas, self._pool,
            self._glows,
        ):  # fmt: skip
            item.close()
        self.end_across()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _end_drawing() -> None:
    gl.glDepthMask(True)
    gl.glDisable(gl.GL_BLEND)
    gl.glDisable(gl.GL_DEPTH_TEST)
