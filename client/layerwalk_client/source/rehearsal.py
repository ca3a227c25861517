"""A made-up training: curves, gradients, warnings, the same every time."""

from __future__ import annotations

import math

import numpy as np

from layerwalk_shared.graph import Graph
from layerwalk_shared.training import (
    GRADIENT_BINS,
    GradientHistogram,
    GradientHistograms,
    HealthWarning,
    MetricPoint,
    NodeTraining,
    TrainingStep,
)

LENGTH = 5000
"""Steps over which the curves fall and rise."""
RECTIFIERS = ("ReLU", "GELU")


def metric_point(step: int) -> MetricPoint:
    """Return loss and accuracy at a step: noisy exponentials; one value is not finite."""
    generator = np.random.default_rng(step)
    noise = generator.normal(size=3)
    fallen = math.exp(-4 * step / LENGTH)
    values: dict[str, float | None] = {
        "loss": 0.08 + 2.3 * fallen * math.exp(0.12 * noise[0]),
        "accuracy": min(1.0, max(0.0, 0.97 - 0.85 * fallen + 0.02 * noise[1])),
        "learning rate": 1e-3 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / LENGTH))) + 1e-7,
    }
    if step == 777:
        values["loss"] = None
    return MetricPoint(step=step, values=values)


def training_step(graph: Graph, step: int, snapshot: str | None) -> TrainingStep:
    """Return norms and shares of every module at a step, with a warning now and then."""
    nodes = []
    warnings = []
    last = max(1, len(graph.nodes) - 1)
    for index, node in enumerate(graph.nodes):
        if node.kind != "module":
            continue
        generator = np.random.default_rng((step, index))
        depth = index / last
        dead = max(0.0, 0.35 * (1 - depth) * math.sin(3 * step / LENGTH + index) ** 2 - 0.05)
        nodes.append(
            NodeTraining(
                node=index,
                gradient=10 ** (-3.5 + 2.2 * depth + 0.15 * generator.normal()),
                weight=4.0 + 2 * depth,
                update=10 ** (-3.0 + 0.4 * generator.normal()),
                dead=dead if node.operation in RECTIFIERS else None,
                saturated=None,
            )
        )
        if dead > 0.25 and node.operation in RECTIFIERS:
            text = f"{dead:.0%} of the units are zero for every sample"
            warnings.append(HealthWarning(kind="dead-units", text=text, node=node.id))
    if 0.3 < step / LENGTH < 0.4:
        text = "the gradient of the first layers is 1e-4 of the last one's"
        warnings.append(HealthWarning(kind="vanishing-gradients", text=text))
    return TrainingStep(step=step, snapshot=snapshot, nodes=tuple(nodes), warnings=tuple(warnings))


def histograms(graph: Graph, step: int) -> GradientHistograms:
    """Return bell-shaped histograms about each node's own magnitude."""
    low, high, bins = GRADIENT_BINS
    middles = low + (np.arange(bins) + 0.5) * (high - low) / bins
    found = []
    last = max(1, len(graph.nodes) - 1)
    for index, node in enumerate(graph.nodes):
        if node.kind == "module":
            centre = -4.5 + 2.2 * index / last + 0.3 * math.sin(step / 400)
            counts = np.rint(5000 * np.exp(-(((middles - centre) / 0.9) ** 2))).astype(int)
            found.append(
                GradientHistogram(node=index, counts=tuple(counts.tolist()), zeros=37 * index)
            )
    return GradientHistograms(step=step, nodes=tuple(found))
