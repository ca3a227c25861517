"""The planner: right level, visible first, within the budget, steady, never blank."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis.strategies import integers

from client.world.cameras import cameras
from client.world.networks import described, manifest, resnet
from layerwalk_client.planner import Plan, plan
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import project
from layerwalk_client.world.layout import layout
from layerwalk_client.world.picking import point_of
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.view import Camera
from layerwalk_shared.tiles import (
    block_channels,
    block_count,
    level_count,
    level_shape,
    overview_level,
)

VIEW = (1920, 1080)
PLENTY = 1 << 40
GRAPH = resnet()
SCENE = layout(described(GRAPH, classes=101), manifest(GRAPH))
ARRAYS = SceneArrays.from_scene(SCENE)


def wall(node: int, x: float = 0.0, z: float = 0.0, side: int = 256, channels: int = 1) -> Wall:
    """One row of pictures of 1 m, without gaps, centred at eye level."""
    return Wall("net", node, (x, 1.6, z), (channels, 1.0), channels, 1, channels, (side, side),
                (1.0, 1.0), 0.0)  # fmt: skip


def world(*walls: Wall) -> SceneArrays:
    return SceneArrays.from_scene(Scene(walls))


def planned(arrays: SceneArrays, camera: Camera, budget: int = PLENTY, **options: object) -> Plan:
    resident = options.pop("resident", arrays.nothing_resident())
    return plan(arrays, camera, VIEW, resident, budget, **options)  # type: ignore[arg-type]


def chain_bytes(side: int, level: int) -> int:
    """One byte a texel, all levels from `level` to 1 x 1, added up one by one."""
    return sum((side >> step) ** 2 for step in range(level, side.bit_length()))


def test_the_level_is_the_one_whose_texel_covers_a_pixel() -> None:
    arrays = world(wall(0))
    focal = 540 / math.tan(math.radians(30))
    for level in range(5):
        # At this distance a texel of that level is one pixel wide.
        distance = focal * (1 / 256) * 2**level
        for shift, expected in ((0.0, level), (0.45, level), (-0.45, level), (0.55, level + 1)):
            camera = Camera((0.0, 1.6, distance * 2**shift))
            assert planned(arrays, camera).levels[0] == max(0, min(expected, 5))


def test_a_near_wall_gets_its_finest_level_and_a_far_one_its_overview() -> None:
    arrays = world(wall(0, z=0.0), wall(1, x=2.0, z=-400.0))
    result = planned(arrays, Camera((0.0, 1.6, 1.0)))
    assert result.levels.tolist() == [0, 5]
    assert arrays.overview.tolist() == [5, 5]  # 256 >> 5 = 8
    assert [(wish.node, wish.level) for wish in result.wishes] == [(0, 0)]
    assert [key.level for key in result.wishes[0].keys] == list(range(9))


def test_a_wall_of_many_blocks_is_planned_block_by_block() -> None:
    arrays = world(replace(wall(0, channels=600), columns=25, rows=24, size_wh=(25.0, 24.0),
                           centre=(0.0, 12.0, 0.0)))  # fmt: skip
    assert arrays.block_total == 3
    result = planned(arrays, Camera((0.0, 22.0, 1.0)))
    assert result.levels.tolist() == sorted(result.levels.tolist())
    assert result.levels[0] == 0 < result.levels[2]
    np.testing.assert_allclose(arrays.blocks.centres[:, 1], [24 - 5.5, 24 - 15.5, 3.0 / 2 + 0.5], atol=1)  # fmt: skip


@given(camera=cameras(reach=30))
@settings(max_examples=25, deadline=None)
def test_what_is_visible_is_what_projects_into_the_picture(camera: Camera) -> None:
    result = planned(ARRAYS, camera)
    for index, item in enumerate(SCENE.walls):
        own = ARRAYS.wall_of == index
        points = [
            point_of(item, channel, uv)
            for channel in {0, item.channels // 2, item.channels - 1}
            for uv in ((0.1, 0.1), (0.9, 0.9))
        ]
        seen = project(points, camera, VIEW)
        inside = (seen[:, 2] > camera.near) & (seen[:, :2] > 0).all(1) & (seen[:, :2] < VIEW).all(1)
        from_front = camera.position[2] - item.centre[2]  # all face +z
        if inside.any() and from_front > 1e-9:
            assert result.visible[own].any()
        if from_front < -1e-9:
            assert not result.visible[own].any()
            assert (result.levels[own] >= 0).all()


def test_the_back_of_a_wall_needs_no_detail() -> None:
    arrays = world(wall(0))
    assert planned(arrays, Camera((0.0, 1.6, -1.0), yaw=math.pi)).levels[0] == arrays.overview[0]


@given(camera=cameras(reach=40), budget=integers(0, 40_000_000))
@settings(max_examples=60, deadline=None)
def test_the_budget_is_kept_and_every_chain_is_whole(camera: Camera, budget: int) -> None:
    result = planned(ARRAYS, camera, budget, max_wishes=10_000)
    used = 0
    for wish in result.wishes:
        item = SCENE.walls[wish.node]
        levels = [key.level for key in wish.keys]
        assert levels == list(range(wish.level, level_count(item.picture_hw)))
        texel = 4 if item.is_image else 1
        count = len(block_channels(item.channels, wish.block))
        used += sum(
            math.prod(level_shape(item.picture_hw, level)) * count * texel for level in levels
        )
    assert used <= budget


@given(one=cameras(reach=40), two=cameras(reach=40), budget=integers(100_000, 20_000_000))
@settings(max_examples=40, deadline=None)
def test_what_goes_makes_room_for_what_comes(one: Camera, two: Camera, budget: int) -> None:
    first = planned(ARRAYS, one, budget, max_wishes=10_000)
    resident = ARRAYS.nothing_resident()
    for wish in first.wishes:
        resident[wish.index] = wish.level
    second = planned(ARRAYS, two, budget, resident=resident.copy(), held=first.levels)
    for eviction in second.evictions:
        assert resident[eviction.index] < ARRAYS.overview[eviction.index]
        assert not second.visible[eviction.index] or second.levels[eviction.index] == ARRAYS.overview[eviction.index]  # fmt: skip
        resident[eviction.index] = ARRAYS.overview[eviction.index]
    for wish in second.wishes:
        resident[wish.index] = wish.level
    rows = np.arange(len(resident))
    assert ARRAYS.chain_bytes[rows, resident].sum() <= budget


def test_nothing_is_dropped_while_there_is_room() -> None:
    near = Camera((0.0, 1.6, 1.0))
    arrays = world(wall(0))
    away = replace(near, yaw=math.pi)
    result = planned(arrays, away, resident=np.array([0]))
    assert result.evictions == ()
    assert result.wishes == ()
    tight = planned(arrays, away, budget=0, resident=np.array([0]))
    assert [eviction.node for eviction in tight.evictions] == [0]


def test_memory_counts_all_levels_of_a_chain() -> None:
    arrays = world(wall(0))
    for level in range(5):
        assert arrays.chain_bytes[0, level] == chain_bytes(256, level)
    assert arrays.chain_bytes[0, 5:].sum() == 0
    doubled = SceneArrays.from_scene(Scene((wall(0),)), texel_bytes=2)
    assert doubled.chain_bytes[0, 0] == 2 * chain_bytes(256, 0)


def test_a_tight_budget_takes_from_the_smaller_wall_first() -> None:
    arrays = world(wall(0, z=0.0), wall(1, x=3.0, z=-4.0))
    camera = Camera((0.0, 1.6, 1.2))
    free = planned(arrays, camera)
    assert free.levels.tolist() == [0, 1]
    tight = planned(arrays, camera, budget=chain_bytes(256, 0) + chain_bytes(256, 3))
    assert tight.levels.tolist() == [0, 3]


def test_visible_blocks_come_before_those_that_will_be() -> None:
    # Both one metre away: one ahead, one just beyond the right edge, one behind.
    arrays = world(wall(0, z=-1.0), wall(1, x=1.7, z=-1.0), wall(2, z=3.0))
    result = planned(arrays, Camera((0.0, 1.6, 0.0)))
    assert result.visible.tolist() == [True, False, False]
    assert [wish.node for wish in result.wishes] == [0, 1]


def test_prefetching_follows_the_motion() -> None:
    arrays = world(wall(0, x=12.0, z=-2.0), wall(1, x=-12.0, z=-2.0))
    camera = Camera((0.0, 1.6, 0.0))
    assert planned(arrays, camera).wishes == ()
    right = planned(arrays, camera, motion=(20.0, 0.0, 0.0))
    assert [wish.node for wish in right.wishes] == [0]


def test_the_more_blurred_comes_first() -> None:
    arrays = world(wall(0, x=-0.6, z=-2.0), wall(1, x=0.6, z=-2.0))
    camera = Camera((0.0, 1.6, 0.0))
    result = planned(arrays, camera, resident=np.array([1, 4]))
    assert [wish.node for wish in result.wishes] == [1, 0]


@given(camera=cameras(reach=20), shift=integers(-3, 3))
@settings(max_examples=40, deadline=None)
def test_small_motions_change_nothing(camera: Camera, shift: int) -> None:
    """Every level that was chosen stays chosen as the camera trembles by millimetres."""
    first = planned(ARRAYS, camera)
    x, y, z = camera.position
    again = planned(ARRAYS, replace(camera, position=(x, y, z + 0.001 * shift)), held=first.levels)
    third = planned(ARRAYS, camera, held=again.levels)
    fourth = planned(ARRAYS, replace(camera, position=(x, y, z + 0.001 * shift)), held=third.levels)
    np.testing.assert_array_equal(
        third.levels[third.visible & fourth.visible], fourth.levels[third.visible & fourth.visible]
    )


def test_a_level_is_given_up_late_and_taken_up_at_once() -> None:
    arrays = world(wall(0))
    unit = 540 / math.tan(math.radians(30)) / 256

    def level(exact: float, held: int) -> int:
        camera = Camera((0.0, 1.6, unit * 2**exact))
        return int(planned(arrays, camera, held=np.array([held])).levels[0])

    assert level(2.4, held=1) == 1
    assert level(2.6, held=1) == 3
    assert level(1.6, held=2) == 2
    assert level(1.4, held=2) == 1


def test_wishes_are_limited_and_what_is_there_is_not_asked_for() -> None:
    camera = Camera((-3.0, 1.8, 5.0))
    first = planned(ARRAYS, camera, max_wishes=5)
    assert len(first.wishes) == 5
    resident = ARRAYS.nothing_resident()
    while (step := planned(ARRAYS, camera, resident=resident.copy(), held=first.levels)).wishes:
        for wish in step.wishes:
            assert wish.level < resident[wish.index]
            resident[wish.index] = wish.level
    assert (resident[step.visible] <= step.levels[step.visible]).all()


def test_small_pictures_get_a_texture_of_their_own_when_near() -> None:
    arrays = world(wall(0, side=7))
    assert overview_level((7, 7), 8) == 0
    assert planned(arrays, Camera((0.0, 1.6, 1.0))).levels[0] == 0
    assert planned(arrays, Camera((0.0, 1.6, 900.0))).levels[0] == 1
    assert planned(arrays, Camera((0.0, 1.6, 900.0))).wishes == ()


def test_an_empty_scene_needs_nothing() -> None:
    result = planned(SceneArrays.from_scene(Scene()), Camera())
    assert (result.wishes, result.evictions) == ((), ())


def test_blocks_are_found_by_their_key_and_cover_their_channels() -> None:
    for index, item in enumerate(SCENE.walls):
        for number in range(block_count(item.channels)):
            block = ARRAYS.block_by_key["net", item.node, number]
            assert (ARRAYS.wall_of[block], ARRAYS.number_of[block]) == (index, number)
            for channel in (block_channels(item.channels, number)[0], block_channels(item.channels, number)[-1]):  # fmt: skip
                offset = np.abs(np.array(point_of(item, channel)) - ARRAYS.blocks.centres[block])
                assert offset[0] <= ARRAYS.blocks.halves[block, 0]
                assert offset[1] <= ARRAYS.blocks.halves[block, 1]
