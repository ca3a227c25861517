"""How nodes are shown where a person says so: which are meant, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from layerwalk.snapshots import Snapshot, fitting_view
from layerwalk_shared.errors import InvalidRequestError, NotFoundError, nearest_hint
from layerwalk_shared.graph import Graph, Node, View, make_graph
from layerwalk_shared.views import VIEWS, Layout, layout, picture_shape, possible_views


def chosen_views(graph: Graph, wishes: Mapping[str, View]) -> dict[str, View]:
    """Return node id -> view for what a person wishes.

    Args:
        graph: of the network.
        wishes: node id, or pattern of ids as a shell knows them (`blocks.*.attn`), -> view; the
            later one wins. Of the nodes that a pattern matches, those are meant whose shape the
            view can show.

    Raises:
        NotFoundError: no node has that id, or none matches the pattern.
        InvalidRequestError: no such view, or it can show none of those nodes.
    """
    chosen: dict[str, View] = {}
    for pattern, view in wishes.items():
        if view not in VIEWS:
            raise InvalidRequestError(
                f"view {view!r} is none: {', '.join(VIEWS)}{nearest_hint(view, VIEWS)}"
            )
        exact = graph.index.get(pattern)
        nodes = [node for node in graph.nodes if fnmatchcase(node.id, pattern)]
        if exact is not None:
            nodes = [graph.nodes[exact]]
        if not nodes:
            raise NotFoundError(
                f"view {view!r}: no node is called {pattern!r} ({len(graph.nodes)} nodes"
                f"{nearest_hint(pattern, graph.index)})"
            )
        able = [node.id for node in nodes if view in possible_views(node.shape)]
        if not able:
            raise InvalidRequestError(_why_not(pattern, view, nodes))
        chosen |= dict.fromkeys(able, view)
    return chosen


def _why_not(pattern: str, view: View, nodes: list[Node]) -> str:
    node = nodes[0]
    try:
        picture_shape(view, node.shape)
    except InvalidRequestError as error:
        several = f"{len(nodes)} nodes match {pattern!r}; " if len(nodes) > 1 else ""
        return f"{several}node {node.id!r}: {error}"
    raise AssertionError(node)


def shown_as(graph: Graph, views: Mapping[str, View]) -> Graph:
    """Return a graph whose nodes are shown as `views` (node id -> view) says.

    Raises:
        InvalidRequestError: a view cannot show its node's shape.
    """
    if not views:
        return graph
    nodes = tuple(_as(node, views[node.id]) if node.id in views else node for node in graph.nodes)
    return make_graph(nodes, graph.edges, graph.groups)


def _as(node: Node, view: View) -> Node:
    channels, height, width = picture_shape(view, node.shape)
    return node.model_copy(
        update={"view": view, "channels": channels, "height": height, "width": width}
    )


def shown_again(snapshot: Snapshot, graph: Graph, *, snapshot_id: str, generation: int) -> Snapshot:
    """Return a snapshot of the same values, shown as another graph of the same nodes says.

    The values are shared, so it costs no memory.
    """
    seen: dict[tuple[int, int, Layout], int] = {}
    statistics = []
    for index, (node, before) in enumerate(zip(graph.nodes, snapshot.manifest.nodes, strict=True)):
        laid = layout(fitting_view(node.view, before.shape), before.shape)
        array = snapshot.values[index]
        first = index
        if array is not None:
            first = seen.setdefault((array.ctypes.data, array.nbytes, laid), index)
        same_as = first if first != index else None
        changes = {"pictures": laid.pictures, "same_as": same_as}
        statistics.append(before.model_copy(update=changes))
    manifest = snapshot.manifest.model_copy(
        update={"id": snapshot_id, "generation": generation, "nodes": tuple(statistics)}
    )
    return Snapshot(manifest, graph, snapshot.values, snapshot.input, snapshot.contributions)
