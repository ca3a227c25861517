"""The view in two: what each half shows is what one view from its eye shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from client.gl.test_comparing import NODE, Room, node
from layerwalk_client.app.comparing.split import SplitView
from layerwalk_client.app.stage.needs import joined
from layerwalk_client.app.stage.residency import Wanted
from layerwalk_client.gl.context import GraphicsInfo
from layerwalk_client.gl.target import Target
from layerwalk_client.world.view import Appearance, Camera, Look


@pytest.fixture
def room(clean_graphics: GraphicsInfo) -> Iterator[Room]:
    made = Room()
    made.put(4, is_second=True)
    made.see("halls")
    yield made
    made.close()


@pytest.fixture
def split() -> SplitView:
    made = SplitView()
    made.is_wished = True
    return made


def test_the_right_eye_stands_before_the_same_wall(room: Room, split: SplitView) -> None:
    across = split.across(room.stage, room.camera)
    assert across is not None
    walls = [wall for wall in room.stage.scene.walls if wall.node == node(NODE)]
    apart = np.subtract(walls[1].centre, walls[0].centre)
    np.testing.assert_allclose(np.subtract(across.position, room.camera.position), apart, atol=1e-6)


def test_it_is_one_view_without_a_wish_or_a_second_hall(room: Room, split: SplitView) -> None:
    assert SplitView().across(room.stage, room.camera) is None
    room.see("pair")
    assert split.across(room.stage, room.camera) is None


def test_a_pointer_belongs_to_the_half_that_it_is_on(room: Room, split: SplitView) -> None:
    stage, eye = room.stage, room.camera
    across = split.across(stage, eye)
    assert split.aim(stage, eye, (0.0, 0.0), is_captured=True) == (eye, (0.0, 0.0))
    assert split.aim(stage, eye, (-0.5, 0.2), is_captured=False) == (eye, (0.0, 0.2))
    assert split.aim(stage, eye, (0.5, 0.2), is_captured=False) == (across, (0.0, 0.2))
    assert split.middle(stage) == (-0.5, 0.0)


def test_both_halves_are_what_their_eyes_see(room: Room, split: SplitView) -> None:
    across = split.across(room.stage, room.camera)
    assert across is not None
    half_wh, looks = (160, 180), [Look(eye, Appearance()) for eye in (room.camera, across)]
    for _ in range(20):
        room.now_s += 0.05
        room.stage.take(room.now_s)
        room.stage.plan(room.camera, half_wh, now_s=room.now_s, across=across, max_wishes=10_000)
        room.stage.step(room.now_s, 2**40)
    hall = room.stage.comparing.hall
    for name in ("synthetic", hall.name):
        assert room.renderer.resident(name, node(NODE), 0) is not None
    with Target(half_wh) as half, Target((320, 180)) as whole:
        room.renderer.draw(looks[0], half)
        whole.take_part(half, left=0)
        room.renderer.draw_across(looks[1], half)
        whole.take_part(half, left=160)
        both = whole.read_rgb().astype(int)
        room.renderer.end_across()
        for look, left in zip(looks, (0, 160), strict=True):
            room.renderer.draw(look, half)
            alone = half.read_rgb().astype(int)
            assert np.abs(both[:, left : left + 160] - alone).mean() < 0.5
    assert np.abs(both[:, :160] - both[:, 160:]).max() > 60


def test_two_eyes_need_the_finer_and_let_go_what_neither_needs() -> None:
    first = ({"": [Wanted(1, 0, 3), Wanted(2, 0, 1)]}, {"": [(5, 0), (6, 0)]})
    second = ({"": [Wanted(1, 0, 0)], "b": [Wanted(9, 0, 2)]}, {"": [(6, 0)]})
    wanted, evicted = joined(first, second)
    assert wanted == {"": [Wanted(1, 0, 0), Wanted(2, 0, 1)], "b": [Wanted(9, 0, 2)]}
    assert evicted == {"": [(6, 0)]}


def test_an_eye_far_away_is_moved_as_well(room: Room, split: SplitView) -> None:
    far = Camera(position=(-30.0, 9.0, 25.0))
    across = split.across(room.stage, far)
    assert across is not None
    assert across.position[1] == 9.0
