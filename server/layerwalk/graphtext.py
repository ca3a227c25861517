"""A graph as text: nodes in order of execution, indented by their groups, with what they read."""

from __future__ import annotations

from layerwalk_shared.graph import Graph, Node
from layerwalk_shared.messages import NetworkDescription

INDENT = "  "


def graph_text(network: NetworkDescription) -> str:
    """Return a network's graph as lines: node, operation, shape, what it reads."""
    graph = network.graph
    lines: list[tuple[str, str, str, str]] = []
    path: tuple[str, ...] = ()
    groups = {group.id: group for group in graph.groups}
    for node in graph.nodes:
        here = _path(graph, node)
        shared = sum(1 for a, b in zip(path, here, strict=False) if a == b)
        for depth in range(shared, len(here)):
            group = groups[here[depth]]
            lines.append((INDENT * depth + group.name, group.operation or group.kind, "", ""))
        path = here
        reads = ", ".join(graph.predecessors[node.id])
        shape = " x ".join(map(str, node.shape)) or "scalar"
        reads = f"<- {reads}" if reads else ""
        lines.append((INDENT * len(here) + node.id, node.operation, shape, reads))
        if node.error:
            lines.append((INDENT * (len(here) + 1) + "! " + node.error, "", "", ""))
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    widths[0] = min(widths[0], 60)
    table = [
        INDENT.join(
            [*(line[column].ljust(widths[column]) for column in range(3)), line[3]]
        ).rstrip()
        for line in lines
    ]
    head = (
        f"{network.name}: {len(graph.nodes)} nodes, {len(graph.edges)} edges, "
        f"{network.parameters:,} parameters, input {' x '.join(map(str, network.input.shape))}"
    )
    tail = [f"\nforward stopped: {network.error}"] if network.error else []
    return "\n".join([head, "", *table, *tail])


def _path(graph: Graph, node: Node) -> tuple[str, ...]:
    """Return the ids of the groups around a node, outermost first."""
    parents = {group.id: group.parent for group in graph.groups}
    path: list[str] = []
    step = node.group
    while step is not None:
        path.append(step)
        step = parents[step]
    return tuple(reversed(path))
