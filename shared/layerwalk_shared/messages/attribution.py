"""What is asked for of an attribution, and what its snapshot tells: which units made an answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative

AttributionMethod = Literal[
    "signal", "gradcam", "gradient-x-input", "integrated-gradients", "occlusion"
]
"""`signal`: gradient x activation of every node. `gradcam`: a map of one node. The others: a map of
one input."""


class AttributeRequest(Frozen):
    """Ask what made a unit as strong as it is; the job ends with a snapshot.

    Attributes:
        node: whose unit; None: the network's answer.
        unit: which (see `layerwalk_shared.recipes.unit_axis`); of the answer the index of a class.
            None: the strongest.
        position: index of one value along the axes that are not the units'; None: the mean of all.
        method: how.
        snapshot: whose input is explained; None: the newest that belongs to nobody.
        layer: the node that `gradcam` looks at; None: the last maps before the unit.
        argument: the input that a map is of: id of its node, or its name; None: the one shown.
        steps: of `integrated-gradients`, from nothing to the input.
        window, stride: of `occlusion`: side of what is covered, and how far it moves; pixels of
            pictures, tokens of texts, elements of vectors and series.
        priority: among the jobs that wait, higher first.
    """

    node: str | None = None
    unit: NonNegative | None = None
    position: tuple[NonNegative, ...] | None = None
    method: AttributionMethod = "signal"
    snapshot: str | None = None
    layer: str | None = None
    argument: str | None = None
    steps: Annotated[int, Field(ge=1, le=4096)] = 32
    window: Annotated[int, Field(ge=1, le=4096)] = 16
    stride: Annotated[int, Field(ge=1, le=4096)] = 8
    priority: Annotated[int, Field(ge=-100, le=100)] = 0


class Attributed(Frozen):
    """What a snapshot shows that is the result of an attribution.

    Values are what each place gave to the unit (positive: it made the unit stronger). An input of
    colours is one map, its colours added up; an input of ids has a value for each id.

    Attributes:
        job: that made it.
        node, unit, position: what is explained.
        name: of the class, where it is one.
        value: of the unit.
        method: how.
        snapshot: whose input is explained.
        layer: the node of a Grad-CAM.
        argument: node of the input that the map is of; None of a signal, which has all.
        baseline: what the unit is where the input is nothing (zero), of integrated gradients and
            occlusion.
        has_contributions: what each channel and edge gave can be had (`contributions.npz`).
        has_maps: the values of nodes are here; False where they would have taken too much memory.
    """

    job: str
    node: str
    unit: NonNegative
    position: tuple[NonNegative, ...] | None = None
    name: str | None = None
    value: FiniteFloat
    method: AttributionMethod
    snapshot: str
    layer: str | None = None
    argument: str | None = None
    baseline: FiniteFloat | None = None
    has_contributions: bool = False
    has_maps: bool = True
