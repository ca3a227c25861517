"""Maximisations as jobs: they grow before one's eyes, let others in, end, and lose nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwalk.limits import Limits
from layerwalk.maximisation.truncated import TruncatedNetwork
from layerwalk.results import ResultCache
from layerwalk.session import Session
from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import (
    GoneError,
    InputError,
    InvalidRequestError,
    NotFoundError,
    StorageError,
    TooLargeError,
)
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetInput,
    InputSpec,
    InputStart,
    Job,
    Maximised,
    MaximiseRequest,
    NoiseInput,
    SnapshotTaken,
)
from layerwalk_shared.recipes import ConstantStart, Objective, Recipe
from layerwalk_shared.tiles import TileKey, TileType, decode
from server.small import CLASSES, SPEC, Pictures, Small, make_small, plain_values

FEW = Recipe(name="few", steps=6, rate=5.0, is_normalised=True)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResultCache]:
    with ResultCache(tmp_path / "results") as made:
        yield made


@pytest.fixture
def studio(no_thread_left: None, cache: ResultCache) -> Iterator[Session]:
    """A session on the small network, with a cache."""
    with Session(cache=cache) as made:
        made.add_dataset(Pictures())
        made.add_network(make_small(), name="small", classes=CLASSES, input_spec=SPEC)
        yield made


def ended(session: Session, job: Job) -> Job:
    found = session.jobs.wait(job.id, 60)
    assert found.state in ("done", "failed", "cancelled")
    return found


def made(session: Session, request: MaximiseRequest) -> tuple[Job, Snapshot, Maximised]:
    job = ended(session, session.studio.submit("n1", request))
    assert job.state == "done", job.problem
    snapshot = session.snapshot(str(job.snapshot))
    assert snapshot.manifest.maximised is not None
    return job, snapshot, snapshot.manifest.maximised


def test_the_end_holds_exact_inputs_that_excite_their_units(studio: Session) -> None:
    request = MaximiseRequest(node="relu", channels=(7, 250), recipe=FEW)
    job, snapshot, told = made(studio, request)
    place = snapshot.graph.index["relu"]
    images = snapshot.node_values(place)
    assert images.shape == (2, *SPEC.shape)
    assert (job.node, job.step, job.steps, job.progress) == ("relu", 6, 6, 1.0)
    assert [image.channel for image in told.images] == [7, 250]
    assert told.is_final
    assert told.recipe == FEW
    for image, picture in zip(told.images, images, strict=True):
        means = plain_values(make_small(), np.array(picture))["relu"].mean((1, 2))
        assert image.activation == pytest.approx(float(means[image.channel]), rel=1e-4)
        means[image.channel] = -np.inf
        assert image.rival is not None
        assert image.rival.channel == int(means.argmax())
        assert image.rival.activation == pytest.approx(float(means.max()), rel=1e-4)
        assert image.answers[0].name in CLASSES
        assert len(image.answers) == 3


def test_its_pictures_are_tiles_in_colour_one_for_each_unit(studio: Session) -> None:
    _, snapshot, _ = made(studio, MaximiseRequest(node="conv", channels=(299, 3, 4), recipe=FEW))
    place = snapshot.graph.index["conv"]
    assert snapshot.pictures(place) == (3, 10, 7)
    body = studio.tiles.body(snapshot, [TileKey(place, 0, 0)], dtype="float16")
    (tile,) = decode(body)
    assert tile.dtype is TileType.RGB8
    assert tile.values.shape == (3, 10, 7, 3)
    with pytest.raises(NotFoundError, match="has no values"):
        snapshot.node_values(0)


def test_previews_come_with_the_first_step_and_are_told_as_they_come(studio: Session) -> None:
    before = studio.events.last
    job, snapshot, _ = made(studio, MaximiseRequest(node="conv", channels=(1,), recipe=FEW))
    events = studio.events.after(before).events
    shown = [
        event.manifest
        for event in events
        if isinstance(event, SnapshotTaken) and event.manifest.maximised is not None
    ]
    steps = [one.maximised.step for one in shown if one.maximised is not None]
    assert steps[0] == 1
    assert steps == sorted(steps)
    assert tuple(one.id for one in shown) == (*job.partial, snapshot.id)
    assert [bool(one.maximised and one.maximised.is_final) for one in shown] == [
        *[False] * len(job.partial),
        True,
    ]


def test_what_people_see_first_stays_a_run_of_the_network(studio: Session) -> None:
    first = studio.describe_network("n1").snapshot
    made(studio, MaximiseRequest(node="conv", channels=(1,), recipe=FEW))
    assert studio.describe_network("n1").snapshot == first


def test_a_result_dropped_on_the_input_reaches_what_was_told_value_by_value(
    studio: Session,
) -> None:
    _, snapshot, told = made(studio, MaximiseRequest(node="relu", channels=(9, 40), recipe=FEW))
    wish = ChannelInput(snapshot=snapshot.id, node="relu", channel=40)
    seen = studio.snapshot(str(ended(studio, studio.put("n1", wish)).snapshot))
    place = seen.graph.index["relu"]
    assert (seen.node_values(0) == snapshot.node_values(place)[1]).all()
    assert float(seen.node_values(place)[40].mean()) == pytest.approx(
        told.images[1].activation, rel=1e-4
    )
    with pytest.raises(NotFoundError, match=r"channel 41 .* was not maximised"):
        studio.put("n1", ChannelInput(snapshot=snapshot.id, node="relu", channel=41))


def test_a_former_result_and_an_item_are_starts(studio: Session) -> None:
    _, first, _ = made(studio, MaximiseRequest(node="relu", channels=(9,), recipe=FEW))
    still = FEW.model_copy(update={"rate": 1e-6, "steps": 1})
    start = InputStart(input=ChannelInput(snapshot=first.id, node="relu", channel=9))
    _, second, told = made(
        studio, MaximiseRequest(node="relu", channels=(3,), recipe=still, start=start)
    )
    place = first.graph.index["relu"]
    assert np.abs(second.node_values(place)[0] - first.node_values(place)[0]).max() < 1e-5
    assert told.start == "relu channel 9, few"
    item = InputStart(input=DatasetInput(dataset="d1", item=0))
    _, third, _ = made(
        studio, MaximiseRequest(node="relu", channels=(3,), recipe=still, start=item)
    )
    shown = studio.put("n1", DatasetInput(dataset="d1", item=0))
    seen = studio.snapshot(str(ended(studio, shown).snapshot))
    assert np.abs(third.node_values(place)[0] - seen.node_values(0)).max() < 1e-5


def test_the_cache_spares_what_was_made_and_misses_any_change(studio: Session) -> None:
    request = MaximiseRequest(node="relu", channels=(2, 5), recipe=FEW)
    _, first, told = made(studio, request)
    wider = request.model_copy(update={"channels": (5, 6, 2)})
    _, second, again = made(studio, wider)
    place = first.graph.index["relu"]
    assert [image.is_cached for image in again.images] == [True, False, True]
    assert (second.node_values(place)[2] == first.node_values(place)[0]).all()
    assert again.images[0].activation == told.images[1].activation
    for change in (
        {"seed": 1},
        {"recipe": FEW.model_copy(update={"rate": 5.5})},
        {"start": ConstantStart(value=0.2)},
        {"objective": Objective(penalty=0.5)},
        {"uses_cache": False},
    ):
        _, _, other = made(studio, request.model_copy(update=change))
        assert not any(image.is_cached for image in other.images), change
    renamed = FEW.model_copy(update={"name": "other"})
    _, _, same = made(studio, request.model_copy(update={"recipe": renamed}))
    assert all(image.is_cached for image in same.images)


def test_another_weight_is_a_miss(cache: ResultCache) -> None:
    request = MaximiseRequest(node="relu", channels=(2,), recipe=FEW)
    found: list[bool] = []
    for bias in (0.0, 0.0, 0.125):
        model = make_small()
        with torch.no_grad():
            model.head.bias[0] += bias
        with Session(cache=cache) as session:
            session.add_network(model, classes=CLASSES, input_spec=SPEC)
            _, _, told = made(session, request)
            found.append(told.images[0].is_cached)
    assert found == [False, True, False]


class Stops(nn.Module):
    """Lets a test into the middle of a step."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.gate: tuple[threading.Event, threading.Event] | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.gate is not None and x.requires_grad:
            reached, may_go = self.gate
            reached.set()
            assert may_go.wait(30)
        return self.conv(x).relu()

    def __deepcopy__(self, memo: dict[int, object]) -> Stops:
        other = Stops()
        other.load_state_dict(self.state_dict())
        other.gate = self.gate
        return other


