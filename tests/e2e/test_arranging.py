"""Walls are taken, set down, hidden, pinned; it is undone, done again, and there the next time."""

import json
import math
from pathlib import Path

import pygame
import pytest

from e2e.walking import SIZE
from layerwalk_client.source.http import HttpSource
from layerwalk_client.world.picking import point_of

pytestmark = pytest.mark.gl


@pytest.fixture
def walk(hand_on, server):
    def start(folder):
        hand = hand_on(
            lambda ring: HttpSource(server.url, on_arrival=ring),
            arrangements=folder,
            pictures=folder.parent / "pictures",
        )
        hand.settle()
        return hand

    return start


@pytest.fixture
def hand(walk, tmp_path):
    return walk(tmp_path / "kept")


def wall(hand, node, copy=0):
    stage = hand.walker.stage
    index = stage.network.graph.index[node]
    return next((w for w in stage.scene.walls if (w.node, w.copy) == (index, copy)), None)


def point(hand, node):
    there = hand.face(node)
    hand.move(hand.pixel_of(point_of(there, 0)))
    hand.frames(2)
    assert hand.walker.pointed.node.id == node
    return there


def wheel(hand, steps, key=None):
    if key is not None:
        hand.frame(pygame.event.Event(pygame.KEYDOWN, key=key, mod=0))
    hand.frame(pygame.event.Event(pygame.MOUSEWHEEL, y=steps, x=0))
    if key is not None:
        hand.frame(pygame.event.Event(pygame.KEYUP, key=key, mod=0))


def kept(folder):
    (path,) = Path(folder).glob("*.json")
    return json.loads(path.read_text())


