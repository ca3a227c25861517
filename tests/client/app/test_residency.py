"""What is wanted gets to the screen, in order, within its budget, and snapshots never mix."""

from dataclasses import replace

import pytest

from layerwalk_client.app.stage.residency import (
    BATCH_BYTES,
    PATIENCE_S,
    RETRY_S,
    Residency,
    Wanted,
)
from layerwalk_client.cache import TileCache
from layerwalk_client.source.arrivals import Connected, EventArrived, TilesArrived
from layerwalk_client.source.asking import Overview, PutInput, Tiles
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.messages import DatasetInput, SnapshotTaken
from layerwalk_shared.tiles import TileKey, block_count, level_count


class FakeScreen:
    """Notes which generation each wall shows, and which levels lie where."""

    def __init__(self):
        self.scales = {}
        self.blocks = {}
        self.overviews = {}
        self.uploads = []

    def set_statistics(self, network, nodes):
        for index, node in enumerate(nodes):
            if node.has_values:
                self.scales[index] = node.scale

    def put_overview(self, network, tiles):
        for tile in tiles:
            self.overviews[tile.key.node] = tile.generation

    def put_block(self, network, node, block, chain):
        levels = [tile.key.level for tile in chain]
        assert levels == list(range(levels[0], levels[0] + len(levels)))
        assert chain[-1].shape_hw == (1, 1)
        assert {tile.key.node for tile in chain} == {node}
        self.blocks[node, block] = (chain[0].key.level, chain[0].generation)
        self.uploads.append((node, block))

    def drop_block(self, network, node, block):
        self.blocks.pop((node, block), None)

    def resident(self, network, node, block):
        return self.blocks.get((node, block), (None,))[0]

    def generations(self):
        """What each wall shows: the overview's generation and that of its blocks."""
        found = {node: {generation} for node, generation in self.overviews.items()}
        for (node, _), (_, generation) in self.blocks.items():
            found[node].add(generation)
        return found


class Bench:
    """A residency over a made-up network, fed by hand."""

    def __init__(self):
        self.source = MemorySource()
        self.source.open()
        arrivals = self.source.arrivals()
        assert isinstance(arrivals[0], Connected)
        self.network = arrivals[0].network
        self.cache = TileCache(10**8)
        self.screen = FakeScreen()
        self.residency = Residency(self.cache, self.screen)
        self.residency.set_network(self.network.id, self.network.graph)
        self.manifest = self.network.snapshot
        self.keep(arrivals[1])

    def keep(self, arrival):
        assert isinstance(arrival, TilesArrived)
        for tile in arrival.tiles:
            self.cache.put(arrival.snapshot, tile, is_pinned=arrival.is_overview)
        self.residency.note_tiles()

    def fetch(self, fetch):
        self.source.fetch(fetch)
        self.keep(self.source.arrivals()[0])

    def show(self, manifest=None, *, now_s=0.0, sweep_s=0.0):
        manifest = manifest or self.manifest
        self.residency.show(manifest, manifest.id, now_s=now_s, sweep_s=sweep_s)

    def next_snapshot(self, item=5):
        self.source.submit(PutInput("synthetic", DatasetInput(dataset="shapes", item=item)))
        manifest = next(
            arrival.event.manifest
            for arrival in self.source.arrivals()
            if isinstance(arrival, EventArrived) and isinstance(arrival.event, SnapshotTaken)
        )
        self.fetch(Overview(manifest.id))
        return manifest

    def everything(self):
        return [
            Wanted(index, block, 0)
            for index, node in enumerate(self.network.graph.nodes)
            for block in range(block_count(node.channels))
        ]


@pytest.fixture
def bench():
    return Bench()


def test_the_first_picture_shows_at_once(bench):
    bench.show()
    assert set(bench.screen.overviews) == set(range(len(bench.network.graph.nodes)))
    assert not bench.residency.is_switching


def test_what_is_wanted_is_fetched_once_and_down_to_the_coarsest_level(bench):
    bench.show()
    wanted = [Wanted(1, 0, 2)]
    batches = bench.residency.want(wanted, now_s=0.0)
    asked = {key for batch in batches for key in batch.keys}
    levels = level_count(bench.network.graph.nodes[1].shape_hw)
    held = {level for level in range(levels) if ("s1", TileKey(1, 0, level)) in bench.cache}
    assert asked == {TileKey(1, 0, level) for level in range(2, levels) if level not in held}
    for batch in batches:
        bench.fetch(batch)
    assert bench.residency.want(wanted, now_s=0.0) == []


