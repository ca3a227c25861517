"""Maximisations over HTTP: asked for, followed, drawn as a sheet, taken away as arrays."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from flask.testing import FlaskClient

from layerwalk.session import Session
from layerwalk.sheets import read_legend
from layerwalk_shared.messages import Job, RecipeList, SnapshotManifest
from layerwalk_shared.recipes import RECIPES
from server.small import SPEC

FEW = {"name": "few", "steps": 3, "rate": 5.0, "is_normalised": True}


def test_a_run_from_the_request_to_the_arrays(
    session: Session, web: FlaskClient, finish: Callable[[str], str]
) -> None:
    wish = {"node": "head", "channels": [2, 0], "recipe": FEW, "seed": 4}
    answer = web.post("/api/v1/networks/n1/maximise", json=wish)
    assert answer.status_code == 202
    job = Job.model_validate_json(answer.data)
    assert answer.headers["Location"] == f"/api/v1/jobs/{job.id}"
    made = finish(job.id)
    manifest = SnapshotManifest.model_validate_json(web.get(f"/api/v1/snapshots/{made}").data)
    assert manifest.maximised is not None
    with np.load(io.BytesIO(web.get(f"/api/v1/snapshots/{made}/maximised/images.npz").data)) as npz:
        assert npz["channels"].tolist() == [2, 0]
        assert npz["images"].shape == (2, *SPEC.shape)
        told = [image.activation for image in manifest.maximised.images]
        assert npz["activations"] == pytest.approx(told)
        assert json.loads(str(npz["parameters"]))["seed"] == 4
        exact = np.load(io.BytesIO(web.get(f"/api/v1/snapshots/{made}/nodes/head/values.npy").data))
        assert (npz["images"] == exact).all()
    sheet = web.get(f"/api/v1/snapshots/{made}/maximised/sheet.png")
    assert sheet.mimetype == "image/png"
    legend = read_legend(sheet.data)
    assert (legend.node, legend.channels, legend.seed) == ("head", (2, 0), 4)
    assert legend.recipe == manifest.maximised.recipe
    one = web.get(f"/api/v1/snapshots/{made}/nodes/head/channels/0.png")
    assert one.status_code == 200
    assert web.get(f"/api/v1/snapshots/{made}/nodes/head/channels/1.png").status_code == 404


def test_the_recipes_are_told_with_every_number(web: FlaskClient) -> None:
    found = RecipeList.model_validate_json(web.get("/api/v1/recipes").data)
    assert found.recipes == tuple(RECIPES.values())


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("node=head", 200, "float"),
        ("node=head&slope=0.075", 200, "float"),
        ("node=nose", 404, "nose"),
        ("node=input", 422, "input"),
        ("node=head&slope=2", 422, "slope"),
        ("", 422, "node"),
    ],
)
def test_whether_a_node_can_be_maximised_is_told_before(
    web: FlaskClient, query: str, status: int, word: str
) -> None:
    answer = web.get(f"/api/v1/networks/n1/maximise?{query}")
    assert answer.status_code == status, answer.text
    assert word in answer.text


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"{", 400, "JSON"),
        (b"{}", 422, "node"),
        (b'{"node": "head", "colour": 1}', 422, "colour"),
        (b'{"node": "nose"}', 404, "nose"),
        (b'{"node": "head", "channels": [9]}', 404, "channel 9"),
        (b'{"node": "head", "channels": []}', 422, "channels"),
        (b'{"node": "head", "recipe": "walc"}', 404, "walk"),
        (b'{"node": "head", "recipe": {"name": "x", "steps": 0, "rate": 1}}', 422, "steps"),
        (b'{"node": "head", "recipe": {"name": "x", "steps": 1e9, "rate": 1}}', 422, "steps"),
        (b'{"node": "head", "recipe": {"name": "x", "steps": 3, "rate": 1, "z": 1}}', 422, "z"),
        (b'{"node": "input"}', 422, "input"),
        (b'{"node": "head", "start": {"kind": "magic"}}', 422, "start"),
    ],
)
def test_what_cannot_be_is_told_and_the_next_request_works(
    session: Session, web: FlaskClient, body: bytes, status: int, word: str
) -> None:
    answer = web.post("/api/v1/networks/n1/maximise", data=body, content_type="application/json")
    assert answer.status_code == status, answer.data
    assert word in answer.json["detail"]
    assert session.jobs.jobs() == ()


def test_another_kind_of_body_and_another_kind_of_snapshot(
    session: Session, web: FlaskClient
) -> None:
    answer = web.post("/api/v1/networks/n1/maximise", data=b"x", content_type="text/plain")
    assert answer.status_code == 415
    run = session.describe_network("n1").snapshot
    assert run is not None
    for name in ("sheet.png", "images.npz"):
        answer = web.get(f"/api/v1/snapshots/{run.id}/maximised/{name}")
        assert answer.status_code == 422
        assert "no maximisation" in answer.json["detail"]
    assert web.post("/api/v1/networks/n9/maximise", json={"node": "head"}).status_code == 404