def test_a_wall_is_taken_turned_scaled_set_down_undone_and_done_again(hand, tmp_path):
    before = point(hand, "conv1")
    pace = hand.walker.journey.pace
    hand.key(pygame.K_p)
    assert hand.walker.handheld.arranger.carry.stand == ("conv1", 0)
    wheel(hand, 2, pygame.K_LSHIFT)
    wheel(hand, 3, pygame.K_LCTRL)
    wheel(hand, -2)
    there = wall(hand, "conv1")
    assert there.yaw - before.yaw == pytest.approx(math.radians(30))
    assert there.size_wh[0] == pytest.approx(before.size_wh[0] * 1.1**3)
    assert hand.walker.journey.pace == pace
    # A trace stays where it was; it goes with the click that sets the wall down.
    trace = [one for one in hand.walker.stage.scene.boards if one.centre == before.centre]
    assert len(trace) == 1
    hand.click((SIZE[0] // 2 + 60, SIZE[1] // 2))
    assert hand.walker.handheld.arranger.carry is None
    assert hand.walker.tools.hand.holding is None
    placed = wall(hand, "conv1")
    assert placed.centre != before.centre
    assert not [one for one in hand.walker.stage.scene.boards if one.centre == before.centre]
    (told,) = kept(tmp_path / "kept")["walls"]
    assert (told["node"], round(told["turn_degrees"])) == ("conv1", 30)
    hand.key(pygame.K_z, pygame.KMOD_LCTRL)
    assert wall(hand, "conv1") == before
    assert kept(tmp_path / "kept")["walls"] == []
    hand.key(pygame.K_z, pygame.KMOD_LCTRL | pygame.KMOD_LSHIFT)
    assert wall(hand, "conv1") == placed
    hand.key(pygame.K_z, pygame.KMOD_LCTRL)
    hand.key(pygame.K_y, pygame.KMOD_LCTRL)
    assert wall(hand, "conv1") == placed
    hand.settle()


@pytest.mark.parametrize("way", ["escape", "right click"])
def test_what_is_carried_can_be_put_back(hand, way):
    before = point(hand, "conv1")
    hand.key(pygame.K_p)
    wheel(hand, 3)
    assert wall(hand, "conv1") != before
    if way == "escape":
        hand.key(pygame.K_ESCAPE)
    else:
        hand.click((SIZE[0] // 2, SIZE[1] // 2), button=3)
    assert wall(hand, "conv1") == before
    assert hand.walker.handheld.arranger.carry is None
    assert not hand.walker.handheld.arranger.undo()


def test_a_wall_is_hidden_and_its_stub_brings_it_back(hand, tmp_path):
    before = point(hand, "conv1")
    hand.key(pygame.K_DELETE)
    assert wall(hand, "conv1") is None
    assert kept(tmp_path / "kept")["hidden"] == ["conv1"]
    (stub,) = [
        index
        for index in range(len(hand.walker.stage.scene.boards))
        if hand.walker.stage.scenery.stub_at(index) == "conv1"
    ]
    hand.move(hand.pixel_of(hand.walker.stage.scene.boards[stub].centre))
    hand.frames(2)
    assert hand.walker.stub == "conv1"
    hand.key(pygame.K_DELETE)
    assert wall(hand, "conv1") == before
    point(hand, "conv1")
    hand.key(pygame.K_DELETE)
    point(hand, "fc")
    hand.key(pygame.K_DELETE)
    hand.key(pygame.K_DELETE, pygame.KMOD_LSHIFT)
    assert hand.walker.handheld.arranger.arranged.is_empty
    hand.settle()


def test_a_copy_is_pinned_shows_the_same_and_is_taken_away(hand):
    point(hand, "conv1")
    hand.key(pygame.K_INSERT)
    assert hand.walker.handheld.arranger.carry.stand == ("conv1", 1)
    hand.click((SIZE[0] // 2, SIZE[1] // 2))
    copy, own = wall(hand, "conv1", 1), wall(hand, "conv1")
    assert copy is not None
    assert copy.value_key == own.value_key
    hand.settle()
    hand.move(hand.pixel_of(point_of(copy, 1)))
    hand.frames(2)
    assert (hand.walker.pointed.wall.copy, hand.walker.pointed.hit.channel) == (1, 1)
    hand.key(pygame.K_DELETE)
    assert wall(hand, "conv1", 1) is None
    assert wall(hand, "conv1") == own


def test_the_arrangement_is_there_the_next_time(hand, walk, tmp_path):
    point(hand, "conv1")
    hand.key(pygame.K_p)
    wheel(hand, 2, pygame.K_LCTRL)
    hand.click((SIZE[0] // 2 + 40, SIZE[1] // 2))
    placed = wall(hand, "conv1")
    again = walk(tmp_path / "kept")
    assert wall(again, "conv1").size_wh == pytest.approx(placed.size_wh)
    assert wall(again, "conv1").centre == pytest.approx(placed.centre)
    # Saved as a file of one's own, everything put back, and arranged by the dropped file.
    again.key(pygame.K_s, pygame.KMOD_LCTRL)
    (path,) = (tmp_path / "pictures").glob("*.json")
    again.key(pygame.K_HOME, pygame.KMOD_LSHIFT)
    assert again.walker.handheld.arranger.arranged.is_empty
    again.frame(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    assert wall(again, "conv1").centre == pytest.approx(placed.centre)
    point(again, "conv1")
    again.key(pygame.K_HOME)
    assert again.walker.handheld.arranger.arranged.is_empty
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    again.frame(pygame.event.Event(pygame.DROPFILE, file=str(broken)))
    assert "no arrangement" in again.walker.notice.text
    assert again.walker.notice.is_warning


def test_a_broken_file_is_told_and_the_walk_goes_on(hand, walk, tmp_path):
    point(hand, "conv1")
    hand.key(pygame.K_DELETE)
    (path,) = (tmp_path / "kept").glob("*.json")
    path.write_text("no json")
    again = walk(tmp_path / "kept")
    assert again.walker.handheld.arranger.arranged.is_empty
    assert "no arrangement" in again.walker.notice.text


def test_with_nothing_under_the_pointer_each_says_so(hand):
    hand.walker.journey.place(hand.walker.journey.camera)
    hand.move((SIZE[0] // 2, 4))
    hand.frames(2)
    assert hand.walker.pointed is None
    for key in (pygame.K_p, pygame.K_INSERT, pygame.K_DELETE, pygame.K_HOME):
        hand.key(key)
        assert hand.walker.notice.text == "point at a wall first"
    hand.key(pygame.K_z, pygame.KMOD_LCTRL)
    assert hand.walker.notice.text == "nothing to undo"
