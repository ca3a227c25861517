"""Finding the way in a window in memory, without a server: keys, clicks on the HUD, folds, rides."""

import math

import pygame
import pytest

from e2e.walking import SIZE
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.intents import GoToGroup
from layerwalk_client.ui.minimap import map_corner
from layerwalk_client.world.minimap import wall_line
from layerwalk_client.world.signs import EYE

pytestmark = pytest.mark.gl


@pytest.fixture
def hand(hand_on):
    walking = hand_on(lambda ring: MemorySource(on_arrival=ring))
    walking.settle()
    return walking


def selected(hand):
    walker = hand.walker
    return walker.stage.network.graph.nodes[walker.selection.node].id


def rest(hand):
    """Let the eye come to rest, in few long frames."""
    hand.frames(2)
    while not hand.walker.journey.is_at_rest:
        hand.now_s += 0.08
        hand.frame()


def go(hand, text):
    hand.key(pygame.K_SLASH)
    hand.type(text)
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0))
    rest(hand)


def standing(hand):
    nodes = hand.walker.stage.network.graph.nodes
    return {nodes[wall.node].id for wall in hand.walker.stage.scene.walls}


def test_keys_lead_along_the_data_and_across_its_branches(hand):
    go(hand, "stem.relu")
    start = hand.walker.journey.camera
    hand.key(pygame.K_n)
    assert selected(hand) == "block1.conv1"
    rest(hand)
    assert "branch" in hand.walker.notice.text
    hand.key(pygame.K_RIGHTBRACKET)
    assert selected(hand) == "block1.skip"
    rest(hand)
    told = hand.walker.ways.whereabouts(hand.walker)
    assert [crumb.text for crumb in told.crumbs] == ["synthetic", "block1"]
    assert told.name == "skip"
    hand.key(pygame.K_RIGHTBRACKET)
    assert selected(hand) == "block1.skip"
    hand.key(pygame.K_LEFTBRACKET)
    rest(hand)
    hand.key(pygame.K_b)
    assert selected(hand) == "stem.relu"
    rest(hand)
    for _ in range(4):
        hand.key(pygame.K_BACKSPACE)
        rest(hand)
    assert hand.walker.journey.camera == start
    for _ in range(4):
        hand.key(pygame.K_BACKSPACE, pygame.KMOD_SHIFT)
        rest(hand)
    told = hand.walker.ways.whereabouts(hand.walker)
    assert told.name == "relu"


def test_classes_and_channels_are_gone_to(hand):
    go(hand, hand.walker.stage.network.classes[3])
    assert selected(hand) == "fc"
    go(hand, "block1.conv2:17")
    assert hand.walker.selection.channel == 17
    hand.frames(3)
    assert hand.walker.pointed.hit.channel == 17


def test_the_line_and_the_map_are_clicked(hand):
    walker = hand.walker
    go(hand, "block1.conv2")
    hand.frames(3)
    spot = next(one for one in walker.screen.spots if one.intent == GoToGroup("block1"))
    before = walker.journey.camera
    hand.click((round((spot.left + spot.right) / 2), round((spot.top + spot.bottom) / 2)))
    assert walker.journey.camera != before
    rest(hand)
    hand.key(pygame.K_F3)
    hand.frames(2)
    view = walker.ways.minimap.view
    wall = next(wall for wall in walker.stage.scene.walls if wall.title == "conv1")
    one, two = wall_line(wall, view)
    corner = map_corner(view.size_wh, SIZE, walker.screen._panel.style)
    pixel = [round(corner[axis] + (one[axis] + two[axis]) / 2) for axis in (0, 1)]
    hand.move(pixel)
    hand.frames(2)
    speed = walker.journey.pace
    hand.frame(pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=2, precise_y=2.0))
    assert walker.ways.minimap.view.scale > view.scale
    assert walker.journey.pace == speed
    hand.frame(pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=-9, precise_y=-9.0))
    hand.click(pixel)
    assert selected(hand).endswith("conv1")
    hand.key(pygame.K_F3)
    assert not walker.settings.shows_map


def test_the_map_leaves_the_view_to_a_panel_in_its_middle(hand):
    walker = hand.walker
    hand.key(pygame.K_F3)
    hand.frames(2)
    assert walker.ways.minimap.shown(walker) is not None
    hand.key(pygame.K_g)
    hand.frames(2)
    assert walker.ways.minimap.shown(walker) is None
    hand.key(pygame.K_g)
    hand.frames(2)
    assert walker.ways.minimap.shown(walker) is not None
    hand.key(pygame.K_F3)


