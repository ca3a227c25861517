"""Windows that move over a picture: of convolutions and pools, as modules and as functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from layerwalk_shared.graph import Attribute, Node

Pair = tuple[int, int]
_CONVOLUTIONS = frozenset({"conv2d", "Conv2d"})
_POOLS = frozenset(
    {"avg_pool2d", "max_pool2d", "max_pool2d_with_indices", "MaxPool2d", "AvgPool2d"}
)
_ADAPTIVE = frozenset({
    "adaptive_avg_pool2d", "adaptive_max_pool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d",
})  # fmt: skip
_AVERAGES = frozenset({"avg_pool2d", "AvgPool2d"})


class Window(NamedTuple):
    """A window of `size_hw` pixels every `stride_hw`, the first one `before_hw` before the picture.

    `adapts_to_hw`: instead, as many equal windows as that; then the other numbers count nothing.
    """

    size_hw: Pair
    stride_hw: Pair = (1, 1)
    before_hw: Pair = (0, 0)
    after_hw: Pair = (0, 0)
    adapts_to_hw: Pair | None = None


def has_window(operation: str) -> bool:
    """Return whether an operation moves a window over a picture."""
    return operation in _CONVOLUTIONS | _POOLS | _ADAPTIVE


def window_of(node: Node) -> Window | None:
    """Return the window of a node's operation; None where its attributes do not tell it."""
    given = node.attributes
    try:
        if node.operation in _ADAPTIVE:
            return Window((1, 1), adapts_to_hw=_pair(given["output_size"]))
        kernel = _pair(given["kernel_size"])
        is_pool = node.operation in _POOLS
        if given.get("padding_mode") == "circular":  # it sees the other end of the picture
            return None
        return _window(
            kernel,
            _pair(given.get("stride", kernel if is_pool else 1)),
            given.get("padding", 0),
            _pair(1 if node.operation in _AVERAGES else given.get("dilation", 1)),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _window(kernel: Pair, stride: Pair, padding: Attribute, dilation: Pair) -> Window:
    size = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
    if padding == "same":
        before = ((size[0] - 1) // 2, (size[1] - 1) // 2)
        after = (size[0] - 1 - before[0], size[1] - 1 - before[1])
    else:
        before = after = (0, 0) if padding == "valid" else _pair(padding)
    return Window(size, stride, before, after)


def _pair(value: Attribute) -> Pair:
    if isinstance(value, Sequence) and not isinstance(value, str):
        first, second = value if len(value) > 1 else (value[0], value[0])
        return int(first), int(second)
    return int(value), int(value)
