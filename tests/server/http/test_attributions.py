"""Attributions over HTTP: asked for, followed, taken away as maps and as arrays."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient

import layerwalk
from layerwalk.session import Session
from layerwalk_shared.contributions import decode
from layerwalk_shared.messages import Job, NetworkDescription, SnapshotManifest
from server.small import Small


def _network(web: FlaskClient) -> NetworkDescription:
    return NetworkDescription.model_validate_json(web.get("/api/v1/networks/n1").data)


def _ask(web: FlaskClient, finish: Callable[[str], str], **wish: object) -> SnapshotManifest:
    answer = web.post("/api/v1/networks/n1/attribute", json=wish)
    assert answer.status_code == 202, answer.data
    job = Job.model_validate_json(answer.data)
    assert job.kind == "attribute"
    assert answer.headers["Location"] == f"/api/v1/jobs/{job.id}"
    made = finish(job.id)
    return SnapshotManifest.model_validate_json(web.get(f"/api/v1/snapshots/{made}").data)


def _values(web: FlaskClient, snapshot: str, node: str) -> np.ndarray:
    data = web.get(f"/api/v1/snapshots/{snapshot}/nodes/{node}/values.npy").data
    return np.load(io.BytesIO(data))


def test_a_signal_is_a_snapshot_with_maps_and_arrays(
    web: FlaskClient, finish: Callable[[str], str], model: Small
) -> None:
    first = _network(web).snapshot
    assert first is not None
    job = web.post(
        "/api/v1/networks/n1/input",
        json={"kind": "noise", "noise": "uniform", "seed": 3, "amplitude": 0.4},
        headers={"Layerwalk-Client": "me"},
    ).json
    explained = finish(job["id"])
    made = _ask(web, finish, unit=2, snapshot=explained)
    told = made.attributed
    assert told is not None
    assert (told.node, told.unit, told.name, told.snapshot) == ("head", 2, "pagoda", explained)
    assert not made.is_run
    x = _values(web, explained, "input")
    expected = layerwalk.attribute(model, _batch(x), "head", 2)
    assert told.value == pytest.approx(expected.value, rel=1e-4)
    for node in ("input", "conv", "relu"):
        np.testing.assert_allclose(
            _values(web, made.id, node), expected.maps[node], rtol=1e-3, atol=1e-6
        )
    found = decode(web.get(f"/api/v1/snapshots/{made.id}/contributions.npz").data)
    graph = _network(web).graph
    assert found.reached.all()
    for index, node in enumerate(graph.nodes):
        assert len(found.of(index)) == node.channels
        np.testing.assert_allclose(
            found.of(index), expected.channels[node.id], rtol=1e-3, atol=1e-5
        )
    for edge, flow in zip(graph.edges, found.edges.tolist(), strict=True):
        assert flow == pytest.approx(expected.edges[edge.source, edge.target], rel=1e-3, abs=1e-5)
    # The newest run is what it was: an attribution is none.
    after = _network(web).snapshot
    assert after is not None
    assert after.id == first.id
    assert web.post(f"/api/v1/snapshots/{made.id}/tiles?overview=8").status_code == 200
    picture = web.get(f"/api/v1/snapshots/{made.id}/nodes/input/channels/0.png")
    assert picture.status_code == 200


def _batch(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(x.copy())[None]


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("gradcam", {"layer": "conv"}),
        ("gradient-x-input", {}),
        ("integrated-gradients", {"steps": 5}),
        ("occlusion", {"window": 4, "stride": 3}),
    ],
)
def test_a_map_of_the_input(
    web: FlaskClient, finish: Callable[[str], str], method: str, more: dict[str, object]
) -> None:
    made = _ask(web, finish, node="head", unit=1, method=method, **more)
    told = made.attributed
    assert told is not None
    assert told.method == method
    assert told.argument == "input"
    assert _values(web, made.id, "input").shape == (1, 10, 7)
    assert web.get(f"/api/v1/snapshots/{made.id}/contributions.npz").status_code == 422


@pytest.mark.parametrize(
    ("wish", "status", "word"),
    [
        ({"node": "nose"}, 404, "nose"),
        ({"node": "head", "unit": 9}, 404, "channel 9"),
        ({"node": "input"}, 422, "input"),
        ({"method": "magic"}, 422, "method"),
        ({"snapshot": "s99-x"}, 404, "s99"),
        ({"method": "gradcam", "layer": "head"}, 422, "no maps"),
        ({"position": [3], "node": "head", "unit": 0}, 422, "position"),
        ({"method": "integrated-gradients", "steps": 0}, 422, "steps"),
        ({"argument": "ear", "method": "occlusion"}, 422, "ear"),
    ],
)
def test_what_cannot_be_is_told_at_once(
    session: Session, web: FlaskClient, wish: dict[str, object], status: int, word: str
) -> None:
    answer = web.post("/api/v1/networks/n1/attribute", json=wish)
    assert answer.status_code == status, answer.data
    assert word in answer.json["detail"]
    assert session.jobs.jobs() == ()


def test_an_attribution_is_not_explained_again(
    web: FlaskClient, finish: Callable[[str], str]
) -> None:
    made = _ask(web, finish, method="gradient-x-input")
    answer = web.post("/api/v1/networks/n1/attribute", json={"snapshot": made.id})
    assert answer.status_code == 422
    assert "no run" in answer.json["detail"]


def test_it_is_cancelled_between_two_steps(session: Session, web: FlaskClient) -> None:
    wish = {"method": "integrated-gradients", "steps": 4096}
    job = Job.model_validate_json(web.post("/api/v1/networks/n1/attribute", json=wish).data)
    web.delete(f"/api/v1/jobs/{job.id}")
    ended = session.jobs.wait(job.id, 30)
    assert ended.state == "cancelled"
    assert session.describe_network("n1").snapshot is not None


def test_the_network_tells_the_receptive_field_of_each_node(web: FlaskClient) -> None:
    found = _network(web)
    assert len(found.receptive) == len(found.graph.nodes)
    conv = found.receptive[found.graph.index["conv"]]
    assert conv is not None
    assert (conv.size_hw, conv.stride_hw, conv.start_hw) == ((3, 3), (1, 1), (-1, -1))
    assert found.receptive[found.graph.index["head"]] is None
