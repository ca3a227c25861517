"""Changes of a twin's weights, as they are asked for and told of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative

MOST_EDITS = 10_000
MOST_KERNEL_VALUES = 65_536


class ScaleChannels(Frozen):
    """Multiply the weights and the bias of channels that a module makes; by 0: silence them."""

    kind: Literal["channels"] = "channels"
    channels: Annotated[tuple[NonNegative, ...], Field(min_length=1, max_length=MOST_EDITS)]
    factor: FiniteFloat = 0.0


class ScaleInputs(Frozen):
    """Multiply all weights by which a module reads channels of what it is given."""

    kind: Literal["inputs"] = "inputs"
    channels: Annotated[tuple[NonNegative, ...], Field(min_length=1, max_length=MOST_EDITS)]
    factor: FiniteFloat = 0.0


class SetKernel(Frozen):
    """Set the weights from one input channel to one channel: a kernel in row order, or one number."""

    kind: Literal["kernel"] = "kernel"
    channel: NonNegative
    input: NonNegative
    values: Annotated[tuple[FiniteFloat, ...], Field(min_length=1, max_length=MOST_KERNEL_VALUES)]


WeightEdit = Annotated[ScaleChannels | ScaleInputs | SetKernel, Field(discriminator="kind")]


class WeightEdits(Frozen):
    """All edits of one node, one after another upon the weights as they were; they replace those
    that there were before."""

    edits: Annotated[tuple[WeightEdit, ...], Field(min_length=1, max_length=MOST_EDITS)]


class EditedNode(Frozen):
    """A node whose module has other weights than the model.

    `is_replaced`: the whole tensor was put there; `edits` lie on top of that.
    """

    node: str
    edits: tuple[WeightEdit, ...] = ()
    is_replaced: bool = False

    @property
    def silenced(self) -> tuple[int, ...]:
        """Channels that were silenced."""
        found: dict[int, float] = {}
        for edit in self.edits:
            if isinstance(edit, ScaleChannels):
                for channel in edit.channels:
                    found[channel] = edit.factor
        return tuple(channel for channel, factor in found.items() if factor == 0.0)
