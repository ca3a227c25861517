"""Bad requests: each gets its status and one sentence in one shape, and the next request works."""

from __future__ import annotations

import re
import struct
import threading
import zlib
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from layerwalk.http.app import make_app
from layerwalk.limits import Limits
from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.errors import PROBLEM_MEDIA_TYPE, error_from_problem
from layerwalk_shared.messages import MAX_TILES_PER_REQUEST
from server.small import CLASSES, SPEC, Pictures, make_small

INPUT = routes.INPUT.url(network="n1")
JSON = "application/json"


def npy(array: np.ndarray, **options: object) -> bytes:
    stream = BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def bomb() -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


NAN = np.zeros(SPEC.shape, np.float32)
NAN[0, 3, 3] = np.nan

GETS = [
    ("/nothing", 404, "no route '/nothing'"),
    ("/api/v1/sesion", 404, "nearest: '/api/v1/session'"),
    ("/api/v1/networks/n9", 404, r"network 'n9' does not exist \(there are: n1\)"),
    ("/api/v1/networks/%00", 404, "does not exist"),
    ("/api/v1/networks/-1", 404, "does not exist"),
    ("/api/v1/networks/n9/snapshots", 404, "n9"),
    ("/api/v1/networks/n1/nodes/relu/weights.npy", 404, "'relu' .* has no weights"),
    ("/api/v1/networks/n1/nodes/con/weights/stats", 404, "nearest: 'conv'"),
    ("/api/v1/networks/n1/nodes/conv/weights/kernels.png?offset=300", 404, "filter 300"),
    ("/api/v1/networks/n1/nodes/conv/weights/kernels.png?limit=0", 422, "'limit'.*came: '0'"),
    ("/api/v1/networks/n1/nodes/conv/weights/kernels.png?size=512&limit=300", 413, "at most 4096"),
    ("/api/v1/snapshots/s99", 404, "s99"),
    ("/api/v1/snapshots/{s}x", 404, "does not exist in this session"),
    ("/api/v1/snapshots/../session", 404, ""),
    ("/api/v1/snapshots/{s}/tiles/conv/2/0", 404, "block 2 of 2"),
    ("/api/v1/snapshots/{s}/tiles/conv/-1/0", 404, "no route"),
    ("/api/v1/snapshots/{s}/tiles/conv/0/4", 404, "no level 4; 10 x 7 has levels 0 to 3"),
    ("/api/v1/snapshots/{s}/tiles/conv/0/-1", 404, "no route"),
    ("/api/v1/snapshots/{s}/tiles/cnv/0/0", 404, "nearest: 'conv'"),
    ("/api/v1/snapshots/{s}/tiles/conv/0/0?dtype=float64", 422, "'dtype'.*came: 'float64'"),
    ("/api/v1/snapshots/{s}/tiles/conv/0/99999999999999999999", 404, "no level"),
    ("/api/v1/snapshots/{s}/nodes/nope/values.npy", 404, "'nope' is not in the graph"),
    ("/api/v1/snapshots/{s}/nodes/conv/values.npy?channels=300", 404, "channel 300"),
    ("/api/v1/snapshots/{s}/nodes/conv/values.npy?channels=5:4", 422, "slice within 300"),
    ("/api/v1/snapshots/{s}/nodes/conv/values.npy?channels=5:301", 422, "slice within 300"),
    ("/api/v1/snapshots/{s}/nodes/conv/values.npy?channels=-1", 422, "'channels'"),
    ("/api/v1/snapshots/{s}/nodes/conv/channels/300.png", 404, "channel 300"),
    ("/api/v1/snapshots/{s}/nodes/conv/channels/-1.png", 404, "no route"),
    ("/api/v1/snapshots/{s}/nodes/conv/channels/0.png?colormap=jet", 422, "colour table 'jet'"),
    ("/api/v1/snapshots/{s}/nodes/conv/channels/0.png?range=wide", 422, "'range'"),
    ("/api/v1/snapshots/{s}/nodes/conv/channels/0.png?size=5000", 422, "'size'"),
    ("/api/v1/snapshots/{s}/nodes/conv/channels/0.png?manual=nan", 422, "'manual'"),
    ("/api/v1/snapshots/{s}/nodes/conv/stats?bins=0", 422, "'bins'"),
    ("/api/v1/snapshots/{s}/nodes/conv/stats?bin=3", 422, "'bin' is unknown.*nearest: 'bins'"),
    ("/api/v1/snapshots/{s}/nodes/conv/stats?bins=3&bins=4", 422, "stands 2 times"),
    ("/api/v1/session?verbose=1", 422, "'verbose' is unknown .there are none here"),
    ("/api/v1/jobs/j1", 404, "'j1' does not exist"),
    ("/api/v1/jobs/x", 404, "'x' does not exist"),
    ("/api/v1/events?after=-1", 422, "'after'"),
    ("/api/v1/events?after=x", 422, "came: 'x'"),
    ("/api/v1/events?wait=inf", 422, "'wait'"),
    ("/api/v1/datasets/d2/items", 404, "data set 'd2'"),
    ("/api/v1/datasets/d1/items?limit=5000", 422, "at most 1000"),
    ("/api/v1/datasets/d1/items/3.png", 404, r"item 3 .*\(0 to 2\)"),
    ("/api/v1/datasets/d1/items/2.png", 422, "the file is cut short"),
    ("/api/v1/datasets/d1/sheet.png?side=9999", 422, "'side'"),
    ("/api/v1/datasets/d1/sheet.png?offset=3", 404, "no item from 3 on"),
]

