"""A walk in a window in memory, on a real server: posted events drive what a hand would drive."""

from contextlib import closing

import pygame
import pytest

from e2e.conftest import make_session
from e2e.walking import SIZE
from layerwalk.http.serving import serve
from layerwalk_client.app.start import Start
from layerwalk_client.source.http import HttpSource
from layerwalk_client.source.memory import MemorySource
from layerwalk_client.ui.dataset import DatasetPanel
from layerwalk_client.ui.intents import (
    FindExciting,
    FollowChannel,
    PutOn,
    ScoreDataset,
    SilenceChannel,
)
from layerwalk_client.ui.pictures import Wanted
from layerwalk_client.world.picking import point_of
from layerwalk_shared.messages import DatasetInput

pytestmark = pytest.mark.gl


@pytest.fixture
def hand(hand_on, server):
    walking = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring))
    walking.settle()
    return walking


def answer(hand):
    return tuple(line.logit for line in hand.walker.stage.shown.top)


def test_holding_a_key_flies_and_rest_draws_nothing(hand):
    start = hand.walker.journey.camera
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_w, mod=0))
    hand.frames(30)
    moved = hand.walker.journey.camera
    assert moved.position != start.position
    hand.frame(pygame.event.Event(pygame.KEYUP, key=pygame.K_w, mod=0))
    hand.until(lambda: hand.walker.journey.is_at_rest)
    hand.settle()
    hand.frames(60)
    assert hand.frames(20) == [False] * 20


def test_an_image_is_picked_from_the_panel_and_put_on_the_input(hand):
    hand.key(pygame.K_TAB)
    panel = hand.walker.tools.panels.content("dataset")
    assert isinstance(panel, DatasetPanel)
    hand.until(lambda: hand.walker.tools.thumbnails.thumbnail(Wanted("d1"), 0) is not None)
    hand.frames(4)
    # The first thumbnail lies in the upper left of the panel, which fills most of the view.
    picture = hand.walker.tools.panels.pictures(hand.walker.journey.camera)[0]
    right, up, _ = picture.axes()
    left, top = -0.5 + 62 / 940, 0.5 - 200 / 580
    point = tuple(
        picture.centre[k] + right[k] * left * picture.size_wh[0] + up[k] * top * picture.size_wh[1]
        for k in range(3)
    )
    hand.click(hand.pixel_of(point))
    held = hand.walker.tools.hand.holding
    assert held is not None
    assert held.image.item == 0
    assert hand.walker.tools.panels.kinds == ()
    hand.until(lambda: hand.walker.tools.hand.holding.pixels is not None)
    before = answer(hand)
    wall = hand.face("input")
    hand.click(hand.pixel_of(wall.centre))
    hand.until(lambda: hand.walker.stage.shown.input.title == "square 0")
    assert answer(hand) != before
    assert hand.walker.stage.shown.client is not None
    assert hand.walker.tools.hand.holding is None
    hand.settle()


def test_a_data_set_is_scored_and_its_mistakes_come_first(hand):
    hand.key(pygame.K_TAB)
    panel = hand.walker.tools.panels.content("dataset")
    hand.until(lambda: panel.scoring.summary is not None)
    hand.walker.tools.carry_out("dataset", ScoreDataset("d1"))
    hand.until(lambda: panel.scoring.summary.is_whole)
    panel.order = "wrong-first"
    thumbnails = hand.walker.tools.thumbnails
    hand.until(lambda: thumbnails.count(panel.wanted) and thumbnails.item(panel.wanted, 0))
    first = thumbnails.item(panel.wanted, 0)
    summary = panel.scoring.summary
    assert first.is_right is (summary.right == summary.compared)
    hand.type("gr")
    hand.until(lambda: thumbnails.count(panel.wanted) == 30)
    hand.key(pygame.K_TAB)
    assert panel.label == "green"
    hand.key(pygame.K_ESCAPE)
    assert hand.walker.tools.panels.kinds == ()
    assert not hand.walker.stage.state.is_busy


