"""Looking straight at a wall, so that a test can say which pixel shows which texel."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from client.gl.showroom import NETWORK, make_chain
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.view import Appearance, Camera, Look, Marks
from layerwalk_shared.tiles import BLOCK_CHANNELS, Tile, TileType, block_count

FOV = math.radians(40)


def straight_camera(wall: Wall, size_wh: tuple[int, int], pixels_per_metre: float) -> Camera:
    """Return the camera before the middle of the wall at which a metre covers so many pixels."""
    away = size_wh[1] / 2 / math.tan(FOV / 2) / pixels_per_metre
    x, y, z = wall.centre
    position = (x + away * math.sin(wall.yaw), y, z + away * math.cos(wall.yaw))
    return Camera(position, wall.yaw, 0.0, FOV)


def pixel_of(
    wall: Wall,
    size_wh: tuple[int, int],
    pixels_per_metre: float,
    *,
    channel: int,
    texel: tuple[int, int],
) -> tuple[int, int]:
    """Return (row, column) of the pixel at the middle of a texel (row, column) of a channel."""
    row, column = divmod(channel, wall.columns)
    height, width = wall.picture_hw
    x = wall.gap + column * (wall.tile_wh[0] + wall.gap)
    x += (texel[1] + 0.5) / width * wall.tile_wh[0] - wall.size_wh[0] / 2
    y = wall.gap + row * (wall.tile_wh[1] + wall.gap)
    y += (texel[0] + 0.5) / height * wall.tile_wh[1] - wall.size_wh[1] / 2
    return (
        math.floor(size_wh[1] / 2 + y * pixels_per_metre),
        math.floor(size_wh[0] / 2 + x * pixels_per_metre),
    )


def chains_of(
    values: NDArray[np.floating], *, node: int = 1, dtype: TileType = TileType.FLOAT16
) -> list[list[Tile]]:
    """Return the chain of every block of `[C, h, w]` values (or `[C, h, w, 3]` colours)."""
    return [
        make_chain(
            values[block * BLOCK_CHANNELS : (block + 1) * BLOCK_CHANNELS],
            node=node, block=block, dtype=dtype,
        )
        for block in range(block_count(len(values)))
    ]  # fmt: skip


class Stage:
    """One wall before the eye. Mutable."""

    def __init__(self, wall: Wall, *, size_wh: tuple[int, int], pixels_per_metre: float) -> None:
        """Stand `wall` in an empty world."""
        self.wall = replace(wall, network=NETWORK)
        self.size_wh = size_wh
        self.pixels_per_metre = pixels_per_metre
        self.renderer = Renderer()
        self.target = Target(size_wh)
        self.renderer.set_scene(Scene((self.wall,)))

    def put(self, chains: Sequence[Sequence[Tile]]) -> None:
        """Upload blocks."""
        for chain in chains:
            self.renderer.put_block(NETWORK, chain[0].key.node, chain[0].key.block, chain)

    def picture(self, appearance: Appearance | None = None, **look: object) -> NDArray[np.uint8]:
        """Return the frame, `[H, W, 3]`."""
        camera = straight_camera(self.wall, self.size_wh, self.pixels_per_metre)
        seen = Look(camera, appearance or Appearance(mode="node"), Marks())
        self.renderer.draw(replace(seen, **look), self.target)  # type: ignore[arg-type]
        return self.target.read_rgb()

    def texels(self, pixels: NDArray[np.uint8], channel: int) -> NDArray[np.uint8]:
        """Return the colours at the middles of all texels of a channel, `[h, w, 3]`."""
        height, width = self.wall.picture_hw
        found = np.zeros((height, width, 3), np.uint8)
        for row in range(height):
            for column in range(width):
                found[row, column] = pixels[
                    pixel_of(
                        self.wall, self.size_wh, self.pixels_per_metre,
                        channel=channel, texel=(row, column),
                    )
                ]  # fmt: skip
        return found


@contextmanager
def stage(
    wall: Wall, *, size_wh: tuple[int, int] = (400, 300), pixels_per_metre: float = 250.0
) -> Iterator[Stage]:
    """Give a stage with one wall; everything is released at the end."""
    made = Stage(wall, size_wh=size_wh, pixels_per_metre=pixels_per_metre)
    try:
        yield made
    finally:
        made.renderer.close()
        made.target.close()
