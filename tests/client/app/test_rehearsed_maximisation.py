"""A maximisation without a server: jobs, previews, results as a server would tell of them."""

import io

import numpy as np
import pytest
from PIL import Image

from layerwalk_client.source.arrivals import (
    EventArrived,
    FileArrived,
    PictureArrived,
    RecipesArrived,
    RequestFailed,
    SnapshotsArrived,
    TilesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import (
    CancelJob,
    ChannelPicture,
    Maximise,
    Overview,
    PutInput,
    Recipes,
    ResultFile,
    Snapshots,
    Tiles,
)
from layerwalk_client.source.exhibits import EXHIBITS
from layerwalk_client.source.memory import MemorySource
from layerwalk_shared.errors import GoneError, InvalidRequestError, NotFoundError
from layerwalk_shared.messages import ChannelInput, JobChanged, MaximiseRequest, SnapshotTaken
from layerwalk_shared.recipes import Objective
from layerwalk_shared.tiles import TileKey, TileType


def opened(exhibit=""):
    source = MemorySource(exhibit)
    source.open()
    source.arrivals()
    return source


def wish(source, node, *, network="synthetic", **more):
    source.submit(Maximise(network, MaximiseRequest(node=node, **more)))
    return source.arrivals()


def work(source, previews=1):
    """Return manifests and jobs that came of some previews."""
    source.work(previews)
    events = [one.event for one in source.arrivals() if isinstance(one, EventArrived)]
    manifests = [one.manifest for one in events if isinstance(one, SnapshotTaken)]
    return manifests, [one.job for one in events if isinstance(one, JobChanged)]


def test_a_job_shows_previews_and_ends_with_its_result():
    source = opened()
    taken, told = wish(source, "block1.conv1", channels=(3, 9), recipe="plain", seed=5)
    assert isinstance(taken, WishTaken)
    assert told.event.job == taken.job
    assert (taken.job.state, taken.job.node, taken.job.steps) == ("queued", "block1.conv1", 200)
    manifests, jobs = work(source, 100)
    results = [manifest.maximised for manifest in manifests]
    assert [one.is_final for one in results] == [False] * (len(results) - 1) + [True]
    assert [one.step for one in results] == sorted({one.step for one in results})
    assert results[-1].step == results[-1].steps == 200
    assert [[image.channel for image in one.images] for one in results] == [[3, 9]] * len(results)
    assert results[-1].seed == 5
    assert results[-1].images[0].activation > results[0].images[0].activation > 0
    assert results[-1].images[0].rival.channel not in (3,)
    assert len(results[-1].images[0].answers) == 3
    assert jobs[0].state == "running" and jobs[-1].state == "done"
    assert jobs[-1].snapshot == manifests[-1].id
    assert jobs[-1].partial == tuple(manifest.id for manifest in manifests[:-1])
    assert not source.work()


def test_only_the_node_itself_has_values_and_its_tiles_are_pictures():
    source = opened()
    wish(source, "block2.conv1")
    manifests, _ = work(source, 100)
    for manifest in (manifests[0], manifests[-1]):
        index = next(k for k, node in enumerate(manifest.nodes) if node.has_values)
        assert sum(node.has_values for node in manifest.nodes) == 1
        numbers = manifest.nodes[index]
        source.fetch(Overview(manifest.id))
        (arrived,) = source.arrivals()
        assert isinstance(arrived, TilesArrived) and arrived.is_overview
        assert {tile.key.node for tile in arrived.tiles} == {index}
        assert {tile.key.block for tile in arrived.tiles} == {0, 1}
        assert {tile.dtype for tile in arrived.tiles} == {TileType.RGB8}
        source.fetch(Tiles(manifest.id, (TileKey(index, 1, 0),)))
        (fine,) = source.arrivals()
        assert fine.tiles[0].values.shape == (300 - 256, *numbers.pictures[1:], 3)
    # Previews may be smaller: half the side.
    assert manifests[0].nodes[index].pictures == (300, 32, 32)
    assert manifests[-1].nodes[index].pictures == (300, 64, 64)


def test_the_picture_sharpens_from_noise():
    source = opened()
    wish(source, "fc", channels=(4,))
    manifests, _ = work(source, 100)

    def detail(snapshot):
        source.fetch(ChannelPicture(snapshot, "fc", 4))
        (arrived,) = source.arrivals()
        assert isinstance(arrived, PictureArrived)
        values = arrived.pixels.astype(float)
        return np.abs(np.diff(values, axis=0)).mean() / values.std()

    assert detail(manifests[-1].id) < 0.6 * detail(manifests[0].id)


def test_one_picture_of_a_whole_node():
    source = opened()
    wish(source, "block1.add", objective=Objective(kind="layer"))
    manifests, _ = work(source, 100)
    assert [image.channel for image in manifests[-1].maximised.images] == [None]
    source.submit(
        PutInput("synthetic", ChannelInput(snapshot=manifests[-1].id, node="block1.add", channel=0))
    )
    assert any(isinstance(one, EventArrived) for one in source.arrivals())


def test_a_unit_is_put_on_the_input_as_it_was_made():
    source = opened()
    wish(source, "stem.conv", channels=(11, 2))
    manifests, _ = work(source, 100)
    source.fetch(ChannelPicture(manifests[-1].id, "stem.conv", 2))
    (picture,) = source.arrivals()
    image = ChannelInput(snapshot=manifests[-1].id, node="stem.conv", channel=2)
    source.submit(PutInput("synthetic", image))
    shown = [
        one.event.manifest
        for one in source.arrivals()
        if isinstance(one, EventArrived) and isinstance(one.event, SnapshotTaken)
    ]
    source.fetch(ChannelPicture(shown[0].id, "input", 0))
    (given,) = source.arrivals()
    assert np.array_equal(given.pixels, picture.pixels)


def test_jobs_wait_for_each_other_and_can_be_cancelled():
    source = opened()
    first = wish(source, "fc", channels=(0,))[0].job
    second = wish(source, "fc", channels=(1,))[0].job
    manifests, _ = work(source)
    assert manifests[0].maximised.job == first.id
    source.submit(CancelJob(first.id))
    taken, told = source.arrivals()
    assert taken.job.state == told.event.job.state == "cancelled"
    manifests, _ = work(source)
    assert manifests[0].maximised.job == second.id
    source.submit(CancelJob(first.id))
    assert isinstance(source.arrivals()[0], RequestFailed)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"node": "conv9"}, NotFoundError),
        ({"node": "input"}, InvalidRequestError),
        ({"node": "fc", "channels": (10,)}, NotFoundError),
        ({"node": "fc", "recipe": "magic"}, NotFoundError),
    ],
)
def test_what_cannot_be_is_refused(request_, error):
    (failed,) = wish(opened(), **request_)
    assert isinstance(failed, RequestFailed)
    assert isinstance(failed.error, error)