def test_a_channel_tells_what_excites_it_and_that_goes_on_the_input(hand):
    wall = hand.face("conv1")
    hand.move(hand.pixel_of(point_of(wall, 2)))
    hand.frames(4)
    hand.key(pygame.K_u)
    panel = hand.walker.tools.panels.content("channel")
    assert (panel.view.node.id, panel.view.channel) == ("conv1", 2)
    hand.walker.tools.carry_out("channel", FindExciting("conv1", "d1"))
    hand.until(lambda: panel.view.search.found and panel.view.search.found.state == "fresh")
    hand.until(lambda: panel.view.search.found.scanned == 150)
    hand.until(lambda: panel.view.weights is not None and panel.view.map is not None)
    assert {one.node for one in panel.view.weights.incoming} == {"stem.1"}
    best = panel.view.search.found.by_maximum[0]
    hand.walker.tools.carry_out(
        "channel", PutOn(DatasetInput(dataset="d1", item=best.item), best.name)
    )
    hand.until(lambda: hand.walker.stage.shown.input.title == best.name)
    hand.until(lambda: panel.view.map.limit > 0)
    hand.until(lambda: abs(panel.view.map.numbers()[1] - best.value) < 1e-3)
    row, column = best.position
    assert panel.view.map.values[row, column] == pytest.approx(best.value, abs=1e-3)
    hand.walker.tools.carry_out("channel", SilenceChannel(panel.view.index, 2))
    hand.until(lambda: panel.view.is_silenced)
    hand.until(lambda: panel.view.map.limit == 0 and panel.view.weights.norm == 0)
    hand.until(lambda: panel.view.search.found.state == "stale")
    hand.walker.tools.carry_out("channel", SilenceChannel(panel.view.index, 2))
    hand.until(lambda: panel.view.map.limit > 0 and not panel.view.is_silenced)
    hand.walker.tools.carry_out("channel", FollowChannel(panel.view.index, 2))
    assert hand.walker.signals.is_on
    hand.walker.tools.open_channel(panel.view.index, 3)
    assert hand.walker.tools.panels.content("channel") is panel
    assert panel.view.channel == 3


def test_a_feature_map_is_picked_from_its_wall_and_put_on_the_input(hand):
    wall = hand.face("conv1")
    hand.click(hand.pixel_of(point_of(wall, 2)))
    held = hand.walker.tools.hand.holding
    assert (held.image.node, held.image.channel) == ("conv1", 2)
    assert held.pixels is not None
    wall = hand.face("input")
    hand.click(hand.pixel_of(wall.centre))
    hand.until(lambda: hand.walker.stage.shown.input.kind == "channel")


def test_the_right_button_magnifies_when_held_and_puts_away_when_clicked(hand):
    wall = hand.face("conv1")
    pixel = hand.pixel_of(point_of(wall, 1))
    hand.click(pixel)
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=pixel, button=3))
    hand.frames(20)
    assert hand.walker.tools.hand.is_magnifying
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=pixel, button=3))
    hand.frame()
    assert not hand.walker.tools.hand.is_magnifying
    assert hand.walker.tools.hand.holding is not None
    hand.click(pixel, button=3)
    assert hand.walker.tools.hand.holding is None


def test_with_an_empty_hand_the_right_button_looks_closer_at_a_channel(hand):
    wall = hand.face("conv1")
    pixel = hand.pixel_of(point_of(wall, 1))
    hand.move(pixel)
    hand.frames(2)
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=pixel, button=3))
    hand.until(
        lambda: (
            hand.walker.tools.loupe is not None
            and hand.walker.tools.loupe.pixels.shape == (32, 32, 3)
        )
    )
    assert hand.walker.tools.hand.holding is None
    hand.frame(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=pixel, button=3))
    hand.frame()
    assert hand.walker.tools.loupe is None


def test_a_rest_on_a_pixel_tells_its_exact_value(hand, session):
    wall = hand.face("conv2")
    hand.move(hand.pixel_of(point_of(wall, 3, (0.3, 0.6))))
    hand.until(
        lambda: hand.walker.spot is not None and hand.walker.readings.value(hand.walker.spot)
    )
    pointed = hand.walker.pointed
    row, column = pointed.hit.texel
    held = session.snapshot(hand.walker.stage.shown.id)
    exact = held.node_values(held.graph.index["conv2"])[pointed.hit.channel, row, column]
    assert pointed.hit.channel == 3
    assert hand.walker.readings.value(hand.walker.spot) == (pytest.approx(float(exact), abs=0),)


def test_a_double_click_flies_there_and_back(hand):
    hand.key(pygame.K_o)
    hand.until(lambda: hand.walker.journey.is_at_rest)
    start = hand.walker.journey.camera
    for wall in hand.walker.stage.scene.walls:  # some hide others from up here
        pixel = hand.pixel_of(wall.centre)
        hand.move(pixel)
        hand.frame()
        if hand.walker.pointed is not None:
            break
    aimed = hand.walker.pointed.wall
    for _ in range(2):
        hand.frame(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=pixel, button=1))
        hand.frame(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=pixel, button=1))
    hand.until(lambda: hand.walker.journey.is_at_rest)
    there = hand.walker.journey.camera
    assert abs(there.position[0] - aimed.centre[0]) < 0.01
    assert hand.walker.tools.hand.holding is None
    hand.key(pygame.K_BACKSPACE)
    hand.until(lambda: hand.walker.journey.is_at_rest)
    assert hand.walker.journey.camera == start


