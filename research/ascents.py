"""What a run of `layerwalk.maximise` comes to: the last image of each unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

import layerwalk
from layerwalk_shared.recipes import Recipe


def last_images(
    model: nn.Module, node: str, units: Sequence[int], recipe: Recipe, **options: Any
) -> dict[int, Tensor]:
    """Climb and return unit -> its image, without batch axis.

    A unit that stays silent begins again in a batch of its own, so what counts of a unit is what
    came last.

    Args:
        model, node, recipe: as `layerwalk.maximise` takes them.
        units: of the node.
        options: everything else that it takes.
    """
    found: dict[int, Tensor] = {}
    for made in layerwalk.maximise(model, node, units, recipe, precision="float32", **options):
        if made.is_last:
            found |= {
                unit: image
                for unit, image in zip(made.channels, made.images, strict=True)
                if unit is not None
            }
    return found
