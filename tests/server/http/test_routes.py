"""Every route's happy path, against values that were had in another way."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from layerwalk.inputs.noise import noise
from layerwalk.inputs.pictures import normalise
from layerwalk.session import Session
from layerwalk_shared import routes
from layerwalk_shared.colours import paint
from layerwalk_shared.links import parse_link
from layerwalk_shared.messages import (
    CLIENT_HEADER,
    DatasetList,
    DatasetPage,
    EventBatch,
    Job,
    JobList,
    NetworkDescription,
    NoiseInput,
    SessionDescription,
    SnapshotList,
    SnapshotManifest,
    ValueStatistics,
)
from layerwalk_shared.tiles import MEDIA_TYPE, TileType, decode
from server.small import CLASSES, MEAN, SPEC, STD, Pictures, Small, plain_values

Finish = Callable[[str], str]


@pytest.fixture
def shown(session: Session) -> SnapshotManifest:
    manifest = session.describe_network("n1").snapshot
    assert manifest is not None
    return manifest


@pytest.fixture
def expected(model: Small) -> dict[str, np.ndarray]:
    return plain_values(model, normalise(noise(NoiseInput(), SPEC.shape), SPEC))


def image(response: TestResponse) -> np.ndarray:
    assert response.status_code == 200, response.text
    assert response.mimetype == "image/png"
    return np.asarray(Image.open(BytesIO(response.data)))


def npy(response: TestResponse) -> np.ndarray:
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/x-npy"
    return np.load(BytesIO(response.data), allow_pickle=False)


def test_health_home_and_docs(web: FlaskClient) -> None:
    assert web.get(routes.HEALTH.url()).text == "ok\n"
    home = web.get(routes.HOME.url())
    assert "small" in home.text
    assert "three pictures" in home.text
    assert "layerwalk view http://localhost" in home.text
    link = re.search(r'href="(layerwalk:[^"]*)"', home.text)
    assert parse_link(html.unescape(link[1])).url == "http://localhost:80"
    docs = web.get(routes.DOCS.url())
    assert routes.OPENAPI.url() in docs.text
    for page in (home, docs):
        assert page.mimetype == "text/html"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "https://" not in page.text
        assert "//cdn" not in page.text


def test_the_session_is_one_cut(web: FlaskClient, session: Session) -> None:
    found = SessionDescription.model_validate_json(web.get(routes.SESSION.url()).data)
    assert found == session.describe()
    assert [(one.id, one.name, one.classes) for one in found.networks] == [("n1", "small", 4)]
    assert [(one.id, one.count) for one in found.datasets] == [("d1", 3)]
    assert found.last_event == 2


def test_a_network_is_told_whole(web: FlaskClient, shown: SnapshotManifest) -> None:
    found = NetworkDescription.model_validate_json(web.get(routes.NETWORK.url(network="n1")).data)
    assert found.input == SPEC
    assert found.classes == CLASSES
    assert found.snapshot == shown
    assert "conv" in found.graph.index
    total = 300 * 28 + 300 * 2 + 4 * 300 * 70 + 4
    assert found.parameters == total


def test_snapshots_are_listed_and_told(
    web: FlaskClient, shown: SnapshotManifest, finish: Finish
) -> None:
    job = Job.model_validate_json(
        web.post(routes.INPUT.url(network="n1"), json={"kind": "noise", "seed": 3}).data
    )
    second = finish(job.id)
    listed = SnapshotList.model_validate_json(web.get(routes.SNAPSHOTS.url(network="n1")).data)
    assert [one.id for one in listed.snapshots] == [shown.id, second]
    told = web.get(routes.SNAPSHOT.url(snapshot=shown.id))
    assert SnapshotManifest.model_validate_json(told.data) == shown
    assert "immutable" in told.headers["Cache-Control"]


def test_an_input_is_accepted_with_a_job_that_names_its_snapshot(
    web: FlaskClient, finish: Finish
) -> None:
    response = web.post(
        routes.INPUT.url(network="n1"),
        json={"kind": "dataset", "dataset": "d1", "item": 1},
        headers={CLIENT_HEADER: "my client"},
    )
    assert response.status_code == 202
    job = Job.model_validate_json(response.data)
    assert response.headers["Location"] == routes.JOB.url(job=job.id)
    snapshot = finish(job.id)
    after = Job.model_validate_json(web.get(routes.JOB.url(job=job.id)).data)
    assert (after.state, after.snapshot, after.client) == ("done", snapshot, "my client")
    jobs = JobList.model_validate_json(web.get(routes.JOBS.url()).data)
    assert jobs.jobs == (after,)
    cancelled = web.delete(routes.JOB.url(job=job.id))
    assert Job.model_validate_json(cancelled.data) == after
    manifest = SnapshotManifest.model_validate_json(
        web.get(routes.SNAPSHOT.url(snapshot=snapshot)).data
    )
    assert manifest.client == "my client"
    assert manifest.input.label == "face"


@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream"])
def test_an_image_file_is_fitted_and_normalised(
    web: FlaskClient, session: Session, finish: Finish, content_type: str
) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (10, 7, 3), dtype=np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    response = web.post(
        routes.INPUT.url(network="n1") + "?title=my%20cat",
        data=stream.getvalue(),
        content_type=content_type,
    )
    assert response.status_code == 202, response.text
    taken = session.snapshot(finish(response.json["id"]))
    wanted = ((pixels / 255 - np.array(MEAN)) / np.array(STD)).transpose(2, 0, 1)
    np.testing.assert_allclose(taken.node_values(0), wanted, atol=1e-6)
    assert (taken.manifest.input.kind, taken.manifest.input.title) == ("image", "my cat")
    picture = image(web.get(routes.CHANNEL.url(snapshot=taken.id, node="input", channel=0)))
    assert (picture == pixels).all()


@pytest.mark.parametrize("content_type", ["application/x-npy", "application/octet-stream"])
def test_an_array_is_taken_as_it_is(
    web: FlaskClient, session: Session, model: Small, finish: Finish, content_type: str
) -> None:
    values = np.random.default_rng(6).normal(size=SPEC.shape).astype(np.float32)
    stream = BytesIO()
    np.save(stream, values[None])
    response = web.post(
        routes.INPUT.url(network="n1"), data=stream.getvalue(), content_type=content_type
    )
    taken = session.snapshot(finish(response.json["id"]))
    assert (taken.node_values(0) == values).all()
    head = web.get(routes.VALUES.url(snapshot=taken.id, node="head"))
    assert (npy(head) == plain_values(model, values)["head"]).all()


def test_values_are_exact_and_a_slice_is_a_slice(
    web: FlaskClient, shown: SnapshotManifest, expected: dict[str, np.ndarray]
) -> None:
    url = routes.VALUES.url(snapshot=shown.id, node="conv")
    whole = npy(web.get(url))
    assert whole.dtype == np.float32
    assert (whole == expected["conv"]).all()
    assert (npy(web.get(url + "?channels=255:300")) == whole[255:300]).all()
    assert (npy(web.get(url + "?channels=298:")) == whole[298:]).all()
    assert (npy(web.get(url + "?channels=7")) == whole[7:8]).all()
    assert (npy(web.get(routes.VALUES.url(snapshot=shown.id, node="head"))) == expected[""]).all()


def test_one_tile_is_the_mean_of_its_block(
    web: FlaskClient, shown: SnapshotManifest, expected: dict[str, np.ndarray]
) -> None:
    url = routes.TILE.url(snapshot=shown.id, node="conv", block=1, level=1)
    response = web.get(url)
    assert response.mimetype == MEDIA_TYPE
    (tile,) = decode(response.data)
    assert tile.dtype is TileType.FLOAT16
    assert tile.key.node == 1
    assert (tile.first_channel, tile.count, tile.shape_hw) == (256, 44, (5, 3))
    conv = expected["conv"][256:].astype(np.float64)
    rows = conv.reshape(44, 5, 2, 7).mean(2)
    thirds = np.array([[3, 3, 1, 0, 0, 0, 0], [0, 0, 2, 3, 2, 0, 0], [0, 0, 0, 0, 1, 3, 3]]) / 7
    np.testing.assert_allclose(tile.floats(), rows @ thirds.T, atol=2e-3)
    np.testing.assert_array_equal(tile.scales, np.abs(expected["conv"][256:]).max((1, 2)))
    (small,) = decode(web.get(url + "?dtype=int8").data)
    assert small.dtype is TileType.INT8
    np.testing.assert_allclose(
        small.floats(), rows @ thirds.T, atol=float(small.scales.max()) / 250
    )


def test_many_tiles_come_in_order(web: FlaskClient, shown: SnapshotManifest) -> None:
    asked = [[2, 0, 0], [1, 1, 3], [1, 0, 2], [0, 0, 0]]
    response = web.post(routes.TILES.url(snapshot=shown.id), json={"tiles": asked, "dtype": "int8"})
    tiles = decode(response.data)
    assert [[tile.key.node, tile.key.block, tile.key.level] for tile in tiles] == asked
    assert [tile.dtype for tile in tiles] == [TileType.INT8] * 3 + [TileType.RGB8]
    assert response.headers["Content-Length"] == str(len(response.data))
    assert decode(web.post(routes.TILES.url(snapshot=shown.id), json={"tiles": []}).data) == []


def test_the_overview_needs_no_body(web: FlaskClient, shown: SnapshotManifest) -> None:
    url = routes.TILES.url(snapshot=shown.id)
    tiles = decode(web.post(url + "?overview=4").data)
    for tile in tiles:
        assert max(tile.shape_hw) <= 4
    nodes = {tile.key.node for tile in tiles}
    with_values = {
        index for index, node in enumerate(shown.nodes) if node.has_values and node.same_as is None
    }
    assert nodes == with_values
    channels = {index: shown.nodes[index].pictures[0] for index in nodes}
    for index, count in channels.items():
        assert sum(tile.count for tile in tiles if tile.key.node == index) == count


def test_storage_follows_who_asks(web: FlaskClient, shown: SnapshotManifest) -> None:
    url = routes.TILE.url(snapshot=shown.id, node="conv", block=0, level=0)
    far = {"REMOTE_ADDR": "192.0.2.7"}
    assert decode(web.get(url).data)[0].dtype is TileType.FLOAT16
    assert decode(web.get(url, environ_base=far).data)[0].dtype is TileType.INT8
    asked = web.get(url + "?dtype=float16", environ_base=far)
    assert decode(asked.data)[0].dtype is TileType.FLOAT16


def test_a_channel_is_painted_and_enlarged(
    web: FlaskClient, shown: SnapshotManifest, expected: dict[str, np.ndarray]
) -> None:
    url = routes.CHANNEL.url(snapshot=shown.id, node="conv", channel=299)
    values = expected["conv"]
    plain = image(web.get(url))
    assert (plain == paint(values[299] / np.abs(values).max(), "coolblack")).all()
    own = image(web.get(url + "?range=channel&colormap=blue-orange&size=20"))
    painted = paint(values[299] / np.abs(values[299]).max(), "blue-orange")
    assert (own == painted.repeat(2, 0).repeat(2, 1)).all()


def test_statistics_of_values_and_weights(
    web: FlaskClient, shown: SnapshotManifest, model: Small, expected: dict[str, np.ndarray]
) -> None:
    found = ValueStatistics.model_validate_json(
        web.get(routes.STATS.url(snapshot=shown.id, node="conv") + "?bins=9").data
    )
    assert found.minimum == float(expected["conv"].min())
    assert sum(found.histogram.counts) == 300 * 70
    assert len(found.histogram.counts) == 9
    np.testing.assert_allclose(found.channels.mean, expected["conv"].mean((1, 2)), atol=1e-6)
    weight = model.conv.weight.detach().numpy()
    stats = ValueStatistics.model_validate_json(
        web.get(routes.WEIGHT_STATS.url(network="n1", node="conv")).data
    )
    assert stats.shape == weight.shape
    assert stats.maximum == float(weight.max())
    assert len(stats.histogram.counts) == 64


def test_weights_and_kernels(web: FlaskClient, model: Small) -> None:
    weight = model.conv.weight.detach().numpy()
    assert (npy(web.get(routes.WEIGHTS.url(network="n1", node="conv"))) == weight).all()
    url = routes.KERNELS.url(network="n1", node="conv") + "?limit=4&size=3"
    sheet = image(web.get(url))
    assert sheet.shape == (9, 9, 3)
    kernel = weight[1] / np.abs(weight[1]).max()
    colours = np.rint((kernel.transpose(1, 2, 0) * 0.5 + 0.5) * 255)
    assert np.abs(sheet[1:4, 5:8] - colours).max() <= 1


def test_data_sets_pages_items_and_sheets(web: FlaskClient) -> None:
    images = Pictures().images
    sets = DatasetList.model_validate_json(web.get(routes.DATASETS.url()).data)
    assert sets.datasets[0].classes == ("cup", "face")
    page = web.get(routes.ITEMS.url(dataset="d1") + "?offset=1&limit=1")
    found = DatasetPage.model_validate_json(page.data)
    assert (found.offset, found.total) == (1, 3)
    assert [(one.index, one.name, one.label) for one in found.items] == [(1, "picture 1", "face")]
    for index, picture in enumerate(images):
        url = routes.ITEM.url(dataset="d1", item=index)
        assert (image(web.get(url)) == picture).all()
    assert image(web.get(routes.ITEM.url(dataset="d1", item=0) + "?size=10")).shape == (10, 7, 3)
    sheet = image(web.get(routes.SHEET.url(dataset="d1") + "?limit=3&side=16"))
    assert sheet.shape == (32, 32, 3)
    assert (sheet[16:, :16] == (0xFF, 0x6B, 0x6B)).all()


def test_a_job_can_be_waited_for(web: FlaskClient, session: Session) -> None:
    release = threading.Event()
    blocker = threading.Thread(target=lambda: session.jobs.call(lambda: release.wait(10)))
    blocker.start()
    job = web.post(routes.INPUT.url(network="n1"), json={"kind": "noise"}).json["id"]
    url = routes.JOB.url(job=job)
    assert web.get(f"{url}?wait=0.01").json["state"] == "queued"
    release.set()
    blocker.join()
    done = Job.model_validate_json(web.get(f"{url}?wait=20").data)
    assert done.state == "done"
    assert done.snapshot is not None


def test_events_are_told(web: FlaskClient, session: Session) -> None:
    batch = EventBatch.model_validate_json(web.get(routes.EVENTS.url() + "?after=1").data)
    assert [event.kind for event in batch.events] == ["snapshot-taken"]
    assert batch.last == session.events.last


def test_answers_that_never_change_are_confirmed_without_being_made_again(
    web: FlaskClient, shown: SnapshotManifest
) -> None:
    urls = [
        routes.SNAPSHOT.url(snapshot=shown.id),
        routes.VALUES.url(snapshot=shown.id, node="conv"),
        routes.STATS.url(snapshot=shown.id, node="conv"),
        routes.CHANNEL.url(snapshot=shown.id, node="conv", channel=0),
        routes.TILE.url(snapshot=shown.id, node="conv", block=0, level=0),
        routes.SHEET.url(dataset="d1"),
        routes.ITEM.url(dataset="d1", item=0),
    ]
    tags = set()
    for url in urls:
        first = web.get(url)
        tag = first.headers["ETag"]
        tags.add(tag)
        again = web.get(url, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b""), url
        assert again.headers["ETag"] == tag
        other = web.get(url, headers={"If-None-Match": '"other"'})
        assert other.data == first.data
    assert len(tags) == len(urls)
    tile = routes.TILE.url(snapshot=shown.id, node="conv", block=0, level=0)
    tag = web.get(tile).headers["ETag"]
    far = web.get(tile, headers={"If-None-Match": tag}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert far.status_code == 200


def test_head_answers_as_get_without_a_body(web: FlaskClient, shown: SnapshotManifest) -> None:
    for url in (
        routes.SESSION.url(),
        routes.TILE.url(snapshot=shown.id, node="conv", block=0, level=0),
        routes.VALUES.url(snapshot=shown.id, node="conv"),
    ):
        head, get = web.head(url), web.get(url)
        assert head.status_code == 200
        assert head.data == b""
        assert head.headers["Content-Length"] == str(len(get.data))
        assert head.mimetype == get.mimetype


def test_tiles_are_compressed_only_for_who_asks(web: FlaskClient, shown: SnapshotManifest) -> None:
    zstandard = pytest.importorskip("zstandard")
    url = routes.TILE.url(snapshot=shown.id, node="conv", block=0, level=0)
    plain = web.get(url)
    assert "Content-Encoding" not in plain.headers
    packed = web.get(url, headers={"Accept-Encoding": "gzip, zstd"})
    assert packed.headers["Content-Encoding"] == "zstd"
    assert zstandard.ZstdDecompressor().decompress(packed.data) == plain.data
    refused = web.get(url, headers={"Accept-Encoding": "zstd;q=0"})
    assert "Content-Encoding" not in refused.headers
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