POSTS = [
    ("image/png", b"this is no image", 422, "not an image: begins with b'this is '"),
    ("image/jpeg", b"", 422, "not an image: is empty"),
    ("image/png", bomb(), 413, "100000 x 100000 pixels: a side has at most 8192"),
    ("application/octet-stream", b"GIF89a", 422, "not an image"),
    ("application/x-npy", npy(NAN), 422, "1 of 210 values NaN or infinite"),
    ("application/x-npy", npy(NAN[:, :, :3]), 422, r"\[3, 10, 3\].*takes \[3, 10, 7\]"),
    ("application/x-npy", npy(np.array([{}], object), allow_pickle=True), 422, "unpickle"),
    ("application/x-npy", b"nonsense", 422, "not an NPY file"),
    ("text/plain", b"hello", 415, "content type 'text/plain', expected image/png"),
    ("", b"hello", 415, "no content type"),
    ("multipart/form-data; boundary=x", b"--x--", 415, "multipart/form-data"),
    (JSON, b"{", 400, "the body is not JSON"),
    (JSON, b"", 400, "the body is not JSON"),
    (JSON, b"\xff\xfe", 400, "the body is not JSON"),
    (JSON, b"[]", 422, "field"),
    (JSON, b'{"kind": "film"}', 422, "film"),
    (JSON, b'{"kind": "noise", "seed": -1}', 422, "seed.*came: -1"),
    (JSON, b'{"kind": "noise", "amplitude": 1e999}', 422, "amplitude"),
    (JSON, b'{"kind": "noise", "colour": 1}', 422, "colour"),
    (JSON, b'{"kind": "dataset", "dataset": "d9", "item": 0}', 404, "data set 'd9'"),
    (JSON, b'{"kind": "dataset", "dataset": "d1", "item": 9}', 404, "item 9"),
    (JSON, b'{"kind": "dataset", "dataset": "d1", "item": 2}', 422, "cut short"),
    (JSON, b'{"kind": "dataset", "dataset": "d1", "item": -1}', 422, "item"),
    (JSON, b'{"kind": "channel", "snapshot": "s9", "node": "conv"}', 404, "s9"),
    (JSON, b'{"kind": "channel", "snapshot": "{s}", "node": "conf"}', 404, "nearest: 'conv'"),
    (JSON, b'{"kind": "channel", "snapshot": "{s}", "node": "conv", "channel": 300}', 404,
     "channel 300"),
]  # fmt: skip

TILES = [
    ("", JSON, b'{"tiles": [[1, -1, 0]]}', 422, "tiles.0.1.*came: -1"),
    ("", JSON, b'{"tiles": [[1, 2, 0]]}', 404, "block 2 of 2"),
    ("", JSON, b'{"tiles": [[1, 0, 0], [99, 0, 0]]}', 404, "node index 99"),
    ("", JSON, b'{"tiles": [[1, 0, 4]]}', 404, "no level 4"),
    ("", JSON, b'{"tiles": [[1, 0]]}', 422, "tiles.0"),
    ("", JSON, b'{"tiles": [[1, 0, 0.5]]}', 422, "tiles.0.2"),
    ("", JSON, b"{}", 422, "tiles"),
    ("", JSON, b'{"tiles": [' + b"[1,0,0]," * MAX_TILES_PER_REQUEST + b"[1,0,0]]}", 422, "4096"),
    ("", "text/plain", b"{}", 415, "or .overview=8"),
    ("?overview=0", "", b"", 422, "'overview'"),
    ("?overview=8&side=3", "", b"", 422, "'side' is unknown"),
    ("?overview=8", JSON, b'{"tiles": []}', 422, "not both"),
    ("?dtype=int8", JSON, b'{"tiles": [], "dtype": "float16"}', 422, "int8 in the query"),
]


def check(web: FlaskClient, response: TestResponse, status: int, sentence: str) -> None:
    """The answer is a problem of one shape, and the next request works."""
    assert response.status_code == status, response.text
    assert response.mimetype == PROBLEM_MEDIA_TYPE
    content = response.json
    assert set(content) == {"type", "title", "status", "detail", "code"}
    assert content["status"] == status
    assert content["type"] == "urn:layerwalk:problem:" + content["code"]
    assert re.search(sentence, content["detail"]), content["detail"]
    assert error_from_problem(content).code == content["code"]
    assert web.get(routes.SESSION.url()).status_code == 200


