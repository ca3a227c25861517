"""The HTTP source against a real server on a real socket."""

import http.server
import io
import threading
import time
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from e2e.conftest import make_session
from layerwalk.http.app import make_app
from layerwalk.http.serving import Server, serve
from layerwalk_client.source.arrivals import (
    Connected,
    ConnectionLost,
    EventArrived,
    PageArrived,
    PictureArrived,
    RequestFailed,
    StatisticsArrived,
    TilesArrived,
    ValuesArrived,
    WeightsArrived,
    WishTaken,
)
from layerwalk_client.source.asking import (
    ItemPicture,
    Overview,
    PutInput,
    Statistics,
    Tiles,
    Values,
    Weights,
    WeightStatistics,
)
from layerwalk_client.source.http import HttpSource
from layerwalk_client.source.surveying import ItemPage, Listing, Sheet
from layerwalk_shared.errors import (
    InputError,
    NotFoundError,
    ProtocolError,
    ServerUnreachableError,
    UnauthorizedError,
)
from layerwalk_shared.messages import ChannelInput, DatasetInput, NoiseInput, SnapshotTaken
from layerwalk_shared.tiles import TileKey, level_count

PATIENCE_S = 20.0


class Reader:
    """Reads a source's arrivals, waiting on its bell instead of sleeping."""

    def __init__(self, url, **options):
        self.bell = threading.Event()
        self.source = HttpSource(url, on_arrival=self.bell.set, **options)
        self.seen = []
        self.source.open()

    def until(self, is_it):
        """Return the next arrival for which `is_it` holds; those before it are passed by."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.bell.clear()
            self.seen += self.source.arrivals()
            for place, arrival in enumerate(self.seen):
                if is_it(arrival):
                    del self.seen[: place + 1]
                    return arrival
            assert time.monotonic() < deadline, f"did not arrive; seen: {self.seen}"
            self.bell.wait(0.5)

    def kind(self, kind):
        return self.until(lambda arrival: isinstance(arrival, kind))

    def snapshot(self):
        found = self.until(
            lambda arrival: (
                isinstance(arrival, EventArrived) and isinstance(arrival.event, SnapshotTaken)
            )
        )
        return found.event.manifest

    def snapshot_of_a_wish(self):
        """Wait for a wish's answer and its snapshot: two threads bring them, in any order."""
        before = []

        def is_snapshot(arrival):
            before.append(arrival)
            return isinstance(arrival, EventArrived) and isinstance(arrival.event, SnapshotTaken)

        found = self.until(is_snapshot)
        if not any(isinstance(arrival, WishTaken) for arrival in before):
            self.kind(WishTaken)
        return found.event.manifest


@pytest.fixture
def read():
    readers = []

    def make(url, **options):
        readers.append(Reader(url, **options))
        return readers[-1]

    yield make
    for reader in readers:
        reader.source.close()


class Counted:
    """A WSGI app that notes the requests it passes on."""

    def __init__(self, app):
        self.app = app
        self.requests = []

    def __call__(self, environment, start_response):
        self.requests.append(f"{environment['REQUEST_METHOD']} {environment['PATH_INFO']}")
        return self.app(environment, start_response)


def test_first_sight_takes_three_requests(session, read):
    app = make_app(session)
    app.wsgi_app = counted = Counted(app.wsgi_app)
    with Server(app, on_close=session.events.close) as server:
        reader = read(server.url)
        connected = reader.kind(Connected)
        overview = reader.kind(TilesArrived)
        assert overview.is_overview
        before_events = [line for line in counted.requests if "/events" not in line]
        snapshot = connected.network.snapshot.id
        assert before_events == [
            "GET /api/v1/session",
            "GET /api/v1/networks/n1",
            f"POST /api/v1/snapshots/{snapshot}/tiles",
        ]
        reader.source.close()


def test_the_overview_covers_every_node_that_has_values_of_its_own(server, read):
    reader = read(server.url)
    network = reader.kind(Connected).network
    tiles = reader.kind(TilesArrived).tiles
    own = {
        index
        for index, node in enumerate(network.snapshot.nodes)
        if node.has_values and node.same_as is None
    }
    assert {tile.key.node for tile in tiles} == own
    assert all(max(tile.shape_hw) <= 8 for tile in tiles)


