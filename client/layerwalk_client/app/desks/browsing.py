"""Keeps the panel of data sets: its thumbnails, what is right and wrong, the scoring at work."""

from __future__ import annotations

from dataclasses import replace

from layerwalk_client.app.desks.thumbnails import Textures, ThumbnailStore
from layerwalk_client.app.maximising.bench import time_left
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.app.stage.surveys import at_work, ended
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import (
    Arrival,
    PageArrived,
    PictureArrived,
    RequestFailed,
    TidingsArrived,
)
from layerwalk_client.source.asking import CancelJob
from layerwalk_client.source.surveying import ItemPage, Score, Scores, Sheet
from layerwalk_client.ui.collection import Scoring
from layerwalk_client.ui.dataset import DatasetPanel
from layerwalk_client.ui.intents import CancelSurvey, Intent, ScoreDataset
from layerwalk_shared.messages import Job, ScoreRequest, ScoreSummary

LOOKED_AT = 20
"""While a data set is scored, what is known so far is asked for so many times."""


class Browsing:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose network and data sets they are.
        source: is asked for pages and sheets.
        images: makes textures.
    """

    kind = "dataset"

    def __init__(self, stage: Stage, source: Source, images: Textures) -> None:
        self._stage = stage
        self._source = source
        self.thumbnails = ThumbnailStore(source.fetch, images)
        self._panel: DatasetPanel | None = None
        self._summaries: dict[str, ScoreSummary] = {}
        self._told: object = None
        self._looked: object = None

    def content(self, *, node: int | None, unit: int | None) -> DatasetPanel | None:
        """Return the panel, as it was left."""
        session = self._stage.state.session
        if self._panel is None and session is not None:
            self._panel = DatasetPanel(session.datasets, self.thumbnails)
        if self._panel is not None:
            self._panel.grid.reopen()
        self._looked = None
        self.refresh()
        return self._panel

    def refresh(self) -> bool:
        """Follow the scoring of the data set that is shown."""
        has_unpacked = self.thumbnails.unpack()
        panel, network = self._panel, self._stage.network
        dataset = None if panel is None else panel.dataset
        if panel is None or network is None or dataset is None:
            return has_unpacked
        shown, jobs = self._stage.shown, self._stage.state.ledger.jobs
        job = at_work(jobs, "score", network.id, dataset.id)
        last = ended(jobs, "score", network.id, dataset.id)
        looked = (
            dataset.id, network.id, None if last is None else last.id,
            None if job is None else int(job.progress * LOOKED_AT),
            None if shown is None else shown.id,
        )  # fmt: skip
        if looked != self._looked:
            self._looked = looked
            self._source.fetch(Scores(network.id, dataset.id))
        told = (dataset.id, network.id, job, last, self._summaries.get(dataset.id))
        if told == self._told:
            return has_unpacked
        self._told = told
        panel.scoring = scoring_of(network.name, self._summaries.get(dataset.id), job, last)
        return True

    def take(self, arrival: Arrival) -> bool:
        """Take in items, sheets and scores."""
        if isinstance(arrival, PageArrived):
            self.thumbnails.take_names(arrival)
            return True
        if isinstance(arrival, PictureArrived):
            return self.thumbnails.take_sheet(arrival)
        if isinstance(arrival, TidingsArrived) and isinstance(arrival.found, ScoreSummary):
            return self._take_summary(arrival.found)
        if isinstance(arrival, RequestFailed) and isinstance(arrival.request, Sheet | ItemPage):
            self.thumbnails.forget(arrival)
            return True
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Begin a scoring, or stop a survey."""
        network = self._stage.network
        if isinstance(intent, ScoreDataset):
            if network is not None:
                self._stage.submit(Score(network.id, ScoreRequest(dataset=intent.dataset)))
            return True
        if isinstance(intent, CancelSurvey):
            self._stage.submit(CancelJob(intent.job))
            return True
        return False

    def renew(self) -> None:
        """Forget what belonged to another network or server."""
        session, network = self._stage.state.session, self._stage.network
        self.thumbnails.set_datasets(
            () if session is None else session.datasets,
            network=None if network is None else network.id,
        )
        self._panel = self._told = self._looked = None
        self._summaries.clear()

    def close(self) -> None:
        """Release every texture."""
        self.thumbnails.close()

    def _take_summary(self, found: ScoreSummary) -> bool:
        network = self._stage.network
        if network is None or found.network != network.id:
            return False
        before = self._summaries.get(found.dataset)
        if before == found:
            return False
        self._summaries[found.dataset] = found
        if before is not None:
            self.thumbnails.renew_scores()
        return self.refresh()


def scoring_of(
    network: str, summary: ScoreSummary | None, job: Job | None, last: Job | None
) -> Scoring:
    """Return how far a data set is scored, for the panel."""
    made = Scoring(network, summary)
    if job is not None:
        return replace(made, job=job.id, share=job.progress, progress=progress_of(job))
    if last is not None and last.state == "failed" and last.problem is not None:
        return replace(made, problem=" ".join(str(last.problem.get("detail", "")).split()))
    return made


def progress_of(job: Job) -> str:
    """Return how far a survey is, for people."""
    if job.state == "queued":
        place = job.position
        return "next" if place == 0 else "waits" if place is None else f"place {place + 1}"
    told = "begins" if job.step is None else f"{job.step} of {job.steps}"
    return told if job.seconds_left is None else f"{told}, {time_left(job.seconds_left)} to go"
