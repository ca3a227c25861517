"""A whole run: all channels, batch by batch; what failed or stayed silent begins again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from layerwalk.maximisation.ascent import Ascent
from layerwalk.maximisation.beginning import Beginning, Scale, check_recipe, streams_of
from layerwalk.maximisation.objectives import Goal
from layerwalk.maximisation.truncated import TruncatedNetwork
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.recipes import Objective, Recipe, checked_units

MOST_IN_BATCH = 32
MOST_ATTEMPTS = 3
"""Starts of an image whose gradient is not finite or whose unit stays silent."""
MEMORY_SHARE = 0.25
"""Of the memory that is free, for what autograd keeps of a batch."""
BACKWARD_SHARE = 1.5
"""What a step takes at most, as a share of what autograd keeps."""


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
    """

    step: int
    steps: int
    places: tuple[int, ...]
    channels: tuple[int | None, ...]
    images: Tensor
    activations: Tensor
    is_last: bool

    def __iter__(self) -> Iterator[object]:
        """Yield step, images, activations."""
        return iter((self.step, self.images, self.activations))


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
            if term.channel is None and channels is not None:
                units = network.places[term.node].units
                checked_units(channels, count=units, node=term.node, most=len(channels))
        fitting = batch_for(network)
        self._most = batch or fitting
        self.outcomes: dict[int, Outcome] = {}

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
        streams = [
            streams_of(self._seed, unit, one.attempt)
            for unit, one in zip(units, batch, strict=True)
        ]
        parameters = self._begins.parameters(
            self._recipe,
            shape=self._network.shape,
            scale=self._scale,
            streams=[start for start, _ in streams],
            attempts=[one.attempt for one in batch],
            device=self._network.device,
        )
        ascent = Ascent(
            self._network,
            self._goal,
            units=None if self._channels is None else [unit for unit in units if unit is not None],
            recipe=self._recipe,
            parameters=parameters,
            scale=self._scale,
            streams=[moves for _, moves in streams],
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
            )

    def _settle(self, batch: Sequence[_Waiting], ascent: Ascent) -> None:
        """Note how the images of a batch ended."""
        failed = ascent.has_failed.tolist()
        silent = (ascent.highest == 0).tolist()
        for one, is_failed, is_silent in zip(batch, failed, silent, strict=True):
            note = None
            starts = f"{one.attempt} start" + ("s" if one.attempt > 1 else "")
            if is_failed:
                note = f"the gradient was not finite, in {starts}; the image stopped where it was"
            elif is_silent:
                note = f"never active: 0 over {self._recipe.steps} steps and {starts}"
            elif one.attempt > 1:
                note = f"begun again from another seed: {starts}"
            is_over = not (is_failed or is_silent) or one.attempt >= MOST_ATTEMPTS
            self.outcomes[one.place] = Outcome(one.attempt, note, is_over)


def batch_for(network: TruncatedNetwork) -> int:
    """Return how many images fit into the memory that is free, 1 to `MOST_IN_BATCH`.

    Raises:
        InvalidRequestError: a node has no gradient to the input.
        ModelError: forward raised.
    """
    image = network.saved_bytes() * BACKWARD_SHARE
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
