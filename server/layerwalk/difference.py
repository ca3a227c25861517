"""The difference of two snapshots as a snapshot: exact values, and what both answers say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from layerwalk.answers import unnamed
from layerwalk.matching import Partner, match_nodes
from layerwalk.nodeviews import shown_again
from layerwalk.snapshots import Snapshot, Values, difference_view, fitting_view
from layerwalk.tracking.summary import summarise
from layerwalk_shared.errors import InvalidRequestError
from layerwalk_shared.messages import (
    ClassChange,
    ClassScore,
    Compared,
    NodeStatistics,
    SnapshotManifest,
    Unmatched,
)
from layerwalk_shared.views import layout

NO_VALUES = "it has no values in one of the two"
DISTRIBUTION_TOLERANCE = 1e-3
"""Outputs in 0..1 whose sum is this close to 1 are probabilities already."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared: the snapshot, what to call its network, and the names of
    its outputs (none: they are told by their numbers)."""

    snapshot: Snapshot
    network: str
    classes: tuple[str, ...] = ()


def partners_of(first: Snapshot, second: Snapshot) -> tuple[Partner, ...]:
    """Return the partner in `second` of each node of `first`; see `match_nodes`.

    Raises:
        InvalidRequestError: one of them is no run of a network.
    """
    for one in (first, second):
        if not one.manifest.is_run:
            what = "an attribution" if one.manifest.attributed is not None else "a difference"
            what = "a maximisation" if one.manifest.maximised is not None else what
            raise InvalidRequestError(f"snapshot {one.id!r} is {what}, expected a run of a network")
    return match_nodes(
        first.graph,
        second.graph,
        first_shapes=[node.shape for node in first.manifest.nodes],
        second_shapes=[node.shape for node in second.manifest.nodes],
    )


def placed_as(
    second: Snapshot, first: Snapshot, partners: Sequence[Partner], *, name: tuple[str, int]
) -> Snapshot:
    """Return the values of `second` in the places that their partners have in `first`'s graph.

    It is `second` itself where every node stands in its partner's place already and is drawn alike;
    else a snapshot of the same arrays, so that it costs no memory.

    Args:
        second, first: the snapshots.
        partners: of each node of `first`.
        name: id and generation of what is made.
    """
    count = len(first.graph.nodes)
    is_same = len(second.graph.nodes) == count and all(
        partner.node == index
        and second.pictures(index) == first.pictures(index)
        and second.views[index] == first.views[index]
        for index, partner in enumerate(partners)
    )
    if is_same:
        return second
    values = tuple(
        None if partner.node is None else second.values[second.original(partner.node)]
        for partner in partners
    )
    statistics = tuple(
        before.model_copy(update={"has_values": False, "same_as": None})
        if partner.node is None
        else second.manifest.nodes[partner.node].model_copy(update={"same_as": None})
        for before, partner in zip(first.manifest.nodes, partners, strict=True)
    )
    manifest = second.manifest.model_copy(
        update={"nodes": statistics, "network": first.manifest.network}
    )
    moved = Snapshot(manifest, first.graph, values, second.input)
    return shown_again(moved, first.graph, snapshot_id=name[0], generation=name[1])


def difference_of(
    first: Side, second: Side, partners: Sequence[Partner], *, snapshot_id: str, generation: int
) -> Snapshot:
    """Return the snapshot whose values are those of `second` minus those of `first`.

    Values are subtracted whole, in float32, before anything is reduced or stored; whole numbers
    and float64 in float64, and then rounded once. Of two infinities of one sign nothing is known.
    An image's difference is drawn as maps, a channel for each colour.

    Args:
        first, second: what is compared; the result has the graph of `first`.
        partners: in `second`, of each node of `first`.
        snapshot_id, generation: of the result.
    """
    one, other = first.snapshot, second.snapshot
    values: list[Values | None] = []
    statistics: list[NodeStatistics] = []
    unmatched: list[Unmatched] = []
    seen: dict[tuple[object, ...], int] = {}
    for index, (node, partner) in enumerate(zip(one.graph.nodes, partners, strict=True)):
        shape = one.manifest.nodes[index].shape
        laid = layout(difference_view(fitting_view(node.view, shape)), shape)
        before = one.values[one.original(index)]
        after = None if partner.node is None else other.values[other.original(partner.node)]
        if before is None or after is None:
            unmatched.append(Unmatched(node=index, reason=partner.reason or NO_VALUES))
            values.append(None)
            told = NodeStatistics(shape=shape, pictures=laid.pictures, has_values=False)
            statistics.append(told)
            continue
        key = (before.ctypes.data, after.ctypes.data, laid)
        place = seen.setdefault(key, index)
        if place != index:
            values.append(values[place])
            statistics.append(statistics[place].model_copy(update={"same_as": place}))
            continue
        made = subtracted(before, after)
        values.append(made)
        statistics.append(summarise(torch.from_numpy(made), laid.pictures))
    manifest = SnapshotManifest(
        id=snapshot_id,
        network=one.manifest.network,
        generation=generation,
        input=other.manifest.input,
        nodes=tuple(statistics),
        compared=Compared(
            first=one.id,
            second=other.id,
            first_network=one.manifest.network,
            second_network=other.manifest.network,
            first_title=_title(first, second),
            second_title=_title(second, first),
            unmatched=tuple(unmatched),
            changes=changes_of(first, second),
        ),
    )
    return Snapshot(manifest, one.graph, tuple(values), one.input)


def subtracted(first: Values, second: Values) -> NDArray[np.float32]:
    """Return `second - first`, float32, of arrays of one shape."""
    with np.errstate(all="ignore"):
        if first.dtype == second.dtype == np.float32:
            made: NDArray[np.float32] = np.subtract(second, first)
        else:
            made = (second.astype(np.float64) - first.astype(np.float64)).astype(np.float32)
    return np.ascontiguousarray(made).reshape(first.shape)


def changes_of(first: Side, second: Side) -> tuple[ClassChange, ...]:
    """Return how sure both answers are of each class that one of them names, the largest change
    first; classes of two networks are the same where their names are."""
    sides = (first, second)
    sure = [_probabilities(side.snapshot) for side in sides]
    named: dict[str, int] = {}
    for side in sides:
        for score in side.snapshot.manifest.top:
            named.setdefault(score.name, score.index)
    changes = []
    for name, index in named.items():
        known = [_sure(side, one, name, index) for side, one in zip(sides, sure, strict=True)]
        changes.append(ClassChange(index=index, name=name, first=known[0], second=known[1]))
    return tuple(sorted(changes, key=lambda one: -abs((one.second or 0.0) - (one.first or 0.0))))


def _sure(
    side: Side, probabilities: NDArray[np.float64] | None, name: str, index: int
) -> float | None:
    for score in side.snapshot.manifest.top:
        if score.name == name:
            return score.probability
    if probabilities is None:
        return None
    if side.classes:
        if name not in side.classes:
            return None
        index = side.classes.index(name)
    elif name != unnamed(index):
        return None
    return float(probabilities[index]) if index < len(probabilities) else None


def _probabilities(snapshot: Snapshot) -> NDArray[np.float64] | None:
    """Return what a snapshot's answer says of every class: of the last node whose values are the
    outputs that its manifest names."""
    top = snapshot.manifest.top
    for values in reversed(snapshot.values):
        if top and values is not None and _are_outputs(values, top):
            outputs = values.reshape(-1).astype(np.float64)
            is_told = outputs.min() >= 0 and abs(outputs.sum() - 1) <= DISTRIBUTION_TOLERANCE
            if is_told:
                return outputs
            shares = np.exp(outputs - outputs.max())
            return np.asarray(shares / shares.sum(), np.float64)
    return None


def _are_outputs(values: Values, top: Sequence[ClassScore]) -> bool:
    flat = values.reshape(-1)
    return all(score.index < flat.size and float(flat[score.index]) == score.logit for score in top)


def _title(side: Side, other: Side) -> str:
    manifest = side.snapshot.manifest
    parts = [side.network] if manifest.network != other.snapshot.manifest.network else []
    if manifest.step is not None:
        parts.append(f"step {manifest.step}")
    return ", ".join([*parts, manifest.input.title])
