"""Integrated gradients: the gradient on the straight way from nothing to the input.

Sundararajan, Taly, Yan: Axiomatic attribution for deep networks (ICML 2017), equation 1:
`IG_i = (x_i - x'_i) * integral of dF(x' + a (x - x')) / dx_i over a in 0..1`, here with x' = 0, by
the midpoint rule. Completeness (proposition 1): they sum to F(x) - F(x').
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from layerwalk.attribution.entrance import Entrance, at_input
from layerwalk.attribution.found import Found, Step
from layerwalk.attribution.target import Target
from layerwalk_shared.graph import Graph


def integrated_gradients(
    entrance: Entrance, target: Target, graph: Graph, *, steps: int
) -> Iterator[Step]:
    """Yield after every gradient; the last step has what was found.

    Args:
        entrance: of the input.
        target: the unit.
        graph: of the network.
        steps: gradients on the way.

    Raises:
        InvalidRequestError: no gradient passes.
        ModelError: forward or the pass back raised.
    """
    whole = entrance.values
    total = torch.zeros_like(whole, dtype=torch.float64)
    done = 0
    while done < steps:
        count = min(entrance.at_once, steps - done)
        shares = (torch.arange(done, done + count, device=whole.device) + 0.5) / steps
        shares = shares.to(whole.dtype).reshape(-1, *[1] * (whole.ndim - 1))
        total += entrance.gradient(whole * shares).double().sum(0, keepdim=True)
        done += count
        if done < steps:
            yield Step(done, steps)
    given = (whole.double() * total / steps).float()
    ends = [float(entrance.evaluate(one)) for one in (whole, torch.zeros_like(whole))]
    node = graph.node(entrance.node)
    found = Found(
        target,
        ends[0],
        {entrance.node: at_input(given, node)},
        baseline=ends[1],
        argument=entrance.node,
    )
    yield Step(steps, steps, found)
