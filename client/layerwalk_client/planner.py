"""Which mip levels should be on the GPU: pure, of scene, camera and what is there.

Each block (at most 256 channels of a wall, one texture) gets the level at which a texel covers
about a pixel. What is in view and seen from the front comes first, by how blurred it is and how
much of the picture it takes; then what would be in view soon. The rest keeps its overview, which
is always there, so nothing is ever blank. Memory is granted in that order; who comes too late gets
coarser levels, down to the overview.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.arrays import Floats, Ints, Rectangles, SceneArrays
from layerwalk_client.world.camera import frustum_planes
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.view import Camera
from layerwalk_shared.tiles import TileKey

MAX_WISHES = 64
"""Blocks asked for at once; more would be out of date before they came."""
AHEAD_S = 0.6
"""Seconds of motion that prefetching looks ahead: a round trip and an upload, with room."""
WIDER = 1.3
"""Factor on the view's tangent within which blocks are prefetched."""
HYSTERESIS = 1.0
"""Levels by which a block must be too fine before it is made coarser: half a level about each
threshold, once there and once back, so small motions change nothing."""
SMALLEST_DISTANCE = 0.05


@dataclass(frozen=True, slots=True)
class Wish:
    """A block that should be on the GPU from `level` down to 1 x 1."""

    index: int
    network: str
    node: int
    block: int
    level: int
    last: int

    @property
    def keys(self) -> tuple[TileKey, ...]:
        """Tiles of the chain, finest first."""
        return tuple(
            TileKey(self.node, self.block, level) for level in range(self.level, self.last + 1)
        )


@dataclass(frozen=True, slots=True)
class Eviction:
    """A block whose texture should go; its overview is shown instead."""

    index: int
    network: str
    node: int
    block: int


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What to ask for and what to drop.

    Attributes:
        levels: `[B]` level granted to each block; `arrays.overview` where the overview must do.
            Pass it as `held` to the next plan.
        wishes: blocks to fetch and upload, most urgent first; a few of them are coarser than what
            is there, where memory is short.
        evictions: to be carried out before the wishes.
        visible: `[B]` blocks in view and seen from the front.
    """

    levels: Ints
    wishes: tuple[Wish, ...]
    evictions: tuple[Eviction, ...]
    visible: NDArray[np.bool_]


def plan(
    arrays: SceneArrays,
    camera: Camera,
    viewport_wh: tuple[int, int],
    resident: Ints,
    budget_bytes: int,
    *,
    held: Ints | None = None,
    motion: Vector = (0.0, 0.0, 0.0),
    max_wishes: int = MAX_WISHES,
) -> Plan:
    """Return what should be on the GPU.

    Args:
        viewport_wh: of the picture, pixels.
        resident: `[B]` finest level of each block's texture, `arrays.overview` where there is
            none (see `SceneArrays.nothing_resident`).
        budget_bytes: texture memory for all chains together; overviews are not counted.
        held: `[B]` levels of the last plan for the same scene, for steadiness.
        motion: of the camera, metres per second.
        max_wishes: wishes at most.
    """
    if not arrays.block_total:
        empty = np.zeros(0, dtype=np.int64)
        return Plan(empty, (), (), np.zeros(0, dtype=bool))
    now = _seen(arrays, camera, viewport_wh)
    ahead = np.array(camera.position) + AHEAD_S * np.array(motion)
    soon = _seen(
        arrays,
        replace(
            camera,
            position=(float(ahead[0]), float(ahead[1]), float(ahead[2])),
            fov=2 * math.atan(WIDER * math.tan(camera.fov / 2)),
        ),
        viewport_wh,
        focal_px=now.focal_px,
    )
    is_twin = arrays.is_twin
    if is_twin.any():
        now, soon = _together(now, arrays.twin_of), _together(soon, arrays.twin_of)
        resident = np.where(is_twin, arrays.overview, resident)
    wished = np.where(now.visible, _levels(now.exact, arrays, held), arrays.overview)
    is_near = soon.visible & ~now.visible
    wished = np.where(is_near, _levels(soon.exact, arrays, held), wished)
    exact = np.where(now.visible, now.exact, soon.exact)
    area = np.where(now.visible, now.area, soon.area)
    blur = np.maximum(0.0, resident - exact)
    urgency = np.log2(area + 1.0) + 2.0 * blur
    rank = np.where(now.visible, 0, np.where(is_near, 1, 2))
    granted = _within_budget(wished, np.lexsort((-np.log2(area + 1.0), rank)), arrays, budget_bytes)
    order = np.lexsort((-urgency, rank))
    wishes: list[int] = order[(granted < resident)[order]][:max_wishes].tolist()
    dropped, coarser = _to_free(
        arrays, resident, granted, wishes, order=order[::-1], budget_bytes=budget_bytes
    )
    return Plan(
        granted,
        tuple(_wish(arrays, index, int(granted[index])) for index in (*coarser, *wishes)),
        tuple(_eviction(arrays, index) for index in dropped),
        now.visible,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Blocks as a camera sees them, `[B]` each: exact level, pixels of area, in view."""

    exact: Floats
    area: Floats
    visible: NDArray[np.bool_]
    focal_px: float


