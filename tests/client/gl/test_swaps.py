"""Walls fade into each other, and a hundred previews leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from client.gl.conftest import live_names
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.app.travel.places import facing_node, wall_of
from layerwalk_client.gl.context import GraphicsInfo
from layerwalk_client.gl.renderer import Renderer
from layerwalk_client.gl.swaps import SWAP_S, Swaps
from layerwalk_client.gl.target import Target
from layerwalk_client.source.asking import Maximise
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.world.scene import Wall
from layerwalk_client.world.view import Camera, Look
from layerwalk_shared.messages import MaximiseRequest

SIZE_WH = (240, 160)


class Room:
    """A stage over the made-up network, before one wall."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.source = MemorySource()
        self.source.open()
        self.renderer = Renderer()
        self.target = Target(SIZE_WH)
        self.stage = Stage(self.source, self.renderer)
        self.now_s = 0.0
        self.stage.take(0.0)
        self.settle()
        network = self.stage.network
        assert network is not None
        wall = wall_of(self.stage.scene, network.id, network.graph.index[node])
        assert wall is not None
        self.camera: Camera = facing_node(wall, self.stage.scene, network, aspect=1.5)
        self.settle()

    def settle(self) -> None:
        camera = getattr(self, "camera", Camera())
        for _ in range(60):
            self.now_s += 0.05
            self.stage.take(self.now_s)
            self.stage.plan(camera, SIZE_WH, now_s=self.now_s, max_wishes=10_000)
            self.stage.step(self.now_s, 2**40)
            if self.stage.is_settled(self.now_s):
                return
        raise AssertionError("it did not settle")

    def maximise(self, **more: object) -> None:
        request = MaximiseRequest(node=self.node, **more)  # type: ignore[arg-type]
        self.source.submit(Maximise("synthetic", request))

    def draw(self, dt: float = 0.0) -> np.ndarray:
        self.stage.draw(Look(self.camera), self.target, dt=dt)
        return self.target.read_rgb().astype(int)

    def close(self) -> None:
        self.target.close()
        self.renderer.close()


@pytest.fixture
def room(clean_graphics: GraphicsInfo) -> Iterator[Room]:
    made = Room("block1.conv1")
    yield made
    made.close()


def test_values_fade_into_pictures_and_back(room: Room) -> None:
    values = room.draw()
    room.maximise()
    room.source.work(100)
    room.settle()
    begun = room.draw(1e-6)
    halfway = room.draw(SWAP_S / 2)
    room.draw(SWAP_S)
    pictures = room.draw()
    inside = (slice(60, 120), slice(90, 150))  # the caption and the bar are elsewhere
    assert np.abs(begun - values)[inside].max() <= 2
    assert np.abs(pictures - values)[inside].mean() > 30
    middle = (values + pictures) / 2
    assert np.abs(halfway - middle)[inside].mean() < 4
    room.stage.state.results.set_mode("block1.conv1", "values")
    room.settle()
    room.draw(SWAP_S)
    assert np.abs(room.draw() - values)[inside].max() <= 2


def test_previews_leave_no_gl_names_and_no_memory_behind(room: Room) -> None:
    names: list[int] = []
    memory: list[int] = []
    for seed in range(6):
        room.maximise(seed=seed)
        for _ in range(8):
            room.source.work()
            room.settle()
            room.draw(0.05)
        room.draw()
        names.append(sum(len(found) for found in live_names().values()))
        memory.append(room.renderer.memory_bytes)
    assert len(set(names[2:])) == 1
    assert len(set(memory[2:])) == 1


def test_hidden_values_are_let_go_and_come_back(room: Room) -> None:
    index = 3
    assert room.renderer.resident("synthetic", index, 0) is not None
    room.maximise()
    room.source.work(100)
    room.settle()
    room.draw()
    room.settle()
    assert room.renderer.resident("synthetic", index, 0) is None
    room.stage.state.results.set_mode("block1.conv1", "both")
    room.settle()
    room.draw()
    room.settle()
    room.stage.state.results.set_mode("block1.conv1", "values")
    room.settle()
    assert room.renderer.resident("synthetic", index, 0) is not None


def wall(name: str, node: int = 1) -> Wall:
    return Wall("n", node, (0, 0, 0), (1, 1), 1, 1, 1, (8, 8), (1, 1), 0.0, values=name)


def test_the_old_wall_is_whole_until_the_new_one_is() -> None:
    swaps = Swaps()
    values, pictures, other = wall(""), wall("x"), wall("", 2)
    swaps.set_walls([values, other], [pictures])
    assert not swaps.is_any
    assert swaps.whole.tolist() == [0, 1]
    swaps.set_walls([pictures, other], [values])
    assert swaps.is_any
    assert swaps.whole.tolist() == [1, 2]
    assert swaps.coming == [(0, 0.0)]
    swaps.advance(SWAP_S / 2)
    assert swaps.coming == [(0, pytest.approx(0.5))]
    swaps.set_walls([pictures, other], [values])  # a caption has changed
    assert swaps.coming == [(0, pytest.approx(0.5))]
    swaps.advance(SWAP_S)
    assert not swaps.is_any
    assert swaps.whole.tolist() == [0, 1]


def test_a_wall_that_turns_back_goes_on_from_where_it_was() -> None:
    swaps = Swaps()
    values, pictures = wall(""), wall("x")
    swaps.set_walls([values], [pictures])
    swaps.set_walls([pictures], [values])
    swaps.advance(0.25 * SWAP_S)
    ((_, before),) = swaps.coming
    swaps.set_walls([values], [pictures])
    ((_, after),) = swaps.coming
    assert after == pytest.approx(1 - before)


def test_a_wall_that_is_gone_is_not_faded_from() -> None:
    swaps = Swaps()
    swaps.set_walls([wall("x")], [wall("")])
    swaps.set_walls([wall("y")], [wall("")])
    assert not swaps.is_any
    assert swaps.whole.tolist() == [0]
