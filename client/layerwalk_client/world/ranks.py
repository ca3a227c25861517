"""In what order walls follow each other: ranks, the main line, and the chains beside it.

The rank of a node is the length of the longest path that leads to it, so every edge goes to a
higher rank. The main line is the longest chain of all, the heaviest among equals; because it is a
longest path, it has exactly one node at every rank. What remains falls into chains, each of which
keeps to a lane of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from layerwalk_shared.graph import Graph


@dataclass(frozen=True, slots=True)
class Links:
    """A graph by node index; neighbours in order of execution, each once."""

    before: tuple[tuple[int, ...], ...]
    after: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Ranks:
    """Attributes:
    of_node: rank of each node.
    main: the main line; `main[r]` has rank r.
    chains: the other nodes, each in exactly one chain, ranks rising along it.
    """

    of_node: tuple[int, ...]
    main: tuple[int, ...]
    chains: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        return len(self.main)


def links(graph: Graph) -> Links:
    """Return the neighbours of each node by index."""
    before: list[set[int]] = [set() for _ in graph.nodes]
    after: list[set[int]] = [set() for _ in graph.nodes]
    for edge in graph.edges:
        source, target = graph.index[edge.source], graph.index[edge.target]
        before[target].add(source)
        after[source].add(target)
    return Links(
        tuple(tuple(sorted(nodes)) for nodes in before),
        tuple(tuple(sorted(nodes)) for nodes in after),
    )


def ranks(graph: Graph, near: Links) -> Ranks:
    """Return ranks, main line and chains of a graph; all empty for a graph without nodes."""
    if not graph.nodes:
        return Ranks((), (), ())
    main = _main_line(graph, near)
    of_node = _ranks(graph, near, last=len(main) - 1)
    return Ranks(of_node, main, _chains(near, of_node, frozenset(main)))


def _ranks(graph: Graph, near: Links, *, last: int) -> tuple[int, ...]:
    """Longest path; what has no source and is no input stands just before its first reader."""
    count = len(graph.nodes)
    of_node = [0] * count
    for node in range(count):
        if near.before[node]:
            of_node[node] = max(of_node[source] for source in near.before[node]) + 1
    for node in range(count):
        if near.before[node] or graph.nodes[node].kind == "input":
            continue
        if near.after[node]:
            of_node[node] = min(of_node[target] for target in near.after[node]) - 1
        elif node:
            of_node[node] = min(of_node[node - 1], last)
    return tuple(of_node)


def _main_line(graph: Graph, near: Links) -> tuple[int, ...]:
    """The longest chain; among equals the one with the most parameters, then values."""
    best: list[tuple[int, int, int]] = []
    came_from: list[int] = []
    for node, item in enumerate(graph.nodes):
        weight = (1, item.parameters, item.channels * item.height * item.width)
        if near.before[node]:
            source = max(near.before[node], key=lambda one: (*best[one], -one))
            behind = best[source]
            best.append((behind[0] + 1, behind[1] + weight[1], behind[2] + weight[2]))
            came_from.append(source)
        else:
            best.append(weight)
            came_from.append(-1)
    step = max(range(len(best)), key=lambda one: (*best[one], -one))
    line = []
    while step >= 0:
        line.append(step)
        step = came_from[step]
    return tuple(reversed(line))


def _chains(
    near: Links, of_node: tuple[int, ...], taken: frozenset[int]
) -> tuple[tuple[int, ...], ...]:
    """Follow from each free node, earliest first, the longest way through free nodes."""
    count = len(of_node)
    reach = [0] * count
    for node in reversed(range(count)):
        if node not in taken:
            ahead = [reach[target] for target in near.after[node] if target not in taken]
            reach[node] = 1 + max(ahead, default=0)
    free = set(range(count)) - taken
    chains: list[tuple[int, ...]] = []
    for start in sorted(free, key=lambda node: (of_node[node], node)):
        if start not in free:
            continue
        chain = [start]
        free.discard(start)
        while ahead_free := [target for target in near.after[chain[-1]] if target in free]:
            chain.append(max(ahead_free, key=lambda target: (reach[target], -target)))
            free.discard(chain[-1])
        chains.append(tuple(chain))
    return tuple(chains)
