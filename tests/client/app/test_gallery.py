"""Results get to their walls: the newest wins, nothing blurs or piles up on the way."""

import pytest

from layerwalk_client.app.maximising.captions import caption, picture_lines, reached
from layerwalk_client.app.maximising.gallery import PATIENCE_S, TURN_S, Gallery
from layerwalk_client.app.maximising.results import Run, maximised_of
from layerwalk_client.app.stage.residency import Wanted
from layerwalk_client.app.stage.state import SceneState
from layerwalk_client.cache import TileCache
from layerwalk_client.source.asking import CancelJob, Maximise, Tiles
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.messages import Job, MaximisedImage, MaximiseRequest, Rival


class Walls:
    """Notes what lies on the screen, by the name of the values."""

    def __init__(self):
        self.overviews = {}
        self.blocks = {}
        self.levels = []

    def set_statistics(self, network, nodes):
        pass

    def put_overview(self, network, tiles):
        for tile in tiles:
            self.overviews[network, tile.key.node, tile.key.block] = tile.generation

    def put_block(self, network, node, block, chain):
        self.blocks[network, node, block] = (chain[0].key.level, chain[0].generation)
        self.levels.append(max(chain[0].shape_hw))

    def drop_block(self, network, node, block):
        self.blocks.pop((network, node, block), None)

    def drop_network(self, network):
        for held in (self.overviews, self.blocks):
            for key in [key for key in held if key[0] == network]:
                del held[key]

    def resident(self, network, node, block):
        return self.blocks.get((network, node, block), (None,))[0]


class Room:
    """A gallery before the made-up network; answers come when the test says so."""

    def __init__(self):
        self.source = MemorySource()
        self.source.open()
        self.cache = TileCache(10**8)
        self.state = SceneState(TileCache(10**7), client="memory", pictures=self.cache)
        self.walls = Walls()
        self.gallery = Gallery(self.state.results, self.cache, self.walls, self.state.place)
        self.now_s = 0.0
        self.asked = []
        self.arrive()
        self.gallery.begin(self.state.network)
        self.answer()

    def arrive(self):
        """Take in what has arrived, keep what must be fetched."""
        for arrival in self.source.arrivals():
            self.asked += self.state.apply(arrival).fetches

    def follow(self):
        self.asked += self.gallery.follow(self.now_s)
        return list(self.asked)

    def answer(self):
        """Let all that was asked for come."""
        asked, self.asked = self.asked, []
        for fetch in asked:
            self.source.fetch(fetch)
        self.arrive()
        self.gallery.note_tiles()
        return self.follow()

    def maximise(self, node="fc", **more):
        self.source.submit(Maximise("synthetic", MaximiseRequest(node=node, **more)))
        self.arrive()

    def work(self, previews=1):
        self.source.work(previews)
        self.arrive()
        return self.follow()

    def step(self, dt=0.02):
        self.now_s += dt
        has_changed = self.gallery.advance(self.now_s)
        self.gallery.upload(10**9)
        return has_changed

    def want(self, node, level=0):
        """Look at a node's pictures closely."""
        index = self.state.network.graph.index[node]
        hung = next(one for one in self.gallery.hung() if one.node == index)
        wanted = {hung.values: [Wanted(index, 0, level)]}
        self.asked += self.gallery.want(wanted, {}, now_s=self.now_s)

    def settle(self, node):
        for _ in range(5):
            self.answer()
            self.step()
            self.want(node)
        assert self.gallery.is_settled(self.now_s)

    def hung(self, node="fc"):
        return self.gallery.manifest_of(self.state.network.graph.index[node])

    def shown(self):
        """Generations on the screen."""
        return {generation for _, generation in self.walls.blocks.values()}


@pytest.fixture
def room():
    return Room()


def test_a_preview_hangs_once_its_overview_is_there(room):
    room.maximise(channels=(1, 2))
    assert room.follow() == []
    asked = room.work()
    assert [type(fetch).__name__ for fetch in asked] == ["Overview"]
    assert room.hung() is None
    room.answer()
    assert maximised_of(room.hung()).step == 25
    assert len(room.walls.overviews) == 1


def test_only_the_newest_of_many_previews_is_fetched(room):
    room.maximise(channels=(1,))
    room.work()
    for _ in range(4):
        assert len(room.work()) == 1  # the first overview is still on its way
    room.answer()  # it comes, and now the newest is asked for, not those between
    assert [fetch.snapshot for fetch in room.asked] == [room.state.results.shown("fc").id]
    room.answer()
    assert maximised_of(room.hung()).step == 125


