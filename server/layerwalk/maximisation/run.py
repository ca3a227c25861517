"""A whole run: all channels, batch by batch; what failed or stayed silent begins again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from layerwalk.maximisation.ascent import Ascent
from layerwalk.maximisation.beginning import Beginning, Scale, check_recipe, streams_of
from layerwalk.maximisation.images import Parameters
from layerwalk.maximisation.objectives import Goal
from layerwalk.maximisation.truncated import TruncatedNetwork
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.recipes import Objective, Recipe, checked_units

MOST_IN_BATCH = 32
MOST_ATTEMPTS = 4
"""Starts of an image whose gradient is not finite, or zero, or whose unit stays silent: it begins
again three times at most."""
MEMORY_SHARE = 0.25
"""Of the memory that is free, for what autograd keeps of a batch."""
BACKWARD_SHARE = 1.5
"""What a step takes at most, as a share of what autograd keeps."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an image ended.

    Attributes:
        attempts: how often it was begun.
        note: what went otherwise, one sentence; None where nothing did.
        is_over: it is not begun again.
    """

    attempts: int = 1
    note: str | None = None
    is_over: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What a run has come to.

    Attributes:
        step, steps: of the whole run: every batch's steps after another; `steps` grows when images
            begin again.
        places: which images of the run the batch holds: positions among its channels.
        channels: their units; None for a whole node.
        images: `[N, *shape]` float32 inputs, on the network's device; not written later.
        activations: `[N]`, what the node reached in the forward pass of this step.
        is_last: of its batch.
        outcomes: with the last step of a batch how its images ended; else empty.
    """

    step: int
    steps: int
    places: tuple[int, ...]
    channels: tuple[int | None, ...]
    images: Tensor
    activations: Tensor
    is_last: bool
    outcomes: tuple[Outcome, ...] = ()

    def __iter__(self) -> Iterator[object]:
        """Yield step, images, activations."""
        return iter((self.step, self.images, self.activations))


@dataclass(frozen=True, slots=True)
class _Waiting:
    place: int
    attempt: int


