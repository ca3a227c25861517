"""ProxyGrad passes back what table 5.2 says, however a network spells its rectifiers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import _get_current_function_mode

import layerwalk
from layerwalk.maximisation.proxy import ProxyGrad, proxy_relu
from layerwalk_shared.errors import InvalidRequestError

S = 0.25
Rectifier = Callable[[Tensor], Tensor]

RELU: dict[str, Rectifier] = {
    "module": nn.ReLU(),
    "module in place": nn.ReLU(inplace=True),
    "function": functional.relu,
    "function, by name": lambda x: functional.relu(input=x, inplace=False),
    "function in place": lambda x: functional.relu(x, inplace=True),
    "function_": functional.relu_,
    "torch": torch.relu,
    "torch_": torch.relu_,
    "method": lambda x: x.relu(),
    "method_": lambda x: x.relu_(),
    "clamp": lambda x: torch.clamp(x, min=0),
    "clamp_": lambda x: torch.clamp_(x, min=0.0),
    "clamp method": lambda x: x.clamp(0),
    "clamp_ method": lambda x: x.clamp_(min=0),
    "clamp_min": lambda x: x.clamp_min(0.0),
    "clamp_min_": lambda x: x.clamp_min_(0),
    "torch clamp_min": lambda x: torch.clamp_min(x, 0),
    "clip": lambda x: x.clip(0),
    "clip_": lambda x: torch.clip_(x, min=0),
    "threshold": nn.Threshold(0, 0),
    "threshold in place": nn.Threshold(0, 0, inplace=True),
}
RELU_6: dict[str, Rectifier] = {
    "module": nn.ReLU6(),
    "module in place": nn.ReLU6(inplace=True),
    "function": functional.relu6,
    "function in place": lambda x: functional.relu6(x, inplace=True),
    "hardtanh": lambda x: functional.hardtanh(x, 0, 6),
    "hardtanh by name": lambda x: functional.hardtanh(x, min_val=0.0, max_val=6.0),
    "hardtanh_": lambda x: functional.hardtanh_(x, 0.0, 6.0),
    "hardtanh module": nn.Hardtanh(0.0, 6.0, inplace=True),
    "clamp": lambda x: torch.clamp(x, 0, 6),
    "clamp_": lambda x: x.clamp_(0, max=6),
}
LEAKY: dict[str, Rectifier] = {
    "module": nn.LeakyReLU(0.125),
    "module in place": nn.LeakyReLU(0.125, inplace=True),
    "function": lambda x: functional.leaky_relu(x, 0.125),
    "by name": lambda x: functional.leaky_relu(x, negative_slope=0.125, inplace=False),
    "function in place": lambda x: functional.leaky_relu(x, 0.125, True),
    "function_": lambda x: functional.leaky_relu_(x, 0.125),
}
OTHERS: dict[str, Rectifier] = {
    "hardtanh": functional.hardtanh,
    "clamp elsewhere": lambda x: x.clamp(-1, 1),
    "clamp above alone": lambda x: x.clamp(max=1),
    "clamp at a tensor": lambda x: x.clamp(min=torch.tensor(0.0)),
    "gelu": functional.gelu,
    "threshold elsewhere": nn.Threshold(0.5, 0.0),
}


def _run(rectifier: Rectifier, slope: float, values: list[float]) -> tuple[Tensor, Tensor]:
    """Return the rectifier's values, and the gradient of `[1, 2, 3, ...] @ values`."""
    x = torch.tensor(values, requires_grad=True)
    with ProxyGrad(slope):
        result = rectifier(x * 1)
    (result * torch.arange(1.0, len(values) + 1)).sum().backward()
    assert x.grad is not None
    return result.detach(), x.grad


@pytest.mark.parametrize("name", RELU)
def test_a_relu_passes_the_slope_back_below_zero(name: str) -> None:
    result, gradient = _run(RELU[name], S, [-2.0, 3.0, 0.0, 9.0])
    assert result.tolist() == [0, 3, 0, 9]
    assert gradient.tolist() == [1 * S, 2, 3 * S, 4]


@pytest.mark.parametrize("name", RELU_6)
def test_a_relu6_passes_it_back_above_six_too(name: str) -> None:
    result, gradient = _run(RELU_6[name], S, [-2.0, 3.0, 7.0, 5.0])
    assert result.tolist() == [0, 3, 6, 5]
    assert gradient.tolist() == [1 * S, 2, 3 * S, 4]


