"""Two inputs on one hall: the difference is what the colours say, blinking asks for nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from client.gl.conftest import live_names
from layerwalk_client.app.comparing.turning import TURN_S
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.app.travel.places import facing_node, wall_of
from layerwalk_client.gl.context import GraphicsInfo
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.target import Target
from layerwalk_client.source.asking import Fetch, PutInput, Tiles
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.source.synthetic import synthetic_graph, synthetic_item, synthetic_values
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.comparison import Mode, Subject, difference_of, second_of
from layerwalk_client.world.view import Appearance, Camera, Look
from layerwalk_shared.messages import DatasetInput, NoiseInput
from layerwalk_shared.tiles import Tile

SIZE_WH = (320, 180)
NODE = "block1.conv1"
FIRST, SECOND = 0, 4
"""Items of the made-up data set."""


class Counted(MemorySource):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Fetch] = []

    def fetch(self, fetch: Fetch) -> None:
        self.asked.append(fetch)
        super().fetch(fetch)


class Room:
    """A stage over the made-up network, two of whose inputs are compared, before one wall."""

    def __init__(self) -> None:
        self.source = Counted()
        self.source.open()
        self.renderer = Renderer()
        self.target = Target(SIZE_WH)
        self.stage = Stage(self.source, self.renderer)
        self.now_s = 0.0
        self.camera = Camera()
        self.notices: list[str] = []
        self.settle()
        self.face(NODE)

    def face(self, node: str) -> None:
        network = self.stage.network
        assert network is not None
        wall = wall_of(self.stage.scene, network.id, network.graph.index[node])
        assert wall is not None
        self.camera = facing_node(wall, self.stage.scene, network, aspect=16 / 9)
        self.settle()

    def frame(self, dt: float = 0.05) -> bool:
        self.now_s += dt
        self.notices += self.stage.take(self.now_s).notices
        self.stage.plan(self.camera, SIZE_WH, now_s=self.now_s, max_wishes=10_000)
        return self.stage.step(self.now_s, 2**40)

    def settle(self) -> None:
        for _ in range(60):
            self.frame()
            if self.stage.is_settled(self.now_s):
                return
        raise AssertionError("it did not settle")

    def put(self, item: int, *, is_second: bool = False) -> None:
        wish = PutInput("synthetic", DatasetInput(dataset="shapes", item=item), is_second=is_second)
        self.stage.submit(wish)
        self.settle()

    def see(self, mode: Mode) -> None:
        self.stage.comparing.set_mode(mode)
        self.settle()

    def draw(self) -> np.ndarray:
        look = Look(camera=self.camera, appearance=Appearance(mode="node"))
        self.stage.draw(look, self.target)
        return self.target.read_rgb().astype(int)

    def close(self) -> None:
        self.target.close()
        self.renderer.close()


@pytest.fixture
def room(clean_graphics: GraphicsInfo) -> Iterator[Room]:
    made = Room()
    made.put(SECOND, is_second=True)
    yield made
    made.close()


def node(name: str) -> int:
    return synthetic_graph().index[name]


def exact(item: int, name: str) -> np.ndarray:
    picture = synthetic_item(item).astype(np.float32) / 255
    return synthetic_values(synthetic_graph(), picture).nodes[node(name)]


def check(tile: Tile | None, expected: np.ndarray) -> None:
    """Compare a tile with exact values, reduced to its level by means over whole areas."""
    assert tile is not None
    height, width = tile.shape_hw
    rows, columns = expected.shape[1] // height, expected.shape[2] // width
    means = expected.reshape(len(expected), height, rows, width, columns).mean(axis=(2, 4))
    np.testing.assert_allclose(tile.floats(), means, rtol=1e-3, atol=2e-3)


def test_what_is_put_as_second_is_compared_with_what_is_shown(room: Room) -> None:
    comparing, shown = room.stage.comparing, room.stage.shown
    assert shown is not None
    assert shown.input.title == f"shapes {FIRST}"  # it stays
    assert comparing.mode == "difference"
    view = comparing.view
    assert view is not None
    assert (view.first.id, view.second.input.title) == (shown.id, f"shapes {SECOND}")


def test_the_walls_hold_the_second_minus_the_first(room: Room) -> None:
    check(room.stage.finest(node(NODE), 3), exact(SECOND, NODE) - exact(FIRST, NODE))
    assert room.stage.manifest_of(node(NODE)) == room.stage.comparing.view.difference  # type: ignore[union-attr]
    assert room.renderer.resident(difference_of("synthetic"), node(NODE), 0) is not None


def test_a_picture_in_colour_differs_in_maps(room: Room) -> None:
    wall = next(wall for wall in room.stage.scene.walls if wall.node == 0)
    assert (wall.channels, wall.is_image) == (3, False)
    tile = room.stage.finest(0, 1)
    assert tile is not None
    expected = exact(SECOND, "input")[..., 1] - exact(FIRST, "input")[..., 1]
    assert tile.floats()[1].mean() == pytest.approx(expected.mean(), abs=1e-3)


def test_equal_inputs_are_black(room: Room) -> None:
    room.put(FIRST, is_second=True)
    pixels = room.draw()
    middle = pixels[60:120, 120:200]
    walls = middle[(middle.max(axis=2) - middle.min(axis=2)) > 24]
    assert len(walls) == 0  # no blue and no white but the letters' grey


def test_blinking_asks_for_nothing_and_lays_nothing_out(room: Room) -> None:
    room.see("blink")
    faces = [room.draw()]
    scene, arrays, asked = room.stage.scene, room.stage.arrays, len(room.source.asked)
    turned = []
    for _ in range(round(4.5 * TURN_S / 0.05)):
        room.frame()
        turned.append(room.stage.comparing.shows_reverse)
        if turned[-1] and len(faces) == 1:
            faces.append(room.draw())
    assert sum(one != other for one, other in itertools.pairwise(turned)) == 4
    assert room.source.asked[asked:] == []
    assert room.stage.scene is scene
    assert room.stage.arrays is arrays
    assert np.abs(faces[0] - faces[1]).max() > 60


def test_the_face_of_a_blink_is_the_first_and_its_reverse_the_second(room: Room) -> None:
    room.see("blink")
    comparing = room.stage.comparing
    for is_second, item in ((False, FIRST), (True, SECOND)):
        if comparing.shows_reverse != is_second:
            comparing.turning.by_hand()
        room.frame(0.0)
        check(room.stage.finest(node(NODE), 0), exact(item, NODE))
    seen = room.draw()
    comparing.end()
    room.put(SECOND)
    np.testing.assert_allclose(seen[60:130, 120:200], room.draw()[60:130, 120:200], atol=2)


def test_walls_of_a_pair_stand_side_by_side_and_none_covers_another(room: Room) -> None:
    room.see("pair")
    walls = room.stage.scene.walls
    count = len(synthetic_graph().nodes)
    assert len(walls) == 2 * count
    by_key = {(wall.network, wall.node): wall for wall in walls}
    for index in range(count):
        first, second = by_key["synthetic", index], by_key[second_of("synthetic"), index]
        assert first.size_wh == second.size_wh
        assert first.centre[1:] == pytest.approx(second.centre[1:])
        gap = second.centre[0] - first.centre[0] - first.size_wh[0]
        assert 0 < gap < 0.5
    ends = [
        (w.centre[2], w.centre[0] - w.size_wh[0] / 2, w.centre[0] + w.size_wh[0] / 2) for w in walls
    ]
    for z, left, right in ends:
        others = [one for one in ends if one != (z, left, right) and abs(one[0] - z) < 0.1]
        assert all(right < other[1] or other[2] < left for other in others)
    beside = by_key[second_of("synthetic"), node(NODE)]
    check(room.stage.finest(node(NODE), 0, wall=beside), exact(SECOND, NODE))
    assert SceneArrays.from_scene(room.stage.scene).block_total == 2 * (count + 3)


def test_two_halls_stand_side_by_side_and_the_second_shows_the_second(room: Room) -> None:
    room.see("halls")
    scene, hall = room.stage.scene, room.stage.comparing.hall
    count = len(synthetic_graph().nodes)
    assert len(scene.walls) == 2 * count
    wall = next(w for w in scene.walls if w.network == hall.name and w.node == node(NODE))
    assert room.stage.manifest_of(node(NODE), wall=wall) is hall.manifest
    check(room.stage.finest(node(NODE), 0, wall=wall), exact(SECOND, NODE))
    check(room.stage.finest(node(NODE), 0), exact(FIRST, NODE))
    found = room.stage.comparing.hall.correspondence(scene)
    assert found is not None
    room.camera = found.across(room.camera)
    room.settle()
    assert room.renderer.resident(hall.name, node(NODE), 0) is not None
    there = room.draw()
    room.stage.comparing.end()
    room.put(SECOND)
    room.face(NODE)
    np.testing.assert_allclose(there[60:130, 120:200], room.draw()[60:130, 120:200], atol=3)
    assert len(room.stage.scene.walls) == count


def test_a_hall_that_cannot_be_had_is_told_and_the_first_stays(room: Room) -> None:
    view = room.stage.comparing.view
    assert view is not None
    room.source.drop([view.second.id])
    room.stage.comparing.set_mode("halls")
    room.settle()
    assert any("is not kept" in text for text in room.notices)
    assert len(room.stage.scene.walls) == len(synthetic_graph().nodes)


def test_another_first_input_is_compared_with_the_same_second(room: Room) -> None:
    room.put(7)
    view = room.stage.comparing.view
    assert view is not None
    assert (view.first.input.title, view.second.input.title) == ("shapes 7", f"shapes {SECOND}")
    check(room.stage.finest(node(NODE), 0), exact(SECOND, NODE) - exact(7, NODE))


def test_two_steps_of_a_training_are_compared(room: Room) -> None:
    room.source.train(range(40), serves=(10, 30))
    room.settle()
    steps = room.stage.state.training.steps
    assert [step.step for step in steps] == [10, 30]
    room.stage.choose_step(30, room.now_s)
    assert steps[0].snapshot is not None
    room.stage.comparing.compare_with(Subject("synthetic", steps[0].snapshot))
    room.settle()
    view = room.stage.comparing.view
    assert view is not None
    assert (view.first.step, view.second.step) == (30, 10)
    assert view.compared.second_title == f"step 10, shapes {FIRST}"


def test_a_second_that_went_is_told_and_the_picture_stays(room: Room) -> None:
    before = room.draw()
    told = room.stage.comparing.view
    room.stage.comparing.compare_with(Subject("synthetic", "s99"))
    room.settle()
    assert any("is not kept" in text for text in room.notices)
    assert room.stage.comparing.view == told
    np.testing.assert_array_equal(room.draw(), before)


def test_the_end_of_a_comparison_leaves_the_hall_as_it_was(room: Room) -> None:
    room.stage.comparing.end()
    room.settle()
    assert room.stage.scene.hidden == room.stage.scene.reverse == ()
    assert all(not wall.values for wall in room.stage.scene.walls)
    other = Room()
    try:
        np.testing.assert_array_equal(room.draw(), other.draw())
    finally:
        other.close()


def test_many_comparisons_leave_no_names_behind(room: Room) -> None:
    counts = []
    for turn in range(12):
        wish = NoiseInput(seed=turn)
        room.stage.submit(PutInput("synthetic", wish, is_second=True))
        room.settle()
        room.see(("difference", "blink", "pair", "halls")[turn % 4])  # type: ignore[arg-type]
        room.draw()
        if turn % 4 == 3:
            counts.append(len(live_names()))
    assert len(set(counts)) == 1


def test_near_and_far_tiles_are_fetched_for_the_second_alone_while_a_pair_is_seen(
    room: Room,
) -> None:
    before = len(room.source.asked)
    room.see("pair")
    view = room.stage.comparing.view
    assert view is not None
    asked = [one for one in room.source.asked[before:] if isinstance(one, Tiles)]
    assert {one.snapshot for one in asked} <= {view.first.id, view.second.id}
