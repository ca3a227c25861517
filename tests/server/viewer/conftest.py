"""A small network to train, and viewers that show every step at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import layerwalk
from layerwalk import Viewer

Watch = Callable[..., Viewer]


class Small(nn.Module):
    """A convolution with BatchNorm, a ReLU, dropout, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.relu = nn.ReLU()
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(6 * 36, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.norm(self.conv(x)))
        return self.head(self.drop(x.flatten(1)))


@pytest.fixture
def model() -> Small:
    torch.manual_seed(3)
    return Small()


@pytest.fixture
def example() -> Tensor:
    return torch.randn(5, 1, 6, 6, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def watch(no_thread_left: None) -> Iterator[Watch]:
    """Watch on any free port, every step shown, errors raised; closed at the end."""
    made: list[Viewer] = []

    def begin(model: nn.Module, example: Any, **options: Any) -> Viewer:
        viewer = layerwalk.watch(
            model, example, **{"port": 0, "share": 1, "strict": True, **options}
        )
        made.append(viewer)
        return viewer

    yield begin
    for viewer in made:
        viewer.close()


class Loop:
    """A training loop that is stepped by hand: `loop.step()` trains and returns the loss."""

    def __init__(self, model: nn.Module, rate: float = 0.05) -> None:
        self.model = model
        self.optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
        generator = torch.Generator().manual_seed(2)
        self.x = torch.randn(8, 1, 6, 6, generator=generator)
        self.y = torch.randint(0, 4, (8,), generator=generator)

    def step(self) -> Tensor:
        self.optimizer.zero_grad()
        flipped = self.x.flip(-1) if torch.rand(()) < 0.5 else self.x  # augmentation
        loss = nn.functional.cross_entropy(
            self.model(flipped + 0.1 * torch.randn(8, 1, 6, 6)), self.y
        )
        loss.backward()
        self.optimizer.step()
        return loss


@pytest.fixture
def loop(model: Small) -> Loop:
    return Loop(model)
