"""The weights of one channel: from the channels that it reads, and to those that read it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative

KERNEL_SIDE = 11
"""Kernels are told up to so many values a side; of larger ones only the numbers."""


class ChannelLink(Frozen):
    """The weights between one channel and another.

    Attributes:
        node, channel: at the other end.
        layer: node whose weights these are.
        norm: Euclidean norm of the weights.
        total: their sum; its sign says whether the link excites or inhibits where what comes in is
            positive.
        shape: of the kernel; () of a single weight.
        kernel: its values in row order; () where it is larger than `KERNEL_SIDE` a side.
    """

    node: str
    channel: NonNegative
    layer: str
    norm: Annotated[FiniteFloat, Field(ge=0)]
    total: FiniteFloat
    shape: tuple[NonNegative, ...] = ()
    kernel: tuple[FiniteFloat, ...] = ()


class ChannelWeights(Frozen):
    """Weights around one channel of a node, the strongest links first.

    Attributes:
        layer: node whose weights make the channel (the node itself, or the one whose channels it
            passes on); None where nothing learned stands right before it.
        bias: of the channel in that layer.
        incoming, outgoing: the strongest links, by norm.
        incoming_count, outgoing_count: of all links.
        norm: of all incoming weights.
    """

    node: str
    channel: NonNegative
    layer: str | None = None
    bias: FiniteFloat | None = None
    norm: Annotated[FiniteFloat, Field(ge=0)] = 0.0
    incoming: tuple[ChannelLink, ...] = ()
    incoming_count: NonNegative = 0
    outgoing: tuple[ChannelLink, ...] = ()
    outgoing_count: NonNegative = 0
