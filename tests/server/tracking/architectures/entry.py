"""One architecture of the list: how it is made, what goes in, and who else knows its edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

Source = Literal["fx", "export", "hand"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One architecture.

    Attributes:
        name: of the test.
        build: makes the model.
        args, kwargs: make one forward pass's arguments.
        source: where the expected edges come from.
        edges: all of them, by node ids, where `source` is "hand".
        opaque: operations that the other source sees in other pieces, so that they are passed
            through on both sides.
    """

    name: str
    build: Callable[[], nn.Module]
    args: Callable[[], tuple[Any, ...]]
    source: Source = "fx"
    kwargs: Callable[[], dict[str, Any]] = field(default=dict)
    edges: frozenset[tuple[str, str]] = frozenset()
    opaque: frozenset[str] = frozenset()


def picture(side: int = 64, *, channels: int = 3) -> Callable[[], tuple[Tensor]]:
    """Return what makes one batch of one picture `[1, C, side, side]`."""
    return lambda: (torch.rand(1, channels, side, side),)


def clip(side: int = 32, *, frames: int = 8) -> Callable[[], tuple[Tensor]]:
    """Return what makes one batch of one clip `[1, 3, frames, side, side]`."""
    return lambda: (torch.rand(1, 3, frames, side, side),)


def ids(length: int = 10, *, vocabulary: int = 50) -> Callable[[], tuple[Tensor]]:
    """Return what makes one batch of one text `[1, length]`."""
    return lambda: (torch.randint(vocabulary, (1, length)),)


def normal(*shape: int) -> Callable[[], tuple[Tensor]]:
    """Return what makes one normally distributed tensor."""
    return lambda: (torch.randn(*shape),)


def paths(*chains: str) -> frozenset[tuple[str, str]]:
    """Return the edges along chains of ids written as `a > b > c`."""
    found: set[tuple[str, str]] = set()
    for chain in chains:
        steps = chain.split(" > ")
        found.update(pairwise(steps))
    return frozenset(found)