@pytest.mark.parametrize("name", LEAKY)
@pytest.mark.parametrize(("slope", "passed"), [(S, S), (0.0625, 0.125)])
def test_a_leaky_one_keeps_its_slope_where_it_is_larger(
    name: str, slope: float, passed: float
) -> None:
    result, gradient = _run(LEAKY[name], slope, [-2.0, 3.0])
    assert result.tolist() == [-0.25, 3]
    assert gradient.tolist() == [passed, 2]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_rectifier_keeps_its_gradient(name: str) -> None:
    values = [-2.0, -0.5, 0.5, 3.0]
    x = torch.tensor(values, requires_grad=True)
    plain = OTHERS[name](x * 1)
    (plain * torch.arange(1.0, 5)).sum().backward()
    result, gradient = _run(OTHERS[name], S, values)
    assert torch.equal(result, plain)
    assert x.grad is not None
    assert torch.equal(gradient, x.grad)


def test_the_numbers_of_table_5_2() -> None:
    features = torch.tensor([[3.0, 2, -1], [-1, 1, 3], [-2, -3, 4]], requires_grad=True)
    above = torch.tensor([[1.0, -1, -2], [1, 2, 3], [2, -1, -3]])
    result = proxy_relu(features, S)
    assert result.tolist() == [[3, 2, 0], [0, 1, 3], [0, 0, 4]]
    result.backward(above)
    # As printed, but for the signs of two entries: its own formula gives s and 2 s where it has
    # -s (second row) and -2 s (third), for gradients of 1 and 2.
    expected = [[1, -1, -2 * S], [1 * S, 2, 3], [2 * S, -1 * S, -3]]
    assert features.grad is not None
    assert features.grad.tolist() == expected


@pytest.mark.parametrize("rectifier", [lambda x: proxy_relu(x, 0.1), nn.ReLU(), nn.ReLU6()])
def test_branches_share_a_gradient_that_nobody_writes(rectifier: Rectifier) -> None:
    # The listing of appendix A.1 multiplies grad_output in place, which the other branch gets too:
    # (.1, 1, .01) for u there.
    u = torch.tensor([-1.0, 2.0, -3.0], requires_grad=True)
    v = torch.tensor([1.0, -1.0, -1.0], requires_grad=True)
    with ProxyGrad(0.1):
        (rectifier(u) + rectifier(v)).sum().backward()
    assert u.grad is not None
    assert v.grad is not None
    torch.testing.assert_close(u.grad, torch.tensor([0.1, 1.0, 0.1]), rtol=0, atol=1e-8)
    torch.testing.assert_close(v.grad, torch.tensor([1.0, 0.1, 0.1]), rtol=0, atol=1e-8)


def test_an_expanded_gradient_is_not_written() -> None:
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    (proxy_relu(x, S)).sum().backward()  # the gradient of a sum is one number seen twice
    assert x.grad is not None
    assert x.grad.tolist() == [S, 1]
    given = torch.ones(1).expand(3)
    y = torch.tensor([-1.0, 2.0, -3.0], requires_grad=True)
    proxy_relu(y, S).backward(given)
    assert given.tolist() == [1, 1, 1]
    assert y.grad is not None
    assert y.grad.tolist() == [S, 1, S]


def test_in_place_on_a_view_reaches_the_rest_of_the_tensor() -> None:
    x = torch.tensor([[-1.0, 2.0], [-3.0, 4.0]], requires_grad=True)
    whole = x * 1
    with ProxyGrad(S):
        whole[0].relu_()
    (whole * torch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert whole.tolist() == [[0, 2], [-3, 4]]
    assert x.grad is not None
    assert x.grad.tolist() == [[S, 2], [3, 4]]  # the second row was not rectified


@pytest.mark.parametrize(
    "rectifier", [nn.LeakyReLU(0.1), nn.ReLU6(), lambda x: x.clamp(min=0), lambda x: x.clamp_(0, 6)]
)
def test_a_result_that_torch_lets_be_written_can_be_written(rectifier: Rectifier) -> None:
    x = torch.tensor([-1.0, 2.0], requires_grad=True)
    with ProxyGrad(S):
        y = rectifier(x * 1)
        y += 1
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [S, 1]


def test_several_layers_multiply_their_slopes() -> None:
    x = torch.tensor([-1.0], requires_grad=True)
    with ProxyGrad(0.5):
        nn.Sequential(nn.ReLU(), nn.Identity(), nn.ReLU())(x).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.25]  # the second gets 0, and is not active there either


