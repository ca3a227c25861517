"""Plans of a network small enough to climb in milliseconds."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from layerwalk.inputkinds import spec_of
from layerwalk.maximisation.plan import Plan
from layerwalk.tracking import trace
from layerwalk.twin import make_example
from layerwalk_shared.messages import InputSpec
from layerwalk_shared.recipes import Recipe

QUICK = Recipe(name="quick", steps=3, rate=5.0, is_normalised=True, reference_px=None)


class Small(nn.Module):
    """Images `[N, 3, 8, 8]` -> five maps -> four classes."""

    def __init__(self, *, slope: float = 0.1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, padding=1)
        self.act = nn.LeakyReLU(slope)
        self.norm = nn.BatchNorm2d(5)
        self.head = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(self.norm(self.act(self.conv(x))).mean((2, 3)))
        return found


def small(*, slope: float = 0.1, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return Small(slope=slope).eval().requires_grad_(False)


def plan_of(model: nn.Module | None = None, node: str = "conv", **other: Any) -> Plan:
    model = model or small()
    example = make_example(torch.zeros(1, 3, 8, 8))
    traced = trace(model, example.args, example.kwargs)
    settings: dict[str, Any] = {"recipe": QUICK, "seed": 3, "precision": "float32", **other}
    return Plan(model, example, traced, traced.graph, node, **settings)


def input_of(plan: Plan) -> InputSpec:
    return spec_of(plan.example, model=plan.model)
