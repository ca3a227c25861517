"""A network made up from sines: a graph with a skip, smooth maps that follow the input, an answer.

It stands in for a server where none is wanted: the same input gives the same values, everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.graph import Attribute, Edge, Graph, Group, Node, View, make_graph
from layerwalk_shared.messages import QUANTILES, ClassScore, NodeStatistics
from layerwalk_shared.tiles import (
    Tile,
    TileKey,
    TileType,
    block_channels,
    block_count,
    level_count,
    level_shape,
)
from layerwalk_shared.views import picture_shape

SIDE = 64
CLASSES = (
    "red disc", "green disc", "blue disc", "red bar", "green bar", "blue bar",
    "dark ring", "light ring", "ramp", "noise",
)  # fmt: skip
_WAVES = 5
"""Cosines per axis of a synthetic map: smooth, yet no two alike."""

Floats = NDArray[np.float32]
Shape = tuple[int, ...]


def synthetic_graph() -> Graph:
    """Return the graph: input, stem, two residual blocks, pooling, a vector, ten classes."""
    plan: list[tuple[str, str, tuple[int, ...], str | None, tuple[str, ...]]] = [
        ("input", "input", (3, SIDE, SIDE), None, ()),
        ("stem.conv", "Conv2d", (16, SIDE, SIDE), "stem", ("input",)),
        ("stem.relu", "ReLU", (16, SIDE, SIDE), "stem", ("stem.conv",)),
        ("block1.conv1", "Conv2d", (32, SIDE // 2, SIDE // 2), "block1", ("stem.relu",)),
        ("block1.relu", "ReLU", (32, SIDE // 2, SIDE // 2), "block1", ("block1.conv1",)),
        ("block1.conv2", "Conv2d", (32, SIDE // 2, SIDE // 2), "block1", ("block1.relu",)),
        ("block1.skip", "Conv2d", (32, SIDE // 2, SIDE // 2), "block1", ("stem.relu",)),
        ("block1.add", "add", (32, SIDE // 2, SIDE // 2), "block1",
         ("block1.conv2", "block1.skip")),
        ("block2.conv1", "Conv2d", (300, SIDE // 4, SIDE // 4), "block2", ("block1.add",)),
        ("block2.relu", "ReLU", (300, SIDE // 4, SIDE // 4), "block2", ("block2.conv1",)),
        ("pool", "AdaptiveAvgPool2d", (300, 1, 1), None, ("block2.relu",)),
        ("flatten", "flatten", (300,), None, ("pool",)),
        ("fc", "Linear", (len(CLASSES),), None, ("flatten",)),
    ]  # fmt: skip
    shapes = {row[0]: row[2] for row in plan}
    nodes = tuple(_node(*row[:4], sources=[shapes[one] for one in row[4]]) for row in plan)
    edges = tuple(
        Edge(source=source, target=row[0], slot=slot)
        for row in plan
        for slot, source in enumerate(row[4])
    )
    groups = tuple(Group(id=name, name=name) for name in ("stem", "block1", "block2"))
    return make_graph(nodes, edges, groups)


def _settings(node_id: str, operation: str, source: Shape, shape: Shape) -> dict[str, Attribute]:
    """Return what a layer of this operation, between tensors of these shapes, is set up with."""
    if operation == "Linear":
        return {"in_features": source[0], "out_features": shape[0], "bias": True}
    if operation != "Conv2d":
        return {}
    side, stride = 1 if node_id.endswith("skip") else 3, source[1] // shape[1]
    return {
        "in_channels": source[0], "out_channels": shape[0], "kernel_size": (side, side),
        "stride": (stride, stride), "padding": (side // 2, side // 2), "bias": False,
    }  # fmt: skip


def _node(
    node_id: str, operation: str, shape: Shape, group: str | None, *, sources: Sequence[Shape]
) -> Node:
    view: View = "image" if node_id == "input" else "maps" if len(shape) == 3 else "vector"
    channels, height, width = picture_shape(view, shape)
    is_module = operation[0].isupper()
    settings = _settings(node_id, operation, sources[0], shape) if sources else {}
    width_in = sources[0][0] if settings else 0
    cells = 9 if settings.get("kernel_size") == (3, 3) else 1
    return Node(
        id=node_id,
        name=node_id.rpartition(".")[2],
        kind="input" if node_id == "input" else "module" if is_module else "operation",
        operation=operation,
        module=node_id if is_module else "",
        group=group,
        shape=shape,
        view=view,
        channels=channels,
        height=height,
        width=width,
        parameters=shape[0] * (width_in * cells + bool(settings["bias"])) if settings else 0,
        attributes=settings,
    )


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticValues:
    """Values of every node for one picture.

    Attributes:
        picture: `[SIDE, SIDE, 3]` float32 in 0..1, what is on the input.
        nodes: per node its pictures, float32 `[channels, height, width]` (the input's in RGB).
        top: the answer, best first.
        tensors: per node its values in the tensor's own shape; empty where they are the pictures.
    """

    picture: Floats
    nodes: tuple[Floats, ...]
    top: tuple[ClassScore, ...]
    tensors: tuple[Floats, ...] = ()

    def tensor(self, graph: Graph, node: str) -> Floats:
        """Return a node's values in its tensor's shape."""
        index = graph.index[node]
        if self.tensors:
            return self.tensors[index]
        found, described = self.nodes[index], graph.nodes[index]
        if described.view == "image":
            return found.transpose(2, 0, 1)
        is_vector = described.view == "vector"
        return found.reshape(-1)[: described.shape[0]] if is_vector else found


def synthetic_values(graph: Graph, picture: Floats, *, turn: float = 0.0) -> SyntheticValues:
    """Return what the made-up network makes of `picture` (`[SIDE, SIDE, 3]` float32, 0..1).

    `turn` (radians) mixes other weights in, as a training would.
    """
    grey = picture.mean(axis=2)
    found: dict[str, Floats] = {}
    for index, node in enumerate(graph.nodes):
        sources = graph.predecessors[node.id]
        if node.id == "input":
            found[node.id] = picture
        elif node.operation == "ReLU":
            found[node.id] = np.maximum(found[sources[0]], 0)
        elif node.operation == "add":
            found[node.id] = found[sources[0]] + found[sources[1]]
        elif node.operation == "AdaptiveAvgPool2d":
            found[node.id] = found[sources[0]].mean(axis=(1, 2), keepdims=True)
        elif node.operation == "flatten":
            found[node.id] = _as_picture(found[sources[0]].ravel(), node)
        elif node.operation == "Linear":
            found[node.id] = _as_picture(_logits(picture), node)
        else:
            found[node.id] = _waves(index, node, turn) * resized(grey, node.shape_hw)[None]
    logits = found[graph.nodes[-1].id].ravel()[: len(CLASSES)]
    odds = np.exp(logits - logits.max())
    odds /= odds.sum()
    top = tuple(
        ClassScore(
            index=int(k), name=CLASSES[k], probability=float(odds[k]), logit=float(logits[k])
        )
        for k in np.argsort(-logits, kind="stable")
    )
    return SyntheticValues(picture, tuple(found[node.id] for node in graph.nodes), top)


def node_statistics(graph: Graph, values: SyntheticValues) -> tuple[NodeStatistics, ...]:
    """Return the numbers of each node; `flatten` says that it equals `pool`'s values."""
    return tuple(
        NodeStatistics(
            shape=node.shape,
            pictures=(node.channels, node.height, node.width),
            minimum=float(found.min()),
            maximum=float(found.max()),
            mean=float(found.mean()),
            std=float(found.std()),
            zeros=float((found == 0).mean()),
            quantiles=tuple(np.percentile(np.abs(found), QUANTILES).tolist()),
        )
        for node, found in zip(graph.nodes, values.nodes, strict=True)
    )


def make_tile(graph: Graph, values: SyntheticValues, key: TileKey, *, generation: int) -> Tile:
    """Return one tile, reduced by exact area."""
    node, found = graph.nodes[key.node], values.nodes[key.node]
    shape = level_shape(node.shape_hw, key.level)
    if node.view == "image":
        picture = np.stack([resized(found[..., k], shape) for k in range(3)], axis=-1)
        pixels = np.rint(picture * 255).astype(np.uint8)[None]
        return Tile(key, TileType.RGB8, 0, pixels, np.ones(1, np.float32), generation)
    part = found[block_channels(node.channels, key.block)]
    scales = np.abs(part).max(axis=(1, 2))
    return Tile(
        key, TileType.FLOAT16, 256 * key.block, resized(part, shape).astype(np.float16),
        scales.astype(np.float32), generation,
    )  # fmt: skip


def overview_keys(graph: Graph, side: int) -> list[TileKey]:
    """Return the keys of every level whose longer side is at most `side`."""
    return [
        TileKey(index, block, level)
        for index, node in enumerate(graph.nodes)
        for block in range(block_count(node.channels))
        for level in range(level_count(node.shape_hw))
        if max(level_shape(node.shape_hw, level)) <= side
    ]


def resized(values: Floats, shape_hw: tuple[int, int]) -> Floats:
    """Return `[..., h, w]` reduced (or enlarged) to `shape_hw` by the mean over exact areas."""
    rows = _areas(values.shape[-2], shape_hw[0])
    columns = _areas(values.shape[-1], shape_hw[1])
    return np.asarray(rows @ values @ columns.T, np.float32)


def _areas(size: int, count: int) -> Floats:
    """Return `[count, size]`: the share of each old cell in each new one."""
    low = np.arange(count)[:, None] * size / count
    cells = np.arange(size)[None, :]
    overlap = np.minimum(low + size / count, cells + 1) - np.maximum(low, cells)
    return np.asarray(np.clip(overlap, 0, None) * count / size, np.float32)


def _waves(seed: int, node: Node, turn: float) -> Floats:
    generator = np.random.default_rng(seed)
    weights = generator.normal(size=(node.channels, _WAVES, _WAVES)).astype(np.float32)
    if turn:
        others = generator.normal(size=weights.shape)
        weights = np.cos(turn) * weights + np.sin(turn) * others
    rows = _cosines(node.height)
    columns = _cosines(node.width)
    return np.asarray(rows @ weights @ columns.T, np.float32)


def _cosines(count: int) -> Floats:
    """Return `[count, _WAVES]`, the first cosines sampled at the middles of cells."""
    middle = (np.arange(count)[:, None] + 0.5) / count
    return np.cos(np.pi * middle * np.arange(_WAVES)[None, :]).astype(np.float32)


def _logits(picture: Floats) -> Floats:
    """Return ten numbers that depend on the colours of `picture`."""
    features = resized(picture.transpose(2, 0, 1), (4, 4)).ravel() - 0.5
    weights = np.random.default_rng(2024).normal(size=(len(CLASSES), features.size))
    return np.asarray(weights @ features, np.float32)


def _as_picture(vector: Floats, node: Node) -> Floats:
    picture = np.zeros(node.height * node.width, np.float32)
    picture[: vector.size] = vector
    return picture.reshape(1, node.height, node.width)


def synthetic_item(item: int) -> NDArray[np.uint8]:
    """Return picture number `item` of the made-up data set: `[SIDE, SIDE, 3]` uint8."""
    generator = np.random.default_rng(item)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    cx, cy, radius = 0.3 + 0.4 * generator.random(2).tolist()[0], 0.5, 0.15 + 0.15 * (item % 3) / 2
    away = np.hypot(x - cx, y - cy)
    ground = 0.15 + 0.2 * np.stack([x, y, 1 - x], axis=-1)
    kind = item % len(CLASSES)
    colour = np.eye(3)[kind % 3] * 0.8 + 0.1
    if kind < 3:
        mask = away < radius
    elif kind < 6:
        mask = np.abs(x - cx) < radius / 2
    else:
        mask = np.abs(away - radius) < 0.05
    picture = np.where(mask[..., None], colour, ground)
    return np.asarray(np.rint(picture * 255), np.uint8)
