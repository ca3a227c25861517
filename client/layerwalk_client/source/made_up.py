"""Weights of a made-up network: smooth kernels of a shape that the node's settings tell."""

from __future__ import annotations

import zlib

import numpy as np

from layerwalk_client.source import collection
from layerwalk_client.source.arrivals import StatisticsArrived, WeightsArrived
from layerwalk_client.source.asking import Weights, WeightStatistics
from layerwalk_client.source.synthetic import Floats
from layerwalk_shared.errors import NotFoundError
from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.messages import NodeStatistics


def weights(graph: Graph, fetch: Weights) -> WeightsArrived:
    """Answer a fetch of weights.

    Raises:
        NotFoundError: the node has none.
    """
    return WeightsArrived(fetch, weights_of(graph.node(fetch.node))[fetch.first : fetch.end])


def weight_statistics(graph: Graph, fetch: WeightStatistics) -> StatisticsArrived:
    """Answer a fetch of the statistics of weights.

    Raises:
        NotFoundError: the node has none.
    """
    values = weights_of(graph.node(fetch.node))
    numbers = NodeStatistics(
        shape=values.shape, pictures=(1, 1, 1), minimum=float(values.min()),
        maximum=float(values.max()), mean=float(values.mean()), std=float(values.std()),
        zeros=float((values == 0).mean()),
    )  # fmt: skip
    rows = values.reshape(1, len(values), -1).swapaxes(0, 1)
    return StatisticsArrived(fetch, collection.statistics(rows, fetch.node, numbers))


def weights_of(node: Node) -> Floats:
    """Return `[out, in, h, w]` of a convolution, `[out, in]` of a linear layer.

    Kernels are waves of every direction under a bell, so that they look like something.

    Raises:
        NotFoundError: it has no weights.
    """
    told = node.attributes
    size = told.get("kernel_size")
    generator = np.random.default_rng(zlib.crc32(node.id.encode()))
    if node.operation == "Linear":
        shape = (int(str(told["out_features"])), int(str(told["in_features"])))
        return np.asarray(generator.normal(0, shape[1] ** -0.5, shape), np.float32)
    if node.operation != "Conv2d" or not isinstance(size, tuple):
        raise NotFoundError(f"node {node.id!r} has no weights")
    rows, columns = (int(side) for side in size)
    shape = (int(str(told["out_channels"])), int(str(told["in_channels"])))
    y, x = np.mgrid[:rows, :columns] - np.array([(rows - 1) / 2, (columns - 1) / 2])[:, None, None]
    turn, phase, pitch = generator.uniform(0, 2 * np.pi, (3, *shape, 1, 1))
    along = np.cos(turn) * x + np.sin(turn) * y
    bell = np.exp(-(x**2 + y**2) / (0.5 * rows) ** 2)
    found = bell * np.cos(0.35 * pitch * along + phase)
    return np.asarray(found * (shape[1] * rows * columns) ** -0.5, np.float32)
