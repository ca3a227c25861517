"""Receptive fields of all nodes, by interval arithmetic along the graph.

A window of k pixels every s over values whose fields are (size r, stride j, start a) gives fields of
size `r + (k - 1) j`, stride `s j`, start `a - p j` with padding p (Araujo, Norris, Sim: Computing
receptive fields of convolutional neural networks, Distill 2019, equations 2 to 5). What works place
by place changes nothing; where branches join, the field is the hull of theirs. Everything else (a
linear layer over all places, attention, a mean over the picture, what no rule is known for) may see
all of the input.
"""

from __future__ import annotations

from torch import nn

from layerwalk.tracking.tracing import Trace
from layerwalk.tracking.windows import Pair, Window, has_window, window_of
from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.receptive import ReceptiveField

_PLACEWISE_OPERATIONS = frozenset({
    "add", "sub", "mul", "div", "pow", "neg", "abs", "exp", "log", "sqrt", "square", "sign", "sin",
    "cos", "erf", "maximum", "minimum", "where", "cat", "chunk", "split", "relu", "relu6", "sigmoid",
    "tanh", "gelu", "silu", "elu", "selu", "celu", "mish", "softplus", "leaky_relu", "prelu",
    "hardswish", "hardsigmoid", "hardtanh", "logsigmoid", "clamp", "dropout", "dropout2d",
    "batch_norm", "masked_fill",
})  # fmt: skip
_PLACEWISE_MODULES: tuple[type[nn.Module], ...] = (
    nn.Identity, nn.modules.dropout._DropoutNd, nn.BatchNorm2d, nn.SyncBatchNorm, nn.ReLU, nn.ReLU6,
    nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.ELU, nn.SELU, nn.CELU, nn.Mish, nn.Softplus,
    nn.LeakyReLU, nn.PReLU, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.LogSigmoid, nn.Softsign,
    nn.Threshold, nn.Softmax2d, nn.LocalResponseNorm,
)  # fmt: skip
_PLACEWISE_ON_LAST_AXIS: tuple[type[nn.Module], ...] = (nn.Linear, nn.LayerNorm)
"""Of values `[H, W, C]`: they mix the channels of one place."""


def receptive_fields(trace: Trace, model: nn.Module) -> tuple[ReceptiveField | None, ...]:
    """Return the receptive field of each node of a trace, in the graph's order.

    Args:
        trace: of the model.
        model: as it was traced; only the settings of its modules are read.

    Returns:
        None for a node that sees the whole input, comes from several inputs, or for which no rule
        tells how much it sees.
    """
    graph = trace.graph
    modules = dict(model.named_modules())
    found: dict[str, ReceptiveField | None] = {}
    for node in graph.nodes:
        module = modules.get(node.module) if node.kind in ("module", "tracker") else None
        found[node.id] = _field(node, module, graph, found)
    return tuple(found[node.id] for node in graph.nodes)


def _field(
    node: Node,
    module: nn.Module | None,
    graph: Graph,
    found: dict[str, ReceptiveField | None],
) -> ReceptiveField | None:
    size = places_hw(node)
    if size is None:
        return None
    if node.kind == "input":
        return ReceptiveField(input=node.id, size_hw=(1, 1), stride_hw=(1, 1), start_hw=(0, 0))
    read = [graph.node(one) for one in dict.fromkeys(graph.predecessors[node.id])]
    fields = [found[one.id] for one in read]
    before = [places_hw(one) for one in read]
    if has_window(node.operation):
        window = window_of(node)
        if window is None:
            return None
        is_global = window.adapts_to_hw == (1, 1) and before[:1] != [(1, 1)]
        if is_global or len(read) != 1 or fields[0] is None or before[0] is None:
            return None
        return _through(window, fields[0], before[0], size)
    is_same = bool(read) and all(one == size for one in before) and _is_placewise(node, module)
    if is_same and node.operation == "cat":  # along the axis of the channels
        is_same = sum(one.shape[0] for one in read) <= node.shape[0]
    return _hull(fields) if is_same else None


def places_hw(node: Node) -> Pair | None:
    """Return the places of a node in a picture: the height and width of its maps, or None."""
    if len(node.shape) != 3:
        return None
    if node.view in ("image", "maps"):
        return node.shape[1], node.shape[2]
    return (node.shape[0], node.shape[1]) if node.view == "grid" else None


def _is_placewise(node: Node, module: nn.Module | None) -> bool:
    if node.kind == "tracker":
        return True
    if module is None:
        return node.operation in _PLACEWISE_OPERATIONS
    if isinstance(module, _PLACEWISE_ON_LAST_AXIS):
        is_one_axis = not isinstance(module, nn.LayerNorm) or len(module.normalized_shape) == 1
        return node.view == "grid" and is_one_axis
    return isinstance(module, _PLACEWISE_MODULES)


def _through(
    window: Window, field: ReceptiveField, before: Pair, after: Pair
) -> ReceptiveField | None:
    """Return the field behind a window; None where the window does not give values of that size."""
    axes: list[tuple[int, int, int]] = []
    for axis in (0, 1):
        size, stride, start = window.size_hw[axis], window.stride_hw[axis], window.before_hw[axis]
        length = before[axis] + start + window.after_hw[axis]
        if window.adapts_to_hw is not None:
            size = stride = before[axis] // window.adapts_to_hw[axis]
            if size * window.adapts_to_hw[axis] != before[axis]:
                return None  # windows of different sizes
            start, length = 0, before[axis]
        counts = {(length - size) // stride + 1, -((size - length) // stride) + 1}
        if after[axis] not in counts:
            return None
        jump = field.stride_hw[axis]
        axes.append(
            (
                field.size_hw[axis] + (size - 1) * jump,
                jump * stride,
                field.start_hw[axis] - start * jump,
            )
        )
    (size_h, stride_h, start_h), (size_w, stride_w, start_w) = axes
    return ReceptiveField(
        input=field.input,
        size_hw=(size_h, size_w),
        stride_hw=(stride_h, stride_w),
        start_hw=(start_h, start_w),
    )


def _hull(fields: list[ReceptiveField | None]) -> ReceptiveField | None:
    known = [one for one in fields if one is not None]
    first = known[0] if known else None
    if first is None or len(known) < len(fields):
        return None
    if any(one.stride_hw != first.stride_hw or one.input != first.input for one in known):
        return None
    ends: list[tuple[int, int]] = []
    for axis in (0, 1):
        start = min(one.start_hw[axis] for one in known)
        end = max(one.start_hw[axis] + one.size_hw[axis] for one in known)
        ends.append((start, end - start))
    return ReceptiveField(
        input=first.input,
        size_hw=(ends[0][1], ends[1][1]),
        stride_hw=first.stride_hw,
        start_hw=(ends[0][0], ends[1][0]),
    )