def test_searching_goes_to_the_node(hand):
    hand.key(pygame.K_SLASH)
    hand.type("/conv2")
    hand.frame(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN, mod=0))
    assert hand.walker.tools.panels.kinds == ()
    graph = hand.walker.stage.network.graph
    assert hand.walker.selection.node == graph.index["conv2"]
    hand.until(lambda: hand.walker.journey.is_at_rest)
    hand.key(pygame.K_n)
    assert hand.walker.selection.node == graph.index["conv2"] + 1


def test_a_dropped_file_goes_to_the_input_and_a_bad_one_is_told(hand, tmp_path):
    picture = tmp_path / "red.png"
    surface = pygame.Surface((24, 24))
    surface.fill((255, 0, 0))
    pygame.image.save(surface, str(picture))
    hand.frame(pygame.event.Event(pygame.DROPFILE, file=str(picture)))
    hand.until(lambda: hand.walker.stage.shown.input.title == "red.png")
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    hand.frame(pygame.event.Event(pygame.DROPFILE, file=str(bad)))
    hand.until(lambda: hand.walker.notice.is_warning)
    assert hand.walker.stage.shown.input.title == "red.png"
    hand.frame(pygame.event.Event(pygame.DROPFILE, file=str(picture)))
    hand.until(lambda: not hand.walker.stage.state.is_busy)


def test_bookmarks_are_kept_and_found(hand):
    kept = []
    hand.walker.start = Start(shows_intro=False, keep_settings=kept.append)
    hand.face("conv1")
    place = hand.walker.journey.camera
    hand.key(pygame.K_3, pygame.KMOD_LCTRL)
    assert list(kept[-1].bookmarks) == ["small 3"]
    hand.face("fc")
    hand.key(pygame.K_3)
    hand.until(lambda: hand.walker.journey.is_at_rest)
    assert hand.walker.journey.camera.position == pytest.approx(place.position)


def test_a_picture_of_the_window_is_saved(hand, tmp_path):
    hand.walker.start = Start(shows_intro=False, pictures=tmp_path)
    hand.key(pygame.K_F12)
    (saved,) = tmp_path.iterdir()
    surface = pygame.image.load(str(saved))
    assert surface.get_size() == SIZE


def test_every_panel_opens_and_closes(hand):
    hand.face("conv1")
    hand.frames(2)
    for key, kind in (
        (pygame.K_F1, "help"),
        (pygame.K_g, "noise"),
        (pygame.K_l, "colours"),
        (pygame.K_TAB, "dataset"),
        (pygame.K_e, "node"),
    ):
        hand.key(pygame.K_ESCAPE) if hand.walker.tools.panels.kinds else None
        hand.move((5, 5))
        hand.move((320, 180))
        hand.frames(2)
        hand.key(key)
        assert hand.walker.tools.panels.kinds == (kind,)
        hand.frames(5)
        hand.key(key)
        assert hand.walker.tools.panels.kinds == ()


def seen(hand, folder):
    """The pixels of the window, without the upper third where the banner appears."""
    pixels = pygame.surfarray.array3d(pygame.image.load(str(hand.walker.screen.save(folder))))
    return pixels[:, SIZE[1] // 3 :]


def test_a_server_that_goes_leaves_the_picture_and_is_found_again(hand_on, tmp_path):
    session, _ = make_session()
    server = serve(session, port=0)
    hand = hand_on(lambda ring: HttpSource(server.url, on_arrival=ring))
    hand.settle()
    hand.frames(40)
    shown, before = hand.walker.stage.shown.id, seen(hand, tmp_path)
    assert before.std() > 5
    server.close()
    session.close()
    hand.until(lambda: hand.walker.stage.state.lost is not None)
    hand.frames(5)
    assert hand.walker.stage.shown.id == shown
    assert (seen(hand, tmp_path) == before).all()
    other, _ = make_session()
    with closing(serve(other, port=server.port)):
        hand.until(lambda: hand.walker.stage.shown.id != shown)
        assert hand.walker.stage.state.lost is None
        hand.settle()
        hand.walker.stage._source.close()
    other.close()


def test_a_walk_needs_no_server(hand_on):
    hand = hand_on(lambda ring: MemorySource(on_arrival=ring))
    hand.settle()
    before = answer(hand)
    hand.walker.tools.pick_item("shapes", 4, "shapes 4")
    wall = hand.face("input")
    hand.click(hand.pixel_of(wall.centre))
    hand.settle()
    assert hand.walker.stage.shown.input.title == "shapes 4"
    assert answer(hand) != before
