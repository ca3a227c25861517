"""Curves of activation functions are torch's own functions and their gradients."""

import numpy as np
import pytest

from layerwalk_client.world.activation_curves import (
    activation_of,
    is_activation,
    sampled,
    span_of,
)
from layerwalk_client.world.activations import MAKERS
from layerwalk_shared.graph import Node

torch = pytest.importorskip("torch")
F = torch.nn.functional
nn = torch.nn

PLACES = np.concatenate([np.linspace(-8.0, 8.0, 97), [0.0, 0.5, -0.5, 1.0, -1.0, 6.0, 3.0, -3.0]])

CASES = [
    ("ReLU", {}, F.relu), ("relu", {}, F.relu), ("ReLU6", {}, F.relu6),
    ("Hardtanh", {"min_val": -0.5, "max_val": 2.0}, lambda x: F.hardtanh(x, -0.5, 2.0)),
    ("hardtanh", {}, F.hardtanh),
    ("clamp", {"min": -1, "max": 4}, lambda x: x.clamp(-1, 4)),
    ("clip", {"max": 2.0}, lambda x: x.clip(max=2.0)),
    ("LeakyReLU", {"negative_slope": 0.2}, lambda x: F.leaky_relu(x, 0.2)),
    ("leaky_relu", {}, F.leaky_relu),
    ("rrelu", {"lower": 0.1, "upper": 0.3}, lambda x: F.rrelu(x, 0.1, 0.3, training=False)),
    ("ELU", {"alpha": 1.7}, lambda x: F.elu(x, 1.7)),
    ("CELU", {"alpha": 0.6}, lambda x: F.celu(x, 0.6)),
    ("SELU", {}, F.selu),
    ("GELU", {"approximate": "none"}, F.gelu), ("gelu", {}, F.gelu),
    ("GELU", {"approximate": "tanh"}, lambda x: F.gelu(x, approximate="tanh")),
    ("SiLU", {}, F.silu), ("silu", {}, F.silu),
    ("QuickGELU", {}, lambda x: x * torch.sigmoid(1.702 * x)),
    ("Sigmoid", {}, torch.sigmoid), ("LogSigmoid", {}, F.logsigmoid), ("Tanh", {}, torch.tanh),
    ("Softplus", {"beta": 2.0, "threshold": 5.0}, lambda x: F.softplus(x, 2.0, 5.0)),
    ("softplus", {}, F.softplus),
    ("Softsign", {}, F.softsign), ("Hardswish", {}, F.hardswish),
    ("hardsigmoid", {}, F.hardsigmoid), ("Mish", {}, F.mish), ("Tanhshrink", {}, F.tanhshrink),
    ("Hardshrink", {"lambd": 0.7}, lambda x: F.hardshrink(x, 0.7)),
    ("softshrink", {"lambd": 0.7}, lambda x: F.softshrink(x, 0.7)),
    ("Threshold", {"threshold": 0.3, "value": -1.0}, lambda x: F.threshold(x, 0.3, -1.0)),
    ("Sine", {"w0": 30.0}, lambda x: torch.sin(30 * x)), ("sin", {}, torch.sin),
    ("cos", {}, torch.cos), ("exp", {}, torch.exp), ("abs", {}, torch.abs),
    ("square", {}, torch.square), ("pow", {"exponent": 3}, lambda x: x**3),
    ("ReLUSquaredActivation", {}, lambda x: F.relu(x) ** 2),
]  # fmt: skip


def node(operation, attributes=None, shape=(4, 8, 8)):
    return Node(
        id="a", name="a", kind="module", operation=operation, shape=shape, view="maps",
        channels=4, height=8, width=8, attributes=attributes or {},
    )  # fmt: skip


@pytest.mark.parametrize(("operation", "attributes", "function"), CASES)
def test_value_and_slope_are_those_of_torch(operation, attributes, function):
    described = node(operation, attributes)
    assert is_activation(described)
    found = activation_of(described)
    places = torch.tensor(PLACES, requires_grad=True)
    wanted = function(places)
    wanted.sum().backward()
    np.testing.assert_allclose(found.value(PLACES), wanted.detach(), rtol=1e-9, atol=1e-9)
    smooth = ~np.isin(PLACES, found.kinks)
    slope = np.broadcast_to(found.slope(PLACES), PLACES.shape)
    np.testing.assert_allclose(slope[smooth], places.grad[smooth], rtol=1e-7, atol=1e-7)


def test_every_function_of_the_table_is_compared_with_torch():
    seen = {operation.lower().replace("_", "") for operation, _, _ in CASES}
    same = {
        "swish": "silu", "siluactivation": "silu", "siren": "sine", "geluactivation": "gelu",
        "gelutanh": "gelu", "newgeluactivation": "gelu", "fastgeluactivation": "gelu",
        "pytorchgelutanh": "gelu", "quickgeluactivation": "quickgelu",
        "relusquared": "relusquaredactivation",
    }  # fmt: skip
    assert {same.get(name, name) for name in MAKERS} <= seen


def test_prelu_takes_the_slopes_that_were_learned():
    module = nn.PReLU(3, init=0.1)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([0.1, 0.3, 0.7]))
    assert activation_of(node("PReLU")) is None, "its slopes are not there yet"
    found = activation_of(node("PReLU"), slopes=tuple(module.weight.tolist()))
    x = torch.full((1, 3, 1, 1), -2.0)
    assert found.value(np.array([-2.0]))[0] == pytest.approx(module(x)[0, 1, 0, 0].item())
    assert "3 channels" in found.note
    one = activation_of(node("PReLU"), slopes=(0.25,))
    assert one.value(np.array([-4.0, 4.0])).tolist() == [-1.0, 4.0]


def test_softmax_is_one_share_while_the_others_stay_at_the_mean():
    described = node("Softmax", {"dim": -1}, shape=(10,))
    found = activation_of(described, mean=0.4)
    for logit in (-3.0, 0.4, 5.0):
        logits = torch.full((10,), 0.4, dtype=torch.float64)
        logits[3] = logit
        logits.requires_grad_()
        share = logits.softmax(0)[3]
        share.backward()
        at = np.array([logit])
        assert found.value(at)[0] == pytest.approx(share.item())
        assert found.slope(at)[0] == pytest.approx(logits.grad[3].item())
        logarithm = activation_of(node("log_softmax", {"dim": 1}, shape=(10,)), mean=0.4)
        assert logarithm.value(at)[0] == pytest.approx(share.log().item())
    assert not is_activation(node("softmax", {"dim": 1}, shape=(1, 8, 8)))


@pytest.mark.parametrize(
    ("operation", "attributes"),
    [("Conv2d", {}), ("add", {"other": 1}), ("clamp", {}), ("pow", {}), ("Identity", {})],
)
def test_what_is_no_function_of_one_value_has_no_curve(operation, attributes):
    assert not is_activation(node(operation, attributes))
    assert activation_of(node(operation, attributes)) is None


def test_a_curve_shows_zero_and_all_that_comes_in_and_both_sides_of_a_jump():
    low, high = span_of(2.0, 8.0)
    assert low < 0
    assert high > 8.0
    assert span_of(0.0, 0.0)[0] < 0 < span_of(0.0, 0.0)[1]
    found = activation_of(node("hardshrink", {"lambd": 0.5}))
    x, y, slope = sampled(found, (-1.0, 1.0))
    assert np.all(np.diff(x) >= 0)
    assert {len(x), len(y)} == {len(slope)}
    beside = y[np.abs(x - 0.5) < 1e-6]
    assert beside.min() == 0.0
    assert beside.max() == pytest.approx(0.5)