def gated() -> tuple[Session, threading.Event, threading.Event]:
    """Return a session whose network waits in every step, and its gate."""
    model = Stops().eval()
    model.gate = (threading.Event(), threading.Event())
    session = Session()
    session.add_network(model, input_spec=InputSpec(kind="image", shape=(3, 8, 8)))
    return session, *model.gate


def test_a_forward_pass_waits_for_one_step_at_most_and_cancel_for_the_rest_of_one(
    no_thread_left: None,
) -> None:
    session, reached, may_go = gated()
    with session:
        may_go.set()
        long = FEW.model_copy(update={"steps": 5000})
        job = session.studio.submit("n1", MaximiseRequest(node="conv", recipe=long))
        while session.jobs.job(job.id).step is None:
            session.events.after(session.events.last, wait_s=0.05)
        may_go.clear()
        reached.clear()
        assert reached.wait(30)  # in the middle of a step
        forward = session.put("n1", NoiseInput(seed=1))
        assert session.jobs.job(forward.id).state == "queued"
        may_go.set()
        assert session.jobs.wait(forward.id, 30).state == "done"
        assert session.jobs.job(job.id).state == "running"
        session.jobs.cancel(job.id)
        assert ended(session, job).state == "cancelled"
        assert session.put("n1", NoiseInput(seed=2)).state == "queued"


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        ({"node": "cnov"}, NotFoundError, "nearest: 'conv'"),
        ({"node": "conv", "channels": (300,)}, NotFoundError, r"channel 300 .*0 to 299"),
        ({"node": "conv", "recipe": "wlak"}, NotFoundError, "nearest: 'walk'"),
        ({"node": "input"}, InvalidRequestError, "is an input"),
        (
            {"node": "conv", "channels": (1,), "objective": Objective(kind="layer")},
            InvalidRequestError,
            "takes no channels",
        ),
        (
            {"node": "conv", "objective": Objective(kind="neuron", position=(10, 0))},
            InvalidRequestError,
            r"position \[10, 0\]",
        ),
        (
            {"node": "conv", "objective": Objective(kind="direction", direction=(1.0, 2.0))},
            InvalidRequestError,
            "300 channels",
        ),
        (
            {"node": "conv", "start": InputStart(input=DatasetInput(dataset="d9", item=0))},
            NotFoundError,
            "d9",
        ),
    ],
)
def test_what_cannot_be_is_said_before_the_job_begins(
    session: Session, wrong: dict[str, object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        session.studio.submit("n1", MaximiseRequest.model_validate({"recipe": FEW} | wrong))
    assert session.jobs.jobs() == ()


class Blocked(nn.Module):
    """Its second part passes no gradient back."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.second = nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).round().detach())


def test_a_node_without_a_gradient_is_refused_before_the_job() -> None:
    with Session() as session:
        session.add_network(Blocked(), input_spec=InputSpec(kind="image", shape=(3, 8, 8)))
        with pytest.raises(InvalidRequestError, match="'second' passes no gradient back"):
            session.studio.submit("n1", MaximiseRequest(node="second"))
        with pytest.raises(InvalidRequestError, match="'second' passes no gradient back"):
            session.studio.prepare("n1", MaximiseRequest(node="second", channels=(0,)))
        assert session.jobs.jobs() == ()
        assert (
            ended(
                session, session.studio.submit("n1", MaximiseRequest(node="first", recipe=FEW))
            ).state
            == "done"
        )


def test_what_was_made_ready_is_what_the_run_climbs(
    studio: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_ready = []
    own = TruncatedNetwork.__init__

    def counted(self: TruncatedNetwork, *args: object, **kwargs: object) -> None:
        made_ready.append(kwargs["nodes"])
        own(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(TruncatedNetwork, "__init__", counted)
    climb = studio.studio.prepare("n1", MaximiseRequest(node="head", channels=(0,), recipe=FEW))
    assert climb.node == "head"
    assert climb.units == len(CLASSES)
    assert 1 <= climb.batch <= 32
    made(studio, MaximiseRequest(node="head", channels=(1, 2), recipe=FEW))
    assert len(made_ready) == 1


def test_tokens_cannot_be_climbed() -> None:
    with Session() as session:
        session.add_network(
            nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2)), torch.zeros(1, 5, dtype=torch.long)
        )
        with pytest.raises(InvalidRequestError, match="whole numbers"):
            session.studio.submit("n1", MaximiseRequest(node="1"))


def test_a_start_of_another_shape_is_refused() -> None:
    with Session() as session:
        session.add_network(make_small(), classes=CLASSES, input_spec=SPEC)
        session.add_network(nn.Linear(6, 3), torch.zeros(1, 6))
        _, snapshot, _ = made(session, MaximiseRequest(node="head", channels=(1,), recipe=FEW))
        start = InputStart(input=ChannelInput(snapshot=snapshot.id, node="head", channel=1))
        node = session.network("n2").graph.nodes[-1].id
        with pytest.raises(InputError, match="vector"):
            session.studio.submit("n2", MaximiseRequest(node=node, start=start))


def test_a_dead_unit_is_named_and_the_others_finish(cache: ResultCache) -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU())
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([1.0, -1e6, 1.0]))
    with Session(cache=cache) as session:
        session.add_network(model, input_spec=InputSpec(kind="image", shape=(3, 8, 8)))
        job, _, told = made(session, MaximiseRequest(node="1", recipe=FEW))
        assert job.notes == ("channel 1: never active: 0 over 6 steps and 4 starts",)
        assert [image.note is not None for image in told.images] == [False, True, False]
        assert told.images[0].activation > 0


def test_a_vector_network_shows_its_inputs_as_maps_and_takes_them_back() -> None:
    with Session() as session:
        session.add_network(
            nn.Sequential(nn.Linear(7, 5), nn.ReLU(), nn.Linear(5, 3)), torch.zeros(1, 7)
        )
        _, snapshot, told = made(session, MaximiseRequest(node="2", recipe=FEW))
        place = snapshot.graph.index["2"]
        assert snapshot.pictures(place) == (3, 3, 3)  # 7 values in 3 x 3 cells
        wish = ChannelInput(snapshot=snapshot.id, node="2", channel=1)
        seen = session.snapshot(str(ended(session, session.put("n1", wish)).snapshot))
        assert (seen.node_values(0) == snapshot.node_values(place)[1].reshape(-1)[:7]).all()
        assert float(seen.node_values(seen.graph.index["2"])[1]) == pytest.approx(
            told.images[1].activation, rel=1e-4
        )


def test_a_whole_node_is_one_picture(studio: Session) -> None:
    request = MaximiseRequest(node="conv", recipe=FEW, objective=Objective(kind="layer"))
    _, snapshot, told = made(studio, request)
    assert [image.channel for image in told.images] == [None]
    values = plain_values(
        make_small(), np.array(snapshot.node_values(snapshot.graph.index["conv"])[0])
    )["conv"]
    assert told.images[0].activation == pytest.approx(float((values**2).mean()), rel=1e-4)


def test_more_images_than_memory_is_given_are_refused() -> None:
    with Session(limits=Limits(snapshot_bytes=4 * 210 * 20)) as session:
        session.add_network(make_small(), classes=CLASSES, input_spec=SPEC)
        with pytest.raises(TooLargeError, match="300 images"):
            session.studio.submit("n1", MaximiseRequest(node="conv"))


class FullDisk(ResultCache):
    """A cache whose disk takes nothing more."""

    def put(self, key: object, result: object) -> None:
        raise StorageError("no space left on device")


def test_a_full_disk_costs_nothing_but_the_cache(tmp_path: Path) -> None:
    with FullDisk(tmp_path) as cache, Session(cache=cache) as session:
        session.add_network(make_small(), classes=CLASSES, input_spec=SPEC)
        job, _, told = made(session, MaximiseRequest(node="conv", channels=(1, 2), recipe=FEW))
        assert job.notes == ("not kept in the cache: no space left on device",)
        assert told.is_final


def test_a_network_that_was_traced_again_since_is_gone(studio: Session) -> None:
    job_id: list[str] = []

    def ask_and_trace() -> None:
        job_id.append(
            studio.studio.submit("n1", MaximiseRequest(node="conv", channels=(1,), recipe=FEW)).id
        )
        studio.trace_again("n1", "for the test")

    studio.jobs.call(ask_and_trace)
    job = studio.jobs.wait(job_id[0], 30)
    assert job.state == "failed"
    assert job.problem is not None
    assert job.problem["code"] == GoneError.code


def test_the_users_model_and_the_random_numbers_stay(studio: Session) -> None:
    model = Small()
    with Session() as session:
        session.add_network(model, classes=CLASSES, input_spec=SPEC)
        before = {key: value.clone() for key, value in model.state_dict().items()}
        twin = session.network("n1").twin
        weights = {key: value.clone() for key, value in twin.state_dict().items()}
        state = torch.get_rng_state()
        made(session, MaximiseRequest(node="relu", channels=(1, 2), recipe="walk"))
        assert torch.equal(torch.get_rng_state(), state)
        for key, value in model.state_dict().items():
            assert torch.equal(value, before[key])
        for key, value in twin.state_dict().items():
            assert torch.equal(value, weights[key])
