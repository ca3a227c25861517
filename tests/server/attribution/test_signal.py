"""The signal: conserved, additive, the same as a plain gradient says, whatever the architecture."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk_shared.errors import InvalidRequestError, ModelError, NotFoundError
from server.attribution.nets import Attending, Branches, Chain, Hearing, picture, seeded


def test_a_linear_network_gives_weight_times_input() -> None:
    model = nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 2.0, 3.0], [4.0, -5.0, 6.0]]))
    found = layerwalk.attribute(nn.Sequential(model), torch.tensor([[1.0, 10.0, 0.5]]), unit=1)
    assert found.value == pytest.approx(4 - 50 + 3)
    assert found.maps["input"].tolist() == [4.0, -50.0, 3.0]


@pytest.mark.parametrize("unit", range(3))
def test_every_cut_of_a_chain_without_biases_has_the_value_of_the_unit(unit: int) -> None:
    found = layerwalk.attribute(seeded(Chain()), picture(2, 9, 9), unit=unit)
    assert set(found.channels) == {node.id for node in found.graph.nodes}
    for node, channels in found.channels.items():
        assert channels.sum() == pytest.approx(found.value, rel=1e-4), node
    for edge, flow in found.edges.items():
        assert flow == pytest.approx(found.value, rel=1e-4), edge


def test_channels_are_sums_of_gradient_times_activation() -> None:
    model = seeded(Chain())
    x = picture(2, 9, 9)
    found = layerwalk.attribute(model, x, unit=2)
    first = model.conv1(x).detach().requires_grad_()  # type: ignore[operator]
    rest = nn.Sequential(nn.ReLU(), model.pool, model.conv2, model.relu2)  # type: ignore[arg-type]
    model.head(rest(first).mean((2, 3)))[0, 2].backward()  # type: ignore[operator]
    assert first.grad is not None
    expected = (first * first.grad)[0].detach()
    np.testing.assert_allclose(found.maps["conv1"], expected.numpy(), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(
        found.channels["conv1"], expected.sum((1, 2)).numpy(), rtol=1e-4, atol=1e-6
    )


def test_branches_add_up_and_each_edge_has_its_own_part() -> None:
    model = seeded(Branches())
    x = picture(1, 6, 6)
    found = layerwalk.attribute(model, x, unit=0)
    edges = found.edges
    total = pytest.approx(found.value, rel=1e-4)
    assert edges["input", "stem"] == total
    assert edges["stem", "relu"] + edges["stem", "add"] == total
    assert edges["long", "add"] + edges["stem", "add"] == total
    assert edges["long", "add"] == pytest.approx(edges["stem", "relu"], rel=1e-4)
    assert edges["left", "cat"] + edges["right", "cat"] == total
    assert edges["relu:2", "drop"] == total
    # The short way alone, in another way: the long one is held still.
    held = copy.deepcopy(model)
    stem = held.stem(x).detach().requires_grad_()  # type: ignore[operator]
    still = held.long(stem.relu()).detach()  # type: ignore[operator]
    y = (still + stem).relu()
    parts = [held.left(y[:, :2]), held.right(y[:, 2:])]  # type: ignore[operator]
    held.head(torch.cat(parts, 1).mean((2, 3)))[0, 0].backward()  # type: ignore[operator]
    assert stem.grad is not None
    assert edges["stem", "add"] == pytest.approx(float((stem * stem.grad).sum().detach()), rel=1e-4)


def test_the_two_halves_of_a_split_have_what_goes_on_through_them() -> None:
    found = layerwalk.attribute(seeded(Branches()), picture(1, 6, 6), unit=1)
    for half, reader in (("chunk", "left"), ("chunk.1", "right")):
        assert found.edges["drop", half] == pytest.approx(found.channels[half].sum(), rel=1e-4)
        assert found.edges[half, reader] == pytest.approx(found.channels[half].sum(), rel=1e-4)


def test_ids_have_what_their_vectors_gave_and_places_have_theirs() -> None:
    model = seeded(Attending())
    found = layerwalk.attribute(model, torch.tensor([[3, 1, 4, 1, 5]]), unit=1)
    assert found.maps["input"].shape == (5,)
    np.testing.assert_allclose(
        found.maps["input"], found.maps["words"].sum(-1), rtol=1e-5, atol=1e-7
    )
    assert found.edges["input", "words"] == pytest.approx(found.channels["words"].sum(), rel=1e-4)
    assert abs(found.channels["places"].sum()) > 0
    sums = found.channels["words"].sum() + found.channels["places"].sum()
    assert found.channels["add"].sum() == pytest.approx(sums, rel=1e-4)
    assert all(not one.requires_grad or one.grad is None for one in model.parameters())


def test_recurrent_layers_pass_the_signal() -> None:
    found = layerwalk.attribute(seeded(Hearing()), picture(7, 3), unit=0)
    assert found.maps["input"].shape == (7, 3)
    assert np.abs(found.channels["lstm"]).sum() > 0


def test_a_unit_on_the_way_and_one_of_its_values() -> None:
    model = seeded(Chain())
    x = picture(2, 9, 9)
    model.requires_grad_(False)
    whole = layerwalk.attribute(model, x, "conv2", 3)
    assert whole.value == pytest.approx(
        float(model.conv2(_before(model, x))[0, 3].mean()), rel=1e-4
    )  # type: ignore[operator]
    assert set(whole.channels) == {"input", "conv1", "relu1", "pool", "conv2"}
    assert np.flatnonzero(whole.channels["conv2"]).tolist() == [3]
    one = layerwalk.attribute(model, x, "conv2", 3, position=(0, 1))
    assert one.value == pytest.approx(float(model.conv2(_before(model, x))[0, 3, 0, 1]), rel=1e-4)  # type: ignore[operator]
    assert one.channels["input"].sum() == pytest.approx(one.value, rel=1e-4)
    strongest = layerwalk.attribute(model, x)
    assert strongest.unit == int(model(x).argmax())


def _before(model: nn.Module, x: Tensor) -> Tensor:
    found: Tensor = model.pool(model.relu1(model.conv1(x)))  # type: ignore[operator]
    return found


class _Detached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.head = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x).detach().mean((2, 3)))


class _Spoilt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.act = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.first(x))
        y *= 2  # the gradient of the sigmoid needs what was there
        return y


def test_what_passes_nothing_back_is_said_in_a_sentence() -> None:
    with pytest.raises(InvalidRequestError, match="'input' is an input"):
        layerwalk.attribute(seeded(Chain()), picture(2, 9, 9), "input")
    with pytest.raises(NotFoundError, match="conv9"):
        layerwalk.attribute(seeded(Chain()), picture(2, 9, 9), "conv9")
    with pytest.raises(NotFoundError, match=r"channel 5 .*0 to 4"):
        layerwalk.attribute(seeded(Chain()), picture(2, 9, 9), "conv2", 5)
    with pytest.raises(ModelError, match="pass back raised"):
        layerwalk.attribute(_Spoilt(), picture(4))
    with pytest.raises(InvalidRequestError, match="no gradient back"):
        layerwalk.attribute(_Detached(), picture(1, 5, 5), method="gradient-x-input")


def test_the_model_and_its_hooks_are_as_before() -> None:
    model = seeded(Branches()).train()
    before = copy.deepcopy(model.state_dict())
    for parameter, has in zip(model.parameters(), itertools.cycle([True, False]), strict=False):
        parameter.requires_grad = has
    wants = [one.requires_grad for one in model.parameters()]
    layerwalk.attribute(model, picture(1, 6, 6))
    assert [one.requires_grad for one in model.parameters()] == wants
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
