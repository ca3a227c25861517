"""The app under its server, over sockets: many clients at once, waits, streams, a clean end."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn

from layerwalk.http.app import make_app
from layerwalk.http.serving import Server, bind, serve
from layerwalk.inputs.noise import noise
from layerwalk.inputs.pictures import normalise
from layerwalk.limits import Limits
from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.errors import InvalidRequestError, PortInUseError
from layerwalk_shared.messages import CLIENT_HEADER, EventBatch, NoiseInput, SnapshotTaken
from layerwalk_shared.tiles import decode
from server.small import SPEC, Small, plain_values


class Client:
    """A client of its own: one kept connection, one name."""

    def __init__(self, server: Server, name: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self._name = name

    def ask(
        self, method: str, url: str, body: object = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        if self._name:
            headers[CLIENT_HEADER] = self._name
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        self._connection.request(method, url, data, headers)
        response = self._connection.getresponse()
        return response.status, response.headers, response.read()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def connect(name: str = "") -> Client:
        made.append(Client(server, name))
        return made[-1]

    yield connect
    for client in made:
        client.close()


@pytest.mark.parametrize("clients", [2, 8])
def test_clients_at_once_each_see_their_own_input(
    connect: Callable[..., Client], model: Small, clients: int
) -> None:
    """Each puts its own noise, finds its snapshot by the events, and reads its own values."""
    rounds = 6

    def work(number: int) -> list[bool]:
        client = connect(f"client {number}")
        right = []
        after = json.loads(client.ask("GET", routes.SESSION.url())[2])["last_event"]
        for turn in range(rounds):
            seed = 1000 * number + turn
            wish = {"kind": "noise", "seed": seed}
            status, _, _ = client.ask("POST", routes.INPUT.url(network="n1"), wish)
            assert status == 202
            mine = None
            while mine is None:
                _, _, data = client.ask("GET", f"{routes.EVENTS.url()}?after={after}&wait=10")
                batch = EventBatch.model_validate_json(data)
                assert not batch.reset
                after = batch.last
                mine = next(
                    (
                        event.manifest
                        for event in batch.events
                        if isinstance(event, SnapshotTaken)
                        and event.manifest.client == f"client {number}"
                    ),
                    None,
                )
            x = normalise(noise(NoiseInput(seed=seed), SPEC.shape), SPEC)
            expected = plain_values(model, x)
            url = routes.TILES.url(snapshot=mine.id)
            _, _, body = client.ask("POST", url, {"tiles": [[1, 0, 0], [1, 1, 0]]})
            tiles = decode(body)
            values = np.concatenate([tile.values for tile in tiles])
            right.append(
                mine.input.seed == seed
                and bool((values == expected["conv"].astype(np.float16)).all())
                and {tile.generation for tile in tiles} == {mine.generation}
            )
        return right

    with ThreadPoolExecutor(clients) as pool:
        answers = [answer for one in pool.map(work, range(clients)) for answer in one]
    assert answers == [True] * (clients * rounds)


class Wide(nn.Module):
    """Enough values for an answer of several chunks."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 300, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.wide(x)


def test_a_large_body_arrives_whole_as_often_as_it_is_asked_for(
    session: Session, connect: Callable[..., Client]
) -> None:
    network = session.add_network(Wide(), torch.randn(1, 3, 120, 110))
    manifest = session.describe_network(network).snapshot
    assert manifest is not None
    values = session.snapshot(manifest.id).node_values(1)
    asked = {"tiles": [[1, block, level] for level in (0, 1) for block in (0, 1)]}
    client = connect()
    first = client.ask("POST", routes.TILES.url(snapshot=manifest.id), asked)[2]
    assert len(first) > 8 * 2**20
    tiles = decode(first)
    assert (tiles[0].values == values[:256].astype(np.float16)).all()
    assert (tiles[1].values == values[256:].astype(np.float16)).all()

    def again(_: int) -> bytes:
        return connect().ask("POST", routes.TILES.url(snapshot=manifest.id), asked)[2]

    with ThreadPoolExecutor(4) as pool:
        assert all(body == first for body in pool.map(again, range(8)))
    _, headers, body = client.ask("GET", routes.VALUES.url(snapshot=manifest.id, node="wide"))
    assert int(headers["Content-Length"]) == len(body)
    assert body.endswith(values.tobytes())


