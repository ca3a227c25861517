"""Walls that a person has moved, turned, scaled, hidden or pinned: everything goes with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis.strategies import (
    DrawFn,
    builds,
    composite,
    dictionaries,
    floats,
    frozensets,
    integers,
    lists,
    sampled_from,
    tuples,
)

from client.world.networks import described, manifest, resnet
from layerwalk_client.planner import plan
from layerwalk_client.world.answer import with_answer
from layerwalk_client.world.arranged import AS_LAID_OUT, Arranged, Placed, place_at, stood
from layerwalk_client.world.arranging import STUB, arrange, ghost, laid_out, stand_of
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.camera import looking_at, project, ray_from_pixel
from layerwalk_client.world.history import LONGEST, History
from layerwalk_client.world.layout import layout
from layerwalk_client.world.picking import pick, point_of
from layerwalk_client.world.scene import Scene, Wall
from layerwalk_client.world.signs import at
from layerwalk_client.world.view import Camera
from layerwalk_shared.errors import InvalidRequestError

GRAPH = resnet()
IDS = tuple(node.id for node in GRAPH.nodes)
NETWORK = described(GRAPH, classes=10)
SCENE = layout(NETWORK, manifest(GRAPH))
SIZE = (1600, 900)
A_NODE = IDS[4]

PLACES = builds(
    Placed,
    tuples(floats(-30, 30), floats(0, 10), floats(-30, 30)),
    floats(-3.1, 3.1),
    floats(0.1, 10),
)
STANDS = tuples(sampled_from((*IDS, "gone")), integers(0, 3))
ARRANGEMENTS = builds(
    Arranged,
    dictionaries(STANDS, PLACES, max_size=6),
    frozensets(sampled_from((*IDS, "gone")), max_size=4),
)


def wall_of(scene: Scene, node: str, copy: int = 0) -> Wall:
    return next(w for w in scene.walls if (IDS[w.node], w.copy) == (node, copy))


def moved(node: str = A_NODE, **place: object) -> Arranged:
    return Arranged().with_placed((node, 0), Placed(**place))  # type: ignore[arg-type]


@given(place=PLACES, which=integers(0, len(SCENE.walls) - 1))
def test_the_place_of_a_wall_that_stands_somewhere_is_where_it_was_put(
    place: Placed, which: int
) -> None:
    laid = SCENE.walls[which]
    there = stood(laid, place)
    foot = at(there, 0.0, 0.0)
    found = place_at(laid, foot, turn=place.turn, scale=place.scale)
    assert found.move == pytest.approx(place.move, abs=1e-9)
    assert (found.turn, found.scale) == pytest.approx((place.turn, place.scale))
    np.testing.assert_allclose(stood(laid, found).centre, there.centre, atol=1e-9)


@composite
def looks(draw: DrawFn) -> tuple[Placed, int, float, float, float, float, float]:
    return (
        draw(PLACES), draw(integers(0, len(SCENE.walls) - 1)), draw(floats(0, 0.999)),
        draw(floats(0.02, 0.98)), draw(floats(0.02, 0.98)), draw(floats(0.5, 8)),
        draw(floats(-2, 2)),
    )  # fmt: skip


@given(case=looks())
@settings(deadline=None)
def test_picking_undoes_projection_for_turned_and_scaled_walls(
    case: tuple[Placed, int, float, float, float, float, float],
) -> None:
    place, which, share, u, v, before, aside = case
    node = IDS[SCENE.walls[which].node]
    scene = arrange(SCENE, IDS, moved(node, move=place.move, turn=place.turn, scale=place.scale))
    there = wall_of(scene.scene, node)
    channel = int(share * there.channels)
    target = point_of(there, channel, (u, v))
    eye = np.array(target) + at(there, aside, 0.0, before=before) - np.array(at(there, 0, 0))
    camera = looking_at(Camera((float(eye[0]), float(eye[1]), float(eye[2]))), target)
    x, y, depth = project([target], camera, SIZE)[0].tolist()
    assume(depth > 0.1)
    hit = pick(SceneArrays.from_scene(Scene((there,))), ray_from_pixel(camera, (x, y), SIZE))
    assert hit is not None
    assert (hit.is_front, hit.channel) == (True, channel)
    assert hit.uv == pytest.approx((u, v), abs=1e-4)


@given(arranged=ARRANGEMENTS)
@settings(deadline=None, max_examples=30)
def test_nothing_is_lost_by_arranging(arranged: Arranged) -> None:
    found = arrange(SCENE, IDS, arranged)
    walls = [stand_of(wall, IDS) for wall in found.scene.walls]
    there = {(node, 0) for node in IDS} - {(node, 0) for node in arranged.hidden}
    copies = {stand for stand in arranged.placed if stand[1] and stand[0] in IDS}
    assert len(walls) == len(set(walls))
    assert set(walls) == there | copies
    assert {stub.node for stub in found.stubs} == arranged.hidden & set(IDS)
    assert len(found.scene.ribbons) == len(SCENE.ribbons)
    # Labels: of each wall the same number as before, one for a hidden one.
    per_wall = 4
    assert len(found.scene.labels) == len(SCENE.labels) + per_wall * len(copies) - (
        per_wall - 1
    ) * len(found.stubs)


def test_an_arrangement_that_changes_nothing_leaves_the_very_scene() -> None:
    assert arrange(SCENE, IDS, Arranged()).scene is SCENE
    gone = Arranged({("gone", 0): Placed(turn=1.0)}, frozenset({"gone"}))
    found = arrange(SCENE, IDS, gone).scene
    assert (found.walls, found.labels, found.boards) == (SCENE.walls, SCENE.labels, SCENE.boards)


def test_a_wall_keeps_its_foot_on_the_floor_when_it_is_scaled() -> None:
    found = wall_of(arrange(SCENE, IDS, moved(scale=2.5)).scene, A_NODE)
    before = wall_of(SCENE, A_NODE)
    assert found.centre[1] - found.size_wh[1] / 2 == pytest.approx(0.0)
    assert found.size_wh == pytest.approx([2.5 * side for side in before.size_wh])
    columns = found.columns * (found.tile_wh[0] + found.gap) + found.gap
    assert columns == pytest.approx(found.size_wh[0])


def test_ribbons_follow_the_feet_of_their_walls() -> None:
    turn = math.radians(75)
    found = arrange(SCENE, IDS, moved(move=(6.0, 1.0, 2.0), turn=turn, scale=1.5)).scene
    there, laid = wall_of(found, A_NODE), wall_of(SCENE, A_NODE)
    right = np.array([math.cos(there.yaw), 0.0, -math.sin(there.yaw)])
    front = np.array([math.sin(there.yaw), 0.0, math.cos(there.yaw)])
    touched = 0
    for before, after in zip(SCENE.ribbons, found.ribbons, strict=True):
        ends = (before.source, 0, 1), (before.target, -1, -2)
        if laid.node not in (before.source, before.target):
            assert after is before
            continue
        for node, place, beside in ends:
            if node != laid.node:
                np.testing.assert_allclose(after.path[place], before.path[place], atol=1e-5)
                continue
            touched += 1
            apart = after.path[place] - np.array(there.centre)
            assert abs(float(apart @ front)) < 1e-4
            aside = float(before.path[place][0] - laid.centre[0])  # this layout's walls face +z
            assert float(apart @ right) == pytest.approx(1.5 * aside, abs=1e-4)
            way = after.path[beside] - after.path[place]
            # Data comes to the front and leaves at the back.
            sign = 1.0 if place else -1.0
            assert sign * float(way @ front) > 0.8 * float(np.linalg.norm(way))
    assert touched >= 2
    assert all(np.isfinite(one.path).all() for one in found.ribbons)


def test_two_walls_that_go_together_take_the_ribbon_between_them_along() -> None:
    both = Arranged({(IDS[0], 0): Placed((5, 0, 0)), (IDS[1], 0): Placed((5, 0, 0))})
    found = arrange(SCENE, IDS, both).scene
    ends = SCENE.walls[0].node, SCENE.walls[1].node
    before, after = (
        next(one for one in scene.ribbons if (one.source, one.target) == ends)
        for scene in (SCENE, found)
    )
    assert after.path[:, 0] == pytest.approx(before.path[0, 0] + 5.0, abs=1e-4)


def test_a_hidden_wall_leaves_a_stub_that_a_ray_meets() -> None:
    found = arrange(SCENE, IDS, Arranged(hidden=frozenset({A_NODE})))
    (stub,) = found.stubs
    board = found.scene.boards[stub.board]
    laid = wall_of(SCENE, A_NODE)
    assert board.size_wh == pytest.approx((laid.size_wh[0], STUB))
    eye = at(laid, 0.0, 0.6, before=0.4)
    ray = ray_from_pixel(looking_at(Camera(eye), board.centre), (SIZE[0] / 2, SIZE[1] / 2), SIZE)
    hit = pick(SceneArrays.from_scene(found.scene), ray)
    assert hit is not None
    assert hit.board == stub.board
    assert any(label.text == f"{laid.title}, hidden" for label in found.scene.labels)


def test_labels_and_the_answer_go_with_a_wall() -> None:
    output = NETWORK.graph.nodes[-1].id
    told = manifest(GRAPH)
    place = {"move": (4.0, 0.0, 0.0), "turn": math.radians(90)}
    found = with_answer(arrange(SCENE, IDS, moved(output, **place)).scene, NETWORK, told)
    wall = wall_of(found, output)
    named = [label for label in found.labels if label.text == wall.title and label.plane == "wall"]
    (label,) = [one for one in named if math.dist(one.position, wall.centre) < 3]
    assert label.yaw == pytest.approx(wall.yaw)
    assert not any(label in found.labels for label in SCENE.labels if label.text == wall.title)
    nearest = min(math.dist(board.centre, wall.centre) for board in found.boards)
    assert nearest < 4


def test_a_pinned_copy_shares_its_texture_and_the_nearer_one_decides() -> None:
    laid = wall_of(SCENE, A_NODE)
    far = Placed((0.0, 0.0, 200.0))
    arranged, stand = Arranged().with_copy(A_NODE, far)
    assert stand == (A_NODE, 1)
    assert arranged.with_copy(A_NODE, far)[1] == (A_NODE, 2)
    scene = arrange(SCENE, IDS, arranged).scene
    arrays = SceneArrays.from_scene(scene)
    first = int(arrays.first_block[scene.walls.index(laid)])
    twin = int(arrays.first_block[len(scene.walls) - 1])
    assert int(arrays.twin_of[twin]) == first
    assert arrays.is_twin.sum() == 1
    for wall in (laid, scene.walls[-1]):
        camera = looking_at(Camera(at(wall, 0, 1, before=1.5)), wall.centre)
        planned = plan(arrays, camera, SIZE, arrays.nothing_resident(), 1 << 40)
        mine = [wish for wish in planned.wishes if wish.node == laid.node]
        assert [wish.index for wish in mine] == [first]
        assert mine[0].level < 2
        resident = arrays.overview.copy()
        resident[[first, twin]] = 0
        tight = plan(arrays, camera, SIZE, resident, 1)
        assert [one.index for one in tight.evictions] in ([], [first])


def test_a_copy_that_is_taken_away_is_gone_and_a_wall_is_only_hidden() -> None:
    arranged, stand = Arranged().with_copy(A_NODE, AS_LAID_OUT)
    assert arranged.without(stand) == Arranged()
    hidden = arranged.without((A_NODE, 0))
    assert hidden.hidden == {A_NODE}
    assert hidden.with_shown(A_NODE) == arranged == hidden.with_shown(None)
    assert moved().is_empty


def test_the_ghost_stands_where_the_wall_does_and_rays_pass_it() -> None:
    wall = stood(wall_of(SCENE, A_NODE), Placed((1, 0, 2), 0.5, 2.0))
    trace = ghost(wall)
    assert (trace.centre, trace.size_wh, trace.yaw) == (wall.centre, wall.size_wh, wall.yaw)
    arrays = SceneArrays.from_scene(Scene(boards=(trace,)))
    assert not len(arrays.boards.centres)
    assert laid_out(SCENE.walls, IDS, "gone") is None


@pytest.mark.parametrize(
    "place",
    [
        {"move": (math.nan, 0, 0)}, {"move": (0, 2e4, 0)}, {"turn": math.inf}, {"scale": 0.0},
        {"scale": 11.0}, {"move": (0, 0)},
    ],
)  # fmt: skip
def test_a_place_that_no_wall_can_take_is_refused(place: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError):
        Placed(**place)  # type: ignore[arg-type]


@given(states=lists(integers(0, 4), max_size=20), back=integers(0, 25))
def test_undo_after_do_is_identity(states: list[int], back: int) -> None:
    history = History(0)
    for state in states:
        before, history = history, history.after(state)
        undone = history.undone()
        assert (history is before) == (state == before.present)
        if history is not before:
            assert undone is not None
            assert (undone.present, undone.past) == (before.present, before.past)
            assert undone.redone() == history
    end, steps = history, 0
    while steps < back and (less := history.undone()) is not None:
        history, steps = less, steps + 1
    for _ in range(steps):
        more = history.redone()
        assert more is not None
        history = more
    assert history == end
    assert history.redone() is None


def test_what_was_undone_is_forgotten_by_the_next_step_and_the_past_is_bounded() -> None:
    history = History(0)
    for state in range(1, LONGEST + 50):
        history = history.after(state)
    assert len(history.past) == LONGEST
    undone = history.undone()
    assert undone is not None
    assert undone.after(-1).redone() is None
