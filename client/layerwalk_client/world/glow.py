"""A signal as light: how bright the frame of each channel and the ribbon of each edge is.

Contributions of a network with biases do not add up to the same at every depth, so brightness is
made of shares. Going back from the unit, each node hands the share that it has on to what it reads,
in proportion to what came through each edge: between two cuts nothing gets lost, and a branch that
carries a tenth is a tenth as strong. Within a node the strongest channel has all of the node's
light.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layerwalk_shared.contributions import Contributions
from layerwalk_shared.graph import Graph

CHANNEL_POWER = 0.7
"""Of a channel's part of the strongest one: below 1, so that weaker ones are still seen."""
NODE_POWER = 0.4
"""Of a node's share."""
EDGE_POWER = 0.5
"""Of an edge's share."""


@dataclass(frozen=True, slots=True, eq=False)
class Glow:
    """Light of one network, -1 (it made the unit weaker) to 1 (stronger); what is not told is dark.

    Attributes:
        network: id.
        channels: node index -> `[C]` float32.
        nodes: node index -> light of the wall as a whole.
        edges: (source, target) indices -> light of the ribbon.
    """

    network: str
    channels: Mapping[int, NDArray[np.float32]]
    nodes: Mapping[int, float]
    edges: Mapping[tuple[int, int], float]


def glow_of(network: str, graph: Graph, found: Contributions, *, target: str) -> Glow:
    """Return the light of a signal.

    Args:
        network: id.
        graph: of it.
        found: what each channel and edge gave, in the graph's order.
        target: node of the unit.
    """
    flows: dict[tuple[int, int], float] = {}
    for edge, flow in zip(graph.edges, found.edges.tolist(), strict=False):
        key = graph.index[edge.source], graph.index[edge.target]
        flows[key] = flows.get(key, 0.0) + flow
    into: dict[int, list[int]] = {}
    for source, end in flows:
        into.setdefault(end, []).append(source)
    shares = {graph.index[target]: 1.0}
    edges: dict[tuple[int, int], float] = {}
    for node in reversed(range(len(graph.nodes))):
        share = shares.get(node, 0.0)
        whole = sum(abs(flows[source, node]) for source in into.get(node, ()))
        if share <= 0.0 or whole <= 0.0:
            continue
        for source in into[node]:
            part = share * abs(flows[source, node]) / whole
            shares[source] = shares.get(source, 0.0) + part
            edges[source, node] = float(np.copysign(part**EDGE_POWER, flows[source, node]))
    channels: dict[int, NDArray[np.float32]] = {}
    nodes: dict[int, float] = {}
    count = min(len(graph.nodes), len(found.reached))
    for node in np.flatnonzero(found.reached[:count]).tolist():
        given = found.of(node)
        largest = float(np.abs(given).max(initial=0.0))
        share = min(1.0, shares.get(node, 0.0)) ** NODE_POWER
        if largest <= 0.0 or share <= 0.0:
            continue
        light = np.copysign((np.abs(given) / largest) ** CHANNEL_POWER * share, given)
        channels[node] = light.astype(np.float32)
        nodes[node] = float(np.copysign(share, found.total(node)))
    return Glow(network, channels, nodes, edges)
