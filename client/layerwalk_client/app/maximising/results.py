"""Results of maximisations: runs by node, their previews step by step, and what is looked at.

A snapshot that shows a maximisation is never followed as the network's picture: it belongs here.
A run is one job, from its first preview to its result. Of each node one run and one step are
looked at (the newest, unless others were chosen), and a mode says what its wall shows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from layerwalk_shared.errors import LayerwalkError, NotFoundError, error_from_problem
from layerwalk_shared.graph import Graph
from layerwalk_shared.messages import Job, Maximised, MaximisedImage, SnapshotManifest

Mode = Literal["values", "images", "both"]
MODES: tuple[Mode, ...] = ("values", "images", "both")
"""What a wall shows: the network's values, a result's pictures, or both in turn."""

MOST_PREVIEWS = 48
"""Of a run; beyond that every second one of the older half is forgotten."""
MOST_RUNS = 64
"""Of a network; beyond that the oldest that have ended are forgotten, but those looked at."""
_AT_WORK = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Run:
    """One maximisation of a node.

    Attributes:
        id: of its job.
        node: id of the node.
        job: as it stands; None where only pictures are known (made before this client came).
        steps: manifests of what it showed, in the order of steps; the result last.
    """

    id: str
    node: str
    job: Job | None = None
    steps: tuple[SnapshotManifest, ...] = ()

    @property
    def newest(self) -> SnapshotManifest | None:
        """The last picture that there is."""
        return self.steps[-1] if self.steps else None

    @property
    def final(self) -> SnapshotManifest | None:
        """The result; None while there is none."""
        newest = self.newest
        return newest if newest is not None and maximised_of(newest).is_final else None

    @property
    def is_running(self) -> bool:
        """Whether it is at work, or waits for its turn."""
        return self.job is not None and self.job.state in _AT_WORK and self.final is None

    @property
    def step(self) -> int:
        """Steps done."""
        shown = 0 if self.newest is None else maximised_of(self.newest).step
        return max(shown, 0 if self.job is None else self.job.step or 0)

    @property
    def steps_total(self) -> int:
        """Steps that the run has in all; 0 while nobody knows."""
        if self.newest is not None:
            return maximised_of(self.newest).steps
        return 0 if self.job is None else self.job.steps or 0

    @property
    def problem(self) -> LayerwalkError | None:
        """Why it failed."""
        if self.job is None or self.job.state != "failed" or self.job.problem is None:
            return None
        return error_from_problem(self.job.problem)

    def at(self, step: int) -> SnapshotManifest | None:
        """Return the picture at a step, the last one before it, or the first."""
        if not self.steps:
            return None
        numbers = [maximised_of(one).step for one in self.steps]
        return self.steps[max(0, bisect_right(numbers, step) - 1)]


def maximised_of(manifest: SnapshotManifest) -> Maximised:
    """Return what a snapshot of a maximisation says of it."""
    assert manifest.maximised is not None
    return manifest.maximised


def image_at(manifest: SnapshotManifest, place: int) -> MaximisedImage | None:
    """Return what picture number `place` of a result is of."""
    images = maximised_of(manifest).images
    return images[place] if 0 <= place < len(images) else None


def unit_at(manifest: SnapshotManifest, place: int) -> int:
    """Return the unit of a picture as routes and `ChannelInput` want it: 0 of a whole node."""
    image = image_at(manifest, place)
    return 0 if image is None else image.channel or 0


class Results:
    """All that is known of one network's maximisations. Mutable, owned by the main thread.

    Attributes:
        revision: grows with every change.
        is_loaded: what the server had kept has been read.
    """

    def __init__(self) -> None:
        """Know of none."""
        self.is_loaded = False
        self._graph = Graph(nodes=())
        self._runs: dict[str, Run] = {}
        self._chosen: dict[str, str] = {}
        self._steps: dict[str, int] = {}
        self._modes: dict[str, Mode] = {}
        self.revision = 0

    # What is known.

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes that have a run, in the order of their first."""
        return tuple(dict.fromkeys(run.node for run in self._runs.values()))

    @property
    def running(self) -> tuple[Run, ...]:
        """Runs at work or waiting, oldest first."""
        return tuple(run for run in self._runs.values() if run.is_running)

    def runs(self, node: str) -> tuple[Run, ...]:
        """Return a node's runs, oldest first."""
        return tuple(run for run in self._runs.values() if run.node == node)

    def run(self, job: str) -> Run | None:
        """Return the run of a job."""
        return self._runs.get(job)

    def manifest(self, snapshot: str) -> SnapshotManifest | None:
        """Return a preview or result by the snapshot's id."""
        for run in self._runs.values():
            for manifest in run.steps:
                if manifest.id == snapshot:
                    return manifest
        return None

    def snapshots(self) -> frozenset[str]:
        """Return the ids of all previews and results."""
        return frozenset(one.id for run in self._runs.values() for one in run.steps)

    # What is looked at.

    def mode(self, node: str) -> Mode:
        """Return what a node's wall shows; values where it has no result to show."""
        return self._modes.get(node, "values") if self.shown(node) is not None else "values"

    def set_mode(self, node: str, mode: Mode) -> None:
        """Let a node's wall show values, pictures, or both in turn."""
        if self._modes.get(node, "values") != mode:
            self._modes[node] = mode
            self.revision += 1

    def next_mode(self, node: str) -> Mode:
        """Go on to the next mode of a node's wall and return it.

        Raises:
            NotFoundError: the node has no result.
        """
        if self.shown(node) is None:
            raise NotFoundError(f"node {node!r} has no maximised images yet")
        mode = MODES[(MODES.index(self.mode(node)) + 1) % len(MODES)]
        self.set_mode(node, mode)
        return mode

    def chosen(self, node: str) -> Run | None:
        """Return the run of a node that is looked at: the one chosen, else the newest with
        pictures, else the newest."""
        runs = self.runs(node)
        chosen = self._runs.get(self._chosen.get(node, ""))
        if chosen is not None:
            return chosen
        return next((run for run in reversed(runs) if run.steps), runs[-1] if runs else None)

    def look_at(self, node: str, job: str | None = None) -> None:
        """Look at one run of a node, at its newest step; None: at whatever is newest.

        Raises:
            NotFoundError: the node has no such run.
        """
        if job is not None and (job not in self._runs or self._runs[job].node != node):
            raise NotFoundError(f"job {job!r} made nothing for node {node!r}")
        self._steps.pop(node, None)
        if job is None:
            self._chosen.pop(node, None)
        else:
            self._chosen[node] = job
        self.revision += 1

    def look_at_step(self, node: str, step: int | None) -> None:
        """Look at an earlier step of the run that is looked at; None: at the newest one."""
        run = self.chosen(node)
        if step is None or run is None:
            self._steps.pop(node, None)
        else:
            self._chosen[node] = run.id  # another run may begin meanwhile
            self._steps[node] = step
        self.revision += 1

    def step(self, node: str) -> int | None:
        """Return the step that was chosen; None: the newest."""
        return self._steps.get(node)

    def step_beside(self, node: str, by: int) -> int | None:
        """Return the step `by` pictures before or behind the one looked at, of those there are;
        None where the node has no pictures."""
        run, shown = self.chosen(node), self.shown(node)
        if run is None or shown is None:
            return None
        place = run.steps.index(shown) + by
        return maximised_of(run.steps[min(len(run.steps) - 1, max(0, place))]).step

    def shown(self, node: str) -> SnapshotManifest | None:
        """Return the preview or result of a node that is looked at."""
        run = self.chosen(node)
        if run is None:
            return None
        step = self._steps.get(node)
        return run.newest if step is None else run.at(step)

    # What arrives.

    def begin(self, graph: Graph) -> None:
        """Begin with a connection or a graph: whatever was known is of no use now."""
        self._graph = graph
        self.is_loaded = False
        self._runs.clear()
        self._chosen.clear()
        self._steps.clear()
        self._modes.clear()
        self.revision += 1

    def is_fit(self, manifest: SnapshotManifest) -> bool:
        """Whether a snapshot is of this graph, and tells of as many images as it has pictures."""
        told = manifest.maximised
        index = None if told is None else self._graph.index.get(told.node)
        if told is None or index is None or len(manifest.nodes) != len(self._graph.nodes):
            return False
        numbers = manifest.nodes[index]
        return numbers.has_values and numbers.pictures[0] == len(told.images)

    def take(self, manifest: SnapshotManifest) -> bool:
        """Take a preview or a result in; return whether it is of this graph."""
        if not self.is_fit(manifest):
            return False
        told = maximised_of(manifest)
        run = self._runs.get(told.job) or Run(told.job, told.node)
        steps = [one for one in run.steps if one.id != manifest.id]
        steps.append(manifest)
        steps.sort(key=lambda one: (maximised_of(one).step, one.generation))
        self._runs[run.id] = replace(run, steps=_thinned(steps))
        self._trim()
        self.revision += 1
        return True

    def load(self, manifests: Iterable[SnapshotManifest]) -> None:
        """Take in what a server has kept: results of anyone, no previews."""
        self.is_loaded = True
        self.revision += 1
        for manifest in manifests:
            if manifest.maximised is not None and manifest.maximised.is_final:
                self.take(manifest)

    def note_job(self, job: Job) -> None:
        """Take in how a job stands; what is told late takes nothing back."""
        if job.kind != "maximise" or job.node is None:
            return
        run = self._runs.get(job.id) or Run(job.id, job.node)
        before = run.job
        if before is not None:
            is_late = before.state not in _AT_WORK or (before.step or 0) > (job.step or 0)
            if is_late and job.state in _AT_WORK:
                return
        self._runs[job.id] = replace(run, job=job)
        self._trim()
        self.revision += 1

    def follow(self, job: Job) -> None:
        """Take in a job that this client has asked for: its pictures are what one wants to see."""
        self.note_job(job)
        if job.node is not None and job.state in _AT_WORK:
            self._chosen.pop(job.node, None)
            self._steps.pop(job.node, None)
            if self._modes.get(job.node, "values") == "values":
                self._modes[job.node] = "images"
            self.revision += 1

    def lose(self) -> None:
        """Note that the server is gone: what was at work is no more."""
        for run in self.running:
            if run.steps:
                self._runs[run.id] = replace(run, job=None)
            else:
                self._forget(run.id)
        self.revision += 1

    def drop(self, snapshots: Iterable[str]) -> frozenset[str]:
        """Forget snapshots that the server has dropped; return those that were known."""
        gone = frozenset(snapshots) & self.snapshots()
        for run in [run for run in self._runs.values() if gone & {one.id for one in run.steps}]:
            steps = tuple(one for one in run.steps if one.id not in gone)
            self._runs[run.id] = replace(run, steps=steps)
            if not steps and not run.is_running:
                self._forget(run.id)
        if gone:
            self.revision += 1
        return gone

    def forget(self, job: str) -> None:
        """Forget a run that has ended; the server keeps what it has of it."""
        run = self._runs.get(job)
        if run is not None and not run.is_running:
            self._forget(job)
            self.revision += 1

    def _forget(self, job: str) -> None:
        run = self._runs.pop(job)
        if self._chosen.get(run.node) == job:
            del self._chosen[run.node]
            self._steps.pop(run.node, None)

    def _trim(self) -> None:
        looked_at = {run.id for node in self.nodes if (run := self.chosen(node)) is not None}
        ended = [run.id for run in self._runs.values() if not run.is_running]
        for job in ended[: max(0, len(self._runs) - MOST_RUNS)]:
            if job not in looked_at:
                self._forget(job)


def _thinned(steps: list[SnapshotManifest]) -> tuple[SnapshotManifest, ...]:
    """Return the steps, of the older half only every second one where there are too many."""
    if len(steps) <= MOST_PREVIEWS:
        return tuple(steps)
    half = len(steps) // 2
    return (*steps[:half:2], *steps[half:])
