"""Images of nodes made one after another, kept in a cache, and written to a folder for each node."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from layerwalk.commands.progress import ProgressLine
from layerwalk.drawing import png
from layerwalk.maximisation.executors import Executor
from layerwalk.maximisation.keeping import Finished, from_result, result_key, to_result
from layerwalk.maximisation.plan import Plan
from layerwalk.maximisation.truncated import place_of, precision_for
from layerwalk.network import Network
from layerwalk.results import ResultCache
from layerwalk.sheets import (
    Entry,
    Legend,
    draw_sheet,
    images_npz,
    parameters_json,
    picture_of,
    read_legend,
)
from layerwalk_shared.errors import InvalidRequestError, StorageError, TooLargeError

PER_SHEET = 64
"""Images of one sheet; more go on further ones."""
PARAMETERS, IMAGES = "parameters.json", "images.npz"


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a node.

    Attributes:
        node: which.
        count: images that were wanted.
        done: that are there.
        cached: of those, that were made earlier.
        was_there: its folder had them all, and nothing was done.
    """

    node: str
    count: int
    done: int
    cached: int = 0
    was_there: bool = False


class Production:
    """Makes images of nodes and writes them. Mutable, owned by the thread of the model.

    Args:
        network: whose nodes.
        plan: of the first node; others have its recipe and so on.
        fingerprint: of the network.
        executor: where the images are made.
        cache: of finished images; None: none.
        output: a folder for each node is made there.
        arguments: node -> the command line that makes it.
        progress: told of everything.
        is_wanted: asked between steps.
        has_images: every image becomes a PNG file of its own, too.
        most: channels of a node.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        *,
        fingerprint: str,
        executor: Executor,
        cache: ResultCache | None,
        output: Path,
        arguments: Callable[[str], tuple[str, ...]],
        progress: ProgressLine,
        is_wanted: Callable[[], bool],
        has_images: bool,
        most: int,
    ) -> None:
        self._network, self._plan, self._fingerprint = network, plan, fingerprint
        self._executor, self._cache, self._output = executor, cache, output
        self._arguments, self._progress, self._is_wanted = arguments, progress, is_wanted
        self._has_images, self._most = has_images, most

    def make(self, node: str, channels: Sequence[int] | None) -> Made:
        """Make and write the images of a node; what is finished is kept, whatever happens.

        Args:
            node: which.
            channels: units; None: all.

        Raises:
            NotFoundError, InvalidRequestError: what is wanted does not fit the network.
            ModelError: forward raised.
            StorageError: the folder cannot be written.
        """
        plan = replace(self._plan, node=node)
        units = plan.units(channels, most=self._most)
        count = 1 if units is None else len(units)
        legend = self._legend(plan, units)
        folder = self._output / quote(node, safe="")
        if self._is_there(folder, legend):
            return Made(node, count, count, was_there=True)
        found = self._kept(plan, units)
        cached = len(found)
        left = [place for place in range(count) if place not in found]
        title = f"{node}, {count} image{'s' if count > 1 else ''}"
        self._progress.begin(title)
        try:
            if left:
                rest = None if units is None else [units[place] for place in left]
                for one in self._executor.run(
                    plan,
                    rest,
                    classes=self._network.classes,
                    on_step=self._progress.advance,
                    is_wanted=self._is_wanted,
                ):
                    found[left[one.place]] = one.at(left[one.place])
                    self._keep(plan, one)
        finally:
            if found:
                self._write(folder, plan, legend, [found[place] for place in sorted(found)])
        return Made(node, count, len(found), cached)

    def _legend(self, plan: Plan, units: tuple[int, ...] | None) -> Legend:
        precision = precision_for(plan.example.shown.device, plan.precision)
        return Legend(
            network=self._network.name,
            node=plan.node,
            channels=units,
            recipe=plan.recipe,
            objective=plan.objective,
            start=plan.begins.describe(plan.recipe),
            seed=plan.seed,
            precision=str(precision).removeprefix("torch."),
            input=self._network.input,
            fingerprint=self._fingerprint,
            arguments=self._arguments(plan.node),
        )

    def _is_there(self, folder: Path, legend: Legend) -> bool:
        try:
            before = read_legend((folder / PARAMETERS).read_bytes())
            there = (folder / IMAGES).is_file()
        except (OSError, InvalidRequestError):
            return False
        return there and before == legend.model_copy(update={"arguments": before.arguments})

    def _kept(self, plan: Plan, units: tuple[int, ...] | None) -> dict[int, Finished]:
        """Return what the cache has: place -> image."""
        found: dict[int, Finished] = {}
        if self._cache is None:
            return found
        channels: Sequence[int | None] = [None] if units is None else units
        for place, channel in enumerate(channels):
            result = self._cache.get(result_key(plan, self._fingerprint, channel))
            one = result and from_result(result, place=place, channel=channel)
            if one:
                found[place] = one
        return found

    def _keep(self, plan: Plan, one: Finished) -> None:
        if self._cache is None:
            return
        try:
            key = result_key(plan, self._fingerprint, one.channel)
            self._cache.put(key, to_result(one))
        except (StorageError, TooLargeError) as error:
            self._progress.say(f"layerwalk: not kept in the cache any more: {error}")
            self._cache = None

    def _write(self, folder: Path, plan: Plan, legend: Legend, found: Sequence[Finished]) -> None:
        """Write the files of a node; `parameters.json` is the last, and says what is there."""
        if legend.channels is not None:
            channels = tuple(one.channel for one in found if one.channel is not None)
            legend = legend.model_copy(update={"channels": channels})
        names = self._names(plan)
        entries = [
            Entry(one.told(), one.image, None if one.channel is None else names.get(one.channel))
            for one in found
        ]
        parts = math.ceil(len(entries) / PER_SHEET)
        for part in range(parts):
            some = entries[part * PER_SHEET : (part + 1) * PER_SHEET]
            said = f"{part + 1} of {parts}" if parts > 1 else ""
            name = "sheet.png" if part == 0 else f"sheet-{part + 1}.png"
            write_whole(folder / name, draw_sheet(some, legend, part=said))
        for one in found if self._has_images else ():
            name = "node.png" if one.channel is None else f"{one.channel:05}.png"
            picture = picture_of(one.image, self._network.input)
            write_whole(folder / "images" / name, png(picture))
        write_whole(folder / IMAGES, images_npz(entries, legend))
        write_whole(folder / PARAMETERS, parameters_json(legend))

    def _names(self, plan: Plan) -> dict[int, str]:
        """Return what the channels of a node are called: classes, at the network's answer."""
        classes = self._network.classes
        traced = self._network.trace
        is_answer = plan.node in traced.outputs
        if not is_answer or place_of(plan.graph, traced, plan.node).units != len(classes):
            return {}
        return dict(enumerate(classes))


def nodes_to_climb(network: Network) -> tuple[str, ...]:
    """Return the ids of all nodes but the inputs, in the order in which they run."""
    return tuple(node.id for node in network.graph.nodes if node.kind != "input")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        StorageError: the disk is full or the folder cannot be written; what was there stays.
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
