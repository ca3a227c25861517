"""What the panel of maximisation shows, gathered: results, jobs, pictures, what was said of a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from layerwalk_client.app.handling.hand import Holding
from layerwalk_client.app.maximising import bench
from layerwalk_client.app.maximising.prints import Prints
from layerwalk_client.app.maximising.results import Results, Run, maximised_of
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.ui.studio import Column, Comparison, Pictured, Shown, Studio
from layerwalk_client.ui.studio import Run as Line
from layerwalk_shared.messages import MaximiseRequest, SnapshotManifest
from layerwalk_shared.tiles import Tile, TileKey


@dataclass(slots=True)
class Told:
    """What was said of a node, and what of it is looked at. Mutable, owned by the main thread.

    Attributes:
        said: of a file or a picture that went elsewhere; `is_wrong`: it failed.
        fired: whether a unit fires on its picture; `fires`: it does.
        failure: why a run was refused.
        problem: why the node cannot be maximised at all, as the server says.
        place: number of the picture that is looked at.
        compared: runs side by side: ids of jobs, or requests that no job is known of yet.
    """

    said: str = ""
    is_wrong: bool = False
    fired: str = ""
    fires: bool = False
    failure: str = ""
    problem: str = ""
    place: int = 0
    compared: list[str | MaximiseRequest] = field(default_factory=list)


class Views:
    """Mutable, owned by the main thread.

    Args:
        stage: whose network and results.
        prints: where pictures are.

    Attributes:
        requests: job -> what was asked for, of runs that began here.
        hours: job -> when it ended, "" while it is at work.
    """

    def __init__(self, stage: Stage, prints: Prints) -> None:
        self._stage = stage
        self.prints = prints
        self.requests: dict[str, MaximiseRequest] = {}
        self.hours: dict[str, str] = {}
        self._told: dict[str, Told] = {}

    @property
    def results(self) -> Results:
        """The record of all runs."""
        return self._stage.state.results

    def notes(self, node: str) -> Told:
        """Return what was said of a node."""
        return self._told.setdefault(node, Told())

    def clear(self) -> None:
        """Forget what belonged to another network or graph."""
        self.prints.close()
        self.requests.clear()
        self.hours.clear()
        self._told.clear()

    def note_hours(self, hour: Callable[[], str]) -> None:
        """Remember when runs ended that were seen at work."""
        for run in self.results.running:
            self.hours[run.id] = ""
        for job, known in list(self.hours.items()):
            found = self.results.run(job)
            if not known and found is not None and not found.is_running:
                self.hours[job] = hour()

    def studio(self, node: int, unit: int | None, *, holding: Holding | None) -> Studio:
        """Return all that the panel shows of a node.

        Args:
            node: index.
            unit: that was pointed at.
            holding: what is in the hand.
        """
        network = self._stage.network
        assert network is not None
        results, name = self.results, network.graph.nodes[node].id
        notes, manifest = self.notes(name), self.results.shown(name)
        offers = bench.offers_of(
            network.graph,
            present=self._stage.shown,
            holding=holding,
            result=manifest,
            place=notes.place,
        )
        session = self._stage.state.session
        others = () if session is None else session.networks
        subject = bench.subject_of(network.id, network.graph, node, unit=unit, offers=offers)
        return Studio(
            replace(subject, problem=subject.problem or notes.problem),
            tuple(
                bench.job_line(run, self.requests.get(run.id))
                for run in sorted(results.running, key=_turn)
                if run.job is not None
            ),
            tuple(self._line(run) for run in reversed(results.runs(name))),
            self._shown(name, manifest),
            self._comparison(name),
            (
                (network.id, network.name),
                *((one.id, one.name) for one in others if one.id != network.id),
            ),
            notes.failure,
        )

    def _line(self, run: Run) -> Line:
        return bench.run_view(run, self.requests.get(run.id), when=self.hours.get(run.id, ""))

    def _shown(self, node: str, manifest: SnapshotManifest | None) -> Shown | None:
        run = self.results.chosen(node)
        if run is None:
            return None
        notes = self.notes(node)
        said, is_wrong = notes.said, notes.is_wrong
        problem = run.problem
        if not said and problem is not None:
            said, is_wrong = " ".join(str(problem).split()), True
        if not said and run.job is not None and not run.is_running and run.job.notes:
            said = run.job.notes[0]
        line = self._line(run)
        if manifest is None:
            return Shown(line, wall=self.results.mode(node), said=said, is_wrong=is_wrong)
        pictures = bench.pictures_view(manifest, self._pictures(manifest))
        return Shown(
            line, tuple(maximised_of(one).step for one in run.steps), run.steps.index(manifest),
            pictures, min(notes.place, len(pictures) - 1), self.results.mode(node), notes.fired,
            notes.fires, said, is_wrong,
        )  # fmt: skip

    def _comparison(self, node: str) -> Comparison:
        columns = []
        for one in self.notes(node).compared:
            if isinstance(one, MaximiseRequest):
                columns.append(Column(bench.waiting_view(one)))
                continue
            run = self.results.run(one)
            if run is None:
                continue
            cells: dict[int | None, Pictured] = {}
            if run.newest is not None:
                found = bench.pictures_view(run.newest, self._pictures(run.newest))
                cells = {picture.unit: picture for picture in found}
            columns.append(Column(self._line(run), cells))
        return Comparison(bench.units_of(columns), tuple(columns))

    def _pictures(self, manifest: SnapshotManifest) -> Callable[[int], Picture | None]:
        network = self._stage.network
        assert network is not None
        node = network.graph.index[maximised_of(manifest).node]
        run = self.results.run(maximised_of(manifest).job)
        steps = () if run is None or manifest not in run.steps else run.steps
        before = [one for one in steps if one.generation < manifest.generation][-2:]

        def picture(place: int) -> Picture | None:
            """Return the picture, an earlier one of the same run while it is on its way."""
            found = self.prints.picture(manifest, node=node, place=place)
            for one in reversed(before):
                if found is None:
                    found = self.prints.picture(one, node=node, place=place, asks=False)
            return found

        return picture


def held_by(stage: Stage) -> Callable[[str, TileKey], Tile | None]:
    """Return how a tile of a result is looked up."""

    def held(snapshot: str, key: TileKey) -> Tile | None:
        state = stage.state
        tiles = state.pictures.tiles(state.place(snapshot), key.node, key.block)
        return next((tile for tile in tiles if tile.key == key), None)

    return held


def _turn(run: Run) -> tuple[bool, int]:
    """Order jobs: who is at work, then by the place in the queue; equals as they came."""
    job = run.job
    if job is None:
        return (True, 0)
    return (job.state != "running", job.position or 0)
