"""Pictures of panels about one node, kept as goldens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from client.gl.exhibits import draw_panel
from layerwalk_client.gl.panel import PanelPointer
from layerwalk_client.gl.pictures import Images
from layerwalk_client.source import collection
from layerwalk_client.source.asking import WeightStatistics
from layerwalk_client.source.made_up import weight_statistics, weights_of
from layerwalk_client.source.rehearsal import histograms, training_step
from layerwalk_client.source.synthetic import synthetic_graph
from layerwalk_client.ui.node import NodePanel
from layerwalk_client.ui.node_kernels import KernelView
from layerwalk_client.ui.node_numbers import GradientFacts
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.world.activation_curves import activation_of
from layerwalk_client.world.kernels import filters_shown, sheet_of
from layerwalk_shared.graph import Attribute, Node
from layerwalk_shared.messages import NodeStatistics, ValueStatistics

Pixels = NDArray[np.uint8]
GRAPH = synthetic_graph()


def values_of(node: str, values: NDArray[np.float32]) -> ValueStatistics:
    """Return the statistics of values `[C, h, w]`."""
    numbers = NodeStatistics(
        shape=values.shape, pictures=(1, 1, 1), minimum=float(values.min()),
        maximum=float(values.max()), mean=float(values.mean()), std=float(values.std()),
        zeros=float((values == 0).mean()),
    )  # fmt: skip
    return collection.statistics(values, node, numbers)


def bell(*shape: int) -> NDArray[np.float32]:
    """Return values of a slanting bell."""
    found = np.random.default_rng(4).normal(-0.4, 1.3, shape)
    return np.asarray(found + 0.25 * found**2, np.float32)


def activation(operation: str, **attributes: Attribute) -> NodePanel:
    """Return the panel of an activation."""
    node = Node(
        id="layer2.0.act", name="act", kind="module", operation=operation, shape=(64, 28, 28),
        view="maps", channels=64, height=28, width=28, attributes=attributes,
    )  # fmt: skip
    panel = NodePanel(node, 3)
    panel.function.source = "layer2.0.bn1"
    panel.function.inputs = values_of("layer2.0.bn1", bell(64, 28, 28))
    panel.function.activation = activation_of(node)
    return panel


def rectified() -> NodePanel:
    """Return the panel of a ReLU's values, some channels of which are dead."""
    node = GRAPH.node("stem.relu")
    panel = NodePanel(node, GRAPH.index[node.id], unit=3)
    panel.tab = "values"
    values = np.maximum(bell(16, 64, 64), 0)
    values[[2, 5, 11]] = 0
    panel.statistics = values_of(node.id, values)
    return panel


def convolution(name: str, tab: str) -> NodePanel:
    """Return the panel of a convolution, without its kernels."""
    node = GRAPH.node(name)
    panel = NodePanel(node, GRAPH.index[name])
    panel.tab = tab
    panel.weights = weight_statistics(GRAPH, WeightStatistics("n", name)).statistics
    step = training_step(GRAPH, 1600, "s1")
    told = next(one for one in step.nodes if one.node == panel.index)
    found = next(one for one in histograms(GRAPH, 1600).nodes if one.node == panel.index)
    panel.has_training = True
    panel.gradients = GradientFacts(
        1600, found.counts, found.zeros, norm=told.gradient, weight=told.weight, update=told.update
    )
    return panel


def kernels(name: str, at: tuple[float, float]) -> Pixels:
    """Return the picture of a convolution's kernels under a pointer."""
    panel = convolution(name, "kernels")
    values = weights_of(panel.node)
    sheet = sheet_of(values[: filters_shown(values.shape)], first=0, shape=values.shape)
    images = Images()
    pixels = sheet.pixels("coolblack")
    texture = images.make(pixels, is_smooth=False)
    panel.kernels = KernelView(sheet, Picture(texture, size_wh=pixels.shape[1::-1]))
    try:
        return draw_panel(panel, [PanelPointer(at)] * 3)
    finally:
        images.close()


FACTS: dict[str, Callable[[], Pixels]] = {
    "node-function": lambda: draw_panel(activation("GELU", approximate="none")),
    "node-function-pointed": lambda: draw_panel(
        activation("LeakyReLU", negative_slope=0.2), [PanelPointer((250.0, 200.0))] * 2
    ),
    "node-values": lambda: draw_panel(rectified()),
    "node-gradients": lambda: draw_panel(convolution("block1.conv1", "gradients")),
    "node-kernels": lambda: kernels("block1.conv1", (120.0, 250.0)),
    "node-kernels-coloured": lambda: kernels("stem.conv", (120.0, 200.0)),
}
