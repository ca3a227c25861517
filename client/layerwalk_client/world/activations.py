"""Activation functions as curves: value and slope of the very function that a node computes, with
the parameters it was traced with. NumPy only.

Which of them a node computes, says `activation_curves`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.legend import number
from layerwalk_shared.graph import Attribute

Floats = NDArray[np.float64]
Function = Callable[[Floats], NDArray[np.floating[Any]]]
Attributes = Mapping[str, Attribute]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Klambauer et al., "Self-normalizing neural networks", 2017, appendix."""
QUICK_SLOPE = 1.702
"""Hendrycks and Gimpel, "Gaussian error linear units", 2016, section 2."""
TANH_CUBIC = 0.044715
"""The same, the form with tanh."""
_ROOT_2_OVER_PI = math.sqrt(2 / math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """One function of one value.

    Attributes:
        name: for people.
        formula: what it computes, its numbers filled in.
        value: its values at places `[N]`.
        slope: its derivative there; at a kink, that of the side which torch takes.
        kinks: places where the slope jumps, or the value does.
        note: how it is to be read, where that is not plain.
    """

    name: str
    formula: str
    value: Function
    slope: Function
    kinks: tuple[float, ...] = ()
    note: str = ""


Maker = Callable[[Attributes], Activation | None]


def sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _normal_cdf(x: Floats) -> Floats:
    return np.array([0.5 * (1 + math.erf(one / math.sqrt(2))) for one in x])


def softplus(x: Floats) -> Floats:
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def _get(attributes: Attributes, usual: float, *names: str) -> float:
    for name in names:
        found = attributes.get(name)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return float(found)
    return usual


def _relu(_: Attributes) -> Activation:
    return Activation(
        "ReLU", "max(0, x)", lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, (0.0,)
    )


def _clamped(low: float, high: float, name: str) -> Activation:
    ends = tuple(one for one in (low, high) if math.isfinite(one))
    if math.isfinite(low) and math.isfinite(high):
        formula = f"min(max(x, {number(low)}), {number(high)})"
    elif math.isfinite(low):
        formula = f"max(x, {number(low)})"
    else:
        formula = f"min(x, {number(high)})"
    return Activation(
        name, formula, lambda x: np.clip(x, low, high),
        lambda x: ((x > low) & (x < high)) * 1.0, ends,
    )  # fmt: skip


def _clamp(attributes: Attributes) -> Activation | None:
    low, high = _get(attributes, -math.inf, "min"), _get(attributes, math.inf, "max")
    if not (math.isfinite(low) or math.isfinite(high)):
        return None
    return _clamped(low, high, "clamp")


def _hardtanh(attributes: Attributes) -> Activation:
    low, high = _get(attributes, -1.0, "min_val"), _get(attributes, 1.0, "max_val")
    return _clamped(low, high, "hardtanh")


def leaky(slope: float, name: str, note: str = "") -> Activation:
    return Activation(
        name, f"x for x > 0, else {number(slope)} x",
        lambda x: np.where(x > 0, x, slope * x), lambda x: np.where(x > 0, 1.0, slope), (0.0,),
        note,
    )  # fmt: skip


def _leaky_relu(attributes: Attributes) -> Activation:
    return leaky(_get(attributes, 0.01, "negative_slope"), "leaky ReLU")


def _rrelu(attributes: Attributes) -> Activation:
    low, high = _get(attributes, 1 / 8, "lower"), _get(attributes, 1 / 3, "upper")
    note = f"at rest; in training the slope is drawn from {number(low)} to {number(high)}"
    return leaky((low + high) / 2, "randomised ReLU", note)


def _elu_like(alpha: float, width: float, scale: float) -> tuple[Function, Function]:
    def value(x: Floats) -> Floats:
        return np.asarray(scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / width)))

    def slope(x: Floats) -> Floats:
        falling = alpha / width * np.exp(np.minimum(x, 0) / width)
        return np.asarray(scale * np.where(x > 0, 1.0, falling))

    return value, slope


def _elu(attributes: Attributes) -> Activation:
    alpha = _get(attributes, 1.0, "alpha")
    formula = f"x for x > 0, else {number(alpha)} (exp x \N{MINUS SIGN} 1)"
    return Activation("ELU", formula, *_elu_like(alpha, 1.0, 1.0), (0.0,))


def _celu(attributes: Attributes) -> Activation:
    alpha = _get(attributes, 1.0, "alpha")
    told = number(alpha)
    formula = f"x for x > 0, else {told} (exp(x / {told}) \N{MINUS SIGN} 1)"
    return Activation("CELU", formula, *_elu_like(alpha, alpha, 1.0))


