"""What a network's output says, whatever its shape: one score for each class, unit or entry.

Classes: a vector of logits, or of shares already. Areas: maps, one for each class, of which the
largest at each pixel says what stands there. Tokens: the entries after the last position.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from layerwalk_client.world.inputs import fitting_text
from layerwalk_shared.graph import Node
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest

Kind = Literal["classes", "areas", "entries", "units"]
Floats = NDArray[np.float64]
LARGEST = 1_000_000
"""Outputs of more numbers are not fetched whole."""
DISTRIBUTION_TOLERANCE = 1e-3
"""Values in 0..1 whose sum is this close to 1 are shares already."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Attributes:
    kind: what the output is.
    names: of each class; empty where they have none.
    values: `[K]`, as the network gives them; of areas the mean over the maps.
    shares: `[K]`, 0..1, sum 1; of units their absolute values' share.
    """

    kind: Kind
    names: tuple[str, ...]
    values: Floats
    shares: Floats

    @property
    def order(self) -> NDArray[np.int64]:
        """Classes from the strongest to the weakest."""
        strength = self.shares if self.kind in ("units", "areas") else self.values
        return np.argsort(-strength, kind="stable")

    def name(self, index: int) -> str:
        """Return what a class is called."""
        if index < len(self.names):
            return self.names[index]
        word = {"classes": "class", "areas": "class", "entries": "entry", "units": "unit"}
        return f"{word[self.kind]} {index}"

    def rank(self, index: int) -> int:
        """Return the place of a class in the order, 1 is the strongest."""
        return int(np.flatnonzero(self.order == index)[0]) + 1


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One class of the answer.

    Attributes:
        index, name: of the class.
        value, share: see `Scores`.
        change: of the share against the scores before; None without those.
        rank_before: there; None without.
        is_true: it is the label of what is on the input.
    """

    index: int
    name: str
    value: float
    share: float
    change: float | None = None
    rank_before: int | None = None
    is_true: bool = False


def answering_node(network: NetworkDescription) -> int | None:
    """Return the index of the node whose values are the answer; None in a network of nothing.

    The last one with an element, or a map, for each class; else the last one.
    """
    nodes = network.graph.nodes
    count = len(network.classes)
    if not nodes:
        return None
    fitting = [
        index
        for index, node in enumerate(nodes)
        if count and node.kind != "input" and kind_of(node, count) in ("classes", "areas")
    ]
    return (fitting or [len(nodes) - 1])[-1]


def kind_of(node: Node, classes: int) -> Kind:
    """Return what the output of a node is, in a network of so many classes."""
    size = math.prod(node.shape)
    if node.view == "vector":
        return "classes" if classes in (0, size) else "units"
    if len(node.shape) == 3 and node.view == "maps" and classes > 1 and node.shape[0] == classes:
        return "areas"
    if len(node.shape) == 2 and node.view in ("tokens", "sequence"):
        return "entries"
    return "units"


def row_of(node: Node, kind: Kind) -> int | None:
    """Return which row of its first axis tells the answer; None: all."""
    return node.shape[0] - 1 if kind == "entries" else None


def scores_of(
    values: NDArray[np.float32], kind: Kind, names: Sequence[str], *, is_embedding: bool = False
) -> Scores | None:
    """Return the scores in an output; None where they are not finite or there are none.

    Args:
        values: of the node, or its last row.
        kind: what they are.
        names: of the classes; of another number they are left away.
        is_embedding: the network names no classes, so its vector is told by its units.
    """
    if kind == "areas":
        return _areas(values, names)
    flat = np.asarray(values, np.float64).ravel()
    if flat.size < 2 or not np.isfinite(flat).all():
        return None
    if kind == "units" or (is_embedding and kind == "classes"):
        sizes = np.abs(flat)
        return Scores("units", (), flat, sizes / (sizes.sum() or 1.0))
    is_shared = flat.min() >= 0 and abs(flat.sum() - 1) <= DISTRIBUTION_TOLERANCE
    shares = flat if is_shared else _softmax(flat)
    return Scores(kind, tuple(names) if len(names) == flat.size else (), flat, shares)


def score_lines(
    scores: Scores, *, count: int, before: Scores | None = None, truth: str | None = None
) -> tuple[ScoreLine, ...]:
    """Return the strongest classes, and the true one if it is not among them.

    Args:
        scores: of now.
        count: classes at most, the true one beside.
        before: what is compared with; of another size or kind it does not count.
        truth: name of the true class.
    """
    order = scores.order
    chosen = order[:count].tolist()
    true = scores.names.index(truth) if truth in scores.names else None
    if true is not None and true not in chosen:
        chosen.append(true)
    is_like = before is not None and before.kind == scores.kind and before.values.size == order.size
    ranks = np.empty(order.size, np.int64)
    if is_like and before is not None:
        ranks[before.order] = np.arange(1, order.size + 1)
    return tuple(
        ScoreLine(
            index,
            scores.name(index),
            float(scores.values[index]),
            float(scores.shares[index]),
            float(scores.shares[index] - before.shares[index]) if is_like and before else None,
            int(ranks[index]) if is_like else None,
            is_true=index == true,
        )
        for index in chosen
    )


def before_last(manifest: SnapshotManifest, node: Node) -> str:
    """Return the token after which the entries come, "" where it is not known."""
    texts = [manifest.input.tokens, *(one.tokens for one in manifest.inputs)]
    tokens = fitting_text([one for one in texts if one], node.shape[0])
    return tokens[-1] if tokens else ""


def _areas(values: NDArray[np.float32], names: Sequence[str]) -> Scores | None:
    if values.ndim != 3 or not values.size or not np.isfinite(values).all():
        return None
    winners = np.bincount(values.argmax(axis=0).ravel(), minlength=len(values))
    shares = winners / winners.sum()
    told = tuple(names) if len(names) == len(values) else ()
    return Scores("areas", told, values.mean(axis=(1, 2), dtype=np.float64), shares)


def _softmax(values: Floats) -> Floats:
    found = np.exp(values - values.max())
    return np.asarray(found / found.sum())