def _seen(
    arrays: SceneArrays,
    camera: Camera,
    viewport_wh: tuple[int, int],
    *,
    focal_px: float | None = None,
) -> _Seen:
    width, height = viewport_wh
    if focal_px is None:
        focal_px = height / 2 / math.tan(camera.fov / 2)
    blocks = arrays.blocks
    eye = np.array(camera.position)
    before = blocks.normals @ eye - arrays.block_ahead
    aside = np.abs(blocks.rights @ eye - arrays.block_aside) - blocks.halves[:, 0]
    above = np.abs(eye[1] - blocks.centres[:, 1]) - blocks.halves[:, 1]
    np.maximum(aside, 0.0, out=aside)
    np.maximum(above, 0.0, out=above)
    distance = np.sqrt(before * before + aside * aside + above * above)
    np.maximum(distance, SMALLEST_DISTANCE, out=distance)
    exact = np.log2(distance) - (math.log2(focal_px) + arrays.texel_log)
    scale = 2 * focal_px / distance
    area = np.minimum(blocks.halves[:, 0] * scale, width) * np.minimum(
        blocks.halves[:, 1] * scale, height
    )
    visible = (before > 0) & _in_view(blocks, frustum_planes(camera, width / height))
    return _Seen(exact, area, visible, focal_px)


def _together(seen: _Seen, twin_of: Ints) -> _Seen:
    """Let the first of the blocks that show the same be seen as all of them are, the others not:
    they share one texture."""
    count = len(twin_of)
    exact = np.where(seen.visible, seen.exact, np.inf)
    finest, area, visible = np.full(count, np.inf), np.zeros(count), np.zeros(count, dtype=bool)
    np.minimum.at(finest, twin_of, exact)
    np.maximum.at(area, twin_of, np.where(seen.visible, seen.area, 0.0))
    np.logical_or.at(visible, twin_of, seen.visible)
    return _Seen(
        np.where(visible, finest, seen.exact),
        np.where(visible, area, seen.area),
        visible,
        seen.focal_px,
    )


def _in_view(blocks: Rectangles, planes: Floats) -> NDArray[np.bool_]:
    """Whether some of each rectangle may be on the inner side of each plane."""
    normals = planes[:, :3]
    reach = np.abs(normals @ blocks.rights.T) * blocks.halves[:, 0]
    reach += normals @ blocks.centres.T
    reach += np.abs(planes[:, 1:2]) * blocks.halves[:, 1]
    return np.asarray((reach >= -planes[:, 3:]).all(axis=0))


def _levels(exact: Floats, arrays: SceneArrays, held: Ints | None) -> Ints:
    """Round to levels; a level that is held stays while it is at most `HYSTERESIS` too fine."""
    levels = np.floor(exact + 0.5).astype(np.int64)
    if held is not None:
        is_steady = (levels > held) & (exact <= held + 0.5 + HYSTERESIS)
        levels = np.where(is_steady, held, levels)
    return np.minimum(np.maximum(levels, arrays.finest), arrays.overview)


def _within_budget(wished: Ints, order: Ints, arrays: SceneArrays, budget_bytes: int) -> Ints:
    """Make blocks coarser, least important first, until all fit."""
    levels = wished.copy()
    rows = np.arange(len(levels))
    while True:
        used = np.cumsum(arrays.chain_bytes[rows, levels][order])
        if used[-1] <= budget_bytes:
            return levels
        late = order[used > budget_bytes]
        levels[late] = np.minimum(levels[late] + 1, arrays.overview[late])


def _to_free(
    arrays: SceneArrays,
    resident: Ints,
    granted: Ints,
    wishes: list[int],
    *,
    order: Ints,
    budget_bytes: int,
) -> tuple[list[int], list[int]]:
    """Return blocks to drop and blocks to make coarser, so that the wishes fit."""
    rows = np.arange(len(resident))
    after = resident.copy()
    after[wishes] = granted[wishes]
    excess = int(arrays.chain_bytes[rows, after].sum()) - budget_bytes
    dropped: list[int] = []
    coarser: list[int] = []
    if excess <= 0:
        return dropped, coarser
    for index in order.tolist():
        if after[index] >= granted[index]:
            continue
        target = int(granted[index])
        memory = arrays.chain_bytes[index]
        excess -= int(memory[after[index]] - memory[target])
        (dropped if target >= arrays.overview[index] else coarser).append(index)
        if excess <= 0:
            break
    return dropped, coarser


def _wish(arrays: SceneArrays, index: int, level: int) -> Wish:
    wall = arrays.scene.walls[int(arrays.wall_of[index])]
    return Wish(
        index,
        wall.network,
        wall.node,
        int(arrays.number_of[index]),
        level,
        int(arrays.last[index]),
    )


def _eviction(arrays: SceneArrays, index: int) -> Eviction:
    wall = arrays.scene.walls[int(arrays.wall_of[index])]
    return Eviction(index, wall.network, wall.node, int(arrays.number_of[index]))
