"""Grad-CAM: where the maps of one node spoke for a unit.

Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM (ICCV 2017), equations 1 and 2: the
weight of map k is the mean of dy / dA_k over its places, the result `ReLU(sum of weight_k * A_k)`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge
from torch.nn import functional

from layerwalk.attribution.found import Found
from layerwalk.attribution.target import Target, upstream
from layerwalk.pyramid import arrange
from layerwalk.tracking import Opened
from layerwalk.tracking.running import error_text
from layerwalk_shared.errors import InvalidRequestError, ModelError
from layerwalk_shared.graph import Graph, Node

_MAPS = ("maps", "grid")


def layer_of(graph: Graph, target: str, wish: str | None = None) -> str:
    """Return the node whose maps are looked at: the one wished for, else the last before a unit.

    Raises:
        NotFoundError: there is no such node.
        InvalidRequestError: it has no maps, or the unit does not come from it; or there is none.
    """
    before = upstream(graph, target) - {target}
    if wish is not None:
        node = graph.node(wish)
        if not _has_maps(node):
            raise InvalidRequestError(
                f"node {wish!r} of shape {list(node.shape)}, shown as {node.view}, has no maps for "
                "a Grad-CAM"
            )
        if wish not in before:
            raise InvalidRequestError(f"node {target!r} does not come from node {wish!r}")
        return wish
    able = [node.id for node in graph.nodes if node.id in before and _has_maps(node)]
    if not able:
        raise InvalidRequestError(f"node {target!r} comes from no maps; Grad-CAM needs some")
    return able[-1]


def grad_cam(opened: Opened, target: Target, graph: Graph, *, layer: str) -> Found:
    """Return the maps of a node weighted for a unit, and on an input picture their sum.

    Args:
        opened: a run up to the unit's node; of one item.
        target: the unit.
        graph: of the network.
        layer: the node.

    Raises:
        InvalidRequestError: no gradient passes.
        ModelError: the pass back raised.
    """
    target = target.settled(opened.value)
    with torch.inference_mode(mode=False), torch.enable_grad():
        goal = target.value(opened.value)[0]
    edge = opened.edges.get(layer)
    gradient: Tensor | None = None
    if edge is not None and goal.requires_grad:
        try:
            (gradient,) = torch.autograd.grad(
                goal, [GradientEdge(edge.node, edge.output_nr)], allow_unused=True
            )
        except Exception as error:  # it may be the user's code, which may raise anything
            raise ModelError(f"the pass back raised {error_text(error)}") from error
    if gradient is None:
        raise InvalidRequestError(f"node {target.node!r} passes no gradient back to {layer!r}")
    node = graph.node(layer)
    weights = arrange(gradient[0].detach(), node.view).mean((1, 2), keepdim=True)
    weighted = weights * arrange(opened.values[layer][0], node.view)
    spoken = weighted.sum(0, keepdim=True).relu()[None]
    maps = {layer: _laid(weighted, node, opened.values[layer])}
    argument = next(
        (one for one in graph.nodes if one.kind == "input" and one.view == "image"), None
    )
    if argument is not None:
        maps[argument.id] = functional.interpolate(
            spoken, size=argument.shape_hw, mode="bilinear", align_corners=False
        )
    return Found(
        target,
        float(goal.detach()),
        maps,
        layer=layer,
        argument=None if argument is None else argument.id,
    )


def _laid(weighted: Tensor, node: Node, like: Tensor) -> Tensor:
    """Return weighted maps `[C, h, w]` in the shape of the node's tensor, with its batch axis."""
    if node.view == "maps":
        return weighted.reshape(like.shape)
    flat = weighted.movedim(0, -1).reshape(-1, weighted.shape[0])
    skipped = like[0].numel() // weighted.shape[0] - len(flat)
    return functional.pad(flat, (0, 0, skipped, 0)).reshape(like.shape)


def _has_maps(node: Node) -> bool:
    return node.view in _MAPS and node.channels > 1 and min(node.shape_hw) > 1
