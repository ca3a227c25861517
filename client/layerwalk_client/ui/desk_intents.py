"""What a person asks for through panels that have a desk of their own, as frozen data: facts of a
node, jobs, the guided tour, ranges, keys, settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ChooseFilters:
    """Show the kernels of a node from that filter on."""

    node: str
    first: int


@dataclass(frozen=True, slots=True)
class ClearJobs:
    """Show jobs no more that have ended."""


@dataclass(frozen=True, slots=True)
class GoToResult:
    """Go to what came of a job."""

    job: str


@dataclass(frozen=True, slots=True)
class FollowUnit:
    """Light the way of what made a unit of a node as strong as it is."""

    node: int
    unit: int


@dataclass(frozen=True, slots=True)
class StartGuide:
    """Begin the guided tour."""


@dataclass(frozen=True, slots=True)
class StepGuide:
    """Go on in the guided tour, or back; 0 ends it."""

    by: int


@dataclass(frozen=True, slots=True)
class LockRange:
    """Hold a value as the table's end at the node that is looked at, at its group, or at all."""

    scope: Literal["node", "group", "all"]
    value: float


@dataclass(frozen=True, slots=True)
class UnlockRange:
    """Let ranges go that are held: of the node that is looked at, or all."""

    scope: Literal["node", "all"]


@dataclass(frozen=True, slots=True)
class Rebind:
    """Let an action have a key; `swaps`: an action that has it gets the one given up."""

    action: str
    key: str
    swaps: bool = False


@dataclass(frozen=True, slots=True)
class ResetKeys:
    """Let an action have its usual keys; None: all of them."""

    action: str | None


@dataclass(frozen=True, slots=True)
class ChangeSetting:
    """Let a setting have another value, at once and for the next walk."""

    name: str
    value: bool | int | float | str


DeskIntent = (
    ChooseFilters | ClearJobs | GoToResult | FollowUnit | StartGuide | StepGuide | LockRange | UnlockRange | Rebind
    | ResetKeys | ChangeSetting
)  # fmt: skip
"""All of these."""
