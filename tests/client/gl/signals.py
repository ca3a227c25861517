"""A made-up signal through any graph, the same every time."""

from __future__ import annotations

import numpy as np

from layerwalk_client.world.glow import Glow, glow_of
from layerwalk_shared.contributions import Contributions, contributions_of
from layerwalk_shared.graph import Graph


def made_up(graph: Graph, *, seed: int = 3) -> Contributions:
    """Return contributions to the last node: few channels of each node give much, joins are uneven."""
    rng = np.random.default_rng(seed)
    channels = [
        (rng.normal(0.1, 0.4, node.channels) ** 3).astype(np.float32) for node in graph.nodes
    ]
    edges = rng.uniform(0.2, 1.0, len(graph.edges)) * rng.choice([1, 1, 1, -1], len(graph.edges))
    return contributions_of(channels, [True] * len(graph.nodes), edges.astype(np.float32))


def glow(network: str, graph: Graph, *, seed: int = 3) -> Glow:
    """Return the light of a made-up signal."""
    return glow_of(network, graph, made_up(graph, seed=seed), target=graph.nodes[-1].id)
