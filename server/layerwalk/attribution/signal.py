"""The signal: what every channel of every node before a unit gave to it, in one pass back.

Gradient x activation: `c_i = a_i * dy / da_i`, the first-order term of a Taylor series about nothing
(Shrikumar, Greenside, Shcherbina, Kundaje: Not just a black box, arXiv 1605.01713, 2016; Simonyan,
Vedaldi, Zisserman: Deep inside convolutional networks, arXiv 1312.6034, 2014, section 3). In a
network that is piecewise linear and has no biases y is its own first-order term (Euler), so the sum
over any cut between input and unit is y: the signal is conserved. Biases add what comes from no
input, and smooth non-linearities what is of higher order; both show as a sum that differs from y.

Branches add up: the gradient of a node is the sum of those that its readers send back, so what went
through an edge is `sum(a_i * g_i)` with the part g of that reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node

from layerwalk.attribution.target import Target, upstream
from layerwalk.tracking import Opened
from layerwalk.tracking.running import error_text
from layerwalk_shared.errors import InvalidRequestError, ModelError
from layerwalk_shared.graph import Graph

Key = tuple[Node, int]
"""A place in autograd's graph: a function, and which of its results."""
_PASSED_ON = 1e-3
"""A shared reader whose parts add up to the whole within this share passes them on as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """What made one unit as strong as it is.

    Attributes:
        target: the unit.
        value: of it.
        maps: node id -> gradient x activation, in the shape of its tensor with the batch axis; of
            the nodes that the unit comes from and that pass a gradient.
        edges: `[E]` float32: what went through each edge, in the graph's order; 0 where nothing did.
    """

    target: Target
    value: float
    maps: Mapping[str, Tensor]
    edges: NDArray[np.float32]


@dataclass(slots=True)
class _Reader:
    """An autograd function that reads a node's value as its argument number `place`.

    `nodes` are the nodes whose values it is on the way to; `part` is what it sends back.
    """

    function: Node
    place: int
    nodes: list[str]
    part: Tensor | None = None


def check_flow(opened: Opened, target: Target, graph: Graph) -> None:
    """See that a gradient comes from a unit to an input, or to vectors of its ids.

    Raises:
        InvalidRequestError: none does; the message says where it ends.
    """
    before = upstream(graph, target.node) - {target.node}
    keys = {_key(opened.edges[node]) for node in before if node in opened.edges}
    reached = opened.value.grad_fn is not None and any(
        key in keys for key in _reads(opened.value.grad_fn)
    )
    if not reached:
        raise InvalidRequestError(
            f"node {target.node!r} passes no gradient back: what it comes from is detached, rounded "
            "or counted on the way, or it is made without the input; nothing can be followed there"
        )


def follow(opened: Opened, target: Target, graph: Graph) -> Signal:
    """Return what gave how much to a unit; one pass back through the network.

    Args:
        opened: a run up to the unit's node; of one item.
        target: the unit; of None the strongest is taken.
        graph: of the network.

    Raises:
        InvalidRequestError: no gradient passes.
        ModelError: the pass back raised.
    """
    check_flow(opened, target, graph)
    target = target.settled(opened.value)
    with torch.inference_mode(mode=False), torch.enable_grad():
        goal = target.value(opened.value)[0]
    nodes = [one.id for one in graph.nodes if one.id in upstream(graph, target.node)]
    owners: dict[Key, list[str]] = defaultdict(list)
    for node in nodes:
        if node in opened.edges:
            owners[_key(opened.edges[node])].append(node)
    readers = _readers(owners, nodes)
    watched = {key for key, found in readers.items() if len(found) > 1 or len(owners[key]) > 1}
    keys = list(owners)
    handles = [
        hook
        for key in watched
        for reader in readers[key]
        for hook in [reader.function.register_hook(_noting(reader))]
    ]
    try:
        found = torch.autograd.grad(goal, [GradientEdge(*key) for key in keys], allow_unused=True)
    except Exception as error:  # it may be the user's code, which may raise anything
        raise ModelError(f"the pass back raised {error_text(error)}") from error
    finally:
        for handle in handles:
            handle.remove()
    gradients = dict(zip(keys, found, strict=True))
    parts = _by_owner(owners, readers, gradients, graph)
    maps: dict[str, Tensor] = {}
    for node in nodes:
        gradient = parts.pop(node, None)
        if gradient is not None:
            maps[node] = _product(gradient, opened.values[node])
    edges = _edges(graph, owners, readers, maps, opened.values)
    return Signal(target, float(goal.detach()), maps, edges)


def _key(edge: GradientEdge) -> Key:
    return edge.node, edge.output_nr


def _reads(start: Node) -> set[Key]:
    """Return every place that a function reads, directly or not."""
    found: set[Key] = set()
    seen = {start}
    waiting = [start]
    while waiting:
        for node, number in waiting.pop().next_functions:
            if node is None:
                continue
            found.add((node, number))
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return found


def _readers(owners: Mapping[Key, list[str]], nodes: list[str]) -> dict[Key, list[_Reader]]:
    """Return the functions that read each node's value, each with the nodes that it is part of."""
    own = {node: key for key, names in owners.items() for node in names}
    found: dict[tuple[Node, int], _Reader] = {}
    by_key: dict[Key, list[_Reader]] = {key: [] for key in owners}
    for node in nodes:
        key = own.get(node)
        if key is None or owners[key][0] != node:
            continue
        seen = {key[0]}
        waiting = [key[0]]
        while waiting:
            function = waiting.pop()
            for place, (source, number) in enumerate(function.next_functions):
                if source is None:
                    continue
                read = (source, number)
                if read in owners:
                    if (reader := found.get((function, place))) is None:
                        reader = found[function, place] = _Reader(function, place, [])
                        by_key[read].append(reader)
                    if node not in reader.nodes:
                        reader.nodes += owners[key]
                elif source not in seen:
                    seen.add(source)
                    waiting.append(source)
    return by_key


