"""What the camera needs of each wall's values: the planner's wishes in the words of residencies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.stage.residency import Wanted
from layerwalk_client.planner import plan
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.scene import Vector
from layerwalk_client.world.view import Camera

WantedOf = dict[str, list[Wanted]]
"""By the name of a wall's values; "": the network's."""
EvictedOf = dict[str, list[tuple[int, int]]]
"""(node, block) by the name of a wall's values."""


class Needs:
    """Mutable, owned by the main thread.

    Args:
        resident: returns the finest level of a block on the GPU, by (values, node, block).
    """

    def __init__(self, resident: Callable[[str, int, int], int | None]) -> None:
        self._resident = resident
        self._held: NDArray[np.int64] | None = None

    def plan(
        self,
        arrays: SceneArrays,
        camera: Camera,
        size_wh: tuple[int, int],
        *,
        gpu_bytes: int,
        motion: Vector,
        extra: Sequence[Wanted],
        max_wishes: int,
    ) -> tuple[WantedOf, EvictedOf]:
        """Return what each wall's values need, the most important first, and what goes.

        Levels that were held stay, as long as there are as many blocks.

        Args:
            arrays: of the scene.
            camera: the eye.
            size_wh: pixels of the view.
            gpu_bytes: for all textures.
            motion: of the eye, metres per second.
            extra: blocks wanted before all others (what is held to the eye).
            max_wishes: blocks asked for at once.
        """
        resident = self._levels(arrays)
        held = self._held
        planned = plan(
            arrays,
            camera,
            size_wh,
            resident,
            gpu_bytes,
            held=held if held is not None and len(held) == arrays.block_total else None,
            motion=motion,
            max_wishes=max_wishes,
        )
        self._held = planned.levels
        wanted: WantedOf = {"": []}
        evicted: EvictedOf = {"": []}
        values_of = {wall.node: wall.values for wall in arrays.scene.walls}
        for one in extra:
            wanted.setdefault(values_of.get(one.node, ""), []).append(one)
        for wish in planned.wishes:
            is_coarser = wish.level > resident[wish.index]
            _note(wanted, arrays, wish.index, wish.level, is_coarser=is_coarser)
        known = {wish.index for wish in planned.wishes}
        for index in np.flatnonzero(resident < arrays.overview).tolist():
            if index not in known and planned.levels[index] < arrays.overview[index]:
                _note(wanted, arrays, index, int(planned.levels[index]))
        for eviction in planned.evictions:
            wall = arrays.scene.walls[int(arrays.wall_of[eviction.index])]
            evicted.setdefault(wall.values, []).append((eviction.node, eviction.block))
        return wanted, evicted

    def _levels(self, arrays: SceneArrays) -> NDArray[np.int64]:
        """Return the finest level of each block on the GPU; the overview's where there is none."""
        found = arrays.overview.copy()
        for index in range(arrays.block_total):
            wall = arrays.scene.walls[int(arrays.wall_of[index])]
            level = self._resident(*wall.value_key, int(arrays.number_of[index]))
            if level is not None:
                found[index] = min(level, int(found[index]))
        return found


def _note(
    wanted: WantedOf, arrays: SceneArrays, index: int, level: int, *, is_coarser: bool = False
) -> None:
    """Add a block to what is wanted of its wall's values."""
    wall = arrays.scene.walls[int(arrays.wall_of[index])]
    number = int(arrays.number_of[index])
    wanted.setdefault(wall.values, []).append(Wanted(wall.node, number, level, is_coarser))


def joined(
    first: tuple[WantedOf, EvictedOf], second: tuple[WantedOf, EvictedOf]
) -> tuple[WantedOf, EvictedOf]:
    """Return what two eyes need together: of each block the finer level, and only what neither of
    them needs goes."""
    wanted: WantedOf = {}
    for values in {**first[0], **second[0]}:
        best: dict[tuple[int, int], Wanted] = {}
        for one in (*first[0].get(values, ()), *second[0].get(values, ())):
            known = best.get((one.node, one.block))
            if known is None or one.level < known.level:
                best[one.node, one.block] = one
        wanted[values] = list(best.values())
    evicted = {
        values: [one for one in gone if one in second[1].get(values, ())]
        for values, gone in first[1].items()
    }
    return {"": [], **wanted}, {"": [], **evicted}