def test_the_urgent_is_fetched_first_in_small_batches(bench):
    bench.show()
    wanted = bench.everything()[::-1]
    batches = bench.residency.want(wanted, now_s=0.0)
    order = [key.node for batch in batches for key in batch.keys]
    assert order == sorted(order, reverse=True)
    for batch in batches:
        self_bytes = 0
        for key in batch.keys:
            node = bench.network.graph.nodes[key.node]
            self_bytes += 2 * min(256, node.channels) * (node.height >> key.level) ** 2
        assert len(batch.keys) == 1 or self_bytes <= BATCH_BYTES * 1.1


def test_uploads_keep_to_their_budget_but_go_on(bench):
    bench.show()
    wanted = bench.everything()
    for batch in bench.residency.want(wanted, now_s=0.0):
        bench.fetch(batch)
    rounds = 0
    while bench.residency.upload(1000):
        rounds += 1
        assert rounds < 100
    assert rounds > 5
    assert bench.screen.uploads == [(one.node, one.block) for one in wanted]
    assert bench.residency.is_settled(0.0)
    assert not bench.residency.has_uploads


def test_a_block_is_uploaded_again_only_when_it_is_finer(bench):
    bench.show()
    for batch in bench.residency.want([Wanted(1, 0, 2)], now_s=0.0):
        bench.fetch(batch)
    bench.residency.upload(10**9)
    bench.residency.note_tiles()
    assert bench.residency.upload(10**9) == 0
    for batch in bench.residency.want([Wanted(1, 0, 0)], now_s=0.0):
        bench.fetch(batch)
    assert bench.residency.upload(10**9) > 0
    assert bench.screen.blocks[1, 0][0] == 0
    bench.residency.want([Wanted(1, 0, 3)], now_s=0.0)
    assert bench.residency.upload(10**9) == 0
    bench.residency.want([Wanted(1, 0, 3, is_coarser=True)], now_s=0.0)
    assert bench.residency.upload(10**9) > 0
    assert bench.screen.blocks[1, 0][0] == 3


def test_evicted_blocks_go(bench):
    bench.show()
    for batch in bench.residency.want([Wanted(1, 0, 0)], now_s=0.0):
        bench.fetch(batch)
    bench.residency.upload(10**9)
    bench.residency.want([], now_s=0.0, evicted=[(1, 0)])
    assert bench.screen.blocks == {}


def load(bench, now_s=0.0):
    """Bring everything to the screen."""
    for batch in bench.residency.want(bench.everything(), now_s=now_s):
        bench.fetch(batch)
    while bench.residency.upload(10**9):
        pass


def test_without_a_sweep_all_walls_change_in_one_step(bench):
    bench.show()
    load(bench)
    new = bench.next_snapshot()
    bench.show(new, now_s=1.0)
    assert all(shown == {1} for shown in bench.screen.generations().values())
    bench.residency.advance(1.0 + PATIENCE_S / 2)  # the fine tiles are not there yet
    assert all(shown == {1} for shown in bench.screen.generations().values())
    assert bench.residency.advance(1.0 + PATIENCE_S)
    assert all(shown == {2} for shown in bench.screen.generations().values())


def test_a_wall_whose_fine_tiles_are_there_changes_without_a_blur(bench):
    bench.show()
    load(bench)
    fine = {place: level for place, (level, _) in bench.screen.blocks.items()}
    new = bench.next_snapshot()
    bench.show(new, now_s=1.0)
    for batch in bench.residency.want(bench.everything(), now_s=1.0):
        bench.fetch(batch)
    assert bench.residency.advance(1.0)
    assert {place: level for place, (level, _) in bench.screen.blocks.items()} == fine
    assert all(shown == {2} for shown in bench.screen.generations().values())


def test_a_sweep_goes_through_the_walls_in_the_order_of_the_data(bench):
    bench.show()
    load(bench)
    bench.show(bench.next_snapshot(), now_s=0.0, sweep_s=1.0)
    last = -1
    for step in range(30):
        bench.residency.advance(step / 20)
        shown = [next(iter(s)) for _, s in sorted(bench.screen.generations().items())]
        assert all(len(s) == 1 for s in bench.screen.generations().values())
        front = shown.count(2)
        assert shown == [2] * front + [1] * (len(shown) - front)
        assert front >= last
        last = front
    assert last == len(bench.network.graph.nodes)
    assert not bench.residency.is_switching