def test_files_recipes_and_snapshots_can_be_asked_for():
    source = opened()
    wish(source, "fc", channels=(1, 2, 3))
    manifests, _ = work(source, 100)
    source.fetch(ResultFile(manifests[-1].id, "png"))
    source.fetch(ResultFile(manifests[-1].id, "npz"))
    source.fetch(Recipes())
    source.fetch(Snapshots("synthetic"))
    png, npz, recipes, snapshots = source.arrivals()
    assert isinstance(png, FileArrived)
    with Image.open(io.BytesIO(png.content)) as picture:
        assert picture.size == (192, 64)
    with np.load(io.BytesIO(npz.content)) as arrays:
        assert arrays["images"].shape == (3, 3, 64, 64)
    assert isinstance(recipes, RecipesArrived)
    assert recipes.recipes[0].name == "walk"
    assert isinstance(snapshots, SnapshotsArrived)
    assert [one.id for one in snapshots.manifests if one.maximised] == [m.id for m in manifests]
    source.drop([manifests[-1].id])
    source.arrivals()
    source.fetch(Overview(manifests[-1].id))
    (failed,) = source.arrivals()
    assert isinstance(failed.error, GoneError)


@pytest.mark.parametrize("exhibit", sorted(EXHIBITS))
def test_every_kind_of_input_has_its_pictures(exhibit):
    source = MemorySource(exhibit)
    source.open()
    network = source.arrivals()[0].network
    wish(source, network.graph.nodes[-1].id, network=network.id, channels=(0, 1))
    manifests, _ = work(source, 100)
    numbers = next(one for one in manifests[-1].nodes if one.has_values)
    assert numbers.shape == (2, *network.input.shape)
    source.fetch(Overview(manifests[-1].id))
    (arrived,) = source.arrivals()
    is_image = network.input.kind == "image"
    assert {tile.dtype is TileType.RGB8 for tile in arrived.tiles} == {is_image}
    assert {tile.count for tile in arrived.tiles} == {2}
