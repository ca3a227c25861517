"""Networks small enough to be worked out by hand, and chains that conserve what flows."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Chain(nn.Module):
    """Convolutions and rectifiers without biases: piecewise linear, so nothing is lost on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 6, 3, padding=1, bias=False)
        self.relu1 = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 5, 3, bias=False)
        self.relu2 = nn.ReLU()
        self.head = nn.Linear(5, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu2(self.conv2(self.pool(self.relu1(self.conv1(x)))))
        return self.head(x.mean((2, 3)))


class Branches(nn.Module):
    """A sum in place of a long and a short way, a reused rectifier, a concatenation, a split."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.long = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.left = nn.Conv2d(2, 3, 1, bias=False)
        self.right = nn.Conv2d(2, 3, 1, bias=False)
        self.head = nn.Linear(6, 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.long(self.relu(x.clone()))
        y += x
        y = self.drop(self.relu(y))
        first, second = y.chunk(2, 1)
        return self.head(torch.cat([self.left(first), self.right(second)], 1).mean((2, 3)))


class Attending(nn.Module):
    """Ids of tokens and their places, through an attention."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(12, 8)
        self.places = nn.Embedding(5, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        return self.head((x + self.attention(x, x, x)[0]).mean(1))


class Hearing(nn.Module):
    """A recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def seeded(module: nn.Module, seed: int = 0) -> nn.Module:
    """Return the module with weights that are the same every time."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return module.eval()


def picture(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed))
