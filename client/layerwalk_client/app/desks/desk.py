"""What lies on the panels: makes their contents, feeds them what arrives, keeps them up to date."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layerwalk_client.app.desks.input import InputDesk
from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.panels import Content, Panels
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.app.stage.training import TrainingRecord
from layerwalk_client.app.travel.finding import Finding
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import (
    Arrival,
    RequestFailed,
    ValuesArrived,
)
from layerwalk_client.source.asking import Gradients, Values
from layerwalk_client.ui.gradients import Ailment, Flow, GradientsPanel, Health
from layerwalk_client.ui.noise import NoisePanel
from layerwalk_client.ui.timeline import Course, TimelinePanel
from layerwalk_shared.messages import NetworkDescription

DEAD_ROWS = 120
"""Steps at most, evenly chosen, whose dead units are shown over time."""


class Desk:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose network, snapshot and training the panels are about.
        source: is asked for pictures and facts.
        images: makes textures.
        panels: the open ones.
    """

    def __init__(
        self,
        stage: Stage,
        source: Source,
        images: Textures,
        panels: Panels,
    ) -> None:
        self._stage = stage
        self._source = source
        self._images = images
        self._panels = panels
        self._noise = NoisePanel()
        self._timeline = TimelinePanel()
        self._gradients = GradientsPanel()
        self._input = InputDesk(stage, source, images)
        self._finding = Finding()
        self._told: object = None

    def content(self, kind: str) -> Content | None:
        """Return what a panel of a kind shows, None where there is nothing to show."""
        makers: dict[str, Callable[[], Content | None]] = {
            "noise": lambda: self._noise,
            "search": self._search,
            "timeline": lambda: self._timeline,
            "gradients": lambda: self._gradients,
            "input": self._input.content,
        }
        self._told = None
        return makers[kind]()

    def renew(self) -> None:
        """Forget what belonged to another network or server."""
        self._timeline, self._gradients = TimelinePanel(), GradientsPanel()
        self._input.renew()
        self._told = None

    def refresh(self) -> bool:
        """Bring open panels about the training and the input up to date; return whether one
        changed."""
        has_changed = False
        if "input" in self._panels.kinds and self._input.refresh():
            self._panels.touch("input")
            has_changed = True
        kinds = [kind for kind in ("timeline", "gradients") if kind in self._panels.kinds]
        state = self._stage.state
        record = state.training
        step = record.step(state.chosen)
        told = (id(record), record.revision, state.chosen, state.is_chosen_gone, *kinds)
        if not kinds or told == self._told:
            return has_changed
        self._told = told
        self._timeline.course = course_of(record, chosen=state.chosen, is_gone=state.is_chosen_gone)
        network = self._stage.network
        if network is not None and "gradients" in kinds:
            self._gradients.health = health_of(record, network, state.chosen)
            known = record.gradients
            if step is not None and (known is None or known.step != step.step):
                self._source.fetch(Gradients(network.id, step.step))
        for kind in kinds:
            self._panels.touch(kind)
        return True

    def take(self, arrival: Arrival) -> bool:
        """Take in pictures and facts; return whether something on the screen changes."""
        if isinstance(arrival, ValuesArrived):
            self._input.take(arrival)
            self._panels.touch("input")
            return True
        if isinstance(arrival, RequestFailed):
            return self._take_failure(arrival)
        return False

    def close(self) -> None:
        """Release every texture."""
        self._input.close()

    def _search(self) -> Content | None:
        network = self._stage.network
        return None if network is None else self._finding.panel(network)

    def _take_failure(self, arrival: RequestFailed) -> bool:
        if isinstance(arrival.request, Values):
            self._input.fail(arrival)
            self._panels.touch("input")
        return True


def course_of(record: TrainingRecord, *, chosen: int | None, is_gone: bool) -> Course:
    """Return a training as the timeline shows it."""
    steps = record.steps
    return Course(
        series=record.series(),
        served=np.array([step.step for step in steps], np.float64),
        is_held=np.array([step.snapshot is not None for step in steps], np.bool_),
        warnings={
            step.step: tuple(
                f"{warning.node}: {warning.text}" if warning.node else warning.text
                for warning in step.warnings
            )
            for step in steps
            if step.warnings
        },
        chosen=chosen,
        is_running=record.is_running,
        is_gone=is_gone,
    )


def health_of(record: TrainingRecord, network: NetworkDescription, chosen: int | None) -> Health:
    """Return a step of a training (None: the newest) as the panel of gradients shows it."""
    step = record.step(chosen)
    if step is None:
        return Health()
    graph = network.graph
    told = [one for one in step.nodes if one.node < len(graph.nodes)]
    flows = tuple(
        Flow(
            one.node, graph.nodes[one.node].id, gradient=one.gradient, update=one.update,
            dead=one.dead, saturated=one.saturated, not_finite=one.not_finite,
        )
        for one in sorted(told, key=lambda one: one.node)
    )  # fmt: skip
    column = {flow.node: place for place, flow in enumerate(flows)}
    steps = record.steps
    picked = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), DEAD_ROWS)).round())
    dead = np.full((len(picked), len(flows)), np.nan, np.float32)
    for row, place in enumerate(picked.astype(int).tolist()):
        for one in steps[place].nodes:
            if one.dead is not None and one.node in column:
                dead[row, column[one.node]] = one.dead
    found = record.gradients
    is_of_step = found is not None and found.step == step.step
    return Health(
        step=step.step,
        flows=flows,
        dead=dead,
        warnings=tuple(
            Ailment(
                warning.text,
                None if warning.node is None else graph.index.get(warning.node),
            )
            for warning in step.warnings
        ),
        histograms={one.node: (one.counts, one.zeros) for one in found.nodes}
        if found is not None and is_of_step
        else {},
    )
