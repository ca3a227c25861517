"""Where the eye goes: there, back and forth, flying or walking."""

from client.world.networks import described, resnet
from layerwalk_client.app.travel.journey import Journey
from layerwalk_client.devices.actions import Actions
from layerwalk_client.world.arrays import SceneArrays
from layerwalk_client.world.layout import layout
from layerwalk_client.world.signs import EYE
from layerwalk_client.world.view import Camera
from layerwalk_client.world.viewpoints import facing, first_minute, home

SCENE = layout(described(resnet((2,))))
ARRAYS = SceneArrays.from_scene(SCENE)


class Hand:
    """Lets time pass for a journey."""

    def __init__(self, **options):
        self.journey = Journey(**options)
        self.journey.place(home(SCENE))
        self.now_s = 0.0
        self.rest()

    def frames(self, count, actions=None):
        for _ in range(count):
            self.now_s += 1 / 60
            self.journey.step(actions or Actions(), 1 / 60, ARRAYS, now_s=self.now_s)

    def rest(self):
        self.frames(1)
        while not self.journey.is_at_rest:
            self.frames(1)

    def wait(self, seconds):
        self.now_s += seconds
        self.frames(1)


def test_jumps_are_undone_and_done_again():
    hand = Hand()
    start, there = hand.journey.camera, facing(SCENE.walls[3], 16 / 9)
    hand.journey.go(there)
    hand.rest()
    assert hand.journey.camera == there
    assert hand.journey.undo()
    hand.rest()
    assert hand.journey.camera == start
    assert hand.journey.redo()
    hand.rest()
    assert hand.journey.camera == there
    assert not hand.journey.redo()


def test_a_long_stop_of_a_free_flight_is_come_back_to():
    hand = Hand()
    hand.frames(120, Actions(move=(0.0, 1.0, -1.0)))
    hand.rest()
    stop = hand.journey.camera
    hand.wait(3.0)
    hand.frames(120, Actions(move=(-1.0, 0.0, 0.0)))
    hand.rest()
    assert hand.journey.undo()
    hand.rest()
    assert hand.journey.camera == stop


def test_who_begins_to_walk_comes_down_and_who_goes_up_flies():
    hand = Hand()
    hand.frames(60, Actions(move=(0.0, 1.0, -1.0)))
    hand.journey.walk(walks=True)
    hand.rest()
    assert hand.journey.camera.position[1] == EYE
    hand.journey.go(facing(SCENE.walls[5], 16 / 9, scene=SCENE), stands=True)
    hand.rest()
    assert hand.journey.walks
    assert hand.journey.camera.position[1] == EYE
    hand.journey.go(Camera((0.0, 30.0, 0.0), pitch=-1.0))
    hand.rest()
    assert not hand.journey.walks
    assert hand.journey.camera.position[1] == 30.0


def test_a_walk_that_begins_in_the_air_ends_on_the_floor():
    hand = Hand(walks=True)
    assert hand.journey.camera.position[1] == EYE


def test_the_tour_ends_by_itself_and_by_a_wish():
    hand = Hand()
    hand.journey.begin_tour(first_minute(SCENE, 16 / 9))
    hand.frames(30)
    assert hand.journey.is_on_tour
    hand.frames(1, Actions(move=(0.0, 0.0, 1.0)))
    assert not hand.journey.is_on_tour
    hand.journey.begin_tour(first_minute(SCENE, 16 / 9))
    hand.rest()
    assert hand.journey.camera == home(SCENE)
