"""Work on the model thread."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat

from layerwalk_shared.graph import Frozen, NonNegative


class Job(Frozen):
    """Work on the model thread.

    Attributes:
        kind: `forward` is urgent and goes first; the others are long, run one at a time, and let
            urgent work in between two of their steps.
        progress: share that is done.
        client: who asked.
        snapshot: its result.
        partial: what it showed on the way.
        problem: why it failed or was cancelled (RFC 9457).
        node: that it is about, of maximisations, attributions and (the first) excitations.
        dataset: that is gone through, of scores and excitations.
        position: place among the long jobs that wait, 0 is the next one; of those alone. Changes
            beyond the eighth place are not told by events, only when asked for.
        step, steps: done, and to do in all, where that is known.
        seconds_left: time to go, measured from the steps done.
        notes: what went otherwise, for people.
    """

    id: str
    kind: Literal["forward", "maximise", "attribute", "score", "excite"]
    network: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: Annotated[FiniteFloat, Field(ge=0, le=1)] = 0.0
    client: str | None = None
    snapshot: str | None = None
    partial: tuple[str, ...] = ()
    problem: dict[str, Any] | None = None
    node: str | None = None
    dataset: str | None = None
    position: NonNegative | None = None
    step: NonNegative | None = None
    steps: NonNegative | None = None
    seconds_left: Annotated[FiniteFloat, Field(ge=0)] | None = None
    notes: tuple[str, ...] = ()


class JobList(Frozen):
    jobs: tuple[Job, ...]
