"""The session: every input its own snapshot, values as a plain forward gives them, nothing left."""

from __future__ import annotations

import copy
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwalk.inputs.noise import noise
from layerwalk.inputs.pictures import normalise
from layerwalk.limits import Limits
from layerwalk.session import Session
from layerwalk.snapshots import Snapshot
from layerwalk_shared.errors import (
    ClosedError,
    GoneError,
    InputError,
    InvalidRequestError,
    NotFoundError,
)
from layerwalk_shared.messages import (
    ChannelInput,
    DatasetInput,
    InputSpec,
    JobChanged,
    NetworkAdded,
    NoiseInput,
    SnapshotsDropped,
    SnapshotTaken,
)
from server.small import CLASSES, SPEC, Breaks, Pictures, Small, make_small, plain_values

Finish = Callable[[str], str]


def settled(session: Session, job_id: str) -> Snapshot:
    """Return the snapshot of a job, waiting for it by its events."""
    after = 0
    while session.jobs.job(job_id).state in ("queued", "running"):
        after = session.events.after(after, wait_s=10).last
    return session.snapshot(str(session.jobs.job(job_id).snapshot))


def test_the_first_snapshot_is_there_and_holds_what_a_plain_forward_gives(
    session: Session, model: Small
) -> None:
    manifest = session.describe_network("n1").snapshot
    assert manifest is not None
    snapshot = session.snapshot(manifest.id)
    x = normalise(noise(NoiseInput(), SPEC.shape), SPEC)
    assert (snapshot.node_values(0) == x).all()
    expected = plain_values(model, x)
    for name in ("conv", "relu", "head"):
        found = snapshot.node_values(snapshot.graph.index[name])
        assert (found == expected[name]).all(), name
    assert manifest.input.kind == "noise"
    best = int(expected[""].argmax())
    assert manifest.top[0].name == CLASSES[best]
    assert manifest.top[0].logit == pytest.approx(float(expected[""].max()))


def test_each_input_makes_a_snapshot_of_its_own_for_its_client(
    session: Session, model: Small, finish: Finish
) -> None:
    jobs = [
        session.put("n1", NoiseInput(seed=seed), client=client)
        for seed, client in ((1, "a"), (2, "b"), (3, None), (1, "b"))
    ]
    ids = [finish(job.id) for job in jobs]
    assert len(set(ids)) == 4
    for snapshot_id, seed, client in zip(ids, (1, 2, 3, 1), ("a", "b", None, "b"), strict=True):
        snapshot = session.snapshot(snapshot_id)
        x = normalise(noise(NoiseInput(seed=seed), SPEC.shape), SPEC)
        assert snapshot.manifest.client == client
        assert snapshot.manifest.input.seed == seed
        expected = plain_values(model, x)["head"]
        assert (snapshot.node_values(snapshot.graph.index["head"]) == expected).all()
    shared = session.describe_network("n1").snapshot
    assert shared is not None
    assert shared.id == ids[2]
    assert [one.id for one in session.snapshots("n1")][1:] == ids


def test_a_data_set_item_and_a_channel_are_put_on_the_input(
    session: Session, finish: Finish
) -> None:
    taken = session.snapshot(finish(session.put("n1", DatasetInput(dataset="d1", item=0)).id))
    reference = taken.manifest.input
    assert (reference.title, reference.label, reference.item) == ("picture 0", "cup", 0)
    again = session.put("n1", ChannelInput(snapshot=taken.id, node="input"))
    copied = session.snapshot(finish(again.id))
    np.testing.assert_allclose(copied.node_values(0), taken.node_values(0), atol=0.021)
    grey = session.put("n1", ChannelInput(snapshot=taken.id, node="conv", channel=299))
    values = session.snapshot(finish(grey.id)).node_values(0)
    channel = taken.node_values(taken.graph.index["conv"])[299]
    units = (channel - channel.min()) / (channel.max() - channel.min())
    expected = normalise(np.broadcast_to(units, (3, 10, 7)).astype(np.float32), SPEC)
    np.testing.assert_allclose(values, expected, atol=0.011)


def test_the_overview_is_made_before_anyone_asks(session: Session, finish: Finish) -> None:
    for snapshot_id in (session.snapshots("n1")[0].id, finish(session.put("n1", NoiseInput()).id)):
        before = session.tiles.kept_bytes
        body = session.tiles.overview(session.snapshot(snapshot_id), 8, dtype="float16")
        assert 0 < body.size <= before
        assert session.tiles.kept_bytes == before


def test_events_tell_everything_in_order(session: Session, finish: Finish) -> None:
    job = session.put("n1", NoiseInput(seed=4), client="me")
    snapshot_id = finish(job.id)
    events = session.events.after(0).events
    assert isinstance(events[0], NetworkAdded)
    assert isinstance(events[1], SnapshotTaken)
    mine = events[2:]
    states = [event.job.state for event in mine if isinstance(event, JobChanged)]
    assert states == ["queued", "running", "done"]
    taken = [event for event in mine if isinstance(event, SnapshotTaken)]
    assert [event.manifest.id for event in taken] == [snapshot_id]
    assert mine.index(taken[0]) < len(mine) - 1
    assert session.describe().last_event == events[-1].number


