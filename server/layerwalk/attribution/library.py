"""`layerwalk.attribute`: what made a unit of a model as strong as it is, in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from layerwalk.attribution.channels import channel_sums, item_of
from layerwalk.attribution.found import Found
from layerwalk.attribution.question import Question, argument_of
from layerwalk.attribution.target import target_of
from layerwalk.nodeviews import chosen_views, shown_as
from layerwalk.tracking import trace
from layerwalk.twin import make_example, make_twin
from layerwalk_shared.errors import ModelError
from layerwalk_shared.graph import Graph, View
from layerwalk_shared.messages import AttributionMethod


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """What `attribute` returns.

    Attributes:
        graph: of the model.
        node, unit: what is explained; `value` is what it reaches.
        maps: node id -> what each place gave, without batch axis. An input of colours is one map
            `[1, H, W]`; an input of ids has a number for each id.
        channels: node id -> what each channel gave, `[C]`.
        edges: (source, target) -> what went through; of a signal.
        baseline: what the unit is where the input is nothing; of integrated gradients and occlusion.
    """

    graph: Graph
    node: str
    unit: int
    value: float
    maps: Mapping[str, NDArray[np.float32]]
    channels: Mapping[str, NDArray[np.float32]]
    edges: Mapping[tuple[str, str], float]
    baseline: float | None


def attribute(
    model: nn.Module,
    example: object,
    node: str | None = None,
    unit: int | None = None,
    method: AttributionMethod = "signal",
    *,
    position: tuple[int, ...] | None = None,
    layer: str | None = None,
    argument: str | None = None,
    steps: int = 32,
    window: int = 16,
    stride: int = 8,
    views: Mapping[str, View] | None = None,
) -> Attribution:
    """Return what made a unit as strong as it is for one input.

        found = layerwalk.attribute(model, x)             # the strongest class
        found.channels["layer4.1.conv2"]                  # what each channel gave to it
        layerwalk.attribute(model, x, "layer4", 7, "integrated-gradients", steps=64).maps["input"]

    Args:
        model: any module; it is copied, and not changed.
        example: the input, with its batch axis; see `layerwalk.watch`. The first item is explained.
        node: id, as `layerwalk.trace` tells them; None: the answer.
        unit: channel of the node, class of the answer; None: the strongest.
        method: "signal" (gradient x activation of every node), "gradcam", "gradient-x-input",
            "integrated-gradients", "occlusion".
        position: of a single value of the unit; None: the mean of all.
        layer: node of a Grad-CAM; None: the last maps.
        argument: input that a map is of: id of its node; None: the first.
        steps: of integrated gradients.
        window, stride: of occlusion: pixels, tokens or elements.
        views: node id or pattern -> view, where it is not as guessed.

    Raises:
        NotFoundError: no such node or unit.
        InvalidRequestError: no gradient passes, or the method does not fit the model.
        InputError: the example holds no tensor with a batch axis.
        ModelError: the model cannot be copied, or forward or the pass back raised.
    """
    with torch.inference_mode(mode=False), torch.no_grad():
        device = next((str(one.device) for one in model.parameters()), "cpu")
        twin = make_twin(model, device=device)
        twin.requires_grad_(False)
        arguments = make_example(example, device=device)
        traced = trace(twin, arguments.args, arguments.kwargs)
        if traced.error is not None and node is None:
            raise ModelError(f"forward raised {traced.error}")
        graph = shown_as(traced.graph, chosen_views(traced.graph, views or {}))
        question = Question(
            twin,
            arguments,
            traced,
            graph,
            target_of(graph, traced, node=node, unit=unit, position=position),
            method,
            argument_of(graph, arguments, argument),
            layer=layer,
            steps=steps,
            window=window,
            stride=stride,
        )
        last: Found | None = None
        for step in question.answer():
            last = step.found
    assert last is not None
    assert last.target.unit is not None
    axes = traced.plan.batch_axes
    maps = {
        name: item_of(one, axes.get(name, 0), axes=len(graph.node(name).shape))
        .detach()
        .cpu()
        .float()
        for name, one in last.maps.items()
    }
    edges: dict[tuple[str, str], float] = {}
    if last.edges is not None:
        for edge, flow in zip(graph.edges, last.edges.tolist(), strict=True):
            key = (edge.source, edge.target)
            edges[key] = edges.get(key, 0.0) + flow
    return Attribution(
        graph,
        last.target.node,
        last.target.unit,
        last.value,
        {name: one.numpy() for name, one in maps.items()},
        {
            name: channel_sums(one, _view_of(graph, name, one.ndim), graph.node(name).channels)
            for name, one in maps.items()
        },
        edges,
        last.baseline,
    )


def _view_of(graph: Graph, name: str, axes: int) -> View:
    node = graph.node(name)
    return "maps" if node.view == "image" and axes >= 3 else node.view
