"""A small network whose values can be had in another way, one that breaks, and a data set."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from layerwalk_shared.messages import InputSpec

CLASSES = ("cup", "face", "pagoda", "anchor")
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)
SPEC = InputSpec(kind="image", shape=(3, 10, 7), mean=MEAN, std=STD)


class Small(nn.Module):
    """300 channels (two blocks) of 10 x 7 (nothing halves evenly), a sum in place, a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 300, 3, padding=1)
        self.twice = nn.Conv2d(300, 300, 1, groups=300)
        self.relu = nn.ReLU(inplace=True)
        self.flat = nn.Flatten()
        self.head = nn.Linear(300 * 70, len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = self.twice(x)
        y += x
        return self.head(self.flat(self.relu(y)))


class Breaks(nn.Module):
    """Runs one layer, then raises."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.conv(x)
        raise RuntimeError("no further")


@dataclass(frozen=True)
class Item:
    name: str
    image: NDArray[np.uint8]
    label: str | None = None


@dataclass(frozen=True)
class Pictures:
    """A data set in memory; item 2 cannot be read."""

    name: str = "three pictures"
    classes: tuple[str, ...] = ("cup", "face")
    images: tuple[NDArray[np.uint8], ...] = field(
        default_factory=lambda: tuple(
            np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
            for seed, shape in enumerate(((20, 14, 3), (9, 9)))
        )
    )

    def __len__(self) -> int:
        return 3

    def item(self, i: int, /) -> Item:
        if i == 2:
            raise ValueError("the file is cut short")
        return Item(f"picture {i}", self.images[i], self.classes[i])


def make_small() -> Small:
    generator = torch.Generator().manual_seed(7)
    model = Small()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


def plain_values(model: nn.Module, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return module path -> output of one input, by plain hooks on a copy in eval mode."""
    twin = copy.deepcopy(model).eval()
    found: dict[str, NDArray[np.float32]] = {}
    for name, module in twin.named_modules():
        module.register_forward_hook(
            lambda _module, _args, output, name=name: found.__setitem__(
                name, output.detach().clone()[0].numpy()
            )
        )
    with torch.no_grad():
        twin(torch.from_numpy(x)[None])
    return found
