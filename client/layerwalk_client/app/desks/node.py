"""Keeps the panel of a node up to date: statistics, weights, gradients, its function, its kernels."""

from __future__ import annotations

from collections.abc import Callable

from layerwalk_client.app.desks.thumbnails import Textures
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import (
    Arrival,
    RequestFailed,
    StatisticsArrived,
    WeightsArrived,
)
from layerwalk_client.source.asking import Gradients, Statistics, Weights, WeightStatistics
from layerwalk_client.ui.desk_intents import ChooseFilters
from layerwalk_client.ui.intents import (
    Intent,
)
from layerwalk_client.ui.node import NodePanel
from layerwalk_client.ui.node_kernels import KernelView
from layerwalk_client.ui.node_numbers import GradientFacts
from layerwalk_client.ui.pictures import Picture
from layerwalk_client.world.activation_curves import activation_of, is_activation
from layerwalk_client.world.kernels import filters_shown, sheet_of
from layerwalk_shared.errors import NotFoundError


class NodeDesk:
    """Mutable, owned by the main thread; a GL context is current.

    Args:
        stage: whose network, snapshot and training the panel is about.
        source: is asked for numbers and weights.
        images: makes textures.
        table: tells the colour table that kernels are painted with.
    """

    kind = "node"

    def __init__(
        self, stage: Stage, source: Source, images: Textures, *, table: Callable[[], str]
    ) -> None:
        self._stage = stage
        self._source = source
        self._images = images
        self._table = table
        self._panel: NodePanel | None = None
        self._texture: int | None = None
        self._snapshot: str | None = None
        self._told: object = None
        self._asked: Gradients | None = None
        self._painted = ""

    def content(self, *, node: int | None, unit: int | None) -> NodePanel | None:
        """Return the panel of a node; on the same part as the one before, where it has that."""
        network = self._stage.network
        if network is None or node is None:
            return None
        before = self._panel
        self._panel = made = NodePanel(network.graph.nodes[node], node, unit)
        if before is not None:
            made.is_log = before.is_log
            if before.tab in dict(made.tabs) and before.tab != "values":
                made.tab = before.tab
        self._snapshot = self._told = self._asked = None
        self._drop()
        self.refresh()
        if made.node.parameters:
            self._source.fetch(WeightStatistics(network.id, made.node.id))
        return made

    def refresh(self) -> bool:
        """Follow the snapshot that is shown, the training's step and the colour table."""
        panel, network, shown = self._panel, self._stage.network, self._stage.shown
        if panel is None or network is None or panel.index >= len(network.graph.nodes):
            return False
        has_changed = self._follow_training(panel)
        if panel.kernels is not None and self._painted != self._table():
            self._paint(panel, panel.kernels)
            has_changed = True
        if shown is None or shown.id == self._snapshot:
            return has_changed
        if self._snapshot is not None and panel.node.parameters:
            self._source.fetch(WeightStatistics(network.id, panel.node.id))  # a step further
        self._snapshot = shown.id
        if not shown.nodes[panel.index].has_values:
            panel.problem = panel.node.error or "it has no values"
            return True
        panel.problem = ""
        self._source.fetch(Statistics(shown.id, panel.node.id))
        sources = network.graph.predecessors[panel.node.id]
        if is_activation(panel.node) and sources:
            panel.function.source = sources[0]
            self._source.fetch(Statistics(shown.id, sources[0], "inputs"))
        return has_changed

    def take(self, arrival: Arrival) -> bool:
        """Take in numbers and weights of the node that the panel is about."""
        panel = self._panel
        if panel is None:
            return False
        if isinstance(arrival, StatisticsArrived):
            return self._take_statistics(panel, arrival)
        if isinstance(arrival, WeightsArrived) and arrival.fetch.node == panel.node.id:
            assert panel.weights is not None
            sheet = sheet_of(arrival.values, first=arrival.fetch.first, shape=panel.weights.shape)
            self._paint(panel, KernelView(sheet, Picture(0)))
            return True
        if isinstance(arrival, RequestFailed):
            return self._take_failure(panel, arrival)
        return False

    def carry_out(self, intent: Intent) -> bool:
        """Turn to another page of kernels."""
        if not isinstance(intent, ChooseFilters):
            return False
        if self._panel is not None and intent.node == self._panel.node.id:
            self._ask_kernels(self._panel, intent.first)
        return True

    def renew(self) -> None:
        """Forget the node."""
        self._panel = self._snapshot = self._told = self._asked = None
        self._drop()

    def close(self) -> None:
        """Release the texture."""
        self._drop()

    def _take_statistics(self, panel: NodePanel, arrival: StatisticsArrived) -> bool:
        fetch = arrival.fetch
        if isinstance(fetch, Statistics) and fetch.purpose == "inputs":
            if fetch.node != panel.function.source or fetch.snapshot != self._snapshot:
                return False
            panel.function.inputs = arrival.statistics
        elif fetch.node != panel.node.id:
            return False
        elif isinstance(fetch, WeightStatistics):
            panel.weights = arrival.statistics
            first = 0 if panel.kernels is None else panel.kernels.sheet.first
            self._ask_kernels(panel, first)
        else:
            panel.statistics = arrival.statistics
        self._settle_function(panel)
        return True

    def _settle_function(self, panel: NodePanel) -> None:
        """Let the curve be that of the numbers that are there by now."""
        if not is_activation(panel.node):
            return
        slopes = () if panel.weights is None else panel.weights.channels.mean
        inputs = panel.function.inputs
        panel.function.activation = activation_of(
            panel.node, slopes=slopes, mean=0.0 if inputs is None else inputs.mean
        )

    def _ask_kernels(self, panel: NodePanel, first: int) -> None:
        network = self._stage.network
        if network is None or panel.weights is None or not panel.weights.shape:
            return
        shape = panel.weights.shape
        end = min(shape[0], first + filters_shown(shape))
        self._source.fetch(Weights(network.id, panel.node.id, first, end))

    def _follow_training(self, panel: NodePanel) -> bool:
        """Let the gradients be those of the step that is looked at."""
        state, network = self._stage.state, self._stage.network
        record = state.training
        told = (id(record), record.revision, state.chosen)
        if told == self._told or network is None:
            return False
        self._told = told
        panel.has_training = record.is_any
        step = record.step(state.chosen)
        one = (
            None
            if step is None
            else next((one for one in step.nodes if one.node == panel.index), None)
        )
        if step is None or one is None:
            had, panel.gradients = panel.gradients, None
            return had is not None
        known = record.gradients
        counts, zeros = None, 0
        if known is not None and known.step == step.step:
            found = next((one for one in known.nodes if one.node == panel.index), None)
            if found is not None:
                counts, zeros = found.counts, found.zeros
        elif self._asked != (asked := Gradients(network.id, step.step)):
            self._asked = asked
            self._source.fetch(asked)
        panel.gradients = GradientFacts(
            step.step, counts, zeros, norm=one.gradient, weight=one.weight, update=one.update
        )
        return True

    def _take_failure(self, panel: NodePanel, arrival: RequestFailed) -> bool:
        request = arrival.request
        if not isinstance(request, Statistics | WeightStatistics) or request.node != panel.node.id:
            return False
        if isinstance(request, Statistics) or not isinstance(arrival.error, NotFoundError):
            panel.problem = str(arrival.error)
        return True

    def _paint(self, panel: NodePanel, view: KernelView) -> None:
        """Paint a page of kernels with the colour table of the walls."""
        self._drop()
        self._painted = self._table()
        pixels = view.sheet.pixels(self._painted)
        height, width = pixels.shape[:2]
        self._texture = self._images.make(pixels, is_smooth=False)
        panel.kernels = KernelView(view.sheet, Picture(self._texture, size_wh=(width, height)))

    def _drop(self) -> None:
        if self._texture is not None:
            self._images.drop(self._texture)
            self._texture = None
        if self._panel is not None:
            self._panel.kernels = None
