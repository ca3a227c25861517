"""The running average of a network's weights, which is what is shipped."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of weights and of norm statistics; mutable, owned by the loop.

    In the first steps the decay is (1 + n) / (10 + n), so that the random start is soon forgotten.
    """

    def __init__(self, network: nn.Module, *, decay: float) -> None:
        """Start with a copy of `network`."""
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the weights of `network` by one step."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        averages: list[Tensor] = []
        values: list[Tensor] = []
        for average, value in zip(
            self.network.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if average.is_floating_point():
                averages.append(average)
                values.append(value)
            else:
                average.copy_(value)
        torch._foreach_lerp_(averages, values, 1.0 - decay)
