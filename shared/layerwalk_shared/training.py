"""What travels of a running training: points of curves, gradients, dead units, warnings; frozen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative

GRADIENT_BINS = (-12.0, 4.0, 32)
"""Histograms of gradients count log10 |g|: from, to, number of bins. What lies outside is counted
in the first or last bin, exact zeros in none."""

WarningKind = Literal[
    "not-finite",
    "exploding-gradients",
    "vanishing-gradients",
    "dead-units",
    "saturated-units",
    "graph-changed",
]


class NodeTraining(Frozen):
    """One node at one step: norms over the module's own parameters, shares of its units.

    Attributes:
        node: index in the graph's nodes.
        gradient: L2 norm of the gradient; None where there is none or it is not finite.
        weight: L2 norm of the parameters; None where there are none or they are not finite.
        update: L2 norm of the change of the parameters since the step told of before, over
            `weight`, divided by the steps between; None at the first. Of an even sample of the
            parameters where there are many.
        dead: share of units (channels) that are zero for every sample of the example batch.
        saturated: share of values within 1 % of the bounds of a bounded activation.
        not_finite: NaN and infinities among parameters, gradients and values; of large gradients
            at least that many.
    """

    node: NonNegative
    gradient: FiniteFloat | None = None
    weight: FiniteFloat | None = None
    update: FiniteFloat | None = None
    dead: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None
    saturated: Annotated[FiniteFloat, Field(ge=0, le=1)] | None = None
    not_finite: NonNegative = 0


class HealthWarning(Frozen):
    """What is wrong with a training at one step, in a sentence. `node` is an id, None for all."""

    kind: WarningKind
    text: str
    node: str | None = None


class MetricPoint(Frozen):
    """What `publish` was told at one step; None is a value that was not finite."""

    step: NonNegative
    values: dict[str, FiniteFloat | None]


class TrainingStep(Frozen):
    """One step that was served: a place on the timeline.

    `snapshot` is gone from memory, or was never taken, where it is None.
    """

    step: NonNegative
    snapshot: str | None = None
    nodes: tuple[NodeTraining, ...] = ()
    warnings: tuple[HealthWarning, ...] = ()


class TrainingHistory(Frozen):
    """A training so far: every metric (thinned evenly where there are very many), steps served."""

    network: str
    metrics: tuple[MetricPoint, ...] = ()
    steps: tuple[TrainingStep, ...] = ()
    is_running: bool = False


class GradientHistogram(Frozen):
    """Counts of log10 |g| over one node's own parameters, in `GRADIENT_BINS`.

    Of an even sample of the gradients where there are many: what is counted sums up to the sample.
    """

    node: NonNegative
    counts: tuple[NonNegative, ...]
    zeros: NonNegative = 0


class GradientHistograms(Frozen):
    """Histograms of all nodes with parameters at one step."""

    step: NonNegative
    nodes: tuple[GradientHistogram, ...]
