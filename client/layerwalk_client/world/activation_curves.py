"""Which activation function a node computes, and its curve over what comes in.

A node is known by its operation (class of a module or name of a function). What takes more than one
value at a time (softmax) is shown as a function of one of them while the others stay.
"""

from __future__ import annotations

import math

import numpy as np

from layerwalk_client.world.activations import (
    MAKERS,
    Activation,
    Floats,
    leaky,
    sigmoid,
    softplus,
)
from layerwalk_client.world.legend import number
from layerwalk_shared.graph import Node

POINTS = 401
"""Places along a curve."""


def activation_of(
    node: Node, *, slopes: tuple[float, ...] = (), count: int = 0, mean: float = 0.0
) -> Activation | None:
    """Return the function that a node computes; None for what is no function of single values.

    Args:
        node: with its operation and attributes.
        slopes: learned ones, of PReLU: one for each channel, or one.
        count: values that a softmax shares out; 0: from the node's shape.
        mean: of the values that come in, for a softmax.
    """
    key = node.operation.lower().replace("_", "")
    if key == "prelu":
        return _prelu(slopes)
    if key in ("softmax", "logsoftmax"):
        return _softmax(key, count or _shared_out(node), mean)
    maker = MAKERS.get(key)
    return None if maker is None else maker(node.attributes)


def is_activation(node: Node) -> bool:
    """Whether a node computes a function that can be shown."""
    key = node.operation.lower().replace("_", "")
    if key in ("softmax", "logsoftmax"):
        return _shared_out(node) > 1
    if key == "prelu":
        return True
    maker = MAKERS.get(key)
    return maker is not None and maker(node.attributes) is not None


def span_of(low: float, high: float) -> tuple[float, float]:
    """Return from where to where a curve is drawn: what comes in, and the place about zero."""
    reach = max(abs(low), abs(high), 1.0)
    low, high = min(low, -0.25 * reach), max(high, 0.25 * reach)
    room = 0.04 * (high - low)
    return low - room, high + room


def sampled(activation: Activation, span: tuple[float, float]) -> tuple[Floats, Floats, Floats]:
    """Return places, values and slopes over a span, each `[N]`; both sides of every kink."""
    low, high = span
    places = np.linspace(low, high, POINTS)
    step = 1e-9 * (high - low)
    sides = [kink + side for kink in activation.kinks for side in (-step, step)]
    places = np.sort(np.concatenate([places, [one for one in sides if low < one < high]]))
    with np.errstate(all="ignore"):
        values = np.asarray(activation.value(places), np.float64)
        return places, values, np.asarray(activation.slope(places), np.float64)


def _prelu(slopes: tuple[float, ...]) -> Activation | None:
    if not slopes:
        return None
    if len(slopes) == 1:
        return leaky(slopes[0], "PReLU", "its slope is learned")
    least, most = min(slopes), max(slopes)
    note = (
        f"slopes are learned, one for each of {len(slopes)} channels: "
        f"{number(least)} to {number(most)}; the curve is their median"
    )
    return leaky(float(np.median(slopes)), "PReLU", note)


def _shared_out(node: Node) -> int:
    """Return how many values a softmax shares out at a time."""
    axis = node.attributes.get("dim", -1)
    if not isinstance(axis, int) or not node.shape:
        return 0
    place = axis if axis < 0 else axis - 1  # the batch axis is not in the shape
    return node.shape[place] if -len(node.shape) <= place < len(node.shape) else 0


def _softmax(key: str, count: int, mean: float) -> Activation | None:
    """One value's share while the others stay at the mean: a sigmoid about where they add up."""
    if count < 2:
        return None
    middle = mean + math.log(count - 1)
    note = f"one value's share while the other {count - 1} stay at the mean {number(mean)}"
    if key == "logsoftmax":
        return Activation(
            "log softmax", "x \N{MINUS SIGN} log of the sum of exp", lambda x: -softplus(middle - x),
            lambda x: sigmoid(middle - x), (), note.replace("share", "logarithm of the share"),
        )  # fmt: skip

    def slope(x: Floats) -> Floats:
        share = sigmoid(x - middle)
        return np.asarray(share * (1 - share))

    return Activation("softmax", "exp x over the sum of exp", lambda x: sigmoid(x - middle),
                      slope, (), note)  # fmt: skip
