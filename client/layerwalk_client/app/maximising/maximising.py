"""The desk of maximisation: keeps its panel up to date, and does what is asked for through it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.handling.hand import Holding, hold_result
from layerwalk_client.app.maximising import bench
from layerwalk_client.app.maximising.firing import Firing
from layerwalk_client.app.maximising.prints import Prints
from layerwalk_client.app.maximising.results import Results, maximised_of
from layerwalk_client.app.maximising.studio_views import Told, Views, held_by
from layerwalk_client.app.output.exporting import write_file
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import (
    Arrival,
    ClimbArrived,
    FileArrived,
    RequestFailed,
    ValuesArrived,
    WishTaken,
)
from layerwalk_client.source.asking import CancelJob, Climb, Maximise, PutInput, Values
from layerwalk_client.source.files import ResultFile
from layerwalk_client.ui import intents as asked
from layerwalk_client.ui.drafts import draft_of
from layerwalk_client.ui.maximise import MaximisePanel
from layerwalk_client.ui.studio import Studio
from layerwalk_shared.errors import InvalidRequestError, LayerwalkError, ModelError
from layerwalk_shared.messages import MaximiseRequest, SnapshotManifest

MOST_COMPARED = 6


class Maximising:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose network and results the panel is about.
        source: is asked for tiles, files and values.
        images: makes textures.
        hold: takes something in the hand.
        holding: returns what is in the hand.
        table: returns the colour table of pictures that are values.
        folder: for files.
        clock: seconds, only forward.
        hour: what a clock on the wall shows.
    """

    def __init__(
        self,
        stage: Stage,
        source: Source,
        images: Textures,
        *,
        hold: Callable[[Holding], None],
        holding: Callable[[], Holding | None],
        table: Callable[[], str],
        folder: Path,
        clock: Callable[[], float] = time.monotonic,
        hour: Callable[[], str] = lambda: time.strftime("%H:%M"),
    ) -> None:
        self._stage = stage
        self._source = source
        self._hold = hold
        self._holding = holding
        self._table = table
        self._folder = folder
        self._hour = hour
        prints = Prints(source.fetch, held_by(stage), images, clock=clock)
        self._views = Views(stage, prints)
        self._firing = Firing(stage, source)
        self.panel: MaximisePanel | None = None
        self._node = 0
        self._unit: int | None = None
        self._drawn: object = None

    @property
    def _results(self) -> Results:
        return self._stage.state.results

    @property
    def _id(self) -> str:
        """Id of the node that the panel is about."""
        network = self._stage.network
        return "" if network is None else network.graph.nodes[self._node].id

    @property
    def _notes(self) -> Told:
        return self._views.notes(self._id)

    def open(self, node: int, unit: int | None) -> MaximisePanel | None:
        """Return the panel about a node, or about one of its units; None without a network.

        What stands in the form stays there from node to node.
        """
        network = self._stage.network
        if network is None or not 0 <= node < len(network.graph.nodes):
            return None
        self._node, self._unit = node, unit
        self._drawn = None
        self._notes.problem = ""
        studio = self._studio()
        if self.panel is None:
            self.panel = MaximisePanel(studio.subject)
        if not studio.runs:
            self.panel.tab = "form"
        draft = self.panel.form.draft
        if unit is not None and studio.subject.unit is not None:
            draft = draft.put("extent", "one")
        elif draft.texts["extent"] == "one":
            draft = draft.put("extent", "all")
        self.panel.form.draft = draft
        self.panel.form.writing.end()
        if not studio.subject.problem:  # what cannot be climbed is told before anybody asks for it
            self._source.fetch(Climb(network.id, studio.subject.node, draft.slope))
        self.refresh()
        return self.panel

    def renew(self) -> None:
        """Forget what belonged to another network or graph."""
        self._views.clear()
        self._firing.forget()
        self.panel = None
        self._drawn = None

    def close(self) -> None:
        """Release every texture."""
        self._views.prints.close()

    # The view.

    def watch(self) -> None:
        """Follow what goes on, whether the panel is open or not."""
        self._views.note_hours(self._hour)
        self._firing.watch()

    def refresh(self) -> bool:
        """Bring the panel up to date; return whether it changed."""
        network = self._stage.network
        if self.panel is None or network is None or self._node >= len(network.graph.nodes):
            return False
        notes = self._notes
        shown, holding = self._stage.shown, self._holding()
        key = (
            self._node, self._unit, self._results.revision, None if shown is None else shown.id,
            id(holding), replace(notes, compared=list(notes.compared)), self._views.prints.revision,
        )  # fmt: skip
        if key == self._drawn and not self._views.prints.is_waiting:
            return False
        seen = self.panel.studio
        self.panel.studio = self._studio()
        self._drawn = (*key[:-1], self._views.prints.revision)
        return self.panel.studio != seen

    def _studio(self) -> Studio:
        return self._views.studio(self._node, self._unit, holding=self._holding())

    # What is asked for.

    def carry_out(self, intent: asked.StudioIntent) -> None:
        """Do what was asked for through the panel."""
        methods: dict[type, Callable[[Any], None]] = {
            asked.Maximise: self._maximise,
            asked.CancelRun: lambda one: self._stage.submit(CancelJob(one.job)),
            asked.ChooseRun: self._choose,
            asked.CompareRun: self._compare,
            asked.LookAt: self._look,
            asked.ShowOnWall: lambda one: self._results.set_mode(self._id, one.mode),
            asked.PickPicture: self._pick,
            asked.PutPicture: self._put,
            asked.ExportRun: self._export,
            asked.RepeatRun: self._repeat,
        }
        methods[type(intent)](intent)

    def _maximise(self, intent: asked.Maximise) -> None:
        network = self._stage.network
        if network is None:
            return
        notes = self._notes
        notes.failure = notes.said = ""
        if intent.compares:
            notes.compared = list(intent.requests)
        for request in intent.requests:
            self._stage.submit(Maximise(network.id, request))

    def _choose(self, intent: asked.ChooseRun) -> None:
        notes = self._notes
        if self._results.run(intent.run) is not None:
            self._results.look_at(self._id, intent.run)
            notes.place, notes.said, notes.fired, notes.is_wrong = 0, "", "", False

    def _compare(self, intent: asked.CompareRun) -> None:
        compared = self._notes.compared
        if intent.run in compared:
            compared.remove(intent.run)
        elif self._results.run(intent.run) is not None:
            compared.append(intent.run)
            del compared[:-MOST_COMPARED]

    def _look(self, intent: asked.LookAt) -> None:
        if intent.picture is not None:
            self._notes.place = intent.picture
        run = self._results.chosen(self._id)
        if intent.mark is not None and run is not None and intent.mark < len(run.steps):
            is_newest = intent.mark == len(run.steps) - 1
            step = None if is_newest else maximised_of(run.steps[intent.mark]).step
            self._results.look_at_step(self._id, step)

    def _chosen(self) -> tuple[SnapshotManifest, int] | None:
        """Return the result and the number of the picture that are looked at."""
        manifest = self._results.shown(self._id)
        if manifest is None:
            return None
        return manifest, min(self._notes.place, len(maximised_of(manifest).images) - 1)

    def _pick(self, _: asked.PickPicture) -> None:
        found = self._chosen()
        network = self._stage.network
        if found is None or network is None:
            return
        manifest, place = found
        node = network.graph.index[maximised_of(manifest).node]
        state = self._stage.state
        tiles = state.pictures.tiles(state.place(manifest.id), node, place // 256)
        tile = tiles[0] if tiles else None
        self._hold(hold_result(manifest, place, tile=tile, table=self._table()))

    def _put(self, intent: asked.PutPicture) -> None:
        found = self._chosen()
        network = self._stage.network
        if found is None or network is None:
            return
        manifest, place = found
        title = bench.title_of(manifest, place)
        self._stage.submit(PutInput(intent.network, bench.picture_of(manifest, place), title=title))
        if intent.network != network.id:
            self._say(f"goes to the input of {intent.network}; walk there to see what it does")

    def _export(self, intent: asked.ExportRun) -> None:
        found = self._chosen()
        if found is not None:
            self._say("on its way")
            self._source.fetch(ResultFile(found[0].id, intent.form))

    def _repeat(self, _: asked.RepeatRun) -> None:
        found = self._chosen()
        run = self._results.chosen(self._id)
        if found is None or run is None or self.panel is None:
            return
        told = maximised_of(found[0])
        units = [one.channel for one in told.images if one.channel is not None]
        request = self._views.requests.get(run.id)
        self.panel.load(
            draft_of(
                told.recipe,
                told.objective,
                seed=told.seed,
                units=units or None,
                count=self.panel.studio.subject.units,
                start=None if request is None else request.start,
            )
        )

    def _say(self, text: str, *, is_wrong: bool = False) -> None:
        self._notes.said, self._notes.is_wrong = text, is_wrong

    # What arrives.

    def take(self, arrival: Arrival) -> bool:
        """Take in what was asked for here; return whether it was."""
        if isinstance(arrival, ClimbArrived):
            self._views.notes(arrival.fetch.node).problem = ""
            return True
        if isinstance(arrival, WishTaken) and isinstance(arrival.wish, Maximise):
            self._views.requests[arrival.job.id] = arrival.wish.request
            self._place(arrival.wish.request, arrival.job.id)
            return True
        if isinstance(arrival, WishTaken) and isinstance(arrival.wish, PutInput):
            self._firing.begin(arrival.wish)
            return False
        if isinstance(arrival, FileArrived) and isinstance(arrival.fetch, ResultFile):
            self._write(arrival)
            return True
        if isinstance(arrival, ValuesArrived) and arrival.fetch.purpose == "fires":
            self._judge(arrival)
            return True
        return isinstance(arrival, RequestFailed) and self._fail(arrival)

    def _place(self, request: MaximiseRequest, job: str) -> None:
        """Let a run take the place of its request in a comparison."""
        compared = self._views.notes(request.node).compared
        if request in compared:
            compared[compared.index(request)] = job

    def _fail(self, arrival: RequestFailed) -> bool:
        failed, said = arrival.request, " ".join(str(arrival.error).split())
        if isinstance(failed, Maximise):
            notes = self._views.notes(failed.request.node)
            notes.failure = said
            if failed.request in notes.compared:
                notes.compared.remove(failed.request)
            return True
        if isinstance(failed, Climb):
            is_about_it = isinstance(arrival.error, InvalidRequestError | ModelError)
            self._views.notes(failed.node).problem = said if is_about_it else ""
            return True
        if isinstance(failed, ResultFile):
            self._say(said, is_wrong=True)
            return True
        if isinstance(failed, Values) and failed.purpose == "fires":
            self._firing.forget()
            self._views.notes(failed.node).fired = said
            return True
        return False

    def _write(self, arrival: FileArrived) -> None:
        fetch = arrival.fetch
        manifest = self._results.manifest(fetch.snapshot)
        name = fetch.snapshot
        if manifest is not None:
            told = maximised_of(manifest)
            name = f"{told.node} {told.recipe.name} seed {told.seed} step {told.step}"
        try:
            path = write_file(self._folder, name, arrival.content, ending=fetch.form)
        except LayerwalkError as error:
            self._say(" ".join(str(error).split()), is_wrong=True)
        else:
            self._say(f"written: {path}")

    def _judge(self, arrival: ValuesArrived) -> None:
        found = self._firing.take(arrival)
        if found is not None:
            notes = self._views.notes(found.node)
            notes.fired, notes.fires = found.text, found.fires