@pytest.fixture(scope="module")
def steady() -> Iterator[Session]:
    """One session for all the tables: nothing in them may harm it."""
    with Session() as made:
        made.add_dataset(Pictures())
        made.add_network(make_small(), name="small", classes=CLASSES, input_spec=SPEC)
        yield made


@pytest.fixture
def door(steady: Session) -> FlaskClient:
    return make_app(steady).test_client()


@pytest.fixture
def asked(steady: Session) -> str:
    """The snapshot that the tables speak of: the first one."""
    return steady.snapshots("n1")[0].id


@pytest.fixture
def snapshot(session: Session) -> str:
    return session.snapshots("n1")[0].id


@pytest.mark.parametrize(("url", "status", "sentence"), GETS)
def test_a_bad_get(door: FlaskClient, asked: str, url: str, status: int, sentence: str) -> None:
    check(door, door.get(url.replace("{s}", asked)), status, sentence)


@pytest.mark.parametrize(("content_type", "data", "status", "sentence"), POSTS)
def test_a_bad_input(
    door: FlaskClient, asked: str, *, content_type: str, data: bytes, status: int, sentence: str
) -> None:
    data = data.replace(b"{s}", asked.encode())
    response = door.post(INPUT, data=data, content_type=content_type or None)
    check(door, response, status, sentence)
    good = door.post(INPUT, json={"kind": "noise"})
    assert good.status_code == 202


@pytest.mark.parametrize(("query", "content_type", "data", "status", "sentence"), TILES)
def test_a_bad_wish_for_tiles(
    door: FlaskClient, asked: str, *, query: str, content_type: str, data: bytes, status: int,
    sentence: str,
) -> None:  # fmt: skip
    url = routes.TILES.url(snapshot=asked)
    response = door.post(url + query, data=data, content_type=content_type or None)
    check(door, response, status, sentence)
    good = door.post(url, json={"tiles": [[1, 0, 0]]})
    assert good.status_code == 200


@pytest.mark.parametrize(
    ("method", "url", "allowed"),
    [
        ("POST", routes.SESSION.url(), "GET"),
        ("PUT", INPUT, "POST"),
        ("DELETE", routes.JOBS.url(), "GET"),
        ("PATCH", routes.JOB.url(job="j1"), "DELETE"),
    ],
)
def test_another_method(door: FlaskClient, method: str, url: str, allowed: str) -> None:
    response = door.open(url, method=method)
    check(door, response, 405, f"{method} is not allowed .*allowed: .*{allowed}")
    assert allowed in response.headers["Allow"]


def test_a_body_over_the_limit(session: Session) -> None:
    web = make_app(session, limits=Limits(body_bytes=1000)).test_client()
    response = web.post(INPUT, data=bytes(1001), content_type="image/png")
    check(web, response, 413, "1001 bytes is over the limit of 1000 bytes")
    response = web.post(INPUT, data=bytes(1000), content_type="image/png")
    check(web, response, 422, "not an image")


def test_a_long_client_name(web: FlaskClient) -> None:
    response = web.post(INPUT, json={"kind": "noise"}, headers={"Layerwalk-Client": "x" * 129})
    check(web, response, 422, "129 characters")


def test_a_fault_of_our_own_is_a_problem_too(
    web: FlaskClient, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    session.datasets = None  # type: ignore[method-assign, assignment]
    response = web.get(routes.DATASETS.url())
    assert response.status_code == 500
    assert response.mimetype == PROBLEM_MEDIA_TYPE
    assert response.json["code"] == "internal"
    assert "TypeError" in response.json["detail"]
    assert "Traceback" in caplog.text
    del session.datasets
    assert web.get(routes.DATASETS.url()).status_code == 200


def test_a_snapshot_that_went_is_gone(web: FlaskClient, session: Session, snapshot: str) -> None:
    session.gallery._shelf._snapshots.clear()
    for url in (
        routes.SNAPSHOT.url(snapshot=snapshot),
        routes.TILE.url(snapshot=snapshot, node="conv", block=0, level=0),
        routes.VALUES.url(snapshot=snapshot, node="conv"),
    ):
        check(web, web.get(url), 410, "was dropped")
    check(web, web.post(routes.TILES.url(snapshot=snapshot) + "?overview=8"), 410, "was dropped")


def test_a_full_queue_is_busy_and_says_when_to_come_again(session: Session) -> None:
    release = threading.Event()
    web = make_app(session).test_client()
    blocker = threading.Thread(target=lambda: session.jobs.call(lambda: release.wait(10)))
    blocker.start()
    try:
        answers = [web.post(INPUT, json={"kind": "noise"}) for _ in range(40)]
    finally:
        release.set()
        blocker.join()
    busy = [answer for answer in answers if answer.status_code == 503]
    assert len(busy) >= 7
    assert busy[0].headers["Retry-After"] == "1"
    check(web, busy[0], 503, "32 jobs wait already")
