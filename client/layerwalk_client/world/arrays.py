"""A scene as NumPy arrays, made once for each scene: what picking and planning read each frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.scene import Board, Scene, Wall
from layerwalk_shared.tiles import (
    TileKey,
    block_channels,
    block_count,
    level_count,
    level_shape,
    overview_level,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OVERVIEW_SIDE = 8
"""Longest side of an overview tile; what `?overview=8` brings."""
LARGEST_SIDE = 8192
"""Longest side of a texture: what every OpenGL since version 4.1 can hold. A picture of 50,257
columns is shown from its level of 6,282 on."""
OPAQUE = 0.9
"""Boards whose fill is less opaque than this are marks on something else: rays pass them."""


@dataclass(frozen=True, slots=True, eq=False)
class Rectangles:
    """Upright rectangles, R of them.

    Attributes:
        centres: `[R, 3]`; rights, normals: `[R, 3]` unit vectors; normals point to the front.
        halves: `[R, 2]` half width and half height.
    """

    centres: Floats
    rights: Floats
    normals: Floats
    halves: Floats

    @classmethod
    def of(cls, items: Iterable[Wall | Board]) -> Rectangles:
        """Return the rectangles of walls or boards, in order."""
        rows = [(*item.centre, *item.size_wh, item.yaw) for item in items]
        table = np.array(rows, dtype=np.float64).reshape(len(rows), 6)
        sine, cosine = np.sin(table[:, 5]), np.cos(table[:, 5])
        zero = np.zeros_like(sine)
        return cls(
            _frozen(table[:, :3]),
            _frozen(np.stack([cosine, zero, -sine], axis=1)),
            _frozen(np.stack([sine, zero, cosine], axis=1)),
            _frozen(table[:, 3:5] / 2),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SceneArrays:
    """Walls, boards and blocks of one scene; all arrays are read-only.

    A block is at most 256 channels of a wall, and one texture. Blocks stand in the order of walls,
    `first_block[w]` is the first of wall w.

    Attributes:
        scene: what they were made of.
        walls: `[W]` rectangles, in the order of `scene.walls`.
        boards: those of `scene.boards` that stop a ray; `board_index` says which they are.
        wall_of, number_of: `[B]` wall index, and number within the wall, of each block.
        blocks: `[B]` rectangle that each block covers on its wall.
        block_ahead, block_aside: `[B]` centre of each block along its normal, and to its right.
        texel_log: `[B]` log2 of the metres of one level-0 pixel (its shorter side).
        overview: `[B]` level from which on the overview picture, which is always there, is as
            good as a texture of the block's own; at least 1. Stands for "overview only" as well.
        finest: `[B]` the finest level that a texture can hold.
        last: `[B]` coarsest level there is, of 1 x 1.
        chain_bytes: `[B, 16]` texture memory of level L with all coarser ones; 0 where the
            overview takes over.
        block_by_key: (network, node index, block number) -> block, of the node's own wall first.
        twin_of: `[B]` the first block that shows the same values: itself, but on pinned copies.
    """

    scene: Scene
    walls: Rectangles
    boards: Rectangles
    board_index: Ints
    first_block: Ints
    wall_of: Ints
    number_of: Ints
    blocks: Rectangles
    block_ahead: Floats
    block_aside: Floats
    texel_log: Floats
    overview: Ints
    finest: Ints
    last: Ints
    chain_bytes: Ints
    block_by_key: Mapping[tuple[str, int, int], int]
    twin_of: Ints

    @classmethod
    def from_scene(
        cls, scene: Scene, *, texel_bytes: int = 1, overview_side: int = OVERVIEW_SIDE
    ) -> SceneArrays:
        """Return the arrays of a scene.

        Args:
            texel_bytes: texture memory of one value (int8: 1, float16: 2); pictures take 4.
            overview_side: longest side of the level that every block keeps.
        """
        stopping = [index for index, board in enumerate(scene.boards) if board.colour[3] >= OPAQUE]
        walls = Rectangles.of(scene.walls)
        first: list[int] = []
        wall_of: list[int] = []
        number_of: list[int] = []
        corners: list[tuple[float, float, float, float]] = []
        texel: list[float] = []
        overview: list[int] = []
        finest: list[int] = []
        last: list[int] = []
        memory: list[list[int]] = []
        by_key: dict[tuple[str, int, int], int] = {}
        twin_of: list[int] = []
        for index, wall in enumerate(scene.walls):
            first.append(len(wall_of))
            side = min(wall.tile_wh[0] / wall.picture_hw[1], wall.tile_wh[1] / wall.picture_hw[0])
            per_texel = 4 if wall.is_image else texel_bytes
            for number in range(block_count(wall.channels)):
                here = len(wall_of)
                twin_of.append(by_key.setdefault((wall.network, wall.node, number), here))
                wall_of.append(index)
                number_of.append(number)
                corners.append(_block_corners(wall, number))
                texel.append(side)
                enough = max(1, overview_level(wall.picture_hw, overview_side))
                overview.append(enough)
                finest.append(min(enough, _finest_level(wall.picture_hw)))
                last.append(level_count(wall.picture_hw) - 1)
                count = len(block_channels(wall.channels, number))
                chain = _chain_bytes(wall.picture_hw, count * per_texel)
                memory.append(chain[:enough] + [0] * (16 - enough))
        places = np.array(wall_of, dtype=np.int64)
        blocks = _block_rectangles(walls, places, np.array(corners).reshape(-1, 4))
        return cls(
            scene=scene,
            walls=walls,
            boards=Rectangles.of(scene.boards[index] for index in stopping),
            board_index=_frozen_ints(stopping),
            first_block=_frozen_ints(first),
            wall_of=_frozen_ints(wall_of),
            number_of=_frozen_ints(number_of),
            blocks=blocks,
            block_ahead=_frozen((blocks.centres * blocks.normals).sum(axis=1)),
            block_aside=_frozen((blocks.centres * blocks.rights).sum(axis=1)),
            texel_log=_frozen(np.log2(np.array(texel, dtype=np.float64))),
            overview=_frozen_ints(overview),
            finest=_frozen_ints(finest),
            last=_frozen_ints(last),
            chain_bytes=_frozen_ints(np.array(memory, dtype=np.int64).reshape(-1, 16)),
            block_by_key=by_key,
            twin_of=_frozen_ints(twin_of),
        )

    @property
    def is_twin(self) -> NDArray[np.bool_]:
        """Which blocks show what another one shows that comes before them, `[B]`."""
        found: NDArray[np.bool_] = self.twin_of != np.arange(len(self.twin_of))
        return found

    @property
    def block_total(self) -> int:
        return len(self.wall_of)

    def tile_key(self, block: int, level: int) -> TileKey:
        """Return the key of a level of a block; its network is that of the block's wall."""
        wall = self.scene.walls[int(self.wall_of[block])]
        return TileKey(wall.node, int(self.number_of[block]), level)

    def network(self, block: int) -> str:
        """Return the network that a block belongs to."""
        return self.scene.walls[int(self.wall_of[block])].network

    def nothing_resident(self) -> Ints:
        """Return the `resident` argument of `planner.plan` for a GPU with overviews alone, `[B]`."""
        return self.overview.copy()


