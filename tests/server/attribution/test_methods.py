"""The methods that draw a map: worked out by hand, by axioms, by brute force."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk_shared.errors import InvalidRequestError
from server.attribution.nets import Attending, Chain, picture, seeded


def test_integrated_gradients_sum_to_the_difference_from_nothing() -> None:
    model = seeded(nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 3)))
    model.requires_grad_(False)
    x = picture(6)
    found = layerwalk.attribute(model, x, unit=1, method="integrated-gradients", steps=200)
    assert found.value == pytest.approx(float(model(x)[0, 1]), rel=1e-5)
    assert found.baseline == pytest.approx(float(model(torch.zeros(1, 6))[0, 1]), rel=1e-5)
    assert found.maps["input"].sum() == pytest.approx(found.value - found.baseline, abs=1e-4)


def test_integrated_gradients_of_a_square_are_exact_by_the_midpoint_rule() -> None:
    class Square(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x * x).sum(1, keepdim=True) + torch.zeros(1, 2)

    x = torch.tensor([[1.0, -2.0, 3.0]])
    found = layerwalk.attribute(Square(), x, unit=0, method="integrated-gradients", steps=3)
    np.testing.assert_allclose(found.maps["input"], [1.0, 4.0, 9.0], rtol=1e-5)


def test_integrated_gradients_of_ids_go_along_their_vectors() -> None:
    found = layerwalk.attribute(
        seeded(Attending()),
        torch.tensor([[2, 7, 1, 8, 2]]),
        method="integrated-gradients",
        steps=64,
    )
    assert found.baseline is not None
    assert found.maps["input"].shape == (5,)
    assert found.maps["input"].sum() == pytest.approx(found.value - found.baseline, abs=2e-3)


def test_gradient_x_input_is_the_signal_at_the_input() -> None:
    model, x = seeded(Chain()), picture(2, 9, 9)
    signal = layerwalk.attribute(model, x, unit=0).maps["input"]
    found = layerwalk.attribute(model, x, unit=0, method="gradient-x-input").maps["input"]
    np.testing.assert_allclose(found, signal, rtol=1e-4, atol=1e-7)


class _TwoMaps(nn.Module):
    """Maps A = (x, -x); logits: the mean of A_0 times 3, the mean of A_1 times 2."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1, bias=False)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
            self.head.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 2.0]]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x).mean((2, 3)))


def test_grad_cam_as_worked_out_by_hand() -> None:
    x = torch.tensor([[[[1.0, -2.0], [4.0, 0.0]]]])
    found = layerwalk.attribute(_TwoMaps(), x, unit=0, method="gradcam")
    # dy / dA_0 is 3 / 4 at each of four places, dy / dA_1 nothing.
    np.testing.assert_allclose(found.maps["conv"][0], 0.75 * x[0, 0].numpy())
    assert not found.maps["conv"][1].any()
    np.testing.assert_allclose(found.maps["input"][0], [[0.75, 0.0], [3.0, 0.0]])
    other = layerwalk.attribute(_TwoMaps(), x, unit=1, method="gradcam", layer="conv")
    np.testing.assert_allclose(other.maps["input"][0], [[0.0, 1.0], [0.0, 0.0]])


def test_occlusion_is_what_covering_each_window_takes_away() -> None:
    model, x = seeded(Chain()), picture(2, 8, 8)
    found = layerwalk.attribute(model, x, unit=1, method="occlusion", window=3, stride=2)
    lost, covers = np.zeros((8, 8)), np.zeros((8, 8))
    with torch.no_grad():
        value = float(model(x)[0, 1])
        for top in (0, 2, 4, 6):
            for left in (0, 2, 4, 6):
                covered = x.clone()
                covered[..., top : top + 3, left : left + 3] = 0
                lost[top : top + 3, left : left + 3] += value - float(model(covered)[0, 1])
                covers[top : top + 3, left : left + 3] += 1
    expected = (lost / covers)[None]
    got = found.maps["input"]
    np.testing.assert_allclose(got[: len(expected)], expected, rtol=1e-3, atol=1e-5)


def test_occluding_a_word_covers_its_vector() -> None:
    model, ids = seeded(Attending()), torch.tensor([[2, 7, 1, 8, 2]])
    found = layerwalk.attribute(model, ids, unit=0, method="occlusion", window=1, stride=1)
    with torch.no_grad():
        words = model.words(ids)  # type: ignore[operator]
        words[:, 3] = 0
        x = words + model.places.weight  # type: ignore[operator,union-attr]
        lost = model.head((x + model.attention(x, x, x)[0]).mean(1))[0, 0]  # type: ignore[operator]
    assert found.maps["input"][3] == pytest.approx(found.value - float(lost), abs=1e-5)


def test_what_a_method_cannot_do_is_said() -> None:
    with pytest.raises(InvalidRequestError, match="comes from no maps"):
        layerwalk.attribute(nn.Sequential(nn.Linear(3, 2)), picture(3), method="gradcam")
    with pytest.raises(InvalidRequestError, match="larger stride"):
        layerwalk.attribute(
            nn.Sequential(nn.Conv2d(1, 1, 1)),
            picture(1, 200, 200),
            method="occlusion",
            window=1,
            stride=1,
        )
    with pytest.raises(InvalidRequestError, match="'nose' is not one"):
        layerwalk.attribute(seeded(Chain()), picture(2, 9, 9), argument="nose")
