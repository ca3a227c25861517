"""What the panel of data sets is told: how far a data set is scored, and what is at work on it."""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_shared.messages import ScoreSummary


@dataclass(frozen=True, slots=True)
class Scoring:
    """A data set and a network.

    Attributes:
        network: the network's name.
        summary: what is known; None while it is on its way.
        job: of the scoring that runs or waits; None: none.
        share: of it that is done.
        progress: how far it is, for people.
        problem: why the last one failed.
    """

    network: str = ""
    summary: ScoreSummary | None = None
    job: str | None = None
    share: float = 0.0
    progress: str = ""
    problem: str = ""

    @property
    def has_scores(self) -> bool:
        return self.summary is not None and self.summary.scored > 0

    def line(self) -> str:
        """Return in one line how right the network is."""
        found = self.summary
        if found is None or not found.scored:
            return ""
        if self.job is not None and found.compared:
            return f"{100 * found.right / found.compared:.1f} % right so far"
        parts = []
        if found.compared:
            parts.append(f"{100 * found.right / found.compared:.1f} % right")
            parts.append(f"{_spaced(found.right)} of {_spaced(found.compared)}")
        if not found.is_whole:
            parts.append(f"{_spaced(found.scored)} of {_spaced(found.count)} scored")
        elif not found.compared:
            parts.append(f"{_spaced(found.scored)} scored")
        if found.unreadable:
            parts.append(f"{_spaced(found.unreadable)} unreadable")
        return "   ".join(parts)


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
