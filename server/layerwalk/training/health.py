"""Signs that a training goes wrong, from its numbers; thresholds with their sources."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Mapping, Sequence

from layerwalk_shared.graph import Graph
from layerwalk_shared.training import HealthWarning, MetricPoint, NodeTraining, WarningKind

EXPLODING = 10.0
"""Times the median norm of the steps before. Pascanu, Mikolov, Bengio: On the difficulty of
training recurrent neural networks, ICML 2013, section 3.2: thresholds for clipping of half to ten
times the average norm over many updates still converge; what lies above is out of the ordinary."""
EXPLODING_AFTER = 5
"""Steps with gradients that have to be known first."""
REMEMBERED = 50
"""Steps that the median is taken of."""
VANISHING = 2.0**-24
"""Norm of the gradient over norm of the weights. Half the spacing of float32 around 1 (IEEE 754): a
plain gradient step of rate 1 would be rounded away."""
VANISHING_BESIDE = 1e3
"""Times that the largest such ratio of the network exceeds it by, so that a training that is simply
done is not blamed. Glorot, Bengio: Understanding the difficulty of training deep feedforward neural
networks, AISTATS 2010: gradients shrink on the way back to the input."""
DEAD = 0.4
"""Share of the units of a node. Karpathy, notes of Stanford's CS231n, "Commonly used activation
functions": as much as 40 % of a network can be dead where the learning rate is too high."""
SATURATED = 0.5
"""Share of the values of a node at its bounds; Glorot, Bengio 2010, section 3, describes layers
that are driven there as a whole."""


class Health:
    """Judges steps in their order. Mutable, owned by the model thread."""

    def __init__(self) -> None:
        self._norms: dict[str, deque[float]] = {}

    def judge(
        self, graph: Graph, nodes: Sequence[NodeTraining], point: MetricPoint | None = None
    ) -> tuple[HealthWarning, ...]:
        """Return what is wrong at one step, at most one warning of a kind, about its worst node.

        Args:
            graph: that the nodes are indices in.
            nodes: the numbers of the step.
            point: its metrics.
        """
        ids = {one.node: graph.nodes[one.node].id for one in nodes}
        found = [
            _not_finite(ids, nodes, point),
            self._exploding(ids, nodes),
            _vanishing(ids, nodes),
            _share("dead-units", ids, {one.node: one.dead for one in nodes}, DEAD),
            _share("saturated-units", ids, {one.node: one.saturated for one in nodes}, SATURATED),
        ]
        return tuple(warning for warning in found if warning is not None)

    def _exploding(
        self, ids: Mapping[int, str], nodes: Sequence[NodeTraining]
    ) -> HealthWarning | None:
        worst: tuple[float, str, float] | None = None
        for one in nodes:
            if one.gradient is None:
                continue
            known = self._norms.setdefault(ids[one.node], deque(maxlen=REMEMBERED))
            if len(known) >= EXPLODING_AFTER:
                usual = statistics.median(known)
                times = one.gradient / usual if usual > 0 else 0.0
                if times > EXPLODING and (worst is None or times > worst[0]):
                    worst = (times, ids[one.node], one.gradient)
            known.append(one.gradient)
        if worst is None:
            return None
        times, node, norm = worst
        text = f"the gradient of {node!r} has norm {norm:.3g}, {times:.0f} times what is usual here"
        return HealthWarning(kind="exploding-gradients", text=text, node=node)


def _not_finite(
    ids: Mapping[int, str], nodes: Sequence[NodeTraining], point: MetricPoint | None
) -> HealthWarning | None:
    broken = [one for one in nodes if one.not_finite]
    metrics = [name for name, value in (point.values if point else {}).items() if value is None]
    if not broken and not metrics:
        return None
    parts = [f"{name} is not finite" for name in metrics]
    if broken:
        more = f" and {len(broken) - 1} more nodes" if len(broken) > 1 else ""
        first = f"{broken[0].not_finite} values at {ids[broken[0].node]!r}"
        parts.append(f"NaN or infinity: {first}{more}")
    node = ids[broken[0].node] if broken else None
    return HealthWarning(kind="not-finite", text="; ".join(parts), node=node)


def _vanishing(ids: Mapping[int, str], nodes: Sequence[NodeTraining]) -> HealthWarning | None:
    ratios = {
        one.node: one.gradient / one.weight
        for one in nodes
        if one.gradient is not None and one.weight
    }
    if not ratios:
        return None
    largest = max(ratios.values())
    node = min(ratios, key=ratios.__getitem__)
    if ratios[node] >= VANISHING or largest <= ratios[node] * VANISHING_BESIDE:
        return None
    if largest < VANISHING:
        return None
    text = (
        f"the gradient of {ids[node]!r} is {ratios[node]:.1e} of its weights, elsewhere up to "
        f"{largest:.1e}: it hardly learns"
    )
    return HealthWarning(kind="vanishing-gradients", text=text, node=ids[node])


def _share(
    kind: WarningKind, ids: Mapping[int, str], shares: Mapping[int, float | None], limit: float
) -> HealthWarning | None:
    over = {node: share for node, share in shares.items() if share is not None and share > limit}
    if not over:
        return None
    node = max(over, key=over.__getitem__)
    what = "units are zero for all of the example" if kind == "dead-units" else "values at a bound"
    more = f" (and {len(over) - 1} more nodes over {limit:.0%})" if len(over) > 1 else ""
    text = f"{over[node]:.0%} of {ids[node]!r}: {what}{more}"
    return HealthWarning(kind=kind, text=text, node=ids[node])