def test_memory_is_bounded_and_what_went_is_gone(model: Small, no_thread_left: None) -> None:
    with Session(limits=Limits(snapshot_bytes=1)) as session:
        session.add_network(model, input_spec=SPEC)
        first = session.describe_network("n1").snapshot
        assert first is not None
        jobs = (session.put("n1", NoiseInput(seed=seed), client="me") for seed in range(3))
        ids = [settled(session, job.id).id for job in jobs]
        assert [one.id for one in session.snapshots("n1")] == [first.id, ids[2]]
        with pytest.raises(GoneError):
            session.snapshot(ids[0])
        dropped = [
            event.snapshots
            for event in session.events.after(0).events
            if isinstance(event, SnapshotsDropped)
        ]
        assert dropped == [(ids[0],), (ids[1],)]


def test_a_model_that_raises_is_served_up_to_there(no_thread_left: None) -> None:
    with Session() as session:
        session.add_network(Breaks(), torch.zeros(1, 3, 6, 6))
        described = session.describe_network("n1")
        assert described.error is not None
        assert "no further" in described.error
        assert described.snapshot is not None
        assert described.snapshot.error is not None
        assert "no further" in described.snapshot.error
        ids = [node.id for node in described.graph.nodes]
        assert ids[:2] == ["input", "conv"]
        assert described.snapshot.nodes[1].has_values
        session.add_network(make_small(), input_spec=SPEC)
        assert session.describe_network("n2").error is None


class Switches(nn.Module):
    """Takes another way where the input is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.dark, self.light = nn.ReLU(), nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.light(x) if float(x.mean()) > 0.5 else self.dark(x)


def test_another_way_through_the_model_says_so(no_thread_left: None) -> None:
    with Session() as session:
        session.add_network(Switches(), torch.zeros(1, 3, 4, 4))
        job = session.put("n1", NoiseInput(noise="constant", amplitude=1))
        manifest = settled(session, job.id).manifest
        assert manifest.error is not None
        assert "another way" in manifest.error


def test_the_users_model_is_neither_changed_nor_run(model: Small, no_thread_left: None) -> None:
    model.train()
    before = copy.deepcopy(model.state_dict())
    runs: list[object] = []
    model.conv.register_forward_pre_hook(lambda module, _: runs.append(module))
    with Session() as session:
        session.add_network(model, input_spec=SPEC)
    assert model.training
    assert runs
    assert model.conv not in runs
    assert not any(module._forward_hooks for module in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


class Tokens(nn.Module):
    """Ids, a number and a tensor by name; the ids are the input that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)

    def forward(self, *, ids: Tensor, scale: float, shift: Tensor) -> Tensor:
        return self.embed(ids) * scale + shift


def test_tokens_and_several_inputs_are_taken(no_thread_left: None) -> None:
    model = Tokens()
    example = {
        "scale": 2.0,
        "ids": torch.zeros(1, 6, dtype=torch.long),
        "shift": torch.ones(1, 6, 8),
    }
    with Session() as session:
        session.add_network(model, example)
        stream = BytesIO()
        ids = np.array([1, 2, 3, 4, 5, 49])
        np.save(stream, ids)
        job = session.put_file("n1", stream.getvalue(), media_type="application/x-npy")
        found = settled(session, job.id)
        assert found.node_values(found.graph.index["ids"]).tolist() == ids.tolist()
        expected = model.embed.weight.detach().numpy()[ids] * 2 + 1
        assert (found.node_values(len(found.graph.nodes) - 1) == expected).all()


def test_what_cannot_be_added_is_refused_and_the_session_goes_on(
    session: Session, model: Small
) -> None:
    with pytest.raises(InputError, match="example input or an input_spec"):
        session.add_network(model)
    with pytest.raises(InputError, match=r"\[3, 9, 9\], input_spec \[3, 10, 7\]"):
        session.add_network(model, torch.zeros(1, 3, 9, 9), input_spec=SPEC)
    with pytest.raises(InvalidRequestError, match="detail"):
        session.add_network(model, input_spec=SPEC, detail="all")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="data set 'd9'"):
        session.add_network(model, input_spec=SPEC, first=DatasetInput(dataset="d9", item=0))
    assert len(session.describe().networks) == 1
    second = session.add_network(
        model, input_spec=SPEC, first=DatasetInput(dataset="d1", item=1), name="second"
    )
    described = session.describe_network(second)
    assert described.snapshot is not None
    assert described.snapshot.input.title == "picture 1"


def test_a_vector_network_takes_arrays_and_noise(no_thread_left: None) -> None:
    with Session() as session:
        session.add_network(nn.Linear(5, 3), input_spec=InputSpec(kind="vector", shape=(5,)))
        manifest = session.describe_network("n1").snapshot
        assert manifest is not None
        assert len(manifest.top) == 3
        with pytest.raises(InputError, match="not pictures"):
            session.put_file("n1", b"\x89PNG\r\n\x1a\n", media_type="image/png")


def test_a_closed_session_refuses_work_and_closes_twice(no_thread_left: None) -> None:
    session = Session()
    session.add_dataset(Pictures())
    session.close()
    session.close()
    with pytest.raises(ClosedError):
        session.add_network(make_small(), input_spec=SPEC)