class Run:
    """One run over the channels of a node. Mutable, owned by the thread that runs it.

    Args:
        network: cut off behind the nodes of the objective.
        node: whose units.
        channels: which; None for objectives of a whole node.
        recipe, objective: how and what.
        begins: where.
        scale: how inputs are pictures.
        seed: of every random number.
        batch: images at once; None: as memory allows.

    Attributes:
        outcomes: place of an image among the channels -> how it ended.

    Raises:
        NotFoundError, InvalidRequestError: what is wanted does not fit the network, or nothing
            passes a gradient back to the input.
    """

    def __init__(
        self,
        network: TruncatedNetwork,
        node: str,
        channels: Sequence[int] | None,
        *,
        recipe: Recipe,
        objective: Objective,
        begins: Beginning,
        scale: Scale,
        seed: int = 0,
        batch: int | None = None,
    ) -> None:
        if batch is not None and batch < 1:
            raise InvalidRequestError(f"a batch of {batch} images, expected at least 1")
        if (channels is not None) is not objective.has_units:
            what = "channels are needed" if objective.has_units else "there are no channels"
            raise InvalidRequestError(f"objective {objective.kind!r}: {what}")
        check_recipe(recipe, network.shape, scale)
        self._network = network
        self._channels = channels
        self._recipe = recipe
        self._begins = begins
        self._scale = scale
        self._seed = seed
        self._goal = Goal(objective, node, network.places)
        for term in objective.also:
            if term.channel is None and channels is not None and term.kind != "layer":
                units = network.places[term.node].units
                checked_units(channels, count=units, node=term.node, most=len(channels))
        self._most = batch or batch_for(network, views=recipe.transforms.crops)
        if not network.takes_batches:
            if recipe.transforms.crops > 1:
                raise InvalidRequestError(
                    f"recipe {recipe.name!r} looks at each image in {recipe.transforms.crops} views "
                    "at once, and the network takes one input at a time"
                )
            self._most = 1
        self.outcomes: dict[int, Outcome] = {}
        self._parameters([_Waiting(0, 1)])  # what is wrong with the start is said now

    @property
    def count(self) -> int:
        """How many images it makes."""
        return 1 if self._channels is None else len(self._channels)

    @property
    def batch(self) -> int:
        """Images that are climbed with at once."""
        return self._most

    @property
    def steps(self) -> int:
        """Steps that it takes where nothing begins again."""
        return math.ceil(self.count / self._most) * self._recipe.steps

    def __iter__(self) -> Iterator[Step]:
        """Climb; yield after every step.

        Raises:
            ModelError: forward raised.
        """
        self.outcomes.clear()
        waiting = [_Waiting(place, 1) for place in range(self.count)]
        done = 0
        while waiting:
            batch, waiting = waiting[: self._most], waiting[self._most :]
            rest = math.ceil(len(waiting) / self._most) * self._recipe.steps
            yield from self._climb(batch, done=done, steps=done + self._recipe.steps + rest)
            done += self._recipe.steps
            waiting += [
                _Waiting(one.place, one.attempt + 1)
                for one in batch
                if not self.outcomes[one.place].is_over
            ]

    def _climb(self, batch: Sequence[_Waiting], *, done: int, steps: int) -> Iterator[Step]:
        units = [None if self._channels is None else self._channels[one.place] for one in batch]
        with torch.inference_mode(mode=False):
            ascent = Ascent(
                self._network,
                self._goal,
                units=[unit for unit in units if unit is not None] or None,
                recipe=self._recipe,
                parameters=self._parameters(batch),
                scale=self._scale,
                streams=[self._streams(one)[1] for one in batch],
            )
        for number in range(1, self._recipe.steps + 1):
            ascent.advance()
            is_last = number == self._recipe.steps
            if is_last:
                self._settle(batch, ascent)
            yield Step(
                done + number,
                steps,
                tuple(one.place for one in batch),
                tuple(units),
                ascent.images(),
                ascent.activations,
                is_last,
                tuple(self.outcomes[one.place] for one in batch) if is_last else (),
            )

    def _streams(self, one: _Waiting) -> tuple[np.random.Generator, np.random.Generator]:
        unit = None if self._channels is None else self._channels[one.place]
        return streams_of(self._seed, unit, one.attempt)

    def _parameters(self, batch: Sequence[_Waiting]) -> Parameters:
        with torch.inference_mode(mode=False):
            return self._begins.parameters(
                self._recipe,
                shape=self._network.shape,
                scale=self._scale,
                streams=[self._streams(one)[0] for one in batch],
                attempts=[one.attempt for one in batch],
                device=self._network.device,
            )

    def _settle(self, batch: Sequence[_Waiting], ascent: Ascent) -> None:
        """Note how the images of a batch ended."""
        failed = ascent.has_failed.tolist()
        silent = (ascent.highest == 0).tolist()
        stuck = (~ascent.has_gradient).tolist()
        for one, is_failed, is_silent, is_stuck in zip(batch, failed, silent, stuck, strict=True):
            note = None
            starts = f"{one.attempt} start" + ("s" if one.attempt > 1 else "")
            if is_failed:
                note = f"the gradient was not finite, in {starts}; the image stopped where it was"
            elif is_silent:
                note = f"never active: 0 over {self._recipe.steps} steps and {starts}"
            elif is_stuck:
                note = f"the gradient was zero over {self._recipe.steps} steps and {starts}"
            elif one.attempt > 1:
                note = f"begun again from another seed: {starts}"
            is_over = not (is_failed or is_silent or is_stuck) or one.attempt >= MOST_ATTEMPTS
            self.outcomes[one.place] = Outcome(one.attempt, note, is_over)


def batch_for(network: TruncatedNetwork, *, views: int = 1) -> int:
    """Return how many images fit into the memory that is free, 1 to `MOST_IN_BATCH`.

    Args:
        network: that is climbed.
        views: that it sees each image in.
    """
    image = network.saved_bytes * views * BACKWARD_SHARE
    return max(1, min(MOST_IN_BATCH, int(_free_bytes(network.device) * MEMORY_SHARE / image)))


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(found.split()[1]) * 1024
    except (OSError, StopIteration, ValueError, IndexError):
        return 4 * 2**30
