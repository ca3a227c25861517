"""What an attribution comes to, whatever the method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.attribution.target import Target


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What made one unit as strong as it is.

    Attributes:
        target: the unit.
        value: of it.
        maps: node id -> what each place gave, in the shape of its tensor with the batch axis. An
            input of colours is one map `[1, 1, H, W]`, their sum; an input of ids has a number for
            each id.
        edges: `[E]` float32: what went through each edge, in the graph's order; of a signal.
        baseline: what the unit is where the input is nothing.
        layer: node of a Grad-CAM.
        argument: node of the input that was looked at.
    """

    target: Target
    value: float
    maps: Mapping[str, Tensor]
    edges: NDArray[np.float32] | None = None
    baseline: float | None = None
    layer: str | None = None
    argument: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """How far an attribution is; with the last step comes what was found."""

    step: int
    steps: int
    found: Found | None = None
