"""Whether a unit fires: what a forward pass gives at a node, measured as an objective measures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.app.maximising.results import maximised_of
from layerwalk_client.app.stage.stage import Stage
from layerwalk_client.source import Source
from layerwalk_client.source.arrivals import ValuesArrived
from layerwalk_client.source.asking import PutInput, Values
from layerwalk_client.ui.widgets import short_number
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import ChannelInput, SnapshotManifest
from layerwalk_shared.recipes import Objective, unit_axis

Floats = NDArray[np.float32]
FIRES = 0.5
"""Of what was reached: from here on a unit is said to fire as it should."""
LARGEST_VALUES = 4_000_000
"""Of nodes of more numbers only the unit's are fetched."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it, for people."""

    node: str
    text: str
    fires: bool


@dataclass(frozen=True, slots=True)
class _Test:
    """A picture that was put on the input.

    `after` is the number of the snapshot that was shown then; `fetch` asks for the node's values.
    """

    manifest: SnapshotManifest
    place: int
    after: int
    fetch: Values | None = None


class Firing:
    """Follows a picture from the input to its unit. Mutable, owned by the main thread.

    Args:
        stage: whose results and snapshots.
        source: is asked for the node's values.
    """

    def __init__(self, stage: Stage, source: Source) -> None:
        self._stage = stage
        self._source = source
        self._test: _Test | None = None

    def forget(self) -> None:
        """Follow nothing any more."""
        self._test = None

    def begin(self, wish: PutInput) -> None:
        """Note that something goes to an input; a picture of a result is followed."""
        image, network, shown = wish.image, self._stage.network, self._stage.shown
        self._test = None
        if not isinstance(image, ChannelInput) or network is None or wish.network != network.id:
            return
        manifest = self._stage.state.results.manifest(image.snapshot)
        if manifest is None:
            return
        units = [one.channel or 0 for one in maximised_of(manifest).images]
        if image.channel in units:
            after = 0 if shown is None else shown.generation
            self._test = _Test(manifest, units.index(image.channel), after)

    def watch(self) -> None:
        """Ask for the node's values once the picture's forward pass is shown."""
        test, shown, network = self._test, self._stage.shown, self._stage.network
        if test is None or shown is None or network is None or test.fetch is not None:
            return
        if shown.generation <= test.after or shown.input.kind != "channel":
            return
        told = maximised_of(test.manifest)
        node = network.graph.nodes[network.graph.index[told.node]]
        row = None
        if math.prod(node.shape) > LARGEST_VALUES:
            row = told.images[test.place].channel
            if row is None or unit_axis(node.view, node.shape) != 0:
                self._test = None
                return
        fetch = Values(shown.id, told.node, row, "fires")
        self._test = replace(test, fetch=fetch)
        self._source.fetch(fetch)

    def take(self, arrival: ValuesArrived) -> Verdict | None:
        """Return what the values say, None where they were not waited for."""
        test, network = self._test, self._stage.network
        if test is None or network is None or test.fetch != arrival.fetch:
            return None
        self._test = None
        told = maximised_of(test.manifest)
        image = told.images[test.place]
        node = network.graph.nodes[network.graph.index[told.node]]
        found = reached_by(arrival.values, node, told.objective)
        return verdict(told.node, found, image.channel, reached=image.activation)


def reached_by(values: Floats, node: Node, objective: Objective) -> Floats:
    """Return what each unit reaches, without penalty and further terms: float32 `[units]`.

    Args:
        values: of the node, its shape without the batch axis.
        node: says which axis counts units.
        objective: `channel`, `neuron` and `percentile` have a number for each unit; `layer` and
            `direction` have one.
    """
    axis = unit_axis(node.view, values.shape)
    planes = values.reshape(-1, 1) if axis is None else np.moveaxis(values, axis, 0)
    shape, flat = planes.shape[1:], planes.reshape(len(planes), -1).astype(np.float64)
    if objective.kind == "neuron":
        position = objective.position
        if position is None:
            position = tuple(size // 2 for size in shape)
        place = int(np.ravel_multi_index(position, shape)) if shape else 0
        return np.asarray(flat[:, place], np.float32)
    if objective.kind == "percentile":
        strongest = max(1, math.ceil(objective.share * flat.shape[1]))
        return np.asarray(np.sort(flat, axis=1)[:, -strongest:].mean(axis=1), np.float32)
    if objective.kind == "layer":
        return np.asarray([np.square(flat).mean()], np.float32)
    means = flat.mean(axis=1)
    if objective.kind == "direction":
        direction = np.asarray(objective.direction, np.float64)
        if len(direction) == len(means):
            return np.asarray([means @ direction / np.linalg.norm(direction)], np.float32)
    return np.asarray(means, np.float32)


def verdict(node: str, found: Floats, unit: int | None, *, reached: float) -> Verdict:
    """Say how a unit answers to its picture on the input, against what was reached.

    Args:
        node: id.
        found: of every unit, or one number of a whole node or of the unit alone.
        unit: that the picture is of; None: of the whole node.
        reached: when the picture was made.
    """
    value = float(found[0 if unit is None or unit >= len(found) else unit])
    fires = value > 0 and (reached <= 0 or value >= FIRES * reached)
    verb = "fires" if fires else "hardly fires" if value > 0 else "does not fire"
    name = "the layer" if unit is None else f"unit {unit}"
    line = f"{name} {verb}: {_number(value)} of the {_number(reached)} that were reached"
    if unit is None or len(found) < 2:
        return Verdict(node, line, fires)
    rank = int((found > value).sum()) + 1
    told = (
        f"the strongest of {len(found)}"
        if rank == 1
        else f"number {rank} of {len(found)}; first is unit {int(found.argmax())}"
    )
    return Verdict(node, f"{line}, {told}", fires)


def _number(value: float) -> str:
    return short_number(value).replace("-", "\N{MINUS SIGN}")