def test_a_group_folds_to_a_box_before_the_eye_and_opens_again(hand):
    walker = hand.walker
    whole = standing(hand)
    wall = hand.face("block1.conv1")
    hand.move(hand.pixel_of(wall.centre))
    hand.frames(2)
    before = walker.journey.camera.position[2] - wall.centre[2]
    hand.key(pygame.K_f)
    hand.frames(8)
    assert walker.stage.rearranging.is_sliding
    hand.settle()
    assert standing(hand) == whole - {
        "block1.conv1", "block1.relu", "block1.conv2", "block1.skip",
    }  # fmt: skip
    box = next(one for one in walker.stage.scene.walls if one.title == "block1")
    assert walker.journey.camera.position[2] - box.centre[2] == pytest.approx(before, abs=0.2)
    hand.move(hand.pixel_of(box.centre))
    hand.frames(2)
    assert walker.ways.whereabouts(walker).name == "block1"
    go(hand, "block1.relu")  # what is folded and gone to comes out of its box
    assert standing(hand) == whole
    hand.move((SIZE[0] // 2, SIZE[1] // 2))
    hand.frames(2)
    hand.key(pygame.K_f)
    hand.settle()
    hand.frames(2)
    hand.key(pygame.K_f)
    hand.settle()
    assert standing(hand) == whole


def test_layouts_change_while_the_eye_stays_at_its_wall(hand):
    walker = hand.walker
    go(hand, "block2.conv1")
    network = walker.stage.network
    for style in ("rows", "serpentine", "spiral", "straight"):
        hand.key(pygame.K_o, pygame.KMOD_SHIFT)
        hand.settle()
        rest(hand)
        assert walker.settings.layout == style
        here = walker.ways.here(walker)
        assert network.graph.nodes[here].id == "block2.conv1"


def test_a_ride_asks_at_a_fork_and_ends_before_the_next_wall(hand):
    walker = hand.walker
    go(hand, "stem.relu")
    hand.move((4, SIZE[1] - 4))
    hand.frames(2)
    hand.key(pygame.K_F4)
    assert walker.ways.riding.choices(walker).lines == ("block1.conv1", "block1.skip")
    hand.key(pygame.K_ESCAPE)
    assert walker.ways.riding.choices(walker) is None
    hand.key(pygame.K_F4)
    hand.key(pygame.K_2)
    assert walker.journey.is_riding
    rest(hand)
    assert selected(hand) == "block1.skip"
    told = walker.ways.whereabouts(walker)
    assert told.name == "skip"
    hand.key(pygame.K_F4)
    hand.frames(5)
    hand.key(pygame.K_ESCAPE)
    assert walker.journey.is_at_rest


def test_who_walks_stays_on_the_floor_and_stands_before_walls(hand):
    walker = hand.walker
    hand.key(pygame.K_y)
    rest(hand)
    assert walker.journey.camera.position[1] == EYE
    go(hand, "block1.add")
    assert walker.journey.camera.position[1] == EYE
    before = walker.journey.camera
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_w, mod=0))
    hand.frames(200)
    hand.frame(pygame.event.Event(pygame.KEYUP, key=pygame.K_w, mod=0))
    wall = next(one for one in walker.stage.scene.walls if one.node == walker.selection.node)
    assert walker.journey.camera.position[2] > wall.centre[2]  # it does not let one through
    assert math.dist(before.position, walker.journey.camera.position) > 0.1
    hand.key(pygame.K_y)
    assert walker.settings.movement == "fly"


def test_bookmarks_are_named_after_their_place_listed_and_renamed(hand):
    walker = hand.walker
    go(hand, "block1.conv2")
    there = walker.journey.camera
    hand.key(pygame.K_3, pygame.KMOD_CTRL)
    assert "block1.conv2" in walker.notice.text
    go(hand, "fc")
    hand.key(pygame.K_F3, pygame.KMOD_SHIFT)
    content = walker.tools.panels.content("bookmarks")
    assert [(one.number, one.name) for one in content.marks] == [(3, "block1.conv2")]
    content.edited, content.text = 3, ""
    hand.frames(2)
    hand.type("the eyes")
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0))
    hand.frames(2)
    assert [one.name for one in content.marks] == ["the eyes"]
    hand.key(pygame.K_ESCAPE)
    hand.key(pygame.K_3)
    rest(hand)
    assert walker.journey.camera.position == pytest.approx(there.position)
