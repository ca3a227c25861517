"""Drawing: what 30,000 channels in view cost the main thread, what an upload costs.

Main-thread time is the calling thread's CPU time until `glFinish` returns: Python, the driver's
front end, and on software GL the vertex work; pixels are filled by other threads. How much of it
is Python's own is measured by adding up the time spent inside OpenGL calls and taking it away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from benchmarks.measure import Result, interleave
from layerwalk_client.gl.bindings import gl
from layerwalk_client.gl.context import offscreen_context
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.gl.textures import TexturePool
from layerwalk_client.world.scene import Label, Scene, Wall
from layerwalk_client.world.view import Appearance, Camera, Look
from layerwalk_shared.tiles import (
    BLOCK_CHANNELS,
    Tile,
    TileKey,
    TileType,
    block_channels,
    block_count,
    level_count,
    level_shape,
)
from layerwalk_shared.views import grid_shape

SIZE_WH = (1280, 720)
# (channels, side) of the walls: as a residual network's stages, 30,016 channels in all.
STAGES = ((64, 56, 9), (256, 56, 8), (128, 28, 16), (512, 28, 10), (256, 14, 24), (1024, 14, 7),
          (512, 7, 8), (2048, 7, 1), (768, 7, 1))  # fmt: skip
_TILE, _GAP = 0.30, 0.02


def make_chain(
    channels: range, shape_hw: tuple[int, int], *, node: int, dtype: TileType = TileType.FLOAT16
) -> list[Tile]:
    """Return a chain of levels of noise for one block."""
    generator = np.random.default_rng(node)
    chain = []
    for level in range(level_count(shape_hw)):
        size = level_shape(shape_hw, level)
        values = generator.standard_normal((len(channels), *size), np.float32).astype(np.float16)
        scales = np.full(len(channels), 4, np.float32)
        key = TileKey(node, channels.start // BLOCK_CHANNELS, level)
        chain.append(Tile(key, dtype, channels.start, values, scales, 1))
    return chain


def make_hall() -> tuple[Scene, int]:
    """Return a hall of walls, two abreast, and how many channels they have."""
    walls: list[Wall] = []
    labels: list[Label] = []
    z, total = 0.0, 0
    for channels, side, count in STAGES:
        for _ in range(count):
            rows, columns = grid_shape(channels)
            size = tuple(number * (_TILE + _GAP) + _GAP for number in (columns, rows))
            x = (-1) ** len(walls) * (size[0] / 2 + 0.4)
            node = len(walls)
            walls.append(
                Wall(
                    "bench", node, (x, size[1] / 2, z), (size[0], size[1]), columns, rows,
                    channels, (side, side), (_TILE, _TILE), _GAP,
                )
            )  # fmt: skip
            for text, height, up in (
                (f"layer{node}.conv", 0.16, 0.3),
                (f"{channels} x {side}", 0.09, 0.1),
            ):
                labels.append(
                    Label(text, (x - size[0] / 2, size[1] + up, z), height, (0.9, 0.9, 0.95, 1.0))
                )
            total += channels
            z -= 1.5 if node % 2 else 0.0
    return Scene(tuple(walls), labels=tuple(labels)), total


def _fill(renderer: Renderer, scene: Scene) -> None:
    for wall in scene.walls:
        for block in range(block_count(wall.channels)):
            chain = make_chain(
                block_channels(wall.channels, block), wall.picture_hw, node=wall.node
            )
            renderer.put_overview("bench", [tile for tile in chain if max(tile.shape_hw) <= 8][:1])
            renderer.put_block("bench", wall.node, block, chain)


class _OutsideOpenGL:
    """Measures the thread's time of a frame that is not spent inside OpenGL calls."""

    def __init__(self) -> None:
        self._inside_s = 0.0
        self._calls = 0
        empty = self._wrapped(lambda: None)
        start = time.thread_time()
        for _ in range(2000):
            empty()
        self._cost_of_timing_s = (time.thread_time() - start) / 2000

    def _wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            start = time.thread_time()
            try:
                return call(*arguments)
            finally:
                self._inside_s += time.thread_time() - start
                self._calls += 1

        return timed

    def seconds(self, frame: Callable[[], None]) -> float:
        """Return Python's own seconds of one frame; the cost of measuring is taken away."""
        calls = {name: value for name, value in vars(gl).items() if callable(value)}
        for name, value in calls.items():
            setattr(gl, name, self._wrapped(value))
        try:
            self._inside_s, self._calls = 0.0, 0
            start = time.thread_time()
            frame()
            whole = time.thread_time() - start
        finally:
            for name, value in calls.items():
                setattr(gl, name, value)
        return whole - self._inside_s - self._calls * self._cost_of_timing_s