def test_ranges_change_with_their_walls(bench):
    bench.show()
    load(bench)
    old = dict(bench.screen.scales)
    new = bench.next_snapshot()
    bench.show(new, now_s=0.0, sweep_s=1.0)
    bench.residency.advance(0.1)
    bench.residency.advance(0.5)
    for node, shown in bench.screen.generations().items():
        expected = new.nodes[node].scale if shown == {2} else old[node]
        assert bench.screen.scales[node] == expected
    assert bench.screen.scales != old


def test_a_wall_that_waits_has_no_certain_snapshot(bench):
    bench.show()
    load(bench)
    new = bench.next_snapshot()
    bench.show(new, now_s=0.0, sweep_s=1.0)
    bench.residency.advance(0.2)
    assert bench.residency.manifest_of(0) == new
    assert bench.residency.manifest_of(1) is None  # the input goes first, alone
    bench.residency.advance(0.2)
    assert bench.residency.manifest_of(1) == new
    assert bench.residency.manifest_of(12) is None


def test_a_snapshot_that_comes_during_a_sweep_does_not_leave_a_third_one_behind(bench):
    bench.show()
    load(bench)
    bench.show(bench.next_snapshot(5), now_s=0.0, sweep_s=1.0)
    bench.residency.advance(0.5)
    bench.show(bench.next_snapshot(6), now_s=0.6, sweep_s=1.0)
    assert all(shown == {2} for shown in bench.screen.generations().values())
    bench.residency.advance(5.0)
    bench.residency.advance(5.0)
    assert all(shown == {3} for shown in bench.screen.generations().values())


def test_tiles_that_failed_are_asked_for_again_later(bench):
    bench.show()
    wanted = [Wanted(1, 0, 0)]
    (batch,) = bench.residency.want(wanted, now_s=0.0)
    bench.residency.fail(batch.keys, now_s=0.0)
    assert bench.residency.want(wanted, now_s=RETRY_S / 2) == []
    assert bench.residency.want(wanted, now_s=RETRY_S + 0.1) == [Tiles("s1", batch.keys)]


def test_a_node_with_the_values_of_another_is_shown_from_its_tiles(bench):
    nodes = list(bench.manifest.nodes)
    nodes[2] = nodes[2].model_copy(update={"same_as": 1})
    bench.show(bench.manifest.model_copy(update={"nodes": tuple(nodes)}))
    assert bench.residency.source_node(2) == 1
    (batch,) = bench.residency.want([Wanted(2, 0, 0)], now_s=0.0)
    assert {key.node for key in batch.keys} == {1}
    bench.fetch(batch)
    bench.residency.upload(10**9)
    assert list(bench.screen.blocks) == [(2, 0)]


def test_a_node_of_another_shape_is_not_shown_from_anothers_tiles(bench):
    nodes = list(bench.manifest.nodes)
    nodes[11] = nodes[11].model_copy(update={"same_as": 10})  # flatten: pool's, as one picture
    bench.show(bench.manifest.model_copy(update={"nodes": tuple(nodes)}))
    assert bench.residency.source_node(11) == 11


@pytest.mark.parametrize("wished", [0, 1])
def test_pictures_of_another_size_change_once_they_are_as_fine(bench, wished):
    """A final result is larger than its previews: the same pixels are one level further on."""
    node = next(
        index
        for index, numbers in enumerate(bench.manifest.nodes)
        if numbers.pictures[1:] == (16, 16) and numbers.same_as is None
    )
    wish = [Wanted(node, 0, wished)]
    bench.show()
    for fetch in bench.residency.want(wish, now_s=0.0):
        bench.fetch(fetch)
    bench.residency.upload(10**9)
    small = bench.screen.blocks[node, 0]
    count = bench.manifest.nodes[node].pictures[0]
    numbers = list(bench.manifest.nodes)
    numbers[node] = numbers[node].model_copy(update={"pictures": (count, 32, 32)})
    larger = bench.manifest.model_copy(update={"id": "larger", "nodes": tuple(numbers)})
    bench.show(larger, now_s=1.0)
    bench.residency.advance(1.0)
    bench.residency.upload(10**9)
    assert bench.screen.blocks[node, 0] == small
    for tile in bench.cache.chain(bench.manifest.id, node, 0):
        key = replace(tile.key, level=tile.key.level + 1)
        bench.cache.put("larger", replace(tile, key=key, generation=99))
        if tile.key.level == level_count((16, 16)) - 1:
            last = replace(tile.key, level=level_count((32, 32)) - 1)
            bench.cache.put("larger", replace(tile, key=last, generation=99))
    assert bench.residency.advance(1.0)
    assert bench.screen.blocks[node, 0] == (wished + 1, 99)
