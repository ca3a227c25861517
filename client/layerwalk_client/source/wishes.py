"""Wishes about a network itself: to explain a unit, to change weights and to put them back."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_shared.messages import AttributeRequest, WeightEdit


@dataclass(frozen=True, slots=True)
class Attribute:
    """Ask what made a unit of a network as strong as it is."""

    network: str
    request: AttributeRequest


@dataclass(frozen=True, slots=True)
class EditWeights:
    """Set the edits of the weights behind a node, in the server's copy of the model; they take the
    place of all edits that the node had."""

    network: str
    node: str
    edits: tuple[WeightEdit, ...]


@dataclass(frozen=True, slots=True)
class ResetWeights:
    """Put the weights behind a node back, or (None) all of a network's."""

    network: str
    node: str | None = None