def _selu(_: Attributes) -> Activation:
    formula = "1.051 x for x > 0, else 1.758 (exp x \N{MINUS SIGN} 1)"
    return Activation("SELU", formula, *_elu_like(SELU_ALPHA, 1.0, SELU_SCALE), (0.0,))


def _gelu_exact(_: Attributes) -> Activation:
    def slope(x: Floats) -> Floats:
        density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        return np.asarray(_normal_cdf(x) + x * density)

    return Activation("GELU", "x times the share of a normal below x",
                      lambda x: x * _normal_cdf(x), slope)  # fmt: skip


def _gelu_tanh(_: Attributes) -> Activation:
    def inner(x: Floats) -> Floats:
        return np.asarray(np.tanh(_ROOT_2_OVER_PI * (x + TANH_CUBIC * x**3)))

    def slope(x: Floats) -> Floats:
        bent = inner(x)
        inner_slope = _ROOT_2_OVER_PI * (1 + 3 * TANH_CUBIC * x * x)
        return np.asarray(0.5 * (1 + bent) + 0.5 * x * (1 - bent * bent) * inner_slope)

    return Activation("GELU, the form with tanh", "x / 2 (1 + tanh(0.798 (x + 0.0447 x³)))",
                      lambda x: 0.5 * x * (1 + inner(x)), slope)  # fmt: skip


def _gelu(attributes: Attributes) -> Activation:
    maker = _gelu_tanh if attributes.get("approximate") == "tanh" else _gelu_exact
    return maker(attributes)


def _swish(steepness: float, name: str, formula: str) -> Activation:
    def slope(x: Floats) -> Floats:
        share = sigmoid(steepness * x)
        return np.asarray(share + steepness * x * share * (1 - share))

    return Activation(name, formula, lambda x: x * sigmoid(steepness * x), slope)


def _silu(_: Attributes) -> Activation:
    return _swish(1.0, "SiLU", "x sigmoid(x)")


def _quick_gelu(_: Attributes) -> Activation:
    return _swish(QUICK_SLOPE, "quick GELU", "x sigmoid(1.702 x)")


def _logistic(_: Attributes) -> Activation:
    return Activation(
        "sigmoid", "1 / (1 + exp(\N{MINUS SIGN}x))", sigmoid,
        lambda x: sigmoid(x) * (1 - sigmoid(x)),
    )  # fmt: skip


def _log_sigmoid(_: Attributes) -> Activation:
    return Activation(
        "log sigmoid", "log(1 / (1 + exp(\N{MINUS SIGN}x)))", lambda x: -softplus(-x),
        lambda x: sigmoid(-x),
    )  # fmt: skip


def _tanh(_: Attributes) -> Activation:
    return Activation("tanh", "tanh x", np.tanh, lambda x: 1 - np.tanh(x) ** 2)


def _softplus_of(attributes: Attributes) -> Activation:
    beta = _get(attributes, 1.0, "beta")
    limit = _get(attributes, 20.0, "threshold")
    told = "" if beta == 1 else number(beta)
    formula = f"log(1 + exp({told + ' ' if told else ''}x)){' / ' + told if told else ''}"
    return Activation(
        "softplus", formula,
        lambda x: np.where(beta * x > limit, x, softplus(beta * x) / beta),
        lambda x: np.where(beta * x > limit, 1.0, sigmoid(beta * x)),
        (limit / beta,) if limit < 10 else (),
    )  # fmt: skip


def _softsign(_: Attributes) -> Activation:
    return Activation(
        "softsign", "x / (1 + |x|)", lambda x: x / (1 + np.abs(x)), lambda x: (1 + np.abs(x)) ** -2
    )


def _hardswish(_: Attributes) -> Activation:
    def slope(x: Floats) -> Floats:
        return np.asarray(np.where(x < -3, 0.0, np.where(x > 3, 1.0, x / 3 + 0.5)))

    return Activation("hardswish", "x min(max(x + 3, 0), 6) / 6",
                      lambda x: x * np.clip(x + 3, 0, 6) / 6, slope, (-3.0, 3.0))  # fmt: skip


def _hardsigmoid(_: Attributes) -> Activation:
    return Activation(
        "hardsigmoid", "min(max(x + 3, 0), 6) / 6", lambda x: np.clip(x + 3, 0, 6) / 6,
        lambda x: ((x > -3) & (x < 3)) / 6, (-3.0, 3.0),
    )  # fmt: skip


def _mish(_: Attributes) -> Activation:
    def slope(x: Floats) -> Floats:
        bent = np.tanh(softplus(x))
        return np.asarray(bent + x * sigmoid(x) * (1 - bent * bent))

    return Activation("mish", "x tanh(log(1 + exp x))", lambda x: x * np.tanh(softplus(x)), slope)