def test_a_slow_reader_gets_its_own_bytes_while_others_are_served(
    session: Session, server: Server, connect: Callable[..., Client]
) -> None:
    network = session.add_network(Wide(), torch.randn(1, 3, 120, 110))
    manifest = session.describe_network(network).snapshot
    assert manifest is not None
    url = routes.TILES.url(snapshot=manifest.id)
    asked = {"tiles": [[1, 1, 0]] * 14}
    others = {"tiles": [[1, 1, 0], [1, 1, 1]] * 14, "dtype": "int8"}
    client = connect()
    expected = client.ask("POST", url, asked)[2]
    body = json.dumps(asked).encode()
    head = (
        f"POST {url} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(head.encode() + body)
        response = http.client.HTTPResponse(slow)
        response.begin()
        for _ in range(4):
            client.ask("POST", url, others)
        assert response.read() == expected
        response.close()


def test_a_client_that_hangs_up_in_the_middle_harms_nobody(
    session: Session, server: Server, connect: Callable[..., Client]
) -> None:
    network = session.add_network(Wide(), torch.randn(1, 3, 120, 110))
    manifest = session.describe_network(network).snapshot
    assert manifest is not None
    body = b'{"tiles": [[1, 0, 0], [1, 1, 0]]}'
    head = (
        f"POST {routes.TILES.url(snapshot=manifest.id)} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(head.encode() + body)
            raw.recv(1000)
    assert connect().ask("GET", routes.SESSION.url())[0] == 200


def test_those_who_wait_do_not_starve_the_others(no_thread_left: None, model: Small) -> None:
    with Session(limits=Limits(event_waiters=3)) as session:
        session.add_network(model, input_spec=SPEC)
        last = session.events.last
        url = f"{routes.EVENTS.url()}?after={last}&wait=20"
        with serve(session) as server, ThreadPoolExecutor(30) as pool:
            waits = [pool.submit(ask_once, server, url) for _ in range(30)]
            early = list(islice(as_completed(waits, timeout=20), 27))
            assert all(wait.result()[1]["Retry-After"] == "1" for wait in early)
            assert ask_once(server, routes.SESSION.url())[0] == 200
            session.put("n1", NoiseInput())
            answers = [EventBatch.model_validate_json(wait.result()[2]) for wait in waits]
    told = [answer for answer in answers if answer.events]
    assert len(told) == 3
    assert all(answer.last == last for answer in answers if not answer.events)


def ask_once(server: Server, url: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    with closing(Client(server)) as client:
        return client.ask("GET", url)


def test_a_stream_tells_events_as_they_come_and_goes_on_from_an_id(
    session: Session, server: Server
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Accept": "text/event-stream"}
    connection.request("GET", f"{routes.EVENTS.url()}?wait=20", headers=headers)
    response = connection.getresponse()
    assert response.headers["Content-Type"].startswith("text/event-stream")
    text = _until(response, b"event: snapshot-taken")
    assert b"id: 1\nevent: network-added\ndata: {" in text
    session.put("n1", NoiseInput(), client="me")
    text = _until(response, b'"state":"done"')
    assert b"id: 3\nevent: job-changed" in text
    connection.close()
    again = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    again.request(
        "GET", f"{routes.EVENTS.url()}?wait=20", headers={**headers, "Last-Event-ID": "3"}
    )
    text = _until(again.getresponse(), b'"state":"done"')
    assert b"id: 3\n" not in text
    assert b"id: 4\n" in text
    again.close()
    far = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    far.request("GET", f"{routes.EVENTS.url()}?after=99&wait=20", headers=headers)
    assert b"event: reset" in far.getresponse().read()
    far.close()
    bad = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    bad.request("GET", routes.EVENTS.url(), headers={**headers, "Last-Event-ID": "-3"})
    assert bad.getresponse().status == 422
    bad.close()


def _until(response: http.client.HTTPResponse, mark: bytes) -> bytes:
    text = b""
    while mark not in text:
        line = response.readline()
        assert line, text
        text += line
    return text


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: odd\r\n\r\n", 501),
    ],
)
def test_what_the_server_itself_refuses_is_a_problem_too(
    server: Server, connect: Callable[..., Client], request_bytes: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(request_bytes)
        response = http.client.HTTPResponse(raw)
        response.begin()
        content = json.loads(response.read())
        assert response.status == status
        assert response.headers["Content-Type"] == "application/problem+json"
        assert content["status"] == status
        response.close()
    assert connect().ask("GET", routes.SESSION.url())[0] == 200


def test_a_body_over_the_limit_is_answered_and_not_cut_off(
    session: Session, no_thread_left: None
) -> None:
    url = routes.INPUT.url(network="n1")
    server = serve(session, limits=Limits(body_bytes=100_000))
    with server, closing(Client(server)) as client:
        status, _, body = client.ask("POST", url, bytes(300_000), **{"Content-Type": "image/png"})
        assert status == 413
        assert "limit of 100000 bytes" in json.loads(body)["detail"]
        assert client.ask("POST", url, {"kind": "noise"})[0] == 202


def test_a_port_in_use_gets_a_sentence_that_names_the_way_out(
    session: Session, server: Server
) -> None:
    with pytest.raises(PortInUseError, match=f"port {server.port} on 127.0.0.1 is taken.*--port"):
        serve(session, port=server.port)


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70_000), ("127.0.0.1", -1), ("192.0.2.1", 0)]
)
def test_an_address_that_cannot_be_had_gets_a_sentence(
    session: Session, host: str, port: int
) -> None:
    with pytest.raises(InvalidRequestError, match=f"{port}"):
        Server(make_app(session), host=host, port=port)


def test_closing_frees_the_port_and_lets_go_who_waits(session: Session) -> None:
    server = serve(session)
    port = server.port
    answers: list[int] = []
    url = f"{routes.EVENTS.url()}?after={session.events.last}&wait=30"
    waiting = threading.Thread(target=lambda: answers.append(ask_once(server, url)[0]))
    waiting.start()
    while not _is_waiting(session):
        threading.Event().wait(0.01)
    server.close()
    server.close()
    waiting.join(10)
    assert answers == [200]
    with socket.create_server(("127.0.0.1", port)):
        pass


def _is_waiting(session: Session) -> bool:
    return bool(session.events._changed._waiters)


def test_a_server_that_never_started_leaves_nothing(session: Session) -> None:
    server = bind(session)
    port = server.port
    server.close()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_ipv6_loopback_is_served(session: Session) -> None:
    try:
        server = serve(session, host="::1")
    except InvalidRequestError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    try:
        assert server.url == f"http://[::1]:{server.port}"
        connection = http.client.HTTPConnection("::1", server.port, timeout=30)
        connection.request("GET", routes.SESSION.url())
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        server.close()