def results() -> Iterable[Result]:
    """Yield the lines of the table."""
    with offscreen_context(checks=False):
        yield from _frames()
        yield _upload(1, "level 0")
        yield _upload(6, "all six mip levels")


def _frames() -> Iterable[Result]:
    scene, channels = make_hall()
    one = Scene((scene.walls[0],))
    with Renderer() as renderer, Renderer() as bare, Target(SIZE_WH) as target:
        renderer.set_scene(scene)
        bare.set_scene(one)
        _fill(renderer, scene)
        _fill(bare, one)
        views = {
            "from above": Camera((0.0, 26.0, 28.0), 0.0, -0.55),
            "down the hall": Camera((0.0, 4.0, 9.0), 0.0, -0.12),
        }
        for name, camera in views.items():
            step = iter(range(10**9))

            def moving(camera: Camera = camera, step: Any = step) -> Look:
                # A camera that never rests: nothing may be kept from the last frame.
                x, y, z = camera.position
                nudge = next(step) % 7 * 1e-3
                moved = Camera((x + nudge, y, z), camera.yaw, camera.pitch)
                return Look(moved, Appearance(mode="node"))

            def frame(moving: Any = moving) -> None:
                renderer.draw(moving(), target, dt=1 / 60)
                gl.glFinish()

            def floor(moving: Any = moving) -> None:
                bare.draw(moving(), target, dt=1 / 60)
                gl.glFinish()

            yield interleave(
                f"frame, {channels:,} channels {name}, main thread",
                floor=("a frame with one wall", floor),
                subject=frame,
                goal="4 ms more",
                limit=4.0,
                kind="extra",
                pairs=31,
                warm_up=5,
                clock=time.thread_time,
            )
            outside = _OutsideOpenGL()
            pairs = [(outside.seconds(floor), outside.seconds(frame)) for _ in range(31)]
            yield Result(
                f"the same {name}, Python's share",
                "a frame with one wall, Python's share",
                "2 ms more",
                2.0,
                "extra",
                tuple(there for there, _ in pairs),
                tuple(here for _, here in pairs),
            )


def _upload(levels: int, what: str) -> Result:
    """Compare a block's levels, as the renderer uploads them, with one call of as many bytes."""
    shape_hw, channels = (56, 56), 512
    chains = [
        make_chain(block_channels(channels, block), shape_hw, node=block)[:levels]
        for block in range(block_count(channels))
    ]
    all_bytes = sum(tile.payload_bytes for chain in chains for tile in chain)
    # As many more layers of level 0 as the other levels take.
    layers = round(all_bytes / (2 * shape_hw[0] * shape_hw[1]))
    values = np.zeros((layers, *shape_hw), np.float16)
    texture = int(gl.glGenTextures(1))
    pool = TexturePool(anisotropy=1)
    gl.glBindTexture(gl.GL_TEXTURE_2D_ARRAY, texture)
    gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
    gl.glTexImage3D(
        gl.GL_TEXTURE_2D_ARRAY, 0, gl.GL_R16F, *shape_hw, layers, 0, gl.GL_RED, gl.GL_HALF_FLOAT,
        None,
    )  # fmt: skip

    def floor() -> None:
        gl.glBindTexture(gl.GL_TEXTURE_2D_ARRAY, texture)
        gl.glTexSubImage3D(
            gl.GL_TEXTURE_2D_ARRAY, 0, 0, 0, 0, *shape_hw, layers, gl.GL_RED, gl.GL_HALF_FLOAT,
            values,
        )  # fmt: skip
        gl.glFinish()

    def subject() -> None:
        made = [pool.upload(chain) for chain in chains]
        gl.glFinish()
        for name in made:
            pool.give_back(name)

    try:
        return interleave(
            f"upload of 512 x 56 x 56, {what} ({all_bytes / 1e6:.1f} MB)",
            floor=("one glTexSubImage3D of the same bytes", floor),
            subject=subject,
            goal="1.5",
            limit=1.5,
            pairs=61,
            clock=time.thread_time,
        )
    finally:
        pool.close()
        gl.glDeleteTextures(1, [texture])
