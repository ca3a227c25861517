"""What is to be maximised, whole: whoever has it can run any of its channels, on any machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from layerwalk.maximisation.beginning import Beginning, Scale
from layerwalk.maximisation.objectives import Goal, nodes_of
from layerwalk.maximisation.run import Run
from layerwalk.maximisation.truncated import Precision, TruncatedNetwork, place_of
from layerwalk.tracking import Reach, Trace
from layerwalk.twin import Example
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import Graph
from layerwalk_shared.recipes import Objective, Recipe, checked_units

SCORED_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What the unchanged network makes of finished images, in its own precision.

    Attributes:
        activations: `[N]`, what the objective's node reached.
        rivals: of each image the strongest other unit and what it reached, or None.
        outputs: what forward returned, for `SCORED_AT_ONCE` images each.
    """

    activations: tuple[float, ...]
    rivals: tuple[tuple[int, float] | None, ...]
    outputs: tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Everything about a maximisation but its channels.

    Attributes:
        model: in eval mode, not changed; it must not be written meanwhile unless `is_copied` is
            False.
        example: arguments of a forward pass; its shown input is optimised.
        traced: of the model; `graph` is its graph with the views that units go by.
        node: whose units.
        recipe, objective, begins, scale, seed: see `Run`.
        precision: of the climb.
        batch: images at once; None: as memory allows.
        is_copied: the model can be copied; else it is run as it is.
        running: gives what is entered around a run of `model` itself; called for each.
    """

    model: nn.Module
    example: Example
    traced: Trace
    graph: Graph
    node: str
    recipe: Recipe
    objective: Objective = field(default_factory=Objective)
    begins: Beginning = field(default_factory=Beginning)
    scale: Scale = field(default_factory=Scale)
    seed: int = 0
    precision: Precision = "auto"
    batch: int | None = None
    is_copied: bool = True
    running: Callable[[], AbstractContextManager[None]] | None = None

    def units(self, channels: Sequence[int] | None, *, most: int) -> tuple[int, ...] | None:
        """Return the channels that are meant; None for objectives of a whole node.

        Raises:
            NotFoundError: no such node or channel.
            InvalidRequestError: too many; or some, where the objective is of the whole node.
        """
        place = place_of(self.graph, self.traced, self.node)
        if not self.objective.has_units:
            if channels is not None:
                raise InvalidRequestError(
                    f"objective {self.objective.kind!r} is of the whole node {self.node!r}; "
                    "it takes no channels"
                )
            return None
        return checked_units(channels, count=place.units, node=self.node, most=most)

    def network(self) -> TruncatedNetwork:
        """Return the network cut off behind the nodes of the objective; thread of the model.

        Raises:
            InvalidRequestError, NotFoundError, ModelError: see `TruncatedNetwork`.
        """
        return TruncatedNetwork(
            self.model,
            self.example,
            traced=self.traced,
            graph=self.graph,
            nodes=nodes_of(self.objective, self.node),
            precision=self.precision,
            slope=self.recipe.slope,
            is_copied=self.is_copied,
            running=self.running,
        )

    def run(self, network: TruncatedNetwork, channels: Sequence[int] | None) -> Run:
        """Return a run over channels.

        Raises:
            InvalidRequestError: something does not fit the network, or no gradient flows back.
        """
        return Run(
            network,
            self.node,
            channels,
            recipe=self.recipe,
            objective=self.objective,
            begins=self.begins,
            scale=self.scale,
            seed=self.seed,
            batch=self.batch,
        )

    def score(self, images: Tensor, channels: Sequence[int] | None) -> Score:
        """Return what the unchanged network makes of images; thread of the model.

        Args:
            images: `[N, *shape]` float32 inputs.
            channels: unit of each; None for objectives of a whole node.

        Raises:
            ModelError: forward raised.
        """
        alone = self.objective.model_copy(update={"also": (), "penalty": 0.0})
        place = place_of(self.graph, self.traced, self.node)
        reach = Reach(self.model, self.traced, [self.node], stops=False)
        reached: list[float] = []
        rivals: list[tuple[int, float] | None] = []
        outputs: list[object] = []
        for first in range(0, len(images), SCORED_AT_ONCE):
            part = slice(first, first + SCORED_AT_ONCE)
            before = self.example.shown
            shown = images[part].to(before.device, before.dtype, copy=True)  # forward may write it
            args, kwargs = self.example.with_batch(shown)
            around = self.running() if self.running is not None else None
            found = reach(args, kwargs, around=around, has_gradients=False)
            values = found.values[self.node]
            place = place.fitted(values, len(shown)) or place
            goal = Goal(alone, self.node, {self.node: place})
            units = None if channels is None else torch.tensor(channels[part], device=values.device)
            _, own = goal(found.values, units)
            reached += own.tolist()
            outputs.append(found.outputs)
            if units is None or goal.place.units < 2:
                rivals += [None] * len(own)
                continue
            by_unit = goal.measure.of_units(values)
            rows = torch.arange(len(by_unit), device=by_unit.device)
            by_unit[rows, units] = -torch.inf
            best = by_unit.max(1)
            rivals += zip(best.indices.tolist(), map(_finite, best.values.tolist()), strict=True)
        return Score(tuple(map(_finite, reached)), tuple(rivals), tuple(outputs))


def _finite(value: float) -> float:
    return float(np.nan_to_num(value))
