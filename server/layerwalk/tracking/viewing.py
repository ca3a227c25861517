"""How nodes are shown, where the operation and what it read say more than the shape alone."""

from __future__ import annotations

import math
from collections.abc import Mapping

from layerwalk.tracking.drafts import NodeDraft
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import View
from layerwalk_shared.views import guess_view, picture_shape

SOFTMAX = frozenset({"softmax", "Softmax"})
PRODUCTS = frozenset({"matmul", "bmm", "baddbmm", "einsum"})
"""What makes the scores of attention out of queries and keys."""
SCORE_STEPS = frozenset({
    "add", "sub", "mul", "div", "masked_fill", "where", "clamp", "softcap", "tanh", "float", "to",
    "type_as", "dropout", "Dropout", "Identity",
})  # fmt: skip
"""What may stand between the product, the softmax and what reads it, shape unchanged."""
RECURRENT = frozenset({"LSTM", "GRU", "RNN"})
OVER_TIME = frozenset({
    "Conv1d", "ConvTranspose1d", "MaxPool1d", "AvgPool1d", "AdaptiveAvgPool1d", "conv1d",
    "conv_transpose1d", "max_pool1d", "avg_pool1d",
})  # fmt: skip
"""Give `[C, T]`."""
IN_SPACE = frozenset({"Conv3d", "ConvTranspose3d", "MaxPool3d", "AvgPool3d", "conv3d"})
"""Give `[C, D, H, W]`."""
COLOURS = (1, 3)


def guess_views(nodes: list[NodeDraft]) -> dict[NodeDraft, View]:
    """Return the view of every node of a graph, in its order; those that are set stay.

    - `volume`: what three-dimensional operations give and read, and what has their shape after
      them. `frames`: an input `[T, C, H, W]` of one or three colours.
    - `sequence`: outputs of recurrent layers and of convolutions over time, and what has their
      shape after them.
    - `grid`: tokens `[T, D]` made of a square picture, where T is the number of places of a map
      before them, or a few more (class token, registers); and `[H, W, C]`, channels last, of the
      size of a map before it or half of it.
    - `attention`: `[heads, T, S]` from the product of queries and keys to the softmax and after.
    - all others as `guess_view` says.
    """
    found: dict[NodeDraft, View] = {}
    sides: dict[NodeDraft, frozenset[int]] = {}
    for node in nodes:
        read = [source for source, _ in node.predecessors]
        known = frozenset[int]()
        for source in read:
            known |= sides.get(source, known)
        found[node] = node.view or _shown(node, read, found, known)
        if len(node.shape) == 3 and found[node] in ("maps", "image", "grid"):
            first, second, third = node.shape
            side, other = (first, second) if found[node] == "grid" else (second, third)
            known |= {side} if side == other > 1 else frozenset()
        sides[node] = known
        if node.operation in IN_SPACE:
            for source in read:
                if source.kind == "input" and source.view is None and len(source.shape) == 4:
                    found[source] = "volume"
    for node in nodes:
        if node.operation in SOFTMAX and len(node.shape) >= 3 and node.view is None:
            found.update(_scores(node))
    for node in nodes:
        is_step = node.operation in SCORE_STEPS and node.view is None
        if is_step and any(_is_alike(node, source) and found.get(source) == "attention"
                           for source, _ in node.predecessors):  # fmt: skip
            found[node] = "attention"
    return found


def _shown(
    node: NodeDraft,
    read: list[NodeDraft],
    found: Mapping[NodeDraft, View],
    sides: frozenset[int],
) -> View:
    shape = node.shape
    guess: View = guess_view(shape)
    view = guess
    inherited = {found[source] for source in read if source in found and _is_alike(node, source)}
    if len(shape) == 4:
        has_colours = shape[1] in COLOURS and shape[0] not in COLOURS
        if node.operation in IN_SPACE or "volume" in inherited:
            view = "volume"
        elif node.kind == "input" and has_colours:
            view = "frames"
    elif len(shape) == 2:
        is_recurrent = node.operation in RECURRENT and node.capture.output == 0
        if is_recurrent or node.operation in OVER_TIME or "sequence" in inherited:
            view = "sequence"
        elif math.isqrt(shape[0]) in sides:
            view = "grid"
    elif len(shape) == 3:
        if node.operation == "MultiheadAttention" and node.capture.output == 1:
            view = "attention"
        elif shape[0] == shape[1] != shape[2] and {shape[0], 2 * shape[0]} & sides:
            view = "grid"
    if view == guess:  # which fits
        return guess
    try:
        picture_shape(view, shape)
    except InvalidRequestError:
        return guess
    return view


def _is_alike(node: NodeDraft, source: NodeDraft) -> bool:
    """Return whether the axes of a node mean what those of what it read mean, as it seems."""
    if len(node.shape) == 4:
        return len(source.shape) == 4
    return node.shape[-1:] == source.shape[-1:] and len(node.shape) == len(source.shape)


def _scores(softmax: NodeDraft) -> dict[NodeDraft, View]:
    """Return the nodes of attention from the product of queries and keys to their softmax.

    Empty where no product of the same shape leads there: the softmax then is of classes.
    """
    path: dict[NodeDraft, View] = {softmax: "attention"}
    node = softmax
    while node.operation not in PRODUCTS:
        if node is not softmax and node.operation not in SCORE_STEPS:
            return {}
        alike = [source for source, _ in node.predecessors if source.shape == node.shape]
        if not alike:
            return {}
        node = alike[0]
        path[node] = "attention"
    return path
