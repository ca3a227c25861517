"""The table of architectures that can be trained: those that answer a picture with classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import nn

from .. import densenet, mlp, pfnet, resnet, vgg, vit

ARCHITECTURES: Final[dict[str, Callable[[int], nn.Module]]] = {
    **densenet.BUILDERS,
    **mlp.BUILDERS,
    **pfnet.BUILDERS,
    **resnet.BUILDERS,
    **vgg.BUILDERS,
    **vit.BUILDERS,
}
"""Name -> builder that takes the number of classes and gives a network with random weights."""


def make_network(architecture: str, classes: int) -> nn.Module:
    """Make a network with random weights; raises ValueError for a name that is not in the table."""
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture {architecture!r} is unknown, expected one of "
            f"{', '.join(sorted(ARCHITECTURES))}"
        )
    return ARCHITECTURES[architecture](classes)