def _tanhshrink(_: Attributes) -> Activation:
    return Activation(
        "tanhshrink", "x \N{MINUS SIGN} tanh x", lambda x: x - np.tanh(x), lambda x: np.tanh(x) ** 2
    )


def _hardshrink(attributes: Attributes) -> Activation:
    edge = _get(attributes, 0.5, "lambd")
    return Activation(
        "hardshrink", f"x for |x| > {number(edge)}, else 0",
        lambda x: np.where(np.abs(x) > edge, x, 0.0), lambda x: (np.abs(x) > edge) * 1.0,
        (-edge, edge),
    )  # fmt: skip


def _softshrink(attributes: Attributes) -> Activation:
    edge = _get(attributes, 0.5, "lambd")
    return Activation(
        "softshrink", f"x, {number(edge)} nearer to 0, within that 0",
        lambda x: np.sign(x) * np.maximum(np.abs(x) - edge, 0),
        lambda x: (np.abs(x) > edge) * 1.0, (-edge, edge),
    )  # fmt: skip


def _threshold(attributes: Attributes) -> Activation:
    edge, other = _get(attributes, 0.0, "threshold"), _get(attributes, 0.0, "value")
    return Activation(
        "threshold", f"x for x > {number(edge)}, else {number(other)}",
        lambda x: np.where(x > edge, x, other), lambda x: (x > edge) * 1.0, (edge,),
    )  # fmt: skip


def _squared_relu(_: Attributes) -> Activation:
    return Activation(
        "squared ReLU",
        "max(0, x)²",
        lambda x: np.maximum(x, 0) ** 2,
        lambda x: 2 * np.maximum(x, 0),
    )


def _sine(factor: float, note: str = "") -> Activation:
    told = "x" if factor == 1 else f"{number(factor)} x"
    return Activation(
        "sine", f"sin({told})", lambda x: np.sin(factor * x),
        lambda x: factor * np.cos(factor * x), (), note,
    )  # fmt: skip


def _siren(attributes: Attributes) -> Activation:
    factor = _get(attributes, 1.0, "w0", "omega_0", "omega0", "omega", "w")
    return _sine(factor, "told from the name of its class and its own number")


def _power(attributes: Attributes) -> Activation | None:
    exponent = _get(attributes, math.nan, "exponent")
    if not math.isfinite(exponent):
        return None
    return Activation(
        "power", f"x to the {number(exponent)}", lambda x: np.power(x, exponent),
        lambda x: exponent * np.power(x, exponent - 1),
    )  # fmt: skip


def _plain(name: str, formula: str, value: Function, slope: Function, *kinks: float) -> Maker:
    return lambda _: Activation(name, formula, value, slope, kinks)


MAKERS: Mapping[str, Maker] = {
    "relu": _relu,
    "relu6": lambda _: _clamped(0.0, 6.0, "ReLU6"),
    "hardtanh": _hardtanh,
    "clamp": _clamp, "clip": _clamp,
    "leakyrelu": _leaky_relu,
    "rrelu": _rrelu,
    "elu": _elu,
    "celu": _celu,
    "selu": _selu,
    "gelu": _gelu, "geluactivation": _gelu, "gelutanh": _gelu_tanh, "newgeluactivation": _gelu_tanh,
    "fastgeluactivation": _gelu_tanh, "pytorchgelutanh": _gelu_tanh,
    "quickgelu": _quick_gelu, "quickgeluactivation": _quick_gelu,
    "silu": _silu, "swish": _silu, "siluactivation": _silu,
    "sigmoid": _logistic, "logsigmoid": _log_sigmoid,
    "tanh": _tanh,
    "softplus": _softplus_of,
    "softsign": _softsign,
    "hardswish": _hardswish,
    "hardsigmoid": _hardsigmoid,
    "mish": _mish,
    "tanhshrink": _tanhshrink, "hardshrink": _hardshrink, "softshrink": _softshrink,
    "threshold": _threshold,
    "relusquared": _squared_relu, "relusquaredactivation": _squared_relu,
    "sine": _siren, "siren": _siren, "sin": lambda _: _sine(1.0),
    "cos": _plain("cosine", "cos x", np.cos, lambda x: -np.sin(x)),
    "exp": _plain("exp", "exp x", np.exp, np.exp),
    "abs": _plain("absolute value", "|x|", np.abs, np.sign, 0.0),
    "square": _plain("square", "x²", np.square, lambda x: 2 * x),
    "pow": _power,
}  # fmt: skip
"""By operation, in lower case and without underscores."""
