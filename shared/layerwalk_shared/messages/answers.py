"""A line of a network's answer."""

from __future__ import annotations

from pydantic import FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative


class ClassScore(Frozen):
    """One line of the answer."""

    index: NonNegative
    name: str
    probability: FiniteFloat
    logit: FiniteFloat