def test_tiles_hold_the_values_of_the_forward_pass(session, server, read):
    reader = read(server.url)
    connected = reader.kind(Connected)
    network, snapshot = connected.network, connected.network.snapshot
    index = network.graph.index["conv1"]
    node = network.graph.nodes[index]
    keys = tuple(TileKey(index, 0, level) for level in range(level_count(node.shape_hw)))
    reader.source.want([Tiles(snapshot.id, keys)])
    arrived = reader.until(lambda a: isinstance(a, TilesArrived) and not a.is_overview)
    exact = session.snapshot(snapshot.id).node_values(index)
    assert [tile.key for tile in arrived.tiles] == list(keys)
    np.testing.assert_allclose(arrived.tiles[0].floats(), exact, rtol=2e-3, atol=1e-4)
    halves = exact.reshape(8, 16, 2, 16, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(arrived.tiles[1].floats(), halves, rtol=2e-3, atol=1e-3)


def test_exact_values_are_exact(session, server, read):
    reader = read(server.url)
    snapshot = reader.kind(Connected).network.snapshot.id
    reader.source.fetch(Values(snapshot, "conv2", 5))
    arrived = reader.kind(ValuesArrived)
    held = session.snapshot(snapshot)
    exact = held.node_values(held.graph.index["conv2"])[5:6]
    assert np.array_equal(arrived.values, exact)


@pytest.mark.parametrize(
    ("image", "title"),
    [
        (DatasetInput(dataset="d1", item=3), "square 3"),
        (NoiseInput(seed=4), None),
        ("channel", None),
        ("file", "cat.png"),
    ],
)
def test_whatever_is_put_on_the_input_becomes_a_snapshot_of_this_client(server, read, image, title):
    reader = read(server.url)
    first = reader.kind(Connected).network.snapshot
    if image == "channel":
        image = ChannelInput(snapshot=first.id, node="conv1", channel=2)
    elif image == "file":
        buffer = io.BytesIO()
        Image.new("RGB", (20, 30), (200, 10, 10)).save(buffer, "PNG")
        image = buffer.getvalue()
    reader.source.submit(PutInput("n1", image, title="cat.png"))
    manifest = reader.snapshot_of_a_wish()
    assert manifest.client == reader.source.client
    assert manifest.generation > first.generation
    assert title is None or manifest.input.title == title
    reader.source.fetch(Overview(manifest.id))
    assert reader.kind(TilesArrived).snapshot == manifest.id


def test_two_clients_have_different_names(server, read):
    one, two = read(server.url), read(server.url)
    assert one.source.client != two.source.client
    one.source.submit(PutInput("n1", DatasetInput(dataset="d1", item=1)))
    assert one.snapshot().client == two.snapshot().client == one.source.client


def test_pictures_pages_and_facts_arrive(server, read):
    reader = read(server.url)
    snapshot = reader.kind(Connected).network.snapshot.id
    reader.source.fetch(Sheet("d1", tuple(range(64)), 32))
    assert reader.kind(PictureArrived).pixels.shape == (256, 256, 3)
    reader.source.fetch(ItemPicture("d1", 7))
    assert reader.kind(PictureArrived).pixels.shape == (40, 40, 3)
    reader.source.fetch(Weights("n1", "conv1", 2, 5))
    assert reader.kind(WeightsArrived).values.shape == (3, 8, 3, 3)
    reader.source.fetch(WeightStatistics("n1", "conv1"))
    assert reader.kind(StatisticsArrived).statistics.shape == (8, 8, 3, 3)
    reader.source.fetch(ItemPage(Listing("d1"), 140, 500))
    page = reader.kind(PageArrived).page
    assert [item.index for item in page.items] == list(range(140, 150))
    reader.source.fetch(Statistics(snapshot, "fc"))
    assert sum(reader.kind(StatisticsArrived).statistics.histogram.counts) == 5


def test_errors_come_back_as_the_class_they_were(server, read):
    reader = read(server.url)
    snapshot = reader.kind(Connected).network.snapshot.id
    reader.source.fetch(Values(snapshot, "conv9", 0))
    failed = reader.kind(RequestFailed)
    assert isinstance(failed.error, NotFoundError)
    assert "conv9" in str(failed.error)
    reader.source.submit(PutInput("n1", b"this is no image"))
    failed = reader.kind(RequestFailed)
    assert isinstance(failed.error, InputError)
    reader.source.want([Tiles(snapshot, (TileKey(999, 0, 0),))])
    assert isinstance(reader.kind(RequestFailed).request, Tiles)
    reader.source.fetch(Values(snapshot, "conv1", 0))  # and the next request works
    reader.kind(ValuesArrived)


def test_the_token_is_sent(session, read):
    with closing(serve(session, port=0, token="secret")) as server:
        lost = read(server.url).kind(ConnectionLost)
        assert isinstance(lost.error, UnauthorizedError)
        lost = read(server.url, token="wrong").kind(ConnectionLost)
        assert isinstance(lost.error, UnauthorizedError)
        read(server.url, token="secret").kind(Connected)


def test_an_unknown_network_is_named(server, read):
    lost = read(server.url, network="n7").kind(ConnectionLost)
    assert isinstance(lost.error, NotFoundError)
    assert "'n7'" in str(lost.error)


def test_a_server_that_goes_and_comes_back_is_found_again(session, read):
    server = serve(session, port=0)
    reader = read(server.url)
    first = reader.kind(Connected)
    assert first.epoch == 1
    server.close()
    lost = reader.kind(ConnectionLost)
    assert isinstance(lost.error, ServerUnreachableError)
    reader.source.submit(PutInput("n1", DatasetInput(dataset="d1", item=1)))
    assert isinstance(reader.kind(RequestFailed).error, ServerUnreachableError)
    other, _ = make_session()
    with closing(serve(other, port=server.port)):
        again = reader.kind(Connected)
        assert again.epoch == 2
        assert again.network.snapshot.id != first.network.snapshot.id
        assert reader.kind(TilesArrived).snapshot == again.network.snapshot.id
        reader.source.submit(PutInput("n1", DatasetInput(dataset="d1", item=1)))
        assert reader.snapshot().input.title == "square 1"
        reader.source.close()
    other.close()


def test_the_own_picture_is_found_again_after_a_broken_connection(session, read):
    server = serve(session, port=0)
    reader = read(server.url)
    reader.kind(TilesArrived)
    reader.source.submit(PutInput("n1", DatasetInput(dataset="d1", item=9)))
    mine = reader.snapshot()
    server.close()
    reader.kind(ConnectionLost)
    with closing(serve(session, port=server.port)):
        assert reader.kind(Connected).network.snapshot.id == mine.id
        reader.source.close()


class Stranger(http.server.BaseHTTPRequestHandler):
    """Some other web server."""

    def do_GET(self):
        self.send_response(404)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *arguments):
        pass


def test_another_kind_of_server_is_told_apart(read):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        thread = threading.Thread(target=stranger.serve_forever)
        thread.start()
        lost = read(f"http://127.0.0.1:{stranger.server_port}").kind(ConnectionLost)
        stranger.shutdown()
        thread.join()
    assert isinstance(lost.error, ProtocolError)
    assert "is this a Layerwalk server?" in str(lost.error)


def client_threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("layerwalk ")]


def test_nothing_is_left_behind(server):
    source = HttpSource(server.url)
    source.open()
    assert source.peek(PATIENCE_S) is not None
    assert client_threads()
    started = time.monotonic()
    source.close()
    assert time.monotonic() - started < 5
    assert not client_threads()
    source.close()


def test_closing_while_there_is_no_server_does_not_wait():
    source = HttpSource("http://127.0.0.1:9")
    source.open()
    assert isinstance(source.peek(PATIENCE_S), ConnectionLost)
    assert "layerwalk events" in client_threads()
    source.close()
    assert not client_threads()
