"""The stations of the guided tour: places of the network at hand, each with a sentence or two."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from layerwalk_client.world.answer import output_node, percent
from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.messages import NetworkDescription, SnapshotManifest

Sight = Literal["input", "wall", "group", "whole"]
JOINS = frozenset(("add", "sum", "cat", "stack", "concat"))
PICTURED = frozenset(("maps", "tokens", "grid", "sequence", "volume", "frames", "attention"))
Keys = Callable[[str], str]
"""Tells the key of an action as people write it."""


@dataclass(frozen=True, slots=True)
class Station:
    """One stop.

    Attributes:
        title, text: what is told there.
        sight: what is seen: the input, a node's wall, the walls of a group, or the whole.
        node: of a wall.
        group: of walls.
    """

    title: str
    text: str
    sight: Sight = "whole"
    node: int | None = None
    group: str | None = None


def stations(
    network: NetworkDescription, manifest: SnapshotManifest | None, keys: Keys
) -> tuple[Station, ...]:
    """Return the stations of a network, in the order of its data; those it has no place for are
    left out.

    Args:
        network: at hand.
        manifest: of what is shown; None while nothing is.
        keys: tells which key does what now.
    """
    graph = network.graph
    first, join, deep = first_layer(graph), skip_join(graph), deepest(graph)
    found = [_input(manifest, keys)]
    if first is not None:
        found.append(_first(graph.nodes[first], first))
    if join is not None:
        found.append(_join(graph, join))
    if deep is not None and deep != first:
        found.append(_deep(graph.nodes[deep], deep))
    found.append(_answer(network, manifest, keys))
    target = deep if deep is not None else first
    if target is not None:
        found.append(
            Station(
                "What does a channel look for?",
                f"{keys('maximise')} over a wall or a channel makes an image that excites it most. "
                f"{keys('node')} tells its numbers, its weights and its function.",
                "wall",
                target,
            )
        )
    found += [
        Station(
            "Finding the way",
            f"{keys('search')} finds every layer, group and class by name. A double click flies to "
            f"a wall, {keys('next-wall')} to the next one, {keys('overview')} shows the whole.",
        ),
        Station(
            "The rest",
            f"{keys('help')} shows every key, lets you change them and begins this tour again. "
            "Walk on: nothing here can be broken.",
            "input",
        ),
    ]
    return tuple(found)


def first_layer(graph: Graph) -> int | None:
    """Return the first node after the input that has pictures to show."""
    for index, node in enumerate(graph.nodes):
        if node.kind == "module" and node.view in PICTURED and not node.error:
            return index
    return None


def skip_join(graph: Graph) -> int | None:
    """Return the first node at which a way that skipped layers comes in: of two ways that join one
    is longer than the other. Where there is none, the first at which several ways join."""
    depth = depths(graph)
    joins = [
        index
        for index, node in enumerate(graph.nodes)
        if node.operation in JOINS and len(set(graph.predecessors[node.id])) > 1
    ]
    for index in joins:
        ways = {depth[graph.index[one]] for one in graph.predecessors[graph.nodes[index].id]}
        if max(ways) - min(ways) >= 1:
            return index
    return joins[0] if joins else None


def deepest(graph: Graph) -> int | None:
    """Return the last layer that has pictures, before the answer."""
    found = None
    for index, node in enumerate(graph.nodes):
        is_layer = node.kind == "module" and node.view in PICTURED and node.parameters
        if is_layer and not node.error and graph.successors[node.id]:
            found = index
    return found


def depths(graph: Graph) -> list[int]:
    """Return how many nodes lie on the longest way to each."""
    found: list[int] = []
    for node in graph.nodes:
        before = [found[graph.index[one]] for one in graph.predecessors[node.id]]
        found.append(1 + max(before, default=-1))
    return found


def _input(manifest: SnapshotManifest | None, keys: Keys) -> Station:
    title = "" if manifest is None else f": {manifest.input.title}"
    return Station(
        "The input",
        f"This is what the network is given{title}. {keys('dataset')} opens more to pick from; "
        "what you carry is put on by a click. Walls behind it follow the data.",
        "input",
    )


def _first(node: Node, index: int) -> Station:
    if node.view in ("tokens", "sequence"):
        what = "a row for each position, a column for each feature"
    elif node.view == "attention":
        what = "a picture for each head, from which position it looks to which"
    else:
        what = f"{node.channels} pictures, one for each channel"
    return Station(
        "The first layer",
        f"{node.id} answers with {what}. Bright is strong, black is zero; point at a pixel to read "
        "its number below.",
        "wall", index,
    )  # fmt: skip


def _join(graph: Graph, index: int) -> Station:
    node = graph.nodes[index]
    how = "are added" if node.operation in ("add", "sum") else "are laid side by side"
    where = f"In {node.group} two ways" if node.group else "Here two ways"
    text = (
        f"{where} meet at {node.name}: what went through the layers and what skipped them {how}. "
        "Ribbons on the floor show the ways; click a wall to light its own."
    )
    sight: Sight = "group" if node.group else "wall"
    return Station("Ways that meet", text, sight, index, node.group)


def _deep(node: Node, index: int) -> Station:
    if node.view in ("maps", "grid", "volume", "frames"):
        text = (
            f"At {node.id} {node.channels} channels are left with "
            f"{node.height} \N{MULTIPLICATION SIGN} {node.width} pixels each: few places, but what "
            "fires there stands for whole things."
        )
    else:
        text = (
            f"{node.id} is the last layer before the answer. Every position has mixed with the "
            "others many times by now."
        )
    return Station("The deepest layer", text, "wall", index)


def _answer(network: NetworkDescription, manifest: SnapshotManifest | None, keys: Keys) -> Station:
    node = output_node(network)
    if node is None:
        node = len(network.graph.nodes) - 1
    said = "This is what comes out. "
    if manifest is not None and manifest.top:
        best = manifest.top[0]
        said = f"It says {best.name}, {percent(best.probability)} sure"
        truth = manifest.input.label
        said += ". " if truth is None else f"; in truth it is {truth}. "
    elif network.graph.nodes:
        count = math.prod(network.graph.nodes[node].shape)
        said = f"{count} numbers come out. "
    return Station(
        "The answer",
        f"{said}{keys('results')} lists what it thinks of the others, and what has changed since "
        "the input before.",
        "wall", node,
    )  # fmt: skip