def _noting(reader: _Reader) -> Any:
    def note(back: tuple[Tensor | None, ...], _: object) -> None:
        part = back[reader.place]
        if part is not None:
            reader.part = part if reader.part is None else reader.part + part

    return note


def _by_owner(
    owners: Mapping[Key, list[str]],
    readers: Mapping[Key, list[_Reader]],
    gradients: Mapping[Key, Tensor | None],
    graph: Graph,
) -> dict[str, Tensor]:
    """Return the gradient of each node.

    Nodes may share one value (a dropout in eval mode hands on what it is given): the first has all
    of the gradient, a later one what its own readers send back.
    """
    found: dict[str, Tensor] = {}
    for key, names in owners.items():
        whole = gradients[key]
        if whole is None:
            continue
        found[names[0]] = whole
        for place in reversed(range(1, len(names))):
            name = names[place]
            part: Tensor | None = None
            for reader in readers[key]:
                if _reads_node(reader, name, graph):
                    part = _plus(part, reader.part)
            for later in names[place + 1 :]:
                if name in graph.predecessors[later] and later in found:
                    part = _plus(part, found[later])
            is_end = not graph.successors[name] or not readers[key]
            if part is not None or is_end:
                found[name] = whole if part is None else part
    return found


def _reads_node(reader: _Reader, node: str, graph: Graph) -> bool:
    return any(node in graph.predecessors[target] for target in reader.nodes)


def _plus(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _product(gradient: Tensor, value: Tensor) -> Tensor:
    if gradient.layout is not torch.strided:
        gradient = gradient.to_dense()
    if value.layout is not torch.strided:
        value = value.to_dense()
    if value.is_complex():
        return (gradient.conj() * value).real.float()
    return gradient.float() * value.float()


def _edges(
    graph: Graph,
    owners: Mapping[Key, list[str]],
    readers: Mapping[Key, list[_Reader]],
    maps: Mapping[str, Tensor],
    values: Mapping[str, Tensor],
) -> NDArray[np.float32]:
    """Return what went through each edge."""
    totals = {node: float(one.double().sum()) for node, one in maps.items()}
    flows: dict[tuple[str, str], float] = defaultdict(float)
    for key, names in owners.items():
        for place, name in enumerate(names):
            for later in names[place + 1 :]:
                if name in graph.predecessors[later] and later in totals:
                    flows[name, later] += totals[later]
        for reader in readers[key]:
            pairs = [
                (name, target)
                for target in reader.nodes
                for name in names
                if name in graph.predecessors[target]
            ]
            if not pairs:
                continue
            if reader.part is not None:
                flow = float(_product(reader.part, values[names[0]]).double().sum())
            elif len(readers[key]) == 1:
                flow = totals.get(names[0], 0.0)
            else:
                continue
            for pair, share in zip(pairs, _shares(pairs, flow, totals), strict=True):
                flows[pair] += share
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for edge in graph.edges:
        counts[edge.source, edge.target] += 1
    return np.array(
        [
            flows[edge.source, edge.target] / counts[edge.source, edge.target]
            for edge in graph.edges
        ],
        np.float32,
    )


def _shares(pairs: list[tuple[str, str]], flow: float, totals: Mapping[str, float]) -> list[float]:
    """Return how a flow divides among the edges that one function belongs to.

    A split, or a change of layout that two nodes read, hands on exactly what those have; else the
    flow is divided by the sizes of what they have.
    """
    if len(pairs) == 1:
        return [flow]
    found = [totals.get(target, 0.0) for _, target in pairs]
    size = sum(map(abs, found))
    if abs(sum(found) - flow) <= _PASSED_ON * max(size, 1e-30):
        return found
    if size == 0:
        return [flow / len(pairs)] * len(pairs)
    return [flow * abs(one) / size for one in found]
