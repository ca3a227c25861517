"""The studio: maximisations that are asked for become jobs, whose images grow as snapshots."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from layerwalk.canvas import Canvas
from layerwalk.gallery import Gallery
from layerwalk.inputs.datasets import Dataset
from layerwalk.inputs.prepared import Argument, PreparedInput
from layerwalk.jobs import JobHandle, JobQueue
from layerwalk.limits import Limits
from layerwalk.magnitudes import magnitudes_of
from layerwalk.making import Making
from layerwalk.maximisation.beginning import Beginning, Scale
from layerwalk.maximisation.keeping import (
    Finished,
    fingerprint,
    finish,
    from_result,
    result_key,
    to_result,
)
from layerwalk.maximisation.plan import Plan
from layerwalk.maximisation.truncated import (
    Precision,
    TruncatedNetwork,
    place_of,
    precision_for,
)
from layerwalk.network import Network
from layerwalk.networks import Networks
from layerwalk.results import ResultCache
from layerwalk_shared.errors import (
    GoneError,
    StorageError,
    TooLargeError,
)
from layerwalk_shared.messages import (
    Climb,
    InputRequest,
    InputStart,
    Job,
    MaximiseRequest,
)
from layerwalk_shared.recipes import Recipe, recipe_named


class Prepare(Protocol):
    """Makes what is asked to be put on an input ready."""

    def __call__(self, request: InputRequest, argument: Argument) -> PreparedInput:
        """Return the values."""


class Studio:
    """Takes requests for maximisations. Mutable; what is not said otherwise belongs to the model
    thread.

    Args:
        networks: that are served.
        gallery: where snapshots go.
        jobs: the model thread.
        limits: how much of anything.
        prepare: makes starts ready that are inputs; any thread.
        datasets: pictures whose magnitudes recipes may take; any thread.
        cache: where finished images are kept; None: nowhere.
        device: where twins live.
        precision: of the climb.
    """

    def __init__(
        self,
        *,
        networks: Networks,
        gallery: Gallery,
        jobs: JobQueue,
        limits: Limits,
        prepare: Prepare,
        datasets: Callable[[], Sequence[Dataset]],
        cache: ResultCache | None = None,
        device: str = "cpu",
        precision: Precision = "auto",
    ) -> None:
        self._device = torch.device(device)
        self._networks, self._gallery, self._jobs = networks, gallery, jobs
        self._limits, self._prepare, self._datasets = limits, prepare, datasets
        self._cache = cache
        self._precision: Precision = precision
        self._ready: tuple[tuple[object, ...], TruncatedNetwork] | None = None
        self._prints: dict[int, tuple[Network, str, int]] = {}
        self._spectra: dict[tuple[int, ...], NDArray[np.float32] | None] = {}

    @property
    def precision(self) -> str:
        """Element type of the climb on this machine, as torch names it."""
        return str(precision_for(self._device, self._precision)).removeprefix("torch.")

    def submit(
        self, network_id: str, request: MaximiseRequest, *, client: str | None = None
    ) -> Job:
        """Queue a maximisation; any thread. What can be wrong with it is said before it begins.

        Raises:
            NotFoundError: no such network, node, channel or recipe.
            InvalidRequestError: nothing passes a gradient back to the input, or the request does
                not fit the network.
            InputError, DatasetError, GoneError: of a start that is an input.
            TooLargeError: more images than memory is given.
            BusyError, ClosedError: see `JobQueue`.
        """
        network = self._networks.get(network_id)
        recipe = request.recipe
        recipe = recipe_named(recipe) if isinstance(recipe, str) else recipe
        plan = self._plan(network, request, recipe)
        units = plan.units(request.channels, most=self._limits.maximised_channels)
        count = 1 if units is None else len(units)
        needed = 4 * count * math.prod(network.input.shape)
        if needed > self._limits.snapshot_bytes:
            raise TooLargeError(
                f"{count} images of shape {list(network.input.shape)} are {needed} bytes, "
                f"snapshots are given {self._limits.snapshot_bytes}; ask for fewer channels"
            )
        Canvas(1, network.input)
        self._jobs.call(lambda: self._check(network, plan, units))

        def work(handle: JobHandle) -> str:
            return self._make(
                handle, network_id, plan, units, uses_cache=request.uses_cache, client=client
            )

        return self._jobs.submit(
            "maximise",
            network_id,
            work=work,
            client=client,
            node=request.node,
            priority=request.priority,
        )

    def prepare(self, network_id: str, request: MaximiseRequest) -> Climb:
        """Make the network ready for a maximisation that may be asked for, which begins sooner then;
        any thread.

        Raises:
            LayerwalkError: what `submit` would raise of the same request.
        """
        network = self._networks.get(network_id)
        recipe = request.recipe
        recipe = recipe_named(recipe) if isinstance(recipe, str) else recipe
        plan = self._plan(network, request, recipe)
        units = plan.units(request.channels, most=self._limits.maximised_channels)
        run = self._jobs.call(lambda: plan.run(self._truncated(network, plan), units))
        return Climb(
            node=request.node,
            units=place_of(network.graph, network.trace, request.node).units,
            batch=run.batch,
            precision=self.precision,
        )

    def _plan(self, network: Network, request: MaximiseRequest, recipe: Recipe) -> Plan:
        """Return what is asked for; any thread."""
        spec = network.input
        begins = Beginning()
        if isinstance(request.start, InputStart):
            made = self._prepare(request.start.input, network.argument(None))
            begins = Beginning(values=made.values, title=made.reference.title)
        elif request.start is not None:
            begins = Beginning(start=request.start)
        if recipe.image == "phase":
            begins = replace(begins, spectrum=self._spectrum(network))
        is_shared = network.care.is_shared
        return Plan(
            network.twin,
            network.example,
            network.trace,
            network.graph,
            request.node,
            recipe,
            objective=request.objective,
            begins=begins,
            scale=Scale(spec.mean, spec.std, is_picture=spec.kind == "image"),
            seed=request.seed,
            precision=self._precision,
            is_copied=not is_shared,
            running=network.running,
        )

    def _check(self, network: Network, plan: Plan, units: Sequence[int] | None) -> None:
        """Raise what a run would raise at its first step."""
        plan.run(self._truncated(network, plan), units)

    def _truncated(self, network: Network, plan: Plan) -> TruncatedNetwork:
        """Return the network cut off for a plan; the last one is kept while its weights hold."""
        key = (
            network.trace,
            network.edits.revision,
            plan.objective,
            plan.node,
            plan.recipe.slope,
        )
        if self._ready is not None and self._ready[0] == key:
            return self._ready[1]
        self._ready = None
        with network.running():
            made = plan.network()
        with network.care.reading() as is_live:
            if not is_live and plan.is_copied:
                self._ready = key, made
        return made

    def _make(
        self,
        handle: JobHandle,
        network_id: str,
        plan: Plan,
        units: Sequence[int] | None,
        *,
        uses_cache: bool,
        client: str | None,
    ) -> str:
        network = self._networks.get(network_id)
        if network.trace is not plan.traced:
            raise GoneError(
                f"network {network_id!r} was traced again since this was asked for; ask again"
            )
        with network.care.reading() as is_live:
            is_changing = is_live and plan.is_copied
        if is_changing:  # what is measured at the end is what was climbed
            with network.running():
                plan = replace(plan, model=copy.deepcopy(plan.model))
        making = Making(self._gallery, handle, network, plan, units, client=client)
        kept = self._kept(network, plan, units, uses=uses_cache)
        making.take(kept.values())
        left = [place for place in range(making.count) if place not in kept]
        if left:
            self._climb(making, left, handle)
        if plan.recipe.image == "phase" and plan.begins.spectrum is None:
            making.note(
                "there is no data set to take magnitudes from; they fall with the frequency"
            )
        return making.end()

    def _climb(self, making: Making, left: Sequence[int], handle: JobHandle) -> None:
        plan, units = making.plan, making.units
        revision = making.network.edits.revision
        run = plan.run(
            self._truncated(making.network, plan),
            None if units is None else [units[place] for place in left],
        )
        for step in run:
            places = [left[place] for place in step.places]
            making.advance(step.step, step.steps, places, step.images, step.activations)
            if step.is_last:
                done = finish(plan, step, outcomes=run.outcomes, classes=making.network.classes)
                making.take(one.at(left[one.place]) for one in done)
                self._put(making, done)
            handle.give_way()
            if making.network.edits.revision != revision:
                raise GoneError("the weights were changed meanwhile; ask again")

    def _kept(
        self, network: Network, plan: Plan, units: Sequence[int] | None, *, uses: bool
    ) -> dict[int, Finished]:
        """Return the images that were made before: place -> image."""
        if self._cache is None or not uses:
            return {}
        found: dict[int, Finished] = {}
        channels: Sequence[int | None] = [None] if units is None else units
        print_ = self._fingerprint(network, plan)
        for place, channel in enumerate(channels):
            with suppress(StorageError):
                result = self._cache.get(result_key(plan, print_, channel))
                made = result and from_result(result, place=place, channel=channel)
                if made:
                    found[place] = made
        return found

    def _put(self, making: Making, done: Sequence[Finished]) -> None:
        if self._cache is None:
            return
        print_ = self._fingerprint(making.network, making.plan)
        for one in done:
            try:
                self._cache.put(result_key(making.plan, print_, one.channel), to_result(one))
            except (StorageError, TooLargeError) as error:
                making.note(f"not kept in the cache: {error}")
                return

    def _fingerprint(self, network: Network, plan: Plan) -> str:
        """Return what the weights are told apart by; made once while they hold."""
        revision = network.edits.revision
        held = self._prints.get(id(network.trace))
        if held is not None and held[0].trace is network.trace and held[2] == revision:
            return held[1]
        with network.care.reading() as is_live:
            precision = precision_for(plan.example.shown.device, plan.precision)
            found = fingerprint(plan.model, plan.traced.graph, network.input, precision)
            if not is_live:
                self._prints[id(network.trace)] = network, found, revision
        return found

    def _spectrum(self, network: Network) -> NDArray[np.float32] | None:
        """Return the magnitudes of the first data set of pictures, of the input's shape."""
        shape = network.input.shape
        if network.input.kind != "image":
            return None
        if shape not in self._spectra:
            self._spectra[shape] = magnitudes_of(self._datasets(), shape)
        return self._spectra[shape]
