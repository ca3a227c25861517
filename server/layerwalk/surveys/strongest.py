"""The items that excite each channel of a node most, kept while a data set goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerwalk.maximisation.objectives import Place
from layerwalk.surveys.feed import Offer

KEPT = 24
"""Items kept for each channel and each measure."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Arrays `[KEPT or fewer, channels]`, strongest first, equals in the order of items; read-only.

    Attributes:
        values: float64, -inf where there is no item.
        items: int32, index in the data set.
        positions: int32, where the largest value stands among the flattened positions.
    """

    values: NDArray[np.float64]
    items: NDArray[np.int32]
    positions: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Excitations:
    """What excites the channels of a node.

    Attributes:
        scanned: items looked at, from the beginning of the data set.
        unreadable: of those, left out.
        sizes: of the node's axes without the channels'.
        by_maximum, by_mean: by the largest value over all positions, and by their mean.
    """

    scanned: int
    unreadable: int
    sizes: tuple[int, ...]
    by_maximum: Ranking
    by_mean: Ranking


class Strongest:
    """The strongest items of one node so far. Mutable, owned by the model thread.

    Args:
        place: how the node's tensor is read.
        before: to go on from.
    """

    def __init__(self, place: Place, before: Excitations | None = None) -> None:
        self.place = place
        self.scanned = before.scanned if before is not None else 0
        self.unreadable = before.unreadable if before is not None else 0
        self._by_maximum = _Podium(before.by_maximum if before is not None else None)
        self._by_mean = _Podium(before.by_mean if before is not None else None)

    def take(self, offers: Sequence[Offer], summary: Tensor) -> None:
        """Rank some items, which come in their order.

        Args:
            offers: the items.
            summary: see `summarise`.
        """
        maxima, means, positions = summary.unbind(-1)
        items = torch.tensor([one.index for one in offers])[:, None].expand(maxima.shape)
        self._by_maximum.take(maxima, items, positions.long())
        self._by_mean.take(means, items, positions.long())

    def frozen(self) -> Excitations:
        """Return what is known now."""
        return Excitations(
            self.scanned,
            self.unreadable,
            self.place.positions,
            self._by_maximum.frozen(self.place.units),
            self._by_mean.frozen(self.place.units),
        )


def summarise(units: Tensor) -> Tensor:
    """Return (maximum, mean, position of the maximum) of each channel, `[N, channels, 3]` float64.

    What is not finite counts as less than everything.

    Args:
        units: `[N, channels, positions]`.
    """
    values = units.detach().double()
    is_finite = values.isfinite()
    maxima, positions = torch.where(is_finite, values, -torch.inf).max(-1)
    means = torch.where(is_finite.all(-1), values.mean(-1), -torch.inf)
    return torch.stack([maxima, means, positions.double()], -1)


class _Podium:
    def __init__(self, before: Ranking | None) -> None:
        self._values: Tensor | None = None
        if before is not None and before.values.size:
            self._values = torch.tensor(before.values, dtype=torch.float64)
            self._items = torch.tensor(before.items, dtype=torch.int64)
            self._positions = torch.tensor(before.positions, dtype=torch.int64)

    def take(self, values: Tensor, items: Tensor, positions: Tensor) -> None:
        """Merge items `[N, channels]` that all come after those kept."""
        if self._values is not None:
            values = torch.cat([self._values, values])
            items = torch.cat([self._items, items])
            positions = torch.cat([self._positions, positions])
        order = torch.argsort(values, dim=0, descending=True, stable=True)[:KEPT]
        self._values = values.gather(0, order)
        self._items = items.gather(0, order)
        self._positions = positions.gather(0, order)

    def frozen(self, units: int) -> Ranking:
        if self._values is None:
            nothing = np.zeros((0, units), np.int32)
            return Ranking(nothing.astype(np.float64), nothing, nothing)
        arrays = (
            self._values.numpy().copy(),
            self._items.int().numpy().copy(),
            self._positions.int().numpy().copy(),
        )
        for array in arrays:
            array.flags.writeable = False
        return Ranking(*arrays)
