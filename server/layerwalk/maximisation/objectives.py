"""What is climbed: from the values of nodes to one number for each image.

Units, positions and terms are those of `layerwalk_shared.recipes.Objective`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.graph import View
from layerwalk_shared.recipes import (
    Objective,
    ObjectiveKind,
    Term,
    checked_units,
    unit_axis,
    unit_count,
)


@dataclass(frozen=True, slots=True)
class Place:
    """How the tensor of a node is read.

    Attributes:
        node: its id.
        view, shape: of the node, without batch axis.
        batch_axis: of its tensor.
    """

    node: str
    view: View
    shape: tuple[int, ...]
    batch_axis: int

    def fitted(self, values: Tensor, count: int) -> Place | None:
        """Return how the tensor of `count` items is read, or None where no axis counts them.

        A trace of one item cannot tell an axis of one layer from that of the batch.
        """
        for axis in (self.batch_axis, *range(values.ndim)):
            sizes = tuple(values.shape)
            if (
                sizes[axis : axis + 1] == (count,)
                and sizes[:axis] + sizes[axis + 1 :] == self.shape
            ):
                return replace(self, batch_axis=axis)
        return None

    @property
    def units(self) -> int:
        return unit_count(self.view, self.shape)

    @property
    def positions(self) -> tuple[int, ...]:
        """Sizes of the axes that are not the units'."""
        axis = unit_axis(self.view, self.shape)
        if axis is None:
            return ()
        return tuple(size for at, size in enumerate(self.shape) if at != axis)

    def by_unit(self, values: Tensor) -> Tensor:
        """Return the node's tensor as `[N, units, positions]`, a view where that can be."""
        values = values.movedim(self.batch_axis, 0)
        axis = unit_axis(self.view, tuple(values.shape[1:]))
        if axis is None:
            return values.reshape(values.shape[0], -1, 1)
        return values.movedim(axis + 1, 1).flatten(2) if values.ndim > 2 else values[..., None]

    def spot(self, position: Sequence[int] | None) -> int:
        """Return where a position is among the flattened ones; the middle for None.

        Raises:
            InvalidRequestError: there is no such position.
        """
        sizes = self.positions
        if position is None:
            position = [size // 2 for size in sizes]
        if len(position) != len(sizes) or not all(
            0 <= at < size for at, size in zip(position, sizes, strict=True)
        ):
            raise InvalidRequestError(
                f"position {list(position)} is not in node {self.node!r}, whose units have "
                f"positions of {list(sizes)}"
            )
        flat = 0
        for at, size in zip(position, sizes, strict=True):
            flat = flat * size + at
        return flat


class Measure:
    """One number for each image from the values of one node."""

    def __init__(
        self,
        place: Place,
        kind: ObjectiveKind,
        *,
        position: Sequence[int] | None,
        share: float,
        direction: Sequence[float] = (),
    ) -> None:
        """Prepare.

        Raises:
            InvalidRequestError: the position or the direction does not fit the node.
        """
        self.place = place
        self._kind = kind
        self._spot = place.spot(position) if kind == "neuron" else 0
        count = math.prod(place.positions)
        self._strongest = max(1, math.ceil(share * count - 1e-9))  # 0.07 of 100 are 7
        self._direction: Tensor | None = None
        if kind == "direction":
            if len(direction) != place.units:
                raise InvalidRequestError(
                    f"a direction of {len(direction)} numbers, node {place.node!r} has "
                    f"{place.units} channels"
                )
            towards = torch.tensor(direction, dtype=torch.float64)
            towards = towards / towards.abs().max()
            self._direction = (towards / towards.norm()).float()

    def of_units(self, values: Tensor) -> Tensor:
        """Return what each unit reaches, `[N, units]`; not for whole nodes."""
        return self._reduced(self.place.by_unit(values))

    def __call__(self, values: Tensor, units: Tensor | None) -> Tensor:
        """Return what each image reaches, `[N]` float32.

        Args:
            values: the node's tensor, with batch axis.
            units: `[N]`, of each image; None for whole nodes.
        """
        by_unit = self.place.by_unit(values)
        if self._kind == "layer":
            return by_unit.float().square().flatten(1).mean(1)
        if self._direction is not None:
            towards = self._direction = self._direction.to(by_unit.device)
            return by_unit.float().mean(2) @ towards
        assert units is not None
        rows = torch.arange(len(by_unit), device=by_unit.device)
        return self._reduced(by_unit[rows, units][:, None])[:, 0]

    def _reduced(self, by_unit: Tensor) -> Tensor:
        """`[N, U, P]` -> `[N, U]` float32."""
        if self._kind == "neuron":
            return by_unit[..., self._spot].float()
        if self._kind == "percentile" and self._strongest < by_unit.shape[2]:
            return by_unit.float().topk(self._strongest, dim=2, sorted=False).values.mean(2)
        return by_unit.float().mean(2)


@dataclass(frozen=True, slots=True, eq=False)
class _Extra:
    measure: Measure
    channel: int | None
    weight: float
    has_units: bool


class Goal:
    """An objective at its nodes: what the images of a run are to reach.

    Args:
        objective: what is meant.
        node: id of the node.
        places: node id -> how it is read; of all nodes of the objective.

    Attributes:
        nodes: ids of all nodes that it needs.

    Raises:
        InvalidRequestError: a position or a direction does not fit, or a term needs a channel.
        NotFoundError: a term's channel is not in its node.
    """

    def __init__(self, objective: Objective, node: str, places: Mapping[str, Place]) -> None:
        self.objective = objective
        self.place = places[node]
        self.measure = Measure(
            self.place,
            objective.kind,
            position=objective.position,
            share=objective.share,
            direction=objective.direction,
        )
        for term in objective.also:
            if term.channel is None and term.kind != "layer" and not objective.has_units:
                raise InvalidRequestError(
                    f"the term at node {term.node!r} names no channel, and an objective of kind "
                    f"{objective.kind!r} has none either"
                )
        self._extras = [_extra(term, places[term.node]) for term in objective.also]
        self.nodes = nodes_of(objective, node)

    def __call__(self, values: Mapping[str, Tensor], units: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return (what is climbed, what the node itself reaches), each `[N]` float32."""
        own = self.measure(values[self.place.node], units)
        total = own
        if self.objective.penalty and self.objective.has_units and self.place.units > 1:
            by_unit = self.place.by_unit(values[self.place.node]).float().mean(2)
            assert units is not None
            rows = torch.arange(len(by_unit), device=by_unit.device)
            others = (by_unit.sum(1) - by_unit[rows, units]) / (self.place.units - 1)
            total = total - self.objective.penalty * others
        for extra in self._extras:
            channels = units
            if extra.channel is not None:
                channels = torch.full((len(own),), extra.channel, device=own.device)
            reached = extra.measure(
                values[extra.measure.place.node], channels if extra.has_units else None
            )
            total = total + extra.weight * reached
        return total, own


def _extra(term: Term, place: Place) -> _Extra:
    if term.channel is not None:
        checked_units([term.channel], count=place.units, node=term.node, most=1)
    measure = Measure(place, term.kind, position=term.position, share=term.share)
    return _Extra(measure, term.channel, term.weight, term.kind != "layer")


def nodes_of(objective: Objective, node: str) -> tuple[str, ...]:
    """Return the ids of all nodes that an objective needs."""
    return tuple(dict.fromkeys([node, *(term.node for term in objective.also)]))