def test_a_sharp_preview_stays_until_the_next_one_is_sharp(room):
    room.maximise(channels=(1, 2))
    room.work()
    room.settle("fc")
    first = room.shown()
    room.work()
    room.answer()  # its overview
    room.step()
    assert room.shown() == first  # nothing blurred in between
    room.want("fc")
    room.answer()
    room.step()
    (generation,) = room.shown()
    assert generation == room.hung().generation != min(first)
    assert set(room.walls.levels) == {32}


def test_previews_do_not_wait_for_ever(room):
    room.maximise(channels=(1,))
    room.work()
    room.settle("fc")
    first = room.shown()
    room.work()
    room.answer()
    room.step(PATIENCE_S + 0.1)
    assert room.shown() != first


def test_previews_quicker_than_their_tiles_come_through_all_the_same(room):
    room.maximise(channels=(1,))
    room.work()
    room.settle("fc")
    seen = {maximised_of(room.hung()).step}
    for _ in range(7):
        room.work()
        room.answer()
        room.want("fc")
        room.step()
        seen.add(maximised_of(room.hung()).step)
    room.settle("fc")
    assert maximised_of(room.hung()).is_final
    assert len(seen) >= 4


def test_what_hangs_does_not_grow_with_the_number_of_previews(room):
    counts = set()
    for seed in range(12):
        room.maximise(channels=(1, 2), seed=seed)
        room.work(8)
        room.settle("fc")
        counts.add((len(room.walls.overviews), len(room.walls.blocks)))
    assert counts == {(1, 1)}
    assert len(room.cache.snapshots()) <= 12  # what was passed over is not even fetched


def test_tiles_of_what_is_no_longer_known_go(room):
    room.maximise(channels=(1, 2))
    room.work(8)
    room.settle("fc")
    run = room.state.results.runs("fc")[0]
    room.maximise(channels=(3, 4))
    room.work(8)
    room.settle("fc")
    assert len(room.cache.snapshots()) == 2
    room.state.results.forget(run.id)
    room.follow()
    assert room.cache.snapshots() == {room.state.place(room.hung().id)}


def test_scrubbing_back_to_what_is_held_asks_for_nothing(room):
    room.maximise(channels=(1,))
    for _ in range(3):
        room.work()
        room.settle("fc")
    room.state.results.look_at_step("fc", 25)
    assert room.follow() == []
    room.step()
    assert maximised_of(room.hung()).step == 25


def test_another_number_of_pictures_begins_anew(room):
    room.maximise(channels=(1, 2))
    room.work(8)
    room.settle("fc")
    names = {key[0] for key in room.walls.overviews}
    room.maximise(channels=(1, 2, 3))
    room.work()
    assert {key[0] for key in room.walls.overviews} == names  # stays until the new one is there
    room.settle("fc")
    assert len(room.walls.overviews) == 1
    assert {key[0] for key in room.walls.overviews} != names
    assert room.hung().nodes[-1].pictures[0] == 3


def sharp_then_other_count(room):
    """Four pictures hang sharp; of three others the overview is there."""
    room.maximise(channels=(1, 2, 5, 6))
    room.work(8)
    room.settle("fc")
    before = dict(room.walls.blocks)
    room.maximise(channels=(1, 2, 3))
    room.work()
    room.answer()
    return before


def test_sharp_pictures_stay_until_another_number_of_them_is_as_sharp(room):
    before = sharp_then_other_count(room)
    room.step()
    assert room.walls.blocks == before
    assert not room.gallery.is_settled(room.now_s)
    room.want("fc")
    room.answer()
    room.step()  # hangs, and is sharp, in one and the same step
    ((place, (level, generation)),) = room.walls.blocks.items()
    assert place not in before
    assert (level, generation) == (0, room.hung().generation)
    assert room.hung().nodes[-1].pictures[0] == 3


def test_another_number_of_pictures_is_not_waited_for_for_ever(room):
    before = sharp_then_other_count(room)
    for _ in range(3):
        room.step(0.3 * PATIENCE_S)
        assert room.walls.blocks == before
        room.work()  # a newer one; nothing of it but the overview comes
        room.answer()
    room.step(0.2 * PATIENCE_S)
    assert room.hung().nodes[-1].pictures[0] == 3
    assert len(room.walls.overviews) == 1


def test_pictures_that_wait_to_hang_go_with_their_run(room):
    before = sharp_then_other_count(room)
    last = room.state.results.runs("fc")[-1].id
    room.source.submit(CancelJob(last))
    room.arrive()
    room.state.results.forget(last)
    room.follow()
    room.step(2 * PATIENCE_S)
    assert room.walls.blocks == before
    room.settle("fc")


