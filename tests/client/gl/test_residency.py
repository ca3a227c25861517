"""Blocks come, change, fade and go; textures are used again, and nothing that is wrong is taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from client.gl.showroom import NETWORK, make_chain, make_wall
from client.gl.straight import Stage, chains_of, stage
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.residency import FADE_S, Residency
from layerwalk_client.gl.textures import POOL_BYTES, TexturePool
from layerwalk_client.world.scene import Scene
from layerwalk_client.world.view import Appearance
from layerwalk_shared.errors import TileError
from layerwalk_shared.messages import NodeStatistics
from layerwalk_shared.tiles import TileType

pytestmark = pytest.mark.usefixtures("clean_graphics")

KEY = ("net", 0)


@pytest.fixture
def pool() -> object:
    """A pool that is closed afterwards."""
    made = TexturePool(anisotropy=1)
    yield made
    made.close()


def test_what_is_resident_is_the_finest_level(pool: TexturePool) -> None:
    residency = Residency(pool)
    values = np.ones((3, 8, 8), np.float32)
    assert residency.level(KEY, 0) is None
    residency.put(KEY, 0, make_chain(values, node=0, level=2))
    assert residency.level(KEY, 0) == 2
    residency.put(KEY, 0, make_chain(values, node=0))
    assert residency.level(KEY, 0) == 0
    residency.drop(KEY, 0)
    residency.drop(KEY, 0)
    assert residency.level(KEY, 0) is None
    assert residency.blocks(KEY) is None


def test_fades_end_after_their_time_and_free_the_old_texture(pool: TexturePool) -> None:
    residency = Residency(pool)
    chain = make_chain(np.ones((3, 8, 8), np.float32), node=0)
    residency.put(KEY, 0, chain)
    residency.advance(0)
    one = pool.bytes
    residency.put(KEY, 0, chain)
    assert residency.is_fading
    assert pool.bytes == 2 * one
    residency.advance(FADE_S * 0.6)
    assert residency.is_fading
    residency.advance(FADE_S * 0.6)
    assert not residency.is_fading
    residency.put(KEY, 0, chain)  # the freed texture serves again
    assert pool.bytes == 2 * one


def test_many_updates_of_a_block_hold_two_textures_at_most(pool: TexturePool) -> None:
    residency = Residency(pool)
    chain = make_chain(np.ones((3, 8, 8), np.float32), node=0)
    residency.put(KEY, 0, chain)
    one = pool.bytes
    for _ in range(10):
        residency.put(KEY, 0, chain)
        residency.advance(0.001)
    assert pool.bytes == 2 * one


def test_the_pool_keeps_a_bounded_number_of_bytes(pool: TexturePool) -> None:
    chain = make_chain(np.zeros((256, 64, 64), np.float32), node=0)
    names = [pool.upload(chain) for _ in range(40)]
    assert pool.bytes > POOL_BYTES
    for name in names:
        pool.give_back(name)
    assert pool.bytes <= POOL_BYTES


@pytest.mark.parametrize("fault", ["gap", "shape", "block", "dtype", "empty", "too many"])
def test_a_broken_chain_is_refused_and_nothing_changes(pool: TexturePool, fault: str) -> None:
    chain = make_chain(np.ones((3, 8, 8), np.float32), node=0)
    other = make_chain(np.ones((3, 6, 6), np.float32), node=0)
    int8 = make_chain(np.ones((3, 8, 8), np.float32), node=0, dtype=TileType.INT8)
    last = chain[-1]
    broken = {
        "gap": [chain[0], *chain[2:]],
        "shape": [chain[0], other[1], *chain[2:]],
        "block": [chain[0], replace(chain[1], key=replace(chain[1].key, block=1)), *chain[2:]],
        "dtype": [chain[0], int8[1], *chain[2:]],
        "empty": [],
        "too many": [*chain, replace(last, key=replace(last.key, level=last.key.level + 1))],
    }[fault]
    residency = Residency(pool)
    with pytest.raises(TileError, match="chain"):
        residency.put(KEY, 0, broken)
    assert residency.level(KEY, 0) is None
    assert pool.bytes == 0


def test_a_new_snapshot_fades_from_the_old_one() -> None:
    old, new = np.full((1, 2, 2), 0.25, np.float32), np.full((1, 2, 2), 1.0, np.float32)
    with stage(make_wall(1, 1, (2, 2), tile=1.0)) as made:
        look = Appearance(mode="manual", manual=1.0)
        made.put(chains_of(old))
        before = int(made.picture(look)[140, 210, 0])
        made.put(chains_of(new))
        steps = []
        for _ in range(5):
            made.renderer.draw(_look(made, look), made.target, dt=0.03)
            steps.append(int(made.target.read_rgb()[140, 210, 0]))
    assert before < steps[0] < steps[1] < steps[2]
    assert steps[3:] == [255, 255]


def _look(made: object, appearance: Appearance) -> object:
    from client.gl.straight import straight_camera
    from layerwalk_client.world.view import Look

    camera = straight_camera(made.wall, made.size_wh, made.pixels_per_metre)  # type: ignore[attr-defined]
    return Look(camera, appearance)


def test_a_first_block_fades_from_its_overview() -> None:
    values = np.full((1, 16, 16), 0.5, np.float32)
    with stage(make_wall(1, 1, (16, 16), tile=1.0)) as made:
        look = Appearance(mode="manual", manual=1.0)
        made.renderer.put_overview(NETWORK, [make_chain(values, node=1)[1]])
        made.picture(look)  # it has been seen
        made.put(chains_of(values * 2))
        made.renderer.draw(_look(made, look), made.target, dt=0.03)  # type: ignore[arg-type]
        middle = int(made.target.read_rgb()[140, 210, 0])
        last = int(made.picture(look)[140, 210, 0])
    assert 129 < middle < last == 255


def test_a_block_without_an_overview_is_its_own() -> None:
    values = np.full((100, 32, 32), 0.5, np.float32)
    with stage(make_wall(1, 100, (32, 32)), size_wh=(64, 64), pixels_per_metre=12) as made:
        made.put(chains_of(values))
        appearance = Appearance(mode="manual", manual=1.0)
        far = made.texels(made.picture(appearance), 55)
        newer = [[replace(tile, generation=2) for tile in chain] for chain in chains_of(values * 2)]
        made.put(newer)
        changed = made.texels(made.picture(appearance), 55)
    assert 100 < far.max() <= 129
    assert changed.max() > 200


def test_dropping_a_network_empties_its_walls() -> None:
    values = np.ones((4, 4, 4), np.float32)
    with stage(make_wall(1, 4, (4, 4))) as made:
        made.renderer.put_overview(NETWORK, [chains_of(values)[0][0]])
        made.put(chains_of(values))
        assert made.picture().max() == 255
        made.renderer.drop_block(NETWORK, 1, 0)
        assert made.picture().max() == 255  # the overview is left
        made.renderer.drop_network(NETWORK)
        assert made.picture().max() < 100
        assert made.renderer.resident(NETWORK, 1, 0) is None


def test_values_stay_when_the_arrangement_changes() -> None:
    values = np.ones((4, 4, 4), np.float32)
    with stage(make_wall(1, 4, (4, 4))) as made:
        made.renderer.put_overview(NETWORK, [chains_of(values)[0][0]])
        made.put(chains_of(values))
        made.renderer.set_scene(Scene())
        assert made.picture().max() < 100
        made.renderer.set_scene(Scene((made.wall, make_wall(2, 30, (3, 3), centre_xz=(9.0, 0.0)))))
        assert made.picture().max() == 255


def test_values_may_come_before_their_wall_and_images_where_values_were() -> None:
    values = np.full((4, 4, 4), 0.5, np.float32)
    colours = np.zeros((4, 4, 4, 3), np.float32)
    colours[..., 1] = 1.0
    wall = make_wall(1, 4, (4, 4))
    with stage(wall) as made:
        made.renderer.set_scene(Scene())
        made.renderer.put_overview(NETWORK, [chains_of(values)[0][0]])
        made.put(chains_of(values))
        made.renderer.set_scene(Scene((made.wall,)))
        assert made.picture(Appearance(mode="manual", manual=0.5)).max() == 255
        images = chains_of(colours, dtype=TileType.RGB8)
        made.renderer.put_overview(NETWORK, [images[0][0]])
        made.put(images)
        found = made.texels(made.picture(), 0)
        assert (found == (0, 255, 0)).all()
        made.renderer.drop_block(NETWORK, 1, 0)
        found = made.texels(made.picture(), 0)
        assert (found == (0, 255, 0)).all()


def test_statistics_set_the_range_before_all_tiles_are_there() -> None:
    values = np.full((1, 2, 2), 1.0, np.float32)
    with stage(make_wall(1, 1, (2, 2), tile=1.0)) as made:
        made.put(chains_of(values))
        assert made.texels(made.picture(), 0).max() == 255
        node = NodeStatistics(shape=(1, 2, 2), pictures=(1, 2, 2), minimum=-4.0, maximum=2.0)
        made.renderer.set_statistics(NETWORK, [node, node])
        assert made.texels(made.picture(), 0).max() == 64  # 1 of 4: entry 160 of coolblack


def test_the_renderer_can_be_closed_with_everything_in_flight() -> None:
    renderer = Renderer()
    renderer.set_scene(Scene((make_wall(1, 4, (4, 4)),)))
    for chain in chains_of(np.ones((4, 4, 4), np.float32)) * 2:
        renderer.put_block(NETWORK, 1, 0, chain)
    renderer.images.make(np.zeros((4, 4, 3), np.uint8), is_smooth=True)
    renderer.close()


def test_what_comes_with_its_first_overview_is_sharp_at_once() -> None:
    """Another number of pictures hangs on a wall under another name: both come between two frames,
    and the wall must not blur for a moment."""
    values = np.indices((16, 16)).sum(axis=0)[None].repeat(4, axis=0) % 2 * 2.0 - 1.0

    def after(made: Stage) -> NDArray[np.uint8]:
        made.renderer.draw(_look(made, Appearance(mode="node")), made.target, dt=0.02)
        return made.target.read_rgb()

    with stage(make_wall(1, 4, (16, 16))) as made:
        after(made)
        made.renderer.put_overview(NETWORK, [chains_of(values)[0][1]])
        made.put(chains_of(values))
        first = after(made)
        assert not made.renderer.is_animating
        np.testing.assert_array_equal(first, made.picture())
    with stage(make_wall(1, 4, (16, 16))) as made:
        made.renderer.put_overview(NETWORK, [chains_of(values)[0][1]])
        after(made)  # seen: now it is faded from
        made.put(chains_of(values))
        assert (after(made) != made.picture()).any()
