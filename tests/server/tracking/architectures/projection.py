"""Edges as torch.fx or torch.export see them, projected onto the nodes of a traced graph.

Nothing here knows how the tracer works. A `Reading` is what another source says of a model: what
was computed in which order, by which module call or function, from what. Projecting it finds the
graph's nodes in it by module path, call and name of the function, and passes through whatever is
no node.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from layerwalk_shared.graph import Graph, Node

NAMES = {
    "iadd": "add", "isub": "sub", "imul": "mul", "truediv": "div", "itruediv": "div", "rsub": "sub",
    "concat": "cat", "concatenate": "cat", "floordiv": "floor_divide", "imatmul": "matmul",
    "mod": "remainder", "ipow": "pow", "fft_fft2": "fft2", "fft_fft": "fft",
}  # fmt: skip
"""Spellings of operator, functional and aten functions -> the operation's name in graphs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was made: of an operation `serial` and `output` tell it from all others."""

    kind: str
    path: str
    name: str = ""
    serial: int = 0
    output: int = 0


@dataclass(slots=True)
class Reading:
    """What another source says: places in order with what each reads, and what is returned."""

    reads: dict[Place, set[Place]] = field(default_factory=dict)
    returned: set[Place] = field(default_factory=set)
    merges_outputs: bool = False

    def add(self, place: Place, sources: Iterable[Place]) -> Place:
        self.reads.setdefault(place, set()).update(set(sources) - {place})
        return place


@dataclass(frozen=True, slots=True)
class Projected:
    """Edges of both sides among the nodes that both know, and what only one of them knows."""

    expected: set[tuple[str, str]]
    found: set[tuple[str, str]]
    unknown: set[str]
    unmatched: set[str]


def operation_name(raw: str) -> str:
    """Return the name that graphs use for a function called `raw`."""
    name = raw.strip("_")
    if name.startswith("upsample_"):
        return "interpolate"
    return NAMES.get(name, name)


def project(reading: Reading, graph: Graph) -> Projected:
    """Return the edges of a reading and of a graph among the nodes that both have."""
    live = _live(reading)
    nodes = {_merged(node, reading): node for node in graph.nodes}
    ids = {place: name for place, name in _matches(live, graph).items() if name in nodes}
    expected = _edges({place: live[place] for place in live}, ids)
    reads: dict[str, set[str]] = defaultdict(set)
    for node in graph.nodes:
        own = _merged(node, reading)
        sources = (_merged(graph.node(one), reading) for one in graph.predecessors[node.id])
        reads[own].update(source for source in sources if source != own)
    known = set(ids.values())
    found = _edges(reads, {name: name for name in known})
    return Projected(
        expected,
        found,
        unknown=set(nodes) - known,
        unmatched={
            place.name or place.path
            for place in live
            if place not in ids and place.kind == "module"
        },
    )


def _merged(node: Node, reading: Reading) -> str:
    """Return a node's id; of a module's several outputs one id, where the reading has only one."""
    if node.kind != "module" or not reading.merges_outputs:
        return node.id
    match = re.match(r"(:\d+)?", node.id[len(node.module) :])
    return node.module + (match[0] if match is not None else "")


def _live(reading: Reading) -> dict[Place, set[Place]]:
    """Return the places that what is returned depends on, and all calls of modules and inputs."""
    wanted = set(reading.returned)
    kept: dict[Place, set[Place]] = {}
    for place, sources in reversed(reading.reads.items()):
        if place in wanted or place.kind != "operation":
            kept[place] = sources
            wanted |= sources
    return dict(reversed(kept.items()))


def _matches(live: Mapping[Place, set[Place]], graph: Graph) -> dict[Place, str]:
    """Return which node each place is; operations only where both count the same calls."""
    found: dict[Place, str] = {}
    there: dict[tuple[str, str], dict[int, None]] = defaultdict(dict)
    here: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for place in live:
        if place.kind == "operation":
            there[(place.path, place.name)][place.serial] = None
        elif place.kind == "module":
            found[place] = place.path + (f".{place.output}" if place.output else "")
        else:
            found[place] = place.path
    for node in graph.nodes:
        if node.kind == "operation":
            here[(node.module, node.operation)][_call_of(node)] = None
    calls: dict[int, str] = {}
    for key, serials in there.items():
        if len(serials) == len(here[key]):
            calls.update(zip(serials, here[key], strict=True))
    for place in live:
        if place.serial in calls and place.kind == "operation":
            output = f".{place.output}" if place.output else ""
            found[place] = calls[place.serial] + output
    return found


def _call_of(node: Node) -> str:
    """Return the id of an operation's first output."""
    output = node.name.removeprefix(node.operation)
    return node.id.removesuffix(output) if output.startswith(".") else node.id


def _edges(reads: Mapping[Any, Iterable[Any]], ids: Mapping[Any, str]) -> set[tuple[str, str]]:
    """Return the edges among those that have an id, through those that have none."""
    through: dict[Any, set[str]] = {}

    def origins(one: Any) -> set[str]:
        if one in ids:
            return {ids[one]}
        if one not in through:
            through[one] = set()
            for source in reads.get(one, ()):
                through[one] |= origins(source)
        return through[one]

    return {
        (origin, ids[one])
        for one, sources in reads.items()
        if one in ids
        for source in sources
        for origin in origins(source)
    }
