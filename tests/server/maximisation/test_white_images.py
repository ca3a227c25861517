"""The white image problems: gradient ascent fails on them as the dissertation says (Linse 2024,
section 5.1, table 5.1), and what it says to mend them mends them, no more.

Images are -1 to 1; the best input of every problem is white, 1 everywhere.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import layerwalk
from layerwalk_shared.recipes import Recipe

SIDE = 8
P, S = 0.2, 0.1  # as in figure 5.1: 1 > p > s > 0
CLIMB = Recipe(name="climb", steps=80, rate=0.25, bounds=(-1.0, 1.0), reference_px=None)


class Sum(nn.Module):
    """A function of pixels and the sum of it: one unit."""

    def __init__(self, kind: str, slope: float = S) -> None:
        super().__init__()
        self.kind, self.slope = kind, slope
        self.register_buffer("kernel", torch.tensor([[[[0.0, 0, 0], [1, 0, -P], [0, 0, 0]]]]))

    def rectified(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(x, self.slope) if self.slope else functional.relu(x)

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "convolution":
            values = self.rectified(functional.conv2d(x, self.get_buffer("kernel"), padding=1))
        elif self.kind == "two weights":
            values = self.rectified(x) + self.rectified(-P * x)
        else:
            values = self.rectified(x)
        return values.flatten(1).sum(1, keepdim=True)


@pytest.fixture(scope="module")
def start() -> Tensor:
    """Half of the pixels above zero, half below, none near it."""
    generator = torch.Generator().manual_seed(4)
    values = 0.3 + 0.4 * torch.rand(SIDE * SIDE, generator=generator)
    values[torch.randperm(SIDE * SIDE, generator=generator)[::2]] *= -1
    return values.reshape(1, 1, SIDE, SIDE)


def _climbed(model: Sum, start: Tensor, *, steps: int = 80, slope: float = 0.0) -> Tensor:
    recipe = CLIMB.model_copy(update={"steps": steps, "slope": slope})
    node = layerwalk.trace(model, start).outputs[0]
    *_, last = layerwalk.maximise(model, node, [0], recipe, start=start, precision="float32")
    return last.images


def test_relu_has_sparse_gradients_negatives_stay(start: Tensor) -> None:
    image = _climbed(Sum("f1", slope=0), start)
    assert (image[start > 0] == 1).all()
    assert torch.equal(image[start < 0], start[start < 0])


def test_leaky_relu_and_proxygrad_mend_sparse_gradients(start: Tensor) -> None:
    leaky = _climbed(Sum("f1", slope=S), start)
    proxy = _climbed(Sum("f1", slope=0), start, slope=S)
    assert (leaky == 1).all()
    assert (proxy == 1).all()


def test_leaky_relu_lets_patterns_race(start: Tensor) -> None:
    early = _climbed(Sum("f2"), start, steps=4)
    assert (early[start > 0] == 1).all()
    assert (early[start < 0] < 0).all()
    risen = early[start < 0] - start[start < 0]
    torch.testing.assert_close(risen, torch.full_like(risen, 4 * CLIMB.rate * S))  # s times as fast
    assert (_climbed(Sum("f2"), start) == 1).all()  # more steps come to the white image


def test_a_larger_slope_and_proxygrad_shorten_the_race(start: Tensor) -> None:
    assert (_climbed(Sum("f2", slope=1.0), start, steps=8) == 1).all()
    assert (_climbed(Sum("f2"), start, steps=8, slope=1.0) == 1).all()
    assert not (_climbed(Sum("f2"), start, steps=8) == 1).all()


def test_two_weights_have_local_maxima_negatives_stick_at_black(start: Tensor) -> None:
    image = _climbed(Sum("two weights"), start)
    assert (image[start > 0] == 1).all()
    assert (image[start < 0] == -1).all()


@pytest.mark.parametrize("slope", [0.1, 0.2])
def test_proxygrad_up_to_p_does_not_mend_them(start: Tensor, slope: float) -> None:
    # Below zero the gradient is slope - p.
    image = _climbed(Sum("two weights"), start, slope=slope)
    assert (image[start < 0] < 0).all()


def test_a_slope_above_p_mends_them(start: Tensor) -> None:
    assert (_climbed(Sum("two weights", slope=0.4), start) == 1).all()  # in both directions
    assert (_climbed(Sum("two weights"), start, slope=0.4) == 1).all()  # or backward alone


def test_a_convolution_gives_no_white_image(start: Tensor) -> None:
    image = _climbed(Sum("convolution"), start)
    inner = image[..., 1:-1, 1:-1]
    assert (inner < 0).float().mean() > 0.2  # far from white, border effects aside
    other = _climbed(Sum("convolution"), start.flip(-1))
    assert (image != other).float().mean() > 0.2  # and another image from another start


def test_slope_one_makes_the_convolution_s_problem_convex(start: Tensor) -> None:
    for model, slope in ((Sum("convolution", slope=1.0), 0.0), (Sum("convolution"), 1.0)):
        image = _climbed(model, start, slope=slope)
        # But for the border: the last column has no neighbour that adds it up, only one with -p.
        assert (image[..., :-1] == 1).all()
        assert (image[..., -1] == -1).all()