def _finest_level(picture_hw: tuple[int, int]) -> int:
    """Return the finest level whose sides are at most `LARGEST_SIDE`."""
    return next(
        level
        for level in range(level_count(picture_hw))
        if max(level_shape(picture_hw, level)) <= LARGEST_SIDE
    )


def _block_corners(wall: Wall, number: int) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of what a block covers, wall coordinates."""
    inside = block_channels(wall.channels, number)
    first, last = inside[0] // wall.columns, inside[-1] // wall.columns
    pitch_w, pitch_h = wall.tile_wh[0] + wall.gap, wall.tile_wh[1] + wall.gap
    top = wall.size_wh[1] - wall.gap - first * pitch_h
    bottom = wall.size_wh[1] - (last + 1) * pitch_h
    if first == last:
        left = wall.gap + inside[0] % wall.columns * pitch_w
        return left, bottom, (inside[-1] % wall.columns + 1) * pitch_w, top
    return wall.gap, bottom, min(wall.columns, wall.channels) * pitch_w, top


def _block_rectangles(walls: Rectangles, places: Ints, corners: Floats) -> Rectangles:
    middle = (corners[:, :2] + corners[:, 2:]) / 2 - walls.halves[places]
    rights = walls.rights[places]
    centres = walls.centres[places] + rights * middle[:, :1]
    centres[:, 1] += middle[:, 1]
    return Rectangles(
        _frozen(centres),
        _frozen(rights),
        _frozen(walls.normals[places]),
        _frozen((corners[:, 2:] - corners[:, :2]) / 2),
    )


def _chain_bytes(picture_hw: tuple[int, int], per_texel: int) -> list[int]:
    """Bytes of level L with all coarser ones, for L in 0..15 (0 past the last)."""
    sizes = [0] * 16
    for level in reversed(range(level_count(picture_hw))):
        height, width = level_shape(picture_hw, level)
        coarser = sizes[level + 1] if level < 15 else 0
        sizes[level] = coarser + height * width * per_texel
    return sizes


def _frozen(array: Floats) -> Floats:
    array = np.ascontiguousarray(array, dtype=np.float64)
    array.flags.writeable = False
    return array


def _frozen_ints(values: object) -> Ints:
    array: Ints = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array
