"""Keeps the panel of jobs: their list in words, clearing, and the way to what came of one."""

from __future__ import annotations

from collections.abc import Callable

from layerwalk_client.app.output.progress import clock_text
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import Arrival
from layerwalk_client.source.asking import Jobs, PutInput
from layerwalk_client.ui.desk_intents import ClearJobs, GoToResult
from layerwalk_client.ui.intents import (
    ChooseRun,
    GoTo,
    Intent,
    OpenMaximise,
)
from layerwalk_client.ui.jobs import JobRow, JobsPanel
from layerwalk_client.world.answer import output_node
from layerwalk_shared.errors import error_from_problem
from layerwalk_shared.messages import Job, NetworkDescription, SnapshotInput

_WORDS = {
    "forward": "forward pass", "maximise": "maximise", "attribute": "attribution",
    "score": "answers to a data set", "excite": "what excites",
}  # fmt: skip
_STATES = {"done": "done", "failed": "failed", "cancelled": "cancelled"}


class JobDesk:
    """Mutable, owned by the main thread.

    Args:
        stage: whose jobs they are.
        source: is asked for the list.
        ask: carries out what leads to a result.
    """

    kind = "jobs"

    def __init__(self, stage: Stage, source: Source, *, ask: Callable[[Intent], None]) -> None:
        self._stage = stage
        self._source = source
        self._ask = ask
        self._panel = JobsPanel()
        self._told: object = None

    def content(self, *, node: int | None, unit: int | None) -> JobsPanel:
        """Return the panel; the list is asked for anew, since events do not tell all places."""
        self._told = None
        self._source.fetch(Jobs())
        self.refresh()
        return self._panel

    def refresh(self) -> bool:
        """Tell what is known of jobs now; return whether that changed."""
        ledger = self._stage.state.ledger
        told = (id(ledger), ledger.revision)
        if told == self._told:
            return False
        if self._told is not None and not ledger.is_loaded:
            self._source.fetch(Jobs())  # another connection has begun
        self._told = told
        self._panel.has_list = ledger.is_loaded
        self._panel.rows = tuple(
            row_of(job, client=self._source.client, network=self._stage.network)
            for job in ledger.jobs
        )
        return True

    def take(self, arrival: Arrival) -> bool:
        """Jobs are the state's to take in."""
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Clear what has ended, or go to what came of a job."""
        if isinstance(intent, ClearJobs):
            self._stage.state.ledger.clear_ended()
            self.refresh()
            return True
        if not isinstance(intent, GoToResult):
            return False
        job, network = self._stage.state.ledger.job(intent.job), self._stage.network
        if job is not None and network is not None:
            self._go(job, network)
        return True

    def renew(self) -> None:
        """Forget what was told."""
        self._told = None

    def close(self) -> None:
        """Nothing is held."""

    def _go(self, job: Job, network: NetworkDescription) -> None:
        node = network.graph.index.get(job.node or "")
        if job.kind == "maximise" and node is not None:
            self._ask(OpenMaximise(node))
            self._ask(ChooseRun(job.id))
        elif node is not None:
            self._ask(GoTo(node))
        elif job.snapshot is not None:
            shown = self._stage.shown
            if shown is None or shown.id != job.snapshot:
                wish = SnapshotInput(snapshot=job.snapshot)
                self._stage.submit(PutInput(network.id, wish, title="an earlier input"))
            output = output_node(network)
            if output is not None:
                self._ask(GoTo(output))


def row_of(job: Job, *, client: str, network: NetworkDescription | None) -> JobRow:
    """Return a job in words.

    Args:
        job: as the server tells it.
        client: id of this client.
        network: that one walks in; jobs of others are called by their network, and lead nowhere.
    """
    title = _WORDS.get(job.kind, job.kind)
    if job.node:
        title += f" {job.node}"
    is_here = network is not None and job.network == network.id
    if not is_here:
        title += f" of {job.network}"
    is_over = job.state not in ("queued", "running")
    goal = ""
    if job.state == "done" and is_here and (job.node or job.snapshot):
        goal = "go to result"
    return JobRow(
        job.id,
        job.state,
        title,
        _STATES[job.state] if is_over else _going(job),
        share=1.0 if job.state == "done" else job.progress,
        is_mine=job.client == client,
        lines=(*_problem(job), *job.notes),
        goal=goal,
    )


def _going(job: Job) -> str:
    """Say how far a job is, and how long it will take."""
    if job.state == "queued":
        if job.position is None:
            return "waits"
        return "next" if job.position == 0 else f"number {job.position + 1} in the queue"
    parts = []
    if job.step is not None and job.steps:
        parts.append(f"{job.step} of {job.steps}")
    elif job.progress > 0:
        parts.append(f"{100 * job.progress:.0f} %")
    if job.seconds_left is not None:
        parts.append(f"{clock_text(job.seconds_left)} to go")
    return "   ".join(parts) or "at work"


def _problem(job: Job) -> tuple[str, ...]:
    if job.state != "failed" or job.problem is None:
        return ()
    return (" ".join(str(error_from_problem(job.problem)).split()),)