def test_it_is_the_gradient_of_a_leaky_twin_at_the_true_activations() -> None:
    generator = torch.Generator().manual_seed(1)
    first, second = (torch.randn(5, 5, generator=generator) for _ in range(2))
    x = torch.randn(5, generator=generator).requires_grad_(True)
    with ProxyGrad(S):
        functional.relu(second @ functional.relu(first @ x)).sum().backward()
    before = first @ x.detach()
    above = (second @ before.clamp(min=0) > 0).float().clamp(min=S)
    expected = first.T @ ((before > 0).float().clamp(min=S) * (second.T @ above))
    assert x.grad is not None
    torch.testing.assert_close(x.grad, expected)


@pytest.mark.parametrize("rectifiers", [RELU, RELU_6, LEAKY])
def test_slope_zero_is_the_true_gradient_bitwise(rectifiers: dict[str, Rectifier]) -> None:
    for rectifier in rectifiers.values():
        gradients = []
        for slope in (0.0, None):
            x = torch.tensor([-2.0, -0.0, 0.0, 1e-45, 6.0, 7.0, torch.nan], requires_grad=True)
            above = torch.tensor([-1.0, -1, -1, 3, 4, torch.inf, 2])
            if slope is None:
                rectifier(x * 1).backward(above)
            else:
                with ProxyGrad(slope):
                    rectifier(x * 1).backward(above)
            assert x.grad is not None
            gradients.append(x.grad)
        assert torch.equal(*(one.view(torch.int32) for one in gradients))


def test_slope_zero_of_the_function_is_relu_bitwise() -> None:
    x = torch.tensor([-2.0, 0.0, 3.0, -1.0], requires_grad=True)
    proxy_relu(x, 0).backward(torch.tensor([-1.0, 1, 1, torch.inf]))
    assert x.grad is not None
    assert torch.equal(x.grad.view(torch.int32), torch.tensor([0.0, 0, 1, 0]).view(torch.int32))


def test_slope_one_is_the_identity_s_gradient() -> None:
    x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
    proxy_relu(x, 1).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1, 1, 1]


def test_half_precision_keeps_its_type() -> None:
    x = torch.tensor([-1.0, 2.0], dtype=torch.bfloat16, requires_grad=True)
    result = proxy_relu(x, S)
    assert result.dtype is torch.bfloat16
    result.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [S, 1]


def test_the_mode_is_gone_afterwards_even_after_an_error() -> None:
    def rectified() -> list[float]:
        x = torch.tensor([-1.0], requires_grad=True)
        functional.relu(x).sum().backward()
        assert x.grad is not None
        return list(x.grad.tolist())

    with ProxyGrad(S):
        assert rectified() == [S]
    assert rectified() == [0]
    with pytest.raises(RuntimeError, match="size"), ProxyGrad(S):
        torch.ones(2) @ torch.ones(3)
    with pytest.raises(TypeError), ProxyGrad(S):
        functional.relu(torch.ones(2, requires_grad=True), 1, 2, 3)  # type: ignore[arg-type, call-arg]
    assert _get_current_function_mode() is None
    assert rectified() == [0]


def test_without_gradients_nothing_is_recorded() -> None:
    x = torch.tensor([-1.0], requires_grad=True)
    with ProxyGrad(S), torch.no_grad():
        assert not functional.relu(x).requires_grad
    with ProxyGrad(S):
        assert functional.relu(torch.tensor([-1, 2])).tolist() == [0, 2]  # whole numbers


@pytest.mark.parametrize("slope", [-0.1, 1.1, float("nan")])
def test_slopes_outside_of_0_to_1_are_refused(slope: float) -> None:
    with pytest.raises(InvalidRequestError, match="slope"):
        layerwalk.proxy_relu(torch.zeros(1), slope)
    with pytest.raises(InvalidRequestError, match="slope"):
        ProxyGrad(slope)
