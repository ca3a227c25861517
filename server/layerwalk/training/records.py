"""The numbers of one step: norms of gradients, weights and updates, histograms, units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk.network import Network
from layerwalk.snapshots import Snapshot
from layerwalk.training.mailbox import PublishedStep
from layerwalk.training.samples import histogram, join, sample
from layerwalk.training.units import SilentUnits, saturated
from layerwalk_shared.training import GradientHistogram, NodeTraining


@dataclass(frozen=True, slots=True)
class WeightSample:
    """An even sample of a module's own parameters at one step."""

    step: int
    values: NDArray[np.float64]


class Bookkeeper:
    """Makes the records of steps, in their order. Mutable, owned by the model thread."""

    def __init__(self) -> None:
        self._before: dict[str, WeightSample] = {}

    def record(
        self, network: Network, snapshot: Snapshot, published: PublishedStep, units: SilentUnits
    ) -> tuple[tuple[NodeTraining, ...], tuple[GradientHistogram, ...]]:
        """Return the numbers of every node, and the histograms of those with gradients.

        The twin's weights are read: to be called while they hold still.
        """
        modules = dict(network.twin.named_modules())
        nodes: list[NodeTraining] = []
        histograms: list[GradientHistogram] = []
        updates: dict[str, float | None] = {}
        for index, node in enumerate(network.graph.nodes):
            values = snapshot.values[index]
            module = modules.get(node.module) if node.kind == "module" else None
            seen = NodeTraining(
                node=index,
                dead=units.share(index),
                saturated=None if values is None else saturated(node, values, module),
                not_finite=snapshot.manifest.nodes[index].not_finite,
            )
            if parameters := _own(module):
                path = node.module
                if path not in updates:
                    updates[path] = self._update(path, published.step, parameters)
                seen = _with_parameters(seen, published, path, parameters, update=updates[path])
                if published.samples.get(path):
                    counts, zeros = histogram(join(published.samples[path]))
                    histograms.append(GradientHistogram(node=index, counts=counts, zeros=zeros))
            nodes.append(seen)
        return tuple(nodes), tuple(histograms)

    def _update(self, path: str, step: int, parameters: list[Tensor]) -> float | None:
        """Return how far a step moved the parameters, as a share of them."""
        now = WeightSample(step, join([sample(parameter) for parameter in parameters]))
        before = self._before.get(path)
        self._before[path] = now
        if before is None or before.values.shape != now.values.shape or step <= before.step:
            return None
        size = float(np.linalg.norm(now.values))
        change = float(np.linalg.norm(now.values - before.values))
        if not (math.isfinite(size) and math.isfinite(change)) or size == 0:
            return None
        return change / size / (step - before.step)


def _own(module: nn.Module | None) -> list[Tensor]:
    if module is None:
        return []
    own = (parameter for parameter in module._parameters.values() if parameter is not None)
    return [parameter.detach() for parameter in own if parameter.is_floating_point()]


def _with_parameters(
    seen: NodeTraining,
    published: PublishedStep,
    path: str,
    parameters: list[Tensor],
    *,
    update: float | None,
) -> NodeTraining:
    gradient, broken = _norm(published.norms.get(path, ()))
    if broken:
        sampled = join(published.samples[path])
        broken = max(broken, int((~np.isfinite(sampled)).sum()))
    weight, broken_weights = _norm(tuple(torch._foreach_norm(parameters)))
    if broken_weights:
        broken += sum(int((~torch.isfinite(one)).sum()) for one in parameters)
    return seen.model_copy(
        update={
            "gradient": gradient,
            "weight": weight,
            "update": update,
            "not_finite": seen.not_finite + broken,
        }
    )


def _norm(norms: tuple[Tensor, ...]) -> tuple[float | None, int]:
    """Return the norm of all, and how many of the norms are not finite."""
    found = [float(norm) for norm in norms]
    broken = sum(not math.isfinite(norm) for norm in found)
    if not found or broken:
        return None, broken
    return math.sqrt(sum(norm * norm for norm in found)), 0
