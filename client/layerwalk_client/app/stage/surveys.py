"""The long goes through data sets, among all jobs that are told of: at work, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from layerwalk_client.app.stage.ledger import AT_WORK
from layerwalk_shared.messages import Job

SurveyKind = Literal["score", "excite"]


def at_work(
    jobs: Sequence[Job], kind: SurveyKind, network: str, dataset: str, node: str | None = None
) -> Job | None:
    """Return the survey of a kind that runs, or else waits; None where there is none."""
    found = (one for one in _of(jobs, kind, network, dataset, node) if one.state in AT_WORK)
    return next(found, None)


def ended(
    jobs: Sequence[Job], kind: SurveyKind, network: str, dataset: str, node: str | None = None
) -> Job | None:
    """Return the survey of a kind that ended last; None where there is none.

    Args:
        jobs: those at work first, then those that have ended, the newest first.
        kind: of survey.
        network: its id.
        dataset: its id.
        node: that it is about; None: any.
    """
    found = (one for one in _of(jobs, kind, network, dataset, node) if one.state not in AT_WORK)
    return next(found, None)


def _of(
    jobs: Sequence[Job], kind: SurveyKind, network: str, dataset: str, node: str | None
) -> list[Job]:
    return [
        one
        for one in jobs
        if (one.kind, one.network, one.dataset) == (kind, network, dataset)
        and node in (None, one.node)
    ]
