"""Edits of a twin's weights: what they do, that they can be taken back, and never the user's own."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient
from torch import Tensor, nn

import layerwalk
from layerwalk.edits import Edits
from layerwalk.results import ResultCache
from layerwalk.session import Session
from layerwalk_shared.errors import InputError, InvalidRequestError, NotFoundError
from layerwalk_shared.messages import (
    MaximiseRequest,
    NetworkDescription,
    ScaleChannels,
    ScaleInputs,
    SetKernel,
    SnapshotTaken,
    WeightsChanged,
)
from layerwalk_shared.recipes import Recipe
from server.small import CLASSES, SPEC, Small, make_small

GROUPED = nn.Conv2d(4, 6, 3, groups=2)
TURNED = nn.ConvTranspose2d(4, 6, 3, groups=2)


def _spread(module: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return module(x)


@pytest.mark.parametrize("module", [nn.Conv2d(4, 6, 3), GROUPED, TURNED, nn.Linear(4, 6)])
def test_a_silenced_channel_is_zero_and_the_others_are_as_before(module: nn.Module) -> None:
    twin = nn.Sequential(copy.deepcopy(module)).requires_grad_(False)
    x = torch.randn(1, 4) if isinstance(module, nn.Linear) else torch.randn(1, 4, 7, 7)
    before = _spread(twin, x)
    edits = Edits(twin)
    edits.put("0", [ScaleChannels(channels=(1, 4))], node="0")
    after = _spread(twin, x)
    assert not after[:, [1, 4]].any()
    kept = [0, 2, 3, 5]
    torch.testing.assert_close(after[:, kept], before[:, kept])
    edits.put("0", [ScaleChannels(channels=(2,), factor=3.0)], node="0")
    torch.testing.assert_close(_spread(twin, x)[:, 2], before[:, 2] * 3)
    torch.testing.assert_close(_spread(twin, x)[:, 1], before[:, 1])
    edits.drop()
    assert torch.equal(_spread(twin, x), before)
    assert edits.paths == ()


@pytest.mark.parametrize("module", [nn.Conv2d(4, 6, 3), GROUPED, TURNED, nn.Linear(4, 6)])
def test_a_silenced_input_channel_counts_no_more(module: nn.Module) -> None:
    twin = nn.Sequential(copy.deepcopy(module)).requires_grad_(False)
    x = torch.randn(1, 4) if isinstance(module, nn.Linear) else torch.randn(1, 4, 7, 7)
    without = x.clone()
    without[:, 3] = 0
    expected = _spread(twin, without)
    Edits(twin).put("0", [ScaleInputs(channels=(3,))], node="0")
    torch.testing.assert_close(_spread(twin, x), expected)


def test_a_kernel_is_set_in_its_group() -> None:
    twin = nn.Sequential(copy.deepcopy(GROUPED)).requires_grad_(False)
    edits = Edits(twin)
    kernel = tuple(float(one) for one in range(9))
    edits.check("0", [SetKernel(channel=4, input=3, values=kernel)], node="a")
    edits.put("0", [SetKernel(channel=4, input=3, values=kernel)], node="a")
    assert twin[0].weight[4, 1].flatten().tolist() == list(kernel)  # type: ignore[union-attr,index]
    with pytest.raises(InvalidRequestError, match="another of 2 groups"):
        edits.check("0", [SetKernel(channel=4, input=0, values=kernel)], node="a")
    with pytest.raises(InvalidRequestError, match=r"kernel of 4 numbers.*9"):
        edits.check("0", [SetKernel(channel=4, input=3, values=kernel[:4])], node="a")
    with pytest.raises(NotFoundError, match=r"channel 6 .*0 to 5"):
        edits.check("0", [ScaleChannels(channels=(6,))], node="a")
    with pytest.raises(NotFoundError, match=r"input channel 4 .*0 to 3"):
        edits.check("0", [ScaleInputs(channels=(4,))], node="a")


def test_edits_lie_on_top_of_what_a_training_writes_and_go_without_a_trace() -> None:
    twin = nn.Sequential(nn.Linear(2, 2)).requires_grad_(False)
    weight, bias = twin[0].weight, twin[0].bias
    edits = Edits(twin)
    edits.put("0", [ScaleChannels(channels=(0,), factor=2.0)], node="a")
    with torch.no_grad():  # a publish
        weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        bias.copy_(torch.tensor([5.0, 6.0]))
    edits.lay()
    edits.lay()
    assert weight.tolist() == [[2.0, 4.0], [3.0, 4.0]]
    assert bias.tolist() == [10.0, 6.0]
    assert twin[0].weight is weight
    edits.drop("0")
    assert weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert bias.tolist() == [5.0, 6.0]


def test_one_weight_of_two_modules_is_edited_at_one_of_them() -> None:
    twin = nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)})
    twin["b"].weight = twin["a"].weight
    edits = Edits(twin)
    edits.put("a", [ScaleChannels(channels=(0,))], node="a")
    with pytest.raises(InvalidRequestError, match="very weight of module 'a'"):
        edits.check("b", [ScaleChannels(channels=(1,))], node="b")


def test_what_fits_no_weight_is_said() -> None:
    twin = nn.Sequential(nn.LSTM(3, 4), nn.BatchNorm2d(4), nn.ReLU())
    edits = Edits(twin)
    with pytest.raises(InvalidRequestError, match="put the whole tensor"):
        edits.check("0", [ScaleChannels(channels=(0,))], node="lstm")
    with pytest.raises(InvalidRequestError, match="no inputs"):
        edits.check("1", [ScaleInputs(channels=(0,))], node="norm")
    with pytest.raises(NotFoundError, match="has no weights"):
        edits.check("2", [ScaleChannels(channels=(0,))], node="relu")
    with pytest.raises(InputError, match=r"\[5\].*\[4\]"):
        edits.check_array("1", np.zeros(5), node="norm")
    with pytest.raises(InputError, match="finite"):
        edits.check_array("1", np.array([0, 1, 2, np.nan]), node="norm")
    with pytest.raises(InputError, match="complex"):
        edits.check_array("1", np.zeros(4, complex), node="norm")


def _top(session: Session, snapshot: str) -> list[float]:
    found = session.snapshot(snapshot)
    return [float(one) for one in found.values[found.graph.index["head"]]]


def test_every_client_is_shown_what_comes_of_it_and_the_model_stays(
    session: Session, web: FlaskClient, model: Small, finish: Callable[[str], str]
) -> None:
    before = copy.deepcopy(model.state_dict())
    noise = {"kind": "noise", "noise": "uniform", "seed": 3, "amplitude": 0.4}
    me, you = ({"Layerwalk-Client": name} for name in ("me", "you"))
    mine = finish(web.post("/api/v1/networks/n1/input", json=noise, headers=me).json["id"])
    noise["seed"] = 4
    yours = finish(web.post("/api/v1/networks/n1/input", json=noise, headers=you).json["id"])
    shared = session.describe_network("n1").snapshot
    assert shared is not None
    after = session.events.last
    wish = {"edits": [{"kind": "channels", "channels": [0, 7]}]}
    answer = web.put("/api/v1/networks/n1/nodes/conv/weights", json=wish, headers=me)
    assert answer.status_code == 202, answer.data
    made = finish(answer.json["id"])
    told = session.events.after(after, wait_s=0).events
    changed = [one for one in told if isinstance(one, WeightsChanged)]
    assert [one.node for one in changed[0].edited] == ["conv"]
    assert changed[0].edited[0].silenced == (0, 7)
    new = {one.manifest.client: one.manifest for one in told if isinstance(one, SnapshotTaken)}
    assert set(new) == {"me", "you", None}
    assert new["me"].id == made
    assert new["you"].input == session.snapshot(yours).manifest.input
    # By a network that never had those channels.
    with torch.no_grad():
        plain = copy.deepcopy(model)
        plain.conv.weight[[0, 7]] = 0
        plain.conv.bias[[0, 7]] = 0  # type: ignore[index]
        x = torch.from_numpy(session.snapshot(mine).values[0].copy())[None]  # type: ignore[union-attr]
        np.testing.assert_allclose(_top(session, made), plain.eval()(x)[0], rtol=1e-4, atol=1e-5)
    weights = np.load(io.BytesIO(web.get("/api/v1/networks/n1/nodes/conv/weights.npy").data))
    assert not weights[[0, 7]].any()
    described = NetworkDescription.model_validate_json(web.get("/api/v1/networks/n1").data)
    assert described.edited == changed[0].edited
    found = layerwalk.attribute(model, x, "head", 1)
    answered = web.post(
        "/api/v1/networks/n1/attribute", json={"node": "head", "unit": 1, "snapshot": made}
    )
    told_value = session.snapshot(finish(answered.json["id"])).manifest.attributed
    assert told_value is not None
    assert told_value.value != pytest.approx(found.value)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    answer = web.delete("/api/v1/networks/n1/weights", headers=me)
    assert _top(session, finish(answer.json["id"])) == _top(session, mine)
    assert session.network("n1").edited() == ()


def test_a_whole_tensor_by_npy_and_back(
    session: Session, web: FlaskClient, finish: Callable[[str], str]
) -> None:
    file = io.BytesIO()
    weights = np.random.default_rng(0).normal(size=(4, 21000)).astype(np.float32)
    np.save(file, weights)
    url = "/api/v1/networks/n1/nodes/head/weights"
    before = web.get(url + ".npy").data
    answer = web.put(url, data=file.getvalue(), content_type="application/x-npy")
    finish(answer.json["id"])
    assert (np.load(io.BytesIO(web.get(url + ".npy").data)) == weights).all()
    edited = session.network("n1").edited()
    assert [(one.node, one.is_replaced) for one in edited] == [("head", True)]
    finish(web.delete(url).json["id"])
    assert web.get(url + ".npy").data == before


@pytest.mark.parametrize(
    ("node", "wish", "status", "word"),
    [
        ("relu", {"edits": [{"kind": "channels", "channels": [0]}]}, 404, "no weights"),
        ("nose", {"edits": [{"kind": "channels", "channels": [0]}]}, 404, "nose"),
        ("conv", {"edits": [{"kind": "channels", "channels": [300]}]}, 404, "channel 300"),
        ("conv", {"edits": []}, 422, "edits"),
        ("conv", {"edits": [{"kind": "channels", "channels": [0], "factor": "x"}]}, 422, "factor"),
        ("conv", {"edits": [{"kind": "melt"}]}, 422, "kind"),
    ],
)
def test_bad_edits_are_told_at_once(
    session: Session, web: FlaskClient, node: str, wish: object, status: int, word: str
) -> None:
    answer = web.put(f"/api/v1/networks/n1/nodes/{node}/weights", json=wish)
    assert answer.status_code == status, answer.data
    assert word in answer.json["detail"]
    assert session.jobs.jobs() == ()


def test_other_bodies_and_arrays_that_do_not_fit(web: FlaskClient) -> None:
    url = "/api/v1/networks/n1/nodes/head/weights"
    assert web.put(url, data=b"x", content_type="text/plain").status_code == 415
    assert web.put(url, data=b"x", content_type="application/x-npy").status_code == 422
    file = io.BytesIO()
    np.save(file, np.zeros((4, 2)))
    answer = web.put(url, data=file.getvalue(), content_type="application/x-npy")
    assert answer.status_code == 422
    assert "[4, 2]" in answer.json["detail"]
    assert web.delete("/api/v1/networks/n1/nodes/relu/weights").status_code == 404


def test_a_training_goes_on_below_an_edit() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = torch.randn(1, 3)
    with layerwalk.watch(model, x, port=0, strict=True) as viewer:
        session = viewer.session
        assert session is not None
        viewer.publish(step=0)
        viewer.flush()
        job = session.editing.edit("n1", "0", [ScaleChannels(channels=(2,))])
        session.jobs.wait(job.id, 30)
        with torch.no_grad():
            model[0].weight.add_(1.0)
        viewer.publish(step=1)
        viewer.flush()
        shown = session.describe_network("n1").snapshot
        assert shown is not None
        found = session.snapshot(shown.id)
        values = found.values[found.graph.index["0"]]
        assert values is not None
        with torch.no_grad():
            expected = model[0](x)[0]
        expected[2] = 0
        np.testing.assert_allclose(values, expected.numpy(), rtol=1e-5)
        assert model[0].weight[2].any()
        job = session.editing.restore("n1", None)
        made = session.jobs.wait(job.id, 30).snapshot
        assert made is not None
        values = session.snapshot(made).values[found.graph.index["0"]]
        assert values is not None
        with torch.no_grad():
            np.testing.assert_allclose(values, model[0](x)[0].numpy(), rtol=1e-5)


def test_results_of_maximisations_are_missed_while_weights_are_edited(tmp_path: Path) -> None:
    request = MaximiseRequest(
        node="head", channels=(1,), recipe=Recipe(name="few", steps=3, rate=5.0)
    )
    with ResultCache(tmp_path) as cache, Session(cache=cache) as session:
        session.add_network(make_small(), name="small", classes=CLASSES, input_spec=SPEC)

        images: list[np.ndarray] = []

        def is_cached() -> bool:
            job = session.jobs.wait(session.studio.submit("n1", request).id, 60)
            snapshot = session.snapshot(str(job.snapshot))
            told = snapshot.manifest.maximised
            assert told is not None
            images.append(snapshot.node_values(snapshot.graph.index["head"]))
            return told.images[0].is_cached

        assert [is_cached(), is_cached()] == [False, True]
        edit = session.editing.edit("n1", "conv", [ScaleChannels(channels=tuple(range(200)))])
        session.jobs.wait(edit.id, 60)
        assert [is_cached(), is_cached()] == [False, True]
        session.jobs.wait(session.editing.restore("n1", "conv").id, 60)
        assert is_cached()
        plain, _, edited, again, restored = images
        assert not np.allclose(plain, edited)  # it was climbed with the weights as they were then
        assert (edited == again).all()
        assert (restored == plain).all()