def test_what_the_server_drops_leaves_the_wall(room):
    room.maximise(channels=(1,))
    room.work()
    room.settle("fc")
    room.source.drop([room.hung().id])
    room.arrive()
    room.follow()
    assert room.hung() is None
    assert room.walls.overviews == room.walls.blocks == {}
    assert room.cache.snapshots() == frozenset()


def test_nothing_is_fetched_for_a_wall_that_shows_values(room):
    room.maximise(channels=(1,))
    room.state.results.set_mode("fc", "values")
    assert room.work(3) == []
    room.state.results.set_mode("fc", "images")
    assert len(room.follow()) == 1


def test_both_take_turns_and_stand_still_when_held(room):
    room.maximise(channels=(1,))
    room.work(8)
    room.settle("fc")
    index = room.state.network.graph.index["fc"]
    assert room.gallery.rest_s is None
    room.state.results.set_mode("fc", "both")
    room.step(TURN_S / 4)
    seen = []
    for _ in range(8):
        seen.append(room.gallery.is_seen(index))
        room.step(TURN_S / 2)
    assert seen == [True, True, False, False] * 2
    assert room.gallery.rest_s == pytest.approx(0.75 * TURN_S)
    room.gallery.is_held = True
    held = {room.gallery.is_seen(index) for _ in range(6) if room.step(TURN_S) is not None}
    assert len(held) == 1
    assert room.gallery.rest_s is None


def test_a_failed_overview_is_tried_again_later(room):
    room.maximise(channels=(1,))
    (overview,) = room.work()
    room.asked.clear()
    room.gallery.fail(overview, now_s=room.now_s)
    assert room.follow() == []
    room.now_s += 10
    assert room.follow() == [overview]
    room.answer()
    assert room.hung() is not None


def test_failed_tiles_are_those_of_their_wall(room):
    room.maximise(channels=(1,))
    room.work()
    room.answer()
    room.step()
    room.want("fc")
    (tiles,) = room.asked
    assert isinstance(tiles, Tiles)
    assert not room.gallery.is_settled(room.now_s)
    room.gallery.fail(tiles, now_s=room.now_s)
    room.step()  # what there is goes up
    assert room.gallery.is_settled(room.now_s)
    room.now_s += 10
    assert not room.gallery.is_settled(room.now_s)


def test_a_wall_tells_how_far_its_job_is(room):
    room.maximise(channels=(1,))
    room.maximise("pool", channels=(5,))
    (fc, pool) = sorted(room.gallery.hung(), key=lambda one: -one.node)
    assert fc.caption == pool.caption == "maximising, waiting for its turn"
    assert (fc.share, fc.values) == (0.0, "")
    room.work(3)
    fc = next(one for one in room.gallery.hung() if one.node == 12)
    assert fc.caption == "maximising, step 75 of 200, 0:32 left"
    assert fc.share == pytest.approx(75 / 200)
    room.work(5)
    room.settle("fc")
    fc = next(one for one in room.gallery.hung() if one.node == 12)
    assert fc.caption == "maximised: walk, 200 steps, seed 0"
    assert fc.share is None and fc.is_seen
    room.state.results.look_at_step("fc", 50)
    fc = next(one for one in room.gallery.hung() if one.node == 12)
    assert fc.caption == "maximised: walk, step 50 of 200, seed 0"


def test_a_wall_says_that_its_job_was_cancelled(room):
    room.maximise(channels=(1,))
    room.work(2)
    room.source.submit(CancelJob("j1"))
    room.arrive()
    (fc,) = room.gallery.hung()
    assert fc.caption == "maximising cancelled at step 50 of 200"
    assert fc.is_warning and fc.share is None


def test_a_wall_says_why_its_job_failed():
    problem = {"code": "invalid-request", "detail": "no gradient\nreaches the input"}
    job = Job(id="j", kind="maximise", network="n", node="fc", state="failed", problem=problem)
    text, is_warning = caption(Run("j", "fc", job), None, "values")
    assert text == "maximising failed: no gradient reaches the input"
    assert is_warning


def test_a_picture_tells_its_unit_and_its_rival(room):
    image = MaximisedImage(channel=17, activation=3.21, rival=Rival(channel=204, activation=1.4))
    assert reached(image) == "3.21, next 204: 1.40 (2.3x)"
    negative = image.model_copy(update={"rival": Rival(channel=2, activation=-1.0)})
    assert reached(negative) == "3.21, next 2: -1.00"
    room.maximise(channels=(7,))
    room.work(8)
    manifest = room.state.results.shown("fc")
    place, value, note = picture_lines(manifest, 0)
    assert place == "channel 7"
    assert value.startswith(f"{maximised_of(manifest).images[0].activation:.2f}, next ")
    assert note.startswith("seen as ")
    assert picture_lines(manifest, 5) == ("", "", "")
